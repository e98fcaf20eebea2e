"""The annotations of a route for ingress-nginx, and the objects that they refer to."""

from typing import Any, Optional

import pulumi

from ...args.codes import define
from ...args.problems import Reason
from ...lifecycle.objects import ObjectSpec
from ...outputs import applied, combined, joined, words
from ..compile_input import CompileInput
from ..defaults import (
    COOKIE,
    CORS_HEADERS,
    CORS_MAX_AGE,
    CORS_METHODS,
    REALM,
    REDIRECT_CODE,
    burst_of,
    htpasswd,
    redirect_parts,
    timeouts_of,
)
from ..resolved_routes import ResolvedHost, ResolvedRoute
from ..route_settings import (
    BackendProtocol,
    BasicAuthSpec,
    CorsSpec,
    LoadBalancing,
    Per,
    RateLimitSpec,
    RedirectSpec,
    SameSite,
    SessionPersistenceSpec,
)

__all__ = [
    "PREFIX",
    "build_referenced",
    "burst_reason",
    "ingress_namespace",
    "keeps_path",
    "redirect_annotations",
    "route_annotations",
]

PREFIX = "nginx.ingress.kubernetes.io/"
_PERMANENT = (301, 308)
_BALANCING = {LoadBalancing.ROUND_ROBIN: "round_robin", LoadBalancing.FASTEST: "ewma"}

BURST_NOT_MULTIPLE = define(
    "ingress-nginx-burst-not-a-multiple",
    "{value} isn't a multiple of the rate of {requests} requests, and ingress-nginx sets a burst only as a multiple.",
    allowed="a multiple of {requests}",
)


def route_annotations(component: CompileInput, route: ResolvedRoute) -> dict[str, Any]:
    """The annotations of a route's Ingress."""
    host, spec = component.hosts[route.host], route.spec
    annotations: dict[str, Any] = {"use-regex": "true"}
    if route.rewrite is not None:
        annotations["rewrite-target"] = _rewrite_target(route, route.rewrite)
    if spec.redirect is not None:
        annotations.update(_redirect(route, spec.redirect))
    if spec.app_root is not None:
        annotations["app-root"] = spec.app_root
    annotations.update({f"proxy-{name}-timeout": applied(value, str) for name, value in timeouts_of(route).items()})
    if spec.body_size is not None:
        annotations["proxy-body-size"] = applied(spec.body_size, lambda size: f"{size}m" if size else "0")
    if route.target is not None:
        annotations.update(_target(route, host))
    annotations.update(_access(component, route))
    return {**{f"{PREFIX}{key}": value for key, value in annotations.items()}, **redirect_annotations(host)}


def _rewrite_target(route: ResolvedRoute, rewrite: str) -> str:
    if route.exact:
        return rewrite
    if route.path == "/":
        return f"{rewrite}/$1"
    return f"{rewrite}$1" if rewrite else "/$2"


def keeps_path(route: ResolvedRoute) -> bool:
    """Whether it redirects clients to the path that they requested."""
    return route.spec.redirect is not None and route.spec.redirect.path is None


def ingress_namespace(component: CompileInput, route: ResolvedRoute) -> Any:
    """The namespace of a route's Ingress: the target's, which it must be in."""
    return component.namespace if route.target is None else route.namespace


def redirect_annotations(host: ResolvedHost) -> dict[str, str]:
    """How requests without TLS are handled. Paths that no route matches have it from the host's own Ingress."""
    redirects = host.tls and host.redirect
    annotations = {"ssl-redirect": str(redirects).lower()}
    if redirects:
        # Otherwise, /a/ would be redirected to /a.
        annotations["preserve-trailing-slash"] = "true"
        if host.tls_terminated_upstream:
            annotations["force-ssl-redirect"] = "true"
    return {f"{PREFIX}{key}": value for key, value in annotations.items()}


def _redirect(route: ResolvedRoute, redirect: RedirectSpec) -> dict[str, str]:
    scheme, host, path = redirect_parts(route)
    if path is None:
        # A replacement that begins with a scheme is a redirect for nginx, and the only one that can have the path of
        # the request.
        return {"rewrite-target": f"{scheme}://{host}/$1"}
    code = redirect.code or REDIRECT_CODE
    kind = "permanent" if code in _PERMANENT else "temporal"
    return {f"{kind}-redirect": f"{scheme}://{host}{path}", f"{kind}-redirect-code": str(code)}


def _target(route: ResolvedRoute, host: ResolvedHost) -> dict[str, Any]:
    spec, buffering = route.spec, route.spec.buffering
    annotations: dict[str, Any] = {
        "proxy-request-buffering": "off" if buffering and buffering.requests is False else "on",
        "proxy-buffering": "off" if buffering and buffering.responses is False else "on",
    }
    if route.protocol is not BackendProtocol.HTTP:
        annotations["backend-protocol"] = route.protocol.value
    if spec.load_balancing is not None:
        annotations["load-balance"] = _BALANCING[spec.load_balancing]
    if spec.session_persistence is not None:
        annotations.update(_persistence(route, spec.session_persistence, host))
    return annotations


def _persistence(route: ResolvedRoute, session: SessionPersistenceSpec, host: ResolvedHost) -> dict[str, Any]:
    secure = host.tls if session.secure is None else session.secure
    annotations: dict[str, Any] = {
        "affinity": "cookie",
        "affinity-mode": "persistent",
        "session-cookie-name": session.cookie or COOKIE,
        "session-cookie-path": session.path or route.path,
        "session-cookie-samesite": (session.same_site or SameSite.LAX).value,
        "session-cookie-secure": str(secure).lower(),
    }
    if session.max_age is not None:
        annotations["session-cookie-max-age"] = annotations["session-cookie-expires"] = applied(session.max_age, str)
    return annotations


def _access(component: CompileInput, route: ResolvedRoute) -> dict[str, Any]:
    spec = route.spec
    annotations: dict[str, Any] = {}
    if spec.allowed_sources is not None:
        annotations["allowlist-source-range"] = joined(spec.allowed_sources)
    if spec.denied_sources is not None:
        annotations["denylist-source-range"] = joined(spec.denied_sources)
    if spec.rate_limit is not None:
        annotations.update(_rate_limit(spec.rate_limit))
    if spec.cors is not None:
        annotations.update(_cors(spec.cors))
    if spec.basic_auth is not None:
        annotations.update(_basic_auth(component, route, spec.basic_auth))
    if spec.response_headers is not None:
        annotations["custom-headers"] = words(route.namespace, "/", component.name_of(route, "headers"))
    return annotations


def _basic_auth(component: CompileInput, route: ResolvedRoute, auth: BasicAuthSpec) -> dict[str, Any]:
    return {
        "auth-type": "basic",
        "auth-secret": component.name_of(route, "users") if auth.secret is None else auth.secret,
        "auth-secret-type": "auth-file",
        "auth-realm": auth.realm or REALM,
    }


def _rate_limit(limit: RateLimitSpec) -> dict[str, Any]:
    annotations: dict[str, Any] = {}
    if limit.requests is not None:
        rate = "limit-rpm" if limit.per is Per.MINUTE else "limit-rps"
        annotations[rate] = applied(limit.requests, str)
        annotations["limit-burst-multiplier"] = combined(
            # A rule has checked that it's a multiple.
            [limit.requests, burst_of(limit)],
            lambda known: str(known[1] // known[0]),
        )
    if limit.connections is not None:
        annotations["limit-connections"] = applied(limit.connections, str)
    return annotations


def burst_reason(requests: int, burst: int) -> Optional[Reason]:
    """Why ingress-nginx rejects a burst; None if it accepts it."""
    if burst >= requests and burst % requests == 0:
        return None
    return Reason(BURST_NOT_MULTIPLE, {"requests": requests}, max(1, round(burst / requests)) * requests)


def _cors(cors: CorsSpec) -> dict[str, str]:
    annotations = {
        "enable-cors": "true",
        "cors-allow-origin": ",".join(cors.origins),
        "cors-allow-methods": ", ".join(cors.methods or CORS_METHODS),
        "cors-allow-headers": ", ".join(cors.headers or CORS_HEADERS),
        "cors-allow-credentials": str(bool(cors.credentials)).lower(),
        "cors-max-age": str(CORS_MAX_AGE if cors.max_age is None else cors.max_age),
    }
    if cors.expose_headers:
        annotations["cors-expose-headers"] = ", ".join(cors.expose_headers)
    return annotations


def build_referenced(component: CompileInput, route: ResolvedRoute) -> list[ObjectSpec]:
    """The objects that a route's annotations refer to."""
    auth, headers = route.spec.basic_auth, route.spec.response_headers
    namespace = ingress_namespace(component, route)
    objects: list[ObjectSpec] = []
    if auth is not None and auth.users:
        # Secret, even if the hashes aren't.
        data = pulumi.Output.secret({"auth": htpasswd(auth.users)})
        content = {"type": "Opaque", "stringData": data}
        objects.append(component.named_object(route, "users", namespace, "Secret", content))
    if headers:
        objects.append(component.named_object(route, "headers", namespace, "ConfigMap", {"data": dict(headers)}))
    return objects
