"""An update whose pods never become ready: the old ones go on serving, and the engine says why it failed."""

import re

import pytest

from tests.pulumi_program import PulumiProgram
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, ECHO_IMAGE_NEXT

pytestmark = pytest.mark.node

PROGRAM = """\
import pulumi
from pulumi_portico import WebService

web = WebService(
    "web",
    {
        "image": %r,
        "port": 8080,
        "namespace": %r,
        "drain": 3,
        # The pods start and live; they only never say that they are ready.
        "health": {"path": "/healthz", "readiness": {"path": "/ready"}},
        "env": %r,
        # Pulumi waits ten minutes for a Deployment, whatever the Deployment's own deadline is.
        "rollout": {"progress_deadline_seconds": 5},
        "ready_timeout": 15,
        "resources": {"cpu": 0.01, "memory": 32},
    },
)
pulumi.export("url", web.url)
"""


def test_pods_that_never_become_ready_replace_none(
    node: NodeCluster, node_namespace: str, program: PulumiProgram
) -> None:
    def pods() -> dict[str, int]:
        """The pods that are ready, and how often their containers were started anew."""
        found = node.pods(node_namespace, "app.kubernetes.io/name=web")
        statuses = {name: it["status"]["containerStatuses"][0] for name, it in found.items()}
        return {name: it["restartCount"] for name, it in statuses.items() if it["ready"]}

    good = PROGRAM % (ECHO_IMAGE, node_namespace, {})
    program.write(good)
    program.up()
    first = pods()
    assert sorted(first.values()) == [0, 0]

    with node.loading(program.outputs()["url"], seconds=120, rate=40) as load:
        never_ready = {"FAIL_READINESS": "true"}
        program.write(PROGRAM % (ECHO_IMAGE_NEXT, node_namespace, never_ready))
        failed = program.up(check=False)
        assert failed.status != 0
        # Which workload, that its pods are not ready, and which of them is not.
        assert f'"{node_namespace}/web" failed to fully initialize' in failed.output
        assert "[ProgressDeadlineExceeded] ReplicaSet" in failed.output
        assert re.search(rf"\[Pod {node_namespace}/web-\S+\]: containers with unready status: \[web\]", failed.output)
        assert pods() == first

        program.write(good)
        assert program.up().changes == {"update": 1}
        assert pods() == first
    assert (load.failed, load.errors) == (0, [])
    assert set(load.versions) == {"1"}
    assert set(load.hostnames) == set(first)
    assert load.ok > 200
    assert program.up().changes == {}
