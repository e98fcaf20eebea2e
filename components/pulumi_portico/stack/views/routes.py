"""The table of hosts and paths."""

from collections.abc import Iterator, Mapping
from typing import Any, Optional, cast

from ...aws_load_balancer.choices import AwsBalancerKind
from ...aws_load_balancer.listener import listeners_of, speaks_tls
from ...aws_load_balancer.priorities import match_of
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
    for name, args in plan.aws_load_balancers.items():
        yield from _of_aws(plan, name, args)


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


def _of_aws(plan: StackPlan, name: str, aws: Mapping[str, Any]) -> Iterator[RouteView]:
    targets = dict(targets_of(plan, aws))
    application = aws["kind"] == AwsBalancerKind.APPLICATION.value
    for listener in listeners_of(aws):
        number = str(listener["port"])
        scheme = "tls" if speaks_tls(listener) and not application else listener["protocol"].partition("-")[0]
        for route in listener.get("routes", []):
            leads_to, port = aws_action(route, targets)
            path_type = "Exact" if route.get("exact") else "Prefix"
            matched = (route.get("host", ""), route.get("path", "/"), path_type)
            more = " ".join(f"{key}={','.join(values)}" for key, values in match_of(route).conditions)
            yield RouteView(name, *matched, leads_to, port, scheme, number, more)
        leads_to, port = aws_action(listener, targets)
        hosts = ("",) if application else tuple(aws.get("hosts", {})) or ("",)
        for host in hosts:
            yield RouteView(name, host, "", "", leads_to, port, scheme, number)


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
