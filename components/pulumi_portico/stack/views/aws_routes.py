"""The routes of load balancers that Pulumi owns, and what each does with a request."""

from collections.abc import Mapping, Sequence
from typing import Any, Union

from ...aws_load_balancer.listener import AwsListenerSpec
from ...aws_load_balancer.routes import AwsRedirectSpec, AwsRouteSpec
from ..plan import StackPlan
from .aws import listeners_with_redirect
from .destinations import OTHER, Destination, destination_of, text_of

__all__ = [
    "NOT_FOUND",
    "Routed",
    "aws_action",
    "aws_destinations",
    "aws_listeners",
    "ranked_routes",
]

NOT_FOUND = 404
"""The response of a listener that sets no default action."""

Routed = Union[AwsListenerSpec, AwsRouteSpec]
"""What has an action: a route, or a listener for the requests that no route matches."""


def aws_listeners(plan: StackPlan, name: str) -> Sequence[AwsListenerSpec]:
    """The listeners of a load balancer, including the one that redirects HTTP."""
    return listeners_with_redirect(plan.aws_load_balancers[name])


def aws_destinations(plan: StackPlan, name: str) -> Mapping[str, Destination]:
    """Where each target of a load balancer leads to, by its key."""
    return {
        key: Destination(OTHER, key, "" if target.port is None else str(target.port))
        if target.target is None
        else destination_of(plan, target.target)
        for key, target in plan.aws_load_balancers[name].targets.items()
    }


def ranked_routes(listener: AwsListenerSpec) -> list[tuple[int, AwsRouteSpec]]:
    """The routes of a listener with the priorities of their rules, in the order in which AWS evaluates them."""
    ranked = [(listener.priority_of(route), route) for route in listener.routes or ()]
    return sorted(ranked, key=lambda rule: rule[0])


def aws_action(routed: Routed, destinations: Mapping[str, Destination]) -> tuple[str, str]:
    """What a request leads to, and the port of that; the port is empty if it isn't one destination."""
    if routed.target is not None:
        destination = destinations[routed.target]
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
