"""The checks of what happens to requests: actions, routes, and the order of their rules.

Sources: API reference, Rule, RuleCondition and ActionS; user guide, "Listener rules" and "Quotas for your Application
Load Balancers" (five target groups an action, five values and six wildcards a rule).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Optional, Union

import pulumi

from ...args.location import Field, Key, Location
from ...args.problems import Problems, Remove, Set, Unavailable
from ...networking.ports import DEFAULT_PORTS
from ..args import AwsLoadBalancerSpec
from ..choices import AwsBalancerKind
from ..listener import AwsListenerSpec
from ..priorities import (
    LEAST,
    LEAST_ROOM,
    MOST,
    MOST_ELEMENTS,
    Match,
    free_priority,
    match_of,
    overlap,
    priority_of,
    rank_of,
)
from ..problems import (
    AMBIGUOUS,
    DEEP_PATH,
    FEW_PRIORITIES,
    HEADER_EMPTY,
    HEADER_VALUE,
    MANY_VALUES,
    MANY_WILDCARDS,
    MATCHES_ALL,
    NEEDS,
    NO_ACTION,
    NO_WEIGHT,
    PRIORITY_OUTSIDE,
    REDIRECT_LOOP,
    SAME_PRIORITY,
    SAME_REQUESTS,
    TOO_MANY_TARGETS,
    WILDCARD_DEPTH,
    WRONG_KIND,
    WRONG_ORDER,
    check_key,
    field_names,
    is_set,
    report_set,
    set_of,
)
from ..routes import AwsRedirectSpec, AwsRouteSpec, build_conditions

__all__ = ["ACTIONS", "check_action", "check_routes"]

ACTIONS = ("to", "weights", "respond", "redirect")
"""What can happen to a request; one of them."""

_MOST_GROUPS = 5
_MOST_VALUES = 5
_MOST_WILDCARDS = 6
_VALUE_LENGTH = 128

Holder = Union[AwsListenerSpec, AwsRouteSpec]
"""What has an action: a listener, or one of its routes."""


def check_action(
    holder: Holder, listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems, *, required: bool
) -> None:
    """Report what's wrong with the action of a listener, or of one of its routes."""
    found = set_of(holder, ACTIONS, problems)
    is_network = spec.kind is AwsBalancerKind.NETWORK
    if required and not found:
        problems.report(NO_ACTION, holder.at, fields=field_names(ACTIONS[:2] if is_network else ACTIONS))
    if not is_set(holder, "weights"):
        report_set(holder, ("sticky_for",), problems, NEEDS, needed=Field("weights"))
    elif is_network:
        report_set(holder, ("sticky_for",), problems, WRONG_KIND, kind=AwsBalancerKind.APPLICATION)
    if is_network:
        for name in [name for name in ("respond", "redirect") if name in found]:
            # Without it, a listener needs another action.
            fix = Remove(holder.at / name) if len(found) > 1 else None
            problems.report(WRONG_KIND, holder.at / name, kind=AwsBalancerKind.APPLICATION, fix=fix)
    problems.run(_check_to, holder, spec)
    problems.run(_check_weights, holder, spec)
    problems.run(_check_redirect, holder, listener)


def _check_to(holder: Holder, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    if holder.to is not None:
        check_key(holder.at / "to", holder.to, spec.targets, spec.at / "targets", problems)


def _check_weights(holder: Holder, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    weights, at = holder.weights, holder.at / "weights"
    if weights is None:
        return
    for key in weights:
        check_key(at / Key(key), key, spec.targets, spec.at / "targets", problems)
    if len(weights) > _MOST_GROUPS:
        problems.report(TOO_MANY_TARGETS, at, count=len(weights), most=_MOST_GROUPS)
    if all(not isinstance(weight, pulumi.Output) and weight == 0 for weight in weights.values()):
        problems.report(NO_WEIGHT, at)


def _check_redirect(holder: Holder, listener: AwsListenerSpec, problems: Problems) -> None:
    redirect = holder.redirect
    if redirect is not None and _is_loop(redirect, holder, listener):
        problems.report(REDIRECT_LOOP, redirect.at)


def _is_loop(redirect: AwsRedirectSpec, holder: Holder, listener: AwsListenerSpec) -> bool:
    # RedirectActionConfig: "You must specify at least one of the following components to avoid a redirect loop". AWS
    # accepts one that sets what the request has already, which loops.
    protocol, port = listener.protocol.value, listener.port
    to_scheme = redirect.scheme or protocol
    to_port = redirect.port or (DEFAULT_PORTS[to_scheme] if redirect.scheme else port)
    if (to_scheme, to_port) != (protocol, port):
        return False
    route = holder if isinstance(holder, AwsRouteSpec) else AwsRouteSpec()
    return _keeps_host(redirect, route) and _keeps_path(redirect, route)


def _keeps_host(redirect: AwsRedirectSpec, route: AwsRouteSpec) -> bool:
    return redirect.host in (None, "#{host}") or (route.host is not None and redirect.host == route.host)


def _keeps_path(redirect: AwsRedirectSpec, route: AwsRouteSpec) -> bool:
    """Whether the route, or the listener, matches the path that the redirect leads to."""
    path = redirect.path
    if path in (None, "/#{path}"):
        return True
    if not isinstance(path, str) or "#{" in path:
        return False
    prefix = route.path or "/"
    return path == prefix or (not route.exact and path.startswith(prefix if prefix == "/" else f"{prefix}/"))


def check_routes(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    """Report what's wrong with a listener's routes, one by one and together."""
    problems.run(_check_span, listener)
    problems.run(_check_each, listener, spec)
    problems.run(_check_together, listener)


def _span(listener: AwsListenerSpec) -> tuple[int, int]:
    """The first and the last of our priorities."""
    ours = listener.priorities
    return (LEAST, MOST) if ours is None else (ours.first, ours.last)


def _room(listener: AwsListenerSpec) -> int:
    first, last = _span(listener)
    return max(0, last - first + 1)


def _check_span(listener: AwsListenerSpec, problems: Problems) -> None:
    if _room(listener) < LEAST_ROOM:
        problems.report(FEW_PRIORITIES, listener.at / "priorities", count=_room(listener), least=LEAST_ROOM)


def _check_each(listener: AwsListenerSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    for route in listener.routes or ():
        check_action(route, listener, spec, problems, required=True)
        for rule in (_check_conditions, _check_values, _check_depth):
            problems.run(rule, route)
        problems.run(_check_wildcard, route, spec)
        problems.run(_check_headers, route)
        problems.run(_check_priority, route, listener)


def _match(route: AwsRouteSpec) -> Match:
    given = {
        "host": route.host or "",
        "path": route.path or "/",
        "exact": bool(route.exact),
        "methods": route.methods,
        "headers": route.headers or {},
        "sources": route.sources,
    }
    return match_of(given)


def _check_conditions(route: AwsRouteSpec, problems: Problems) -> None:
    if not build_conditions(_match(route)):
        problems.report(MATCHES_ALL, route.at)


def _check_values(route: AwsRouteSpec, problems: Problems) -> None:
    conditions: list[dict[str, Any]] = build_conditions(_match(route))
    values: list[str] = [
        value for condition in conditions for detail in condition.values() for value in detail["values"]
    ]
    if len(values) > _MOST_VALUES:
        problems.report(MANY_VALUES, route.at, count=len(values), most=_MOST_VALUES)
    count = sum(value.count("*") + value.count("?") for value in values)
    if count > _MOST_WILDCARDS:
        problems.report(MANY_WILDCARDS, route.at, count=count, most=_MOST_WILDCARDS)


def _check_depth(route: AwsRouteSpec, problems: Problems) -> None:
    match = _match(route)
    count = len(match.elements)
    if not match.exact and count > MOST_ELEMENTS:
        problems.report(DEEP_PATH, route.at / "path", value=match.path, count=count, most=MOST_ELEMENTS)


def _check_wildcard(route: AwsRouteSpec, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    host = route.host
    if host is not None and host.startswith("*.") and not spec.wildcards_any_depth:
        field, example = Field("wildcards_any_depth"), f"a.b{host[1:]}"
        problems.report(WILDCARD_DEPTH, route.at / "host", value=host, field=field, example=example)


def _check_headers(route: AwsRouteSpec, problems: Problems) -> None:
    at = route.at / "headers"
    for name, values in (route.headers or {}).items():
        if not values:
            whole = at if len(route.headers or {}) == 1 else at / Key(name)
            problems.report(HEADER_EMPTY, at / Key(name), fix=None if whole == at else Remove(whole))
        for index, value in enumerate(values):
            if not 0 < len(value) <= _VALUE_LENGTH:
                problems.report(HEADER_VALUE, at / Key(name) / index, value=value, most=_VALUE_LENGTH)


def _check_priority(route: AwsRouteSpec, listener: AwsListenerSpec, problems: Problems) -> None:
    first, last = _span(listener)
    if route.priority is not None and _room(listener) >= LEAST_ROOM and not first <= route.priority <= last:
        params: dict[str, Any] = {"field": Field("priorities"), "first": first, "last": last}
        problems.report(PRIORITY_OUTSIDE, route.at / "priority", value=route.priority, **params)


@dataclass(frozen=True)
class _Ranked:
    """A route with its rule's priority."""

    route: AwsRouteSpec
    match: Match
    priority: int

    @property
    def is_set(self) -> bool:
        return self.route.priority is not None

    @property
    def at(self) -> Location:
        return self.route.at


def _ranked(route: AwsRouteSpec, span: tuple[int, int]) -> Optional[_Ranked]:
    """The route as AWS ranks it; None if it has an invalid value, or one that its rank doesn't allow."""
    try:
        match = _match(route)
        if not match.exact and len(match.elements) > MOST_ELEMENTS:
            return None
        return _Ranked(route, match, priority_of(match, *span) if route.priority is None else route.priority)
    except Unavailable:
        return None


def _check_together(listener: AwsListenerSpec, problems: Problems) -> None:
    if _room(listener) < LEAST_ROOM:
        return
    span = _span(listener)
    ranked = [found for route in listener.routes or () if (found := _ranked(route, span)) is not None]
    priorities = [one.priority for one in ranked]
    for one, other in combinations(ranked, 2):
        if one.match == other.match:
            problems.report(SAME_REQUESTS, other.at, other=one.at)
        elif one.priority == other.priority:
            _report_collision(one, other, priorities, span, problems)
        elif overlap(one.match, other.match):
            _check_order(one, other, problems)


def _report_collision(
    one: _Ranked, other: _Ranked, priorities: Sequence[int], span: tuple[int, int], problems: Problems
) -> None:
    free = free_priority(other.match, priorities, *span)
    fix = None if free is None else Set(other.at / "priority", free)
    problems.report(SAME_PRIORITY, other.at, priority=one.priority, other=one.at, fix=fix)


def _check_order(one: _Ranked, other: _Ranked, problems: Problems) -> None:
    """If a request can match two routes, the more specific one must be first; if neither is more specific, a priority
    must say which is first."""
    ranks = rank_of(one.match), rank_of(other.match)
    if ranks[0] == ranks[1]:
        if not one.is_set and not other.is_set:
            field = Field("priority")
            problems.report(AMBIGUOUS, other.at, other=one.at, field=field, priority=one.priority)
        return
    if (ranks[0] < ranks[1]) != (one.priority < other.priority):
        wrong = other if other.is_set else one
        first, second = sorted((one, other), key=lambda ranked: ranked.priority)
        at = wrong.at / "priority"
        params: dict[str, Any] = {"first": first.at, "second": second.at}
        fix = None if one.is_set and other.is_set else Remove(at)
        problems.report(WRONG_ORDER, at, value=wrong.priority, fix=fix, **params)
