"""Real requests through what an IngressGateway compiles, to real pods, held against `match_route` and each promise."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_table import (
    CERTIFICATES,
    COMMUNITY,
    SERVICES,
    Row,
    config_map,
    gateway_args,
    read,
    routes_of,
    rows,
    secret_of,
    taken_by,
    wanted,
)
from tests.node import traffic
from tests.node.traffic import CLASS, Told
from tests.pulumi_program import PulumiProgram
from tests.support import make_namespace
from tests.unit.readers.ingress_nginx import IngressNginx
from tools import engine
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, ECHO_PORT
from tools.pki import create_pki
from tools.processes import wait_until

pytestmark = pytest.mark.node

PROGRAM = """\
import json
from pathlib import Path

from pulumi_portico import IngressGateway

IngressGateway("table", json.loads(Path("gateway.json").read_text()))
"""
TLS_PORT = 8443


@dataclass(frozen=True)
class Served:
    """What has been compiled, and what came of each row's requests."""

    routes: Mapping[str, Mapping[str, Any]]
    reader: IngressNginx
    told: Mapping[str, Sequence[Told]]


@pytest.fixture(scope="module")
def served(node: NodeCluster, tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """The table's routes on the node, with all requests sent: most rows need no more than one."""
    engine.build_engine()
    folder = tmp_path_factory.mktemp("gateway")
    namespace = make_namespace(node)
    node.apply(*_pods(namespace), *_certificates(folder / "certificates", namespace))
    known = routes_of(COMMUNITY, namespace)
    program = PulumiProgram(folder, node.env(), node.inside())
    (folder / "gateway.json").write_text(json.dumps(gateway_args(COMMUNITY, namespace, CLASS)))
    with traffic.served_by_traefik(node, namespace):
        program.write(PROGRAM)
        program.up()
        node.kubectl("wait", "--for=condition=Available", "deployments", "--all", "-n", namespace, "--timeout=60s")
        reader = IngressNginx(_objects(node, namespace), config_map=config_map(COMMUNITY), class_name=CLASS)
        _wait_until_loaded(node, known, namespace)
        yield Served(known, reader, _send(node, folder / "certificates"))
        program.destroy()
    node.kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.mark.parametrize("row", rows(COMMUNITY), ids=lambda it: it.name)
def test_a_request_goes_where_its_route_says(served: Served, row: Row) -> None:
    assert taken_by(served.routes, row) == row.route
    route = served.routes[row.route] if row.route is not None else None
    met = read(served.reader, row)
    assert row.beyond_reader or met == wanted(route, row)
    if row.unproved:
        return
    told = served.told[row.name]
    for it in told:
        if row.check is None or row.count == 1:
            assert _met(row, it) == wanted(route, row), it.error or it.body
    if row.check is not None:
        row.check(told)


def test_a_cookie_keeps_a_client_with_one_pod(served: Served, node: NodeCluster) -> None:
    (first,) = served.told["affinity: a cookie"]
    cookie = first.header("Set-Cookie").partition(";")[0]
    again = [traffic.Asked("http://sticky.example/", headers={"Cookie": cookie})] * 8
    assert {it.pod for it in traffic.ask(node, *again)} == {first.pod}


def test_what_is_compiled_is_all_taken(served: Served) -> None:
    assert (served.reader.rejected, served.reader.ignored, served.reader.broken) == ({}, {}, [])


def _met(row: Row, told: Told) -> tuple[str, str, int, str]:
    if not told.pod:
        # Its own way to answer what ingress-nginx answers with 204.
        status = row.status if told.status == row.traefik_status else told.status
        return "", "", status, told.header("Location")
    # A WebSocket begins with 101; gRPC tells of no path.
    grpc = row.asked.get("kind") == "grpc"
    path = row.asked_path if grpc else told.json["path"]
    status = 200 if told.status == 101 or (grpc and told.code == "OK") else told.status
    return told.service, path, status, ""


def _send(node: NodeCluster, certificates: Path) -> dict[str, list[Told]]:
    every = [(row, it) for row in rows(COMMUNITY) for it in row.requests]
    asked = [replace(it, ca=str(certificates / it.ca / "ca.crt") if it.ca else "") for _, it in every]
    told: dict[str, list[Told]] = {row.name: [] for row, _ in every}
    for (row, _), it in zip(every, traffic.ask(node, *asked), strict=True):
        told[row.name].append(it)
    return told


def _objects(node: NodeCluster, namespace: str) -> list[dict[str, Any]]:
    """The Ingresses and what they name, as the API server keeps them, the oldest first."""
    found = node.get("ingresses,configmaps", "-n", namespace)["items"]
    return sorted(found, key=lambda it: it["metadata"]["creationTimestamp"])


def _wait_until_loaded(node: NodeCluster, known: Mapping[str, Any], namespace: str) -> None:
    """Wait until Traefik has a router for each path, and each Service's pods behind it."""
    paths = sum(
        len(rule.get("http", {}).get("paths", []))
        for it in node.get("ingresses", "-n", namespace)["items"]
        for rule in it["spec"]["rules"]
    )

    def loaded() -> bool:
        made = [it for it in traffic.routers(node) if it["name"].startswith(namespace)]
        if any(it.get("error") for it in made):
            raise AssertionError([(it["rule"], it["error"]) for it in made if it.get("error")])
        # One with TLS and one without.
        return len(made) == 2 * paths

    wait_until("Traefik has every path", loaded, seconds=30)
    asked = [traffic.Asked(f"http://{it['host']}/") for it in known.values() if it.get("host", "*")[0] != "*"]

    def answered() -> bool:
        return all(it.status not in (502, 503) and not it.error for it in traffic.ask(node, *asked))

    wait_until("every host is answered", answered, seconds=30)


def _certificates(folder: Path, namespace: str) -> list[dict[str, Any]]:
    secrets: list[dict[str, Any]] = []
    for name, hosts in CERTIFICATES.items():
        create_pki(folder / name, {}, hosts)
        pair = {f"tls.{end}": (folder / name / f"server.{end}").read_text() for end in ("crt", "key")}
        metadata = {"name": secret_of(name), "namespace": namespace}
        secrets.append(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": metadata,
                "type": "kubernetes.io/tls",
                "stringData": pair,
            }
        )
    return secrets


def _pods(namespace: str) -> list[dict[str, Any]]:
    """A Deployment and a Service each, called alike."""
    return [manifest for name in SERVICES for manifest in (_deployment(name, namespace), _service(name, namespace))]


def _deployment(name: str, namespace: str) -> dict[str, Any]:
    container = {
        "name": "echo",
        "image": ECHO_IMAGE,
        "env": [{"name": "TLS_PORT", "value": str(TLS_PORT)}] if name == "secured" else [],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": ECHO_PORT}, "periodSeconds": 1},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    pod = {
        "containers": [container],
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": 2 if name == "pair" else 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod},
        },
    }


def _service(name: str, namespace: str) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80, "targetPort": ECHO_PORT}]
    if name == "secured":
        ports.append({"name": "https", "port": 443, "targetPort": TLS_PORT})
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": ports},
    }
