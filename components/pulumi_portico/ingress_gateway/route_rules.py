"""The rules of routes that hold on every controller: of each field, and between the fields of one route."""

import re
from typing import Any, Optional

from ..args.codes import define
from ..args.location import Field as FieldName
from ..args.location import Key
from ..args.names import annotation_key, dns_subdomain
from ..args.parse import Field, Rule, Rules
from ..args.problems import ABSENT, Edit, Problems, Reason, Remove, Set
from ..args.sizes import check_data
from ..args.units import NGINX_MIB, SECONDS
from ..args.values import cidr, some, whole_number
from ..networking.target import RULES as TARGET_RULES
from ..networking.target import TargetSpec, check_tcp
from .resolved_routes import ResolvedRoute
from .route_settings import (
    BackendProtocol,
    BackendTls,
    BasicAuth,
    Cors,
    RateLimit,
    Redirect,
    SameSite,
    SessionPersistence,
    Timeouts,
)
from .routes import Route, RouteSpec
from .text_rules import (
    cookie_name,
    cookie_path,
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

__all__ = [
    "CREDENTIALS_FOR_ALL",
    "ORIGINS_BESIDE_ALL",
    "RULES",
    "any_origin_header",
    "check_app_root",
    "check_route",
    "check_route_of_host",
    "check_target",
]

_CODES = (301, 302, 307, 308)
_CORS_HEADERS = "access-control-"
_ALLOW_ORIGIN = "access-control-allow-origin"
_ALLOW_CREDENTIALS = "access-control-allow-credentials"
_EVERY_ORIGIN = ("*", "null")
"""Pages of every site can send the origin null, from a sandboxed frame."""
_APP_ROOT = re.compile(r"/[A-Za-z0-9._/-]*[A-Za-z0-9._-]")

INVALID_REDIRECT_CODE = define(
    "invalid-redirect-code", "{value} isn't a status code of a redirect.", allowed="one of {codes}"
)
INVALID_APP_ROOT = define(
    "invalid-app-root",
    "{value} isn't a valid path to redirect browsers to.",
    allowed="a path below /, of letters, digits, and the characters - . _ /, without a slash at the end",
)
NO_TARGET = define(
    "route-without-target",
    "This route has neither a {target} nor a {redirect}.",
    allowed="the target of a WebService, or one that you write by hand",
)
NO_PORT = define("route-target-without-port", "This target has neither a {port} nor a {port_name}.")
POD_PORT_UNKNOWN = define(
    "target-without-pod-port",
    "The NetworkPolicy that opens this target's pods needs the number of their port, and {port_name} is only a name in "
    "the Service.",
    allowed="the number of the port that the pods listen on",
    hint="Set {target_port}. Or remove {selector}, so that no policy opens the pods.",
)
EMPTY_REDIRECT = define(
    "empty-redirect",
    "This redirect has neither a {host} nor a {path}.",
    allowed="one of them, or both",
    hint="To redirect clients to https, set {tls}.",
)
ONLY_WITH_TARGET = define(
    "only-with-target", "{field} applies to requests that go to a target, and this route redirects them."
)
APP_ROOT_WITHOUT_ROOT = define(
    "app-root-without-root-path",
    "{app_root} applies to requests for /, which this route doesn't match.",
    allowed="only in a route of type Prefix with the path /",
)
BACKEND_TLS_WITHOUT_TLS = define(
    "backend-tls-without-tls",
    "{backend_tls} applies to a target that speaks TLS.",
    allowed="only with the {protocol} HTTPS or GRPCS",
)
NEEDS_HOST_TLS = define(
    "host-without-tls",
    "{field} requires TLS, and no certificate is for {host}.",
    allowed="only for a host with TLS",
    hint="Add an entry for the host to {tls}.",
)
WEBSOCKET_WITH_GRPC = define(
    "websocket-with-grpc",
    "A target that speaks gRPC has no WebSockets.",
    allowed="only with the {protocol} HTTP or HTTPS",
)
EMPTY_RATE_LIMIT = define("empty-rate-limit", "This limits nothing.", allowed="one of {fields}, or both")
RATE_WITHOUT_REQUESTS = define(
    "rate-limit-without-requests", "{field} refers to {requests}, which isn't set.", allowed="only with {requests}"
)
BURST_BELOW_RATE = define(
    "burst-below-rate", "{value} is less than the rate of {requests} requests.", allowed="{requests} or more"
)
CREDENTIALS_FOR_ALL = define(
    "credentials-for-every-origin",
    "This would give every site the user's cookies, and browsers reject it.",
    allowed="only with origins by name",
)
ORIGINS_BESIDE_ALL = define(
    "origins-besides-wildcard", "These origins include *, which already allows every one.", allowed="* alone"
)
CORS_HEADER_BESIDE_FIELD = define(
    "cors-header-besides-field",
    "{cors} sets this header too, and browsers reject a response with two of them.",
    allowed="only {cors}",
)
SEVERAL_ORIGINS = define(
    "several-origins-in-header",
    "Browsers accept only one origin in this header, and {value} isn't one.",
    allowed="one origin, or * for every origin",
    hint="For several origins, set {cors}.",
)
NO_USERS = define("basic-auth-without-users", "This names no users.", allowed="one of {fields}")
SECURE_COOKIE_WITHOUT_TLS = define(
    "secure-cookie-without-tls",
    "Browsers send a secure cookie only over TLS, and no certificate is for {host}.",
    allowed="false, or a host with TLS",
)
CROSS_SITE_COOKIE_NOT_SECURE = define(
    "same-site-none-without-secure",
    "Browsers accept a cookie whose {same_site} is None only if it's secure.",
    allowed="Lax, Strict, or a secure cookie",
)


def _redirect_code(value: int) -> Optional[Reason]:
    return None if value in _CODES else Reason(INVALID_REDIRECT_CODE, {"codes": list(_CODES)})


def _app_root(value: str) -> Optional[Reason]:
    # No tilde and no slash at the end: F5 NGINX Ingress Controller 5.5.4, validateAppRootAnnotation.
    if reason := route_path(value):
        return reason
    if _APP_ROOT.fullmatch(value):
        return None
    shorter = value.rstrip("/")
    return Reason(INVALID_APP_ROOT, suggestion=shorter if _APP_ROOT.fullmatch(shorter) else ABSENT)


def _some(what: str) -> Rule:
    return some(f"at least one {what}")


_SECONDS = Field(whole_number(1, what=SECONDS))
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
        "body_size": Field(whole_number(0, 10**6, NGINX_MIB)),
        "allowed_sources": _RANGES,
        "denied_sources": _RANGES,
        "request_headers": _HEADERS,
        "response_headers": _HEADERS,
        "annotations": Field(keys=annotation_key),
    },
    Redirect: {"host": Field(server_name), "path": Field(redirect_path), "code": Field(_redirect_code)},
    # nginx's own limit (ngx_http_proxy_module, proxy_connect_timeout).
    Timeouts: {"connect": Field(whole_number(1, 75, SECONDS)), "read": _SECONDS, "send": _SECONDS},
    BackendTls: {"ca_certificate": Field(pem_certificate, secret=True), "server_name": Field(server_name)},
    SessionPersistence: {"cookie": Field(cookie_name), "max_age": _SECONDS, "path": Field(cookie_path)},
    RateLimit: {"requests": _COUNT, "burst": _COUNT, "connections": _COUNT},
    Cors: {
        "origins": Field(_some("origin"), items=origin),
        "methods": Field(_some("method"), items=http_method),
        "headers": Field(_some("header"), items=header_name),
        "expose_headers": Field(_some("header"), items=header_name),
        "max_age": Field(whole_number(0, what=SECONDS)),
    },
    BasicAuth: {
        "users": Field(_some("user"), keys=user_name, items=password_hash, secret=True),
        "secret": Field(dns_subdomain, secret=True),
        "realm": Field(plain_text),
    },
}
"""What the fields must satisfy beyond their types."""

_FOR_TARGETS = (
    "rewrite",
    "timeouts",
    "body_size",
    "buffering",
    "websocket",
    "protocol",
    "backend_tls",
    "session_persistence",
    "load_balancing",
    "request_headers",
    "response_headers",
    "cors",
    "basic_auth",
    "rate_limit",
    "allowed_sources",
    "denied_sources",
)


def check_route(route: RouteSpec, problems: Problems) -> None:
    """Report what a route's fields contradict in each other, whatever its host."""
    for rule in _RULES:
        problems.run(rule, route)
    if route.redirect is not None:
        for field in _FOR_TARGETS:
            problems.run(_check_for_target, route, field)


def _check_destination(route: RouteSpec, problems: Problems) -> None:
    if route.redirect is None and route.target is None:
        at = route.at / "target"
        problems.report(NO_TARGET, at, target=FieldName("target"), redirect=FieldName("redirect"))
    if route.redirect is not None and route.target is not None:
        at = route.at / "redirect"
        problems.report_exclusive(at, "target", fix=Remove(at))


def _check_target_of_route(route: RouteSpec, problems: Problems) -> None:
    if route.target is not None:
        check_target(route.target, problems)


def check_target(target: TargetSpec, problems: Problems) -> None:
    """Report a target without a port, with two, or whose pods' port isn't known although a policy opens it.

    A NetworkPolicy can name a port too, but that's a name of the pods' containers, which has nothing to do with the
    name in the Service: such a rule would open another port, or none.
    """
    problems.run(check_tcp, target)
    at = target.at / "port_name"
    if target.port is None and target.port_name is None:
        problems.report(NO_PORT, at, port=FieldName("port"), port_name=FieldName("port_name"))
    if target.port is not None and target.port_name is not None:
        problems.report_exclusive(at, "port", fix=Remove(at))
    if target.selector and target.port_name is not None and target.port is None and target.target_port is None:
        fields: dict[str, Any] = {name: FieldName(name) for name in ("port_name", "target_port", "selector")}
        problems.report(POD_PORT_UNKNOWN, target.at / "target_port", **fields)


def _check_for_target(route: RouteSpec, field: str, problems: Problems) -> None:
    if getattr(route, field) is not None:
        problems.report(ONLY_WITH_TARGET, route.at / field, field=FieldName(field), fix=Remove(route.at / field))


def _check_redirect(route: RouteSpec, problems: Problems) -> None:
    redirect = route.redirect
    if redirect is not None and redirect.host is None and redirect.path is None:
        fields: dict[str, Any] = {name: FieldName(name) for name in ("host", "path", "tls")}
        problems.report(EMPTY_REDIRECT, redirect.at, **fields)


def _check_backend_tls(route: RouteSpec, problems: Problems) -> None:
    protocol = route.protocol or BackendProtocol.HTTP
    if route.backend_tls is None or protocol.uses_tls:
        return
    secured = BackendProtocol.GRPCS if protocol.is_grpc else BackendProtocol.HTTPS
    problems.report(
        BACKEND_TLS_WITHOUT_TLS,
        route.at / "backend_tls",
        backend_tls=FieldName("backend_tls"),
        protocol=FieldName("protocol"),
        fix=Set(route.at / "protocol", secured.value),
    )


def _check_websocket(route: RouteSpec, problems: Problems) -> None:
    if route.websocket and route.protocol is not None and route.protocol.is_grpc:
        at = route.at / "websocket"
        problems.report(WEBSOCKET_WITH_GRPC, at, protocol=FieldName("protocol"), fix=Remove(at))


def _check_rate_limit(route: RouteSpec, problems: Problems) -> None:
    limit = route.rate_limit
    if limit is None:
        return
    requests = FieldName("requests")
    if limit.requests is None and limit.connections is None:
        fields = [requests, FieldName("connections")]
        problems.report(EMPTY_RATE_LIMIT, limit.at, fields=fields, fix=Remove(limit.at))
    for field, value in (("per", limit.per), ("burst", limit.burst)):
        if value is not None and limit.requests is None:
            at = limit.at / field
            problems.report(RATE_WITHOUT_REQUESTS, at, field=FieldName(field), requests=requests, fix=Remove(at))


def _check_burst(route: RouteSpec, problems: Problems) -> None:
    limit = route.rate_limit
    if limit is None or not isinstance(limit.requests, int) or not isinstance(limit.burst, int):
        return
    if limit.burst < limit.requests:
        at = limit.at / "burst"
        problems.report(BURST_BELOW_RATE, at, value=limit.burst, requests=limit.requests, fix=Remove(at))


def _check_cors(route: RouteSpec, problems: Problems) -> None:
    cors = route.cors
    if cors is None or "*" not in cors.origins:
        return
    if cors.credentials:
        at = cors.at / "credentials"
        problems.report(CREDENTIALS_FOR_ALL, at, fix=Remove(at))
    if len(cors.origins) > 1:
        problems.report(ORIGINS_BESIDE_ALL, cors.at / "origins", fix=Set(cors.at / "origins", ["*"]))


def _cors_headers(route: RouteSpec) -> dict[str, tuple[str, Any]]:
    """The response headers of CORS that a route adds: each name as it's written, and the value."""
    headers = (route.response_headers or {}).items()
    return {name.lower(): (name, value) for name, value in headers if name.lower().startswith(_CORS_HEADERS)}


def any_origin_header(route: RouteSpec) -> Optional[str]:
    """The response header by which pages of every site can use the route; None if there is none."""
    name, value = _cors_headers(route).get(_ALLOW_ORIGIN, ("", ""))
    return name if isinstance(value, str) and value in _EVERY_ORIGIN else None


def _check_cors_headers(route: RouteSpec, problems: Problems) -> None:
    found, at, cors = _cors_headers(route), route.at / "response_headers", FieldName("cors")
    if route.cors is not None:
        for name, _ in found.values():
            problems.report(CORS_HEADER_BESIDE_FIELD, at / Key(name), cors=cors, fix=_removal(route, name))
        return
    name, origin = found.get(_ALLOW_ORIGIN, ("", ""))
    if isinstance(origin, str) and re.search(r"[,\s]", origin):
        problems.report(SEVERAL_ORIGINS, at / Key(name), value=origin, cors=cors)
    credentials, allows = found.get(_ALLOW_CREDENTIALS, ("", ""))
    if isinstance(origin, str) and origin in _EVERY_ORIGIN and allows == "true":
        problems.report(CREDENTIALS_FOR_ALL, at / Key(credentials), fix=Remove(at / Key(credentials)))


def _removal(route: RouteSpec, header: str) -> Remove:
    at = route.at / "response_headers"
    return Remove(at if len(route.response_headers or {}) == 1 else at / Key(header))


def _check_basic_auth(route: RouteSpec, problems: Problems) -> None:
    auth = route.basic_auth
    if auth is None:
        return
    if auth.users is not None and auth.secret is not None:
        problems.report_exclusive(auth.at / "secret", "users", fix=Remove(auth.at / "secret"))
    if auth.users is None and auth.secret is None:
        problems.report(NO_USERS, auth.at, fields=[FieldName("users"), FieldName("secret")])


def _check_contents(route: RouteSpec, problems: Problems) -> None:
    if route.backend_tls is not None:
        at = route.backend_tls.at / "ca_certificate"
        check_data({"": route.backend_tls.ca_certificate}, at, "Secret", problems)
    if route.basic_auth is not None and route.basic_auth.users is not None:
        # One line for each user: the name, a colon, and the hash.
        users = {name: [name, hashed, ":\n"] for name, hashed in route.basic_auth.users.items()}
        check_data(users, route.basic_auth.at / "users", "Secret", problems)


_RULES = (
    _check_destination,
    _check_target_of_route,
    _check_redirect,
    _check_backend_tls,
    _check_websocket,
    _check_rate_limit,
    _check_burst,
    _check_cors,
    _check_cors_headers,
    _check_basic_auth,
    _check_contents,
)


def check_route_of_host(route: ResolvedRoute, problems: Problems, *, has_tls: bool) -> None:
    """Report what a route's fields contradict in its host; `has_tls` is whether the host has TLS."""
    if not has_tls:
        problems.run(_check_grpc, route)
        problems.run(_check_password, route)
    problems.run(_check_cookie, route, has_tls)


def check_app_root(route: ResolvedRoute, problems: Problems) -> None:
    """Report an app root of a route that doesn't match every path of its host."""
    if route.spec.app_root is not None and not route.is_root:
        at = route.at / "app_root"
        problems.report(APP_ROOT_WITHOUT_ROOT, at, app_root=FieldName("app_root"), fix=Remove(at))


def _check_grpc(route: ResolvedRoute, problems: Problems) -> None:
    # Clients get HTTP/2, which gRPC needs, only with TLS.
    if route.protocol.is_grpc:
        _report_without_tls(route, "protocol", problems)


def _check_password(route: ResolvedRoute, problems: Problems) -> None:
    # Otherwise, anyone between the client and the gateway could read the password.
    if route.spec.basic_auth is not None:
        _report_without_tls(route, "basic_auth", problems)


def _report_without_tls(route: ResolvedRoute, field: str, problems: Problems) -> None:
    named: dict[str, Any] = {"field": FieldName(field), "tls": FieldName("tls")}
    problems.report(NEEDS_HOST_TLS, route.at / field, host=route.host or "every host", **named)


def _check_cookie(route: ResolvedRoute, has_tls: bool, problems: Problems) -> None:
    session = route.spec.session_persistence
    if session is None:
        return
    secure, same_site = session.at / "secure", session.at / "same_site"
    crosses_sites = session.same_site is SameSite.NONE
    if session.secure and not has_tls:
        edits: list[Edit] = [Remove(secure), *([Remove(same_site)] if crosses_sites else [])]
        problems.report(SECURE_COOKIE_WITHOUT_TLS, secure, host=route.host or "every host", fix=edits)
    elif crosses_sites and not (has_tls if session.secure is None else session.secure):
        fix = Remove(secure) if has_tls else Remove(same_site)
        problems.report(CROSS_SITE_COOKIE_NOT_SECURE, same_site, same_site=FieldName("same_site"), fix=fix)
