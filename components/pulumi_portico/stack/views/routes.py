"""The table of hosts and paths."""

from collections.abc import Iterator
from typing import Any

from ...ingress_gateway.defaults import redirect_parts
from ...ingress_gateway.gateway_plan import GatewayPlan, plan_routes
from ...ingress_gateway.resolved_routes import ResolvedRoute
from ...ingress_gateway.route_set import RouteSet
from ...public_load_balancer.args import PublicLoadBalancerSpec
from ...public_load_balancer.common import tls_ports
from ...public_load_balancer.exposure import ExposureSpec
from ...public_load_balancer.plan import request_of
from ..plan import StackPlan
from ..view import RouteView
from .aws_routes import aws_route_views
from .destinations import destination_of, text_of

__all__ = ["dns_names", "gateway_routing", "route_action", "routes_of"]

_DNS_ANNOTATION = "external-dns.alpha.kubernetes.io/hostname"
_WITH_TLS = {"http": "https", "tcp": "tls"}
"""The scheme of a port whose TLS terminates at the load balancer, by the scheme of the port itself."""


def routes_of(plan: StackPlan) -> tuple[RouteView, ...]:
    """Every route of the stack, by entry, host, and path."""
    found = [*_of_gateways(plan), *_of_load_balancers(plan)]
    for name in plan.aws_load_balancers:
        found += aws_route_views(plan, name)
    return tuple(sorted(found, key=_order))


def _order(row: RouteView) -> tuple[str, ...]:
    return row.entry, row.host, row.path, row.path_type, row.client_port, row.scheme


def gateway_routing(name: str, spec: Any) -> RouteSet:
    """The routes of a gateway."""
    # Serves plain_text.py until it is ported.
    return plan_routes(name, spec)


def _of_gateways(plan: StackPlan) -> Iterator[RouteView]:
    for name, gateway in plan.gateway_plans.items():
        for route in gateway.routes.routes:
            action = route_action(plan, route)
            yield RouteView(name, route.host, route.path, route.path_type.value, *action, _scheme(gateway, route))
        if gateway.spec.default_backend is not None:
            destination = destination_of(plan, gateway.spec.default_backend)
            yield RouteView(name, "", "", "", destination.name, destination.port, "http")


def _scheme(gateway: GatewayPlan, route: ResolvedRoute) -> str:
    if route.protocol.is_grpc:
        return "grpc"
    return "http" if gateway.routes.tls_of(route.host) is None else "https"


def route_action(plan: StackPlan, route: ResolvedRoute) -> tuple[str, str]:
    """What a gateway's route leads to, and the port of that; the port is empty for a redirect."""
    if route.target is None:
        scheme, host, path = redirect_parts(route)
        return f"redirect to {scheme}://{host or 'the same host'}{'/...' if path is None else path}", ""
    destination = destination_of(plan, route.target)
    return destination.name, destination.port


def _of_load_balancers(plan: StackPlan) -> Iterator[RouteView]:
    for name, spec in plan.load_balancers.items():
        yield from _of_load_balancer(plan, name, spec)


def _of_load_balancer(plan: StackPlan, name: str, spec: PublicLoadBalancerSpec) -> Iterator[RouteView]:
    request, destination = request_of(spec), destination_of(plan, spec.target)
    terminated = tls_ports(request)
    for port in request.ports:
        scheme = _WITH_TLS.get(port.scheme, port.scheme) if port.name in terminated else port.scheme
        for host in dns_names(spec.exposure) or ("",):
            yield RouteView(name, host, "", "", destination.name, str(port.target), scheme, str(port.number))


def dns_names(exposure: ExposureSpec) -> tuple[str, ...]:
    """The host names that ExternalDNS creates for a load balancer, as far as the arguments set them."""
    listed = exposure.annotations.get(_DNS_ANNOTATION)
    return () if listed is None else tuple(name.strip() for name in text_of(listed).split(","))
