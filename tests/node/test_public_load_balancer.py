"""PublicLoadBalancer on the real node: its address answers a client from outside, whom Local lets the pods see."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tools import engine, probe
from tools.cluster import ROOT
from tools.node import NodeCluster, wait_until
from tools.node_config import ECHO_IMAGE, ECHO_IMAGE_NEXT, NODE_ADDRESS
from tools.probe import Answer, Load, Request

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


class Client:
    """A machine outside the cluster, in a network namespace of its own, with one way: to the node."""

    def __init__(self, name: str) -> None:
        self._enter = ["nsenter", f"--net=/run/netns/{name}"]

    def _run(self, plan: dict[str, Any], seconds: float) -> list[str]:
        command = [*self._enter, sys.executable, str(ROOT / "tools" / Path(probe.__file__).name)]
        done = subprocess.run(
            command, input=json.dumps(plan), capture_output=True, text=True, timeout=seconds, check=True
        )
        return done.stdout.splitlines()

    def ask(self, url: str, *, count: int = 1, timeout: float = 5) -> list[Answer]:
        request = {"url": url, "timeout": timeout}
        return [Answer(**json.loads(line)) for line in self._run({"requests": [request] * count}, count * timeout + 20)]

    @contextlib.contextmanager
    def loading(self, url: str, *, seconds: float, rate: float) -> Generator[Load]:
        """Send requests while the block runs, for at most ``seconds``; the counts are there after it."""
        load = Load(Request(url), seconds, rate=rate)
        command = [*self._enter, sys.executable, str(ROOT / "tools" / Path(probe.__file__).name)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdin is not None
        assert process.stdout is not None
        plan = {"load": {"request": {"url": url}, "seconds": seconds, "rate": rate}}
        try:
            process.stdin.write(json.dumps(plan))
            process.stdin.close()
            process.stdout.readline()
            yield load
            process.terminate()
            process.wait(30)
            for name, value in json.loads(process.stdout.read()).items():
                if name in ("ok", "failed", "slowest", "hostnames", "versions", "errors"):
                    setattr(load, name, value)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


@pytest.fixture
def client(node: NodeCluster) -> Generator[Client]:
    name = f"portico-client-{secrets.token_hex(3)}"
    device = f"pc{secrets.token_hex(3)}"

    def ip(*command: str) -> None:
        subprocess.run(["ip", *command], check=True, capture_output=True, timeout=20)

    ip("netns", "add", name)
    try:
        there = ("peer", "name", device, "netns", node.isolation.name)
        ip("link", "add", "client0", "netns", name, "type", "veth", *there)
        for namespace, end, address in ((name, "client0", CLIENT), (node.isolation.name, device, GATE)):
            ip("-netns", namespace, "address", "add", f"{address}/30", "dev", end)
            ip("-netns", namespace, "link", "set", end, "up")
        ip("-netns", name, "route", "add", "default", "via", GATE)
        yield Client(name)
    finally:
        # The other end goes with it.
        ip("netns", "delete", name)


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
