"""IngressGateway on the real node: the table of requests, sent through a controller to pods."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.gateway import routes
from tests.gateway.asking import Asked, Told
from tests.gateway.reading import wrong_at
from tests.gateway.rows import INGRESS_NGINX, ROWS, Row
from tests.node.traffic import ALLOWED_RESPONSE_HEADERS, CLASS, ask, log, routers, served_by_traefik
from tests.pulumi_program import PulumiProgram
from tests.unit.readers.ingress_nginx import IngressNginx
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, NODE_ADDRESS
from tools.pki import issue
from tools.processes import wait_until

pytestmark = pytest.mark.node

# The table is laid beside it.
PROGRAM = """\
import json
from pathlib import Path

import pulumi
from pulumi_portico import IngressGateway, IngressRoutes, WebService

table = json.loads(Path("table.json").read_text())
common = {
    "namespace": table["namespace"],
    "health": {"path": "/ready", "port_name": "http"},
    "drain": 0,
    "resources": {"cpu": 0.01, "memory": 32},
}
services = {}
for name, replicas in table["services"].items():
    ports = {"http": {"port": 8080, "service_port": 80}, "https": {"port": 8443, "service_port": 443}}
    services[name] = WebService(
        name,
        {**common, "image": table["image"], "replicas": replicas, "ports": ports, "env": {"TLS_PORT": "8443"}},
    )


def filled(of):
    for route in of:
        if "target" in route:
            service, _, port = route["target"].partition(":")
            route["target"] = services[service].target(port or "http")
    return of


args = table["gateway"]
public = IngressGateway("public", {**args, "routes": filled(table["routes"]), "tls": table["tls"]})
IngressRoutes("added", {"gateway": public.reference(), "routes": filled(table["elsewhere"])})
backend = services[table["default_backend"]].target("http")
backed = IngressGateway("backed", {**args, "routes": filled(table["backing"]), "default_backend": backend})
pulumi.export("urls", public.urls)
"""


def table(node: NodeCluster, namespace: str) -> dict[str, Any]:
    """What the program is given."""
    certificates: dict[str, Any] = {}
    for host, redirect in routes.TLS_HOSTS.items():
        certificate, key = issue(node.folder / "pki", [host])
        certificates[host] = {"certificate": certificate, "key": key, "redirect": redirect}
    return {
        "namespace": namespace,
        "image": ECHO_IMAGE,
        "services": dict(routes.SERVICES),
        "gateway": {
            "controller": INGRESS_NGINX,
            "install": False,
            "class_name": CLASS,
            "namespace": namespace,
            "reached_from": [{"cidr": f"{NODE_ADDRESS}/32"}],
            "response_headers": list(ALLOWED_RESPONSE_HEADERS),
        },
        "routes": [*routes.GATEWAY, *routes.ONLY_INGRESS_NGINX],
        "tls": certificates,
        "elsewhere": routes.ELSEWHERE,
        "backing": routes.BACKING,
        "default_backend": routes.DEFAULT_BACKEND,
    }


def settled(node: NodeCluster) -> None:
    """Wait until the controller has taken over all that it was told."""
    seen: list[int] = []

    def still() -> bool:
        seen.append(len(routers(node)))
        return len(seen) > 4 and len(set(seen[-4:])) == 1

    wait_until("Traefik has taken over the routes", still, seconds=30)


def wrong_in(row: Row, told: Told, after: Sequence[Told]) -> list[str]:
    """What a client has met in another way than the row says."""
    wrong = [told.error] if told.error else []
    if row.asked.kind == "grpc":
        reached = (told.code, told.service)
        wanted: Any = ("OK", row.service)
    else:
        status = {200: 101 if row.asked.kind == "websocket" else 200}.get(row.status, row.traefik or row.status)
        reached = (told.status, told.service, told.json.get("path", ""))
        wanted = (status, row.service, row.path or _path(row.asked)) if row.reaches else (status, "", "")
    if reached != wanted:
        wrong.append(f"{reached}, not {wanted}")
    if told.header("Location") != row.location:
        wrong.append(f"sent to {told.header('Location')!r}, not {row.location!r}")
    if row.certificate and list(told.names) != [row.certificate]:
        wrong.append(f"shown the certificate of {told.names}")
    if not wrong and row.sees and not row.sees(told):
        wrong.append(f"sees {told}")
    if not wrong and row.shows and not row.shows(after):
        wrong.append(f"is shown {[(it.status, it.pod, it.error) for it in after]}")
    return wrong


def _path(asked: Asked) -> str:
    return "/" + asked.url.partition("://")[2].partition("/")[2].partition("?")[0]


def test_real_requests_meet_what_the_table_says(
    node: NodeCluster, node_namespace: str, program: PulumiProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    (program.folder / "table.json").write_text(json.dumps(table(node, node_namespace)))
    program.write(PROGRAM)
    with served_by_traefik(node, node_namespace):
        program.up()
        settled(node)
        rows = [it for it in ROWS if not it.unproved]
        ca = str(node.folder / "pki" / "ca.crt")
        first = ask(node, *(replace(it.asked, ca=ca if it.certificate else "") for it in rows))
        following = [list(row.next(told)) if row.next else [] for row, told in zip(rows, first, strict=True)]
        answers = iter(ask(node, *(it for group in following for it in group)))
        after = [[next(answers) for _ in group] for group in following]
        found = {row.says: wrong_in(row, told, its) for row, told, its in zip(rows, first, after, strict=True)}
        wrong = {says: it for says, it in found.items() if it}
        assert wrong == {}, f"{json.dumps(wrong, indent=1)}\n{log(node)}"

        # What is no proof here is read in what the cluster holds.
        reader = read(node, node_namespace)
        assert (reader.rejected, reader.ignored, reader.broken) == ({}, {}, [])
        unproved = [it for it in ROWS if it.unproved]
        assert {row.says: it for row in unproved if (it := wrong_at(row, reader))} == {}
        requests = len(rows) + sum(map(len, following))
        with capsys.disabled():
            print(f"\n{len(rows)} rows by {requests} real requests, {len(unproved)} more by the reader")
        assert program.up().changes == {}
        program.destroy()
        assert node.get("ingresses", "-n", node_namespace)["items"] == []


def read(node: NodeCluster, namespace: str) -> IngressNginx:
    """The reader, given what the cluster holds, the oldest first."""
    held: Sequence[Mapping[str, Any]] = node.get("ingresses,configmaps", "-n", namespace)["items"]
    config = {"annotations-risk-level": "Medium", "global-allowed-response-headers": ",".join(ALLOWED_RESPONSE_HEADERS)}
    ordered = sorted(held, key=lambda it: it["metadata"]["creationTimestamp"])
    return IngressNginx(ordered, config_map=config, class_name=CLASS, webhook=False)
