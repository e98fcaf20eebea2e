"""The routes of a gateway, and the requests that show what each of them promises.

A row is one request, or several equal ones; which route takes it is written down by hand, and `match_route` has to say
the same. What the client then meets follows from the route: the pod of its target, asked for its path as `rewrite` has
it, or what the row says instead. `check` looks at what the route promises besides.

Where Traefik, which serves what is compiled for ingress-nginx, is known to differ from ingress-nginx, `unproved` says
how: then the row is asked of the independent reader of Ingresses alone (tests/unit/readers). All other rows are asked
of both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from pulumi_portico import match_route

from tests.node.traffic import ALLOWED_RESPONSE_HEADERS, CLIENT, Asked, Told
from tests.unit.readers.nginx import Answer, Request
from tools.node_config import NODE_ADDRESS

# A client's own address, of those that the node has; each route that tells them apart names one.
INSIDE, OUTSIDE, DENIED, HASTY = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
USERS = {"ada": "$apr1$portico1$BwNa/J7YurasZ74ZgarJG/"}
ADA = "Basic YWRhOmxvdmVsYWNl"
WRONG = "Basic YWRhOmJ5cm9u"
GOOD, WIDE, BAD = "https://good.example", "https://a.wide.example", "https://bad.example"
MEBIBYTE = 1 << 20

# The Services, each of which has one pod but for `pair`; all speak HTTP on port 80, and `secured` TLS on port 443.
SERVICES = ("web", "api", "shop", "pair", "secured", "lost")
CERTIFICATES = {
    "secure.example": ["secure.example"],
    "wild.example": ["*.wild.example"],
    "tls.example": ["*.tls.example"],
}
F5, COMMUNITY = "f5-nginx", "ingress-nginx"


def routes(namespace: str) -> dict[str, dict[str, Any]]:
    """The routes, by a name of the table's own."""

    def to(service: str, port: int = 80) -> dict[str, Any]:
        return {"service": service, "namespace": namespace, "port": port, "target_port": 8080}

    def route(host: str, path: str, service: str, **more: Any) -> dict[str, Any]:
        return {"host": host, "path": path, "target": to(service), **more}

    return {
        "root": route("plain.example", "/", "web"),
        "foo": route("plain.example", "/foo", "api"),
        "foo bar": route("plain.example", "/foo/bar", "shop"),
        "foo exact": route("plain.example", "/foo/exact", "web", path_type="Exact"),
        "foo bar exact": route("plain.example", "/foo/bar", "web", path_type="Exact"),
        "only": route("plain.example", "/only", "shop", path_type="Exact"),
        "dot": route("plain.example", "/v1.2", "shop"),
        "app": route("bare.example", "/app", "api"),
        "any": {"path": "/any", "target": to("shop")},
        "wild": route("*.wild.example", "/", "shop"),
        "one": route("one.wild.example", "/", "api"),
        "old": route("rewrite.example", "/old", "api", rewrite="/new"),
        "old deep": route("rewrite.example", "/old/deep", "shop"),
        "strip": route("rewrite.example", "/strip", "web", rewrite="/"),
        "exact rewrite": route("rewrite.example", "/one", "shop", path_type="Exact", rewrite="/two"),
        "add": route("added.example", "/", "web", rewrite="/base"),
        "moved": {"host": "moved.example", "redirect": {"host": "to.example"}},
        "docs": {
            "host": "plain.example",
            "path": "/docs",
            "redirect": {"host": "docs.example", "path": "/start", "code": 301},
        },
        "login": route("login.example", "/", "web", app_root="/login"),
        "secure": route("secure.example", "/", "web"),
        "secure api": route("secure.example", "/api", "api"),
        "tls": route("a.tls.example", "/", "shop"),
        "slow": route("slow.example", "/", "api", timeouts={"read": 1}),
        "patient": route("slow.example", "/patient", "web"),
        "small": route("body.example", "/", "api", body_size=1),
        "large": route("body.example", "/large", "web", body_size=8),
        "unlimited": route("body.example", "/unlimited", "shop", body_size=0),
        "stream": route("stream.example", "/", "api", buffering={"responses": False}),
        "socket": route("socket.example", "/", "api", websocket=True),
        "socket rewrite": route("socket.example", "/ws", "web", websocket=True, rewrite="/in"),
        "grpc": route("grpc.tls.example", "/", "api", protocol="GRPC"),
        "upstream": {"host": "upstream.example", "target": to("secured", 443), "protocol": "HTTPS"},
        "sticky": route("sticky.example", "/", "pair", session_affinity={"cookie": "pod", "max_age": 600}),
        "spread": route("spread.example", "/", "pair"),
        "rate": route("rate.example", "/", "api", rate_limit={"requests": 5, "per": "minute", "burst": 5}),
        "unhurried": route("rate.example", "/free", "web"),
        "crowd": route("crowd.example", "/", "api", rate_limit={"connections": 2}),
        "cors": route(
            "cors.example",
            "/",
            "api",
            cors={
                "origins": [GOOD, "https://*.wide.example"],
                "methods": ["GET", "PUT"],
                "headers": ["X-Token"],
                "expose_headers": ["X-Total"],
                "credentials": True,
                "max_age": 60,
            },
        ),
        "inside": route("inside.example", "/", "api", allowed_sources=[f"{INSIDE}/32"]),
        "denied": route("denied.example", "/", "api", denied_sources=[f"{DENIED}/32"]),
        "auth": route("auth.tls.example", "/", "api", basic_auth={"users": USERS}),
        "open": route("auth.tls.example", "/open", "web"),
        "framed": route("framed.example", "/", "api", response_headers={"X-Frame-Options": "DENY"}),
        "tagged": route("tagged.example", "/", "api", request_headers={"X-Tag": "portico"}),
    }


# What a controller cannot do is refused by the gateway; here it is left out.
NOT_BY: Mapping[str, Sequence[str]] = {F5: ("docs", "crowd"), COMMUNITY: ("tagged",)}
Check = Callable[[Sequence[Told]], None]
Settings = Callable[[Mapping[str, Any]], None]


class Reader(Protocol):
    """What tells what a controller does."""

    def answer(self, request: Request) -> Answer: ...


@dataclass(frozen=True)
class Row:
    """One request, or several equal ones, and what comes of them."""

    name: str
    url: str
    route: str | None
    """Which route takes it; None for the default backend."""
    asked: Mapping[str, Any] = field(default_factory=dict[str, Any])
    status: int = 0
    """What the client meets instead of a pod's answer."""
    location: str = ""
    path: str | None = None
    """What the pod is asked for, where it does not follow from the route's `rewrite`."""
    count: int = 1
    at_once: bool = False
    check: Check | None = None
    traefik_status: int = 0
    """What Traefik answers with, where that is another status of the same meaning."""
    unproved: str = ""
    beyond_reader: str = ""
    """Why the reader cannot tell what the client meets: it depends on more than one request, or on the pod."""
    settings: Settings | None = None
    """What holds for the request on its way, in the readers' words."""
    not_by: Sequence[str] = ()
    """The controllers that do otherwise, as a named field of the gateway allows."""

    @property
    def requests(self) -> list[Asked]:
        one = Asked(self.url, group=self.name if self.at_once else "", **self.asked)
        return [one] * self.count

    @property
    def host(self) -> str:
        return self.asked.get("headers", {}).get("Host") or urlsplit(self.url).netloc

    @property
    def asked_path(self) -> str:
        if self.asked.get("kind") == "grpc":
            return "/grpc.health.v1.Health/Check"
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def http(host: str, path: str = "/", scheme: str = "http") -> str:
    return f"{scheme}://{host}{path}"


def _expect(condition: Any, what: str) -> None:
    assert condition, what


def _headers(**wanted: str) -> Check:
    """The client sees these headers; an empty value stands for none."""

    def check(told: Sequence[Told]) -> None:
        for name, value in wanted.items():
            assert told[0].header(name.replace("_", "-")) == value

    return check


def _pod_got(**wanted: str) -> Check:
    def check(told: Sequence[Told]) -> None:
        for name, value in wanted.items():
            assert told[0].got(name.replace("_", "-")) == value

    return check


def _holds(**wanted: Any) -> Settings:
    """These settings; of one that has several parts, those that are named."""

    def check(settings: Mapping[str, Any]) -> None:
        for name, value in wanted.items():
            found = settings[name]
            if isinstance(value, dict):
                found = {part: found[part] for part in value}
            assert found == value, f"{name}: {settings[name]}"

    return check


def _sticky(settings: Mapping[str, Any]) -> None:
    affinity = settings["affinity"]
    lasts = affinity["max_age"].removesuffix("s")
    assert (affinity["name"], affinity["path"], affinity["samesite"].lower(), lasts) == ("pod", "/", "lax", "600")


def _certificate(name: str) -> Check:
    return lambda told: _expect(list(told[0].names) == [name], f"the certificate is for {told[0].names}")


def _limited(status: int, passed: Sequence[int]) -> Check:
    """Some of the requests pass, and all others are answered with the status."""

    def check(told: Sequence[Told]) -> None:
        fine = sum(it.status == 200 for it in told)
        refused = sum(it.status == status for it in told)
        assert fine in passed
        assert fine + refused == len(told)

    return check


def _both_pods(told: Sequence[Told]) -> None:
    assert len({it.pod for it in told}) == 2


def _origin(value: str) -> Check:
    def check(told: Sequence[Told]) -> None:
        assert told[0].header("Access-Control-Allow-Origin") == value
        if value:
            assert told[0].header("Access-Control-Allow-Credentials") == "true"

    return check


def _preflight(told: Sequence[Told]) -> None:
    assert told[0].service == "", "a pod has answered"
    assert told[0].header("Access-Control-Allow-Origin") == GOOD
    assert {it.strip() for it in told[0].header("Access-Control-Allow-Methods").split(",")} == {"GET", "PUT"}
    assert told[0].header("Access-Control-Allow-Headers").lower() == "x-token"
    assert told[0].header("Access-Control-Max-Age") == "60"


_PREFLIGHT = {"method": "OPTIONS", "headers": {"Origin": GOOD, "Access-Control-Request-Method": "PUT"}}
_POST = {"method": "POST", "body": "hello"}
_SENT = "Traefik redirects by the TLS section of the route's own Ingress, ingress-nginx by the host's certificate"

ROWS = (
    # Paths: whole elements, the longest, exact before prefix, case, what is written in another way.
    Row("the root takes what nothing else does", http("plain.example"), "root"),
    Row("and any path", http("plain.example", "/a/b/c"), "root"),
    Row("a prefix is itself", http("plain.example", "/foo"), "foo"),
    Row("and with a slash", http("plain.example", "/foo/"), "foo"),
    Row("and below", http("plain.example", "/foo/x/y"), "foo"),
    Row("but no longer word", http("plain.example", "/foobar"), "root"),
    Row("nor a shorter one", http("plain.example", "/fo"), "root"),
    Row("the longer prefix wins", http("plain.example", "/foo/bar/"), "foo bar"),
    Row("and below that one", http("plain.example", "/foo/bar/x"), "foo bar"),
    Row("by whole elements", http("plain.example", "/foo/barred"), "foo"),
    Row("an exact path before a prefix", http("plain.example", "/foo/exact"), "foo exact"),
    Row("and before the same prefix", http("plain.example", "/foo/bar"), "foo bar exact"),
    Row("exact is no prefix", http("plain.example", "/foo/exact/x"), "foo"),
    Row("nor takes a slash", http("plain.example", "/foo/exact/"), "foo"),
    Row("exact alone", http("plain.example", "/only"), "only"),
    Row("exact alone is no prefix", http("plain.example", "/only/x"), "root"),
    Row("paths have a case", http("plain.example", "/FOO"), "root"),
    Row("exact paths have a case", http("plain.example", "/Only"), "root"),
    Row("a dot is a dot", http("plain.example", "/v1.2/x"), "dot"),
    Row("and nothing else", http("plain.example", "/v1x2"), "root"),
    Row(
        "a query says nothing",
        http("plain.example", "/foo?a=/bar&b=2"),
        "foo",
        check=lambda told: _expect(told[0].json["query"] == {"a": ["/bar"], "b": ["2"]}, "the query has changed"),
    ),
    Row("what is escaped means the same", http("plain.example", "/f%6Fo/x"), "foo", path="/foo/x"),
    Row(
        "two slashes are one",
        http("plain.example", "//foo//x"),
        "foo",
        path="/foo/x",
    ),
    Row("dots are resolved", http("plain.example", "/x/../foo/x"), "foo", path="/foo/x"),
    # Hosts.
    Row("a host has no case", "http://PLAIN.Example/foo", "foo"),
    Row("nor a port", http("plain.example", "/foo"), "foo", {"headers": {"Host": "plain.example:8080"}}),
    Row("another host", http("bare.example", "/app/x"), "app"),
    Row("a wildcard takes one label", http("a.wild.example"), "wild"),
    Row("not two", http("a.b.wild.example"), None, path="/", not_by=(F5,)),
    Row("nor none", http("wild.example"), None),
    Row("the exact host before the wildcard", http("one.wild.example", "/x"), "one"),
    Row("a route without a host", http("elsewhere.example", "/any/x"), "any"),
    Row("not of a host that has routes", http("plain.example", "/any/x"), "root"),
    Row("not even where they leave the path", http("bare.example", "/any/x"), None),
    # The default backend.
    Row("nobody's host", http("nowhere.example", "/x"), None),
    Row("nobody's path", http("bare.example", "/x"), None),
    Row("by an address", f"http://{NODE_ADDRESS}/x", None),
    # Rewrites.
    Row("a rewrite of the prefix itself", http("rewrite.example", "/old"), "old"),
    Row("of it with a slash", http("rewrite.example", "/old/"), "old"),
    Row(
        "and what is below it",
        http("rewrite.example", "/old/a/b?c=d"),
        "old",
        check=lambda told: _expect(told[0].json["query"] == {"c": ["d"]}, "the query is lost"),
    ),
    Row("a longer prefix stays", http("rewrite.example", "/old/deep/x"), "old deep"),
    Row("a longer word is not rewritten", http("rewrite.example", "/older"), None),
    Row("a prefix taken away", http("rewrite.example", "/strip/x"), "strip"),
    Row("all of it", http("rewrite.example", "/strip"), "strip"),
    Row("an exact rewrite", http("rewrite.example", "/one"), "exact rewrite"),
    Row("a base put in front", http("added.example", "/x"), "add"),
    Row("and of the root", http("added.example", "/"), "add"),
    # Redirects.
    Row(
        "a host that has moved",
        http("moved.example", "/a/b?c=d"),
        "moved",
        status=302,
        location="https://to.example/a/b?c=d",
    ),
    Row(
        "a path that has moved",
        http("plain.example", "/docs/x"),
        "docs",
        status=301,
        location="https://docs.example/start",
    ),
    Row(
        "the application's root", http("login.example", "/"), "login", status=302, location="http://login.example/login"
    ),
    Row("but no other path", http("login.example", "/x"), "login"),
    # TLS.
    Row(
        "a certificate by name",
        http("secure.example", "/x", "https"),
        "secure",
        {"ca": "secure.example"},
        check=_certificate("secure.example"),
    ),
    Row(
        "another route of the host",
        http("secure.example", "/api/x", "https"),
        "secure api",
        {"ca": "secure.example"},
        check=_pod_got(X_Forwarded_Proto="https"),
    ),
    Row(
        "a wildcard's certificate",
        http("a.tls.example", "/x", "https"),
        "tls",
        {"ca": "tls.example"},
        check=_certificate("*.tls.example"),
    ),
    Row(
        "of a host that is a wildcard",
        http("b.wild.example", "/x", "https"),
        "wild",
        {"ca": "wild.example"},
        check=_certificate("*.wild.example"),
    ),
    Row(
        "HTTP/2",
        http("secure.example", "/x", "https"),
        "secure",
        {"ca": "secure.example", "http2": True},
        check=lambda told: _expect(told[0].protocol == "HTTP/2.0", told[0].protocol),
    ),
    Row(
        "without TLS: sent to it",
        http("secure.example", "/a/"),
        "secure",
        status=308,
        location="https://secure.example/a/",
        unproved=_SENT,
    ),
    Row(
        "on every route of the host",
        http("secure.example", "/api"),
        "secure api",
        status=308,
        location="https://secure.example/api",
        unproved=_SENT,
    ),
    # Times and sizes.
    Row(
        "a target that takes too long",
        http("slow.example", "/?sleep=3"),
        "slow",
        status=504,
        beyond_reader="it knows of no pod",
        settings=_holds(read_timeout=1),
    ),
    Row(
        "one that may take it",
        http("slow.example", "/patient?sleep=2"),
        "patient",
        check=lambda told: _expect(told[0].elapsed > 2, "it came too soon"),
        settings=_holds(read_timeout=60),
    ),
    Row("a body within the limit", http("body.example"), "small", {"method": "POST", "body_size": MEBIBYTE - 10}),
    Row("one above it", http("body.example"), "small", {"method": "POST", "body_size": MEBIBYTE + 10}, status=413),
    Row(
        "in chunks",
        http("body.example"),
        "small",
        {"method": "POST", "body_size": MEBIBYTE + 10, "chunked": True},
        status=413,
    ),
    Row(
        "a larger limit",
        http("body.example", "/large"),
        "large",
        {"method": "PUT", "body_size": 7 * MEBIBYTE},
        check=lambda told: _expect(told[0].json["size"] == 7 * MEBIBYTE, "the body is not whole"),
        settings=_holds(body_limit=8 * MEBIBYTE),
    ),
    Row(
        "above that", http("body.example", "/large"), "large", {"method": "PUT", "body_size": 9 * MEBIBYTE}, status=413
    ),
    Row(
        "no limit",
        http("body.example", "/unlimited"),
        "unlimited",
        {"method": "PUT", "body_size": 20 * MEBIBYTE},
        settings=_holds(body_limit=0),
    ),
    Row(
        "the gateway's own limit",
        http("plain.example"),
        "root",
        {"method": "POST", "body_size": MEBIBYTE + 10},
        status=413,
    ),
    Row(
        "a body reaches the pod",
        http("plain.example", "/foo"),
        "foo",
        _POST,
        check=lambda told: _expect((told[0].json["method"], told[0].json["body"]) == ("POST", "hello"), "not the body"),
    ),
    Row(
        "an answer while it is made",
        http("stream.example", "/?lines=3&pause=0.5"),
        "stream",
        check=lambda told: _expect(told[0].begun < 0.4 and told[0].elapsed > 1.2, "it came all at once"),
        settings=_holds(response_buffering=False),
    ),
    # WebSocket and gRPC.
    Row(
        "a WebSocket",
        http("socket.example", "/chat", "ws"),
        "socket",
        {"kind": "websocket", "messages": ["a", "b"], "pause": 0.3},
        check=lambda told: _expect(list(told[0].messages) == ["a", "b"], told[0].error),
        settings=_holds(websocket=True, read_timeout=3600, send_timeout=3600),
    ),
    Row(
        "rewritten",
        http("socket.example", "/ws/chat", "ws"),
        "socket rewrite",
        {"kind": "websocket", "messages": ["a"]},
        settings=_holds(websocket=True),
    ),
    Row(
        "over TLS",
        http("secure.example", "/chat", "wss"),
        "secure",
        {"kind": "websocket", "messages": ["a"], "ca": "secure.example"},
        settings=_holds(websocket=True),
    ),
    Row(
        "gRPC",
        http("grpc.tls.example", "", "https"),
        "grpc",
        {"kind": "grpc", "ca": "tls.example"},
        check=lambda told: _expect((told[0].code, told[0].body) == ("OK", "SERVING"), told[0].error),
        settings=_holds(protocol="GRPC"),
    ),
    Row(
        "gRPC with headers",
        http("grpc.tls.example", "", "https"),
        "grpc",
        {"kind": "grpc", "ca": "tls.example", "headers": {"x-token": "abc"}},
        check=_headers(got_x_token="abc"),
    ),
    # The target.
    Row("a target that speaks TLS", http("upstream.example", "/x"), "upstream", settings=_holds(protocol="HTTPS")),
    Row(
        "affinity: a cookie",
        http("sticky.example"),
        "sticky",
        check=lambda told: _expect(
            all(
                it in told[0].header("Set-Cookie").lower()
                for it in ("pod=", "max-age=600", "path=/", "httponly", "samesite=lax")
            ),
            told[0].header("Set-Cookie"),
        ),
        settings=_sticky,
    ),
    Row("no affinity: both pods", http("spread.example"), "spread", count=12, check=_both_pods),
    # Limits.
    Row(
        "as often as it may",
        http("rate.example"),
        "rate",
        {"source": HASTY},
        count=9,
        check=_limited(429, [5, 6]),
        beyond_reader="it counts no requests",
        settings=_holds(rate={"requests": 5, "per": "minute", "status": 429}),
    ),
    Row("another client still may", http("rate.example"), "rate", {"source": INSIDE}),
    Row(
        "another route as often as it likes",
        http("rate.example", "/free"),
        "unhurried",
        {"source": HASTY},
        count=9,
        check=_limited(429, [9]),
        settings=_holds(rate=None),
    ),
    Row(
        "as many at once as it may",
        http("crowd.example", "/?sleep=1"),
        "crowd",
        {"source": HASTY},
        count=5,
        at_once=True,
        check=_limited(429, [2]),
        beyond_reader="it counts no requests",
        settings=_holds(connections=2),
    ),
    # Who may.
    Row("CORS: a site that may", http("cors.example"), "cors", {"headers": {"Origin": GOOD}}, check=_origin(GOOD)),
    Row(
        "CORS: one of many",
        http("cors.example"),
        "cors",
        {"headers": {"Origin": WIDE}},
        check=_origin(WIDE),
        unproved="Traefik compares an origin with its wildcard letter by letter",
    ),
    Row(
        "CORS: one that may not",
        http("cors.example"),
        "cors",
        {"headers": {"Origin": BAD}},
        check=_origin(""),
        settings=_holds(
            cors={
                "origins": [GOOD, "https://*.wide.example"],
                "methods": ["GET", "PUT"],
                "headers": ["X-Token"],
                "exposed": ["X-Total"],
                "credentials": True,
                "max_age": 60,
            }
        ),
    ),
    Row(
        "CORS: headers to read",
        http("cors.example"),
        "cors",
        {"headers": {"Origin": GOOD}},
        check=_headers(Access_Control_Expose_Headers="X-Total"),
    ),
    Row(
        "CORS: asked before", http("cors.example"), "cors", _PREFLIGHT, status=204, traefik_status=200, check=_preflight
    ),
    Row("a source that may", http("inside.example"), "inside", {"source": INSIDE}),
    Row("one that may not", http("inside.example"), "inside", {"source": OUTSIDE}, status=403),
    Row(
        "what a client says it is",
        http("inside.example"),
        "inside",
        {"source": OUTSIDE, "headers": {"X-Forwarded-For": INSIDE, "X-Real-Ip": INSIDE}},
        status=403,
    ),
    Row(
        "a source that is kept out",
        http("denied.example"),
        "denied",
        {"source": DENIED},
        status=403,
        unproved="Traefik reads no denylist-source-range",
    ),
    Row("one that is not", http("denied.example"), "denied", {"source": OUTSIDE}),
    Row(
        "no password",
        http("auth.tls.example", "/", "https"),
        "auth",
        {"ca": "tls.example"},
        status=401,
        check=lambda told: _expect("Basic" in told[0].header("WWW-Authenticate"), "it is not asked for"),
    ),
    Row(
        "the password",
        http("auth.tls.example", "/", "https"),
        "auth",
        {"ca": "tls.example", "headers": {"Authorization": ADA}},
        settings=_holds(auth={"realm": "Sign in"}),
    ),
    Row(
        "a wrong one",
        http("auth.tls.example", "/", "https"),
        "auth",
        {"ca": "tls.example", "headers": {"Authorization": WRONG}},
        status=401,
        beyond_reader="it knows no passwords",
    ),
    Row("a route beside it", http("auth.tls.example", "/open", "https"), "open", {"ca": "tls.example"}),
    # Headers.
    Row(
        "a header of the answer",
        http("framed.example"),
        "framed",
        check=_headers(X_Frame_Options="DENY"),
        settings=_holds(response_headers={"X-Frame-Options": "DENY"}),
    ),
    Row(
        "instead of the pod's",
        http("framed.example", "/?header=X-Frame-Options:SAMEORIGIN"),
        "framed",
        check=_headers(X_Frame_Options="DENY"),
    ),
    Row("not elsewhere", http("plain.example"), "root", check=_headers(X_Frame_Options="")),
    Row(
        "a header of the request",
        http("tagged.example"),
        "tagged",
        {"headers": {"X-Tag": "mine"}},
        check=_pod_got(X_Tag="portico"),
        settings=_holds(request_headers={"X-Tag": "portico"}),
    ),
    Row("the client's address", http("plain.example"), "root", {"source": OUTSIDE}, check=_pod_got(X_Real_Ip=OUTSIDE)),
    Row(
        "whoever it says it is",
        http("plain.example"),
        "root",
        {"source": OUTSIDE, "headers": {"X-Forwarded-For": INSIDE, "X-Real-Ip": INSIDE}},
        check=_pod_got(X_Real_Ip=OUTSIDE),
    ),
    Row(
        "the host that was asked for",
        http("plain.example", "/foo"),
        "foo",
        check=lambda told: _expect(told[0].json["host"] == "plain.example", told[0].json["host"]),
    ),
)


def rows(controller: str) -> list[Row]:
    """The rows of what the controller can do."""
    return [it for it in ROWS if it.route not in NOT_BY[controller] and controller not in it.not_by]


def routes_of(controller: str, namespace: str) -> dict[str, dict[str, Any]]:
    """The routes that the controller can keep, by name."""
    return {name: it for name, it in routes(namespace).items() if name not in NOT_BY[controller]}


def gateway_args(controller: str, namespace: str, class_name: str) -> dict[str, Any]:
    """The arguments of the gateway whose routes these are, on a controller that is there."""
    # A Secret of the gateway's namespace for each; who asks for a wildcard's host without TLS is not sent on.
    tls: dict[str, dict[str, Any]] = {hosts[0]: {"secret": secret_of(name)} for name, hosts in CERTIFICATES.items()}
    tls["*.wild.example"]["redirect"] = False
    own: dict[str, Any] = {"response_headers": list(ALLOWED_RESPONSE_HEADERS)} if controller == COMMUNITY else {}
    if controller == F5:
        own = {"crds": {"installed": True}, "wildcards_any_depth": True}
    return {
        "controller": controller,
        "install": False,
        "class_name": class_name,
        "namespace": namespace,
        "routes": list(routes_of(controller, namespace).values()),
        "tls": tls,
        "default_backend": {"service": "lost", "namespace": namespace, "port": 80},
        # A controller that stands beside the cluster writes none.
        "reports_address": False,
        **own,
    }


def secret_of(certificate: str) -> str:
    """The Secret of a certificate."""
    return certificate.replace(".", "-")


def config_map(controller: str) -> dict[str, str]:
    """What the gateway's own installation would tell the controller, as far as rows depend on it."""
    if controller == F5:
        return {"http2": "true"}
    return {"global-allowed-response-headers": ",".join(ALLOWED_RESPONSE_HEADERS), "limit-req-status-code": "429"}


Outcome = tuple[str, str, int, str]
"""The service that is reached and the path that it is asked for, or else the status and where a redirect leads."""


def wanted(route: Mapping[str, Any] | None, row: Row) -> Outcome:
    """What a client meets, by the route's promise and the row."""
    if row.status:
        return "", "", row.status, row.location
    service = "lost" if route is None else route["target"]["service"]
    return service, _wanted_path(route, row), 200, ""


def _wanted_path(route: Mapping[str, Any] | None, row: Row) -> str:
    path = row.asked_path.partition("?")[0] if row.path is None else row.path
    rewrite = (route or {}).get("rewrite")
    if route is None or rewrite is None:
        return path
    if route.get("path_type") == "Exact":
        return rewrite
    below = path.removeprefix(route["path"].rstrip("/"))
    return rewrite.rstrip("/") + below or "/"


def read(reader: Reader, row: Row) -> Outcome:
    """What a client meets, as an independent reader has it; what holds on the way is looked at besides."""
    asked = row.requests[0]
    scheme = row.url.partition("://")[0].replace("ws", "http")
    client = asked.source or CLIENT
    answer = reader.answer(
        Request(row.host, row.asked_path, scheme, asked.method, client, asked.headers, asked.body_size)
    )
    if row.settings is not None:
        row.settings(answer.settings)
    if answer.kind == "backend":
        return answer.service, answer.path, 200, ""
    # The port that https has anyway says nothing.
    secure = re.sub(r"^(https://[^/:]*):443/", r"\1/", answer.location)
    return "", "", answer.status, secure


def taken_by(known: Mapping[str, Mapping[str, Any]], row: Row) -> str | None:
    """The route that `match_route` says takes the row's request, by its name."""
    found = match_route(list(known.values()), row.host, row.asked_path)
    return next((name for name, it in known.items() if it is found), None)
