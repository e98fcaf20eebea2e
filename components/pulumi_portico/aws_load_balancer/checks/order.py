"""The checks of the order of a listener's rules: no two have one priority, and the more specific one comes first.

A listener can have many routes, so a route is compared only with those that it can conflict with.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Optional

from ...args.codes import Code
from ...args.location import Field, Location
from ...args.problems import ABSENT, Edit, Problems, Remove, Set, available
from ...untyped import Parameters
from ..listener import AwsListenerSpec
from ..overlaps import OverlapIndex
from ..priorities import MOST_ELEMENTS, FreePriorities, Match, Rank, overlap, priority_of, rank_of
from ..problems import AMBIGUOUS, SAME_PRIORITY, SAME_REQUESTS, WRONG_ORDER
from ..routes import AwsRouteSpec

__all__ = ["check_order"]


@dataclass(frozen=True)
class _Ranked:
    """A route with its rule's priority."""

    index: int
    """Its place among the listener's routes."""
    at: Location
    match: Match
    rank: Rank
    priority: Optional[int]
    """None if it's invalid, or the listener's priorities are."""
    is_set: bool
    """Whether the route sets its priority."""


def _ranked(index: int, route: AwsRouteSpec, listener: AwsListenerSpec) -> Optional[_Ranked]:
    """The route as AWS ranks it; None if what it matches is invalid, or its rank doesn't allow that."""
    match = available(lambda: route.match, None)
    if match is None or (not match.exact and len(match.elements) > MOST_ELEMENTS):
        return None
    priority = available(lambda: listener.priority_of(route), None)
    return _Ranked(
        index, route.at, match, rank_of(match), priority, is_set=available(lambda: route.priority, 0) is not None
    )


@dataclass(frozen=True)
class _Conflict:
    """Two routes that can't be as they are."""

    code: Code
    at: Location
    """Where the problem is."""
    route: _Ranked
    """The route whose priority the fix changes."""
    params: Parameters

    @property
    def key(self) -> tuple[str, Location]:
        return self.code.name, self.at


class _Neighbors:
    """Finds the routes of a listener that a route can conflict with."""

    def __init__(self, routes: Sequence[_Ranked]) -> None:
        self._by_match: dict[Match, list[_Ranked]] = defaultdict(list)
        self._by_priority: dict[int, list[_Ranked]] = defaultdict(list)
        self._set: OverlapIndex[_Ranked] = OverlapIndex()
        self._not_set: dict[Rank, OverlapIndex[_Ranked]] = defaultdict(OverlapIndex)
        for route in routes:
            self._by_match[route.match].append(route)
            if route.priority is None:
                continue
            self._by_priority[route.priority].append(route)
            (self._set if route.is_set else self._not_set[route.rank]).add(route.match, route)

    def of(self, route: _Ranked) -> list[_Ranked]:
        """The other routes that the route can conflict with. If it sets a priority outside of its band, the routes
        without one are missing: the route is a neighbor of theirs."""
        found = [*self._by_match.get(route.match, ())]
        if route.priority is not None:
            found += self._by_priority.get(route.priority, ())
        found += self._set.near(route.match)
        # Routes of different ranks are in the right order unless one of them sets its priority.
        if not route.is_set and (same_rank := self._not_set.get(route.rank)):
            found += same_rank.near(route.match)
        others = {other.index: other for other in found if other.index != route.index}
        return list(others.values())


def check_order(listener: AwsListenerSpec, problems: Problems) -> None:
    """Report routes that match the same requests, or whose priorities are equal or in the wrong order."""
    given = enumerate(listener.routes or ())
    routes = [found for index, route in given if (found := _ranked(index, route, listener)) is not None]
    neighbors = _Neighbors(routes)
    conflicts = _conflicts(routes, neighbors)
    fix_of = _fixes(conflicts, routes, neighbors, available(lambda: listener.span, None))
    # A priority can be wrong because of many routes. One of them shows it, and the fix is the same.
    first_of_priority = {conflict.key: conflict for conflict in reversed(conflicts) if conflict.code is WRONG_ORDER}
    for conflict in conflicts:
        if first_of_priority.get(conflict.key, conflict) is not conflict:
            continue
        value = conflict.route.priority if conflict.code is WRONG_ORDER else ABSENT
        problems.report(conflict.code, conflict.at, value=value, fix=fix_of(conflict), **conflict.params)


def _conflicts(routes: Sequence[_Ranked], neighbors: _Neighbors) -> list[_Conflict]:
    pairs: dict[tuple[int, int], tuple[_Ranked, _Ranked]] = {}
    for route in routes:
        for other in neighbors.of(route):
            first, second = _in_order(route, other)
            pairs[first.index, second.index] = first, second
    found = (_conflict(*pairs[indices]) for indices in sorted(pairs))
    return [conflict for conflict in found if conflict is not None]


def _in_order(one: _Ranked, other: _Ranked) -> tuple[_Ranked, _Ranked]:
    return (one, other) if one.index < other.index else (other, one)


def _conflict(one: _Ranked, other: _Ranked) -> Optional[_Conflict]:
    """What's wrong between a route and a later one; None if nothing is."""
    if one.match == other.match:
        return _Conflict(SAME_REQUESTS, other.at, other, {"other": one.at})
    if one.priority is None or other.priority is None:
        return None
    if one.priority == other.priority:
        return _Conflict(SAME_PRIORITY, other.at, other, {"priority": one.priority, "other": one.at})
    return _order_conflict(one, other, is_first=one.priority < other.priority)


def _order_conflict(one: _Ranked, other: _Ranked, *, is_first: bool) -> Optional[_Conflict]:
    """If a request can match two routes, the more specific one must be first; if neither is more specific, a priority
    must say which is first. `is_first` is whether the first route's rule is."""
    is_ambiguous = one.rank == other.rank
    is_right = one.is_set or other.is_set if is_ambiguous else (one.rank < other.rank) == is_first
    if is_right or not overlap(one.match, other.match):
        return None
    if is_ambiguous:
        params: dict[str, Any] = {"other": one.at, "field": Field("priority"), "priority": one.priority}
        return _Conflict(AMBIGUOUS, other.at, other, params)
    wrong = other if other.is_set else one
    first, second = (one, other) if is_first else (other, one)
    return _Conflict(WRONG_ORDER, wrong.at / "priority", wrong, {"first": first.at, "second": second.at})


def _fixes(
    conflicts: Sequence[_Conflict], routes: Sequence[_Ranked], neighbors: _Neighbors, span: Optional[tuple[int, int]]
) -> Callable[[_Conflict], Optional[Edit]]:
    """Finds the change of a route's priority that ends a conflict and makes no other one; None if there is none."""
    if span is None:
        return lambda _conflict: None
    known = {conflict.key for conflict in conflicts}
    free = FreePriorities((route.priority for route in routes if route.priority is not None), *span)

    @cache
    def fix(key: tuple[str, Location], route: _Ranked) -> Optional[Edit]:
        for edit, changed in _changes(route, free, span):
            # What other routes conflict in stays, and has other keys.
            after = {conflict.key for conflict in _conflicts([changed], neighbors)}
            if key not in after and after <= known:
                return edit
        return None

    return lambda conflict: fix(conflict.key, conflict.route) if conflict.code in (SAME_PRIORITY, WRONG_ORDER) else None


def _changes(route: _Ranked, free: FreePriorities, span: tuple[int, int]) -> Iterator[tuple[Edit, _Ranked]]:
    """The edits that put the route's priority into its band, and the route after each."""
    at = route.at / "priority"
    if route.is_set:
        yield Remove(at), replace(route, priority=priority_of(route.match, *span), is_set=False)
    number = free.nearest(route.match)
    if number is not None:
        yield Set(at, number), replace(route, priority=number, is_set=True)
