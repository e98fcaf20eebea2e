"""Every field with the path of a request is normal: no empty, `.` or `..` element, and no control character."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pulumi_portico import ArgumentError
from pulumi_portico.args.problems import ABSENT, Problem, Set
from pulumi_portico.args.values import http_path, normal_path
from pulumi_portico.stack import check_stack

from tests.problems import assert_problem
from tests.scoreboard.cases import AWS_PARTS, aws_balancer, balancer, gateway, service

SHOP = "shop.example.com"
EDGE = ("gateways", "edge", "routes", 0)


def listener(**action: Any) -> dict[str, Any]:
    return aws_balancer(listeners=[{"port": 80, "protocol": "http", **action}])


def aws_route(**fields: Any) -> dict[str, Any]:
    return listener(target="web", routes=[{"target": "web", **fields}])


def aws_health(path: str) -> dict[str, Any]:
    targets = {"web": {**AWS_PARTS["targets"]["web"], "health": {"path": path}}}
    return aws_balancer(targets=targets, listeners=[{"port": 80, "protocol": "http", "target": "web"}])


def with_health(path: str, **fields: Any) -> dict[str, Any]:
    exposure = {"scope": "internet", "platform": "aws-controller", "allowedSources": ["0.0.0.0/0"]}
    return balancer({**exposure, "health": {"path": path, **fields}})


def front_door(path: str) -> dict[str, Any]:
    exposure = {"scope": "internet", "platform": "azure", "clientIp": "hide", "health": {"path": path}}
    return gateway({"host": SHOP}, exposure={**exposure, "allowedSources": ["0.0.0.0/0"]})


def other(name: str, path: str) -> dict[str, Any]:
    container = {"name": "other", "image": "registry.example.com/other:1.0", "port": 9000, "health": {"path": path}}
    return service(**{name: [container]})


Field = tuple[Callable[[str], dict[str, Any]], tuple[Any, ...]]
FIELDS: Mapping[str, Field] = {
    "route.path": (lambda path: gateway({"host": SHOP, "path": path}), (*EDGE, "path")),
    "route.rewrite": (lambda path: gateway({"host": SHOP, "path": "/a", "rewrite": path}), (*EDGE, "rewrite")),
    "route.appRoot": (lambda path: gateway({"host": SHOP, "appRoot": path}), (*EDGE, "app_root")),
    "redirect.path": (
        lambda path: gateway({"host": SHOP, "redirect": {"host": "b.example.com", "path": path}}),
        (*EDGE, "redirect", "path"),
    ),
    "sessionPersistence.path": (
        lambda path: gateway({"host": SHOP, "sessionPersistence": {"path": path}}, controller="ingress-nginx"),
        (*EDGE, "session_persistence", "path"),
    ),
    "health.path": (lambda path: service(health={"path": path}), ("services", "web", "health", "path")),
    "sidecar.health.path": (
        lambda path: other("sidecars", path),
        ("services", "web", "sidecars", 0, "health", "path"),
    ),
    "exposure.health.path": (with_health, ("load_balancers", "front", "exposure", "health", "path")),
    "gateway.exposure.health.path": (front_door, ("gateways", "edge", "exposure", "health", "path")),
    "awsRoute.path": (lambda path: aws_route(path=path), ("listeners", 0, "routes", 0, "path")),
    "awsRoute.path, exact": (
        lambda path: aws_route(path=path, pathType="Exact"),
        ("listeners", 0, "routes", 0, "path"),
    ),
    "awsRoute.redirect.path": (
        lambda path: listener(target="web", routes=[{"path": "/a", "redirect": {"path": path}}]),
        ("listeners", 0, "routes", 0, "redirect", "path"),
    ),
    "awsListener.redirect.path": (
        lambda path: listener(redirect={"host": "b.example.com", "path": path}),
        ("listeners", 0, "redirect", "path"),
    ),
    "awsTarget.health.path": (aws_health, ("targets", "web", "health", "path")),
}
NOT_NORMAL = ("/x/../y", "/x//y", "//y", "/./y", "/../y", "/x/..", "/x/.")
ENCODED = ("/x/%2e%2e/y", "/x/%2E./y", "/%00", "/x%0ay", "/x%0D", "/%7f")


def problems_of(values: Mapping[str, Any]) -> list[Problem]:
    try:
        check_stack("dev", values)
    except ArgumentError as error:
        return list(error.problems)
    return []


def locations(values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [tuple(problem.location) for problem in problems_of(values)]


@pytest.mark.parametrize("name", FIELDS)
def test_a_path_that_is_not_normal_has_a_fix(name: str) -> None:
    build, at = FIELDS[name]
    where = at if at[0] in ("gateways", "services", "load_balancers") else ("aws_load_balancers", "front", *at)
    assert not problems_of(build("/y"))
    for path in NOT_NORMAL:
        problem = assert_problem(problems_of(build(path)), "path-not-normalized", *where)
        # An application's root has no slash at its end.
        assert problem.edits or (name == "route.appRoot" and path in NOT_NORMAL[-2:])
        for edit in problem.edits:
            assert isinstance(edit, Set)
            assert where not in locations(build(edit.value)), path
    for path in ENCODED:
        assert where in locations(build(path)), path


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/a/", "/api/aliveness-test/%2F", "/a?next=/b//c/../d", "/...", "/a..b/.well-known", "/a%20b"],
)
def test_normal_paths_are_valid(path: str) -> None:
    assert http_path(path) is None


@pytest.mark.parametrize("path", ["a//b", "../a", "a/%2e%2e"])
def test_a_suggestion_is_valid(path: str) -> None:
    reason = http_path(path)
    assert reason is not None
    assert reason.suggestion is ABSENT or http_path(reason.suggestion) is None


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        ("//", "/"),
        ("/a/../..", "/"),
        ("/a/./", "/a/"),
        ("/a/b/..", "/a/"),
        ("/a/%2e%2E/b?x=//", "/b?x=//"),
        ("/#{path}//", "/#{path}/"),
    ],
)
def test_the_normal_form_of_a_path(path: str, normal: str) -> None:
    reason = normal_path(path)
    assert reason is not None
    assert reason.suggestion == normal
    assert normal_path(normal) is None
