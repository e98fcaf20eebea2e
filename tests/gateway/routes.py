"""The routes that the table of requests is asked of, for whatever keeps them.

A target is written as the name of a service, or as its name and that of its port; `with_targets` puts the services
that are there in its place. None of the routes says anything of a controller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Routes = Sequence[Mapping[str, Any]]

SHOP, ADDED, WILD, REWRITE = "shop.example.com", "added.example.com", "*.wild.example.com", "rewrite.example.com"
MOVED, OLD, ROOT, EDGES = "moved.example.com", "old.example.com", "root.example.com", "edges.example.com"
SECURE, GRPCS, LIMITS, CORS = "secure.example.com", "grpcs.example.com", "limits.example.com", "cors.example.com"
SOURCES, STICKY, HEADERS, WEBSOCKET = (
    "sources.example.com",
    "sticky.example.com",
    "headers.example.com",
    "websocket.example.com",
)
BACKED, ODD = "backed.example.com", "odd.example.com"

# Service, and how many pods it has.
SERVICES: Mapping[str, int] = {"web": 2, "api": 1, "blue": 1, "lost": 1, "quick": 1, "secure": 1}

# "hunter2", by `openssl passwd -apr1`.
_PASSWORD = "$apr1$portico0$oOiUYHI8CdadX9AIbtgv81"

CORS_ORIGINS = ("https://good.example.com", "https://*.many.example.com")


def _of(host: str, *routes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"host": host, **it} for it in routes]


def _to(target: str, path: str = "/", **fields: Any) -> dict[str, Any]:
    return {"path": path, "target": target, **fields}


def _exactly(target: str, path: str, **fields: Any) -> dict[str, Any]:
    return _to(target, path, path_type="Exact", **fields)


HOSTS: Routes = [
    *_of(
        SHOP,
        _to("web"),
        _to("api", "/api"),
        _to("blue", "/api/v2"),
        _exactly("web", "/api/v2/exact"),
        _exactly("blue", "/status"),
        _to("api", "/both"),
        _exactly("blue", "/both"),
        _to("api", "/a.b"),
        _to("blue", "/Case"),
        _exactly("blue", "/dir.d/"),
    ),
    *_of(WILD, _to("blue")),
    *_of("exact.wild.example.com", _to("api")),
]
"""Which request goes where: hosts and paths."""

REWRITES: Routes = _of(
    REWRITE,
    _to("blue", "/", rewrite="/site"),
    _to("web", "/v1", rewrite="/v2"),
    _to("api", "/strip", rewrite="/"),
    _to("api", "/strip/deep", rewrite="/d/e"),
    _exactly("api", "/old", rewrite="/new/page"),
    _to("web", "/plain"),
)
"""What becomes of paths on the way."""

REDIRECTS: Routes = [
    *_of(
        MOVED,
        _to("web"),
        {"path": "/gone", "redirect": {"host": MOVED, "path": "/here", "scheme": "http", "code": 301}},
        {"path": "/away", "redirect": {"host": "new.example.com"}},
        {"path": "/page", "path_type": "Exact", "redirect": {"host": "new.example.com", "path": "/p", "code": 308}},
    ),
    *_of(OLD, {"path": "/", "redirect": {"host": SHOP, "scheme": "http"}}),
    *_of(ROOT, _to("web", app_root="/login")),
]
"""Who is sent elsewhere."""

SECURED: Routes = [
    *_of(
        SECURE,
        _to("web"),
        _to("api", "/admin", basic_auth={"users": {"ada": _PASSWORD}, "realm": "Back office"}),
        _exactly("web", "/admin/open/"),
        _to("secure:https", "/pay", protocol="HTTPS"),
        _to("secure", "/grpc.health.v1.Health", protocol="GRPC"),
    ),
    *_of("a.tls.example.com", _to("blue")),
    *_of(GRPCS, _to("secure:https", protocol="GRPCS")),
]
"""What is spoken over TLS, to clients and to pods."""

TLS_HOSTS: Mapping[str, bool] = {SECURE: True, "*.tls.example.com": False, GRPCS: True}
"""The hosts with a certificate, and whether requests without TLS are redirected."""

LIMITED: Routes = [
    *_of(
        LIMITS,
        _to("web"),
        _to("api", "/slow", timeouts={"connect": 2, "read": 1, "send": 3}),
        _to("api", "/small", body_size=2),
        _to("api", "/any", body_size=0),
        _to("api", "/rate", rate_limit={"requests": 2, "per": "minute", "burst": 2}),
        _to("api", "/stream", buffering={"responses": False}),
    ),
    *_of(
        CORS,
        _to(
            "web",
            cors={
                "origins": list(CORS_ORIGINS),
                "methods": ["GET", "PUT"],
                "headers": ["X-Token"],
                "expose_headers": ["X-Seen"],
                "credentials": True,
                "max_age": 600,
            },
        ),
        _to("api", "/open"),
        _to("blue", "/public", cors={"origins": ["*"]}),
    ),
    *_of(
        SOURCES,
        _to("web"),
        _to("api", "/allowed", allowed_sources=["127.0.0.8/32", "198.51.100.0/24"]),
        _to("api", "/denied", denied_sources=["127.0.0.9/32"]),
    ),
    *_of(
        STICKY,
        _to("web", session_persistence={"cookie": "pod", "max_age": 600, "same_site": "Strict"}),
    ),
    *_of(HEADERS, _to("web", response_headers={"X-Frame-Options": "DENY", "X-Route": "it"})),
    *_of(WEBSOCKET, _to("web", websocket=True)),
]
"""What a route promises beyond where it goes."""

ONLY_INGRESS_NGINX: Routes = _of(
    EDGES,
    _to("web"),
    _to("api", "/connections", rate_limit={"connections": 1}),
    _to("api", "/upload", buffering={"requests": False}),
    _to("blue", "/both", allowed_sources=["127.0.0.0/24"], denied_sources=["127.0.0.9/32"]),
    _to("quick", "/fastest", load_balancing="fastest"),
)
"""What F5 NGINX Ingress Controller cannot do."""

ONLY_F5_NGINX: Routes = [
    *_of(
        ODD,
        _to("web", load_balancing="least-connections"),
        _to("api", "/headers", request_headers={"X-Route": "it"}),
        _to("blue", "/closed", websocket=False),
        _to("api", "/by-client", load_balancing="client-address"),
        _to("secure:https", "/checked", protocol="HTTPS", backend_tls={"ca_certificate": "-", "server_name": "s.test"}),
    ),
]
"""What ingress-nginx cannot do."""

ELSEWHERE: Routes = _of(ADDED, _to("api", "/only"), _to("blue", "/only/more"))
"""What another component adds to the gateway, at a host that has no route for the rest."""

BACKING: Routes = [
    *_of(BACKED, _to("web", "/app")),
    # Whichever host no other route names.
    _to("api", "/hello"),
]
"""The routes of a gateway that has a default backend."""
DEFAULT_BACKEND = "lost"

GATEWAY: Routes = [*HOSTS, *REWRITES, *REDIRECTS, *SECURED, *LIMITED]
"""What the gateway itself has, on every controller."""


def with_targets(routes: Routes, target: Callable[[str, str | None], Any]) -> list[dict[str, Any]]:
    """The routes, with what ``target`` answers for a service and the name of its port."""

    def filled(route: Mapping[str, Any]) -> dict[str, Any]:
        if "target" not in route:
            return dict(route)
        service, _, port = route["target"].partition(":")
        return {**route, "target": target(service, port or None)}

    return [filled(it) for it in routes]


def hosts_of(routes: Routes) -> set[str]:
    return {it.get("host", "") for it in routes}
