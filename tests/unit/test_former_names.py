"""Names of earlier releases: each is reported with a fix, which carries an old stack file over.

The cases are those of the specs (`renamed=` and `changed=`): a name that has no case here fails.
"""

import copy
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from pulumi_portico.args import spec as specs
from pulumi_portico.args.location import KeyStyle, camel_case
from pulumi_portico.args.problems import Problem, Problems
from pulumi_portico.ingress_gateway.validation import parse_ingress_routes

from tests.command import called
from tests.problems import applied, assert_fixes_work

# They register every spec.
for _module in ("host", "stack"):
    import_module(f"pulumi_portico.{_module}")

AWS: dict[str, Any] = {
    "scope": "internal",
    "vpc": "vpc-0123456789abcdef0",
    "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "allowedSources": ["10.0.0.0/8"],
}
STACK: dict[str, Any] = {
    "namespace": "shop",
    "services": {
        "api": {
            "image": "api:1",
            "port": 8080,
            "rollout": {"maxSurge": 1},
            "volumes": {"cache": {"path": "/cache"}},
            "service": {"publishNotReady": True},
        },
        "data": {"image": "data:1", "port": 5432, "kind": "StatefulSet", "storage": {"data": {"path": "/data"}}},
    },
    "gateways": {
        "edge": {
            "install": False,
            "className": "nginx",
            "namespace": "edge",
            "controller": "ingress-nginx",
            "routes": [{"host": "shop.example.com", "target": {"service": "api"}}],
            "tls": {"shop.example.com": {}},
        },
        "inner": {},
    },
    "loadBalancers": {
        "api": {
            "target": {"service": "api"},
            "exposure": {"scope": "internal", "platform": "aws-controller", "allowedSources": ["10.0.0.0/8"]},
        }
    },
    "awsLoadBalancers": {
        "shop": {
            **AWS,
            "kind": "application",
            "hosts": {"shop.example.com": {"zone": "example.com"}},
            "targets": {"api": {"target": {"service": "api"}}, "data": {"target": {"service": "data"}}},
            "listeners": [
                {
                    "port": 443,
                    "protocol": "https",
                    "routes": [
                        {"path": "/api"},
                        {"path": "/new", "weights": {"api": 1, "data": 9}},
                        {"path": "/old", "redirect": {"host": "new.example.com"}},
                    ],
                },
                {"port": 8443, "protocol": "https", "weights": {"api": 1, "data": 9}},
            ],
        },
        "tcp": {
            **AWS,
            "kind": "network",
            "targets": {"api": {"target": {"service": "api"}}},
            "listeners": [{"port": 80, "protocol": "tcp"}],
        },
    },
}
"""A stack with something of every args type. The cases complete it."""

API, DATA = ("services", "api"), ("services", "data")
EDGE, INNER, BALANCER = ("gateways", "edge"), ("gateways", "inner"), ("loadBalancers", "api")
SHOP, TCP = ("awsLoadBalancers", "shop"), ("awsLoadBalancers", "tcp")
AWS_ROUTES = (*SHOP, "listeners", 0, "routes")
UPSTREAM = {"sources": ["10.0.0.0/8"]}


class Case(NamedTuple):
    at: tuple[Any, ...]
    """Where the args type is in the stack."""
    former: Any
    """The value of the former name."""
    today: dict[str, Any]
    """The fields that it becomes."""


PEERS = [{"namespace": "ingress", "selector": {"app": "nginx"}}]
CASES: dict[tuple[str, str], Case] = {
    ("WebServiceArgs", "ready_within"): Case(API, 60, {"readyTimeout": 60}),
    ("Rollout", "min_ready"): Case((*API, "rollout"), 5, {"minReadySeconds": 5}),
    ("Rollout", "progress_deadline"): Case((*API, "rollout"), 900, {"progressDeadlineSeconds": 900}),
    ("Rollout", "revision_history"): Case((*API, "rollout"), 3, {"revisionHistoryLimit": 3}),
    ("Volume", "size"): Case((*API, "volumes", "cache"), 64, {"sizeMib": 64}),
    ("Storage", "size"): Case((*DATA, "storage", "data"), 8, {"sizeGib": 8}),
    ("ServiceSettings", "traffic_policy"): Case((*API, "service"), "Local", {"internalTrafficPolicy": "Local"}),
    ("ServiceSettings", "address_family"): Case(
        (*API, "service"), "PreferDualStack", {"ipFamilyPolicy": "PreferDualStack"}
    ),
    ("ServiceSettings", "session_affinity"): Case(
        (*API, "service"), 60, {"sessionAffinity": "ClientIP", "sessionAffinityTimeout": 60}
    ),
    ("IngressGatewayArgs", "behind"): Case(INNER, UPSTREAM, {"upstream": UPSTREAM}),
    ("IngressGatewayArgs", "reached_from"): Case(EDGE, PEERS, {"controllerPeers": PEERS}),
    ("IngressGatewayArgs", "wildcards_any_depth"): Case(EDGE, former=True, today={"multiLabelWildcards": True}),
    ("IngressGatewayArgs", "reports_address"): Case(EDGE, former=False, today={"publishesAddress": False}),
    ("IngressGatewayArgs", "ready_within"): Case(EDGE, 60, {"readyTimeout": 60}),
    ("HostTls", "ends_before"): Case(
        (*EDGE, "tls", "shop.example.com"), former=True, today={"tlsTerminatedUpstream": True}
    ),
    ("Route", "session_affinity"): Case((*EDGE, "routes", 0), {"cookie": "s"}, {"sessionPersistence": {"cookie": "s"}}),
    ("PublicLoadBalancerArgs", "ready_within"): Case(BALANCER, 60, {"readyTimeout": 60}),
    ("Exposure", "address_family"): Case((*BALANCER, "exposure"), "dual", {"ipAddressType": "dualstack"}),
    ("AwsLoadBalancerArgs", "address_family"): Case(SHOP, "dual", {"ipAddressType": "dualstack"}),
    ("AwsLoadBalancerArgs", "redirect_http"): Case(SHOP, former=False, today={"httpsRedirect": False}),
    ("AwsLoadBalancerArgs", "certificate_within"): Case(SHOP, 600, {"certificateTimeout": 600}),
    ("AwsLoadBalancerArgs", "wildcards_any_depth"): Case(SHOP, former=True, today={"multiLabelWildcards": True}),
    ("AwsTarget", "sticky_for"): Case((*SHOP, "targets", "api"), 60, {"stickinessDuration": 60}),
    ("AwsTarget", "session_affinity"): Case(
        (*TCP, "targets", "api"), former=True, today={"sessionAffinity": "ClientIP"}
    ),
    ("AwsListener", "to"): Case((*TCP, "listeners", 0), "api", {"target": "api"}),
    ("AwsListener", "sticky_for"): Case((*SHOP, "listeners", 1), 60, {"stickinessDuration": 60}),
    ("AwsRoute", "to"): Case((*AWS_ROUTES, 0), "api", {"target": "api"}),
    ("AwsRoute", "exact"): Case((*AWS_ROUTES, 0), former=True, today={"pathType": "Exact"}),
    ("AwsRoute", "sources"): Case((*AWS_ROUTES, 0), ["10.1.0.0/16"], {"allowedSources": ["10.1.0.0/16"]}),
    ("AwsRoute", "sticky_for"): Case((*AWS_ROUTES, 1), 60, {"stickinessDuration": 60}),
    ("AwsRedirect", "permanent"): Case((*AWS_ROUTES, 2, "redirect"), former=True, today={"code": 301}),
}
"""The former names of what a stack file has."""

REFERENCE: dict[str, Any] = {"controller": "ingress-nginx", "className": "nginx", "namespace": "edge"}
ROUTES: dict[str, Any] = {
    "gateway": REFERENCE,
    "routes": [
        {
            "host": "shop.example.com",
            "target": {"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080},
        }
    ],
}
IN_PROGRAMS: dict[tuple[str, str], Case] = {
    ("IngressRoutesArgs", "ready_within"): Case((), 60, {"readyTimeout": 60}),
    ("GatewayReference", "reached_from"): Case(("gateway",), PEERS, {"controllerPeers": PEERS}),
    ("GatewayReference", "wildcards_any_depth"): Case(("gateway",), former=True, today={"multiLabelWildcards": True}),
    ("GatewayReference", "reports_address"): Case(("gateway",), former=False, today={"publishesAddress": False}),
}
"""The former names of what only programs have."""


def former_names() -> set[tuple[str, str]]:
    registries = (specs._RENAMED, specs._CHANGED)
    return {
        (args_type.__name__, name)
        for registry in registries
        for args_type, names in registry.items()
        for name in names
        if args_type.__module__.startswith("pulumi_portico.")
    }


def with_fields(values: Any, at: tuple[Any, ...], fields: dict[str, Any]) -> Any:
    """The values with more fields at a path."""
    changed = copy.deepcopy(values)
    holder = changed
    for step in at:
        holder = holder[step]
    holder |= fields
    return changed


REQUIRED: dict[tuple[str, str], tuple[tuple[Any, ...], dict[str, Any]]] = {
    ("HostTls", "ends_before"): ((*EDGE, "tls", "shop.example.com"), {"secret": "shop-tls"}),
    ("Storage", "size"): ((*DATA, "storage", "data"), {"sizeGib": 8}),
    ("IngressGatewayArgs", "behind"): (INNER, {"upstream": UPSTREAM}),
    ("IngressGatewayArgs", "reached_from"): (EDGE, {"controllerPeers": PEERS}),
    ("AwsListener", "to"): ((*TCP, "listeners", 0), {"target": "api"}),
    ("AwsRoute", "to"): ((*AWS_ROUTES, 0), {"target": "api"}),
}
"""What the stack needs, by the former name that sets it instead."""


def completed(name: tuple[str, str]) -> Any:
    """The stack in which a former name is valid once it's renamed."""
    stack = STACK
    for other, (at, fields) in REQUIRED.items():
        stack = stack if other == name else with_fields(stack, at, fields)
    return stack


def text_of(values: dict[str, Any]) -> str:
    return yaml.safe_dump({"config": {f"portico:{key}": value for key, value in values.items()}}, sort_keys=False)


def test_every_former_name_has_a_case() -> None:
    assert CASES.keys() | IN_PROGRAMS.keys() == former_names()
    assert not CASES.keys() & IN_PROGRAMS.keys()


@pytest.mark.parametrize("name", CASES, ids="-".join)
def test_an_old_stack_file_is_carried_over(name: tuple[str, str], tmp_path: Path) -> None:
    case = CASES[name]
    file = tmp_path / "Pulumi.dev.yaml"
    stack = completed(name)
    file.write_text("# Ours.\n" + text_of(with_fields(stack, case.at, {camel_case(name[1]): case.former})))
    found = called("check", "--folder", str(tmp_path), "--fix")
    assert found.exit_code == 0, found.stdout
    assert found.stdout.splitlines()[-2].startswith("Fixed 1 problem in ")
    assert file.read_text().startswith("# Ours.\n")
    values = yaml.safe_load(file.read_text())["config"]
    assert {key.removeprefix("portico:"): value for key, value in values.items()} == with_fields(
        stack, case.at, case.today
    )


def problems_of_routes(args: Any) -> list[Problem]:
    problems = Problems("test", style=KeyStyle.CAMEL)
    parse_ingress_routes("more", args, problems)
    return problems.found


@pytest.mark.parametrize("name", IN_PROGRAMS, ids="-".join)
def test_the_arguments_of_an_old_program_are_carried_over(name: tuple[str, str]) -> None:
    case = IN_PROGRAMS[name]
    args = with_fields(ROUTES, case.at, {camel_case(name[1]): case.former})
    (problem,) = problems_of_routes(args)
    assert problem.code.name == "renamed-argument"
    assert assert_fixes_work(problems_of_routes, args) == 1
    assert applied(problem.edits, args, KeyStyle.CAMEL) == with_fields(ROUTES, case.at, case.today)
