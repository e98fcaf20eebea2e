"""A route, and a target of a load balancer on AWS, uses TLS to a port that expects it."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi_portico.args.location import location_text
from pulumi_portico.args.problems import Set
from pulumi_portico.stack import check_stack

from tests.problems import problems_of

HTTPS_BY_NAME = {"https": {"port": 8443}}
HTTPS_BY_PROTOCOL = {"manage": {"port": 8443, "appProtocol": "https"}}


def routed(ports: Any, **route: Any) -> dict[str, Any]:
    routes = [{"host": "shop.example.com", "target": {"service": "web"}, **route}]
    gateway = {
        "exposure": {"scope": "internal", "platform": "gke"},
        "tls": {"shop.example.com": {"secret": "shop-tls"}},
        "routes": routes,
    }
    return {
        "namespace": "shop",
        "services": {"web": {"image": "web:1.0", "ports": ports}},
        "gateways": {"edge": gateway},
    }


def balanced(ports: Any, **target: Any) -> dict[str, Any]:
    front = {
        "kind": "application",
        "scope": "internal",
        "allowedSources": ["10.0.0.0/8"],
        "vpc": "vpc-0a1b2c3d4e5f60718",
        "subnets": ["subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"],
        "targets": {"web": {"target": {"service": "web"}, **target}},
        "listeners": [{"port": 80, "protocol": "http", "target": "web"}],
    }
    services = {"web": {"image": "web:1.0", "ports": ports}}
    return {"namespace": "shop", "services": services, "awsLoadBalancers": {"front": front}}


@pytest.mark.parametrize(
    ("stack", "at", "protocol"),
    [
        (routed(HTTPS_BY_NAME), "gateways.edge.routes[0]", "HTTPS"),
        (routed(HTTPS_BY_PROTOCOL, protocol="HTTP"), "gateways.edge.routes[0]", "HTTPS"),
        (routed(HTTPS_BY_NAME, protocol="GRPC"), "gateways.edge.routes[0]", "GRPCS"),
        (balanced(HTTPS_BY_PROTOCOL), "awsLoadBalancers.front.targets.web", "https"),
    ],
)
def test_a_request_without_tls_to_a_port_with_tls_is_rejected(stack: Any, at: str, protocol: str) -> None:
    (problem,) = problems_of(lambda: check_stack("dev", stack))
    (edit,) = problem.edits
    assert problem.code.name == "plain-request-to-tls-port"
    assert isinstance(edit, Set)
    assert (location_text(edit.location, problem.style), edit.value) == (f"portico:{at}.protocol", protocol)


@pytest.mark.parametrize(
    "stack",
    [
        routed(HTTPS_BY_NAME, protocol="HTTPS"),
        routed({"http": {"port": 8080}, **HTTPS_BY_NAME}),
        balanced(HTTPS_BY_NAME, protocol="https"),
    ],
)
def test_other_requests_are_accepted(stack: Any) -> None:
    check_stack("dev", stack)
