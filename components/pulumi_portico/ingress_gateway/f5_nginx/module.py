"""What F5 NGINX Ingress Controller can do with routes, and what it cannot do together."""

from collections.abc import Callable, Mapping
from typing import Optional

import pulumi

from ...args.values import Rule
from ...errors import Problems, Refusal
from ..compilation import Compilation, Entry
from ..controller_module import Controller, ControllerModule, Way, features_of
from ..routes import PathType
from ..told import is_grpc
from .annotations import NIC
from .ingresses import compile_routes

__all__ = ["MODULE"]

_NOT_FOR_GRPC = ("body_size", "request_headers", "buffering.responses=true", "buffering.responses=false", "rewrite")


def check(compilation: Compilation, problems: Problems, spelling: Callable[[str], str]) -> None:
    """Note what F5 NGINX Ingress Controller cannot do together."""
    for entry in compilation.routes:
        if is_grpc(entry):
            _check_grpc(entry, problems, spelling)
        if "redirect" in entry.args:
            _check_redirect(compilation, entry, problems)
        if "app_root" in entry.args and entry.host not in compilation.own_hosts:
            refusal = Refusal(
                "is a setting of the whole host, whose master Ingress another component makes",
                "where the host's first routes are added",
                "set it there",
            )
            problems.note(f"{entry.where}.{spelling('app_root')}", refusal)


def _check_grpc(entry: Entry, problems: Problems, spelling: Callable[[str], str]) -> None:
    for asked in features_of(entry):
        if asked.feature in _NOT_FOR_GRPC:
            path = ".".join(map(spelling, asked.path.split(".")))
            refusal = Refusal(
                "is nothing that F5 NGINX Ingress Controller can do for gRPC", "on ingress-nginx", "leave it out"
            )
            problems.note(f"{entry.where}.{path}", refusal)


def _check_redirect(compilation: Compilation, entry: Entry, problems: Problems) -> None:
    where = f"{entry.where}.redirect"
    whole = entry.host in compilation.redirected and entry.path == "/" and not entry.exact and entry.host
    if not whole or entry.host not in compilation.own_hosts:
        refusal = Refusal(
            "is of a part of a host, and F5 NGINX Ingress Controller can redirect a named host as a whole alone",
            "the one route of its host, with the path /",
            "redirect the host, or let the application answer",
        )
        problems.note(where, refusal)
    host = compilation.hosts[entry.host]
    if host.annotations:
        refusal = Refusal(
            "is of a host whose certificate cert-manager is to issue for an Ingress, and there is none for it",
            "a host with a secret, or a certificate and its key",
            "make a Certificate of cert-manager, and name its secret",
        )
        problems.note(where, refusal)


def _header_value(value: str) -> Optional[Refusal]:
    """F5 NGINX Ingress Controller parts headers by commas, and a header's name from its value by colons."""
    if isinstance(value, pulumi.Output) or not set(value) & set(",:"):
        return None
    return Refusal(
        "holds a comma or a colon, by which F5 NGINX Ingress Controller takes headers apart",
        "text without them",
        "let the application set it",
    )


def _request_value(value: str) -> Optional[Refusal]:
    if isinstance(value, pulumi.Output) or "," not in value:
        return None
    return Refusal(
        "holds a comma, by which F5 NGINX Ingress Controller takes headers apart",
        "text without one",
        "let the application set it",
    )


def _nic(*keys: str) -> Way:
    return Way(tuple(f"{NIC}{key}" for key in keys))


def _custom(*keys: str) -> Way:
    return Way(tuple(f"{NIC}{key}" for key in keys), custom=True)


_LIMITS: Mapping[str, Rule] = {"response_headers": _header_value, "request_headers": _request_value}
_HTTP_ALONE = ("websocket-services", "proxy-buffering")
_LIMIT_KEYS = ("limit-req-rate", "limit-req-key", "limit-req-no-delay", "limit-req-reject-code")
_ALLOW_ALONE = (
    "it lets in whom an allow list names whatever a deny list says: allow the ranges without those that are denied"
)

MODULE = ControllerModule(
    name=Controller.F5_NGINX.value,
    title="F5 NGINX Ingress Controller",
    prefixes=(NIC, "nginx.com/"),
    compile=compile_routes,
    check=check,
    limits=_LIMITS,
    own_objects=tuple(
        f"{NIC}{key}"
        for key in (
            "mergeable-ingress-type",
            "path-regex",
            "ssl-redirect",
            "redirect-to-https",
            "http-redirect-code",
            "lb-method",
            "add-header-inherit",
        )
    ),
    ways={
        "host=wildcard": Way(),
        "host=any": Way(),
        f"path_type={PathType.PREFIX.value}": Way(),
        f"path_type={PathType.EXACT.value}": Way(),
        "rewrite": _nic("rewrites", "rewrite-target"),
        "redirect.scheme": _custom(),
        "redirect.host": _custom(),
        "redirect.path": _custom(),
        "redirect.code": _custom(),
        "app_root": _nic("app-root"),
        "timeouts.connect": _nic("proxy-connect-timeout"),
        "timeouts.read": _nic("proxy-read-timeout"),
        "timeouts.send": _nic("proxy-send-timeout"),
        "body_size": _nic("client-max-body-size"),
        "buffering.requests=true": Way(),
        "buffering.responses=true": _nic("proxy-buffering"),
        "buffering.responses=false": _nic("proxy-buffering"),
        "websocket=true": _nic("websocket-services", "proxy-read-timeout", "proxy-send-timeout"),
        "websocket=false": _nic("websocket-services"),
        "protocol=HTTP": Way(),
        "protocol=HTTPS": _nic("ssl-services"),
        "protocol=GRPC": _nic("grpc-services", *_HTTP_ALONE),
        "protocol=GRPCS": _nic("grpc-services", "ssl-services", *_HTTP_ALONE),
        "backend_tls.ca_certificate": _custom("policies"),
        "backend_tls.server_name": _custom("policies"),
        "session_affinity.cookie": _nic("sticky-cookie-services"),
        "session_affinity.max_age": _nic("sticky-cookie-services"),
        "session_affinity.path": _nic("sticky-cookie-services"),
        "session_affinity.same_site": _nic("sticky-cookie-services"),
        "session_affinity.secure=true": _nic("sticky-cookie-services"),
        "session_affinity.secure=false": _nic("sticky-cookie-services"),
        "load_balancing=round-robin": _nic("lb-method"),
        "load_balancing=least-connections": _nic("lb-method"),
        "load_balancing=client-address": _nic("lb-method"),
        "load_balancing=request-uri": _nic("lb-method"),
        "rate_limit.requests": _nic(*_LIMIT_KEYS, "limit-req-burst"),
        "rate_limit.per": _nic("limit-req-rate"),
        "rate_limit.burst": _nic("limit-req-burst"),
        "cors.origins": _custom("policies", "add-header-inherit"),
        "cors.methods": _custom("policies"),
        "cors.headers": _custom("policies"),
        "cors.expose_headers": _custom("policies"),
        "cors.credentials=true": _custom("policies"),
        "cors.credentials=false": _custom("policies"),
        "cors.max_age": _custom("policies"),
        "allowed_sources": _custom("policies"),
        "denied_sources": _custom("policies"),
        "basic_auth.users": _nic("basic-auth-secret", "basic-auth-realm"),
        "basic_auth.secret": _nic("basic-auth-secret", "basic-auth-realm"),
        "basic_auth.realm": _nic("basic-auth-realm"),
        "request_headers": _nic("proxy-set-headers"),
        "response_headers": _nic("add-header", "add-header-inherit"),
    },
    instead={
        "buffering.requests=false": "its Ingresses have no setting for it: the gateway collects a request's body",
        "load_balancing=fastest": "least-connections comes closest",
        "rate_limit.connections": "limit the requests, or a pod's own connections",
        "allowed_sources+denied_sources": _ALLOW_ALONE,
    },
)
"""F5 NGINX Ingress Controller, open source edition."""
