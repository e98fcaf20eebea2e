"""PublicLoadBalancer on the real node: its address answers a client from outside, whom Local lets the pods see."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.node.outside import Client, client_outside
from tests.pulumi_program import PulumiProgram
from tools import engine
from tools.node import NodeCluster, wait_until
from tools.node_config import ECHO_IMAGE, ECHO_IMAGE_NEXT, NODE_ADDRESS
from tools.probe import Answer, Request

pytestmark = pytest.mark.node

# From the ranges that are for documentation (RFC 5737); the node's own address is from another one.
CLIENT = "203.0.113.9"
GATE = "203.0.113.10"

PROGRAM = """\
import pulumi
from pulumi_portico import PublicLoadBalancer, WebService

web = WebService(
    "web",
    {{
        "image": {image!r},
        "port": 8080,
        "namespace": {namespace!r},
        "drain": 5,
        "health": {{"path": "/ready"}},
        "env": {{"DRAIN": "3"}},
        "resources": {{"cpu": 0.01, "memory": 32}},
    }},
)
public = PublicLoadBalancer(
    "web",
    {{
        "target": web.target,
        "exposure": {{
            "scope": "internet",
            "platform": "generic",
            "allowed_sources": {sources!r},
            "client_ip": {client_ip!r},
        }},
    }},
)
pulumi.export("url", public.url)
pulumi.export("address", public.address)
"""


@pytest.fixture
def client(node: NodeCluster) -> Generator[Client]:
    with client_outside(node, CLIENT, GATE) as client:
        yield client


@pytest.fixture
def program(node: NodeCluster, tmp_path: Path) -> PulumiProgram:
    engine.build_engine()
    return PulumiProgram(tmp_path, node.env(), node.inside())


def source(namespace: str, **changed: Any) -> str:
    told = {"image": ECHO_IMAGE, "sources": [f"{CLIENT}/32"], "client_ip": "preserve", **changed}
    return PROGRAM.format(namespace=namespace, **told)


def pods(node: NodeCluster, namespace: str) -> set[str]:
    found = node.get("pods", "-n", namespace, "-l", "app.kubernetes.io/name=web")["items"]
    return {it["metadata"]["name"] for it in found if "deletionTimestamp" not in it["metadata"]}


def answers(client: Client, url: str, wanted: set[str]) -> list[Answer]:
    """Answers to a bounded number of requests, once all of them come from the pods that are wanted."""
    told: list[Answer] = []

    def settled() -> bool:
        told[:] = client.ask(url, count=20)
        return all(it.ok for it in told) and {it.json["hostname"] for it in told} == wanted

    wait_until(f"{url} is answered by {', '.join(sorted(wanted))}", settled, seconds=30)
    return told


def remotes(told: list[Answer]) -> set[str]:
    return {it.json["remote"].rpartition(":")[0] for it in told}


def test_its_address_answers_and_local_lets_the_pods_see_the_client(
    node: NodeCluster, node_namespace: str, program: PulumiProgram, client: Client
) -> None:
    program.write(source(node_namespace))
    program.up()
    url, address = program.outputs()["url"], program.outputs()["address"]
    assert url == f"http://{address}"
    assert address.startswith("198.18.")
    both = pods(node, node_namespace)
    assert len(both) == 2
    assert remotes(answers(client, url, both)) == {CLIENT}

    # What a cloud's load balancer asks a node: whether it has pods of its own.
    (service,) = [
        it for it in node.get("services", "-n", node_namespace)["items"] if it["spec"]["type"] == "LoadBalancer"
    ]
    port = service["spec"]["healthCheckNodePort"]
    health = node.ask(Request(f"http://{NODE_ADDRESS}:{port}/"))[0]
    assert (health.status, health.json["localEndpoints"]) == (200, 2)

    # With the client's address hidden, the same Service passes connections on, as the node's own.
    program.write(source(node_namespace, client_ip="hide"))
    assert [it.op for it in program.up().steps if it.kind == "Service" and it.op != "same"] == ["update"]
    wait_until(
        "the pods see the node in the client's place",
        lambda: CLIENT not in remotes(answers(client, url, both)),
        seconds=30,
    )

    # Whoever is not among the allowed sources gets no answer, here from kube-proxy itself.
    program.write(source(node_namespace, sources=["198.51.100.0/24"]))
    program.up()
    wait_until(
        "the client is kept out",
        lambda: client.ask(url, timeout=1)[0].error is not None,
        seconds=30,
    )
    program.destroy()
    assert client.ask(url, timeout=1)[0].error is not None


def test_a_rolling_update_under_load_through_the_balancer_loses_no_request(
    node: NodeCluster,
    node_namespace: str,
    program: PulumiProgram,
    client: Client,
    capsys: pytest.CaptureFixture[str],
) -> None:
    counts: list[str] = []
    for client_ip in ("preserve", "hide"):
        program.write(source(node_namespace, client_ip=client_ip))
        program.up()
        url = program.outputs()["url"]
        answers(client, url, pods(node, node_namespace))
        with client.loading(url, seconds=90, rate=40) as load:
            program.write(source(node_namespace, client_ip=client_ip, image=ECHO_IMAGE_NEXT))
            program.up()
            wait_until(
                "the old pods are gone",
                lambda: len(node.get("pods", "-n", node_namespace, "-l", "app.kubernetes.io/name=web")["items"]) == 2,
                seconds=60,
            )
        counts.append(f"{load.failed} of {load.ok + load.failed} with client_ip {client_ip}")
        with capsys.disabled():
            print(f"\nrolling update under load through a balancer's address: lost {counts[-1]}")
        assert (load.failed, load.errors) == (0, [])
        assert set(load.versions) == {"1", "2"}
