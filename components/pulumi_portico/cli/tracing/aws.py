"""What a load balancer that Pulumi owns does with a request: by port, and by rules in the order of their priorities."""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Optional

from ...aws_load_balancer.choices import AwsBalancerKind
from ...aws_load_balancer.listener import AwsListenerSpec
from ...aws_load_balancer.plan import AwsLoadBalancerPlan
from ...aws_load_balancer.routes import NOT_FOUND, ActionSpec, AwsRedirectSpec, AwsRouteSpec
from ...aws_load_balancer.target_group import transports
from ...stack.views.destinations import Destination, text_of
from ...stack.views.routes import aws_action
from .answers import Answer, Considered, Outcome
from .request import Request, is_within

__all__ = ["Step", "at_listener", "listener_for", "why_not"]


Step = tuple[Answer, Optional[Destination]]
"""What becomes of the request, and where it goes on to."""


def listener_for(plan: AwsLoadBalancerPlan, request: Request) -> Optional[AwsListenerSpec]:
    """The listener that a request's connection comes to."""
    transport = request.transport.lower()
    for listener in plan.listeners:
        if listener.port == request.port and transport in transports(listener.protocol):
            return listener
    return None


def at_listener(
    plan: AwsLoadBalancerPlan, listener: AwsListenerSpec, request: Request, targets: Mapping[str, Destination]
) -> Step:
    """What a listener does with a request."""
    ranked = sorted(listener.routes or (), key=listener.priority_of)
    against = {listener.priority_of(route): why_not(route, request) for route in ranked}
    chosen = next((route for route in ranked if not against[listener.priority_of(route)]), None)
    considered: list[Considered] = []
    for route in ranked:
        priority = listener.priority_of(route)
        why = f"the first rule that fits, priority {priority}"
        if route is not chosen:
            why = against[priority] or f"it fits too, and is less specific: priority {priority} comes later"
        considered.append(Considered(route.match.text, aws_action(route, targets)[0], route is chosen, why))
    considered.sort(key=lambda it: not it.takes)
    application = plan.spec.kind is AwsBalancerKind.APPLICATION
    default = "no route fits, and the listener's default" if application else f"port {listener.port}"
    said = "a route" if chosen is not None else default
    answer, destination = _acted(plan.name, chosen if chosen is not None else listener, request, targets, said)
    return replace(answer, considered=tuple(considered)), destination


def why_not(route: AwsRouteSpec, request: Request) -> str:
    """Why a rule does not fit a request; empty where it does."""
    match = route.match
    if match.host and not _host_fits(match.host, request.host):
        return f"it is for another host: {match.host}"
    # An Application Load Balancer compares the path as it is written.
    path, at = request.path, match.path
    if match.exact and path != at:
        return f"it takes {at} alone"
    if not match.exact and at not in ("/", path) and not path.startswith(f"{at}/"):
        longer = at.startswith(f"{path.rstrip('/')}/")
        return f"its path, {at}, goes on beyond {path}" if longer else f"its path is another one: {at}"
    return next(filter(None, (_unmet(name, values, request) for name, values in match.conditions)), "")


def _host_fits(pattern: str, host: str) -> bool:
    # A wildcard is any number of characters there, dots too.
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else pattern == host


def _unmet(name: str, values: Sequence[str], request: Request) -> str:
    kind, _, header = name.partition(" ")
    if kind == "methods":
        return "" if request.method in values else f"it is for another method: {', '.join(values)}"
    if kind == "sources":
        if request.client is None:
            return f"it is for clients in {', '.join(values)}: say --from to try one"
        return "" if is_within(request.client, values) else f"{request.client} is not in {', '.join(values)}"
    held = request.headers.get(header)
    if held is not None and any(fnmatch.fnmatchcase(held.lower(), it.lower()) for it in values):
        return ""
    return f"it wants the header {header}: {' or '.join(values)}"


def _acted(name: str, action: ActionSpec, request: Request, targets: Mapping[str, Destination], what: str) -> Step:
    leads_to, port = aws_action(action, targets)
    if action.target is not None:
        destination = targets[action.target]
        named = f"{leads_to}:{port}" if port else leads_to
        said = f"{what} leads to {destination.kind} {leads_to}"
        return Answer(name, (), Outcome.SERVICE, said, named, request.target), destination
    if action.weights is not None:
        return Answer(name, (), Outcome.SERVICE, f"{what} leads to {leads_to}", leads_to, request.target), None
    if action.redirect is not None:
        status = action.redirect.code
        location = _location(action.redirect, request)
        said = f"{what} redirects: {status} to {location}"
        return Answer(name, (), Outcome.REDIRECT, said, status=status, location=location), None
    status = (action.respond or NOT_FOUND).status
    return Answer(name, (), Outcome.ANSWER, f"{what} answers {status} by itself", status=status), None


def _location(to: AwsRedirectSpec, request: Request) -> str:
    scheme = to.scheme or request.scheme
    usual = {"http": 80, "https": 443}.get(scheme)
    port = to.port or (usual if to.scheme else request.port)
    host, path = text_of(to.host or "#{host}"), text_of(to.path or "/#{path}")
    query = text_of("#{query}" if to.query is None else to.query)
    told = f"{scheme}://{host}{'' if port == usual else f':{port}'}{path}{f'?{query}' if query else ''}"
    asked = {
        "host": request.url_host,
        "path": request.path.lstrip("/"),
        "query": request.query,
        "port": str(request.port),
    }
    for key, value in asked.items():
        told = told.replace(f"#{{{key}}}", value)
    return told.removesuffix("?")
