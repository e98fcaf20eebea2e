"""WebService on the real node: brought up by the real engine, its pods answer through its name."""

from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, ECHO_IMAGE_NEXT
from tools.processes import wait_until

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
        "drain": 5,
        "health": {"path": "/ready"},
        # A pod that mounts over a read-only root, and takes its variables from all kinds of sources.
        "env": {"DRAIN": "3"},
        "secret_env": {"TOKEN": "hunter2"},
        "field_env": {"POD_IP": "status.podIP"},
        "resource_env": {"MEMORY": "limits.memory"},
        "config_files": {"/etc/web/settings.json": "{}"},
        "writable_paths": ["/tmp"],
        "resources": {"cpu": 0.01, "memory": 32},
    },
)
pulumi.export("url", web.url)
"""


def wait_answered(node: NodeCluster, url: str, pods: set[str], version: str) -> None:
    """Wait until every one of a bounded number of requests is answered, by each of the pods and by no other."""

    def settled() -> bool:
        answers = node.get_url(url, count=40)
        told = [(it.json["hostname"], it.json["version"]) for it in answers if it.ok]
        return len(told) == len(answers) and set(told) == {(pod, version) for pod in pods}

    wait_until(f"every request is answered by {', '.join(sorted(pods))}", settled, seconds=30)


def test_both_pods_answer_through_the_services_name(
    node: NodeCluster, node_namespace: str, program: PulumiProgram
) -> None:
    program.write(PROGRAM % (ECHO_IMAGE, node_namespace))
    assert program.up().changes == {"create": 9}
    url = program.outputs()["url"]
    assert url == f"http://web.{node_namespace}.svc.cluster.local"

    selector = ("-n", node_namespace, "-l", "app.kubernetes.io/name=web")

    def pods() -> set[str]:
        found = node.get("pods", *selector)["items"]
        return {it["metadata"]["name"] for it in found if "deletionTimestamp" not in it["metadata"]}

    first = pods()
    assert len(first) == 2
    wait_answered(node, url, first, "1")

    assert program.up().changes == {}

    program.write(PROGRAM % (ECHO_IMAGE_NEXT, node_namespace))
    assert program.up().changes == {"update": 1}
    second = pods()
    assert len(second) == 2
    assert not first & second
    wait_answered(node, url, second, "2")

    assert program.destroy().changes == {"delete": 9}
    assert node.get("deployments,services,serviceaccounts,poddisruptionbudgets", *selector)["items"] == []
    assert node.get_url(url)[0].error


def plain(namespace: str, image: str) -> list[dict[str, Any]]:
    """What most people write: a Deployment and a Service, and nothing about how pods come and go."""
    security = {"allowPrivilegeEscalation": False, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}}
    container = {
        "name": "plain",
        "image": image,
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5},
        "securityContext": {**security, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    metadata = {"name": "plain", "namespace": namespace}
    template = {"metadata": {"labels": {"app": "plain"}}, "spec": {"containers": [container]}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "plain"}}, "template": template}
    ports = {"selector": {"app": "plain"}, "ports": [{"port": 80, "targetPort": 8080}]}
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": ports},
    ]


def test_a_rolling_update_under_load_loses_no_request(
    node: NodeCluster, node_namespace: str, program: PulumiProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    def old_pods_gone(selector: str) -> bool:
        return len(node.get("pods", "-n", node_namespace, "-l", selector)["items"]) == 2

    program.write(PROGRAM % (ECHO_IMAGE, node_namespace))
    program.up()
    with node.loading(program.outputs()["url"], seconds=90, rate=40) as ours:
        program.write(PROGRAM % (ECHO_IMAGE_NEXT, node_namespace))
        program.up()
        wait_until("the old pods are gone", lambda: old_pods_gone("app.kubernetes.io/name=web"), seconds=60)
    assert (ours.failed, ours.errors) == (0, [])
    assert set(ours.versions) == {"1", "2"}

    # For comparison only: how many it loses depends on the machine.
    rollout = ("rollout", "status", "deployment/plain", "-n", node_namespace, "--timeout=60s")
    node.apply(*plain(node_namespace, ECHO_IMAGE))
    node.kubectl(*rollout)
    with node.loading(f"http://plain.{node_namespace}.svc.cluster.local", seconds=90, rate=40) as theirs:
        node.apply(*plain(node_namespace, ECHO_IMAGE_NEXT))
        node.kubectl(*rollout)
        wait_until("the old pods are gone", lambda: old_pods_gone("app=plain"), seconds=60)
    with capsys.disabled():
        print(
            f"\nrolling update under load: a WebService lost {ours.failed} of {ours.ok + ours.failed} requests, "
            f"a plain Deployment {theirs.failed} of {theirs.ok + theirs.failed}"
        )
