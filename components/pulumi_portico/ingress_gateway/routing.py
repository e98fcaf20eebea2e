"""Serves the stack modules until they are ported."""

from collections.abc import Sequence

from ..args.problems import Problems
from .gateway_state import GatewayState, add_routes
from .route_set import RouteSet as Routing

__all__ = ["Routing", "add_to"]


def add_to(state: GatewayState, component: str, routes: Routing, others: Sequence[str], problems: Problems) -> None:
    """Add a component's routes to the gateway's, or raise an `ArgumentError` that says whose they repeat."""
    add_routes(state, component, routes, others, problems)
    problems.raise_if_any()
