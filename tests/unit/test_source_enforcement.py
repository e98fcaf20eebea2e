"""What enforces the sources of a load balancer, what counts as everyone, and what needs the client's address."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError
from pulumi_portico.address_ranges import includes_everyone, ranges_of_everyone, versions_of_everyone
from pulumi_portico.args.problems import Set
from pulumi_portico.stack import check_stack
from pulumi_portico.testing import record

from tests.balancers import AWS, DNS, MANAGED, TLS, balancer, exposure, rejected
from tests.problems import assert_problem, problems_of

NARROW = ["203.0.113.0/24"]
NO_GROUP = {f"{AWS}disable-nlb-sg": "true"}


@pytest.mark.parametrize(
    ("ranges", "positions"),
    [
        (["0.0.0.0/0"], [0]),
        (["203.0.113.0/24", "0.0.0.0/0"], [1]),
        (["0.0.0.0/1", "128.0.0.0/1"], [0, 1]),
        # ::/1 has 2000::/3, every public address of IPv6.
        (["::/1", "8000::/1"], [0]),
        (["2000::/3"], [0]),
        (["0.0.0.0/1", "8000::/1"], []),
        (["0.0.0.0/1"], []),
        (["10.0.0.0/8"], []),
        ([], []),
        # Every public address: the rest is private, reserved, or multicast.
        (["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"], [0, 1, 2]),
    ],
)
def test_ranges_include_everyone_alone_or_together(ranges: list[str], positions: list[int]) -> None:
    assert ranges_of_everyone(ranges) == positions
    assert includes_everyone(ranges) == bool(positions)


def test_what_is_not_known_yet_includes_nobody() -> None:
    def program() -> Any:
        return ranges_of_everyone([pulumi.Output.from_input("0.0.0.0/0"), "128.0.0.0/1"])

    assert record(program).value == []
    assert versions_of_everyone(["0.0.0.0/0", "::/0"]) == {4, 6}


def test_the_fix_preserves_the_address_and_removes_what_does_not_fit() -> None:
    given = exposure("aws-legacy", allowed_sources=NARROW, health={"path": "/healthz"}, platform_sources=["10.0.0.0/8"])
    problem = assert_problem(rejected(given), "unenforced-sources", "exposure", "allowed_sources", chosen="hide")
    assert problem.value == NARROW
    assert problem.edits[0] == Set(problem.location.parent / "client_ip", "preserve")
    assert len(problem.edits) == 3


def test_the_proxy_protocol_has_no_fix_that_a_program_can_apply() -> None:
    given = exposure("aws-legacy", allowed_sources=NARROW, client_ip="proxy-protocol")
    problems = rejected(given, target_reads_proxy_protocol=True)
    problem = assert_problem(problems, "unenforced-sources", "exposure", "allowed_sources")
    assert problem.edits == ()
    assert "preserve" in problem.fix


def test_udp_clients_keep_their_address() -> None:
    given = exposure("aws-legacy", allowed_sources=NARROW, health={"port": 10256})
    assert balancer(given, ports=DNS).manifest("Service")["spec"]["loadBalancerSourceRanges"] == NARROW


def test_a_range_that_is_known_later_counts_as_narrow() -> None:
    later = pulumi.Output.from_input("0.0.0.0/0")
    problems = rejected(exposure("aws-legacy", allowed_sources=[later]))
    assert_problem(problems, "unenforced-sources", "exposure", "allowed_sources")


@pytest.mark.parametrize("platform", ["aws-controller", "eks-auto-mode"])
def test_an_annotation_that_disables_the_security_group_is_rejected(platform: str) -> None:
    given = exposure(platform, allowed_sources=NARROW, annotations=NO_GROUP)
    location = ("exposure", "annotations", f"{AWS}disable-nlb-sg")
    problem = assert_problem(rejected(given), "source-enforcement-disabled", *location)
    assert (problem.value, problem.params["sources"]) == ("true", ("allowed_sources",))
    for value in ("false", "0"):
        balancer({**given, "annotations": {f"{AWS}disable-nlb-sg": value}})


def test_aws_legacy_ignores_security_groups_unless_it_manages_them() -> None:
    groups = {"security_groups": ["sg-1"]}
    problems = rejected(exposure("aws-legacy", allowed_sources=None, aws=groups))
    assert [problem.code.name for problem in problems] == ["security-groups-not-managed"]
    balancer(exposure("aws-legacy", allowed_sources=None, aws={**groups, **MANAGED}))


def test_a_managed_security_group_has_no_rule_for_tls() -> None:
    problems = rejected(exposure("aws-legacy", allowed_sources=NARROW, aws=MANAGED, tls=TLS))
    assert_problem(problems, "tls-with-managed-security-group", "exposure", "tls")


def test_service_tags_of_an_internal_load_balancer_need_ranges() -> None:
    given = exposure("azure", scope="internal", allowed_sources=None, azure={"service_tags": ["AzureCloud"]})
    assert_problem(rejected(given), "service-tags-without-ranges", "exposure", "azure", "service_tags")


EDGE: dict[str, Any] = {
    "upstream": {"sources": ["10.0.0.0/16"]},
    "routes": [{"host": "a.example.com", "target": {"service": "web"}, "rateLimit": {"requests": 5}}],
}
FRONT: dict[str, Any] = {
    "scope": "internet",
    "vpc": "vpc-0123456789abcdef0",
    "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "allowedSources": NARROW,
    "targets": {"edge": {"target": {"gateway": "edge", "portName": "http"}}},
}


@pytest.mark.parametrize(
    ("kind", "protocol", "code"),
    [
        ("application", "http", "client-address-in-header"),
        ("network", "tcp", "client-address-hidden-from-gateway"),
    ],
)
def test_a_gateway_does_not_see_clients_behind_a_load_balancer_that_hides_them(
    kind: str, protocol: str, code: str
) -> None:
    front = {**FRONT, "kind": kind, "listeners": [{"port": 80, "protocol": protocol, "target": "edge"}]}
    values = {
        "namespace": "shop",
        "services": {"web": {"image": "web:1", "port": 8080}},
        "gateways": {"edge": EDGE},
        "awsLoadBalancers": {"front": front},
    }
    problems = problems_of(lambda: check_stack("dev", values))
    assert [problem.code.name for problem in problems] == [code]
    assert problems[0].location == ("gateways", "edge", "routes", 0, "rate_limit")


def test_a_controller_supports_one_behavior_of_forwarded_headers() -> None:
    settings = {"forwardedFor": "append", "forwardedFrom": ["10.0.0.0/16"]}
    gateway = {**EDGE, "controller": "ingress-nginx", "settings": settings}
    values = {"namespace": "shop", "services": {"web": {"image": "web:1", "port": 8080}}, "gateways": {"edge": gateway}}
    with pytest.raises(ArgumentError) as caught:
        check_stack("dev", values)
    at = ("gateways", "edge", "settings", "forwarded_for")
    assert_problem(caught.value.problems, "forwarded-for-unsupported", *at, supported="replace")
    assert_problem(caught.value.problems, "mutually-exclusive", *at)
