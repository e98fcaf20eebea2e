"""What a change of a WebService does to what runs: on the real engine, by the real API server and its controllers."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram, Run
from tools.cluster import Cluster
from tools.processes import wait_until

PROGRAM = """\
from pulumi_portico import WebService

for name, args in %r.items():
    WebService(name, {"image": "registry.example.com/app:1", "port": 8080, "namespace": %r, **args})
"""


@contextmanager
def watched(cluster: Cluster, *what: str) -> Generator[list[str]]:
    """Every value that a field of an object has, one after the other, while the block runs."""
    seen: list[str] = []
    command = cluster.kubectl_command("get", *what, "--watch")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        try:
            yield seen
        finally:
            watch.terminate()
            assert watch.stdout is not None
            seen += watch.stdout.read().split()


def replicas(cluster: Cluster, namespace: str, kind: str = "deployment", name: str = "web") -> int:
    return cluster.get(kind, name, "-n", namespace)["spec"]["replicas"]


def test_the_autoscaler_has_the_replicas_for_good(program: PulumiProgram, cluster: Cluster, namespace: str) -> None:
    def run(**args: Any) -> Any:
        program.write(PROGRAM % ({"web": args}, namespace))
        return program.up().changes

    run(replicas=5)
    field = ("deployment", "web", "-n", namespace, "-o", r'jsonpath={.spec.replicas}{"\n"}')
    with watched(cluster, *field) as seen:
        # Fewer at least than there are: a live service must not drop to them, nor to one.
        assert run(autoscaling={"min_replicas": 2, "max_replicas": 10}) == {"create": 1}
        cluster.kubectl("annotate", "deployment/web", "-n", namespace, "seen=yes")
    assert seen
    assert set(seen) == {"5"}

    # The real autoscaler has no metrics here, and still brings the number back below the most.
    run(autoscaling={"min_replicas": 2, "max_replicas": 4})
    wait_until("the autoscaler has scaled down", lambda: replicas(cluster, namespace) == 4, seconds=60)
    assert run(autoscaling={"min_replicas": 2, "max_replicas": 4}) == {}
    assert run(autoscaling={"min_replicas": 2, "max_replicas": 4}, env={"A": "b"}) == {"update": 1}
    assert replicas(cluster, namespace) == 4


def test_a_new_service_with_an_autoscaler_starts_with_the_fewest(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    program.write(PROGRAM % ({"web": {"autoscaling": {"min_replicas": 3, "max_replicas": 9}}}, namespace))
    program.up()
    assert replicas(cluster, namespace) == 3


@pytest.mark.long
def test_the_number_is_taken_back_from_the_autoscaler(program: PulumiProgram, cluster: Cluster, namespace: str) -> None:
    def run(check: bool = True, **args: Any) -> Run:
        program.write(PROGRAM % ({"web": args}, namespace))
        return program.up(check=check)

    run(autoscaling={"min_replicas": 1, "max_replicas": 2})
    run(autoscaling={"min_replicas": 2, "max_replicas": 2})
    wait_until("the autoscaler has scaled up", lambda: replicas(cluster, namespace) == 2, seconds=60)
    # The API server knows whose the number is, and a preview changes nothing.
    program.write(PROGRAM % ({"web": {"replicas": 3}}, namespace))
    assert program.preview().changes == {"update": 1, "delete": 1}
    assert replicas(cluster, namespace) == 2
    program.previewed_up()
    assert replicas(cluster, namespace) == 3
    assert run(replicas=3).changes == {}
    assert program.preview().changes == {}
    assert run(replicas=4).changes == {"update": 1}
    assert replicas(cluster, namespace) == 4


EXTERNAL = {"external_replicas": True}
SCALER = {"autoscaling": {"min_replicas": 2, "max_replicas": 5}}
ANNOTATED = {"workload_annotations": {"a": "b"}}


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "steps",
    [
        # The arguments, the number that a scaler sets before, and the number after.
        [({"replicas": 3}, None, 3), (EXTERNAL, None, 3), ({**EXTERNAL, **ANNOTATED}, 4, 4), (SCALER, None, 4)],
        [(EXTERNAL, None, 1), ({"replicas": 3}, 2, 3), (SCALER, None, 3), (EXTERNAL, None, 3)],
        [(EXTERNAL, None, 1), ({**EXTERNAL, **ANNOTATED}, 0, 0), ({"replicas": 2}, None, 2)],
    ],
    ids=["to another owner", "back from another owner", "from nothing"],
)
def test_the_owner_of_the_number_is_switched_live(
    steps: list[tuple[Any, int | None, int]], program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    """Field case B26: each switch works with a preview, and changes no running pod but those of the number itself."""
    before: dict[str, str] = {}
    for args, scaled, number in steps:
        if scaled is not None:
            # The number is set as KEDA and other autoscalers do.
            cluster.kubectl("scale", "deployment/web", "-n", namespace, f"--replicas={scaled}")
        program.write(PROGRAM % ({"web": args}, namespace))
        program.previewed_up()
        assert replicas(cluster, namespace) == number
        after = pods(cluster, namespace)
        assert after.items() >= before.items() or before.items() >= after.items()
        before = after
    assert program.up().changes == {}


def pods(cluster: Cluster, namespace: str) -> dict[str, str]:
    """The image of each pod that is not on its way out, by the pod's name."""
    found = cluster.get("pods", "-n", namespace)["items"]
    return {
        it["metadata"]["name"]: it["spec"]["containers"][0]["image"]
        for it in found
        if "deletionTimestamp" not in it["metadata"]
    }


@pytest.mark.long
def test_a_replica_set_is_replaced_and_the_new_one_is_ready_first(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    source = PROGRAM % ({"web": {"kind": "ReplicaSet", "replicas": 2, "labels": {"team": "a"}}}, namespace)
    program.write(source)
    program.up()
    first = pods(cluster, namespace)
    assert len(first) == 2

    program.write(source.replace("'replicas': 2", "'replicas': 3"))
    assert program.up().changes == {"update": 1}
    assert pods(cluster, namespace).items() > first.items()

    program.write(source.replace("app:1", "app:2"))
    run = program.up()
    assert [(it.op, it.kind) for it in run.steps if it.op not in ("same", "refresh")] == [
        ("create-replacement", "ReplicaSet"),
        ("replace", "ReplicaSet"),
        ("delete-replaced", "ReplicaSet"),
    ]
    second = pods(cluster, namespace)
    assert set(second.values()) == {"registry.example.com/app:2"}
    assert len(second) == 2
    assert program.up().changes == {}


KINDS = {"Deployment": "deployment", "StatefulSet": "stateful-set", "DaemonSet": "daemon-set"}
BEFORE = {"labels": {"team": "a"}, "env": {"A": "1"}, "port": 8080, "secret_env": {"T": "1"}}
AFTER = {"labels": {"team": "b"}, "env": {"A": "2"}, "port": 8081, "secret_env": {"T": "2"}}


def test_nothing_that_may_change_replaces_what_runs(program: PulumiProgram, cluster: Cluster, namespace: str) -> None:
    def run(args: dict[str, Any], image: str, replicas: int) -> Run:
        table = {suffix: {**args, "kind": kind} for kind, suffix in KINDS.items()}
        for suffix in ("deployment", "stateful-set"):
            table[suffix] = {**table[suffix], "replicas": replicas}
        program.write((PROGRAM % (table, namespace)).replace("app:1", image))
        return program.up()

    run(BEFORE, "app:1", replicas=1)
    changed = run({**AFTER, "pod_annotations": {"a": "b"}}, "app:2", replicas=2)
    # The Secrets alone: a change of their values makes others, and the pods roll.
    assert {it.kind for it in changed.steps if "replace" in it.op} == {"Secret"}
    for kind, suffix in KINDS.items():
        assert changed.ops(kind) == {f"{suffix}-{suffix}": "update"}


@pytest.mark.long
def test_a_partition_updates_some_pods_and_is_not_waited_for(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    args = {"kind": "StatefulSet", "replicas": 3, "rollout": {"partition": 2}}
    program.write(PROGRAM % ({"db": args}, namespace))
    program.up()
    program.write((PROGRAM % ({"db": args}, namespace)).replace("app:1", "app:2"))
    assert program.up().changes == {"update": 1}

    def images() -> list[str]:
        return [image.rpartition(":")[2] for _, image in sorted(pods(cluster, namespace).items())]

    wait_until("the last pod is new", lambda: images() == ["1", "1", "2"], seconds=30)
    args["rollout"] = {"partition": 0}
    program.write((PROGRAM % ({"db": args}, namespace)).replace("app:1", "app:2"))
    program.up()
    assert images() == ["2", "2", "2"]
    assert program.up().changes == {}


@pytest.mark.long
def test_a_replaced_stateful_set_finds_its_claims_again(
    program: PulumiProgram, cluster: Cluster, namespace: str, volumes: None
) -> None:
    def run(mode: str) -> Run:
        storage = {"data": {"path": "/data", "size_gib": 1, "storage_class": "at-hand", "access_mode": mode}}
        program.write(PROGRAM % ({"db": {"kind": "StatefulSet", "storage": storage}}, namespace))
        return program.up()

    def claims() -> dict[str, str]:
        found = cluster.get("persistentvolumeclaims", "-n", namespace)["items"]
        return {it["metadata"]["name"]: it["metadata"]["uid"] for it in found}

    run("ReadWriteOnce")
    before = claims()
    assert before.keys() == {"data-db-0"}
    # What Kubernetes freezes is replaced, and as the name is taken, the old one goes first.
    replaced = run("ReadWriteOncePod")
    assert [it.op for it in replaced.steps if it.kind == "StatefulSet"] == [
        "delete-replaced",
        "replace",
        "create-replacement",
    ]
    assert claims() == before
    program.destroy()
    assert claims() == before
