"""Jobs on the real node: one that is retried, one that gates a rollout, and one that the real controller schedules."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tools import build
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, ECHO_IMAGE_NEXT
from tools.processes import wait_until

pytestmark = pytest.mark.node

PROGRAM = """\
import pulumi
from pulumi_portico import Job, WebService

COMMON = {"namespace": %(namespace)r, "resources": {"cpu": 0.01, "memory": 32}}
LOADED = {"writable_paths": ["/tmp"], **COMMON}
if %(database)r:
    WebService("db", {"image": %(image)r, "port": 8080, "replicas": 1, "env": %(database)r, **COMMON})
job = Job("migrate", {"image": %(image)r, **LOADED, **%(job)r})
if %(web)r:
    web = {"image": %(web)r, "port": 8080, "replicas": 1, "drain": 1, **COMMON}
    WebService("web", web, pulumi.ResourceOptions(depends_on=[job]))
"""
MIGRATE = "app.kubernetes.io/name=migrate"


def write(program: PulumiProgram, namespace: str, **parts: Any) -> None:
    program.env["PATH"] = os.pathsep.join([program.env["PATH"], str(build.bin_dir("kubernetes"))])
    # The image's program loads a URL, and fails if nothing answers there.
    defaults = {"namespace": namespace, "image": ECHO_IMAGE, "database": {}, "web": ""}
    program.write(PROGRAM % {**defaults, **parts})


def saves(url: str) -> dict[str, Any]:
    return {"args": ["save", url, "/tmp/page"]}


def statuses(node: NodeCluster, namespace: str) -> list[dict[str, Any]]:
    return [job["status"] for job in node.get("jobs", "-n", namespace, "-l", MIGRATE)["items"]]


def test_a_job_that_fails_is_retried(node: NodeCluster, node_namespace: str, program: PulumiProgram) -> None:
    # The database doesn't accept connections when the job starts.
    database = {"START_DELAY": "12"}
    write(program, node_namespace, database=database, job=saves(f"http://db.{node_namespace}.svc.cluster.local/"))
    program.up()
    (status,) = statuses(node, node_namespace)
    assert status["succeeded"] == 1
    assert status["failed"] >= 1
    assert program.up().changes == {}


def test_a_job_gates_a_rollout(node: NodeCluster, node_namespace: str, program: PulumiProgram) -> None:
    def image() -> str:
        (web,) = node.get("deployments", "-n", node_namespace, "-l", "app.kubernetes.io/name=web")["items"]
        return web["spec"]["template"]["spec"]["containers"][0]["image"]

    works = saves(f"http://db.{node_namespace}.svc.cluster.local/")
    fails = {**saves("http://127.0.0.1:9/"), "backoff_limit": 1}
    database = {"VERSION": "1"}
    write(program, node_namespace, database=database, web=ECHO_IMAGE, job=works)
    program.up()

    write(program, node_namespace, database=database, web=ECHO_IMAGE_NEXT, job=fails)
    failed = program.up(check=False)
    assert failed.status != 0
    assert "BackoffLimitExceeded" in failed.output
    # The last lines of the log.
    assert "connection refused" in failed.output
    assert image() == ECHO_IMAGE
    (status,) = statuses(node, node_namespace)
    assert status["failed"] == 2

    # The next one reruns it without a change, and fails again.
    assert program.up(check=False).status != 0
    write(program, node_namespace, database=database, web=ECHO_IMAGE_NEXT, job=works)
    program.up()
    assert image() == ECHO_IMAGE_NEXT
    assert [status["succeeded"] for status in statuses(node, node_namespace)] == [1]
    assert program.up().changes == {}


def test_the_real_controller_schedules_a_cron_job(
    node: NodeCluster, node_namespace: str, program: PulumiProgram
) -> None:
    database = {"VERSION": "1"}
    job = {**saves(f"http://db.{node_namespace}.svc.cluster.local/"), "schedule": "* * * * *"}
    write(program, node_namespace, database=database, job=job)
    program.up()

    def has_run() -> bool:
        return any(status.get("succeeded") == 1 for status in statuses(node, node_namespace))

    wait_until("a run of the schedule is complete", has_run, seconds=100)
    (cron_job,) = node.get("cronjobs", "-n", node_namespace)["items"]
    assert cron_job["status"]["lastSuccessfulTime"]
    assert program.up().changes == {}
    program.destroy()
    assert node.get("cronjobs", "-n", node_namespace)["items"] == []
