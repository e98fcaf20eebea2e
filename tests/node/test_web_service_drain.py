"""A drain of the node: the disruption budget is kept, and nobody waits for ever."""

import json
import subprocess
from collections.abc import Generator
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, NODE_NAME
from tools.processes import wait_until

pytestmark = pytest.mark.node

PROGRAM = """\
import pulumi
from pulumi_portico import WebService

every = {
    "image": %r,
    "port": 8080,
    "namespace": %r,
    "drain": 3,
    "health": {"path": "/ready"},
    # Long enough for a pod to be seen running and not yet ready.
    "env": {"START_DELAY": "4"},
    "resources": {"cpu": 0.01, "memory": 32},
}
two = WebService("two", every)
one = WebService("one", {**every, "replicas": 1})
pulumi.export("url", two.url)
"""

DRAIN_SECONDS = 60
BUDGET = "(TooManyRequests): Cannot evict pod as it would violate the pod's disruption budget."


@pytest.fixture
def schedulable(node: NodeCluster) -> Generator[None]:
    """The only node takes pods again after the test, however it ends."""
    yield
    node.kubectl("uncordon", NODE_NAME)


def is_ready(pod: Any) -> bool:
    return any((it["type"], it["status"]) == ("Ready", "True") for it in pod["status"].get("conditions", []))


def evict(node: NodeCluster, namespace: str, pod: str) -> str:
    """What the API server says to an eviction, which it only tries."""
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod, "namespace": namespace},
        "deleteOptions": {"dryRun": ["All"]},
    }
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
    return node.kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction), check=False)


@pytest.mark.usefixtures("schedulable")
def test_a_drain_keeps_the_budget(node: NodeCluster, node_namespace: str, program: PulumiProgram) -> None:
    program.write(PROGRAM % (ECHO_IMAGE, node_namespace))
    program.up()
    first = {name: set(node.pods(node_namespace, f"app.kubernetes.io/name={name}")) for name in ("one", "two")}
    # Pods of other tests that are still on their way out are none of this one's.
    mine = "app.kubernetes.io/name in (one, two)"
    drain = ("drain", NODE_NAME, f"--pod-selector={mine}", f"--timeout={DRAIN_SECONDS}s")
    ready: list[int] = []

    def pods(service: str) -> dict[str, Any]:
        return node.pods(node_namespace, f"app.kubernetes.io/name={service}")

    def new_ones() -> list[Any]:
        return [it for name, it in pods("two").items() if name not in first["two"]]

    def old_ones(service: str) -> set[str]:
        found = pods(service)
        if service == "two":
            ready.append(sum(map(is_ready, found.values())))
        return first[service] & set(found)

    with node.loading(program.outputs()["url"], seconds=120, rate=40) as load:
        process = subprocess.Popen(
            node.kubectl_command(*drain), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            # Nothing keeps the only pod of a service: its owner asked for one.
            wait_until("the pod of the one is told to go", lambda: not old_ones("one"), seconds=20)
            wait_until("one pod of the two is told to go", lambda: len(old_ones("two")) == 1, seconds=20)
            # Its successor has no place as long as the only node takes no pods.
            assert BUDGET in evict(node, node_namespace, *old_ones("two"))
            # As when another node joins.
            node.kubectl("uncordon", NODE_NAME)
            wait_until(
                "the successor runs", lambda: [it["status"]["phase"] for it in new_ones()] == ["Running"], seconds=20
            )
            # It runs, and is not ready.
            refused = evict(node, node_namespace, *old_ones("two"))
            assert [is_ready(it) for it in new_ones()] == [False]
            assert BUDGET in refused
            wait_until("the other pod of the two is told to go", lambda: not old_ones("two"), seconds=DRAIN_SECONDS)
            told, _ = process.communicate(timeout=DRAIN_SECONDS)
        finally:
            process.kill()
            process.wait()
        node.kubectl("rollout", "status", "deployment/two", "-n", node_namespace, "--timeout=30s")
        node.kubectl("rollout", "status", "deployment/one", "-n", node_namespace, "--timeout=30s")
    assert process.returncode == 0, told
    assert "Cannot evict pod as it would violate the pod's disruption budget." in told
    assert min(ready) == 1, "at every look, one pod at least was ready and not told to go"
    assert (load.failed, load.errors) == (0, [])
    assert load.ok > 200
    # The two that left, and those that came.
    assert first["two"] < set(load.hostnames)
