"""The table of hosts and paths."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Optional, Union

from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.choices import AwsListenerProtocol
from ...aws_load_balancer.listener import AwsListenerSpec
from ...aws_load_balancer.routes import AwsRouteSpec
from ...ingress_gateway.compilation import Entry
from ...ingress_gateway.defaults import redirect_parts
from ...ingress_gateway.gateway_plan import plan_routes, routing_of
from ...ingress_gateway.resolved_routes import ResolvedRoute
from ...ingress_gateway.route_set import RouteSet
from ...ingress_gateway.routes import PathType
from ...ingress_gateway.routing import Routing
from ...ingress_gateway.told import redirect_parts as redirect_parts_of_entry
from ...public_load_balancer.common import tls_ports
from ...public_load_balancer.plan import request_of
from ..plan import StackPlan
from ..view import BackendView, PeerKind, PeerView, RedirectView, RouteView
from .aws import aws_specs, conditions_of, is_application, listeners_with_redirect
from .destinations import Destination, text_of
from .peers import aws_backend, backend_of, known_number, peer_of

__all__ = ["aws_action", "dns_names", "gateway_routing", "redirect_text", "routes_of"]

_DNS_ANNOTATION = "external-dns.alpha.kubernetes.io/hostname"
_WITH_TLS = {"http": "https", "tcp": "tls"}
"""The scheme of a port whose TLS terminates at the load balancer, by the scheme of the port itself."""

_NOT_FOUND = 404
"""The response of a listener that sets no default action."""


def routes_of(plan: StackPlan) -> tuple[RouteView, ...]:
    """Every route of the stack, by entry, host, and path."""
    found = [*_of_gateways(plan), *_of_platforms(plan), *_on_aws(plan)]
    return tuple(sorted(found, key=_order))


def _order(route: RouteView) -> tuple[str, str, str, str, int, str]:
    path_type = "" if route.path_type is None else route.path_type.value
    return route.entry.name, route.host, route.path, path_type, route.client_port or 0, route.scheme


def _of_gateways(plan: StackPlan) -> Iterator[RouteView]:
    for name, spec in plan.gateways.items():
        entry, routes = PeerView(PeerKind.GATEWAY, name), plan_routes(name, spec)
        for route in routes.routes:
            yield _of_route(plan, entry, routes, route)
        if spec.default_backend is not None:
            yield RouteView(entry, "", "", None, "http", (backend_of(plan, spec.default_backend),))


def _of_route(plan: StackPlan, entry: PeerView, routes: RouteSet, route: ResolvedRoute) -> RouteView:
    tls = "http" if routes.tls_of(route.host) is None else "https"
    row = RouteView(entry, route.host, route.path, route.path_type, "grpc" if route.protocol.is_grpc else tls)
    if route.target is not None:
        return replace(row, backends=(backend_of(plan, route.target),))
    scheme, host, path = redirect_parts(route)
    return replace(row, redirect=RedirectView(scheme, host or "", path=path or ""))


def _of_platforms(plan: StackPlan) -> Iterator[RouteView]:
    for name, spec in plan.load_balancers.items():
        entry, request, peer = PeerView(PeerKind.LOAD_BALANCER, name), request_of(spec), peer_of(plan, spec.target)
        secured = tls_ports(request)
        for port in request.ports:
            scheme = _WITH_TLS.get(port.scheme, port.scheme) if port.name in secured else port.scheme
            backends = (BackendView(peer, port.target),)
            for host in dns_names(spec) or ("",):
                yield RouteView(entry, host, "", None, scheme, backends, client_port=port.number)


def _on_aws(plan: StackPlan) -> Iterator[RouteView]:
    for name, spec in aws_specs(plan).items():
        entry = PeerView(PeerKind.LOAD_BALANCER, name)
        hosts = ("",) if is_application(spec) else tuple(spec.hosts or ()) or ("",)
        for listener in listeners_with_redirect(spec):
            scheme = _scheme(spec, listener)
            for route in listener.routes or ():
                path_type = PathType.EXACT if route.exact else PathType.PREFIX
                row = RouteView(entry, route.host or "", route.path or "/", path_type, scheme)
                row = replace(row, client_port=listener.port, conditions=conditions_of(route))
                yield _with_action(plan, spec, row, route)
            for host in hosts:
                row = RouteView(entry, host, "", None, scheme, client_port=listener.port)
                yield _with_action(plan, spec, row, listener)


def _scheme(spec: AwsLoadBalancerSpec, listener: AwsListenerSpec) -> str:
    if listener.protocol is AwsListenerProtocol.TCP_UDP:
        return "tcp"
    return "tls" if listener.speaks_tls and not is_application(spec) else listener.protocol.value


def _with_action(
    plan: StackPlan, spec: AwsLoadBalancerSpec, row: RouteView, routed: Union[AwsListenerSpec, AwsRouteSpec]
) -> RouteView:
    """The row with what the load balancer does with its requests."""
    if routed.to is not None:
        return replace(row, backends=(aws_backend(plan, routed.to, spec.targets[routed.to]),))
    if routed.weights is not None:
        shares = sorted(routed.weights.items())
        backends = (
            replace(aws_backend(plan, key, spec.targets[key]), weight=known_number(share)) for key, share in shares
        )
        return replace(row, backends=tuple(backends))
    if routed.redirect is not None:
        redirect = routed.redirect
        host, path = (text_of(part or "") for part in (redirect.host, redirect.path))
        return replace(row, redirect=RedirectView(redirect.scheme or "", host, redirect.port, path))
    return replace(row, status=_NOT_FOUND if routed.respond is None else routed.respond.status)


# What follows serves `portico route` until it is ported.


def gateway_routing(name: str, args: Mapping[str, Any]) -> Routing:
    """The routes of a gateway, with what it knows of their hosts."""
    return routing_of(name, args, args.get("namespace", name))


def redirect_text(entry: Entry) -> str:
    """Where a route's redirect leads, what stays as it was asked for left as words."""
    scheme, host, path = redirect_parts_of_entry(entry)
    return f"{scheme}://{host or 'the same host'}{'/...' if path is None else path}"


def dns_names(args: Any) -> tuple[str, ...]:
    """The host names that a load balancer of the platform is given, as far as its arguments tell."""
    told = args["exposure"].get("annotations", {}).get(_DNS_ANNOTATION)
    return tuple(it.strip() for it in text_of(told).split(",")) if told is not None else ()


def aws_action(given: Mapping[str, Any], targets: Mapping[str, Destination]) -> tuple[str, str]:
    """What a listener or a route of it does with a request: where it leads to, and the port."""
    if "to" in given:
        destination = targets[given["to"]]
        return destination.name, destination.port
    if "weights" in given:
        shares = [f"{targets[key].name} ({text_of(share)})" for key, share in sorted(given["weights"].items())]
        return " or ".join(shares), ""
    if "redirect" in given:
        return f"redirect to {_aws_redirect(given['redirect'])}", ""
    answer: Optional[Mapping[str, Any]] = given.get("respond")
    return f"answer {answer['status'] if answer else 404}", ""


def _aws_redirect(to: Mapping[str, Any]) -> str:
    port = f":{to['port']}" if "port" in to else ""
    host = text_of(to["host"]) if "host" in to else "the same host"
    return f"{to.get('scheme', 'the same scheme')}://{host}{port}{text_of(to.get('path', '/...'))}"
