"""`portico route`: the result is `match_route`'s, or that of AWS's own rules, and every other route has a reason."""

from __future__ import annotations

import copy
import fnmatch
import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pulumi_portico import match_route
from pulumi_portico.args.codes import all_codes
from pulumi_portico.args.location import Key, KeyStyle, Location, camel_case
from pulumi_portico.aws_load_balancer.priorities import Match, overlap, priority_of, rank_of
from pulumi_portico.aws_load_balancer.routes import build_conditions, values_of
from pulumi_portico.cli.tracing import (
    Answer,
    HopKind,
    InvalidRequest,
    Outcome,
    Request,
    answers_of,
    parse_request,
)
from pulumi_portico.ingress_gateway.matching import canonical_path
from pulumi_portico.stack import StackPlan, check_stack

from tests.aws_balancers import parsed_route
from tests.command import SHOP, called, json_of, plan_of, written
from tests.examples import examples
from tests.support import ROOT

HOSTS = ["", "example.com", "a.example.com", "*.example.com", "*.a.example.com", "other.com"]
PATHS = ["/", "/a", "/a/b", "/ab", "/a/b/c", "/b"]
REQUESTED_HOSTS = [
    "example.com",
    "a.example.com",
    "b.example.com",
    "b.a.example.com",
    "other.com",
    "none.com",
    "A.Example.com",
]
REQUESTED_PATHS = [*PATHS, "/a/", "/a/b/", "/ab/c", "/a//b", "/%61/b", "/a/../b", "/..", "/%", "/c"]

Route = dict[str, Any]

routes_of_gateways = st.lists(
    st.fixed_dictionaries(
        {
            "host": st.sampled_from(HOSTS),
            "path": st.sampled_from(PATHS),
            "path_type": st.sampled_from(["Exact", "Prefix"]),
        }
    ),
    max_size=8,
    unique_by=lambda route: (route["host"], route["path"], route["path_type"]),
)


def with_targets(routes: list[Route]) -> list[Any]:
    return [
        {**{key: value for key, value in route.items() if value != ""}, "target": {"service": "web"}}
        for route in routes
    ]


def stack_of(routes: list[Route], **more: Any) -> StackPlan:
    """The checked plan of a stack whose gateway has these routes."""
    exposure = {"scope": "internet", "platform": "generic", "allowed_sources": ["0.0.0.0/0"]}
    # The controller whose wildcard hosts match one label.
    gateway = {"exposure": exposure, "controller": "ingress-nginx", "routes": routes, **more}
    services = {"web": {"image": "web:1", "port": 8080}}
    config = {"namespace": "shop", "services": services, "gateways": {"edge": gateway}}
    return check_stack("dev", in_camel_case(config))


def in_camel_case(value: Any) -> Any:
    """Arguments with the keys of stack files."""
    if isinstance(value, dict):
        return {camel_case(key): in_camel_case(item) for key, item in value.items()}
    return [in_camel_case(item) for item in value] if isinstance(value, list) else value


def answer_of(plan: StackPlan, url: str, *headers: str, method: str = "GET", client: str | None = None) -> Answer:
    """The answer of the only entry that a stack has."""
    (answer,) = answers_of(plan, parse_request(url, method, client, headers))
    return answer


def code_of(answer: Answer) -> str:
    return answer.reason.code.name


def notes_of(answer: Answer) -> list[str]:
    return [note.code.name for note in answer.notes]


# A gateway's routes.


def written_as(route: Mapping[str, Any]) -> str:
    return f"{host_of(route) or '*'}{route['path']} {route['path_type']}"


def host_of(route: Mapping[str, Any]) -> str:
    return str(route.get("host", "")).lower()


def host_matches(pattern: str, host: str) -> bool:
    """As the docs of `Route.host` define it."""
    return pattern in ("", host) or (pattern.startswith("*.") and pattern[2:] == host.partition(".")[2])


def path_matches(route: Route, path: str) -> bool:
    """As the docs of `Route.path_type` define it."""
    elements, requested = route["path"].split("/")[1:], path.split("/")[1:]
    if route["path_type"] == "Exact":
        return route["path"] == path
    return route["path"] == "/" or requested[: len(elements)] == elements


@given(routes_of_gateways, st.sampled_from(REQUESTED_HOSTS), st.sampled_from(REQUESTED_PATHS))
@settings(max_examples=examples(150))
def test_the_route_that_receives_a_request_is_match_routes(given_routes: list[Route], host: str, path: str) -> None:
    routes = with_targets(given_routes)
    answer = answer_of(stack_of(routes), f"http://{host}{path}")
    expected = match_route(routes, host, path)
    matching = [candidate.match for candidate in answer.candidates if candidate.matches]
    assert matching == ([] if expected is None else [written_as(expected)])
    assert sorted(candidate.match for candidate in answer.candidates) == sorted(map(written_as, routes))
    if expected is not None:
        assert (answer.outcome, code_of(answer), answer.leads_to) == (Outcome.SERVICE, "trace-forwarded", "web:80")
    else:
        assert (answer.outcome, answer.status) == (Outcome.RESPONSE, 400 if canonical_path(path) is None else 404)


@given(routes_of_gateways, st.sampled_from(REQUESTED_HOSTS), st.sampled_from(REQUESTED_PATHS))
@settings(max_examples=examples(150))
def test_each_reason_is_true(given_routes: list[Any], host: str, path: str) -> None:
    answer = answer_of(stack_of(with_targets(given_routes)), f"http://{host}{path}")
    reasons = {candidate.match: candidate.reason for candidate in answer.candidates if not candidate.matches}
    chosen, requested, host = match_route(given_routes, host, path), canonical_path(path), host.lower()
    # The most specific host that matches and has a route: the exact name, then a wildcard, then none.
    hosts = sorted({host_of(route) for route in given_routes if host_matches(host_of(route), host)})
    deciding = max(hosts, key=lambda pattern: (pattern == host, pattern != ""), default=None)
    for route in given_routes:
        if route is chosen:
            continue
        reason, pattern = reasons[written_as(route)], host_of(route)
        code = reason.code.name.removeprefix("trace-")
        if requested is None:
            assert code == "unreadable-path"
        elif not host_matches(pattern, host):
            is_suffix = pattern.startswith("*.") and f".{host}".endswith(pattern[1:])
            assert code == ("wildcard-matches-one-label" if is_suffix else "other-host")
            if is_suffix:
                assert reason.params["labels"] == len(host.split(".")) - len(pattern.split(".")) + 1
        elif pattern != deciding:
            assert (code, reason.params["deciding"]) == ("less-specific-host", deciding)
        elif path_matches(route, requested):
            assert chosen is not None
            expected = "exact-path-wins" if chosen["path_type"] == "Exact" else "longer-prefix-wins"
            assert (code, reason.params["better"], host_of(chosen)) == (expected, chosen["path"], pattern)
        elif route["path_type"] == "Exact":
            assert code == "exact-path-differs"
        elif route["path"].startswith(requested.rstrip("/") + "/"):
            assert code == "path-too-deep"
        else:
            within = requested.startswith(route["path"])
            assert code == ("path-element-differs" if within else "other-path")


@pytest.mark.parametrize("host", ["a.b.example.com", "a.b.c.example.com", "a.example.com"])
def test_a_wildcard_of_several_labels_matches_deeper_names(host: str) -> None:
    routes = with_targets([{"host": "*.example.com", "path": "/"}, {"path": "/"}])
    answer = answer_of(stack_of(routes, controller="f5-nginx", multi_label_wildcards=True), f"http://{host}/")
    assert [(candidate.match, candidate.matches) for candidate in answer.candidates] == [
        ("*.example.com/ Prefix", True),
        ("*/ Prefix", False),
    ]
    assert answer.candidates[1].reason.params == {"deciding": "*.example.com"}


def test_of_several_wildcards_of_several_labels_the_longest_decides() -> None:
    routes = with_targets([{"host": "*.example.com"}, {"host": "*.b.example.com", "path": "/b"}])
    plan = stack_of(routes, controller="f5-nginx", multi_label_wildcards=True)
    answer = answer_of(plan, "http://x.a.b.example.com/")
    assert (answer.status, answer.reason.params["host"]) == (404, "*.b.example.com")
    assert answer_of(plan, "http://x.a.example.com/").leads_to == "web:80"


@pytest.mark.parametrize(
    ("route", "requested", "path"),
    [
        ({"rewrite": "/v2"}, "/x/y", "/v2/x/y"),
        ({"rewrite": "/v2"}, "/", "/v2/"),
        ({"path": "/a", "rewrite": "/"}, "/a/b", "/b"),
        ({"path": "/a", "rewrite": "/"}, "/a", "/"),
        ({"path": "/a", "path_type": "Exact", "rewrite": "/b/c"}, "/a", "/b/c"),
        # Normalized, and encoded again.
        ({"path": "/a", "rewrite": "/b"}, "/%61//x%20y/../%C3%BC%3F%23%25z/", "/b/%C3%BC%3F%23%25z/"),
        # The gateway doesn't normalize a path that it doesn't rewrite.
        ({}, "/%61//x%20y/../%C3%BC%3F", "/%61//x%20y/../%C3%BC%3F"),
        ({"path": "/a"}, "/a//b%2Fc", "/a//b%2Fc"),
    ],
)
def test_a_rewrite_replaces_the_routes_path(route: Route, requested: str, path: str) -> None:
    answer = answer_of(stack_of(with_targets([route])), f"http://a.com{requested}")
    assert (answer.outcome, answer.path) == (Outcome.SERVICE, path)
    if "rewrite" in route:
        assert (code_of(answer), answer.reason.params["path"]) == ("trace-rewritten", path)


def test_a_redirect_names_an_ipv6_host_in_brackets() -> None:
    # Only a redirect to the app root has the host that the client requested: a redirect of a route without a host
    # names its own on every controller.
    answer = answer_of(stack_of(with_targets([{"app_root": "/login"}])), "http://[2001:db8::1]/")
    assert answer.location == "http://[2001:db8::1]/login"


def test_the_app_root_and_the_default_backend() -> None:
    routes = with_targets([{"host": "a.example.com", "app_root": "/login"}])
    plan = stack_of(routes, controller="f5-nginx", default_backend={"service": "web"})
    root = answer_of(plan, "http://a.example.com/")
    assert (code_of(root), root.status, root.location) == (
        "trace-app-root-redirect",
        302,
        "http://a.example.com/login",
    )
    assert code_of(answer_of(plan, "http://a.example.com/login")) == "trace-forwarded"
    other = answer_of(plan, "http://b.example.com/x?y=1")
    assert (code_of(other), other.leads_to, other.path) == ("trace-default-backend", "web:80", "/x?y=1")


def test_a_route_says_what_it_requires_of_clients() -> None:
    routes = [
        {"host": "a.com", "basic_auth": {"users": {"ann": "$6$salt$hash"}}},
        {"host": "a.com", "path": "/allowed", "allowed_sources": ["10.0.0.0/8"]},
        {"host": "a.com", "path": "/denied", "denied_sources": ["10.1.0.0/16"]},
    ]
    exposure = {"scope": "internet", "platform": "gke", "client_ip": "preserve", "allowed_sources": ["0.0.0.0/0"]}
    plan = stack_of(with_targets(routes), exposure=exposure, tls={"a.com": {"secret": "a"}})

    def at(path: str, client: str | None = None) -> tuple[str, int, list[Any]]:
        answer = answer_of(plan, f"https://a.com{path}", client=client)
        return code_of(answer), answer.status, [(note.code.name, note.params) for note in answer.notes]

    assert at("/") == ("trace-forwarded", 0, [("trace-requires-basic-auth", {})])
    requires = ("trace-requires-allowed-source", {"sources": ("10.0.0.0/8",)})
    assert at("/allowed") == ("trace-forwarded", 0, [requires])
    assert at("/allowed", "10.1.0.1") == ("trace-forwarded", 0, [])
    assert at("/allowed", "192.0.2.1") == ("trace-client-not-allowed", 403, [])
    rejects = ("trace-rejects-denied-source", {"sources": ("10.1.0.0/16",)})
    assert at("/denied") == ("trace-forwarded", 0, [rejects])
    assert at("/denied", "10.1.0.1") == ("trace-client-denied", 403, [])
    assert at("/denied", "10.2.0.1") == ("trace-forwarded", 0, [])


# The rules of an Application Load Balancer.


def match_of(route: Route) -> Match:
    """What a route matches."""
    return parsed_route(route, KeyStyle.STACK).match


def is_valid_rule(route: Route) -> bool:
    """Whether a check accepts the route: it matches only some requests, by at most five values."""
    return 0 < sum(len(values_of(condition)) for condition in build_conditions(match_of(route))) <= 5


aws_routes = st.lists(
    st.fixed_dictionaries(
        {"path": st.sampled_from(PATHS)},
        optional={
            "host": st.sampled_from(["example.com", "*.example.com", "a.example.com"]),
            "pathType": st.sampled_from(["Prefix", "Exact"]),
            "methods": st.sampled_from([["GET"], ["POST", "PUT"]]),
            "allowedSources": st.sampled_from([["10.0.0.0/8"], ["192.168.0.0/16"]]),
            "headers": st.sampled_from([{"X-Role": ["admin*"]}, {"X-Role": ["guest"]}]),
            "queries": st.sampled_from([{"v": ["1"]}, {"v": ["b*"]}]),
        },
    ).filter(is_valid_rule),
    max_size=6,
    unique_by=lambda route: match_of(route).text,
)
requests = st.builds(
    Request,
    scheme=st.just("http"),
    host=st.sampled_from(["example.com", "a.example.com", "b.a.example.com", "other.com"]),
    port=st.just(80),
    path=st.sampled_from([*PATHS, "/a/x", "/abc"]),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    client=st.sampled_from(["10.1.2.3", "203.0.113.7"]),
    query=st.sampled_from(["", "v=1", "V=Beta", "v=2&v=1", "w=1"]),
    headers=st.sampled_from([{}, {"x-role": "Administrator"}, {"x-role": "guest"}]),
)


def with_priority(route: Route, routes: list[Route]) -> Route:
    """The route with its priority if that is required: a request can match another route that is as specific."""
    match = match_of(route)
    others = [other for other in map(match_of, routes) if other != match and rank_of(other) == rank_of(match)]
    ambiguous = any(overlap(match, other) for other in others)
    return {**route, "priority": priority_of(match)} if ambiguous else route


def aws_stack_of(routes: list[Route]) -> StackPlan:
    """The checked plan of a stack with an Application Load Balancer whose routes lead to targets of their own."""
    with_actions = [{**with_priority(route, routes), "target": f"t{at}"} for at, route in enumerate(routes)]
    front = {
        "kind": "application",
        "scope": "internet",
        "vpc": "vpc-0123456789abcdef0",
        "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "allowedSources": ["0.0.0.0/0"],
        "multiLabelWildcards": True,
        "targets": {f"t{at}": {"target": {"service": f"s{at}"}} for at in range(max(len(routes), 1))},
        "listeners": [{"port": 80, "protocol": "http", "routes": with_actions}],
    }
    services = {f"s{at}": {"image": "web:1", "port": 8080} for at in range(max(len(routes), 1))}
    return check_stack("dev", {"namespace": "shop", "services": services, "awsLoadBalancers": {"front": front}})


def matches_as_aws_documents(route: Route, request: Request) -> bool:
    """Whether all conditions of the rule are met, as the API reference of RuleCondition defines them."""

    def is_met(condition: Mapping[str, Any]) -> bool:
        ((kind, settings_of_kind),) = condition.items()
        if kind == "query_strings":
            pairs = [pair.lower().partition("=") for pair in request.query.split("&")]
            wanted = [(each["key"].lower(), each["value"].lower()) for each in settings_of_kind]
            return any(
                key == name and fnmatch.fnmatchcase(sent, value) for key, _, sent in pairs for name, value in wanted
            )
        values: list[str] = settings_of_kind["values"]
        if kind == "host_header":
            return any(fnmatch.fnmatchcase(request.host.lower(), value.lower()) for value in values)
        if kind == "path_pattern":
            return any(fnmatch.fnmatchcase(request.path, value) for value in values)
        if kind == "http_request_method":
            return request.method in values
        if kind == "source_ip":
            return any(ipaddress.ip_address(str(request.client)) in ipaddress.ip_network(value) for value in values)
        sent = request.headers.get(settings_of_kind["http_header_name"].lower(), "")
        return any(fnmatch.fnmatchcase(sent.lower(), value.lower()) for value in values)

    return all(map(is_met, build_conditions(match_of(route))))


@given(aws_routes, requests)
@settings(max_examples=examples(150))
@example(
    [{"path": "/a"}, {"path": "/a", "methods": ["GET"]}], Request("http", "example.com", 80, "/a", client="10.1.1.1")
)
def test_an_application_load_balancer_applies_the_first_rule_that_matches(
    routes: list[Route], request: Request
) -> None:
    # A check rejects two rules of one priority.
    priorities = {priority_of(match_of(route)): at for at, route in enumerate(routes)}
    assume(len(priorities) == len(routes))
    ranked = [priorities[priority] for priority in sorted(priorities)]
    expected = next((at for at in ranked if matches_as_aws_documents(routes[at], request)), None)
    (answer,) = answers_of(aws_stack_of(routes), request)
    chosen = [candidate for candidate in answer.candidates if candidate.matches]
    assert len(answer.candidates) == len(routes)
    if expected is None:
        assert (code_of(answer), answer.status, notes_of(answer)) == (
            "trace-fixed-response",
            404,
            ["trace-default-action"],
        )
        assert chosen == []
    else:
        assert (code_of(answer), answer.leads_to) == ("trace-forwarded", f"s{expected}:80")
        assert [candidate.leads_to for candidate in chosen] == [f"s{expected}:80"]
        assert chosen[0].reason.params == {"priority": next(key for key, at in priorities.items() if at == expected)}
    matching = {match_of(route).text for route in routes if matches_as_aws_documents(route, request)}
    for candidate in answer.candidates[len(chosen) :]:
        later = candidate.reason.code.name == "trace-earlier-rule-wins"
        assert later == (candidate.match in matching)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), "trace-unknown-source"),
        (("--from", "203.0.113.9"), "trace-other-source"),
        (("--from", "10.1.1.1"), "trace-other-header"),
        (("--from", "10.1.1.1", "-H", "x-role: Administrator"), "trace-first-rule-matches"),
    ],
)
def test_conditions_of_aws_routes_must_be_met(tmp_path: Path, options: tuple[str, ...], code: str) -> None:
    values = copy.deepcopy(SHOP)
    values["awsLoadBalancers"]["shared"]["allowedSources"] = ["0.0.0.0/0"]
    folder = str(written(tmp_path, {"dev": values}) / "stacks")
    answer = answer_at(folder, "https://aws.example.com/admin", "--via", "shared", *options)
    (admin,) = [candidate for candidate in answer["candidates"] if "/admin" in candidate["match"]]
    assert admin["code"] == code


# The command, with a stack that has something of everything.


@pytest.fixture
def shop(tmp_path: Path) -> str:
    return str(written(tmp_path) / "stacks")


def answer_at(folder: str, *arguments: str) -> Any:
    """The first answer: of the entry that the host names."""
    return json_of("route", *arguments, "--folder", folder)["answers"][0]


@pytest.mark.parametrize(
    ("arguments", "entry", "code", "leads_to", "path"),
    [
        (("https://shop.example.com/",), "edge", "forwarded", "web:80", "/"),
        (("https://shop.example.com/apis",), "edge", "forwarded", "web:80", "/apis"),
        (("https://shop.example.com/api",), "edge", "rewritten", "api:80", "/v2"),
        (("https://shop.example.com/api/users?q=1",), "edge", "rewritten", "api:80", "/v2/users?q=1"),
        (("https://SHOP.example.com./api//users",), "edge", "rewritten", "api:80", "/v2/users"),
        (("https://shop.example.com/reports/1",), "edge", "forwarded", "reports:8000", "/reports/1"),
        (("http://plain.example.com/x",), "edge", "forwarded", "web:80", "/x"),
        (("https://aws.example.com/api/1",), "shared", "forwarded", "api:80", "/api/1"),
        (("POST", "https://aws.example.com/api/1"), "shared", "forwarded", "reports:8000", "/api/1"),
        (
            ("https://aws.example.com/share",),
            "shared",
            "forwarded-by-weight",
            "reports:8000 (weight 10), web:80 (weight 90)",
            "/share",
        ),
        (("udp://ns.example.com:53",), "names", "port-forwarded", "dns:5353", "/"),
    ],
)
def test_which_service_receives_a_request(
    shop: str, arguments: tuple[str, ...], entry: str, code: str, leads_to: str, path: str
) -> None:
    answer = answer_at(shop, *arguments)
    found = (answer["entry"], answer["outcome"], answer["code"], answer["leads_to"], answer["path"])
    assert found == (entry, "service", f"trace-{code}", leads_to, path)


@pytest.mark.parametrize(
    ("url", "code", "status", "location"),
    [
        ("http://shop.example.com/api?q=1", "https-redirect", 308, "https://shop.example.com/api?q=1"),
        ("https://old.example.com/a?b=c", "route-redirects", 301, "https://shop.example.com/a?b=c"),
        ("http://aws.example.com/a?b=c", "load-balancer-redirects", 301, "https://aws.example.com/a?b=c"),
        ("https://aws.example.com/old/1", "load-balancer-redirects", 301, "https://new.example.com/old/1"),
    ],
)
def test_where_a_client_is_redirected(shop: str, url: str, code: str, status: int, location: str) -> None:
    answer = answer_at(shop, url)
    assert (answer["outcome"], answer["code"]) == ("redirect", f"trace-{code}")
    assert (answer["status"], answer["location"]) == (status, location)


@pytest.mark.parametrize(
    ("arguments", "outcome", "code", "status"),
    [
        (("https://shop.example.com/", "--from", "198.51.100.1"), "unreachable", "client-blocked", 0),
        (("https://shop.example.com/api/health", "--from", "203.0.113.9"), "response", "client-not-allowed", 403),
        (("https://shop.example.com/..",), "response", "path-rejected", 400),
        (("http://none.example.com/",), "response", "no-route-for-host", 404),
        (("https://none.example.com/",), "unreachable", "no-certificate-for-host", 0),
        (("https://shop.example.com:8443/",), "unreachable", "port-closed", 0),
        (("http://shop.example.com:443/",), "unreachable", "other-scheme", 0),
        (("tls://shop.example.com:443",), "unreachable", "not-http", 0),
    ],
)
def test_a_request_that_no_service_of_the_gateway_receives(
    shop: str, arguments: tuple[str, ...], outcome: str, code: str, status: int
) -> None:
    answer = answer_at(shop, *arguments, "--via", "edge")
    assert (answer["outcome"], answer["code"], answer["status"]) == (outcome, f"trace-{code}", status)


@pytest.mark.parametrize(
    ("arguments", "outcome", "code", "status"),
    [
        (("https://aws.example.com/",), "response", "fixed-response", 403),
        (("http://aws.example.com:443/",), "unreachable", "other-scheme", 0),
        (("https://aws.example.com:8443/",), "unreachable", "port-closed", 0),
        (("https://aws.example.com/", "--from", "198.51.100.1"), "unreachable", "client-blocked", 0),
    ],
)
def test_a_request_that_no_service_of_the_aws_load_balancer_receives(
    shop: str, arguments: tuple[str, ...], outcome: str, code: str, status: int
) -> None:
    answer = answer_at(shop, *arguments, "--via", "shared")
    assert (answer["outcome"], answer["code"], answer["status"]) == (outcome, f"trace-{code}", status)


def test_a_route_for_some_clients_names_them(shop: str) -> None:
    answer = answer_at(shop, "https://shop.example.com/api/health")
    assert [(note["code"], note["params"]) for note in answer["notes"]] == [
        ("trace-requires-allowed-source", {"sources": ["10.0.0.0/8"]})
    ]


def test_sources_that_are_known_later_reject_no_client(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    values = copy.deepcopy(SHOP)
    edge, encrypted = values["gateways"]["edge"], [{"secure": "v1:Zm9v:YmFy"}]
    edge["exposure"]["allowedSources"] = encrypted
    edge["routes"][0]["allowedSources"] = edge["routes"][1]["deniedSources"] = encrypted
    plan = plan_of(tmp_path / "encrypted", {**values, "loadBalancers": {}, "awsLoadBalancers": {}})
    for path, leads_to, note in [
        ("/", "web:80", "trace-requires-allowed-source"),
        ("/api", "api:80", "trace-rejects-denied-source"),
    ]:
        answer = answer_of(plan, f"https://shop.example.com{path}", client="198.51.100.1")
        assert (answer.leads_to, notes_of(answer)) == (leads_to, [note])
        assert answer.notes[0].params == {"sources": ("[known later]",)}
    assert capfd.readouterr() == ("", "")


def test_existing_controllers_each_have_an_answer(tmp_path: Path) -> None:
    existing = {"controller": "generic", "namespace": "shop", "controllerPeers": [{"namespace": "a"}]}
    gateways = {
        "one": {**existing, "className": "a", "routes": [{"host": "a.example.com", "target": {"service": "web"}}]},
        "two": {**existing, "className": "b", "routes": [{"path": "/b", "target": {"service": "api"}}]},
    }
    plan = plan_of(tmp_path, {**SHOP, "gateways": gateways, "loadBalancers": {}, "awsLoadBalancers": {}})
    answers = answers_of(plan, parse_request("http://a.example.com/b", "GET", None, []))
    assert [(answer.entry, answer.leads_to, answer.hops[0].kind) for answer in answers] == [
        ("one", "web:80", HopKind.EXISTING_CONTROLLER),
        ("two", "api:80", HopKind.EXISTING_CONTROLLER),
    ]


def test_a_gateway_behind_something_else_is_an_entry() -> None:
    upstream = {"upstream": {"sources": ["10.0.0.0/8"]}, "exposure": None}
    answer = answer_of(stack_of(with_targets([{}]), **upstream), "http://a.example.com/")
    assert [(hop.kind, hop.name, hop.port) for hop in answer.hops] == [(HopKind.UPSTREAM, "edge", 80)]


def test_a_request_goes_through_an_aws_load_balancer_to_the_gateway_behind_it() -> None:
    aws = ("--stack", "production-aws", "--folder", str(ROOT / "stacks"))
    (answer,) = json_of("route", "https://shop.example.com/api/1", *aws)["answers"]
    assert (answer["entry"], answer["leads_to"]) == ("front", "api:80")
    assert [(hop["kind"], hop["name"], hop["port"]) for hop in answer["hops"]] == [
        ("load-balancer", "front", 443),
        ("gateway", "edge", 443),
    ]
    (plain,) = json_of("route", "http://shop.example.com/", *aws)["answers"]
    assert (plain["code"], plain["status"], plain["location"]) == (
        "trace-https-redirect",
        308,
        "https://shop.example.com/",
    )
    (other,) = json_of("route", "https://x.example.com/", *aws)["answers"]
    assert (other["code"], other["params"]) == (
        "trace-host-not-served",
        {"name": "front", "hosts": ["shop.example.com"]},
    )


@pytest.mark.parametrize(
    ("tls", "code"),
    [
        ({}, "trace-forwarded"),
        ({"s.example.com": {"tlsTerminatedUpstream": True}}, "trace-forwarded"),
        ({"s.example.com": {"secret": "s"}}, "trace-https-redirect-loop"),
    ],
)
def test_a_gateway_can_know_that_tls_terminates_in_front_of_it(tls: Any, code: str, tmp_path: Path) -> None:
    edge: dict[str, Any] = {
        "upstream": {"sources": ["10.0.0.0/8"]},
        "tls": tls,
        "routes": [{"host": "s.example.com", "target": {"service": "web"}}],
        "settings": {"forwardedFrom": ["10.0.0.0/8"]},
    }
    aws = SHOP["awsLoadBalancers"]["shared"]
    targets = {"gateway": {"target": {"gateway": "edge", "portName": "http"}}}
    front = {**aws, "targets": targets, "listeners": [{"port": 443, "protocol": "https", "target": "gateway"}]}
    stack = {**SHOP, "gateways": {"edge": edge}, "loadBalancers": {}, "awsLoadBalancers": {"front": front}}
    answer = answer_of(plan_of(tmp_path, stack), "https://s.example.com/")
    assert code_of(answer) == code
    assert [(hop.kind, hop.name, hop.port) for hop in answer.hops] == [
        (HopKind.LOAD_BALANCER, "front", 443),
        (HopKind.GATEWAY, "edge", 80),
    ]
    if code == "trace-https-redirect-loop":
        at = Location(("gateways", Key("edge"), "tls", Key("s.example.com"), "tls_terminated_upstream"))
        assert answer.reason.params["field"] == at


def test_tls_must_reach_the_port_of_the_gateway_that_terminates_it(tmp_path: Path) -> None:
    edge: dict[str, Any] = {**SHOP["gateways"]["edge"], "exposure": None, "upstream": {"sources": ["10.0.0.0/8"]}}
    edge["routes"] = [route for route in edge["routes"] if "allowedSources" not in route]
    exposure = {"scope": "internet", "platform": "generic", "allowedSources": ["0.0.0.0/0"]}
    balancer = {
        "target": {"gateway": "edge", "portName": "http"},
        "exposure": exposure,
        "ports": {"https": {"port": 443}},
    }
    stack = {**SHOP, "gateways": {"edge": edge}, "loadBalancers": {"front": balancer}, "awsLoadBalancers": {}}
    answer = answer_of(plan_of(tmp_path, stack), "https://shop.example.com/")
    assert (answer.outcome, code_of(answer)) == (Outcome.UNREACHABLE, "trace-other-scheme")
    assert answer.reason.params == {"port": 80, "name": "edge", "serves": "http", "scheme": "https"}


def test_a_load_balancer_with_dns_names_serves_only_them(tmp_path: Path) -> None:
    exposure = {
        "scope": "internet",
        "platform": "generic",
        "allowedSources": ["0.0.0.0/0"],
        "annotations": {"external-dns.alpha.kubernetes.io/hostname": "api.example.com, v2.example.com"},
    }
    balancer = {"target": {"service": "api"}, "exposure": exposure}
    plan = plan_of(
        tmp_path, {**SHOP, "gateways": {}, "loadBalancers": {"api-public": balancer}, "awsLoadBalancers": {}}
    )
    served = answer_of(plan, "http://v2.example.com/")
    assert (code_of(served), notes_of(served)) == ("trace-port-forwarded", [])
    other = answer_of(plan, "http://web.example.com/")
    assert (code_of(other), other.reason.params["hosts"]) == (
        "trace-host-not-served",
        ("api.example.com", "v2.example.com"),
    )
    closed = answer_of(plan, "http://api.example.com:8080/")
    assert (code_of(closed), [candidate.reason.code.name for candidate in closed.candidates]) == (
        "trace-port-closed",
        ["trace-other-port"],
    )


def test_a_load_balancer_without_dns_names_requires_a_dns_record(shop: str) -> None:
    answer = answer_at(shop, "udp://ns.example.com:53", "--via", "names")
    assert [(note["code"], note["params"]) for note in answer["notes"]] == [
        ("trace-requires-dns-record", {"host": "ns.example.com"})
    ]
    assert [candidate["code"] for candidate in answer["candidates"]] == ["trace-port-matches"]


# The command itself.


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("https://shop.example.com/",), 0),
        (("http://shop.example.com/", "--via", "edge"), 0),
        # The controller rejects it by itself.
        (("https://shop.example.com/..", "--via", "edge"), 1),
        (("https://shop.example.com:8443/",), 1),
        (("https://none.example.com/", "--via", "edge"), 1),
        (("GET", "https://a.example.com/", "more"), 2),
        (("https://a.example.com:99999/",), 2),
        (("https://a.example.com/", "--from", "nobody"), 2),
        (("https://a.example.com/", "-H", "nonsense"), 2),
        (("https://a.example.com/", "--via", "egde"), 2),
    ],
)
def test_the_exit_code(shop: str, arguments: tuple[str, ...], exit_code: int) -> None:
    found = called("route", *arguments, "--folder", shop)
    assert found.exit_code == exit_code
    assert (found.stdout == "") == (exit_code == 2)
    # An option that is invalid isn't reported as an invalid request.
    assert "REQUEST: " not in found.stderr or "more" in arguments


def test_a_misspelled_entry_has_a_suggestion(shop: str) -> None:
    found = called("route", "https://a.example.com/", "--via", "egde", "--folder", shop)
    assert "did you mean edge?" in " ".join(found.stderr.split())


@pytest.mark.parametrize(
    ("url", "method", "client", "headers", "code", "params"),
    [
        ("ftp://a.example.com/", "GET", None, [], "unsupported-scheme", {"scheme": "ftp"}),
        ("https:///x", "GET", None, [], "url-without-host", {}),
        ("https://[::1/", "GET", None, [], "invalid-url", {}),
        ("tcp://a.example.com", "GET", None, [], "port-required", {"example": "tcp://a.example.com:5432"}),
        ("https://a.example.com:99999/", "GET", None, [], "invalid-url-port", {}),
        ("https://a.example.com:0/", "GET", None, [], "invalid-url-port", {}),
        ("https://a.example.com/", "get", None, [], "invalid-method", {"method": "get"}),
        ("https://a.example.com/", "GET", "nobody", [], "invalid-client-address", {"client": "nobody"}),
        ("https://a.example.com/", "GET", None, ["X-Role"], "invalid-request-header", {}),
    ],
)
def test_what_is_not_a_request(
    url: str, method: str, client: str | None, headers: list[str], code: str, params: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_request(url, method, client, headers)
    reason = caught.value.reason
    assert reason.code.name == f"trace-{code}"
    assert params.items() <= reason.params.items()


def test_an_invalid_header_or_port_shows_no_secret() -> None:
    for url, headers in [
        ("https://a.example.com/", ["Authorization Bearer s3cr3t"]),
        ("https://ann:s3cr3t@a.example.com:x/", []),
    ]:
        with pytest.raises(InvalidRequest) as caught:
            parse_request(url, "GET", None, headers)
        assert "s3cr3t" not in str(caught.value)


def test_the_json_has_the_documented_shape(shop: str) -> None:
    found = json_of("route", "https://shop.example.com/api/health", "--folder", shop)
    assert found.keys() == {"version", "stack", "request", "answers"}
    assert found["version"] == 3
    assert found["request"] == {"method": "GET", "url": "https://shop.example.com/api/health", "from": None}
    reason = {"code", "params", "text"}
    for answer in found["answers"]:
        assert answer.keys() == reason | {
            "entry",
            "hops",
            "outcome",
            "served",
            "notes",
            "leads_to",
            "backends",
            "path",
            "status",
            "location",
            "candidates",
        }
        assert all(hop.keys() == {"kind", "name", "port", "protocol"} for hop in answer["hops"])
        assert all(note.keys() == reason for note in answer["notes"])
        assert all(item.keys() == reason | {"match", "leads_to", "action", "matches"} for item in answer["candidates"])
        actions = [item["action"] for item in answer["candidates"]]
        assert all(action.keys() == {"backends", "redirect", "status"} for action in actions)
        assert all(backend.keys() == {"peer", "port", "weight"} for backend in answer["backends"])
        for coded in (answer, *answer["notes"], *answer["candidates"]):
            assert coded["code"] in all_codes()


def test_the_text_has_the_way_the_result_and_every_route(shop: str) -> None:
    text = called("route", "https://shop.example.com/api/users", "--folder", shop, env={"COLUMNS": "200"}).stdout
    (answer, *_) = answers_of(
        check_stack("dev", SHOP), parse_request("https://shop.example.com/api/users", "GET", None, [])
    )
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0] == "GET https://shop.example.com/api/users"
    assert f"edge, port 443/TCP: {answer.text}" in lines
    for candidate in answer.candidates:
        mark = "match" if candidate.matches else "-"
        assert f"{mark} {candidate.match} {candidate.leads_to} {candidate.reason.text}" in lines


@pytest.fixture
def no_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if Pulumi's runtime starts, or if a resource is registered."""

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("Pulumi's runtime is started")

    monkeypatch.setattr(pulumi.runtime.mocks, "set_mocks", fail)
    monkeypatch.setattr(pulumi.runtime.resource, "register_resource", fail)


@pytest.mark.usefixtures("no_runtime")
def test_nothing_is_registered(shop: str) -> None:
    answers = json_of("route", "https://shop.example.com/", "--folder", shop)["answers"]
    assert {answer["entry"] for answer in answers} == {"edge", "names", "shared"}
