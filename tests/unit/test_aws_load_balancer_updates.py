"""What AWS would refuse of an update, or answer with an outage: found by reading its API, held here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_portico import AwsLoadBalancer
from pulumi_portico.args.location import KeyStyle, location_text
from pulumi_portico.args.problems import Problem, Problems
from pulumi_portico.aws_load_balancer.choices import AwsBalancerKind
from pulumi_portico.aws_load_balancer.load_balancer import recorded_state
from pulumi_portico.aws_load_balancer.logs import build_policy
from pulumi_portico.aws_load_balancer.security_group_rules import build_egress, build_ingress, build_target_ingress
from pulumi_portico.aws_load_balancer.target_group import build_target_group
from pulumi_portico.aws_load_balancer.validation import parse_aws_load_balancer
from pulumi_portico.lifecycle.replacement import Judgment, judge
from pulumi_portico.testing import Recording, Registration, record
from pulumi_portico.testing.aws import AwsModel, AwsRefusal, Changes

from tests.aws_balancers import planned
from tests.problems import assert_fixes_work

ADDRESSES: dict[str, Any] = {"addresses": {"a": "10.0.0.9"}, "port": 8080}
PODS: dict[str, Any] = {"target": {"service": "api", "namespace": "shop", "port": 80, "selector": {"app": "api"}}}


def balancer(*routes: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "kind": "application",
        "scope": "internet",
        "vpc": "vpc-1",
        "subnets": ["subnet-a", "subnet-b"],
        "allowed_sources": ["0.0.0.0/0"],
        "targets": {"one": ADDRESSES, "two": PODS},
        "listeners": [{"port": 80, "protocol": "http", "routes": list(routes)}],
        **fields,
    }


def problems_of(aws: dict[str, Any]) -> list[Problem]:
    problems = Problems("test")
    parse_aws_load_balancer("edge", aws, problems)
    return problems.found


# Numbers of rules: "A listener can't have multiple rules with the same priority" (CreateRule).


def change(before: dict[str, Any], after: dict[str, Any]) -> Judgment:
    states = [recorded_state(planned(args, "edge")) for args in (before, after)]
    return judge("edge", states[0], states[1], [], "AwsLoadBalancer")


def test_a_number_is_not_given_to_another_rule_in_the_same_deployment() -> None:
    old: dict[str, Any] = {"path": "/old", "priority": 7, "target": "one"}
    new: dict[str, Any] = {"path": "/new", "priority": 7, "target": "one"}
    (blocker,) = change(balancer(old), balancer(new)).blockers
    assert blocker.code.name == "rule-priority-in-use"
    params = {name: str(blocker.params[name]) for name in ("before", "after", "priority", "port")}
    assert params == {"before": "/old", "after": "/new", "priority": "7", "port": "80"}
    # The two steps.
    assert change(balancer(old), balancer()) == Judgment()
    assert change(balancer(), balancer(new)) == Judgment()
    # Other changes of a route keep its number.
    assert change(balancer(old), balancer({**old, "target": "two"})) == Judgment()


def test_two_rules_do_not_swap_their_numbers() -> None:
    def routes(one: int, other: int) -> dict[str, Any]:
        return balancer(
            {"path": "/a", "priority": one, "target": "one"}, {"path": "/b", "priority": other, "target": "two"}
        )

    blockers = change(routes(7, 8), routes(8, 7)).blockers
    assert {blocker.code.name for blocker in blockers} == {"rule-priority-in-use"}
    assert change(routes(7, 8), routes(9, 10)) == Judgment()


def test_a_number_is_that_of_one_listener() -> None:
    def on(port: int, path: str) -> dict[str, Any]:
        rule = {"path": path, "priority": 7, "target": "one"}
        return balancer(listeners=[{"port": port, "protocol": "http", "routes": [rule]}])

    assert change(on(80, "/a"), on(8080, "/b")) == Judgment()


def test_another_load_balancer_has_numbers_of_its_own() -> None:
    old = balancer({"path": "/old", "priority": 7, "target": "one"}, deletion_protection=False)
    judgment = change(old, balancer({"path": "/new", "priority": 7, "target": "one"}, scope="internal"))
    assert judgment.blockers == ()
    assert [warning.code.name for warning in judgment.warnings] == ["load-balancer-replaced"]


# The same, on AWS's own model: what an update would do, and what AWS would say to it.


def compared(before: dict[str, Any], after: dict[str, Any]) -> Changes:
    with AwsModel() as model:
        vpc = model.vpc()
        there: dict[str, Any] = {"vpc": vpc, "subnets": model.subnets(2, vpc), "logs": {"access": False}}
        nodes = model.client("ec2").create_security_group(GroupName="nodes", Description="Nodes", VpcId=vpc)

        def program(aws: dict[str, Any]) -> AwsLoadBalancer:
            groups = {"target_security_groups": {"nodes": nodes["GroupId"]}} if "target_security_groups" in aws else {}
            return AwsLoadBalancer("edge", {**aws, **there, **groups})  # pyright: ignore[reportArgumentType]

        return model.compare(lambda: program(before), lambda: program(after))


A: dict[str, Any] = {"path": "/a", "target": "one"}
B: dict[str, Any] = {"path": "/b", "target": "two"}


def test_one_more_route_makes_one_rule_and_touches_nothing_else() -> None:
    changes = compared(balancer(A), balancer(B, A))
    assert [it.rpartition("-")[0] for it in changes.created] == ["edge-80-b"]
    assert (changes.updated, changes.replaced, changes.deleted) == ({}, {}, set())


def test_aws_refuses_what_is_refused_of_numbers_and_takes_the_two_steps() -> None:
    old, new = balancer({**A, "priority": 7}), balancer({**B, "priority": 7})
    with pytest.raises(AwsRefusal, match="PriorityInUse"):
        compared(old, new)
    assert len(compared(old, balancer()).deleted) == 1
    assert len(compared(balancer(), new).created) == 1


def test_a_target_that_leaves_its_security_group_to_another_changes_no_rule_of_it() -> None:
    nodes = {**ADDRESSES, "security_group": "nodes"}
    few = balancer(targets={"two": nodes}, target_security_groups={"nodes": "the account's own"})
    many = {**few, "targets": {"one": {**nodes, "addresses": {"a": "10.0.0.8"}}, "two": nodes}}
    changes = compared(many, few)
    assert changes.deleted == {"edge-one", "edge-one-a"}
    assert (changes.created, changes.updated, changes.replaced) == (set(), {}, {})


def test_another_port_makes_another_target_group_beside_the_old_one() -> None:
    moved = balancer(A, targets={"one": {**ADDRESSES, "port": 8081}, "two": PODS})
    changes = compared(balancer(A), moved)
    assert changes.replaced == {"edge-one": {"port"}, "edge-one-a": {"targetGroupArn", "port"}}
    assert [*changes.updated.values()] == [{"actions"}]


# Security groups: InvalidPermission.Duplicate (AuthorizeSecurityGroupIngress and ...Egress).


def said(rules: Mapping[str, Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """What AWS is told of each rule, by which it knows one from another; of an Output, which one it is."""

    def same(value: Any) -> str:
        return str(id(value)) if isinstance(value, pulumi.Output) else str(value)

    return [tuple(sorted((name, same(value)) for name, value in rule.items())) for rule in rules.values()]


GROUPS: dict[str, Any] = {"nodes": pulumi.Output.from_input("sg-late"), "machines": "sg-a"}
SOURCES = st.lists(
    st.sampled_from(["10.0.0.0/8", "a::b:0:0:0/80", "a:b::/80", "a:b::/64", "::/0", "0.0.0.0/0"]),
    min_size=1,
    unique=True,
)


@given(
    groups=st.lists(st.sampled_from([None, *GROUPS]), min_size=1, max_size=5),
    ports=st.lists(st.sampled_from([80, 8080]), min_size=5),
)
def test_no_rule_of_a_security_group_is_there_twice(groups: list[str | None], ports: list[int]) -> None:
    targets = {
        f"t{at}": {**ADDRESSES, "port": ports[at], **({} if group is None else {"security_group": group})}
        for at, group in enumerate(groups)
    }
    aws = balancer(targets=targets, target_security_groups=GROUPS)
    plan = planned(aws, "edge")
    egress, ingress = build_egress(plan), build_target_ingress(plan, "sg-edge")
    assert len({*said(egress)}) == len(egress)
    assert len({*said(ingress)}) == len(ingress)
    # And each target is sent to, and lets in, at its port.
    for group, port in zip(groups, ports, strict=False):
        if group is not None:
            there = plan.security_group_of(plan.targets[f"t{groups.index(group)}"])
            assert any(
                it.get("referenced_security_group_id") is there and it["from_port"] == port for it in egress.values()
            )
            assert any(it["security_group_id"] is there and it["from_port"] == port for it in ingress.values())


NODES: dict[str, Any] = {**ADDRESSES, "security_group": "nodes"}


@pytest.mark.parametrize(
    ("fields", "code", "where", "other"),
    [
        ({"targets": {"one": NODES}}, "no-such-key", "targets.one.security_group", None),
        (
            {"target_security_groups": {"nodes": "sg-a"}},
            "unused-security-group",
            "target_security_groups.nodes",
            None,
        ),
        (
            {
                "targets": {"one": NODES, "two": {**NODES, "security_group": "more"}},
                "target_security_groups": {"nodes": "sg-a", "more": "sg-a"},
            },
            "duplicate-source",
            "target_security_groups.more",
            "target_security_groups.nodes",
        ),
        (
            {
                "sources": {
                    "a": {"prefix_list": "pl-1", "prefix_list_weight": 9},
                    "b": {"prefix_list": "pl-1", "prefix_list_weight": 9},
                }
            },
            "duplicate-source",
            "sources.b.prefix_list",
            "sources.a.prefix_list",
        ),
        (
            {"sources": {"all": {"cidr": "0.0.0.0/0"}}},
            "duplicate-source",
            "sources.all.cidr",
            "allowed_sources[0]",
        ),
    ],
)
def test_each_source_and_security_group_is_there_once(
    fields: dict[str, Any], code: str, where: str, other: str | None
) -> None:
    args = balancer(**{"targets": {"one": ADDRESSES}, **fields})
    (problem,) = problems_of(args)
    assert (problem.code.name, problem.path) == (code, where)
    if other is not None:
        assert location_text(problem.params["other"], KeyStyle.PYTHON) == other
    assert_fixes_work(problems_of, args)


@given(sources=SOURCES)
def test_every_source_is_let_in(sources: list[str]) -> None:
    rules = build_ingress(planned(balancer(allowed_sources=sources, ip_address_type="dualstack"), "edge"))
    assert {it.get("cidr_ipv4", it.get("cidr_ipv6")) for it in rules.values()} == set(sources)


# Health checks: "Health check interval must be greater than the timeout" (CreateTargetGroup).
USUAL: dict[tuple[str, str | None], int] = {
    ("application", None): 5,
    ("network", "http"): 6,
    ("network", "https"): 10,
    ("network", "tcp"): 10,
}


@given(
    who=st.sampled_from(list(USUAL)),
    interval=st.integers(5, 300),
    late=st.booleans(),
)
def test_an_answer_may_take_less_than_the_interval(who: tuple[str, str | None], interval: int, late: bool) -> None:
    kind, protocol = who
    given_ = pulumi.Output.from_input(interval) if late else interval
    health = {"interval": given_, **({} if protocol is None else {"protocol": protocol})}
    timeout = known(health_check(kind, {**ADDRESSES, "health": health})["timeout"])
    assert 2 <= timeout < interval
    assert timeout == min(USUAL[who], interval - 1)


def health_check(kind: str, target: dict[str, Any]) -> dict[str, Any]:
    """The health check of a target group."""
    plan = planned(balancer(kind=kind, targets={"one": target}), "edge")
    return build_target_group(plan.targets["one"], "vpc-1", None)["health_check"]


def known(value: Any) -> Any:
    """What an Output is of, in a test."""
    return record(lambda: value).value if isinstance(value, pulumi.Output) else value


def test_nothing_is_said_of_the_timeout_where_aws_own_is_right() -> None:
    assert "timeout" not in health_check("application", ADDRESSES)


# Redirects that lead to where they come from are taken by AWS, and go on for ever.


@pytest.mark.parametrize(
    ("protocol", "port", "redirect", "loops"),
    [
        ("http", 80, {"scheme": "http"}, True),
        ("http", 80, {"port": 80}, True),
        ("http", 80, {"query": "a=b"}, True),
        ("http", 8080, {"scheme": "http", "port": 8080}, True),
        ("http", 8080, {"scheme": "http"}, False),
        ("http", 80, {"scheme": "https"}, False),
        ("http", 80, {"host": "www.example.com"}, False),
        ("http", 80, {"path": "/new/#{path}"}, False),
    ],
)
@pytest.mark.parametrize("by_route", [False, True])
def test_a_redirect_to_itself_is_refused(
    protocol: str, port: int, redirect: dict[str, Any], loops: bool, by_route: bool
) -> None:
    told: dict[str, Any] = {"redirect": redirect}
    listener: dict[str, Any] = {"port": port, "protocol": protocol}
    listener |= {"routes": [{"path": "/a", **told}]} if by_route else told
    found = problems_of(balancer(listeners=[listener]))
    where = "listeners[0].routes[0].redirect" if by_route else "listeners[0].redirect"
    assert [(problem.code.name, problem.path) for problem in found] == ([("alb-redirect-loop", where)] if loops else [])


# A target group that is replaced is empty at first.


def registered(aws: dict[str, Any]) -> Recording:
    def outputs(made: Registration) -> Mapping[str, Any] | None:
        return {"arn": f"arn:{made.name}"} if made.type.startswith("aws:") else None

    return record(lambda: AwsLoadBalancer("edge", aws), outputs=outputs)  # pyright: ignore[reportArgumentType]


def joining(recorded: Recording, target: str) -> set[str]:
    """What joins a target to its group, and lets the load balancer in."""
    kinds = ("TargetGroupBinding", "TargetGroupAttachment", "NetworkPolicy")
    names = (f"edge-{target}", f"edge-{target}-a")
    return {it.urn for it in recorded.registrations if it.type.rpartition(":")[2] in kinds and it.name in names}


def test_clients_are_sent_to_a_target_group_once_its_targets_have_joined() -> None:
    listener = {"port": 80, "protocol": "http", "target": "one", "routes": [{"path": "/a", "target": "two"}]}
    recorded = registered(balancer(listeners=[listener], logs={"access": False}))
    one, two = joining(recorded, "one"), joining(recorded, "two")
    assert (len(one), len(two)) == (1, 2)
    assert one <= recorded.before(recorded.one("Listener"))
    assert two <= recorded.before(recorded.one("ListenerRule"))
    assert not two & recorded.before(recorded.one("Listener")), "it waits for targets that it sends nobody to"


def test_clients_are_split_once_the_targets_of_every_group_have_joined_and_dependencies_stay_few() -> None:
    keys = ["one", "two", "three", "four", "five"]
    targets = {key: {"addresses": {"a": f"10.0.0.{number}"}, "port": 80} for number, key in enumerate(keys, 10)}
    split = {"weights": dict.fromkeys(keys, 1)}
    listener: dict[str, Any] = {"port": 80, "protocol": "http", **split, "routes": [{"path": "/a", **split}]}
    recorded = registered(balancer(targets=targets, listeners=[listener], logs={"bucket": "logs"}))
    groups = {it.urn for it in recorded.all("TargetGroup")}
    assert len(groups) == len(keys)
    for kind in ("Listener", "ListenerRule"):
        before = recorded.before(recorded.one(kind))
        assert groups | set[str]().union(*(joining(recorded, key) for key in keys)) <= before
    assert max(len(it.edges) for it in recorded.registrations) <= 5


# A condition that the service does not answer lets nobody in, and AWS tries before it makes a load balancer.


def test_who_writes_an_application_load_balancers_logs_is_asked_for_nothing_but_the_accounts_own_keys() -> None:
    policy = json.loads(build_policy(AwsBalancerKind.APPLICATION, "arn:aws:s3:::logs", "123456789012"))
    (write,) = [it for it in policy["Statement"] if it["Effect"] == "Allow"]
    assert write["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert write["Resource"] == "arn:aws:s3:::logs/*/AWSLogs/123456789012/*"
    assert "Condition" not in write
