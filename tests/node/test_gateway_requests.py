"""IngressGateway on the real node: the table of requests, sent through a controller to pods."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.cluster.definitions import certificate_definition, define
from tests.gateway import routes
from tests.gateway.asking import Asked, Told
from tests.gateway.reading import wrong_at
from tests.gateway.rows import F5, HOSTS, INGRESS_NGINX, ROWS, Row
from tests.node import f5_nginx
from tests.node.traffic import ALLOWED_RESPONSE_HEADERS, CLASS, ask, log, routers, served_by_traefik
from tests.pulumi_program import PulumiProgram
from tests.unit.readers.ingress_nginx import IngressNginx
from tests.unit.readers.nginx import as_received
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, NODE_ADDRESS
from tools.pki import issue
from tools.processes import wait_until
from tools.settings_table import data as gateway_data

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
            route["target"] = services[service].targets[port or "http"]
    return of


args = table["gateway"]
public = IngressGateway("public", {**args, "routes": filled(table["routes"]), "tls": table["tls"]})
IngressRoutes("added", {"gateway": public.reference, "routes": filled(table["elsewhere"])})
backend = services[table["default_backend"]].targets["http"]
backed = IngressGateway("backed", {**args, "routes": filled(table["backing"]), "default_backend": backend})
pulumi.export("urls", public.urls)
"""


def table(node: NodeCluster, namespace: str, controller: str) -> dict[str, Any]:
    """What the program is given."""
    certificates: dict[str, Any] = {}
    for host, redirect in routes.TLS_HOSTS.items():
        certificate, key = issue(node.folder / "pki", [host])
        certificates[host] = {"certificate": certificate, "key": key, "redirect": redirect}
    own: dict[str, Any] = {"response_headers": list(ALLOWED_RESPONSE_HEADERS)}
    every: Sequence[Mapping[str, Any]] = [*routes.GATEWAY, *routes.ONLY_INGRESS_NGINX]
    if controller == F5:
        own = {"crds": {"installed": True}, "multi_label_wildcards": True}
        # It is refused a redirect of a part of a host. Its own features are for the readers.
        every = [it for it in routes.GATEWAY if it.get("host") != routes.MOVED]
    return {
        "namespace": namespace,
        "image": ECHO_IMAGE,
        "services": dict(routes.SERVICES),
        "gateway": {
            "controller": controller,
            "install": False,
            "class_name": CLASS,
            "namespace": namespace,
            "controller_peers": [{"cidr": f"{NODE_ADDRESS}/32"}],
            **own,
        },
        "routes": every,
        "tls": certificates,
        "elsewhere": routes.ELSEWHERE,
        "backing": routes.BACKING,
        "default_backend": routes.DEFAULT_BACKEND,
    }


def wait_for_traefik(node: NodeCluster, namespace: str) -> None:
    """Wait until Traefik has a router for each path of each Ingress.

    Traefik takes over changes in batches. A number that stays the same for a moment tells nothing.
    """
    ingresses: Sequence[Mapping[str, Any]] = node.get("ingresses", "-n", namespace)["items"]
    wanted = {
        f"{namespace}-{it['metadata']['name']}-rule-{rule}-path-{path}@kubernetesingressnginx"
        for it in ingresses
        for rule, content in enumerate(it["spec"]["rules"])
        for path, _ in enumerate(content.get("http", {}).get("paths", []))
    }
    wait_until(
        f"Traefik has a router for each of {len(wanted)} paths",
        lambda: wanted <= {it["name"] for it in routers(node)},
        seconds=60,
    )


def wrong_in(row: Row, told: Told, after: Sequence[Told], *, traefik: bool) -> list[str]:
    """What a client has met in another way than the row says."""
    wrong = [told.error] if told.error else []
    if row.asked.kind == "grpc":
        reached = (told.code, told.service)
        wanted: Any = ("OK", row.service)
    else:
        status = {200: 101 if row.asked.kind == "websocket" else 200}.get(
            row.status, (traefik and row.traefik) or row.status
        )
        reached = (told.status, told.service, told.json.get("path", ""))
        wanted = (status, row.service, row.path or _path(row.asked)) if row.reaches else (status, "", "")
    if reached != wanted:
        wrong.append(f"{reached}, not {wanted}")
    # F5 NGINX Ingress Controller writes the port out.
    if told.header("Location").replace(":443/", "/") != row.location:
        wrong.append(f"sent to {told.header('Location')!r}, not {row.location!r}")
    if row.certificate and list(told.names) != [row.certificate]:
        wrong.append(f"shown the certificate of {told.names}")
    if not wrong and row.sees and not row.sees(told):
        wrong.append(f"sees {told}")
    if not wrong and row.shows and not row.shows(after):
        wrong.append(f"is shown {[(it.status, it.pod, it.error) for it in after]}")
    return wrong


def _path(asked: Asked) -> str:
    return as_received("/" + asked.url.partition("://")[2].partition("/")[2])


def deploy(node: NodeCluster, namespace: str, program: PulumiProgram, controller: str) -> None:
    (program.folder / "table.json").write_text(json.dumps(table(node, namespace, controller)))
    program.write(PROGRAM)
    program.up()


def wrong_among(node: NodeCluster, rows: Sequence[Row], *, traefik: bool) -> tuple[dict[str, list[str]], int]:
    """What goes wrong in which row, and how many requests have told."""
    ca = str(node.folder / "pki" / "ca.crt")
    first = ask(node, *(replace(it.asked, ca=ca if it.certificate else "") for it in rows))
    following = [list(row.next(told)) if row.next else [] for row, told in zip(rows, first, strict=True)]
    answers = iter(ask(node, *(it for group in following for it in group)))
    after = [[next(answers) for _ in group] for group in following]
    met = zip(rows, first, after, strict=True)
    found = {row.says: wrong_in(row, told, its, traefik=traefik) for row, told, its in met}
    return {says: it for says, it in found.items() if it}, len(rows) + sum(map(len, following))


def test_real_requests_meet_what_the_table_says(
    node: NodeCluster, node_namespace: str, program: PulumiProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    with served_by_traefik(node, node_namespace):
        deploy(node, node_namespace, program, INGRESS_NGINX)
        wait_for_traefik(node, node_namespace)
        wrong, requests = wrong_among(node, [it for it in ROWS if not it.unproved], traefik=True)
        assert wrong == {}, f"{json.dumps(wrong, indent=1)}\n{log(node)}"

        # What is no proof here is read in what the cluster holds.
        reader = read(node, node_namespace)
        assert (reader.rejected, reader.ignored, reader.broken) == ({}, {}, [])
        unproved = [it for it in ROWS if it.unproved]
        assert {row.says: it for row in unproved if (it := wrong_at(row, reader))} == {}
        with capsys.disabled():
            print(f"\n{len(ROWS) - len(unproved)} rows by {requests} requests, {len(unproved)} more by the reader")
        assert program.up().changes == {}
        program.destroy()
        assert node.get("ingresses", "-n", node_namespace)["items"] == []


def test_real_requests_to_f5_nginx_meet_what_the_table_says(
    node: NodeCluster, node_namespace: str, program: PulumiProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    if reason := f5_nginx.why_not():
        pytest.skip(reason)
    rows = [it for it in ROWS if F5 not in it.apart]
    with f5_nginx.served_by_f5_nginx(node, node_namespace):
        deploy(node, node_namespace, program, F5)
        # It tells nobody when it has taken over what it was told. No request twice that is counted.
        wait_until(
            "F5 NGINX Ingress Controller has taken over the routes",
            lambda: wrong_among(node, [it for it in HOSTS if F5 not in it.apart], traefik=False)[0] == {},
            seconds=60,
        )
        wrong, requests = wrong_among(node, rows, traefik=False)
        assert wrong == {}, f"{json.dumps(wrong, indent=1)}\n{f5_nginx.log(node)}"
        with capsys.disabled():
            print(f"\n{len(rows)} rows by {requests} requests to F5 NGINX Ingress Controller")
        program.destroy()


ISSUED = "issued.example.com"
CHALLENGE = f"/.well-known/acme-challenge/{'t' * 43}"
ISSUED_PROGRAM = """\
import json
from pathlib import Path

from pulumi_portico import IngressGateway, WebService

table = json.loads(Path("table.json").read_text())
common = {
    "namespace": table["namespace"],
    "image": table["image"],
    "port": 8080,
    "replicas": 1,
    "health": {"path": "/ready"},
    "drain": 0,
    "resources": {"cpu": 0.01, "memory": 32},
}
web = WebService("web", common)
# cert-manager's has no policy.
WebService("solver", {**common, "network_policy": False})
routes = [{"host": table["host"], "target": web.target}]
IngressGateway("issued", {**table["gateway"], "routes": routes, "tls": table["tls"]})
"""


def test_the_first_challenge_of_cert_manager_reaches_the_solver_on_f5_nginx(
    node: NodeCluster, node_namespace: str, program: PulumiProgram
) -> None:
    """What cert-manager does is done here: a path for the challenge, and a temporary certificate."""
    if reason := f5_nginx.why_not():
        pytest.skip(reason)
    define(node, certificate_definition())
    ca = str(node.folder / "pki" / "ca.crt")
    with f5_nginx.served_by_f5_nginx(node, node_namespace):
        values = table(node, node_namespace, F5)
        values |= {"host": ISSUED, "tls": {ISSUED: {"cluster_issuer": "letsencrypt"}}}
        (program.folder / "table.json").write_text(json.dumps(values))
        program.write(ISSUED_PROGRAM)
        program.up()

        def ask_for(scheme: str) -> Told:
            (told,) = ask(node, Asked(f"{scheme}://{ISSUED}{CHALLENGE}", ca=ca if scheme == "https" else "", timeout=5))
            return told

        wait_until("the redirect", lambda: ask_for("http").status == 308, seconds=30)
        assert "unrecognized name" in ask_for("https").error

        (certificate,) = node.get("certificates.cert-manager.io", "-n", node_namespace)["items"]
        annotations = certificate["metadata"]["annotations"]
        assert annotations["cert-manager.io/issue-temporary-certificate"] == "true"
        ingress = annotations["acme.cert-manager.io/http01-override-ingress-name"]
        solver = {"service": {"name": "solver", "port": {"number": 80}}}
        path = {"path": CHALLENGE, "pathType": "ImplementationSpecific", "backend": solver}
        patch = [{"op": "add", "path": "/spec/rules/0/http/paths/0", "value": path}]
        node.kubectl("patch", "ingress", ingress, "-n", node_namespace, "--type=json", f"--patch={json.dumps(patch)}")
        cert, key = issue(node.folder / "pki", [ISSUED])
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": certificate["spec"]["secretName"], "namespace": node_namespace},
            "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": cert, "tls.key": key},
        }
        node.apply(secret)
        answers: list[Told] = []

        def answered() -> bool:
            # A reload of nginx can interrupt one of them.
            answers[:] = ask_for("http"), ask_for("https")
            return answers[0].status == 308 and answers[1].service == "solver"

        wait_until("the challenge is answered", answered, seconds=30)
        first, then = answers
        assert first.header("Location") == f"https://{ISSUED}:443{CHALLENGE}"
        assert (then.service, then.json["path"]) == ("solver", CHALLENGE)
        # The rest of the host is served meanwhile.
        (rest,) = ask(node, Asked(f"https://{ISSUED}/x", ca=ca))
        assert rest.service == "web"
        assert program.up().changes == {}
        program.destroy()


def read(node: NodeCluster, namespace: str) -> IngressNginx:
    """The reader, given what the cluster holds, the oldest first."""
    held: Sequence[Mapping[str, Any]] = node.get("ingresses,configmaps", "-n", namespace)["items"]
    config = gateway_data(
        INGRESS_NGINX, {}, shutdown=5, proxy_sources=(), response_headers=list(ALLOWED_RESPONSE_HEADERS)
    )
    ordered = sorted(held, key=lambda it: it["metadata"]["creationTimestamp"])
    return IngressNginx(ordered, config_map=config, class_name=CLASS, webhook=False)
