"""WebService on the real node: brought up by the real engine, its pods answer through its name."""

from pathlib import Path

import pytest

from tests.pulumi_program import PulumiProgram
from tools import engine
from tools.node import NodeCluster, wait_until
from tools.node_config import ECHO_IMAGE, ECHO_IMAGE_NEXT

pytestmark = pytest.mark.node

PROGRAM = """\
import pulumi
from pulumi_portico import WebService

web = WebService("web", {"image": %r, "port": 8080, "namespace": %r})
pulumi.export("url", web.url)
"""


def wait_answered(node: NodeCluster, url: str, pods: set[str], version: str) -> None:
    """Wait until every one of a bounded number of requests is answered, by each of the pods and by no other."""

    def settled() -> bool:
        answers = node.get_url(url, count=40)
        told = [(it.json["hostname"], it.json["version"]) for it in answers if it.ok]
        return len(told) == len(answers) and set(told) == {(pod, version) for pod in pods}

    wait_until(f"every request is answered by {', '.join(sorted(pods))}", settled, seconds=30)


def test_both_pods_answer_through_the_services_name(node: NodeCluster, node_namespace: str, tmp_path: Path) -> None:
    if engine.on_path() is None:
        engine.build_engine()
    program = PulumiProgram(tmp_path, node.env(), node.inside())
    program.write(PROGRAM % (ECHO_IMAGE, node_namespace))
    assert program.up().changes == {"create": 4}
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

    assert program.destroy().changes == {"delete": 4}
    assert node.get("deployments,services,replicasets", *selector)["items"] == []
    assert node.get_url(url)[0].error
