"""The routes of load balancers that Pulumi owns, and what each does with a request."""

from collections.abc import Iterator, Mapping
from typing import Any, Union

from ...args.parse import parse
from ...args.problems import Problems
from ...aws_load_balancer.args import AwsLoadBalancerArgs, AwsLoadBalancerSpec
from ...aws_load_balancer.choices import AwsBalancerKind
from ...aws_load_balancer.listener import AwsListener, AwsListenerSpec, listeners_of
from ...aws_load_balancer.mappings import mapping_of
from ...aws_load_balancer.priorities import Match, match_of, number_of
from ...aws_load_balancer.routes import AwsRedirectSpec, AwsRouteSpec
from ...ingress_gateway.routes import PathType
from ..plan import StackPlan
from ..view import RouteView
from .balancers import targets_of
from .destinations import Destination, text_of

__all__ = [
    "NOT_FOUND",
    "Routed",
    "aws_action",
    "aws_destinations",
    "aws_listeners",
    "aws_match",
    "aws_route_views",
    "aws_spec",
    "ranked_routes",
]

NOT_FOUND = 404
"""The response of a listener that sets no default action."""

Routed = Union[AwsListenerSpec, AwsRouteSpec]
"""What has an action: a route, or a listener for the requests that no route matches."""

# The next functions are all that's left to change when stack plans hold specs of these load balancers.


def aws_spec(plan: StackPlan, name: str) -> AwsLoadBalancerSpec:
    """The arguments of a load balancer."""
    return parse(AwsLoadBalancerSpec, AwsLoadBalancerArgs, plan.aws_load_balancers[name], {}, Problems(""))


def aws_listeners(plan: StackPlan, name: str) -> list[AwsListenerSpec]:
    """The listeners of a load balancer, including the one that redirects HTTP."""
    listeners = listeners_of(mapping_of(plan.aws_load_balancers[name]))
    return [parse(AwsListenerSpec, AwsListener, listener, {}, Problems("")) for listener in listeners]


def aws_destinations(plan: StackPlan, name: str) -> Mapping[str, Destination]:
    """Where each target of a load balancer leads to, by its key."""
    return dict(targets_of(plan, mapping_of(plan.aws_load_balancers[name])))


def aws_match(route: AwsRouteSpec) -> Match:
    """What a route's rule matches."""
    return match_of(mapping_of(route))


def ranked_routes(listener: AwsListenerSpec) -> list[tuple[int, AwsRouteSpec]]:
    """The routes of a listener with the priorities of their rules, in the order in which AWS evaluates them."""
    span = {} if listener.priorities is None else {"priorities": mapping_of(listener.priorities)}
    ranked = [(number_of(mapping_of(route), span), route) for route in listener.routes or ()]
    return sorted(ranked, key=lambda rule: rule[0])


def aws_route_views(plan: StackPlan, name: str) -> Iterator[RouteView]:
    """The rows of a load balancer in the table of hosts and paths."""
    spec, destinations = aws_spec(plan, name), aws_destinations(plan, name)
    is_application = spec.kind is AwsBalancerKind.APPLICATION
    for listener in aws_listeners(plan, name):
        port = str(listener.port)
        scheme = "tls" if listener.speaks_tls and not is_application else listener.protocol.value.partition("-")[0]
        for route in listener.routes or ():
            match = aws_match(route)
            path_type = PathType.EXACT if match.exact else PathType.PREFIX
            conditions = " ".join(f"{key}={','.join(values)}" for key, values in match.conditions)
            matched = (route.host or "", route.path or "/", path_type.value)
            yield RouteView(name, *matched, *aws_action(route, destinations), scheme, port, conditions)
        for host in ("",) if is_application else tuple(spec.hosts or ()) or ("",):
            yield RouteView(name, host, "", "", *aws_action(listener, destinations), scheme, port)


def aws_action(routed: Routed, destinations: Mapping[str, Destination]) -> tuple[str, str]:
    """What a request leads to, and the port of that; the port is empty if it isn't one destination."""
    if routed.to is not None:
        destination = destinations[routed.to]
        return destination.name, destination.port
    if routed.weights is not None:
        shares = [f"{destinations[key].name} ({text_of(share)})" for key, share in sorted(routed.weights.items())]
        return " or ".join(shares), ""
    if routed.redirect is not None:
        return f"redirect to {_redirect_text(routed.redirect)}", ""
    return f"answer {NOT_FOUND if routed.respond is None else routed.respond.status}", ""


def _redirect_text(redirect: AwsRedirectSpec) -> str:
    port = "" if redirect.port is None else f":{redirect.port}"
    host = "the same host" if redirect.host is None else text_of(redirect.host)
    path: Any = "/..." if redirect.path is None else redirect.path
    return f"{redirect.scheme or 'the same scheme'}://{host}{port}{text_of(path)}"
