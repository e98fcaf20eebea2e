"""Jobs and CronJobs on the real API server and engine. No node takes the pods: the tests say how they end."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tools.cluster import Cluster
from tools.processes import wait_until

PROGRAM = """\
import pulumi
from pulumi_portico import Job, WebService

NAMESPACE = %(namespace)r
job = Job("migrate", {"image": "registry.example.com/app:1", "namespace": NAMESPACE, **%(args)r})
pulumi.export("job", job.job_name)
if %(web)r:
    # No node takes the pods of jobs; a worker's are ready at once.
    WebService(
        "web",
        {"image": %(web)r, "ports": {}, "replicas": 1, "namespace": NAMESPACE},
        pulumi.ResourceOptions(depends_on=[job]),
    )
"""
NOWHERE = {"placement": {"node_selector": {"example.com/pool": "none"}}}
SELECTOR = "app.kubernetes.io/name=migrate"


def write(program: PulumiProgram, namespace: str, web: str = "", **args: Any) -> None:
    program.write(PROGRAM % {"namespace": namespace, "web": web, "args": {**NOWHERE, **args}})


def jobs(cluster: Cluster, namespace: str) -> dict[str, str]:
    """The identity of each Job, by name."""
    found = cluster.get("jobs", "-n", namespace, "-l", SELECTOR)["items"]
    return {job["metadata"]["name"]: job["metadata"]["uid"] for job in found}


def end_pods(cluster: Cluster, namespace: str, exit_code: int) -> None:
    """End the pods that wait for a node, as a kubelet reports it."""
    phase = "Failed" if exit_code else "Succeeded"
    terminated = {
        "exitCode": exit_code,
        "reason": "Error" if exit_code else "Completed",
        "startedAt": "2026-01-01T00:00:00Z",
        "finishedAt": "2026-01-01T00:00:01Z",
    }
    status = {
        "name": "migrate",
        "image": "app:1",
        "imageID": "app:1",
        "ready": False,
        "restartCount": 0,
        "state": {"terminated": terminated},
    }
    conditions = [{"type": "PodScheduled", "status": "True"}]
    patch = {"status": {"phase": phase, "conditions": conditions, "containerStatuses": [status]}}
    for pod in cluster.get("pods", "-n", namespace, "-l", SELECTOR)["items"]:
        if pod["status"]["phase"] == "Pending" and "deletionTimestamp" not in pod["metadata"]:
            name = pod["metadata"]["name"]
            command = ("patch", "pod", name, "-n", namespace, "--subresource=status", "--type=strategic")
            cluster.kubectl(*command, "-p", json.dumps(patch), check=False)


@contextmanager
def ending(cluster: Cluster, namespace: str, exit_code: int = 0) -> Generator[None]:
    """End every pod of the job while the block runs."""
    stopped = threading.Event()

    def end() -> None:
        while not stopped.wait(0.5):
            end_pods(cluster, namespace, exit_code)

    thread = threading.Thread(target=end)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def image_of_web(cluster: Cluster, namespace: str) -> str:
    (web,) = cluster.get("deployments", "-n", namespace)["items"]
    return web["spec"]["template"]["spec"]["containers"][0]["image"]


def test_a_job_is_created_awaited_unchanged_and_destroyed(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    write(program, namespace, secret_env={"TOKEN": "hunter2"}, config_files={"/etc/a": "b"})
    with ending(cluster, namespace):
        assert program.up().ops("Job") == {"migrate": "create"}
    first = jobs(cluster, namespace)
    assert [program.outputs()["job"]] == list(first)
    assert program.preview().changes == {}
    assert program.up().changes == {}
    assert program.up("--refresh").changes == {}
    assert jobs(cluster, namespace) == first
    # What the Job itself says changes in place.
    write(program, namespace, secret_env={"TOKEN": "hunter2"}, config_files={"/etc/a": "b"}, backoff_limit=1)
    assert program.preview().ops("Job") == {"migrate": "update"}
    assert program.up().ops("Job") == {"migrate": "update"}
    assert jobs(cluster, namespace) == first
    program.destroy()
    assert jobs(cluster, namespace) == {}


@pytest.mark.long
def test_other_pods_run_the_job_again_before_the_service(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    write(program, namespace, "registry.example.com/app:1")
    with ending(cluster, namespace):
        program.up()
    first = jobs(cluster, namespace)
    # A failed migration leaves the service as it is.
    write(program, namespace, "registry.example.com/app:2", args=["2"], backoff_limit=0)
    preview = program.preview()
    assert preview.ops("Job")["migrate"] in ("replace", "create-replacement", "delete-replaced")
    with ending(cluster, namespace, exit_code=3):
        failed = program.up(check=False)
    assert failed.status != 0
    assert "BackoffLimitExceeded" in failed.output
    assert "The container migrate of Job" in failed.output
    assert "exits with the code 3 (Error)" in failed.output
    assert image_of_web(cluster, namespace) == "registry.example.com/app:1"
    second = jobs(cluster, namespace)
    assert not first.keys() & second.keys()
    assert len(second) == 1
    # The next one runs it again without a change.
    with ending(cluster, namespace):
        again = program.up()
    assert again.ops("Job") != {}
    assert image_of_web(cluster, namespace) == "registry.example.com/app:2"
    third = jobs(cluster, namespace)
    assert not second.keys() & third.keys()
    assert len(third) == 1
    assert program.up().changes == {}


@pytest.mark.long
def test_a_job_that_its_ttl_removed_does_not_run_again(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    write(program, namespace, ttl_seconds_after_finished=0)
    with ending(cluster, namespace):
        program.up()
    wait_until("the TTL removes the Job", lambda: jobs(cluster, namespace) == {}, seconds=60)
    assert program.preview().changes == {}
    assert program.up().changes == {}
    assert jobs(cluster, namespace) == {}
    # A change of its own runs it again, although there is nothing to delete.
    write(program, namespace, ttl_seconds_after_finished=100, args=["2"])
    with ending(cluster, namespace):
        program.up()
    assert len(jobs(cluster, namespace)) == 1
    program.destroy()


@pytest.mark.long
def test_a_failed_job_that_its_ttl_removed_runs_again_and_no_more_when_it_is_complete(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    write(program, namespace, ttl_seconds_after_finished=0, backoff_limit=0)
    with ending(cluster, namespace, exit_code=1):
        assert program.up(check=False).status != 0
    wait_until("the TTL removes the Job", lambda: jobs(cluster, namespace) == {}, seconds=60)
    assert program.preview().ops("Job")["migrate"] in ("replace", "create-replacement", "delete-replaced")
    with ending(cluster, namespace):
        assert program.up().ops("Job") != {}
    # It's complete now, and its TTL removes it again.
    wait_until("the TTL removes the Job", lambda: jobs(cluster, namespace) == {}, seconds=60)
    assert program.preview().changes == {}
    assert program.up().changes == {}
    assert jobs(cluster, namespace) == {}
    program.destroy()


def test_a_schedule_changes_in_place(program: PulumiProgram, cluster: Cluster, namespace: str) -> None:
    write(program, namespace, schedule="30 2 * * 1-5", env={"A": "b"}, secret_env={"TOKEN": "hunter2"})
    assert program.up().ops("CronJob") == {"migrate-cron-job": "create"}
    assert program.up("--refresh").changes == {}
    write(program, namespace, schedule="@daily", time_zone="Europe/Berlin", env={"A": "c"}, suspend=True)
    assert program.preview().ops("CronJob") == {"migrate-cron-job": "update"}
    assert program.up().ops("CronJob") == {"migrate-cron-job": "update"}
    (cron_job,) = cluster.get("cronjobs", "-n", namespace)["items"]
    assert cron_job["metadata"]["name"] == "migrate"
    assert (cron_job["spec"]["schedule"], cron_job["spec"]["suspend"]) == ("@daily", True)
    program.destroy()
    assert cluster.get("cronjobs", "-n", namespace)["items"] == []


@pytest.mark.long
def test_a_suspended_job_is_not_awaited(program: PulumiProgram, cluster: Cluster, namespace: str) -> None:
    write(program, namespace, suspend=True)
    program.up()
    assert program.up().changes == {}
    # It isn't complete, so it's replaced.
    write(program, namespace)
    with ending(cluster, namespace):
        program.up()
    (job,) = cluster.get("jobs", "-n", namespace)["items"]
    assert job["status"]["succeeded"] == 1
    assert program.up().changes == {}
