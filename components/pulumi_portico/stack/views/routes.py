"""The table of hosts and paths."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.plan import plan_aws_load_balancer
from ...aws_load_balancer.routes import NOT_FOUND, ActionSpec, AwsRedirectSpec
from ...ingress_gateway.compilation import Entry, entry_of
from ...ingress_gateway.gateway_plan import routing_of
from ...ingress_gateway.matching import host_of, path_of, path_type_of
from ...ingress_gateway.routing import Routing
from ...ingress_gateway.told import is_grpc, redirect_parts
from ...public_load_balancer.common import tls_ports
from ..plan import StackPlan
from ..view import RouteView
from .balancers import targets_of
from .destinations import Destination, destination_of, text_of
from .requests import request_of

__all__ = ["aws_action", "dns_names", "gateway_routing", "redirect_text", "routes_of"]

_DNS_ANNOTATION = "external-dns.alpha.kubernetes.io/hostname"
_SECURE = {"http": "https", "tcp": "tls"}


def routes_of(plan: StackPlan) -> tuple[RouteView, ...]:
    """Every route of the stack, by entry, host and path."""
    found = [*_of_gateways(plan), *_of_balancers(plan)]
    return tuple(sorted(found, key=lambda it: (it.entry, it.host, it.path, it.path_type, it.client_port, it.scheme)))


def gateway_routing(name: str, args: Mapping[str, Any]) -> Routing:
    """The routes of a gateway, with what it knows of their hosts."""
    return routing_of(name, args, args.get("namespace", name))


def _of_gateways(plan: StackPlan) -> Iterator[RouteView]:
    for name, args in plan.gateway_args.items():
        routing = gateway_routing(name, args)
        for route in args.get("routes", []):
            entry = entry_of(route)
            secure = routing.tls_of(entry.host) is not None
            scheme = "grpc" if is_grpc(entry) else "https" if secure else "http"
            leads_to, port = _action(plan, entry)
            yield RouteView(name, host_of(route), path_of(route), path_type_of(route), leads_to, port, scheme)
        if "default_backend" in args:
            destination = destination_of(plan, args["default_backend"])
            yield RouteView(name, "", "", "", destination.name, destination.port, "http")


def _action(plan: StackPlan, entry: Entry) -> tuple[str, str]:
    if "redirect" in entry.args:
        return f"redirect to {redirect_text(entry)}", ""
    destination = destination_of(plan, cast("Any", entry.target))
    return destination.name, destination.port


def redirect_text(entry: Entry) -> str:
    """Where a route's redirect leads, what stays as it was asked for left as words."""
    scheme, host, path = redirect_parts(entry)
    return f"{scheme}://{host or 'the same host'}{'/...' if path is None else path}"


def _of_balancers(plan: StackPlan) -> Iterator[RouteView]:
    for name, args in plan.load_balancer_args.items():
        yield from _of_platform(plan, name, args)
    for name, spec in plan.aws_load_balancers.items():
        yield from _of_aws(plan, name, spec)


def _of_platform(plan: StackPlan, name: str, args: Mapping[str, Any]) -> Iterator[RouteView]:
    request, destination = request_of(plan, args), destination_of(plan, args["target"])
    secured = tls_ports(request)
    for port in request.ports:
        scheme = _SECURE.get(port.scheme, port.scheme) if port.name in secured else port.scheme
        for host in dns_names(args) or ("",):
            yield RouteView(name, host, "", "", destination.name, str(port.target), scheme, str(port.number))


def dns_names(args: Mapping[str, Any]) -> tuple[str, ...]:
    """The host names that a load balancer of the platform is given, as far as its arguments tell."""
    told = args["exposure"].get("annotations", {}).get(_DNS_ANNOTATION)
    return tuple(it.strip() for it in text_of(told).split(",")) if told is not None else ()


def _of_aws(plan: StackPlan, name: str, spec: AwsLoadBalancerSpec) -> Iterator[RouteView]:
    targets, planned = dict(targets_of(plan, spec)), plan_aws_load_balancer(name, spec)
    for listener in planned.listeners:
        number, protocol = str(listener.port), listener.protocol.value
        scheme = "tls" if listener.speaks_tls and not planned.is_application else protocol.partition("-")[0]
        for route in listener.routes or ():
            leads_to, port = aws_action(route, targets)
            path_type = route.path_type.value
            matched = (route.host or "", route.path or "/", path_type)
            more = " ".join(f"{key}={','.join(values)}" for key, values in route.match.conditions)
            yield RouteView(name, *matched, leads_to, port, scheme, number, more)
        leads_to, port = aws_action(listener, targets)
        hosts = ("",) if planned.is_application else tuple(planned.hosts) or ("",)
        for host in hosts:
            yield RouteView(name, host, "", "", leads_to, port, scheme, number)


def aws_action(action: ActionSpec, targets: Mapping[str, Destination]) -> tuple[str, str]:
    """What a listener or a route of it does with a request: where it leads to, and the port."""
    if action.target is not None:
        destination = targets[action.target]
        return destination.name, destination.port
    if action.weights is not None:
        shares = [f"{targets[key].name} ({text_of(share)})" for key, share in sorted(action.weights.items())]
        return " or ".join(shares), ""
    if action.redirect is not None:
        return f"redirect to {_aws_redirect(action.redirect)}", ""
    return f"answer {(action.respond or NOT_FOUND).status}", ""


def _aws_redirect(redirect: AwsRedirectSpec) -> str:
    port = "" if redirect.port is None else f":{redirect.port}"
    host = "the same host" if redirect.host is None else text_of(redirect.host)
    path = "/..." if redirect.path is None else text_of(redirect.path)
    return f"{redirect.scheme or 'the same scheme'}://{host}{port}{path}"
