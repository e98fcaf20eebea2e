"""Real requests through what an IngressGateway compiles, to real pods, held against `match_route` and each promise."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_table import (
    CERTIFICATES,
    COMMUNITY,
    F5,
    SERVICES,
    Reader,
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
from tests.node import f5_binary, traffic
from tests.node.traffic import Told
from tests.pulumi_program import PulumiProgram
from tests.support import make_namespace
from tests.unit.readers.f5_nginx import F5Nginx
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


# By F5 NGINX Ingress Controller only where the machine has it; tests/unit/test_gateway_table.py reads its rows anyway.
CONTROLLERS = (COMMUNITY, *([F5] if f5_binary.program() else []))


@dataclass(frozen=True)
class Served:
    """What has been compiled, and what came of each row's requests."""

    controller: str
    routes: Mapping[str, Mapping[str, Any]]
    reader: Reader
    told: Mapping[str, Sequence[Told]]


@pytest.fixture(scope="module")
def served(
    node: NodeCluster, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Generator[Served]:
    """The table's routes on the node, with all requests sent: most rows need no more than one."""
    controller: str = request.param
    engine.build_engine()
    folder = tmp_path_factory.mktemp("gateway")
    namespace = make_namespace(node)
    node.apply(*_pods(namespace), *_certificates(folder / "certificates", namespace))
    node.kubectl("wait", "--for=condition=Available", "deployments", "--all", "-n", namespace, "--timeout=60s")
    known = routes_of(controller, namespace)
    program = PulumiProgram(folder, node.env(), node.inside())
    class_name = f5_binary.CLASS if controller == F5 else traffic.CLASS
    (folder / "gateway.json").write_text(json.dumps(gateway_args(controller, namespace, class_name)))
    with _controller(node, namespace, controller):
        program.write(PROGRAM)
        program.up()
        _wait_until_loaded(node, known, controller, namespace)
        told = _send(node, controller, folder / "certificates")
        yield Served(controller, known, _reader(node, controller, namespace), told)
        program.destroy()
    node.kubectl("delete", "namespace", namespace, "--wait=false")


# Once for each controller, not for each row.
every_controller = pytest.mark.parametrize("served", CONTROLLERS, indirect=True, scope="module")


@pytest.mark.parametrize(
    ("served", "row"),
    [pytest.param(it, row, id=f"{it}: {row.name}") for it in CONTROLLERS for row in rows(it)],
    indirect=["served"],
    scope="module",
)
def test_a_request_goes_where_its_route_says(served: Served, row: Row) -> None:
    assert taken_by(served.routes, row) == row.route
    route = served.routes[row.route] if row.route is not None else None
    met = read(served.reader, row)
    assert row.beyond_reader or met == wanted(route, row)
    if row.unproved and served.controller == COMMUNITY:
        return
    told = served.told[row.name]
    for it in told:
        if row.check is None or row.count == 1:
            assert _met(row, it) == wanted(route, row), it.error or it.body
    if row.check is not None:
        row.check(told)


@every_controller
def test_a_cookie_keeps_a_client_with_one_pod(served: Served, node: NodeCluster) -> None:
    (first,) = served.told["affinity: a cookie"]
    cookie = first.header("Set-Cookie").partition(";")[0]
    again = [traffic.Asked("http://sticky.example/", headers={"Cookie": cookie})] * 8
    assert {it.pod for it in traffic.ask(node, *again)} == {first.pod}


@pytest.mark.skipif(
    f5_binary.program() is None,
    reason=f"{f5_binary.VARIABLE} names no program of F5 NGINX Ingress Controller, which cannot be built here",
)
def test_the_program_of_f5_is_there() -> None:
    binary = f5_binary.program()
    assert binary is not None
    assert binary.is_file()
    assert (binary.parent / "crds.yaml").is_file()


@every_controller
def test_what_is_compiled_is_all_taken(served: Served) -> None:
    reader: Any = served.reader
    assert (reader.rejected, reader.ignored, reader.broken) == ({}, {}, [])


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


@contextlib.contextmanager
def _controller(node: NodeCluster, namespace: str, controller: str) -> Generator[None]:
    if controller == COMMUNITY:
        with traffic.served_by_traefik(node, namespace):
            yield
        return
    binary = f5_binary.program()
    assert binary is not None
    f5_binary.install_definitions(node, binary)
    pod = next(iter(node.pods(namespace, "app=lost")))
    with f5_binary.served_by_f5(node, namespace, pod, config_map(F5), binary):
        yield


def _reader(node: NodeCluster, controller: str, namespace: str) -> IngressNginx | F5Nginx:
    """The controller's reader, given what the API server keeps, the oldest first."""
    kinds = "ingresses,configmaps" if controller == COMMUNITY else "ingresses,policies,virtualservers"
    found = sorted(node.get(kinds, "-n", namespace)["items"], key=lambda it: it["metadata"]["creationTimestamp"])
    told = config_map(controller)
    if controller == COMMUNITY:
        return IngressNginx(found, config_map=told, class_name=traffic.CLASS)
    return F5Nginx(found, config_map=told, class_name=f5_binary.CLASS, custom_resources=True, empty_host=True)


def _send(node: NodeCluster, controller: str, certificates: Path) -> dict[str, list[Told]]:
    every = [(row, it) for row in rows(controller) for it in row.requests]
    asked = [replace(it, ca=str(certificates / it.ca / "ca.crt") if it.ca else "") for _, it in every]
    told: dict[str, list[Told]] = {row.name: [] for row, _ in every}
    for (row, _), it in zip(every, traffic.ask(node, *asked), strict=True):
        told[row.name].append(it)
    return told


def _wait_until_loaded(node: NodeCluster, known: Mapping[str, Any], controller: str, namespace: str) -> None:
    """Wait until the controller has all routes: until no host is answered as if it had none."""
    hosts = {it.get("host", "z.example").replace("*", "z"): it.get("path", "/") for it in known.values()}
    asked = [traffic.Asked(f"http://{host}{path}") for host, path in hosts.items()]

    def loaded() -> bool:
        if controller == COMMUNITY and not _has_every_path(node, namespace):
            return False
        return all(it.status not in (404, 502, 503) and not it.error for it in traffic.ask(node, *asked))

    wait_until("every route is answered", loaded, seconds=30)


def _has_every_path(node: NodeCluster, namespace: str) -> bool:
    """Whether Traefik has a router for each path."""
    paths = sum(
        len(rule.get("http", {}).get("paths", []))
        for it in node.get("ingresses", "-n", namespace)["items"]
        for rule in it["spec"]["rules"]
    )
    made = [it for it in traffic.routers(node) if it["name"].startswith(namespace)]
    wrong = [(it["rule"], it["error"]) for it in made if it.get("error")]
    assert wrong == []
    # One with TLS and one without.
    return len(made) == 2 * paths


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
