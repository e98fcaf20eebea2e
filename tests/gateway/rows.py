"""The table: what is asked of a gateway with the routes of `routes`, and what must come of it.

Whose route takes a request is what `match_route` says, and is written down here all the same. What a row says must
hold wherever the table is read: at a real controller, and at the readers of what controllers do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.gateway import routes
from tests.gateway.asking import Asked, Told

MIB = 1 << 20
F5, INGRESS_NGINX = "f5-nginx", "ingress-nginx"
# An address that a route lets in, and one that a route keeps out.
LET_IN, KEPT_OUT = "127.0.0.8", "127.0.0.9"
ADA = {"Authorization": "Basic YWRhOmh1bnRlcjI="}
HEALTH = "/grpc.health.v1.Health/Check"

Check = Callable[[Told], bool]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    says: str
    asked: Asked
    service: str = ""
    """The service whose route takes it; empty where none does, and where a route sends the client elsewhere."""
    path: str = ""
    """What the pod is asked for; the path as it was sent, where nothing is said."""
    status: int = 200
    location: str = ""
    """Where the client is sent."""
    promise: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the readers find to hold for it, a group's settings behind a dot."""
    sees: Check | None = None
    """What the client sees besides."""
    next: Callable[[Told], Sequence[Asked]] | None = None
    """What the client asks next, after the answer to the first."""
    shows: Callable[[Sequence[Told]], bool] | None = None
    """What the answers to those show."""
    certificate: str = ""
    """The host whose certificate the client is shown."""
    unproved: str = ""
    """Why Traefik is no proof of it. Such a row is proved by the readers alone."""
    traefik: int = 0
    """The status that Traefik answers with instead, and what else it says holds."""
    apart: Mapping[str, str] = field(default_factory=dict[str, str])
    """The controllers that do otherwise, as their users have opted into, and why."""

    @property
    def reaches(self) -> bool:
        """Whether a pod is reached."""
        return self.service != "" and self.status == 200


def get(host: str, path: str = "/", *, scheme: str = "http", **more: Any) -> Asked:
    return Asked(f"{scheme}://{host}{path}", **more)


def goes(host: str, path: str, service: str, to: str = "", **more: Any) -> Row:
    """A request that goes to a service, whose pod is asked for the path that it is sent with, or for another one."""
    return Row(f"{host}{path} goes to {service}", get(host, path), service, to, **more)


def sent(host: str, path: str, location: str, status: int, service: str = "", **more: Any) -> Row:
    """A request whose client is sent elsewhere."""
    return Row(
        f"{host}{path} is sent to {location}", get(host, path), service, status=status, location=location, **more
    )


def nobody(host: str, path: str) -> Row:
    """A request that the controller itself answers, although there are routes for every host: its host is known."""
    return Row(
        f"{host}{path} is nobody's",
        get(host, path),
        status=404,
        unproved="it goes on to the routes of every host, where ingress-nginx looks at one server alone",
    )


_TIDIES = "it has other rules for paths that aren't tidy"


def refused(host: str, path: str) -> Row:
    """A request that nginx refuses itself: it can't tell which path it is for."""
    return Row(f"{host}{path} is refused", get(host, path), status=400, unproved=_TIDIES)


HOSTS = (
    goes(routes.SHOP, "/", "web"),
    goes(routes.SHOP, "/anything/else", "web"),
    goes(routes.SHOP, "/api", "api"),
    goes(routes.SHOP, "/api/", "api"),
    goes(routes.SHOP, "/api/users", "api"),
    goes(routes.SHOP, "/apis", "web"),
    goes(routes.SHOP, "/API", "web"),
    goes(routes.SHOP, "/api?next=/api/v2", "api", "/api"),
    goes(routes.SHOP, "/api/v2", "blue"),
    goes(routes.SHOP, "/api/v2/x/y", "blue"),
    goes(routes.SHOP, "/api/v2x", "api"),
    goes(routes.SHOP, "/api/v2/exact", "web"),
    goes(routes.SHOP, "/api/v2/exact/", "blue"),
    goes(routes.SHOP, "/status", "blue"),
    goes(routes.SHOP, "/status/", "web"),
    goes(routes.SHOP, "/statuses", "web"),
    goes(routes.SHOP, "/both", "blue"),
    goes(routes.SHOP, "/both/", "api"),
    goes(routes.SHOP, "/a.b/c", "api"),
    goes(routes.SHOP, "/aXb/c", "web"),
    goes(routes.SHOP, "/Case/x", "blue"),
    goes(routes.SHOP, "/case/x", "web"),
    goes(routes.SHOP, "/dir.d/", "blue"),
    goes(routes.SHOP, "/dir.d", "web"),
    goes(routes.SHOP, "/dir.d/x", "web"),
    goes(routes.SHOP, "/dirXd/", "web"),
    goes(routes.SHOP, "/%61pi/x", "api", "/api/x"),
    # Which route takes it is a question of the tidied path. The pod gets the path as it came.
    goes(routes.SHOP, "//api//x", "api", unproved=_TIDIES),
    goes(routes.SHOP, "/x/../api/./x", "api", unproved=_TIDIES),
    goes(routes.SHOP, "/api%2fv2%2fx", "blue", unproved=_TIDIES),
    goes(routes.SHOP, "/x%2f..%2fapi", "api", unproved=_TIDIES),
    goes(routes.SHOP, "/api%5cx", "web", unproved=_TIDIES),
    goes(routes.SHOP, "/x%5c..%5capi", "web", unproved=_TIDIES),
    goes(routes.SHOP, "/api/%0ax", "api"),
    goes(routes.SHOP, "/api%0a", "web"),
    goes(routes.SHOP, "/api/v2/%0a%0a", "blue"),
    goes(routes.SHOP, "/api/v2/exact%0a", "blue"),
    goes(routes.SHOP, "/dir.d/%0a", "web"),
    goes(routes.SHOP, "/%0a/api", "web"),
    goes(routes.SHOP, "/api/%09%7f", "api"),
    refused(routes.SHOP, "/api/%00"),
    refused(routes.SHOP, "/%00"),
    refused(routes.SHOP, "/../api"),
    refused(routes.SHOP, "/%2e%2e/api"),
    goes("SHOP.Example.com", "/api", "api"),
    goes("shop.example.com:80", "/api", "api"),
    goes("a.wild.example.com", "/x", "blue"),
    goes("exact.wild.example.com", "/x", "api"),
    goes("a.wild.example.com", "/hello", "blue"),
    goes("unknown.example.org", "/hello/x", "api"),
    goes(
        "a.b.wild.example.com",
        "/hello",
        "api",
        apart={F5: "a wildcard stands for any number of labels, which multi_label_wildcards says"},
    ),
    goes("wild.example.com", "/hello", "api"),
    goes(routes.ADDED, "/only/x", "api"),
    goes(routes.ADDED, "/only/more/x", "blue"),
    nobody(routes.ADDED, "/"),
    nobody(routes.ADDED, "/onlyx"),
    nobody(routes.ADDED, "/hello"),
    goes(routes.BACKED, "/app/x", "web"),
    goes(routes.BACKED, "/x", "lost"),
    goes(routes.BACKED, "/", "lost"),
    goes("unknown.example.org", "/x", "lost"),
)

REWRITES = (
    goes(routes.REWRITE, "/", "blue", "/site/"),
    goes(routes.REWRITE, "/a/b", "blue", "/site/a/b"),
    goes(routes.REWRITE, "/v1", "web", "/v2"),
    goes(routes.REWRITE, "/v1/", "web", "/v2/"),
    goes(routes.REWRITE, "/v1/x/y?q=1", "web", "/v2/x/y", sees=lambda it: it.json["query"] == {"q": ["1"]}),
    goes(routes.REWRITE, "/v1/a%20b", "web", "/v2/a b"),
    goes(routes.REWRITE, "/v1x", "blue", "/site/v1x"),
    goes(routes.REWRITE, "/strip", "api", "/"),
    goes(routes.REWRITE, "/strip/", "api", "/"),
    goes(routes.REWRITE, "/strip/a", "api", "/a"),
    goes(routes.REWRITE, "/strip/deep", "api", "/d/e"),
    goes(routes.REWRITE, "/strip/deep/er", "api", "/d/e/er"),
    goes(routes.REWRITE, "/old", "api", "/new/page"),
    goes(routes.REWRITE, "/old/", "blue", "/site/old/"),
    goes(routes.REWRITE, "/plain/x", "web", "/plain/x"),
)

_PART = {F5: "it redirects whole hosts alone, and refuses a part"}

REDIRECTS = (
    sent(routes.MOVED, "/gone", f"http://{routes.MOVED}/here", 301, apart=_PART),
    sent(routes.MOVED, "/gone/x?y=1", f"http://{routes.MOVED}/here", 301, apart=_PART),
    sent(routes.MOVED, "/away/x?y=1", "https://new.example.com/away/x?y=1", 302, apart=_PART),
    sent(routes.MOVED, "/page", "https://new.example.com/p", 308, apart=_PART),
    goes(routes.MOVED, "/page/", "web", apart=_PART),
    goes(routes.MOVED, "/goner", "web", apart=_PART),
    goes(routes.MOVED, "/nowhere", "web", apart=_PART),
    sent(routes.OLD, "/a/b?c=d", f"http://{routes.SHOP}/a/b?c=d", 302),
    sent(routes.OLD, "/", f"http://{routes.SHOP}/", 302),
    sent(routes.ROOT, "/", f"http://{routes.ROOT}/login", 302, "web"),
    goes(routes.ROOT, "/login", "web"),
)

_NO_TLS = "it redirects where an Ingress has TLS itself, ingress-nginx where its host has, by whichever Ingress"

TLS = (
    sent(routes.SECURE, "/a/?b=c", f"https://{routes.SECURE}/a/?b=c", 308, "web", unproved=_NO_TLS),
    sent(routes.SECURE, "/a/", f"https://{routes.SECURE}/a/", 308, "web", unproved=_NO_TLS),
    Row("TLS with the host's certificate", get(routes.SECURE, "/a", scheme="https"), "web", certificate=routes.SECURE),
    Row(
        "the pod is told that it was TLS",
        get(routes.SECURE, "/a", scheme="https"),
        "web",
        sees=lambda it: it.got("X-Forwarded-Proto") == "https" and it.tls in ("TLS 1.2", "TLS 1.3"),
    ),
    Row(
        "HTTP/2 where the client offers it",
        get(routes.SECURE, "/a", scheme="https", http2=True),
        "web",
        sees=lambda it: it.protocol == "HTTP/2.0",
    ),
    Row(
        "TLS with the certificate of the wildcard",
        get("a.tls.example.com", "/a", scheme="https"),
        "blue",
        certificate="*.tls.example.com",
    ),
    Row("no redirect where TLS says so", get("a.tls.example.com", "/a"), "blue"),
    Row(
        "no password, no entry",
        get(routes.SECURE, "/admin", scheme="https"),
        "api",
        status=401,
        sees=lambda it: "Back office" in it.header("WWW-Authenticate"),
        promise={"auth.realm": "back office"},
    ),
    *(
        Row(
            f"no password, no entry: {path}",
            get(routes.SECURE, path, scheme="https"),
            "api",
            status=401,
            promise={"auth.realm": "back office"},
            unproved=_TIDIES,
        )
        for path in (
            "/admin/users/%0ax",
            "/admin/secret%0a%0a",
            "/admin/%0a",
            "/admin/open/%0a",
            "/admin/open/%0a%0a",
            "/admin/open",
            "//admin//x",
            "/x/../admin/./x",
            "/x/%2e%2e/admin",
            "/admin%2fx",
            "/x%2f..%2fadmin",
            "/%61dmin",
            "/admin/%5c..%5copen",
            "/admin/%09",
        )
    ),
    # These are other paths, which the route of / takes: the pod must not read them as /admin.
    *(
        Row(f"another path than /admin: {path}", get(routes.SECURE, path, scheme="https"), "web", unproved=_TIDIES)
        for path in ("/admin%0a", "/admin%5cx", "/x%5c..%5cadmin", "/admin;x/y", "/x/..;/admin", "/Admin", "/%0a/admin")
    ),
    Row("an open exact path below it", get(routes.SECURE, "/admin/open/", scheme="https"), "web"),
    refused(routes.SECURE, "/admin%00"),
    Row("a password", get(routes.SECURE, "/admin/x", scheme="https", headers=ADA), "api"),
    Row(
        "a wrong password",
        get(routes.SECURE, "/admin", scheme="https", headers={"Authorization": "Basic YWRhOndyb25n"}),
        "api",
        # The readers know no passwords.
        status=401,
        promise={"auth.realm": "back office"},
    ),
    Row(
        "a password is asked for over TLS alone",
        get(routes.SECURE, "/admin"),
        "api",
        status=308,
        location=f"https://{routes.SECURE}/admin",
        unproved=_NO_TLS,
    ),
    Row(
        "TLS to the pod",
        get(routes.SECURE, "/pay/x", scheme="https"),
        "secure",
        promise={"protocol": "https", "verify": False},
    ),
    Row(
        "gRPC",
        Asked(f"https://{routes.SECURE}{HEALTH}", kind="grpc"),
        "secure",
        sees=lambda it: it.body == "SERVING",
        promise={"protocol": "grpc"},
    ),
    Row(
        "gRPC over TLS to the pod",
        Asked(f"https://{routes.GRPCS}{HEALTH}", kind="grpc"),
        "secure",
        sees=lambda it: it.body == "SERVING",
        promise={"protocol": "grpcs"},
    ),
)


def _preflight(origin: str, path: str = "/") -> Asked:
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    return get(routes.CORS, path, method="OPTIONS", headers=headers)


def _cors(told: Told) -> bool:
    """What a browser reads of an answer to an origin that is allowed."""
    origin, credentials = told.header("Access-Control-Allow-Origin"), told.header("Access-Control-Allow-Credentials")
    return origin.startswith("https://") and credentials == "true"


def _with_credentials(told: Told) -> bool:
    return told.header("Access-Control-Allow-Credentials") == "true"


def _asked_ahead(told: Told) -> bool:
    methods = {it.strip() for it in told.header("Access-Control-Allow-Methods").split(",")}
    headers = told.header("Access-Control-Allow-Headers").lower()
    age = told.header("Access-Control-Max-Age")
    return _cors(told) and methods == {"GET", "PUT"} and headers == "x-token" and age == "600"


_CORS = {
    "cors.origins": list(routes.CORS_ORIGINS),
    "cors.methods": ["get", "put"],
    "cors.headers": ["x-token"],
    "cors.exposed": ["x-seen"],
    "cors.credentials": True,
    "cors.max_age": 600,
}
_NO_DENYLIST = "it reads no denylist-source-range"


def _same_pod(told: Sequence[Told]) -> bool:
    return len({it.pod for it in told}) == 1


def _with_cookie(told: Told) -> Sequence[Asked]:
    cookie = told.header("Set-Cookie").partition(";")[0]
    return [get(routes.STICKY, f"/{number}", headers={"Cookie": cookie}) for number in range(8)]


def _sets_cookie(told: Told) -> bool:
    name, *attributes = told.header("Set-Cookie").split("; ")
    said = {it.lower() for it in attributes}
    return name.startswith("pod=") and {"max-age=600", "path=/", "samesite=strict", "httponly"} <= said


def _turned_away(told: Sequence[Told]) -> bool:
    statuses = [it.status for it in told]
    return set(statuses) == {200, 429} and statuses.count(429) >= 2


PROMISES = (
    Row("an answer within the time", get(routes.LIMITS, "/slow?sleep=0.2"), "api", "/slow"),
    Row(
        "an answer that takes too long",
        get(routes.LIMITS, "/slow?sleep=4"),
        "api",
        status=504,
        sees=lambda it: 0.8 < it.elapsed < 3,
        promise={"connect_timeout": 2, "read_timeout": 1, "send_timeout": 3},
    ),
    Row("the time that an answer may take is the route's own", get(routes.LIMITS, "/x?sleep=1.5"), "web", "/x"),
    Row(
        "a body of the route's size",
        get(routes.LIMITS, "/small", method="POST", body_size=2 * MIB),
        "api",
        sees=lambda it: it.json["size"] == 2 * MIB,
    ),
    Row(
        "a larger body",
        get(routes.LIMITS, "/small", method="POST", body_size=2 * MIB + 1),
        "api",
        status=413,
        promise={"body_limit": 2 * MIB},
    ),
    Row("a body of the gateway's size", get(routes.LIMITS, "/x", method="POST", body_size=MIB), "web"),
    Row(
        "a body that is larger than the gateway takes",
        get(routes.LIMITS, "/x", method="POST", body_size=MIB + 1),
        "web",
        status=413,
        promise={"body_limit": MIB},
    ),
    Row(
        "a body without a limit",
        get(routes.LIMITS, "/any", method="POST", body_size=5 * MIB),
        "api",
        promise={"body_limit": 0},
    ),
    Row(
        "a body in chunks",
        get(routes.LIMITS, "/any", method="POST", body="one two", chunked=True),
        "api",
        sees=lambda it: (it.json["body"], it.json["size"]) == ("one two", 7),
    ),
    Row(
        "an answer that is passed on while it is made",
        get(routes.LIMITS, "/stream?lines=3&pause=0.4"),
        "api",
        "/stream",
        sees=lambda it: it.begun < 0.5 and it.elapsed > 1,
        promise={"response_buffering": False},
    ),
    Row(
        "answers are collected of themselves",
        get(routes.LIMITS, "/any"),
        "api",
        promise={"response_buffering": True},
    ),
    Row(
        "more requests than the rate, at once",
        get(routes.LIMITS, "/rate"),
        "api",
        next=lambda _told: [get(routes.LIMITS, "/rate", group="rate") for _ in range(6)],
        # The first has been let through; of the others two may be, or three: Traefik counts the burst another way.
        shows=_turned_away,
        promise={"rate.requests": 2, "rate.per": "minute", "rate.burst": 2, "rate.status": 429, "rate.delays": False},
    ),
    Row(
        "a preflight",
        _preflight("https://good.example.com"),
        "web",
        status=204,
        traefik=200,
        sees=_asked_ahead,
        promise=_CORS,
    ),
    Row(
        "a preflight of one of many",
        _preflight("https://a.many.example.com"),
        "web",
        status=204,
        traefik=200,
        sees=_asked_ahead,
        unproved="it compares a wildcard origin letter by letter",
    ),
    Row(
        "what another origin's page may read",
        get(routes.CORS, "/a", headers={"Origin": "https://good.example.com"}),
        "web",
        sees=lambda it: _cors(it) and it.header("Access-Control-Expose-Headers").lower() == "x-seen",
        promise=_CORS,
    ),
    Row(
        "what an origin's page may not read",
        get(routes.CORS, "/a", headers={"Origin": "https://bad.example.com"}),
        "web",
        sees=lambda it: it.header("Access-Control-Allow-Origin") == "",
    ),
    Row(
        "an origin whose name begins like one that may",
        get(routes.CORS, "/a", headers={"Origin": "https://good.example.com.bad.example"}),
        "web",
        sees=lambda it: it.header("Access-Control-Allow-Origin") == "",
    ),
    Row(
        "a preflight to a route without CORS is the pod's",
        _preflight("https://good.example.com", "/open"),
        "api",
        sees=lambda it: it.header("Access-Control-Allow-Origin") == "" and it.json["method"] == "OPTIONS",
        promise={"cors": None},
    ),
    Row(
        "what any page may read, without the user's cookies",
        get(routes.CORS, "/public", headers={"Origin": "https://any.example.org"}),
        "blue",
        sees=lambda it: it.header("Access-Control-Allow-Origin") == "*" and not _with_credentials(it),
        promise={"cors.origins": ["*"], "cors.credentials": False},
    ),
    Row("a client that is let in", get(routes.SOURCES, "/allowed", source=LET_IN), "api"),
    Row(
        "a client that is not",
        get(routes.SOURCES, "/allowed/x"),
        "api",
        status=403,
        promise={"allowed": ["127.0.0.8/32", "198.51.100.0/24"]},
    ),
    *(
        Row(f"a client that is not: {path}", get(routes.SOURCES, path), "api", status=403, unproved=_TIDIES)
        for path in ("/allowed/%0a", "/allowed/x%0a%0a", "//allowed", "/x/../allowed", "/x%2f..%2fallowed")
    ),
    Row("the client at the route beside it", get(routes.SOURCES, "/other"), "web", promise={"allowed": []}),
    Row(
        "a client that is kept out",
        get(routes.SOURCES, "/denied", source=KEPT_OUT),
        "api",
        status=403,
        promise={"denied": ["127.0.0.9/32"]},
        unproved=_NO_DENYLIST,
    ),
    Row(
        "a client that is kept out, with a newline",
        get(routes.SOURCES, "/denied/%0a", source=KEPT_OUT),
        "api",
        status=403,
        unproved=_NO_DENYLIST,
    ),
    Row("a client that is not kept out", get(routes.SOURCES, "/denied", source=LET_IN), "api"),
    Row(
        "a header that a client made up to be let in",
        get(routes.SOURCES, "/allowed", headers={"X-Forwarded-For": "127.0.0.8", "X-Real-Ip": "127.0.0.8"}),
        "api",
        status=403,
    ),
    Row(
        "a cookie that keeps a client with its pod",
        get(routes.STICKY),
        "web",
        sees=_sets_cookie,
        next=_with_cookie,
        shows=_same_pod,
        promise={
            "affinity.name": "pod",
            "affinity.path": "/",
            "affinity.samesite": "strict",
            "affinity.max_age": 600,
            "affinity.persistent": True,
        },
    ),
    Row(
        "no cookie, any pod",
        get(routes.SHOP),
        "web",
        next=lambda _told: [get(routes.SHOP) for _ in range(8)],
        shows=lambda told: len({it.pod for it in told}) == 2,
        promise={"load_balancing": "round_robin"},
    ),
    Row(
        "headers of an answer",
        get(routes.HEADERS, "/?header=X-Own:1"),
        "web",
        "/",
        sees=lambda it: [it.header(name) for name in ("X-Frame-Options", "X-Route", "X-Own")] == ["DENY", "it", "1"],
        promise={"response_headers": {"x-frame-options": "deny", "x-route": "it"}},
    ),
    Row(
        "no headers at the host beside it",
        get(routes.SHOP),
        "web",
        sees=lambda it: not it.header("X-Route"),
        promise={"response_headers": {}},
    ),
    Row(
        "a WebSocket",
        Asked(f"http://{routes.WEBSOCKET}/chat", kind="websocket", messages=("one", "two"), pause=0.3),
        "web",
        sees=lambda it: list(it.messages) == ["one", "two"],
        promise={"websocket": True, "read_timeout": 3600, "send_timeout": 3600},
    ),
    Row(
        "a WebSocket on a route that says nothing of it",
        Asked(f"http://{routes.SHOP}/api/chat", kind="websocket", messages=("one",)),
        "api",
        sees=lambda it: list(it.messages) == ["one"],
        promise={"websocket": True, "read_timeout": 60},
    ),
    Row(
        "a request that is forwarded says for whom",
        get(routes.SHOP, "/api", source=LET_IN),
        "api",
        sees=lambda it: it.got("X-Forwarded-For") == LET_IN and it.json["host"] == routes.SHOP,
    ),
)

_NOT_ON_F5 = {F5: "it is refused there"}
_NOT_ON_INGRESS_NGINX = {INGRESS_NGINX: "it is refused there"}

EDGES = (
    Row(
        "more requests at once than may be",
        get(routes.EDGES, "/connections"),
        "api",
        next=lambda _told: [get(routes.EDGES, "/connections?sleep=0.5", group="connections") for _ in range(3)],
        shows=lambda told: sorted(it.status for it in told) == [200, 429, 429],
        promise={"connections": 1},
        apart=_NOT_ON_F5,
    ),
    Row(
        "a body that is passed on while it comes",
        get(routes.EDGES, "/upload", method="POST", body="x"),
        "api",
        promise={"request_buffering": False},
        apart=_NOT_ON_F5,
    ),
    Row(
        "bodies are collected of themselves",
        get(routes.EDGES, "/x", method="POST", body="x"),
        "web",
        promise={"request_buffering": True},
        apart=_NOT_ON_F5,
    ),
    Row(
        "let in by one list, kept out by the other",
        get(routes.EDGES, "/both", source=KEPT_OUT),
        "blue",
        status=403,
        unproved=_NO_DENYLIST,
        apart=_NOT_ON_F5,
    ),
    Row("let in by both lists", get(routes.EDGES, "/both", source=LET_IN), "blue", apart=_NOT_ON_F5),
    Row(
        "the fastest pod",
        get(routes.EDGES, "/fastest"),
        "quick",
        promise={"load_balancing": "ewma"},
        unproved="it reads no load-balance",
        apart=_NOT_ON_F5,
    ),
)

_F5_ALONE = "it is for F5 NGINX Ingress Controller"

ODD = (
    Row("the pod with the fewest connections", get(routes.ODD), "web", promise={"load_balancing": "least_conn"}),
    Row("headers of a request", get(routes.ODD, "/headers"), "api", promise={"request_headers": {"x-route": "it"}}),
    Row("no WebSocket", get(routes.ODD, "/closed"), "blue", promise={"websocket": False}),
    Row(
        "a pod for each client",
        get(routes.ODD, "/by-client"),
        "api",
        promise={"load_balancing": "hash $remote_addr consistent"},
    ),
    Row(
        "a pod whose certificate is checked",
        get(routes.ODD, "/checked"),
        "secure",
        promise={"protocol": "https", "verify": True, "server_name": "s.test"},
    ),
)
"""What F5 NGINX Ingress Controller alone can do."""

ROWS: Sequence[Row] = (*HOSTS, *REWRITES, *REDIRECTS, *TLS, *PROMISES, *EDGES)
