"""The routes of the request table, compiled by Portico for Envoy Gateway, served by the real one.

`tests/gateway` has the routes and what must come of each request, for every controller.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from pulumi_portico import IngressGateway, IngressRoutes
from pulumi_portico.testing import Registration, record

from tests.gateway import routes
from tests.gateway.rows import HOSTS, MIB, REWRITES, Row
from tests.gateway_api.conftest import Serve
from tests.gateway_api.serving import Certificates, ServedGateway
from tests.unit.gateways import CERTIFICATE

NAMESPACE = "edge"
USERS = "ada:{SHA}" + base64.b64encode(hashlib.sha1(b"hunter2").digest()).decode()
ADA = {"Authorization": "Basic " + base64.b64encode(b"ada:hunter2").decode()}
LIMITED, CORS, SOURCES, REDIRECTS = routes.LIMITS, routes.CORS, routes.SOURCES, routes.MOVED
SECURED_HOSTS = (routes.SECURE, routes.GRPCS, "*.tls.example.com")

# What Portico rejects for Envoy Gateway is left out, or written as the message says.
ROUTES: list[dict[str, Any]] = [
    *map(dict, routes.HOSTS),
    # It would join /site and the path without a slash.
    *({name: value for name, value in route.items() if value != "/site"} for route in routes.REWRITES),
    {"path": "/hello", "target": "api"},
    {"host": REDIRECTS, "target": "web"},
    {"host": REDIRECTS, "path": "/away", "redirect": {"host": "new.example.com"}},
    {
        "host": REDIRECTS,
        "path": "/page",
        "path_type": "Exact",
        "redirect": {"host": "new.example.com", "path": "/p", "keep_query": True, "code": 308},
    },
    {"host": routes.OLD, "redirect": {"host": routes.SHOP, "scheme": "http"}},
    {"host": routes.SECURE, "target": "web"},
    {"host": routes.SECURE, "path": "/admin", "target": "api", "basic_auth": {"secret": "users"}},
    {"host": routes.SECURE, "path": "/admin/open/", "path_type": "Exact", "target": "web"},
    {
        "host": routes.SECURE,
        "path": "/pay",
        "target": "secure:https",
        "protocol": "HTTPS",
        "backend_tls": {"ca_certificate": CERTIFICATE},
    },
    {"host": "a.tls.example.com", "target": "blue"},
    {"host": routes.GRPCS, "target": "quick", "protocol": "GRPC"},
    {"host": LIMITED, "target": "web"},
    {"host": LIMITED, "path": "/small", "target": "api", "body_size": 2},
    {
        "host": CORS,
        "target": "web",
        "cors": {
            "origins": list(routes.CORS_ORIGINS),
            "methods": ["GET", "PUT"],
            "headers": ["X-Token"],
            "expose_headers": ["X-Seen"],
            "credentials": True,
            "max_age": 600,
        },
    },
    {"host": CORS, "path": "/open", "target": "api"},
    {"host": SOURCES, "target": "web"},
    {"host": SOURCES, "path": "/allowed", "target": "api", "allowed_sources": ["127.0.0.8/32", "198.51.100.0/24"]},
    {"host": SOURCES, "path": "/denied", "target": "api", "denied_sources": ["127.0.0.9/32"]},
    {
        "host": SOURCES,
        "path": "/both",
        "target": "blue",
        "allowed_sources": ["127.0.0.0/24"],
        "denied_sources": ["127.0.0.9/32"],
    },
    {"host": routes.HEADERS, "target": "web", "response_headers": {"X-Frame-Options": "DENY", "X-Route": "it"}},
    {"host": routes.HEADERS, "path": "/to", "target": "api", "request_headers": {"X-Route": "it"}},
    {"host": routes.ODD, "target": "web", "load_balancing": "least-connections", "timeouts": {"connect": 2}},
]
REDIRECTED_ROWS = {
    "/api%2fv2%2fx": "/api/v2/x",
    "/x%2f..%2fapi": "/api",
    "/api%5cx": "/api/x",
    "/x%5c..%5capi": "/api",
}
"""Envoy Gateway sends a client with an encoded slash or backslash to the decoded path, whose route then decides."""
ELSEWHERE_ROWS = {"/../api": "api", "/%2e%2e/api": "api"}
"""Envoy resolves more `..` than there are segments to the root, where nginx responds with 400."""
DEFAULTED = (routes.BACKED,)


def target(service: str, port: str | None) -> dict[str, Any]:
    number = 443 if port == "https" else 80
    return {"service": service, "namespace": "shop", "port": number, "target_port": number, "protocol": "TCP"}


def program() -> None:
    tls: Any = {host: {"secret": _slug(host)} for host in SECURED_HOSTS}
    tls["*.tls.example.com"]["redirect"] = False
    args: Any = {
        "controller": "gateway-api",
        "implementation": "envoy-gateway",
        "class_name": "envoy",
        "namespace": NAMESPACE,
        "multi_label_wildcards": True,
        "controller_peers": [],
        "tls": tls,
        "routes": routes.with_targets(ROUTES, target),
    }
    public = IngressGateway("public", args)
    added: Any = routes.with_targets(routes.ELSEWHERE, target)
    IngressRoutes("added", {"gateway": public.reference, "routes": added})


def _slug(host: str) -> str:
    return host.replace("*", "any").replace(".", "-")


def _generated_name(registration: Registration) -> dict[str, Any] | None:
    """The Pulumi name, for an object whose name Pulumi generates."""
    nameless = registration.custom and "name" not in registration.inputs.get("metadata", {"name": ""})
    return {"metadata": {"name": registration.name}} if nameless else None


def manifests(certificates: Certificates) -> Iterator[Mapping[str, Any]]:
    for registration in record(program, outputs=_generated_name).registrations:
        if registration.custom and (manifest := registration.manifest()):
            yield {**manifest, "metadata": {"name": registration.name, **manifest["metadata"]}}
    for name in routes.SERVICES:
        ports = [{"name": "http", "port": 80}, {"name": "https", "port": 443}]
        yield _object("v1", "Service", name, {"spec": {"ports": ports}})
    for host in SECURED_HOSTS:
        yield certificates.secret(NAMESPACE, _slug(host), [host])
    yield _object("v1", "Secret", "users", {"stringData": {".htpasswd": f"{USERS}\n"}})
    for name in (NAMESPACE, "shop"):
        labels = {"kubernetes.io/metadata.name": name}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _object(api_version: str, kind: str, name: str, content: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"namespace": "shop", "name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **content}


@pytest.fixture(scope="module")
def served(start: Serve, certificates: Certificates) -> ServedGateway:
    return start(list(manifests(certificates)))


def rows() -> list[Row]:
    kept = [row for row in (*HOSTS, *REWRITES) if urlsplit(row.asked.url).hostname not in DEFAULTED]
    # The default backend is that of another gateway.
    return [row for row in kept if row.service != "lost"]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.says)
def test_a_request_goes_where_the_table_says(served: ServedGateway, row: Row) -> None:
    url = row.asked.url.removeprefix("http://")
    host, slash, path = url.partition("/")
    response = served.request(host, slash + path)
    if slash + path in REDIRECTED_ROWS:
        assert (response.status, response.header("location")) == (307, REDIRECTED_ROWS[slash + path])
        return
    service = ELSEWHERE_ROWS.get(slash + path, row.service)
    if host == "a.b.wild.example.com":
        # Its wildcards match any number of labels, which the gateway's arguments accept.
        service = "blue"
    if not service:
        assert response.status == row.status
        return
    assert (response.status, response.service) == (200, f"shop/{service}:80")
    if row.path and not row.path.startswith("/site"):
        assert response.backend.target.partition("?")[0].replace("%20", " ") == row.path


@pytest.mark.parametrize(
    ("host", "path", "status", "location"),
    [
        (REDIRECTS, "/away/x?y=1", 302, "https://new.example.com/away/x?y=1"),
        (REDIRECTS, "/page?a=b", 308, "https://new.example.com/p?a=b"),
        (routes.OLD, "/a/b?c=d", 302, f"http://{routes.SHOP}/a/b?c=d"),
        (routes.SECURE, "/a/?b=c", 308, f"https://{routes.SECURE}/a/?b=c"),
        (routes.SECURE, "/admin", 308, f"https://{routes.SECURE}/admin"),
        (routes.GRPCS, "/", 308, f"https://{routes.GRPCS}/"),
    ],
)
def test_clients_are_redirected(served: ServedGateway, host: str, path: str, status: int, location: str) -> None:
    response = served.request(host, path)
    found = response.header("location").replace(":443/", "/").replace(":80/", "/")
    assert (response.status, found, response.seen) == (status, location, ())


def test_a_redirect_never_contains_a_header_that_a_client_encodes(served: ServedGateway) -> None:
    for path in ("/away/%0d%0aSet-Cookie:%20a=b", "/page%0d%0aSet-Cookie:%20a=b"):
        response = served.request(REDIRECTS, path)
        assert "set-cookie" not in response.headers


def test_tls_has_the_certificate_of_the_host(served: ServedGateway) -> None:
    secured = served.request(routes.SECURE, "/a", scheme="https")
    assert (secured.status, secured.service) == (200, "shop/web:80")
    assert secured.backend.header("x-forwarded-proto") == "https"
    wild = served.request("a.tls.example.com", "/a", scheme="https")
    assert (wild.status, wild.service) == (200, "shop/blue:80")
    assert wild.certificate != secured.certificate
    # Its redirect is off.
    assert served.request("a.tls.example.com", "/a").service == "shop/blue:80"


@pytest.mark.parametrize(
    "path",
    [
        *("/admin", "/admin/", "/admin/users/%0ax", "/admin/%0a", "/admin/open", "/admin/open/%0a", "//admin//x"),
        *("/x/../admin/./x", "/x/%2e%2e/admin", "/%61dmin", "/admin/%09", "/x/..;/admin", "/admin?a=%2f"),
    ],
)
def test_a_password_is_required_however_the_path_is_written(served: ServedGateway, path: str) -> None:
    response = served.request(routes.SECURE, path, scheme="https")
    assert (response.status, response.seen) == (401, ())
    admitted = served.request(routes.SECURE, path, scheme="https", headers=ADA)
    assert (admitted.status, admitted.service) == (200, "shop/api:80")


def test_a_preflight_needs_a_password_too(served: ServedGateway) -> None:
    headers = {"Origin": "https://good.example.com", "Access-Control-Request-Method": "PUT"}
    response = served.request(routes.SECURE, "/admin", scheme="https", method="OPTIONS", headers=headers)
    assert (response.status, response.seen) == (401, ())


def test_an_open_path_below_a_protected_one_is_open(served: ServedGateway) -> None:
    assert served.request(routes.SECURE, "/admin/open/", scheme="https").service == "shop/web:80"


def test_a_target_with_tls_is_verified(served: ServedGateway) -> None:
    response = served.request(routes.SECURE, "/pay/x", scheme="https")
    assert (response.status, response.service) == (200, "shop/secure:443")
    assert response.backend.server_name == "secure.shop.svc"


def test_a_target_speaks_grpc(served: ServedGateway, certificates: Certificates) -> None:
    response = served.request(routes.GRPCS, "/grpc.health.v1.Health/Check", scheme="grpcs", ca=certificates.ca)
    assert (response.code, response.service) == ("OK", "shop/quick:80")


def test_a_body_has_a_size(served: ServedGateway) -> None:
    fits = served.request(LIMITED, "/small", method="POST", body=b"a" * (2 * MIB))
    assert (fits.status, len(fits.backend.body)) == (200, 2 * MIB)
    larger = served.request(LIMITED, "/small", method="POST", body=b"a" * (2 * MIB + 1))
    assert (larger.status, larger.seen) == (413, ())
    assert served.request(LIMITED, "/x", method="POST", body=b"a" * (2 * MIB + 1)).status == 200


@pytest.mark.parametrize(
    ("path", "source", "status"),
    [
        ("/allowed", "127.0.0.8", 200),
        ("/allowed", "127.0.0.1", 403),
        ("/allowed/%0a", "127.0.0.1", 403),
        ("//allowed", "127.0.0.1", 403),
        ("/x/../allowed", "127.0.0.1", 403),
        ("/denied", "127.0.0.9", 403),
        ("/denied/%0a", "127.0.0.9", 403),
        ("/denied", "127.0.0.8", 200),
        ("/both", "127.0.0.9", 403),
        ("/both", "127.0.0.8", 200),
        ("/other", "127.0.0.1", 200),
    ],
)
def test_clients_are_accepted_by_their_address(served: ServedGateway, path: str, source: str, status: int) -> None:
    assert served.request(SOURCES, path, source=source).status == status


def test_a_client_does_not_choose_its_address(served: ServedGateway) -> None:
    headers = {"X-Forwarded-For": "127.0.0.8", "X-Real-Ip": "127.0.0.8"}
    assert served.request(SOURCES, "/allowed", headers=headers).status == 403


def _preflight(served: ServedGateway, origin: str, path: str = "/") -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    return served.request(CORS, path, method="OPTIONS", headers=headers)


@pytest.mark.parametrize("origin", ["https://good.example.com", "https://a.many.example.com"])
def test_a_page_of_an_origin_can_use_the_route(served: ServedGateway, origin: str) -> None:
    response = _preflight(served, origin)
    assert response.seen == ()
    assert response.status in (200, 204)
    assert response.header("access-control-allow-origin") == origin
    assert response.header("access-control-allow-credentials") == "true"
    assert {name.strip() for name in response.header("access-control-allow-methods").split(",")} == {"GET", "PUT"}
    assert response.header("access-control-allow-headers").lower() == "x-token"
    assert response.header("access-control-max-age") == "600"
    read = served.request(CORS, "/a", headers={"Origin": origin})
    assert read.header("access-control-allow-origin") == origin
    assert read.header("access-control-expose-headers").lower() == "x-seen"


@pytest.mark.parametrize("origin", ["https://bad.example.com", "https://good.example.com.bad.example"])
def test_a_page_of_another_origin_cannot(served: ServedGateway, origin: str) -> None:
    assert _preflight(served, origin).header("access-control-allow-origin") == ""
    assert served.request(CORS, "/a", headers={"Origin": origin}).header("access-control-allow-origin") == ""


def test_a_preflight_to_a_route_without_cors_is_the_targets(served: ServedGateway) -> None:
    assert _preflight(served, "https://good.example.com", "/open").service == "shop/api:80"


def test_headers_are_added(served: ServedGateway) -> None:
    response = served.request(routes.HEADERS, "/")
    assert (response.header("x-frame-options"), response.header("x-route")) == ("DENY", "it")
    received = served.request(routes.HEADERS, "/to", headers={"X-Route": "the client's"}).backend
    assert received.header("x-route") == "it"
    assert not served.request(routes.SHOP, "/").header("x-route")
