"""What a stack would lose if its services were exposed in another way."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

from ..args.codes import Code
from ..args.display import parameter_text
from ..args.location import Field, KeyStyle
from ..aws_load_balancer.args import AwsLoadBalancerSpec
from ..aws_load_balancer.routes import AwsRouteSpec
from ..ingress_gateway.args import IngressGatewaySpec
from ..ingress_gateway.routes import RouteSpec
from ..load_balancers import ClientIp
from ..networking.path_type import PathType
from ..public_load_balancer.args import PublicLoadBalancerSpec
from ..public_load_balancer.plan import request_of
from ..stack import StackPlan
from ..stack.view import PeerKind
from ..stack.view_text import peer_text
from ..stack.views.aws import is_application
from ..stack.views.peers import aws_backend, peer_of
from ..untyped import Parameters

__all__ = ["Loss", "lost_with_gateway", "lost_with_load_balancers"]

ROUTE_SETTINGS = Code("route-settings", "Routes can't use {fields}.")
SHARED_HOST = Code(
    "shared-host", "{host} can't lead to several services ({services}), because each has its own address."
)
SHARED_ADDRESS = Code(
    "shared-address", "One address can't lead to several services ({services}), because each has its own address."
)
OTHER_PATHS = Code(
    "other-paths",
    "Clients can request every path of {service}. Through the gateway, they can request only {paths}.",
)
HTTPS_REDIRECT = Code("https-redirect", "Nothing redirects HTTP requests to HTTPS.")
CERT_MANAGER = Code("cert-manager", "Each service must use certificates from cert-manager itself.")
DEFAULT_BACKEND = Code("default-backend", "There is no default backend.")
NOT_HTTP = Code("not-http", "{service} doesn't speak HTTP, so it keeps its own load balancer.")
WEB_ACL = Code("web-acl", "The web ACL of {load_balancer} doesn't apply.")
OWN_ADDRESS = Code("own-address", "{service} shares the address of the gateway.")
OTHER_PORTS = Code("other-ports", "Clients of {load_balancer} can't use port {ports}. A gateway listens on 80 and 443.")
CLIENT_ADDRESS = Code(
    "client-address", "{service} doesn't see the clients' own addresses. It must read X-Forwarded-For."
)


@dataclass(frozen=True)
class Loss:
    """Something that a stack has, and wouldn't have in another way."""

    code: Code
    params: Parameters = dataclasses.field(default_factory=dict[str, Any])

    @property
    def text(self) -> str:
        """The loss in words."""
        params = {name: parameter_text(value, KeyStyle.STACK) for name, value in self.params.items()}
        return self.code.message.format(**params)


_MATCHED = ("at", "target", "host", "path", "path_type", "resolution", "websocket", "protocol")
_ROUTE_SETTINGS = [field.name for field in dataclasses.fields(RouteSpec) if field.name not in _MATCHED]
"""What a gateway does with requests, and the load balancer of a Service doesn't."""

_AWS_ROUTE_SETTINGS = ("methods", "headers", "allowed_sources", "weights", "redirect", "respond")
"""What an Application Load Balancer does with requests, and the load balancer of a Service doesn't."""

_NOT_ON_GATEWAYS = ("methods", "headers", "weights")
"""What an Application Load Balancer does with requests, and a gateway doesn't."""

_WEB_PORTS = (80, 443)


def lost_with_load_balancers(plan: StackPlan) -> tuple[Loss, ...]:
    """What the stack would lose if each service had its own load balancer."""
    found: list[Loss] = []
    for gateway in plan.gateways.values():
        found += _of_gateway(plan, gateway)
    for spec in plan.aws_load_balancers.values():
        if is_application(spec):
            found += _shared_hosts(_aws_services_by_host(plan, spec))
            found += _settings(_aws_routes(spec), _AWS_ROUTE_SETTINGS)
    return _unique(found)


def lost_with_gateway(plan: StackPlan, not_http: Iterable[str]) -> tuple[Loss, ...]:
    """What the stack would lose behind one gateway. `not_http` are the services that don't speak HTTP."""
    others = list(not_http)
    found = [Loss(NOT_HTTP, {"service": name}) for name in others]
    aws = plan.aws_load_balancers
    for spec in aws.values():
        found += _settings(_aws_routes(spec), _NOT_ON_GATEWAYS)
    found += [Loss(WEB_ACL, {"load_balancer": name}) for name, spec in aws.items() if spec.web_acl is not None]
    for name, spec in plan.load_balancers.items():
        found += _of_load_balancer(plan, name, spec, others)
    return _unique(found)


def _unique(losses: Iterable[Loss]) -> tuple[Loss, ...]:
    found: list[Loss] = []
    for loss in losses:
        if loss not in found:
            found.append(loss)
    return tuple(found)


def _of_gateway(plan: StackPlan, spec: IngressGatewaySpec) -> Iterator[Loss]:
    services: dict[str, dict[str, None]] = {}
    for route in spec.routes:
        if route.target is not None:
            services.setdefault(route.host or "", {})[peer_text(peer_of(plan, route.target))] = None
    yield from _shared_hosts(services)
    yield from _opened(plan, spec.routes)
    yield from _settings(spec.routes, _ROUTE_SETTINGS)
    redirects = spec.https_redirect is not False
    if any(redirects if tls.redirect is None else tls.redirect for tls in spec.tls.values()):
        yield Loss(HTTPS_REDIRECT)
    if any(tls.issuer is not None or tls.cluster_issuer is not None for tls in spec.tls.values()):
        yield Loss(CERT_MANAGER)
    if spec.default_backend is not None:
        yield Loss(DEFAULT_BACKEND)


def _opened(plan: StackPlan, routes: Iterable[RouteSpec]) -> Iterator[Loss]:
    """The services that clients can request only some paths of."""
    paths: dict[str, dict[str, None]] = {}
    for route in routes:
        if route.target is not None:
            path = route.path if route.path_type is PathType.PREFIX else f"{route.path} exactly"
            paths.setdefault(peer_text(peer_of(plan, route.target)), {})[path] = None
    for service, found in paths.items():
        if "/" not in found:
            yield Loss(OTHER_PATHS, {"service": service, "paths": sorted(found)})


def _settings(routes: Iterable[Union[RouteSpec, AwsRouteSpec]], names: Iterable[str]) -> Iterator[Loss]:
    """The settings among these that the routes have."""
    each = list(routes)
    used = [Field(name) for name in names if any(getattr(route, name) is not None for route in each)]
    if used:
        yield Loss(ROUTE_SETTINGS, {"fields": used})


def _aws_routes(spec: AwsLoadBalancerSpec) -> list[AwsRouteSpec]:
    return [route for listener in spec.listeners for route in listener.routes or ()]


def _aws_services_by_host(plan: StackPlan, spec: AwsLoadBalancerSpec) -> Mapping[str, Mapping[str, None]]:
    services: dict[str, dict[str, None]] = {}
    for route in _aws_routes(spec):
        if route.target is not None:
            peer = aws_backend(plan, route.target, spec.targets[route.target]).peer
            services.setdefault(route.host or "", {})[peer_text(peer)] = None
    return services


def _shared_hosts(services: Mapping[str, Mapping[str, None]]) -> Iterator[Loss]:
    """The hosts that lead to several services."""
    for host, names in services.items():
        if len(names) > 1:
            params: dict[str, Any] = {"services": sorted(names)}
            yield Loss(SHARED_HOST, {"host": host, **params}) if host else Loss(SHARED_ADDRESS, params)


def _of_load_balancer(
    plan: StackPlan, name: str, spec: PublicLoadBalancerSpec, not_http: Iterable[str]
) -> Iterator[Loss]:
    peer = peer_of(plan, spec.target)
    service = peer_text(peer)
    if peer.kind is PeerKind.GATEWAY or service in not_http:
        return
    yield Loss(OWN_ADDRESS, {"service": service, "load_balancer": name})
    ports = [port.number for port in request_of(spec).ports if port.number not in _WEB_PORTS]
    if ports:
        yield Loss(OTHER_PORTS, {"load_balancer": name, "ports": ports})
    if spec.exposure.client_ip is ClientIp.PRESERVE:
        yield Loss(CLIENT_ADDRESS, {"service": service})
