"""A request without a limit of its size doesn't fill the disk of an ingress controller."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_portico.args.location import location_text
from pulumi_portico.args.problems import Set
from pulumi_portico.stack import check_stack

from tests.problems import assert_fixes_work, assert_problem, problems_of, problems_of_stack
from tests.scoreboard.cases import gateway


def stack(controller: str, route: dict[str, Any], **gateway: Any) -> dict[str, Any]:
    routes = [{"host": "shop.example.com", "target": {"service": "web"}, **route}]
    exposure = {"scope": "internal", "platform": "gke"}
    return {
        "namespace": "shop",
        "services": {"web": {"image": "web:1.0", "port": 8080}},
        "gateways": {"edge": {"controller": controller, "exposure": exposure, "routes": routes, **gateway}},
    }


@pytest.mark.parametrize(
    ("controller", "route", "gateway", "fixed"),
    [
        ("f5-nginx", {"bodySize": 0}, {}, ("routes[0].bodySize", 1024)),
        ("ingress-nginx", {"bodySize": 0}, {}, ("routes[0].buffering.requests", False)),
        (
            "ingress-nginx",
            {"bodySize": 0, "buffering": {"responses": False}},
            {},
            ("routes[0].buffering.requests", False),
        ),
        ("ingress-nginx", {}, {"settings": {"bodySize": 0}}, ("settings.bodySize", 1024)),
    ],
)
def test_a_body_without_a_limit_fills_the_disk(
    controller: str, route: dict[str, Any], gateway: dict[str, Any], fixed: tuple[str, Any]
) -> None:
    values = stack(controller, route, **gateway)
    (problem,) = problems_of(lambda: check_stack("dev", values))
    (edit,) = problem.edits
    assert problem.code.name == "unlimited-body-on-disk"
    assert isinstance(edit, Set)
    assert (location_text(edit.location, problem.style), edit.value) == (f"portico:gateways.edge.{fixed[0]}", fixed[1])


@pytest.mark.parametrize(
    ("controller", "route", "gateway"),
    [
        ("ingress-nginx", {"bodySize": 0, "buffering": {"requests": False}}, {}),
        ("ingress-nginx", {"buffering": {"requests": False}}, {"settings": {"bodySize": 0}}),
        ("f5-nginx", {"bodySize": 0}, {"installation": {"resources": {"limits": "none"}}}),
    ],
)
def test_a_body_without_a_limit_is_accepted_if_nothing_limits_the_disk(
    controller: str, route: dict[str, Any], gateway: dict[str, Any]
) -> None:
    check_stack("dev", stack(controller, route, **gateway))


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
@pytest.mark.parametrize("protocol", ["GRPC", "GRPCS"])
def test_grpc_needs_http_2(controller: str, protocol: str) -> None:
    route = {"host": "a.example.com", "protocol": protocol}
    fields: dict[str, Any] = {"controller": controller, "tls": {"a.example.com": {"secret": "a"}}}
    values = gateway(route, **fields, settings={"http2": False})
    problem = assert_problem(problems_of_stack(values), "grpc-without-http2", "gateways", "edge", "settings", "http2")
    assert problem.params["route"] == ("gateways", "edge", "routes", 0)
    assert assert_fixes_work(problems_of_stack, values) == 1
    assert problems_of_stack(gateway(route, **fields)) == []
    assert problems_of_stack(gateway({"host": "a.example.com"}, **fields, settings={"http2": False})) == []
