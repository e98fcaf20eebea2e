"""Gateways of Gateway API on the real engine and API server: admitted, awaited, unchanged on a second run, destroyed.

No implementation runs. A thread reports the conditions that one would report, so that the deployment really waits for
them. `tests/gateway_api` sends requests through the real Envoy Gateway.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Generator, Mapping
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tests.unit.gateways import CERTIFICATE, KEY
from tools.cluster import Cluster

HOST = "shop.example.com"
ADDRESS = "192.0.2.1"
ROUTES = ("httproutes", "grpcroutes")
PROGRAM = """\
import pulumi
from pulumi_portico import IngressGateway, IngressRoutes, WebService

api = WebService("api", {{"image": "registry.example.com/api:1", "port": 8080, "namespace": {namespace!r}}})


def routed(routes):
    return [route if "redirect" in route else {{**route, "target": api.target}} for route in routes]


gateway = IngressGateway("edge", {{**{args!r}, "routes": routed({routes!r})}})
pulumi.export("address", gateway.address)
if {added!r}:
    more = {{"gateway": gateway.reference, "routes": routed({added!r}), "tls": {tls!r}}}
    IngressRoutes("more", more)
"""
EVERYTHING: list[dict[str, Any]] = [
    {"host": HOST},
    {
        "host": HOST,
        "path": "/api",
        "rewrite": "/v2",
        "body_size": 5,
        "load_balancing": "least-connections",
        "timeouts": {"connect": 3},
        "allowed_sources": ["203.0.113.0/24"],
        "denied_sources": ["203.0.113.7/32"],
        "basic_auth": {"secret": "users"},
        "request_headers": {"X-Team": "shop"},
        "response_headers": {"X-Frame-Options": "DENY"},
        "cors": {"origins": ["https://a.example.com"], "credentials": True},
        "websocket": True,
    },
    {"host": HOST, "path": "/old", "path_type": "Exact", "rewrite": "/new"},
    {"host": "*.wild.example.com"},
    {"path": "/hello"},
    {"host": "grpc.example.com", "protocol": "GRPC", "path": "/shop.Orders"},
    {"host": "old.example.com", "redirect": {"host": HOST, "path": "/x", "keep_query": True, "code": 308}},
]
TLS = {
    HOST: {"certificate": CERTIFICATE, "key": KEY},
    "grpc.example.com": {"certificate": CERTIFICATE, "key": KEY},
    "*.wild.example.com": {"cluster_issuer": "letsencrypt"},
}


class Implementation:
    """Reports the conditions of a working implementation while the block of `running` runs."""

    def __init__(self, cluster: Cluster, namespace: str, *, accepts_routes: bool = True) -> None:
        self._cluster, self._namespace, self._accepts_routes = cluster, namespace, accepts_routes
        self._stopped = threading.Event()
        self._reported: set[tuple[str, int]] = set()

    @contextlib.contextmanager
    def running(self) -> Generator[None]:
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()

    def _run(self) -> None:
        kinds = ",".join(("gateways", "listenersets", *ROUTES))
        while not self._stopped.wait(0.3):
            for found in self._cluster.get(kinds, "-n", self._namespace).get("items", []):
                self._report(found)

    def _report(self, found: Mapping[str, Any]) -> None:
        metadata = found["metadata"]
        reported = (metadata["uid"], metadata["generation"])
        if reported in self._reported:
            return
        patch = json.dumps({"status": self._status(found)})
        where = (f"{found['kind'].lower()}.gateway.networking.k8s.io", metadata["name"], "-n", self._namespace)
        self._cluster.kubectl("patch", *where, "--subresource=status", "--type=merge", "-p", patch, check=False)
        self._reported.add(reported)

    def _status(self, found: Mapping[str, Any]) -> dict[str, Any]:
        generation = found["metadata"]["generation"]
        if found["kind"] in ("Gateway", "ListenerSet"):
            conditions = [_condition(kind, generation) for kind in ("Accepted", "Programmed")]
            addresses = [{"type": "IPAddress", "value": ADDRESS}] if found["kind"] == "Gateway" else None
            return {"conditions": conditions, **({"addresses": addresses} if addresses else {})}
        is_true = self._accepts_routes
        conditions = [_condition(kind, generation, is_true=is_true) for kind in ("Accepted", "ResolvedRefs")]
        parents = found["spec"]["parentRefs"]
        status = {"controllerName": "example.com/gateway", "conditions": conditions}
        return {"parents": [{"parentRef": parent, **status} for parent in parents]}


def _condition(kind: str, generation: int, *, is_true: bool = True) -> dict[str, Any]:
    return {
        "type": kind,
        "status": str(is_true),
        "reason": kind if is_true else "Invalid",
        "message": "",
        "observedGeneration": generation,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }


def write(program: PulumiProgram, namespace: str, **more: Any) -> None:
    """A program whose gateway is in the namespace of its target."""
    routes, added, tls = more.pop("routes", EVERYTHING), more.pop("added", []), more.pop("added_tls", {})
    args = {
        "controller": "gateway-api",
        "implementation": "envoy-gateway",
        "class_name": "eg",
        "namespace": namespace,
        "multi_label_wildcards": True,
        "tls": TLS,
        "ready_timeout": 30,
        **more,
    }
    program.write(PROGRAM.format(namespace=namespace, args=args, routes=routes, added=added, tls=tls))


def test_a_gateway_comes_up_waits_stays_and_goes(
    program: PulumiProgram, gateway_api_cluster: Cluster, namespace: str
) -> None:
    cluster = gateway_api_cluster
    added = [{"host": "added.example.com"}]
    added_tls = {"added.example.com": {"certificate": CERTIFICATE, "key": KEY}}
    write(program, namespace, added=added, added_tls=added_tls)
    with Implementation(cluster, namespace).running():
        program.up()
        assert program.outputs()["address"] == ADDRESS
        # Nothing changes, even if the engine reads what the API server has made of the objects.
        assert program.up().changes == {}
        assert program.up("--refresh").changes == {}
        write(program, namespace, routes=EVERYTHING[:-1], added=added, added_tls=added_tls)
        assert {step.op for step in program.up().steps if step.op != "same"} <= {"delete", "update"}
        program.destroy()
    left = cluster.get(",".join(("gateways", "listenersets", *ROUTES)), "-n", namespace).get("items", [])
    assert left == []


@pytest.mark.long
def test_a_rejected_route_fails_the_deployment_and_says_which(
    program: PulumiProgram, gateway_api_cluster: Cluster, namespace: str
) -> None:
    write(program, namespace, routes=[{"host": "plain.example.com"}], tls={}, ready_timeout=5)
    with Implementation(gateway_api_cluster, namespace, accepts_routes=False).running():
        run = program.up(check=False)
    assert run.status != 0
    assert 'HTTPRoute "edge-plain-example-com-' in run.output
    assert "kubectl describe httproute" in run.output
    program.destroy()
