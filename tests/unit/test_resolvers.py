"""Name servers of the pods' own must be allowed by their NetworkPolicy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from pulumi_portico import ArgumentError, WebService
from pulumi_portico.args.problems import Problem, Problems
from pulumi_portico.stack import check_stack
from pulumi_portico.testing import record
from pulumi_portico.web_service.validation import parse_web_service

from tests.problems import applied, assert_problem
from tests.scoreboard.cases import service

SERVERS = ("extra", "spec", "dnsConfig", "nameservers")


def pods(*servers: Any, policy: str | None = None) -> dict[str, Any]:
    spec: dict[str, Any] = {"dnsConfig": {"nameservers": [*servers]}} if servers else {}
    return {"spec": {**spec, "dnsPolicy": policy} if policy else spec}


def args_with(extra: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"image": "registry.example.com/web:1.0", "port": 8080, "extra": extra, **fields}


def problems_of(args: Mapping[str, Any]) -> list[Problem]:
    problems = Problems("WebService")
    parse_web_service("web", args, problems)
    return problems.found


@pytest.mark.parametrize("policy", [None, "None", "ClusterFirst"])
def test_a_name_server_that_the_policy_blocks_is_rejected(policy: str | None) -> None:
    args = args_with(pods("10.0.0.2", "2001:db8::1", policy=policy))
    found = problems_of(args)
    assert len(found) == 2
    for index, address in enumerate(("10.0.0.2", "2001:db8::1")):
        problem = assert_problem(found, "blocked-name-server", *SERVERS, index)
        assert problem.value == address
        fixed = applied(problem.edits, args)
        assert fixed["dns"] == {"servers": [{"cidr": "10.0.0.2/32"}, {"cidr": "2001:db8::1/128"}]}
        assert not problems_of(fixed)


def test_the_servers_of_the_node_are_rejected() -> None:
    args = args_with(pods(policy="Default"))
    assert_problem(problems_of(args), "blocked-name-servers-of-node", "extra", "spec", "dnsPolicy")
    assert not problems_of({**args, "dns": {"servers": [{"cidr": "10.0.0.2/32"}]}})


@pytest.mark.parametrize(
    "fields",
    [
        {"dns": {"servers": [{"cidr": "10.0.0.0/24"}]}},
        {"dns": {"servers": [{"service": "resolver"}]}},
        {"allow_to": [{"cidr": "10.0.0.0/8"}]},
        {"allow_to": [{"cidr": "10.0.0.0/8", "ports": [53], "protocol": "UDP"}]},
        {"allow_to": [{"cidr": pulumi.Output.from_input("10.0.0.0/8")}]},
        {"network_policy": False},
    ],
)
def test_a_name_server_that_the_policy_allows_is_valid(fields: Any) -> None:
    assert not problems_of(args_with(pods("10.0.0.2", policy="None"), **fields))


@pytest.mark.parametrize("server", ["127.0.0.1", "::1", "169.254.20.10", "169.254.169.254"])
def test_addresses_that_every_policy_allows_are_valid(server: str) -> None:
    assert not problems_of(args_with(pods(server)))


@pytest.mark.parametrize(
    "fields",
    [
        {"dns": {"servers": [{"cidr": "10.1.0.0/24"}]}},
        {"dns": {"servers": [{"cidr": "10.0.0.0/24", "cidr_except": ["10.0.0.2/32"]}]}},
        {"allow_to": [{"cidr": "10.0.0.0/8", "ports": [443]}]},
        {"allow_to": [{"cidr": "10.0.0.0/8", "ports": [53]}]},
        {"allow_to": [{"service": "api", "ports": [80]}]},
    ],
)
def test_other_addresses_and_ports_allow_no_name_server(fields: Any) -> None:
    assert_problem(problems_of(args_with(pods("10.0.0.2"), **fields)), "blocked-name-server", *SERVERS, 0)


def test_a_name_server_that_is_an_output_is_checked_when_it_is_known() -> None:
    args: Any = args_with(pods(pulumi.Output.from_input("10.0.0.2")))
    assert not problems_of(args)
    with pytest.raises(ArgumentError) as caught:
        record(lambda: WebService("web", args))
    assert_problem(caught.value.problems, "blocked-name-server", *SERVERS, 0)


def test_the_servers_of_the_stack_count() -> None:
    values = service(extra=pods("10.0.0.2"))
    with pytest.raises(ArgumentError) as caught:
        check_stack("dev", values)
    assert_problem(caught.value.problems, "blocked-name-server", "services", "web", *SERVERS, 0)
    assert check_stack("dev", {**values, "dns": {"servers": [{"cidr": "10.0.0.0/24"}]}})
