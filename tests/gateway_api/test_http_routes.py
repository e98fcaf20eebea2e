"""HTTPRoutes by hand, served by the real Envoy Gateway: the harness tells routes, rewrites, and failures apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.gateway_api.conftest import Serve
from tests.gateway_api.manifests import (
    HTTP_LISTENER,
    exact,
    gateway,
    manifest,
    prefix,
    regex,
    route,
    rule,
    service,
    to,
)
from tests.gateway_api.messages import Behavior
from tests.gateway_api.serving import ServedGateway

MATCHES, REWRITES, REDIRECTS = "match.example.com", "rewrite.example.com", "redirect.example.com"
NAMES = ("root", "exact", "wild", "deep", "post", "canary", "tester", "version", "below", "needs", "web", "v1", "v2")


def redirect(**fields: Any) -> Mapping[str, Any]:
    return {"type": "RequestRedirect", "requestRedirect": fields}


def rewrite(**fields: Any) -> Mapping[str, Any]:
    return {"type": "URLRewrite", "urlRewrite": fields}


def to_prefix(value: str) -> Mapping[str, str]:
    return {"type": "ReplacePrefixMatch", "replacePrefixMatch": value}


def to_path(value: str) -> Mapping[str, str]:
    return {"type": "ReplaceFullPath", "replaceFullPath": value}


CORS = {
    "allowOrigins": ["https://app.example.com", "https://*.trusted.example.com"],
    "allowMethods": ["GET", "PUT"],
    "allowHeaders": ["X-Token"],
    "exposeHeaders": ["X-Out"],
    "allowCredentials": True,
    "maxAge": 600,
}
REQUEST_HEADERS = {
    "set": [{"name": "X-Set", "value": "new"}],
    "add": [{"name": "X-Add", "value": "2"}],
    "remove": ["X-Gone"],
}
RESPONSE_HEADERS = {"set": [{"name": "X-Out", "value": "out"}], "remove": ["Content-Type"]}


def manifests() -> list[Any]:
    matches = [
        rule("root", matches=[prefix("/")]),
        rule("post", matches=[prefix("/", method="POST")]),
        rule("canary", matches=[prefix("/", headers=[{"name": "X-Canary", "value": "yes"}])]),
        rule(
            "tester", matches=[prefix("/", headers=[{"type": "RegularExpression", "name": "X-User", "value": "qa-.*"}])]
        ),
        rule("version", matches=[prefix("/", queryParams=[{"name": "v", "value": "2"}])]),
        rule("exact", matches=[exact("/a/b")]),
        rule("below", matches=[prefix("/a/")]),
        rule("needs", matches=[prefix("/a/b/c", headers=[{"name": "X-Need", "value": "1"}])]),
        rule("deep", matches=[regex("/re/.*")]),
    ]
    redirects = [
        rule(matches=[prefix("/https")], filters=[redirect(scheme="https", statusCode=301)]),
        rule(matches=[prefix("/host")], filters=[redirect(hostname="new.example.com")]),
        rule(matches=[prefix("/prefix")], filters=[redirect(path=to_prefix("/new"), statusCode=308)]),
        rule(matches=[prefix("/path")], filters=[redirect(path=to_path("/all"), statusCode=303)]),
        rule(matches=[prefix("/port")], filters=[redirect(scheme="https", port=8443, statusCode=307)]),
    ]
    headers = [
        {"type": "RequestHeaderModifier", "requestHeaderModifier": REQUEST_HEADERS},
        {"type": "ResponseHeaderModifier", "responseHeaderModifier": RESPONSE_HEADERS},
    ]
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": to("v2")}}
    rewrites = [
        rule("web", matches=[prefix("/strip")], filters=[rewrite(path=to_prefix("/"))]),
        rule("web", matches=[prefix("/old")], filters=[rewrite(path=to_prefix("/new"))]),
        rule("web", matches=[prefix("/path")], filters=[rewrite(path=to_path("/all"))]),
        rule("web", matches=[prefix("/host")], filters=[rewrite(hostname="inner.example.com")]),
        rule("web", matches=[prefix("/headers")], filters=headers),
        rule("web", matches=[prefix("/mirror")], filters=[mirror]),
    ]
    cors = [{"type": "CORS", "cors": CORS}]
    return [
        gateway(HTTP_LISTENER),
        *(service(name) for name in (*NAMES, "slow", "down")),
        service("granted", namespace="other"),
        service("private", namespace="closed"),
        route("exact", ["www.example.com"], rule("exact")),
        route("wild", ["*.example.com"], rule("wild")),
        route("deep", ["*.deep.example.com"], rule("deep", matches=[prefix("/only")])),
        route("matches", [MATCHES], *matches),
        route("redirects", [REDIRECTS], *redirects),
        route("rewrites", [REWRITES], *rewrites),
        route("cors", ["cors.example.com"], rule("web", filters=cors)),
        route("weights", ["weights.example.com"], rule(to("v1", weight=90), to("v2", weight=10))),
        route("none", ["none.example.com"], rule(to("v1", weight=0))),
        route("half", ["half.example.com"], rule(to("v1"), to("missing"))),
        route(
            "slow",
            ["slow.example.com"],
            rule("slow"),
            rule("slow", matches=[prefix("/request")], timeouts={"request": "300ms"}),
            rule("slow", matches=[prefix("/backend")], timeouts={"request": "5s", "backendRequest": "200ms"}),
        ),
        route("down", ["down.example.com"], rule("down")),
        route("missing", ["missing.example.com"], rule("missing")),
        route("granted", ["granted.example.com"], rule(to("granted", namespace="other"))),
        route("private", ["private.example.com"], rule(to("private", namespace="closed"))),
        manifest(
            "gateway.networking.k8s.io/v1beta1",
            "ReferenceGrant",
            "shop",
            {
                "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}],
                "to": [{"group": "", "kind": "Service", "name": "granted"}],
            },
            "other",
        ),
    ]


@pytest.fixture(scope="module")
def served(start: Serve) -> ServedGateway:
    return start(
        manifests(), behaviors={"shop/slow:80": Behavior(delay=3)}, without_endpoints=["shop/down:80"], accepted=False
    )


def test_the_statuses_tell_what_is_unresolved(served: ServedGateway) -> None:
    unresolved = {problem.partition(":")[0] for problem in served.statuses.problems(manifests())}
    assert unresolved == {f"HTTPRoute shop/{name}" for name in ("missing", "half", "private")}
    assert served.statuses.conditions("HTTPRoute", "shop/private")["ResolvedRefs"] == "RefNotPermitted"
    assert served.statuses.conditions("HTTPRoute", "shop/missing")["ResolvedRefs"] == "BackendNotFound"
    assert not served.rejections


@pytest.mark.parametrize(
    ("host", "name"),
    {
        "www.example.com": "exact",
        "WWW.Example.COM": "exact",
        "www.example.com:80": "exact",
        # A wildcard matches any number of labels.
        "x.example.com": "wild",
        "a.b.example.com": "wild",
        # The longer wildcard is chosen before any path.
        "x.deep.example.com": "",
        "example.com": "",
        "www.example.com.": "",
        "": "",
    }.items(),
)
def test_hosts(served: ServedGateway, host: str, name: str) -> None:
    response = served.request(host)
    assert response.service == (f"shop/{name}:80" if name else "")
    assert response.status == (200 if name else 404)


HEADER = {"X-Canary": "yes"}


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ({}, "root"),
        ({"method": "POST"}, "post"),
        ({"method": "POST", "headers": HEADER}, "post"),
        ({"headers": HEADER}, "canary"),
        ({"headers": {"x-canary": "YES"}}, "root"),
        # One of a repeated header's values is enough.
        ({"headers": [("X-Canary", "no"), ("X-Canary", "yes")]}, "canary"),
        ({"headers": [("X-Canary", "yes"), ("X-Canary", "no")]}, "canary"),
        ({"headers": {"X-Canary": "no,yes"}}, "root"),
        ({"headers": {"X-User": "qa-1"}}, "tester"),
        ({"headers": {"X-User": "not-qa-1"}}, "root"),
        ({"target": "/?v=2"}, "version"),
        ({"target": "/?v=2&v=1"}, "version"),
        ({"target": "/?v=1&v=2"}, "root"),
        # A parameter's value isn't decoded.
        ({"target": "/?v=%32"}, "root"),
        ({"target": "/a/b"}, "exact"),
        ({"target": "/a/b/"}, "below"),
        ({"target": "/a"}, "below"),
        ({"target": "/a/"}, "below"),
        ({"target": "/ab"}, "root"),
        ({"target": "/a/b/c"}, "below"),
        ({"target": "/a/b/c", "headers": {"X-Need": "1"}}, "needs"),
        ({"target": "/re/x"}, "deep"),
    ],
    ids=str,
)
def test_matches(served: ServedGateway, request_: Mapping[str, Any], name: str) -> None:
    assert served.request(MATCHES, **request_).service == f"shop/{name}:80"


@pytest.mark.parametrize(
    ("target", "status", "location"),
    [
        ("/https/a?b=c", 301, f"https://{REDIRECTS}/https/a?b=c"),
        ("/host/a", 302, "http://new.example.com/host/a"),
        ("/prefix", 308, f"http://{REDIRECTS}/new"),
        ("/prefix/", 308, f"http://{REDIRECTS}/new/"),
        ("/prefix/a?q=1", 308, f"http://{REDIRECTS}/new/a?q=1"),
        # Nothing is decoded, so that a redirect can't split a response.
        ("/prefix/%0d%0aX:%20y", 308, f"http://{REDIRECTS}/new/%0d%0aX:%20y"),
        ("/path/a?q=1", 303, f"http://{REDIRECTS}/all?q=1"),
        ("/port/a", 307, f"https://{REDIRECTS}:8443/port/a"),
    ],
)
def test_redirects(served: ServedGateway, target: str, status: int, location: str) -> None:
    response = served.request(REDIRECTS, target)
    assert (response.status, response.header("location")) == (status, location)
    assert "x" not in response.headers


@pytest.mark.parametrize(
    ("target", "received"),
    {
        "/strip": "/",
        "/strip/": "/",
        "/strip/a": "/a",
        "/strip/a/?q=1": "/a/?q=1",
        "/strip//a": "/a",
        "/old": "/new",
        "/old/": "/new/",
        "/old/a": "/new/a",
        "/%6fld/a": "/new/a",
        # Nothing is decoded twice.
        "/old/%2561": "/new/%2561",
        "/old/%3fq": "/new/%3fq",
        "/strip/%0aa": "/%0aa",
        "/path/x?q=1": "/all?q=1",
        "/host/a": "/host/a",
    }.items(),
)
def test_rewritten_paths(served: ServedGateway, target: str, received: str) -> None:
    assert served.request(REWRITES, target).backend.target == received


def test_rewritten_hosts(served: ServedGateway) -> None:
    backend = served.request(REWRITES, "/host").backend
    assert (backend.host, backend.header("x-forwarded-host")) == ("inner.example.com", REWRITES)


def test_headers(served: ServedGateway) -> None:
    sent = [("X-Set", "old"), ("X-Add", "1"), ("X-Gone", "x")]
    response = served.request(REWRITES, "/headers", headers=sent)
    backend = response.backend
    assert (backend.header("x-set"), backend.header("x-add"), backend.header("x-gone")) == ("new", "1, 2", "")
    assert (response.header("x-out"), response.header("content-type")) == ("out", "")


def test_headers_that_a_client_may_forge(served: ServedGateway) -> None:
    forged = {"X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Request-Id": "forged"}
    backend = served.request("www.example.com", headers=forged).backend
    assert backend.header("x-forwarded-for") == "1.2.3.4,127.0.0.1"
    assert backend.header("x-envoy-external-address") == "127.0.0.1"
    assert backend.header("x-forwarded-proto") == "http"
    assert backend.header("x-request-id") != "forged"
    # These reach the backend as they are.
    kept = {"X-Forwarded-Host": "evil.example.com", "X-Real-IP": "1.2.3.4", "Forwarded": "for=1.2.3.4"}
    backend = served.request("www.example.com", headers=kept).backend
    assert {name: backend.header(name) for name in kept} == kept
    # And a request with an underscore in a header's name is rejected.
    assert served.request("www.example.com", headers={"x_forwarded_for": "1.2.3.4"}).status == 400


def test_a_mirror_receives_a_copy(served: ServedGateway) -> None:
    response = served.request(REWRITES, "/mirror/a", mirrored=True)
    assert response.service == "shop/web:80"
    assert {(seen.service, seen.target) for seen in response.seen} == {
        ("shop/web:80", "/mirror/a"),
        ("shop/v2:80", "/mirror/a"),
    }


ORIGINS = {
    "https://app.example.com": True,
    "https://x.trusted.example.com": True,
    "https://a.b.trusted.example.com": True,
    "https://evil.example.com": False,
    "https://app.example.com.evil.com": False,
    "https://appXexample.com": False,
    "null": False,
    "http://app.example.com": False,
    "https://trusted.example.com": False,
}


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS.items())
def test_cors(served: ServedGateway, origin: str, *, allowed: bool) -> None:
    response = served.request("cors.example.com", headers={"Origin": origin})
    assert (response.status, response.service) == (200, "shop/web:80")
    assert response.header("access-control-allow-origin") == (origin if allowed else "")
    assert response.header("access-control-expose-headers") == ("X-Out" if allowed else "")
    sent = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    preflight = served.request("cors.example.com", method="OPTIONS", headers=sent)
    assert (preflight.status, preflight.service) == (200, "")
    assert preflight.header("access-control-allow-origin") == (origin if allowed else "")
    assert preflight.header("access-control-allow-methods") == "GET, PUT"
    assert preflight.header("access-control-max-age") == "600"
    # Envoy sends no Vary: a cache in front must not store such responses.
    assert not response.header("vary")


def test_an_options_request_that_is_no_preflight_reaches_the_backend(served: ServedGateway) -> None:
    headers = {"Origin": "https://app.example.com"}
    assert served.request("cors.example.com", method="OPTIONS", headers=headers).service == "shop/web:80"


def test_weights(served: ServedGateway) -> None:
    count, share = 4000, 0.1
    responses = served.requests("weights.example.com", count=count)
    canary = sum(response.service == "shop/v2:80" for response in responses)
    assert {response.service for response in responses} == {"shop/v1:80", "shop/v2:80"}
    # Five standard deviations: a right weight fails once in two million runs, and 8 or 12 percent never passes.
    assert abs(canary - count * share) < 5 * math.sqrt(count * share * (1 - share))


def test_an_invalid_backend_fails_its_share(served: ServedGateway) -> None:
    count = 1000
    statuses = [response.status for response in served.requests("half.example.com", count=count)]
    assert set(statuses) == {200, 500}
    assert abs(statuses.count(500) - count / 2) < 5 * math.sqrt(count / 4)


@pytest.mark.parametrize(
    ("host", "status"), [("missing", 500), ("private", 500), ("none", 500), ("down", 503), ("granted", 200)]
)
def test_backends(served: ServedGateway, host: str, status: int) -> None:
    assert served.request(f"{host}.example.com").status == status


@pytest.mark.parametrize(
    ("target", "status", "least", "most"), [("/", 200, 3, 9), ("/request", 504, 0.3, 2.5), ("/backend", 504, 0.2, 2.5)]
)
def test_timeouts(served: ServedGateway, target: str, status: int, least: float, most: float) -> None:
    response = served.request("slow.example.com", target)
    assert response.status == status
    assert least - 0.01 <= response.seconds < most


def test_a_websocket_is_tunneled(served: ServedGateway) -> None:
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    response = served.request("www.example.com", headers=headers)
    assert (response.status, response.service) == (101, "shop/exact:80")
    assert response.header("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_have_no_limit_of_their_own(served: ServedGateway, *, chunked: bool) -> None:
    body = b"x" * 3_000_000
    response = served.request("www.example.com", method="POST", body=body, chunked=chunked)
    assert (response.status, response.backend.body) == (200, body)


@pytest.mark.parametrize(
    ("method", "status"), {"HEAD": 200, "TRACE": 200, "PURGE": 200, "CONNECT": 400, "OTHER": 400}.items()
)
def test_methods(served: ServedGateway, method: str, status: int) -> None:
    assert served.request("www.example.com", method=method).status == status


# In a header's value, Envoy replaces what's between percent signs.
VALUES = {
    "escaped": ("100%%", "100%"),
    "command": ("%REQ(HOST)%", "command.example.com"),
    "dollars": ("$host ${x}", "$host ${x}"),
    "braces": ("a {b} \\c", "a {b} \\c"),
}


def test_header_values_are_templates(start: Serve) -> None:
    gateway = start(with_headers({name: value for name, (value, _sent) in VALUES.items()}))
    for name, (_value, sent) in VALUES.items():
        response = gateway.request(f"{name}.example.com")
        assert (response.header("x-out"), response.backend.header("x-in")) == (sent, sent)


def test_one_wrong_header_value_closes_all_hosts_of_a_port(start: Serve) -> None:
    gateway = start(with_headers({"wrong": "100%", "right": "1"}), accepted=False)
    # No status shows it.
    assert gateway.statuses.problems() == []
    assert gateway.rejections == [
        "Envoy rejects the RouteConfiguration: Incorrect configuration: 100%. Couldn't find valid command at position 3"
    ]
    assert [gateway.request(host).status for host in ("wrong.example.com", "right.example.com")] == [404, 404]


def with_headers(values: Mapping[str, str]) -> Sequence[Any]:
    """A host for each value, which sets headers of the request and the response."""

    def filters(value: str) -> Sequence[Any]:
        return [
            {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "X-In", "value": value}]}},
            {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [{"name": "X-Out", "value": value}]}},
        ]

    routes = [route(name, [f"{name}.example.com"], rule("web", filters=filters(it))) for name, it in values.items()]
    return [gateway(HTTP_LISTENER), service("web"), *routes]
