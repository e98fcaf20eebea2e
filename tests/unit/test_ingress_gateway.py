"""The gateway as a whole: what it rejects, and what other components take from it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from pulumi_portico import IngressGateway, IngressRoutes
from pulumi_portico.args.location import KeyStyle
from pulumi_portico.args.problems import Move, Problem, Problems, Set
from pulumi_portico.ingress_gateway import controllers
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS
from pulumi_portico.ingress_gateway.validation import parse_ingress_gateway
from pulumi_portico.testing import record

from tests.problems import applied, assert_fixes_work, assert_problem
from tests.unit.gateways import EXPOSED, HOST, TARGET, THERE, check_gateway, problems_of_gateway, route

LATER = pulumi.Output.from_input
GENERIC: Any = {"controller": "generic", "class_name": "alb", "namespace": "shop"}
INSTALLED: Any = {"exposure": EXPOSED}
PEER: Any = {"namespace": "ingress"}


def assert_rejected(args: Any, code: str, *location: Any, name: str = "public", **params: Any) -> Problem:
    """The problem that a gateway reports, and that its fix, if it has one, removes."""
    problem = assert_problem(problems_of_gateway(name, **args), code, *location, **params)
    assert_fixes_work(lambda changed: check_gateway(changed, name), args)
    return problem


ROWS: Sequence[tuple[Any, str, tuple[Any, ...], Any]] = [
    # Who can reach it.
    ({}, "gateway-not-exposed", ("exposure",), {"fields": ["exposure", "upstream"]}),
    ({**INSTALLED, "upstream": {}}, "mutually-exclusive", ("upstream",), {"fields": ["exposure", "upstream"]}),
    (
        {"upstream": {"proxy_protocol": True}},
        "proxy-protocol-without-sources",
        ("upstream", "sources"),
        {},
    ),
    ({"upstream": {"sources": ["10.0.0.0"]}}, "cidr-without-length", ("upstream", "sources", 0), {}),
    (
        {"exposure": {"scope": "internet", "platform": "generic"}},
        "no-allowed-sources",
        ("exposure", "allowed_sources"),
        {},
    ),
    # Whose headers it trusts.
    (
        {**INSTALLED, "settings": {"forwarded_from": ["10.0.0.0/8"]}},
        "source-not-trusted",
        ("exposure", "allowed_sources", 0),
        {"forwarded_from": ("settings", "forwarded_from")},
    ),
    (
        {"upstream": {"sources": ["10.0.0.0/8"]}, "settings": {"forwarded_from": ["10.1.0.0/16"]}},
        "source-not-trusted",
        ("upstream", "sources", 0),
        {},
    ),
    (
        {
            "upstream": {"sources": ["10.1.0.0/16"], "proxy_protocol": True},
            "settings": {"forwarded_from": ["10.0.0.0/8"]},
        },
        "forwarded-from-with-proxy-protocol",
        ("settings", "forwarded_from"),
        {},
    ),
    # What Portico installs, and what the cluster has.
    ({**INSTALLED, "controller": "nginx"}, "not-a-choice", ("controller",), {}),
    (
        {**GENERIC, "install": True},
        "controller-not-installable",
        ("install",),
        {"controller": "generic", "installable": ["f5-nginx", "ingress-nginx"]},
    ),
    ({"install": False}, "missing", ("class_name",), {}),
    ({"install": False}, "missing", ("namespace",), {}),
    ({**THERE, **INSTALLED}, "only-if-installed", ("exposure",), {"field": "exposure"}),
    ({**THERE, "upstream": {}}, "only-if-installed", ("upstream",), {}),
    ({**THERE, "settings": {}}, "only-if-installed", ("settings",), {}),
    ({**THERE, "installation": {}}, "only-if-installed", ("installation",), {}),
    ({**INSTALLED, "controller_peers": []}, "only-if-not-installed", ("controller_peers",), {}),
    ({**INSTALLED, "class_name": LATER("a")}, "not-plain", ("class_name",), {}),
    ({**INSTALLED, "ready_timeout": 0}, "out-of-range", ("ready_timeout",), {"least": 1, "most": 3600}),
    ({**INSTALLED, "labels": {"a b": "c"}}, "invalid-label-key", ("labels", "a b"), {}),
    ({**INSTALLED, "namespace": "A"}, "invalid-name", ("namespace",), {}),
    ({**THERE, "controller_peers": [{}]}, "empty-peer", ("controller_peers", 0), {}),
]


@pytest.mark.parametrize(("args", "code", "location", "params"), ROWS)
def test_a_gateway_is_rejected(args: Any, code: str, location: tuple[Any, ...], params: dict[str, Any]) -> None:
    assert_rejected(args, code, *location, **params)


def test_the_load_balancer_does_not_terminate_tls() -> None:
    exposure: Any = {**EXPOSED, "platform": "aws-controller", "tls": {"certificates": ["arn:aws:acm:x"]}}
    args: Any = {"exposure": exposure}
    assert_rejected(args, "tls-terminated-before-gateway", "exposure", "tls", tls=("tls",))


@pytest.mark.parametrize(
    ("name", "code"),
    [("Public", "invalid-service-name"), ("a" * 41, "gateway-name-too-long"), ("1a", "invalid-service-name")],
)
def test_a_name_is_rejected(name: str, code: str) -> None:
    problem = assert_problem(problems_of_gateway(name, **INSTALLED), code, "name")
    assert problem.edits == ()


def test_a_controller_without_an_installer_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets no other controller's image."""
    alone = {**CONTROLLERS, "ingress-nginx": replace(CONTROLLERS["ingress-nginx"], installer=None)}
    monkeypatch.setattr(controllers, "CONTROLLERS", alone)
    args: Any = {"controller": "ingress-nginx", "install": True, "class_name": "nginx", "namespace": "edge"}
    assert_rejected(args, "controller-not-installable", "install", controller="ingress-nginx", name="edge")


FORMER: Mapping[str, tuple[Any, str]] = {
    "behind": ({}, "upstream"),
    "wildcards_any_depth": (True, "multi_label_wildcards"),
    "reports_address": (False, "publishes_address"),
    "ready_within": (60, "ready_timeout"),
    "reached_from": ([PEER], "controller_peers"),
}


@pytest.mark.parametrize("old", FORMER)
@pytest.mark.parametrize("style", [KeyStyle.PYTHON, KeyStyle.CAMEL])
def test_a_former_name_is_renamed(old: str, style: KeyStyle) -> None:
    value, new = FORMER[old]
    base: Any = {"install": False, "class_name": "nginx", "namespace": "edge"} if old == "reached_from" else {}
    if old not in ("behind", "reached_from"):
        base = {"upstream": {}}
    args = {style_key(key, style): item for key, item in base.items()} | {style_key(old, style): value}
    (problem,) = [found for found in checked(args, style) if found.code.name == "renamed-argument"]
    assert problem.params == {"old": style_key(old, style), "new": new}
    assert isinstance(problem.edits[0], Move)
    fixed = applied(problem.edits, args, style)
    assert fixed[style_key(new, style)] == value
    assert checked(fixed, style) == []


def style_key(name: str, style: KeyStyle) -> str:
    first, *rest = name.split("_")
    return name if style is KeyStyle.PYTHON else first + "".join(part.capitalize() for part in rest)


def checked(args: Any, style: KeyStyle) -> list[Problem]:
    problems = Problems("test", style=style)
    parse_ingress_gateway("public", args, problems)
    return problems.found


@pytest.mark.parametrize("field", ["allowed_sources", "denied_sources"])
def test_routes_match_client_addresses_only_if_the_gateway_sees_them(field: str) -> None:
    matching = {"host": "a.example.com", "target": TARGET, field: ["10.0.0.0/8"]}
    fields: dict[str, Any] = {"controller": "ingress-nginx", "routes": [matching]}
    args = {"exposure": EXPOSED, **fields}
    problem = assert_rejected(args, "client-address-hidden", "routes", 0, field, name="edge")
    assert problem.edits == (Set(problem.params["client_ip"], "preserve"),)
    seen: list[dict[str, Any]] = [
        {"exposure": {**EXPOSED, "client_ip": "preserve"}},
        {"upstream": {"sources": ["10.0.0.0/16"], "proxy_protocol": True}},
        # What's in front of the load balancer sends the client's address.
        {
            "exposure": {**EXPOSED, "allowed_sources": ["10.0.0.0/16"]},
            "settings": {"forwarded_from": ["10.0.0.0/16"]},
        },
    ]
    for more in seen:
        valid: Any = {**fields, **more}
        assert record(lambda valid=valid: IngressGateway("edge", valid)).all("Ingress")


def test_a_gateway_has_a_target_for_each_port() -> None:
    def program() -> dict[str, Any]:
        args: Any = {**INSTALLED, "installation": {"drain": 70}}
        made = IngressGateway("edge", args)
        assert made.target == made.targets["https"]
        return {name: dict(target) for name, target in made.targets.items()}

    targets = record(program).value
    assert {name: (target["port"], target["target_port"]) for name, target in targets.items()} == {
        "http": (80, 80),
        "https": (443, 443),
    }
    for target in targets.values():
        assert (target["namespace"], target["drain"]) == ("edge", 70)
        assert target["selector"]["app.kubernetes.io/name"] == "edge"


def test_a_gateway_of_the_clusters_controller_has_no_target() -> None:
    def program() -> Any:
        there: Any = THERE
        made = IngressGateway("edge", there)
        return [made.target, dict(made.targets)]

    assert record(program).value == [None, {}]


def test_the_reference_of_a_gateway_is_what_routes_take() -> None:
    def program() -> None:
        args: Any = {**INSTALLED, "multi_label_wildcards": True}
        made = IngressGateway("edge", args)
        more: Any = {"gateway": made.reference, "routes": [route(host=HOST)]}
        IngressRoutes("more", more)

    recorded = record(program)
    assert {it["spec"]["ingressClassName"] for it in recorded.manifests() if it["kind"] == "Ingress"} == {"edge"}
