"""`portico route`: the answer is `match_route`'s, or that of AWS's own rules, and every other route has a reason."""

from __future__ import annotations

import copy
import fnmatch
import ipaddress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pulumi_portico import match_route
from pulumi_portico.args.location import camel_case
from pulumi_portico.aws_load_balancer.priorities import priority_of
from pulumi_portico.aws_load_balancer.routes import build_conditions
from pulumi_portico.cli.tracing import Outcome, Request, answers_of, parse_request
from pulumi_portico.cli.tracing.aws import at_listener
from pulumi_portico.cli.tracing.gateway import at_gateway
from pulumi_portico.cli.tracing.reasons import Kind, decisive_host, reason_against
from pulumi_portico.ingress_gateway.matching import (
    canonical_path,
    host_of,
    path_of,
    path_type_of,
    takes_host,
    takes_path,
)
from pulumi_portico.stack import StackPlan, check_stack
from pulumi_portico.stack.views.destinations import Destination

from tests.aws_balancers import match_of, planned
from tests.command import SHOP, called, json_of, plan_of, written
from tests.support import ROOT

HOSTS = ["", "example.com", "a.example.com", "*.example.com", "*.a.example.com", "other.com"]
PATHS = ["/", "/a", "/a/b", "/ab", "/a/b/c", "/b"]
ASKED_HOSTS = [
    "example.com",
    "a.example.com",
    "b.example.com",
    "b.a.example.com",
    "other.com",
    "none.com",
    "A.Example.com",
]
ASKED_PATHS = [*PATHS, "/a/", "/a/b/", "/ab/c", "/a//b", "/%61/b", "/a/../b", "/..", "/%", "/c"]

routes_of_gateways = st.lists(
    st.fixed_dictionaries(
        {
            "host": st.sampled_from(HOSTS),
            "path": st.sampled_from(PATHS),
            "path_type": st.sampled_from(["Exact", "Prefix"]),
        }
    ),
    max_size=8,
    unique_by=lambda it: (it["host"], it["path"], it["path_type"]),
)


def with_targets(routes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**{key: it for key, it in route.items() if it != ""}, "target": {"service": "web"}} for route in routes]


def stack_of(routes: list[dict[str, Any]], **more: Any) -> StackPlan:
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


def written_as(route: dict[str, Any]) -> str:
    return f"{host_of(route) or '*'}{path_of(route)} {path_type_of(route)}"


@given(routes_of_gateways, st.sampled_from(ASKED_HOSTS), st.sampled_from(ASKED_PATHS))
@settings(deadline=None, max_examples=400)
def test_the_route_that_takes_a_request_is_match_routes_and_every_other_has_a_reason(
    given_routes: list[dict[str, Any]], host: str, path: str
) -> None:
    routes = with_targets(given_routes)
    plan = stack_of(routes)
    answer = at_gateway(plan, "edge", Request("http", host.lower(), 80, path))
    expected = match_route(routes, host, path)
    taken = [it.what for it in answer.considered if it.takes]
    assert taken == ([] if expected is None else [written_as(expected)])
    assert sorted(it.what for it in answer.considered) == sorted(map(written_as, routes))
    assert all(it.why for it in answer.considered)
    if expected is not None:
        assert (answer.outcome, answer.leads_to) == (Outcome.SERVICE, "web:80")
    else:
        assert (answer.outcome, answer.status) == (Outcome.ANSWER, 400 if canonical_path(path) is None else 404)


@given(routes_of_gateways, st.sampled_from(ASKED_HOSTS), st.sampled_from(ASKED_PATHS))
@settings(deadline=None, max_examples=400)
def test_each_reason_is_true(routes: list[dict[str, Any]], host: str, path: str) -> None:
    host = host.lower()
    chosen, decisive, where = match_route(routes, host, path), decisive_host(routes, host), canonical_path(path)
    for route in (it for it in routes if it is not chosen):
        kind = reason_against(route, chosen, decisive, host, path).kind
        if where is None:
            assert kind is Kind.UNREADABLE
            continue
        pattern, at, fits = host_of(route), path_of(route), takes_host(host_of(route), host)
        assert (kind in (Kind.HOST, Kind.LABELS)) == (not fits)
        if kind is Kind.LABELS:
            assert pattern.startswith("*.")
            assert host.endswith(pattern[2:])
        if not fits:
            continue
        # A more specific host has a route: the exact name, or a wildcard beside a route of every host.
        better = [it for it in map(host_of, routes) if takes_host(it, host) and it != pattern]
        shadowed = any(it == host or (it.startswith("*.") and pattern == "") for it in better)
        assert (kind is Kind.SHADOWED) == shadowed
        if shadowed:
            continue
        by_path = takes_path(path_type_of(route), at, where)
        assert (kind is Kind.BEATEN) == by_path
        if kind is Kind.BEATEN:
            assert chosen is not None
            assert host_of(chosen) == pattern
        assert (kind is Kind.EXACT) == (not by_path and path_type_of(route) == "Exact")
        if kind is Kind.LONGER:
            assert at.startswith(where.rstrip("/") + "/")
        if kind is Kind.ELEMENT:
            assert where.startswith(at)
            assert where[len(at)] != "/"


@given(st.sampled_from(["a.b.example.com", "a.b.c.example.com", "a.example.com"]))
def test_where_a_wildcard_stands_for_any_depth_it_takes_deeper_names(host: str) -> None:
    routes = with_targets([{"host": "*.example.com", "path": "/"}, {"host": "", "path": "/"}])
    plan = stack_of(routes, controller="f5-nginx", multi_label_wildcards=True)
    answer = at_gateway(plan, "edge", Request("http", host, 80, "/"))
    assert [it.what for it in answer.considered if it.takes] == ["*.example.com/ Prefix"]


AWS_PATHS = [it for it in PATHS if it != "/ab"] + ["/ab"]
aws_routes = st.lists(
    st.fixed_dictionaries(
        {"path": st.sampled_from(AWS_PATHS)},
        optional={
            "host": st.sampled_from(["example.com", "*.example.com", "a.example.com"]),
            "path_type": st.sampled_from(["Prefix", "Exact"]),
            "methods": st.sampled_from([["GET"], ["POST", "PUT"]]),
            "allowed_sources": st.sampled_from([["10.0.0.0/8"], ["192.168.0.0/16"]]),
            "headers": st.sampled_from([{"X-Role": ["admin*"]}, {"X-Role": ["guest"]}]),
        },
    ),
    max_size=6,
    unique_by=lambda it: match_of(it).text,
)
requests = st.builds(
    Request,
    scheme=st.just("https"),
    host=st.sampled_from(["example.com", "a.example.com", "b.a.example.com", "other.com"]),
    port=st.just(443),
    path=st.sampled_from([*PATHS, "/a/x", "/abc"]),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    client=st.sampled_from(["10.1.2.3", "203.0.113.7"]),
    headers=st.sampled_from([{}, {"x-role": "Administrator"}, {"x-role": "guest"}]),
)


def fits_as_aws_says(route: dict[str, Any], request: Request) -> bool:
    """Whether all conditions of the rule hold, as the API reference of RuleCondition has them."""

    def holds(condition: dict[str, Any]) -> bool:
        ((kind, told),) = condition.items()
        values: list[str] = told["values"]
        if kind == "host_header":
            return any(fnmatch.fnmatchcase(request.host.lower(), it.lower()) for it in values)
        if kind == "path_pattern":
            return any(fnmatch.fnmatchcase(request.path, it) for it in values)
        if kind == "http_request_method":
            return request.method in values
        if kind == "source_ip":
            return any(ipaddress.ip_address(str(request.client)) in ipaddress.ip_network(it) for it in values)
        held = request.headers.get(told["http_header_name"].lower(), "")
        return any(fnmatch.fnmatchcase(held.lower(), it.lower()) for it in values)

    return all(map(holds, build_conditions(match_of(route))))


@given(aws_routes, requests)
@settings(deadline=None, max_examples=400)
@example(
    [{"path": "/a"}, {"path": "/a", "methods": ["GET"]}], Request("https", "example.com", 443, "/a", client="10.1.1.1")
)
def test_an_application_load_balancer_takes_the_first_rule_that_fits(
    routes: list[dict[str, Any]], request: Request
) -> None:
    ranked = sorted(
        ({**it, "target": f"t{at}"} for at, it in enumerate(routes)), key=lambda it: priority_of(match_of(it))
    )
    # Two at one priority are refused beforehand.
    assume(len({priority_of(match_of(it)) for it in routes}) == len(routes))
    expected = next((it for it in ranked if fits_as_aws_says(it, request)), None)
    targets = {it["target"]: Destination("service", it["target"], "80") for it in ranked}
    listener = {
        "port": 443,
        "protocol": "https",
        "routes": [{**it, "target": f"t{at}"} for at, it in enumerate(routes)],
    }
    plan = planned({"kind": "application", "vpc": "vpc-1", "targets": {}, "listeners": [listener]}, "front")
    answer, destination = at_listener(plan, plan.listeners[0], request, targets)
    assert (destination.name if destination else None) == (expected["target"] if expected else None)
    assert answer.status == (0 if expected else 404)
    assert [it.leads_to for it in answer.considered if it.takes] == ([expected["target"]] if expected else [])
    assert len(answer.considered) == len(routes)
    assert all(it.why for it in answer.considered)


@pytest.fixture
def shop(tmp_path: Path) -> str:
    return str(written(tmp_path) / "stacks")


def asked(shop: str, *arguments: str) -> dict[str, Any]:
    """The first answer: that of the way in that the host names."""
    return json_of("route", *arguments, "--folder", shop)["answers"][0]


@pytest.mark.parametrize(
    ("arguments", "entry", "leads_to", "path"),
    [
        (("https://shop.example.com/",), "edge", "web:80", "/"),
        (("https://shop.example.com/apis",), "edge", "web:80", "/apis"),
        (("https://shop.example.com/api",), "edge", "api:80", "/v2"),
        (("https://shop.example.com/api/users?q=1",), "edge", "api:80", "/v2/users?q=1"),
        (("https://SHOP.example.com./api//users",), "edge", "api:80", "/v2/users"),
        (("https://shop.example.com/reports/1",), "edge", "reports:8000", "/reports/1"),
        (("http://plain.example.com/x",), "edge", "web:80", "/x"),
        (("https://aws.example.com/api/1",), "shared", "api:80", "/api/1"),
        (("POST", "https://aws.example.com/api/1"), "shared", "reports:8000", "/api/1"),
        (("udp://ns.example.com:53",), "names", "dns:5353", "/"),
    ],
)
def test_which_service_takes_a_request_and_as_what(
    shop: str, arguments: tuple[str, ...], entry: str, leads_to: str, path: str
) -> None:
    answer = asked(shop, *arguments)
    assert (answer["entry"], answer["outcome"], answer["leads_to"], answer["path"]) == (
        entry,
        "service",
        leads_to,
        path,
    )


@pytest.mark.parametrize(
    ("url", "status", "location"),
    [
        ("http://shop.example.com/api?q=1", 308, "https://shop.example.com/api?q=1"),
        ("https://old.example.com/a?b=c", 301, "https://shop.example.com/a?b=c"),
        ("http://aws.example.com/a?b=c", 301, "https://aws.example.com/a?b=c"),
        ("https://aws.example.com/old/1", 301, "https://new.example.com/old/1"),
    ],
)
def test_where_a_client_is_sent_instead(shop: str, url: str, status: int, location: str) -> None:
    answer = asked(shop, url)
    assert (answer["outcome"], answer["status"], answer["location"]) == ("redirect", status, location)


@pytest.mark.parametrize(
    ("route", "asked_path", "path"),
    [
        ({"rewrite": "/v2"}, "/x/y", "/v2/x/y"),
        ({"rewrite": "/v2"}, "/", "/v2/"),
        ({"path": "/a", "rewrite": "/"}, "/a/b", "/b"),
        ({"path": "/a", "rewrite": "/"}, "/a", "/"),
        ({"path": "/a", "path_type": "Exact", "rewrite": "/b/c"}, "/a", "/b/c"),
        # Compared in its plain form, and encoded again.
        ({"path": "/a", "rewrite": "/b"}, "/%61//x%20y/../%C3%BC%3F%23%25z/", "/b/%C3%BC%3F%23%25z/"),
        # What is not rewritten goes on as it was sent.
        ({}, "/%61//x%20y/../%C3%BC%3F", "/%61//x%20y/../%C3%BC%3F"),
        ({"path": "/a"}, "/a//b%2Fc", "/a//b%2Fc"),
    ],
)
def test_a_rewrite_takes_the_place_of_the_routes_path(route: dict[str, Any], asked_path: str, path: str) -> None:
    answer = at_gateway(stack_of(with_targets([route])), "edge", Request("http", "a.com", 80, asked_path))
    assert (answer.outcome, answer.path) == (Outcome.SERVICE, path)


def test_the_app_root_and_the_default_backend(tmp_path: Path) -> None:
    routes = [{"host": "a.example.com", "target": {"service": "web"}, "appRoot": "/login"}]
    edge = {**SHOP["gateways"]["edge"], "tls": {}, "routes": routes, "defaultBackend": {"service": "api"}}
    plan = plan_of(tmp_path, {**SHOP, "gateways": {"edge": edge}, "loadBalancers": {}, "awsLoadBalancers": {}})

    def first(url: str) -> Any:
        return answers_of(plan, parse_request(url, "GET", None, []))[0]

    root = first("http://a.example.com/")
    assert (root.status, root.location) == (302, "http://a.example.com/login")
    assert first("http://a.example.com/login").leads_to == "web:80"
    other = first("http://b.example.com/x")
    assert (other.outcome, other.leads_to) == (Outcome.SERVICE, "api:80")
    assert "default backend" in other.text


def test_a_client_that_is_not_let_in_gets_no_connection_or_403(tmp_path: Path, shop: str) -> None:
    kept_out = asked(shop, "https://shop.example.com/", "--from", "198.51.100.1")
    assert (kept_out["outcome"], "is not among the allowed sources" in kept_out["text"]) == ("nothing", True)
    forbidden = asked(shop, "https://shop.example.com/api/health", "--from", "203.0.113.9")
    assert (forbidden["outcome"], forbidden["status"]) == ("answer", 403)
    unknown = asked(shop, "https://shop.example.com/api/health")
    assert "from 10.0.0.0/8 alone" in unknown["text"]


def test_sources_that_are_known_later_keep_nobody_out(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    values = copy.deepcopy(SHOP)
    edge, sealed = values["gateways"]["edge"], [{"secure": "v1:Zm9v:YmFy"}]
    edge["exposure"]["allowedSources"] = sealed
    edge["routes"][0]["allowedSources"] = edge["routes"][1]["deniedSources"] = sealed
    plan = plan_of(tmp_path / "sealed", values)

    def at_edge(path: str) -> str:
        found = answers_of(plan, parse_request(f"https://shop.example.com{path}", "GET", "198.51.100.1", []))
        return next(it.text for it in found if it.entry == "edge")

    assert at_edge("/") == "service web takes it at port 80; from [known later] alone"
    assert at_edge("/api") == "service api takes it at port 80, as /v2; not from [known later]"
    assert capfd.readouterr() == ("", "")


def test_gateways_on_controllers_that_are_there_are_told_apart(tmp_path: Path) -> None:
    there = {"controller": "generic", "className": "a", "namespace": "shop", "controllerPeers": [{"namespace": "a"}]}
    gateways = {
        "one": {**there, "routes": [{"host": "a.example.com", "target": {"service": "web"}}]},
        "two": {**there, "className": "b", "routes": [{"path": "/b", "target": {"service": "api"}}]},
    }
    folder = str(
        written(tmp_path, {"dev": {**SHOP, "gateways": gateways, "loadBalancers": {}, "awsLoadBalancers": {}}})
        / "stacks"
    )
    lines = called("route", "http://a.example.com/b", "--folder", folder).stdout.splitlines()
    assert lines[2].startswith("one, the controller that is there, port 80: service web takes it")
    assert any(it.startswith("two, the controller that is there, port 80: service api takes it") for it in lines)


def test_a_gateway_is_asked_nothing_but_http(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, {**SHOP, "loadBalancers": {}, "awsLoadBalancers": {}})
    (answer,) = answers_of(plan, parse_request("tls://shop.example.com:443", "GET", None, []))
    assert (answer.outcome, answer.text) == (
        Outcome.NOTHING,
        "a gateway takes HTTP at ports 80 and 443, and tls is none",
    )


@pytest.mark.parametrize("options", [("--header", "nonsense"), ("--from", "nonsense")])
def test_a_wrong_option_is_not_called_a_wrong_request(options: tuple[str, str], shop: str) -> None:
    result = called("route", "https://shop.example.com/", *options, "--folder", shop)
    assert (result.exit_code, "nonsense" in result.stderr) == (2, True)
    assert "REQUEST: " not in result.stderr


def test_a_redirect_names_an_ipv6_host_in_brackets() -> None:
    # Only a redirect to the app root has the host that the client requested: a redirect of a route without a host
    # names its own on every controller.
    stack = stack_of(with_targets([{"app_root": "/login"}]))
    answer = at_gateway(stack, "edge", parse_request("http://[2001:db8::1]/", "GET", None, []))
    assert answer.location == "http://[2001:db8::1]/login"


def test_headers_and_sources_of_aws_routes_must_be_met(shop: str) -> None:
    url = "https://aws.example.com/admin"
    reasons = {it["leads_to"]: it["why"] for it in asked(shop, url, "--via", "shared")["considered"]}
    assert "say --from to try one" in reasons["web"]
    answers = json_of("route", url, "--via", "shared", "--from", "203.0.113.9", "--folder", shop)["answers"]
    assert "203.0.113.9 is not in 10.0.0.0/8" in {it["leads_to"]: it["why"] for it in answers[0]["considered"]}["web"]


def test_a_request_goes_through_a_load_balancer_of_aws_to_the_gateway_behind_it() -> None:
    aws = ("--stack", "production-aws", "--folder", str(ROOT / "stacks"))
    told = json_of("route", "https://shop.example.com/api/1", *aws)
    (answer,) = told["answers"]
    assert answer["entry"] == "front"
    assert answer["enters_by"] == ["front, port 443/TCP", "gateway edge, port 443"]
    assert answer["leads_to"] == "api:80"
    plain = json_of("route", "http://shop.example.com/", *aws)
    assert (plain["answers"][0]["status"], plain["answers"][0]["location"]) == (308, "https://shop.example.com/")
    other = called("route", "https://x.example.com/", *aws)
    assert (other.exit_code, "its names are others: shop.example.com" in other.stdout) == (1, True)


@pytest.mark.parametrize(
    ("tls", "outcome", "said"),
    [
        ({}, Outcome.SERVICE, "service web takes it"),
        ({"s.example.com": {"tlsTerminatedUpstream": True}}, Outcome.SERVICE, "service web takes it"),
        ({"s.example.com": {"secret": "s"}}, Outcome.REDIRECT, "for ever"),
    ],
)
def test_tls_that_ends_before_the_gateway_is_known_to_it_or_is_not(
    tls: Any, outcome: Outcome, said: str, tmp_path: Path
) -> None:
    edge: dict[str, Any] = {
        "upstream": {"sources": ["10.0.0.0/8"]},
        "tls": tls,
        "routes": [{"host": "s.example.com", "target": {"service": "web"}}],
        "settings": {"forwardedFrom": ["10.0.0.0/8"]},
    }
    aws = SHOP["awsLoadBalancers"]["shared"]
    targets = {"gateway": {"target": {"gateway": "edge", "portName": "http"}}}
    front = {**aws, "targets": targets, "listeners": [{"port": 443, "protocol": "https", "target": "gateway"}]}
    plan = plan_of(
        tmp_path, {**SHOP, "gateways": {"edge": edge}, "loadBalancers": {}, "awsLoadBalancers": {"front": front}}
    )
    (answer,) = answers_of(plan, parse_request("https://s.example.com/", "GET", None, []))
    assert (answer.outcome, said in answer.text) == (outcome, True)
    assert answer.enters_by == ("front, port 443/TCP", "gateway edge, port 80")


def test_a_load_balancer_with_a_name_takes_it_alone(tmp_path: Path) -> None:
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

    def outcome(url: str) -> Outcome:
        return answers_of(plan, parse_request(url, "GET", None, []))[0].outcome

    assert outcome("http://v2.example.com/") is Outcome.SERVICE
    assert outcome("http://web.example.com/") is Outcome.NOTHING
    assert outcome("http://api.example.com:8080/") is Outcome.NOTHING


def test_where_nothing_takes_a_request_the_command_leaves_with_1(shop: str) -> None:
    found = called("route", "https://shop.example.com:8443/", "--folder", shop)
    assert found.exit_code == 1
    assert "a gateway takes HTTP at ports 80 and 443" in " ".join(found.stdout.split())
    assert called("route", "https://none.example.com/", "--via", "edge", "--folder", shop).exit_code == 1
    assert called("route", "https://shop.example.com/", "--folder", shop).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ftp://a.example.com/",), "ftp is no scheme"),
        (("https:///x",), "names no host"),
        (("tcp://a.example.com",), "wants a port"),
        (("https://a.example.com:99999/",), "1 to 65535"),
        (("get", "https://a.example.com/"), "get is no method"),
        (("GET", "https://a.example.com/", "more"), "a method and a URL"),
        (("https://a.example.com/", "--from", "nobody"), "nobody"),
        (("https://a.example.com/", "-H", "X-Role"), "is no header"),
        (("https://a.example.com/", "--via", "egde"), "(write edge)"),
    ],
)
def test_what_is_no_request_is_refused(shop: str, arguments: tuple[str, ...], said: str) -> None:
    found = called("route", *arguments, "--folder", shop)
    assert found.exit_code == 2
    assert said in " ".join(found.stderr.split())


def test_the_json_has_the_shape_that_is_documented(shop: str) -> None:
    told = json_of("route", "https://shop.example.com/api", "--folder", shop)
    assert told.keys() == {"version", "stack", "request", "answers"}
    assert told["version"] == 1
    assert told["request"] == {"method": "GET", "url": "https://shop.example.com/api", "from": None}
    fields = {"entry", "enters_by", "outcome", "text", "leads_to", "path", "status", "location", "considered"}
    for answer in told["answers"]:
        assert answer.keys() == fields
        assert all(it.keys() == {"what", "leads_to", "takes", "why"} for it in answer["considered"])


def test_the_answer_is_written_with_every_route_and_its_reason(shop: str) -> None:
    text = called("route", "https://shop.example.com/api/users", "--folder", shop, env={"COLUMNS": "200"}).stdout
    lines = text.splitlines()
    assert lines[0] == "GET https://shop.example.com/api/users"
    assert "edge, port 443/TCP: service api takes it at port 80, as /v2/users" in lines
    (exact,) = [" ".join(it.split()) for it in lines if "shop.example.com/api/health Exact" in it]
    assert exact == "not shop.example.com/api/health Exact api:80 it takes /api/health alone, letter by letter"
