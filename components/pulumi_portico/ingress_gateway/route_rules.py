"""What the fields of routes must satisfy beyond their types, and beside each other, whatever the controller."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Optional

from ..args.names import annotation_key, dns_subdomain
from ..args.values import Rule, cidr, some, whole_number
from ..checks import Field, Rules
from ..errors import Problems, Refusal
from ..networking.target import RULES as TARGET_RULES
from .compilation import Entry
from .route_settings import BackendTls, BasicAuth, Cors, RateLimit, Redirect, SessionPersistence, Timeouts
from .routes import PathType, Route
from .texts import (
    cookie_name,
    header_name,
    header_text,
    host,
    http_method,
    origin,
    password_hash,
    pem_certificate,
    plain_text,
    redirect_path,
    rewrite_path,
    route_path,
    server_name,
    user_name,
)
from .told import over_tls

__all__ = ["RULES", "check_routes"]

_CODES = (301, 302, 307, 308)
_APP_ROOT = re.compile(r"/[A-Za-z0-9._/-]*[A-Za-z0-9._-]")


def _code(value: int) -> Optional[Refusal]:
    return None if value in _CODES else Refusal("is no status of a redirect", ", ".join(map(str, _CODES)))


def _app_root(value: str) -> Optional[Refusal]:
    # No tilde and no slash at the end: F5 NGINX Ingress Controller 5.5.4, validateAppRootAnnotation.
    if refusal := route_path(value):
        return refusal
    if _APP_ROOT.fullmatch(value):
        return None
    fix = f'write "{value.rstrip("/")}"' if _APP_ROOT.fullmatch(value.rstrip("/")) else ""
    return Refusal(
        "is no path to send a browser to", "a path below /, of letters, digits and - . _, no slash last", fix
    )


def _some(what: str) -> Rule:
    return some(f"one {what} or more")


_SECONDS = Field(whole_number(1, what="a number of seconds"))
_COUNT = Field(whole_number(1, what="a number of requests"))
_HEADERS = Field(_some("header"), keys=header_name, items=header_text)
_RANGES = Field(_some("range"), items=cidr)

RULES: Rules = {
    **TARGET_RULES,
    Route: {
        "host": Field(host),
        "path": Field(route_path),
        "rewrite": Field(rewrite_path),
        "app_root": Field(_app_root),
        "body_size": Field(whole_number(0, 10**6, "a number of MiB")),
        "allowed_sources": _RANGES,
        "denied_sources": _RANGES,
        "request_headers": _HEADERS,
        "response_headers": _HEADERS,
        "annotations": Field(_some("annotation"), keys=annotation_key),
    },
    Redirect: {"host": Field(server_name), "path": Field(redirect_path), "code": Field(_code)},
    # nginx's own limit (ngx_http_proxy_module, proxy_connect_timeout).
    Timeouts: {"connect": Field(whole_number(1, 75, "a number of seconds")), "read": _SECONDS, "send": _SECONDS},
    BackendTls: {"ca_certificate": Field(pem_certificate), "server_name": Field(server_name)},
    SessionPersistence: {"cookie": Field(cookie_name), "max_age": _SECONDS, "path": Field(route_path)},
    RateLimit: {"requests": _COUNT, "burst": _COUNT, "connections": _COUNT},
    Cors: {
        "origins": Field(_some("origin"), items=origin),
        "methods": Field(_some("method"), items=http_method),
        "headers": Field(_some("header"), items=header_name),
        "expose_headers": Field(_some("header"), items=header_name),
        "max_age": Field(whole_number(0, what="a number of seconds")),
    },
    BasicAuth: {
        "users": Field(_some("user"), keys=user_name, items=password_hash, secret=True),
        "secret": Field(dns_subdomain),
        "realm": Field(plain_text),
    },
}
"""What the fields must satisfy beyond their types."""

Spelling = Callable[[str], str]
_FOR_TARGETS = (
    "rewrite",
    "timeouts",
    "body_size",
    "buffering",
    "websocket",
    "protocol",
    "backend_tls",
    "session_affinity",
    "load_balancing",
    "request_headers",
    "response_headers",
    "cors",
    "basic_auth",
    "rate_limit",
    "allowed_sources",
    "denied_sources",
)


def check_routes(
    entries: Iterable[Entry], secured: Callable[[str], bool], problems: Problems, spelling: Spelling
) -> None:
    """Note what does not go together in a route; ``secured`` says of a host whether clients reach it with TLS."""
    seen: dict[tuple[str, str, str], str] = {}
    for entry in entries:
        other = seen.setdefault((entry.host, entry.path, entry.path_type), entry.where)
        if other != entry.where:
            wrong = f"takes the same requests as {other}: {described(entry)}"
            refusal = Refusal(wrong, "each host, path and type once", "leave one of them out")
            problems.note(entry.where, refusal)
        _check_destination(entry, problems, spelling)
        _check_groups(entry, secured(entry.host), problems, spelling)


def described(entry: Entry) -> str:
    """What a route takes, in words."""
    return f"{entry.path_type} {entry.path} of {entry.host or 'every host'}"


def _check_destination(entry: Entry, problems: Problems, spelling: Spelling) -> None:
    redirects = "redirect" in entry.args
    if not redirects and not entry.target:
        refusal = Refusal("is missing, and the route does not redirect", "a WebService's target(), or one by hand")
        problems.note(f"{entry.where}.target", refusal)
    if redirects and entry.target:
        refusal = Refusal("stands beside a target, which no request reaches", "one of the two")
        problems.note(f"{entry.where}.redirect", refusal)
    if entry.target and ("port" in entry.target) == ("port_name" in entry.target):
        there = "stands beside port" if "port" in entry.target else "is missing, and so is port"
        problems.note(f"{entry.where}.target.{spelling('port_name')}", Refusal(there, "one of the two"))
    if redirects:
        if not {"host", "path"} & set(entry.of("redirect")):
            refusal = Refusal(
                "names neither a host nor a path", "one of them, or both", "to have clients use https, set tls"
            )
            problems.note(f"{entry.where}.redirect", refusal)
        for field in (it for it in _FOR_TARGETS if it in entry.args):
            refusal = Refusal("is for requests that go on to a target, and this route redirects", "beside a target")
            problems.note(f"{entry.where}.{spelling(field)}", refusal)
    if "app_root" in entry.args and (entry.path != "/" or entry.path_type != PathType.PREFIX.value):
        refusal = Refusal("is for browsers that ask for /, which this route does not take", "beside the path / alone")
        problems.note(f"{entry.where}.{spelling('app_root')}", refusal)


def _check_groups(entry: Entry, secured: bool, problems: Problems, spelling: Spelling) -> None:
    where = entry.where
    if "backend_tls" in entry.args and not over_tls(entry):
        refusal = Refusal("is of a target that speaks TLS", "with protocol HTTPS or GRPCS", "set protocol")
        problems.note(f"{where}.{spelling('backend_tls')}", refusal)
    protocol = entry.args.get("protocol", "")
    if protocol.startswith("GRPC"):
        if not secured:
            wrong = "is spoken over HTTP/2, which clients get with TLS alone, and the host has none"
            refusal = Refusal(wrong, "for a host with TLS", f"give the host an entry in {spelling('tls')}")
            problems.add(f"{where}.protocol", protocol, refusal)
        if entry.args.get("websocket"):
            problems.note(f"{where}.websocket", Refusal("is nothing that gRPC has", "beside HTTP or HTTPS"))
    _check_limits(entry, problems, spelling)
    auth = entry.of("basic_auth")
    if "basic_auth" in entry.args:
        if ("users" in auth) == ("secret" in auth):
            there = "holds both users and a secret" if auth.get("users") else "names no users"
            problems.note(f"{where}.{spelling('basic_auth')}", Refusal(there, "users or a secret"))
        if not secured:
            wrong = "asks for a password that anybody on the way can read, as the host has no TLS"
            refusal = Refusal(wrong, "for a host with TLS", f"give the host an entry in {spelling('tls')}")
            problems.note(f"{where}.{spelling('basic_auth')}", refusal)
    _check_cookies(entry, secured, problems, spelling)


def _check_limits(entry: Entry, problems: Problems, spelling: Spelling) -> None:
    limit, where = entry.of("rate_limit"), f"{entry.where}.{spelling('rate_limit')}"
    if "rate_limit" in entry.args and not {"requests", "connections"} & set(limit):
        problems.note(where, Refusal("limits nothing", "requests, connections or both"))
    for field in ("per", "burst"):
        if field in limit and "requests" not in limit:
            problems.note(f"{where}.{field}", Refusal("is that of requests, and there are none", "beside requests"))
    cors = entry.of("cors")
    if cors.get("credentials") and "*" in cors["origins"]:
        refusal = Refusal(
            "is true beside an origin of *, which would give every site the user's cookies, and browsers refuse",
            "with origins by name",
            "name the origins",
        )
        problems.note(f"{entry.where}.cors.credentials", refusal)
    if len(cors.get("origins", [])) > 1 and "*" in cors["origins"]:
        problems.note(f"{entry.where}.cors.origins", Refusal("name others beside *, which is all", "* alone"))


def _check_cookies(entry: Entry, secured: bool, problems: Problems, spelling: Spelling) -> None:
    affinity: Mapping[str, Any] = entry.of("session_affinity")
    where = f"{entry.where}.{spelling('session_affinity')}"
    if affinity.get("secure") and not secured:
        refusal = Refusal("is true, and no browser sends the cookie to a host without TLS", "false, or a host with TLS")
        problems.note(f"{where}.secure", refusal)
    if affinity.get("same_site") == "None" and not affinity.get("secure", secured):
        refusal = Refusal("is None, which browsers take of a secure cookie alone", "Lax, Strict, or a secure cookie")
        problems.note(f"{where}.{spelling('same_site')}", refusal)
    requests, burst = entry.of("rate_limit").get("requests"), entry.of("rate_limit").get("burst")
    if isinstance(requests, int) and isinstance(burst, int) and burst < requests:
        refusal = Refusal(f"is less than the {requests} of requests", f"{requests} or more", "leave it out")
        problems.add(f"{entry.where}.{spelling('rate_limit')}.burst", burst, refusal)
