"""The order of rules: an Application Load Balancer that goes through them as AWS says reaches what an Ingress would,
and one more route moves no other."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pulumi_portico.args.problems import Problems, Set
from pulumi_portico.aws_load_balancer.priorities import (
    LEAST,
    MOST,
    FreePriorities,
    Match,
    band_of,
    overlap,
    priority_of,
    rank_of,
)
from pulumi_portico.aws_load_balancer.routes import build_conditions
from pulumi_portico.aws_load_balancer.validation import parse_aws_load_balancer

from tests.aws_balancers import match_of, own, routed, rules
from tests.examples import examples
from tests.problems import assert_problem

LABELS = st.sampled_from(["a", "b", "shop", "api"])
HOSTS = st.one_of(
    st.just(""),
    st.lists(LABELS, min_size=0, max_size=2).map(lambda it: ".".join([*it, "example.com"])),
    st.lists(LABELS, min_size=0, max_size=2).map(lambda it: ".".join(["*", *it, "example.com"])),
)
ELEMENTS = st.sampled_from(["a", "ab", "b", "v1", "api"])
PATHS = st.lists(ELEMENTS, max_size=4).map(lambda it: "/" + "/".join(it))
ROUTES = st.fixed_dictionaries(
    {"host": HOSTS, "path": PATHS, "path_type": st.sampled_from(["Prefix", "Exact"])},
    optional={"methods": st.just(["GET", "HEAD"])},
).map(lambda it: {name: value for name, value in it.items() if value})
REQUESTS = st.tuples(
    st.lists(LABELS, max_size=3).map(lambda it: ".".join([*it, "example.com"])),
    st.one_of(PATHS, PATHS.map(lambda it: f"{it.rstrip('/')}/")),
    st.sampled_from(["GET", "PUT"]),
)


def fits(condition: Mapping[str, Any], host: str, path: str, method: str) -> bool:
    """A rule's condition, as AWS reads it: `*` and `?` stand for any characters, slashes and dots included."""
    ((kind, about),) = condition.items()
    asked = {"host_header": host, "path_pattern": path, "http_request_method": method}[kind]
    patterns = about["values"]
    return (
        asked in patterns if kind == "http_request_method" else any(fnmatch.fnmatchcase(asked, it) for it in patterns)
    )


def as_aws_does(matches: Sequence[Match], request: tuple[str, str, str]) -> Match | None:
    ordered = sorted(matches, key=priority_of)
    return next((it for it in ordered if all(fits(one, *request) for one in build_conditions(it))), None)


def as_an_ingress_does(matches: Sequence[Match], request: tuple[str, str, str]) -> Match | None:
    """Written from the Ingress specification: the most specific host, then an exact path, then the longest; wildcards
    wider than one label, as is opted in."""
    host, path, method = request

    def matched(it: Match) -> bool:
        here = [part for part in path.split("/") if part]
        wanted = [part for part in it.path.split("/") if part]
        by_path = path == it.path if it.exact else here[: len(wanted)] == wanted
        by_host = not it.host or it.host == host or (it.host.startswith("*.") and host.endswith(it.host[1:]))
        by_method = not it.conditions or method in it.conditions[0][1]
        return by_path and by_host and by_method

    def worth(it: Match) -> tuple[int, ...]:
        exact_host = bool(it.host) and not it.host.startswith("*")
        labels = it.host.count(".") if it.host else -1
        return (exact_host, labels, it.exact, len(it.elements), bool(it.conditions))

    return max(filter(matched, matches), key=worth, default=None)


def distinct(routes: Sequence[Mapping[str, Any]]) -> list[Match]:
    matches = list(dict.fromkeys(match_of(route) for route in routes))
    # What is refused: a route for everything, and two whose numbers meet.
    assume(len({priority_of(it) for it in matches}) == len(matches))
    return matches


@given(st.lists(ROUTES, min_size=1, max_size=12), REQUESTS)
@settings(max_examples=examples(100))
@example([{"path": "/a"}, {"path": "/a/b"}], ("example.com", "/a/b/c", "GET"))
@example([{"path": "/a"}], ("example.com", "/ab", "GET"))
@example([{"host": "*.example.com"}, {"host": "a.example.com"}], ("a.example.com", "/", "GET"))
@example([{"host": "*.example.com", "path": "/a/b"}, {"host": "a.example.com"}], ("a.example.com", "/a/b", "GET"))
@example([{"path": "/a"}, {"path": "/a", "path_type": "Exact"}], ("example.com", "/a", "GET"))
@example([{"path": "/a"}, {"path": "/a", "methods": ["GET", "HEAD"]}], ("example.com", "/a", "PUT"))
def test_the_most_specific_route_wins(routes: list[dict[str, Any]], request_: tuple[str, str, str]) -> None:
    matches = distinct(routes)
    assert as_aws_does(matches, request_) == as_an_ingress_does(matches, request_)


@given(st.lists(ROUTES, min_size=2, max_size=12))
@settings(max_examples=examples(80))
def test_two_routes_for_one_request_are_of_different_rank(routes: list[dict[str, Any]]) -> None:
    matches = list(dict.fromkeys(match_of(route) for route in routes))
    for at, one in enumerate(matches):
        for other in matches[at + 1 :]:
            if overlap(one, other):
                assert rank_of(one) != rank_of(other)
                first, second = (one, other) if rank_of(one) < rank_of(other) else (other, one)
                assert band_of(first)[1] < band_of(second)[0], "bands of different ranks do not meet"


def fits_in_a_rule(route: dict[str, Any]) -> bool:
    """Whether a route has conditions, of no more values than a rule of AWS takes."""
    match = match_of(route)
    values = len(match.elements) + 1 + 2 * bool(match.conditions) + 1
    return bool(build_conditions(match)) and (values <= 5 or not match.conditions)


@given(st.lists(ROUTES, min_size=1, max_size=8, unique_by=lambda it: match_of(it).text), ROUTES, st.randoms())
@settings(max_examples=examples(6))
def test_one_more_route_and_another_order_move_no_rule(
    routes: list[dict[str, Any]], one_more: dict[str, Any], random: Any
) -> None:
    # Routes of one priority are rejected. The one that is added stays, so that there is always a valid example.
    by_priority = {priority_of(match_of(route)): route for route in [*routes, one_more] if fits_in_a_rule(route)}
    assume(fits_in_a_rule(one_more))
    del by_priority[priority_of(match_of(one_more))]
    routes = list(by_priority.values())
    assume(routes)
    together = [*routes, one_more]
    before = rules(own(routed(*routes, multi_label_wildcards=True)))
    random.shuffle(together)
    after = rules(own(routed(*together, multi_label_wildcards=True)))
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1


@pytest.mark.parametrize("host", ["shop.example.com", "*.example.com", ""])
def test_priorities_are_within_what_aws_takes(host: str) -> None:
    for depth in range(17):
        for exact in (True, False):
            match = Match(host, "/a" * depth or "/", exact)
            assert LEAST <= priority_of(match) <= MOST
            first, last = 40000, 45000
            assert first <= priority_of(match, first, last) <= last


def conflicts_of(routes: Sequence[Mapping[str, Any]]) -> set[tuple[str, int]]:
    """What is wrong with the order of routes, by their indices: each is compared with each."""
    priorities = [route.get("priority") or priority_of(match_of(route)) for route in routes]
    found: set[tuple[str, int]] = set()
    for last, later in enumerate(routes):
        for first, earlier in enumerate(routes[:last]):
            matches = match_of(earlier), match_of(later)
            is_first = priorities[first] < priorities[last]
            if matches[0] == matches[1]:
                found.add(("duplicate-alb-route", last))
            elif priorities[first] == priorities[last]:
                found.add(("duplicate-priority", last))
            elif overlap(*matches) and rank_of(matches[0]) == rank_of(matches[1]):
                found |= set() if "priority" in {*earlier, *later} else {("ambiguous-routes", last)}
            elif overlap(*matches) and (rank_of(matches[0]) < rank_of(matches[1])) != is_first:
                found.add(("wrong-route-order", last if "priority" in later else first))
    return found


RANKED = st.tuples(ROUTES, st.sampled_from([None, None, {"priority": 2}, {"priority": 300}, {"priority": 40000}])).map(
    lambda pair: {**pair[0], **(pair[1] or {})}
)


@given(st.lists(RANKED, max_size=12))
@settings(max_examples=examples(80))
@example([{"path": "/a", "methods": ["GET"]}, {"path": "/a", "headers": {"x-a": ["1"]}}])
@example([{"path": "/a", "priority": 2}, {"host": "*.example.com", "path": "/a/b"}])
@example([{"host": "*.example.com", "path": "/a/b", "priority": 40000}, {"path": "/a"}])
@example([{"host": "a.example.com", "priority": 40000}, {"host": "*.example.com", "path": "/a/b"}])
def test_every_conflict_of_two_routes_is_reported(routes: list[dict[str, Any]]) -> None:
    problems = Problems("test")
    parse_aws_load_balancer("shop", routed(*routes, multi_label_wildcards=True), problems)
    codes = {"duplicate-alb-route", "duplicate-priority", "ambiguous-routes", "wrong-route-order"}
    found = {(problem.code.name, problem.location[3]) for problem in problems.found if problem.code.name in codes}
    assert found == conflicts_of(routes)


def colliding() -> tuple[str, str]:
    """Two paths whose numbers meet."""
    seen: dict[int, str] = {}
    for number in range(100000):
        path = f"/p{number}"
        other = seen.setdefault(priority_of(Match("", path)), path)
        if other != path:
            return other, path
    raise AssertionError("no two meet")


def test_two_rules_whose_numbers_meet_are_refused_with_one_that_is_free() -> None:
    one, other = colliding()
    args: Any = routed({"path": one}, {"path": other})
    problems = Problems("test")
    parse_aws_load_balancer("shop", args, problems)
    free = FreePriorities([priority_of(Match("", one))]).nearest(Match("", other))
    problem = assert_problem(problems.found, "duplicate-priority", "listeners", 0, "routes", 1)
    assert problem.edits == (Set(problem.location / "priority", free),)
    assert set(rules(own(routed({"path": one}, {"path": other, "priority": free}))).values()) == {
        priority_of(Match("", one)),
        free,
    }


def test_few_rules_seldom_meet() -> None:
    """Of a hundred routes of one host, each of another first element, which is what most look like."""
    numbers = [priority_of(Match("shop.example.com", f"/service-{number}")) for number in range(100)]
    assert len(numbers) - len(set(numbers)) <= 4
