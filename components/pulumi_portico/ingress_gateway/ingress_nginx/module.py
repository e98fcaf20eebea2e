"""What ingress-nginx can do with routes, and what it cannot do together."""

from collections.abc import Callable
from typing import Any

import pulumi

from ...errors import Problems, Refusal
from ..compilation import Compilation, Entry
from ..controller_module import Controller, ControllerModule, Way
from ..route_settings import LoadBalancing
from ..routes import PathType
from ..told import REDIRECT_CODE, redirect_parts
from .annotations import PREFIX, no_multiple
from .ingresses import compile_routes

__all__ = ["MODULE"]


def check(compilation: Compilation, problems: Problems, spelling: Callable[[str], str]) -> None:
    """Note what ingress-nginx cannot do together."""
    rooted = {entry.host for entry in compilation.routes if not entry.exact and entry.path == "/"}
    for entry in compilation.routes:
        if "redirect" in entry.args:
            _check_redirect(entry, entry.host in rooted, problems)
        limit = entry.of("rate_limit")
        requests, burst = limit.get("requests"), limit.get("burst")
        if isinstance(requests, int) and isinstance(burst, int) and (burst % requests or burst < requests):
            problems.add(f"{entry.where}.{spelling('rate_limit')}.burst", burst, no_multiple(requests, burst))
        affinity = entry.of("session_affinity")
        if "session_affinity" in entry.args and "@" in affinity.get("path", entry.path):
            refusal = Refusal("holds an @, which ingress-nginx takes in no cookie's path", "a path without one")
            problems.note(f"{entry.where}.{spelling('session_affinity')}.path", refusal)
    _check_shared(compilation, problems, spelling)


def _check_redirect(entry: Entry, rooted: bool, problems: Problems) -> None:
    redirect, where = entry.of("redirect"), f"{entry.where}.redirect"
    _, host, path = redirect_parts(entry)
    if host is None:
        refusal = Refusal("is missing, and ingress-nginx must be told where to", "a host name", "name the host")
        problems.note(f"{where}.host", refusal)
    if path is None and redirect.get("code", REDIRECT_CODE) != REDIRECT_CODE:
        refusal = Refusal(
            "is nothing that ingress-nginx can answer with while it keeps the path that was asked for",
            "302, or any code beside path",
            "leave code out, or say path",
        )
        problems.add(f"{where}.code", redirect["code"], refusal)
    if not rooted:
        refusal = Refusal(
            "would answer every path of the host that no route takes too, as ingress-nginx gives those the settings of "
            "a host's first Ingress",
            "a redirect beside a route of the host's path /",
            "add a route of path /, or a default_backend",
        )
        problems.note(where, refusal)


def shared_settings(compilation: Compilation) -> list[tuple[tuple[str, str], Any, Entry]]:
    """How pods are chosen is one setting of a Service's port, whichever route leads there."""
    found: list[tuple[tuple[str, str], Any, Entry]] = []
    for entry in (it for it in compilation.routes if it.target):
        for field, default in (("session_affinity", None), ("load_balancing", LoadBalancing.ROUND_ROBIN.value)):
            value = entry.args.get(field, default)
            if value is not None:
                found.append(((_target_key(entry), field), value, entry))
    return found


def _check_shared(compilation: Compilation, problems: Problems, spelling: Callable[[str], str]) -> None:
    seen: dict[tuple[str, str], tuple[Any, str]] = {}
    for setting, value, entry in shared_settings(compilation):
        other, where = seen.setdefault(setting, (value, entry.where))
        if other != value:
            refusal = Refusal(
                f"is another one than that of {where}, and ingress-nginx has one for each port of a Service",
                "the same for all routes to one target",
                "write the same, or give one of them a Service of its own",
            )
            problems.note(f"{entry.where}.{spelling(setting[1])}", refusal)


def _target_key(entry: Entry) -> str:
    """The target, as far as it can be told ahead."""
    target = entry.target
    known = {key: value for key, value in target.items() if not isinstance(value, pulumi.Output)}
    return repr(sorted(known.items()))


def _an(*keys: str) -> Way:
    return Way(tuple(f"{PREFIX}{key}" for key in keys))


_HIGH_RISK = "leave it out: it needs the annotation {}, which the controller is told to refuse as a high risk"
_REDIRECT_KEYS = ("permanent-redirect", "permanent-redirect-code", "temporal-redirect", "temporal-redirect-code")
_CORS_KEYS = (
    "enable-cors",
    "cors-allow-origin",
    "cors-allow-methods",
    "cors-allow-headers",
    "cors-allow-credentials",
    "cors-max-age",
)
_COOKIE_KEYS = ("affinity", "affinity-mode", "session-cookie-name", "session-cookie-path")

MODULE = ControllerModule(
    name=Controller.INGRESS_NGINX.value,
    title="ingress-nginx",
    prefixes=(PREFIX,),
    compile=compile_routes,
    check=check,
    shared=shared_settings,
    own_objects=(
        f"{PREFIX}use-regex",
        f"{PREFIX}ssl-redirect",
        f"{PREFIX}force-ssl-redirect",
        f"{PREFIX}preserve-trailing-slash",
    ),
    ways={
        "host=wildcard": Way(),
        "host=any": Way(),
        f"path_type={PathType.PREFIX.value}": Way(),
        f"path_type={PathType.EXACT.value}": Way(),
        "rewrite": _an("rewrite-target"),
        "redirect.scheme": _an("rewrite-target", "permanent-redirect", "temporal-redirect"),
        "redirect.host": _an("rewrite-target", "permanent-redirect", "temporal-redirect"),
        "redirect.path": _an(*_REDIRECT_KEYS),
        "redirect.code": _an("permanent-redirect-code", "temporal-redirect-code"),
        "app_root": _an("app-root"),
        "timeouts.connect": _an("proxy-connect-timeout"),
        "timeouts.read": _an("proxy-read-timeout"),
        "timeouts.send": _an("proxy-send-timeout"),
        "body_size": _an("proxy-body-size"),
        "buffering.requests=true": _an("proxy-request-buffering"),
        "buffering.requests=false": _an("proxy-request-buffering"),
        "buffering.responses=true": _an("proxy-buffering"),
        "buffering.responses=false": _an("proxy-buffering"),
        "websocket=true": _an("proxy-read-timeout", "proxy-send-timeout"),
        "protocol=HTTP": Way(),
        "protocol=HTTPS": _an("backend-protocol"),
        "protocol=GRPC": _an("backend-protocol"),
        "protocol=GRPCS": _an("backend-protocol"),
        "session_affinity.cookie": _an(*_COOKIE_KEYS),
        "session_affinity.max_age": _an("session-cookie-max-age", "session-cookie-expires"),
        "session_affinity.path": _an("session-cookie-path"),
        "session_affinity.same_site": _an("session-cookie-samesite"),
        "session_affinity.secure=true": _an("session-cookie-secure"),
        "session_affinity.secure=false": _an("session-cookie-secure"),
        "load_balancing=round-robin": _an("load-balance"),
        "load_balancing=fastest": _an("load-balance"),
        "rate_limit.requests": _an("limit-rps", "limit-rpm", "limit-burst-multiplier"),
        "rate_limit.per": _an("limit-rps", "limit-rpm"),
        "rate_limit.burst": _an("limit-burst-multiplier"),
        "rate_limit.connections": _an("limit-connections"),
        "cors.origins": _an(*_CORS_KEYS),
        "cors.methods": _an("cors-allow-methods"),
        "cors.headers": _an("cors-allow-headers"),
        "cors.expose_headers": _an("cors-expose-headers"),
        "cors.credentials=true": _an("cors-allow-credentials"),
        "cors.credentials=false": _an("cors-allow-credentials"),
        "cors.max_age": _an("cors-max-age"),
        "allowed_sources": _an("allowlist-source-range"),
        "denied_sources": _an("denylist-source-range"),
        "allowed_sources+denied_sources": Way(),
        "basic_auth.users": _an("auth-type", "auth-secret", "auth-secret-type", "auth-realm"),
        "basic_auth.secret": _an("auth-type", "auth-secret", "auth-secret-type", "auth-realm"),
        "basic_auth.realm": _an("auth-realm"),
        "response_headers": _an("custom-headers"),
    },
    instead={
        "websocket=false": "ingress-nginx lets every connection become one: leave it out",
        "backend_tls.ca_certificate": _HIGH_RISK.format("proxy-ssl-name"),
        "backend_tls.server_name": _HIGH_RISK.format("proxy-ssl-name"),
        "load_balancing=least-connections": "fastest comes closest",
        "load_balancing=client-address": _HIGH_RISK.format("upstream-hash-by"),
        "load_balancing=request-uri": _HIGH_RISK.format("upstream-hash-by"),
        "request_headers": "it sets them for all routes at once alone, by the ConfigMap's proxy-set-headers",
    },
)
"""ingress-nginx."""
