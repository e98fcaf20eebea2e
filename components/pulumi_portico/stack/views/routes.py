"""The table of hosts and paths."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pulumi

from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.choices import AwsListenerProtocol
from ...aws_load_balancer.listener import AwsListenerSpec
from ...ingress_gateway.defaults import redirect_parts
from ...ingress_gateway.resolved_routes import ResolvedRoute
from ...ingress_gateway.route_set import RouteSet
from ...public_load_balancer.common import tls_ports
from ...public_load_balancer.exposure import ExposureSpec
from ...public_load_balancer.plan import request_of
from ..dns_names import NAME_ANNOTATIONS, names_in
from ..plan import StackPlan
from ..view import ActionView, BackendView, PeerKind, PeerView, RedirectView, RouteView
from .aws import is_application
from .aws_routes import aws_action
from .peers import backend_of, peer_of
from .values import LATER

__all__ = ["dns_names", "route_action", "routes_of"]

_WITH_TLS = {"http": "https", "tcp": "tls"}
"""The scheme of a port whose TLS terminates at the load balancer, by the scheme of the port itself."""


def routes_of(plan: StackPlan) -> tuple[RouteView, ...]:
    """Every route of the stack, by entry, host, and path."""
    found = [*_of_gateways(plan), *_added(plan), *_of_platforms(plan), *_on_aws(plan)]
    return tuple(sorted(found, key=_order))


def _order(route: RouteView) -> tuple[str, str, str, str, int, str]:
    path_type = "" if route.path_type is None else route.path_type.value
    return route.entry.name, route.host, route.path, path_type, route.client_port or 0, route.scheme


def _of_gateways(plan: StackPlan) -> Iterator[RouteView]:
    for name, gateway in plan.gateway_plans.items():
        entry, backend = PeerView(PeerKind.GATEWAY, name), gateway.spec.default_backend
        for route in gateway.routes.routes:
            yield _of_route(plan, entry, gateway.routes, route)
        if backend is not None:
            yield RouteView(entry, "", "", None, "http", ActionView((backend_of(plan, backend),)))


def _added(plan: StackPlan) -> Iterator[RouteView]:
    """The routes of gateways of other stacks."""
    for name, routes in plan.added_routes.items():
        entry = PeerView(PeerKind.GATEWAY, name)
        for route in routes.routes:
            yield _of_route(plan, entry, routes, route)


def _of_route(plan: StackPlan, entry: PeerView, routes: RouteSet, route: ResolvedRoute) -> RouteView:
    tls = "http" if routes.tls_of(route.host) is None else "https"
    scheme = "grpc" if route.protocol.is_grpc else tls
    return RouteView(entry, route.host, route.path, route.path_type, scheme, route_action(plan, route))


def route_action(plan: StackPlan, route: ResolvedRoute) -> ActionView:
    """What a gateway does with the requests of a route."""
    if route.target is not None:
        return ActionView((backend_of(plan, route.target),))
    scheme, host, path = redirect_parts(route)
    return ActionView(redirect=RedirectView(scheme, host or "", path=path or ""))


def _of_platforms(plan: StackPlan) -> Iterator[RouteView]:
    for name, spec in plan.load_balancers.items():
        entry, request, peer = PeerView(PeerKind.LOAD_BALANCER, name), request_of(spec), peer_of(plan, spec.target)
        secured = tls_ports(request)
        for port in request.ports:
            scheme = _WITH_TLS.get(port.scheme, port.scheme) if port.name in secured else port.scheme
            action = ActionView((BackendView(peer, port.target),))
            for host in dns_names(spec.exposure) or ("",):
                yield RouteView(entry, host, "", None, scheme, action, client_port=port.number)


def _on_aws(plan: StackPlan) -> Iterator[RouteView]:
    for name, spec in plan.aws_load_balancers.items():
        entry, action_of = PeerView(PeerKind.LOAD_BALANCER, name), partial(aws_action, plan, spec)
        hosts = ("",) if is_application(spec) else tuple(spec.hosts or ()) or ("",)
        for listener in plan.aws_plans[name].listeners:
            scheme = _scheme(spec, listener)
            for route in listener.routes or ():
                row = RouteView(entry, route.host or "", route.path or "/", route.path_type, scheme, action_of(route))
                yield replace(row, client_port=listener.port, conditions=route.match.conditions)
            for host in hosts:
                yield RouteView(entry, host, "", None, scheme, action_of(listener), client_port=listener.port)


def _scheme(spec: AwsLoadBalancerSpec, listener: AwsListenerSpec) -> str:
    if listener.protocol is AwsListenerProtocol.TCP_UDP:
        return "tcp"
    return "tls" if listener.speaks_tls and not is_application(spec) else listener.protocol.value


def dns_names(exposure: ExposureSpec) -> tuple[str, ...]:
    """The host names that ExternalDNS creates for a load balancer, as far as the arguments set them."""
    annotations = exposure.all_annotations
    later = any(isinstance(annotations.get(key), pulumi.Output) for key in NAME_ANNOTATIONS)
    return (*names_in(annotations), *((LATER,) if later else ()))
