"""What ingress-nginx supports, and what it doesn't support in combination."""

import pulumi

from ...args.codes import define
from ...args.location import Field
from ...args.problems import Problems, Remove, Set
from ..capabilities import Alternative, FeatureSupport
from ..compile_input import CompileInput
from ..controller_module import ControllerModule, SharedSetting
from ..defaults import REDIRECT_CODE, redirect_parts
from ..resolved_routes import ResolvedRoute
from ..route_settings import LoadBalancing
from ..routes import PathType
from ..text_rules import nginx_path
from .annotation_fields import ANNOTATION_FIELDS
from .annotations import PREFIX, burst_reason
from .ingresses import compile_routes
from .installer import INSTALLER
from .raw_annotations import RAW_ANNOTATIONS

__all__ = ["MODULE"]

REDIRECT_WITHOUT_HOST = define(
    "ingress-nginx-redirect-without-host",
    "{controller} redirects only to a host that it knows in advance.",
    allowed="a host name",
    hint="Set {host}.",
)
CODE_WITHOUT_PATH = define(
    "ingress-nginx-code-without-path",
    "{controller} can't redirect with status {value} to the path of the request.",
    allowed="302, or any status code with {path}",
)
REDIRECT_WITHOUT_ROOT = define(
    "ingress-nginx-redirect-without-root-route",
    "{controller} would also redirect every path of the host that no route matches: it gives these the settings of "
    "the host's first Ingress.",
    allowed="a redirect on a host that also has a route of the path /",
    hint="Add a route of the path /, or set {default_backend}.",
)
COOKIE_PATH = define(
    "ingress-nginx-cookie-path",
    "The path of the cookie, {value}, contains an @, which ingress-nginx rejects.",
    allowed="a path without @",
)
HIGH_RISK = define(
    "ingress-nginx-high-risk-annotation",
    "{controller} supports {feature} only with the annotation {annotation}, and Portico configures it to reject "
    "annotations of high risk.",
    allowed="controllers that support it: {supported_by}",
    hint="Choose a controller that supports it, or leave it out.",
)
WEBSOCKETS_ALWAYS = define(
    "ingress-nginx-websockets-always",
    "{controller} lets every connection become a WebSocket.",
    allowed="controllers that support it: {supported_by}",
)
HEADERS_OF_ALL_ROUTES = define(
    "ingress-nginx-headers-of-all-routes",
    "{controller} sets request headers only for all routes at once.",
    allowed="controllers that support it: {supported_by}",
)


def check(component: CompileInput, problems: Problems) -> None:
    """Report what ingress-nginx doesn't support in combination."""
    for route in component.routes:
        problems.run(_check_redirect_target, route)
        problems.run(_check_redirect_root, component, route)
        problems.run(_check_burst, route)
        problems.run(_check_cookie_path, route)


def _check_redirect_target(route: ResolvedRoute, problems: Problems) -> None:
    redirect = route.spec.redirect
    if redirect is None:
        return
    _, host, path = redirect_parts(route)
    if host is None:
        problems.report(REDIRECT_WITHOUT_HOST, redirect.at / "host", controller=MODULE.title, host=redirect.at / "host")
    if path is None and redirect.code not in (None, REDIRECT_CODE):
        at = redirect.at / "code"
        problems.report(
            CODE_WITHOUT_PATH,
            at,
            value=redirect.code,
            controller=MODULE.title,
            path=redirect.at / "path",
            fix=Remove(at),
        )


def _check_redirect_root(component: CompileInput, route: ResolvedRoute, problems: Problems) -> None:
    if route.spec.redirect is not None and route.host not in component.hosts_with_root_route:
        problems.report(
            REDIRECT_WITHOUT_ROOT,
            route.at / "redirect",
            controller=MODULE.title,
            default_backend=Field("default_backend"),
        )


def _check_burst(route: ResolvedRoute, problems: Problems) -> None:
    limit = route.spec.rate_limit
    if limit is None or not isinstance(limit.requests, int) or not isinstance(limit.burst, int):
        return
    # A burst below the rate is rejected on every controller.
    if limit.burst >= limit.requests and (reason := burst_reason(limit.requests, limit.burst)):
        problems.reject(limit.at / "burst", limit.burst, reason)


def _check_cookie_path(route: ResolvedRoute, problems: Problems) -> None:
    session = route.spec.session_persistence
    if session is not None and "@" in (path := session.path or route.path):
        # Browsers also send the cookie of a path above.
        above = path[: path.index("@")].rpartition("/")[0] or "/"
        at = session.at / "path"
        problems.report(COOKIE_PATH, at, value=path, fix=Set(at, above))


def shared_settings(component: CompileInput) -> list[SharedSetting]:
    """How pods are chosen: one setting of a Service's port, whichever route leads there."""
    found: list[SharedSetting] = []
    for route in component.routes:
        if route.target is None:
            continue
        balancing = route.spec.load_balancing or LoadBalancing.ROUND_ROBIN
        target = _target_key(route)
        found.append(((target, "load_balancing"), balancing, route))
        if route.spec.session_persistence is not None:
            found.append(((target, "session_persistence"), route.spec.session_persistence, route))
    return found


def _target_key(route: ResolvedRoute) -> str:
    """The target, as far as it's known in advance."""
    target = route.target
    assert target is not None, "a route that redirects has no target"
    known = {
        name: value
        for name, value in (
            ("service", target.service),
            ("namespace", target.namespace),
            ("port", target.port),
            ("port_name", target.port_name),
        )
        if not isinstance(value, pulumi.Output)
    }
    return repr(sorted((name, value) for name, value in known.items() if value is not None))


def _an(*keys: str) -> FeatureSupport:
    return FeatureSupport(tuple(f"{PREFIX}{key}" for key in keys))


def _high_risk(annotation: str) -> Alternative:
    return Alternative(HIGH_RISK, {"annotation": annotation})


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
    name="ingress-nginx",
    title="ingress-nginx",
    supported_versions=("1.15",),
    installer=INSTALLER,
    path=nginx_path,
    compile=compile_routes,
    check=check,
    shared=shared_settings,
    declares_response_headers=True,
    annotation_prefixes=(PREFIX,),
    raw_annotations=RAW_ANNOTATIONS,
    annotation_fields=ANNOTATION_FIELDS,
    client_address_annotations=(f"{PREFIX}whitelist-source-range",),
    annotations_written=(
        f"{PREFIX}use-regex",
        f"{PREFIX}ssl-redirect",
        f"{PREFIX}force-ssl-redirect",
        f"{PREFIX}preserve-trailing-slash",
    ),
    features={
        "host=wildcard": FeatureSupport(),
        "host=any": FeatureSupport(),
        f"path_type={PathType.PREFIX.value}": FeatureSupport(),
        f"path_type={PathType.EXACT.value}": FeatureSupport(),
        "rewrite": _an("rewrite-target"),
        "redirect.scheme": _an("rewrite-target", "permanent-redirect", "temporal-redirect"),
        "redirect.host": _an("rewrite-target", "permanent-redirect", "temporal-redirect"),
        "redirect.path": _an(*_REDIRECT_KEYS),
        "redirect.keep_query=false": FeatureSupport(),
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
        "protocol=HTTP": FeatureSupport(),
        "protocol=HTTPS": _an("backend-protocol"),
        "protocol=GRPC": _an("backend-protocol"),
        "protocol=GRPCS": _an("backend-protocol"),
        "session_persistence.cookie": _an(*_COOKIE_KEYS),
        "session_persistence.max_age": _an("session-cookie-max-age", "session-cookie-expires"),
        "session_persistence.path": _an("session-cookie-path"),
        "session_persistence.same_site": _an("session-cookie-samesite"),
        "session_persistence.secure=true": _an("session-cookie-secure"),
        "session_persistence.secure=false": _an("session-cookie-secure"),
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
        "allowed_sources+denied_sources": FeatureSupport(),
        "basic_auth.users": _an("auth-type", "auth-secret", "auth-secret-type", "auth-realm"),
        "basic_auth.secret": _an("auth-type", "auth-secret", "auth-secret-type", "auth-realm"),
        "basic_auth.realm": _an("auth-realm"),
        "response_headers": _an("custom-headers"),
    },
    alternatives={
        "websocket=false": Alternative(WEBSOCKETS_ALWAYS),
        "backend_tls.ca_certificate": _high_risk("proxy-ssl-name"),
        "backend_tls.server_name": _high_risk("proxy-ssl-name"),
        "load_balancing=least-connections": Alternative(value=LoadBalancing.FASTEST.value),
        "load_balancing=client-address": _high_risk("upstream-hash-by"),
        "load_balancing=request-uri": _high_risk("upstream-hash-by"),
        "request_headers": Alternative(HEADERS_OF_ALL_ROUTES),
    },
)
"""ingress-nginx."""
