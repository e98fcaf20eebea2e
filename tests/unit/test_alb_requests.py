"""What clients meet at an Application Load Balancer: a reader of AWS's own semantics asks what Portico registers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pulumi_portico import AwsLoadBalancer
from pulumi_portico.args.problems import Problem, Problems
from pulumi_portico.aws_load_balancer.priorities import priority_of
from pulumi_portico.aws_load_balancer.routes import build_actions, build_conditions
from pulumi_portico.aws_load_balancer.validation import parse_aws_load_balancer
from pulumi_portico.testing import Recording, Registration, record

from tests.aws_balancers import match_of, parsed_route
from tests.problems import assert_problem, problems_of
from tests.unit.readers.alb import Listener
from tests.unit.readers.nginx import Request

Route = dict[str, Any]

ACCOUNT = "123456789012"
KEYS = ("one", "two", "three", "four", "five", "six", "seven", "eight")


def arguments(routes: Sequence[Route], **aws: Any) -> dict[str, Any]:
    return {
        "kind": "application",
        "scope": "internet",
        "vpc": "vpc-1",
        "subnets": ["subnet-a", "subnet-b"],
        "allowed_sources": ["0.0.0.0/0"],
        "logs": {"access": False},
        "targets": {key: {"addresses": {"a": "10.0.0.9"}, "port": 8080} for key in KEYS},
        "listeners": [{"port": 80, "protocol": "http", "routes": list(routes)}],
        **aws,
    }


def known(it: Registration) -> Mapping[str, Any] | None:
    """ARNs, as AWS would make them up."""
    service = it.type.partition("/")[0].replace(":", "-")
    return {"arn": f"arn:aws:{service}:eu-central-1:{ACCOUNT}:{it.name}"} if it.type.startswith("aws:") else None


def made(arguments: dict[str, Any]) -> Recording:
    return record(lambda: AwsLoadBalancer("edge", arguments), outputs=known)  # pyright: ignore[reportArgumentType]


def listener(recorded: Recording, port: int = 80) -> Listener:
    (there,) = [
        it for it in recorded.registrations if it.type == "aws:lb/listener:Listener" and it.name == f"edge-{port}"
    ]
    arn = known(there)
    rules = [
        it.inputs
        for it in recorded.registrations
        if it.type == "aws:lb/listenerRule:ListenerRule" and {"arn": it.inputs["listenerArn"]} == arn
    ]
    return Listener(there.inputs["defaultActions"][0], rules)


def resources(recorded: Recording, kind: str) -> list[Registration]:
    return [it for it in recorded.registrations if it.type.startswith("aws:lb/") and it.type.endswith(f":{kind}")]


def reached(at: Listener, request: Request) -> str:
    action = at.action(request)
    if action["type"] == "fixed-response":
        return str(action["fixedResponse"]["statusCode"])
    return str(action["targetGroupArn"]).rpartition("edge-")[2]


ROUTES: Sequence[Route] = [
    {"host": "shop.example.com", "target": "one"},
    {"host": "shop.example.com", "path": "/a/b", "target": "two"},
    {"host": "shop.example.com", "path": "/a/b", "path_type": "Exact", "target": "three"},
    {"host": "shop.example.com", "path": "/a/b/c/", "target": "four"},
    {"host": "*.example.com", "path": "/a", "target": "five"},
    {"path": "/a", "target": "six"},
    {"path": "/a", "methods": ["POST"], "target": "seven"},
    {"path": "/a", "headers": {"X-Version": ["2*"]}, "methods": ["POST", "PUT"], "target": "eight"},
]

REQUESTS: Sequence[tuple[Request, str]] = [
    (Request("shop.example.com", "/"), "one"),
    (Request("SHOP.example.com", "/"), "one"),
    (Request("shop.example.com", "/A/B"), "one"),
    (Request("shop.example.com", "/a/bc"), "one"),
    (Request("shop.example.com", "/a/b"), "three"),
    (Request("shop.example.com", "/a/b?q=/a/b/c/d"), "three"),
    (Request("shop.example.com", "/a/b/"), "two"),
    (Request("shop.example.com", "/a/b/x"), "two"),
    (Request("shop.example.com", "/a/b/cd"), "two"),
    (Request("shop.example.com", "/a/b/c"), "four"),
    (Request("shop.example.com", "/a/b/c/d/e"), "four"),
    # An exact host has its requests to itself, however short its path.
    (Request("shop.example.com", "/a", method="POST"), "one"),
    (Request("other.example.com", "/a/b"), "five"),
    # The named difference to an Ingress, whose wildcard is for one label.
    (Request("deep.other.example.com", "/a"), "five"),
    (Request("example.com", "/a"), "six"),
    (Request("other.example.com", "/ab"), "404"),
    (Request("else.org", "/a/anything"), "six"),
    (Request("else.org", "/a", method="POST"), "seven"),
    (Request("else.org", "/a", method="PUT", headers={"x-version": "2.1"}), "eight"),
    (Request("else.org", "/a", method="POST", headers={"x-version": "2.1"}), "eight"),
    (Request("else.org", "/a", method="POST", headers={"x-version": "1.2"}), "seven"),
    (Request("else.org", "/"), "404"),
]


@pytest.mark.parametrize("backwards", [False, True])
def test_requests_reach_what_the_most_specific_route_says_in_whatever_order_it_is_written(backwards: bool) -> None:
    routes = ROUTES[::-1] if backwards else ROUTES
    there = listener(made(arguments(routes, multi_label_wildcards=True)))
    assert there.refused() == []
    assert [(it, reached(there, it)) for it, _ in REQUESTS] == list(REQUESTS)


def test_a_source_and_a_weighted_route_are_told_as_aws_takes_them() -> None:
    routes = [
        {"path": "/admin", "allowed_sources": ["198.51.100.0/24"], "target": "one"},
        {"path": "/admin", "respond": {"status": 403}},
        {"path": "/new", "weights": {"one": 90, "two": 10}, "stickiness_duration": 60},
    ]
    there = listener(made(arguments(routes)))
    assert reached(there, Request("a.org", "/admin", client="198.51.100.9")) == "one"
    assert reached(there, Request("a.org", "/admin", client="203.0.113.9")) == "403"
    forward = there.action(Request("a.org", "/new/x"))["forward"]
    shares = {it["arn"].rpartition("edge-")[2]: it["weight"] for it in forward["targetGroups"]}
    assert (shares, forward["stickiness"]) == ({"one": 90, "two": 10}, {"enabled": True, "duration": 60})


# Hosts, paths and conditions that meet in many ways.
HOSTS = ("", "a.example.com", "b.example.com", "*.example.com", "*.b.example.com", "x.b.example.com", "c.org")
PATHS = ("/", "/a", "/a/b", "/a/b/c", "/ab", "/a/bc", "/b")
CONDITIONS: Sequence[Route] = ({}, {"methods": ["POST"]}, {"methods": ["POST"], "headers": {"X-A": ["1"]}})
ASKED = (*(it for it in HOSTS if it and "*" not in it), "y.x.b.example.com", "example.com")


@st.composite
def route_tables(draw: st.DrawFn) -> list[Route]:
    one = st.tuples(
        st.sampled_from(HOSTS),
        st.sampled_from(PATHS),
        st.sampled_from(["Prefix", "Exact"]),
        st.sampled_from(range(len(CONDITIONS))),
    )
    # A route of neither a host, nor a path, nor a condition is the listener's own.
    keys = draw(
        st.lists(one, min_size=1, max_size=8, unique=True).map(lambda them: [it for it in them if any(_said(it))])
    )
    assume(keys)
    return [
        {
            **({"host": host} if host else {}),
            "path": path,
            "path_type": path_type,
            **CONDITIONS[more],
            "target": KEYS[at],
        }
        for at, (host, path, path_type, more) in enumerate(keys)
    ]


def _said(key: tuple[str, str, str, int]) -> tuple[bool, ...]:
    host, path, path_type, more = key
    return bool(host), path != "/", path_type == "Exact", bool(more)


REQUEST = st.builds(
    Request,
    host=st.sampled_from(ASKED),
    path=st.sampled_from((*PATHS, "/a/", "/a/b/", "/a/b/x", "/a/b/c/d", "/abc", "/A", "/a/b?c=/d")),
    method=st.sampled_from(("GET", "POST", "PUT")),
    headers=st.sampled_from(({}, {"X-A": "1"}, {"x-a": "3"})),
)


def fits(route: Route, request: Request) -> bool:
    """Whether a route is for a request, by the words of `AwsRoute` alone."""
    host, wanted = request.host, route.get("host", "")
    if wanted.startswith("*."):
        if not host.endswith(wanted[1:]):
            return False
    elif wanted not in ("", host):
        return False
    asked, path = request.path.partition("?")[0], route["path"]
    if route["path_type"] == "Exact":
        if asked != path:
            return False
    elif path not in ("/", asked) and not asked.startswith(path + "/"):
        return False
    if request.method not in route.get("methods", [request.method]):
        return False
    return all(request.header(name) in values for name, values in route.get("headers", {}).items())


def wins(routes: Sequence[Route], request: Request) -> str:
    """An Ingress's order: the exact host, the longest wildcard; the exact path, the longest; then what asks more."""

    def rank(route: Route) -> tuple[int, int, bool, int, int]:
        host = route.get("host", "")
        exact = 2 if host and "*" not in host else int(bool(host))
        length = 0 if route["path"] == "/" else route["path"].count("/")
        return exact, len(host), route["path_type"] == "Exact", length, len({*route} & {"methods", "headers"})

    fitting = [it for it in routes if fits(it, request)]
    return str(max(fitting, key=rank)["target"]) if fitting else "404"


def compiled(routes: Sequence[Route]) -> Listener:
    """The rules, straight from what they are built by: an engine for each of many tables would take long."""
    groups = {key: f"edge-{key}" for key in KEYS}
    rules = [
        {
            "priority": priority_of(match_of(it)),
            "conditions": [_camel(condition) for condition in build_conditions(match_of(it))],
            "actions": [_camel(action) for action in build_actions(parsed_route(it), groups)],
        }
        for it in routes
    ]
    return Listener({"type": "fixed-response", "fixedResponse": {"statusCode": "404"}}, rules)


def _camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_camel(it) for it in value]
    if isinstance(value, dict):
        return {_word(key): _camel(it) for key, it in value.items()}
    return value


def _word(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def found(routes: Sequence[Route], **aws: Any) -> list[Problem]:
    problems = Problems("test")
    parse_aws_load_balancer("edge", arguments(routes, **aws), problems)
    return problems.found


@given(routes=route_tables(), requests=st.lists(REQUEST, min_size=1, max_size=8))
def test_the_most_specific_route_wins_whatever_routes_there_are(routes: list[Route], requests: list[Request]) -> None:
    there = compiled(routes)
    # Numbers that meet are refused, with one that is free.
    assume(not any("PriorityInUse" in it for it in there.refused()))
    assert there.refused() == []
    assert found(routes, multi_label_wildcards=True) == []
    for request in requests:
        assert reached(there, request) == wins(routes, request), request


@given(routes=route_tables(), data=st.data())
def test_another_route_moves_no_other_rule(routes: list[Route], data: st.DataObject) -> None:
    def numbers(them: Sequence[Route]) -> dict[str, int]:
        recorded = {str(it): priority_of(match_of(it)) for it in them}
        assert len(recorded) == len(them)
        return recorded

    fewer = data.draw(st.lists(st.sampled_from(routes), unique_by=str))
    shuffled = data.draw(st.permutations(routes))
    assert numbers(fewer).items() <= numbers(shuffled).items()


def test_another_route_changes_no_resource_but_its_own() -> None:
    def rules(routes: Sequence[Route]) -> dict[str, Mapping[str, Any]]:
        recorded = made(arguments(routes, multi_label_wildcards=True))
        # The component itself records the number of every rule.
        return {it.urn: it.inputs for it in recorded.registrations if it.custom}

    before, after = rules(ROUTES[1:]), rules(ROUTES)
    added = set(after) - set(before)
    assert {urn: after[urn] for urn in before} == before
    assert [it.partition("ListenerRule::")[2].rpartition("-")[0] for it in added] == ["edge-80-shop-example-com"]


TWO: Sequence[Route] = ({"path": "/a", "target": "one"}, {"path": "/a/b", "target": "two"})


@pytest.mark.parametrize("backwards", [False, True])
def test_two_routes_never_get_one_number(backwards: bool) -> None:
    """AWS rejects the second one: PriorityInUse."""
    routes = [{**it, "priority": 100} for it in TWO]
    (problem,) = found(routes[::-1] if backwards else routes)
    assert (problem.code.name, problem.params["priority"]) == ("duplicate-priority", 100)


@pytest.mark.parametrize("which", [0, 1])
def test_one_priority_is_enough_to_say_which_of_two_comes_first(which: int) -> None:
    equal: list[Route] = [
        {"path": "/a", "methods": ["GET"], "target": "one"},
        {"path": "/a", "headers": {"X-A": ["1"]}, "target": "two"},
    ]
    assert_problem(found(equal), "ambiguous-routes", "listeners", 0, "routes", 1)
    other = priority_of(match_of(equal[1 - which]))
    equal[which]["priority"] = other - 1
    assert found(equal) == []
    there = listener(made(arguments(equal)))
    assert reached(there, Request("a.org", "/a", headers={"X-A": "1"})) == equal[which]["target"]
    equal[which]["priority"] = other
    assert len(found(equal)) == 1


@pytest.mark.parametrize("host", ["shop.xn--p1ai", "shop.example.c0m"])
def test_a_host_that_aws_compares_with_nothing_is_refused_of_a_route(host: str) -> None:
    assert listener_of([{"host": host, "target": "one"}]).refused() != []
    problems = problems_of(lambda: made(arguments([{"host": host, "target": "one"}])))
    assert_problem(problems, "invalid-route-host", "listeners", 0, "routes", 0, "host")


def listener_of(routes: Sequence[Route]) -> Listener:
    return compiled([{"path": "/", "path_type": "Prefix", **it} for it in routes])
