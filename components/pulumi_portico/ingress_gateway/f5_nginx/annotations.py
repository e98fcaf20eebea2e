"""The annotations of a route for F5 NGINX Ingress Controller."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from ...lifecycle.objects import ObjectSpec
from ...outputs import applied, joined, words
from ..compile_input import CompileInput
from ..defaults import COOKIE, REALM, REJECTED, burst_of, timeouts_of
from ..resolved_routes import ResolvedHost, ResolvedRoute
from ..route_settings import LoadBalancing, Per, RateLimitSpec, SameSite, SessionPersistenceSpec

__all__ = ["NIC", "prefixed", "route_annotations"]

NIC = "nginx.org/"
_HSTS = "Strict-Transport-Security"
_BALANCING = {
    LoadBalancing.ROUND_ROBIN: "round_robin",
    LoadBalancing.LEAST_CONNECTIONS: "least_conn",
    LoadBalancing.CLIENT_ADDRESS: "hash $remote_addr consistent",
    LoadBalancing.REQUEST_URI: "hash $request_uri consistent",
}


def route_annotations(component: CompileInput, route: ResolvedRoute, policies: Sequence[ObjectSpec]) -> dict[str, Any]:
    """What configures the route, by the annotations' names without their prefix; `policies` are the route's."""
    spec, service = route.spec, component.service(route)
    # By default, the controller picks the less busy of two pods at random.
    annotations: dict[str, Any] = {"lb-method": _BALANCING[spec.load_balancing or LoadBalancing.ROUND_ROBIN]}
    if route.protocol.uses_tls:
        annotations["ssl-services"] = service
    if route.protocol.is_grpc:
        annotations["grpc-services"] = service
    else:
        annotations.update(_bodies(route))
    if route.accepts_websockets:
        annotations["websocket-services"] = service
    for name, value in timeouts_of(route).items():
        annotations[f"proxy-{name}-timeout"] = applied(value, lambda seconds: f"{seconds}s")
    if spec.session_persistence is not None:
        cookie = _cookie(route, spec.session_persistence, component.hosts[route.host])
        annotations["sticky-cookie-services"] = words("serviceName=", service, " ", cookie)
    return {**annotations, **_access(component, route, policies), **_headers_of(component, route)}


def _access(component: CompileInput, route: ResolvedRoute, policies: Sequence[ObjectSpec]) -> dict[str, Any]:
    annotations: dict[str, Any] = {}
    if route.spec.rate_limit is not None:
        annotations.update(_rate_limit(route.spec.rate_limit))
    if (auth := route.spec.basic_auth) is not None:
        annotations["basic-auth-secret"] = component.name_of(route, "users") if auth.secret is None else auth.secret
        annotations["basic-auth-realm"] = auth.realm or REALM
    if policies:
        annotations["policies"] = ",".join(f"{component.name}-{policy.key}" for policy in policies)
    return annotations


def _headers_of(component: CompileInput, route: ResolvedRoute) -> dict[str, Any]:
    annotations: dict[str, Any] = {}
    if headers := route.spec.request_headers:
        annotations["proxy-set-headers"] = _headers(headers)
    headers = route.spec.response_headers or {}
    if route.spec.cors is not None:
        # Merged headers would be in the response to a preflight twice, which browsers reject: the template repeats the
        # location's headers in a block that also inherits them. So the server's own header is one of the route's.
        headers = {**_server_headers(component, route), **headers}
    elif headers:
        # Otherwise, those of the whole server, such as HSTS, would be lost.
        annotations["add-header-inherit"] = "merge"
    if headers:
        annotations["add-header"] = joined(_added(name, value) for name, value in sorted(headers.items()))
    return annotations


def _server_headers(component: CompileInput, route: ResolvedRoute) -> dict[str, Any]:
    """What the controller adds to the responses of a host with a certificate, as far as it's known."""
    names = {name.lower() for name in route.spec.response_headers or {}}
    if component.hsts is None or component.hosts[route.host].secret is None or _HSTS.lower() in names:
        return {}
    subdomains = "; includeSubDomains" if component.hsts.include_subdomains else ""
    return {_HSTS: applied(component.hsts.max_age, lambda age: f"max-age={age}{subdomains}; preload")}


def _bodies(route: ResolvedRoute) -> dict[str, Any]:
    annotations: dict[str, Any] = {}
    if route.spec.body_size is not None:
        annotations["client-max-body-size"] = applied(route.spec.body_size, lambda size: f"{size}m" if size else "0")
    buffers = route.spec.buffering is None or route.spec.buffering.responses is not False
    annotations["proxy-buffering"] = str(buffers).lower()
    return annotations


def _cookie(route: ResolvedRoute, session: SessionPersistenceSpec, host: ResolvedHost) -> Any:
    parts: list[Any] = [session.cookie or COOKIE]
    if session.max_age is not None:
        parts.append(applied(session.max_age, lambda age: f"expires={age}s"))
    same_site = (session.same_site or SameSite.LAX).value.lower()
    parts += [f"path={session.path or route.path}", "httponly", f"samesite={same_site}"]
    if host.tls if session.secure is None else session.secure:
        parts.append("secure")
    return joined(parts, " ")


def _rate_limit(limit: RateLimitSpec) -> dict[str, Any]:
    unit = "m" if limit.per is Per.MINUTE else "s"
    return {
        "limit-req-rate": applied(limit.requests, lambda count: f"{count}r/{unit}"),
        "limit-req-key": "${binary_remote_addr}",
        "limit-req-burst": applied(burst_of(limit), str),
        "limit-req-no-delay": "true",
        "limit-req-reject-code": str(REJECTED),
    }


def _headers(headers: Mapping[str, pulumi.Input[str]]) -> Any:
    return joined(words(name, ":", value) for name, value in sorted(headers.items()))


SPLIT_HEADERS = frozenset(
    ("accept-ch", "allow", "cache-control", "link", "permissions-policy", "server-timing", "vary")
)
"""Headers whose lists mean the same in several lines, one for each item (RFC 9110, section 5.3). The annotation has no
form for a comma in a value."""


def _added(name: str, value: Any) -> Any:
    def lines(known: str) -> str:
        items = known.split(",") if name.lower() in SPLIT_HEADERS else [known]
        return ",".join(f"{name}:{item.strip()}:always" for item in items)

    return applied(value, lines)


def prefixed(annotations: Mapping[str, pulumi.Input[str]]) -> dict[str, Any]:
    """The annotations by their whole keys."""
    return {f"{NIC}{key}": value for key, value in annotations.items()}
