"""The routes of load balancers that Pulumi owns, and what each does with a request."""

from collections.abc import Mapping
from typing import Any

from ...aws_load_balancer.listener import AwsListenerSpec
from ...aws_load_balancer.routes import NOT_FOUND, ActionSpec, AwsRedirectSpec, AwsRouteSpec
from ..plan import StackPlan
from .destinations import OTHER, Destination, destination_of, text_of

__all__ = [
    "aws_action",
    "aws_destinations",
    "ranked_routes",
]


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


def aws_action(action: ActionSpec, destinations: Mapping[str, Destination]) -> tuple[str, str]:
    """What a request leads to, and the port of that; the port is empty if it isn't one destination."""
    if action.target is not None:
        destination = destinations[action.target]
        return destination.name, destination.port
    if action.weights is not None:
        shares = [f"{destinations[key].name} ({text_of(share)})" for key, share in sorted(action.weights.items())]
        return " or ".join(shares), ""
    if action.redirect is not None:
        return f"redirect to {_redirect_text(action.redirect)}", ""
    return f"answer {(action.respond or NOT_FOUND).status}", ""


def _redirect_text(redirect: AwsRedirectSpec) -> str:
    port = "" if redirect.port is None else f":{redirect.port}"
    host = "the same host" if redirect.host is None else text_of(redirect.host)
    path: Any = "/..." if redirect.path is None else redirect.path
    return f"{redirect.scheme or 'the same scheme'}://{host}{port}{text_of(path)}"
