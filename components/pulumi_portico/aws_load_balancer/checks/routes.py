"""The checks of what is done with requests: actions, routes, and the order of their rules.

Sources: API reference, Rule, RuleCondition and ActionS; user guide, "Listener rules" and "Quotas for your Application
Load Balancers" (five target groups an action, five values and six wildcards a rule).
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Optional

from ...service_ports import DEFAULT_PORTS
from ..choices import AwsBalancerKind
from ..priorities import (
    LEAST_ROOM,
    MOST_ELEMENTS,
    Match,
    free_priority,
    match_of,
    overlap,
    priority_of,
    rank_of,
    span_of,
)
from ..routes import build_conditions
from .place import Place, alone, known_key, plain

__all__ = ["ACTIONS", "check_action", "check_routes"]

ACTIONS = ("to", "weights", "respond", "redirect")
"""What can be done with a request; one of them."""

_MOST_GROUPS = 5
_MOST_VALUES = 5
_MOST_WILDCARDS = 6
_VALUE_LENGTH = 128


def check_action(
    place: Place,
    given: Mapping[str, Any],
    aws: Mapping[str, Any],
    *,
    required: bool,
    listener: Optional[Mapping[str, Any]] = None,
) -> None:
    """Note what is wrong with what is done with a request, by a route of a listener or by the listener itself."""
    found = alone(place, given, ACTIONS, required=required)
    targets: Mapping[str, Any] = aws["targets"]
    if "to" in given:
        known_key(place.field("to"), given["to"], targets, "the targets")
    if "weights" in given:
        _check_weights(place.field("weights"), given["weights"], targets)
    if "sticky_for" in given and "weights" not in given:
        place.field("sticky_for").note("is about weights, and there are none", "beside weights")
    if aws["kind"] == AwsBalancerKind.NETWORK.value:
        for name in ("respond", "redirect", "sticky_for"):
            if name in given:
                place.field(name).note("is for Application Load Balancers", "to or weights", "leave it out")
    elif "redirect" in found:
        _check_redirect(place.field("redirect"), given["redirect"], listener or given)


def _check_weights(at: Place, weights: Mapping[str, Any], targets: Mapping[str, Any]) -> None:
    for key in weights:
        known_key(at.key(key), key, targets, "the targets")
    if len(weights) > _MOST_GROUPS:
        at.note(f"names {len(weights)} targets", f"{_MOST_GROUPS} at most")
    if all(plain(it) and it == 0 for it in weights.values()):
        at.note("sends nothing anywhere: every weight is 0", "one weight above 0")


def _check_redirect(at: Place, redirect: Mapping[str, Any], listener: Mapping[str, Any]) -> None:
    # RedirectActionConfig: "You must specify at least one of the following components to avoid a redirect loop". One
    # that says what the request says already is taken, and loops.
    scheme = redirect.get("scheme", listener["protocol"])
    port = redirect.get("port", DEFAULT_PORTS[scheme] if "scheme" in redirect else listener["port"])
    same = (scheme, port) == (listener["protocol"], listener["port"])
    if same and "host" not in redirect and "path" not in redirect:
        at.note("leads to where it comes from", "another scheme, host, port or path")


def check_routes(place: Place, listener: Mapping[str, Any], aws: Mapping[str, Any]) -> None:
    """Note what is wrong with a listener's routes, one by one and together."""
    first, last = span_of(listener)
    if last - first + 1 < LEAST_ROOM:
        at = place.field("priorities")
        at.note(f"has room for {max(0, last - first + 1)} rules", f"{LEAST_ROOM} or more, so that they are spread")
        return
    before = len(place.problems.found)
    routes: Sequence[Mapping[str, Any]] = listener.get("routes", [])
    for at, route in enumerate(routes):
        here = place.field("routes").item(at)
        check_action(here, route, aws, required=True, listener=listener)
        _check_match(here, route, aws)
    # What follows compares routes that are right by themselves.
    if len(place.problems.found) == before:
        _check_together(place.field("routes"), routes, (first, last))


def _check_match(here: Place, route: Mapping[str, Any], aws: Mapping[str, Any]) -> None:
    match = match_of(route)
    conditions = build_conditions(match)
    if not conditions:
        here.note("is for every request", "a host, a path or another condition", "write what it does at the listener")
    if match.host.startswith("*.") and not aws.get("wildcards_any_depth"):
        wrong = "is taken by AWS for hosts of several more labels too, such as a.b" + match.host[1:]
        here.field("host").add(match.host, wrong, "one host", "where that is meant, set wildcards_any_depth to true")
    if not match.exact and len(match.elements) > MOST_ELEMENTS:
        here.field("path").add(match.path, f"has {len(match.elements)} elements", f"{MOST_ELEMENTS} at most")
    values = [value for condition in conditions for it in condition.values() for value in it["values"]]
    if len(values) > _MOST_VALUES:
        wrong = f"has {len(values)} values to compare with (a path that is no exact one counts twice)"
        here.note(wrong, f"{_MOST_VALUES} at most", "make several routes of it")
    if sum(value.count("*") + value.count("?") for value in values) > _MOST_WILDCARDS:
        here.note("has too many wildcards", f"{_MOST_WILDCARDS} at most", "make several routes of it")
    for name, known in route.get("headers", {}).items():
        for at, value in enumerate(known):
            if not 0 < len(value) <= _VALUE_LENGTH:
                where = here.field("headers").key(name).item(at)
                where.add(value, "is no value that AWS compares with", f"1 to {_VALUE_LENGTH} characters")
        if not known:
            here.field("headers").key(name).note("holds none", "one value or more", "leave the header out")


def _check_together(place: Place, routes: Sequence[Mapping[str, Any]], span: tuple[int, int]) -> None:
    matches = [match_of(route) for route in routes]
    priorities = [
        route.get("priority", priority_of(match, *span)) for route, match in zip(routes, matches, strict=True)
    ]
    for at, number in enumerate(priorities):
        if not span[0] <= number <= span[1]:
            place.item(at).field("priority").add(number, "is not one of ours", f"{span[0]} to {span[1]}")
    for one, other in combinations(range(len(routes)), 2):
        at = place.item(other)
        if matches[one] == matches[other]:
            at.note(f"is for the same requests as routes[{one}]", "each host and path once")
        elif priorities[one] == priorities[other]:
            made = "priority" not in routes[one] and "priority" not in routes[other]
            _collision(at, matches[other], one, priorities, span, made=made)
        elif overlap(matches[one], matches[other]):
            said = "priority" in routes[one] or "priority" in routes[other]
            _check_order(at, (matches[one], priorities[one]), (matches[other], priorities[other]), one, said=said)


def _check_order(at: Place, one: tuple[Match, int], other: tuple[Match, int], which: int, *, said: bool) -> None:
    """Where some request fits two routes, the more specific one must come first; of two that are equally so, the one
    that the caller says."""
    ranks = rank_of(one[0]), rank_of(other[0])
    if ranks[0] == ranks[1]:
        if not said:
            wrong = f"and routes[{which}] can be for the same request, and neither is the more specific one"
            at.note(wrong, "a priority of this one, before or after the other's", f"write one that is not {one[1]}")
    elif (ranks[0] < ranks[1]) != (one[1] < other[1]):
        wrong = f"puts {other[0].text} on the wrong side of {one[0].text} (routes[{which}], {one[1]})"
        at.field("priority").add(other[1], wrong, "a lower number for the more specific one", "leave the priority out")


def _collision(
    at: Place, match: Match, which: int, priorities: Sequence[int], span: tuple[int, int], *, made: bool
) -> None:
    free = free_priority(match, priorities, *span)
    wrong = f"gets the priority {priorities[which]} that routes[{which}] has"
    wrong += "; each is made from what a route matches" if made else ""
    at.note(wrong, "a priority of its own", f'write "priority": {free}' if free else "merge routes")
