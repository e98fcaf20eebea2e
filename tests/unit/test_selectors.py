"""A component whose selector finds the pods of another one in its namespace is reported, with a fix that works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes
import pytest
from pulumi_portico import ArgumentError, IngressGateway, WebService
from pulumi_portico.args.location import KeyStyle, Location
from pulumi_portico.args.problems import Problem
from pulumi_portico.networking.selectors import PodOwner, SelectorIndex
from pulumi_portico.stack import check_stack
from pulumi_portico.testing import record

from tests.growth import calls_of
from tests.problems import assert_fixes_work, assert_problem, problems_of

WEB = {"image": "registry.example.com/web:1.0", "port": 8080}
ONE = {**WEB, "selector": {"app": "one"}}
EXPOSED = {"scope": "internet", "platform": "generic", "allowedSources": ["0.0.0.0/0"]}
NAME = "app.kubernetes.io/name"


def problems_in(values: Mapping[str, Any]) -> list[Problem]:
    try:
        check_stack("dev", values)
    except ArgumentError as error:
        return list(error.problems)
    return []


def services(**named: Any) -> dict[str, Any]:
    return {"namespace": "shop", "services": named}


def gateway(**fields: Any) -> dict[str, Any]:
    return {"exposure": {**EXPOSED, "clientIp": "preserve"}, "namespace": "shop", **fields}


OVERLAPS: list[tuple[dict[str, Any], str, tuple[Any, ...], tuple[Any, ...]]] = [
    (services(one=ONE, two=ONE), "pods-selected-by-other", ("services", "two", "selector", "app"), ("services", "one")),
    (
        services(one={**WEB, "selector": {"app": "one", "tier": "a"}}, two=ONE),
        "selects-pods-of-other",
        ("services", "two", "selector"),
        ("services", "one"),
    ),
    (
        services(one=ONE, two={**WEB, "labels": {"app": "one"}}),
        "pods-selected-by-other",
        ("services", "two", "labels", "app"),
        ("services", "one"),
    ),
    (
        services(one=ONE, two={**WEB, "extra": {"metadata": {"labels": {"app": "one"}}}}),
        "pods-selected-by-other",
        ("services", "two", "extra", "metadata", "labels", "app"),
        ("services", "one"),
    ),
    (
        services(one={**WEB, "labels": {"app": "two"}}, two={**WEB, "selector": {"app": "two"}}),
        "selects-pods-of-other",
        ("services", "two", "selector"),
        ("services", "one"),
    ),
    (
        services(one={**WEB, "selector": {NAME: "two"}}, two=WEB),
        "pods-selected-by-other",
        ("services", "two"),
        ("services", "one"),
    ),
    (
        services(
            one={**WEB, "selector": {"azure.workload.identity/use": "true"}},
            two={**WEB, "identity": {"azureClientId": "00000000-0000-0000-0000-000000000000"}},
        ),
        "pods-selected-by-other",
        ("services", "two"),
        ("services", "one"),
    ),
    (
        {**services(one=ONE), "gateways": {"edge": gateway(labels={"app": "one"})}},
        "pods-selected-by-other",
        ("gateways", "edge", "labels", "app"),
        ("services", "one"),
    ),
    (
        {
            **services(one={**WEB, "selector": {"app.kubernetes.io/component": "ingress-controller"}}),
            "gateways": {"edge": gateway()},
        },
        "pods-selected-by-other",
        ("gateways", "edge"),
        ("services", "one"),
    ),
    (
        {
            **services(
                one={**WEB, "labels": {"app.kubernetes.io/component": "ingress-controller"}, "selector": {NAME: "edge"}}
            ),
            "gateways": {"edge": gateway()},
        },
        "pods-selected-by-other",
        ("gateways", "edge"),
        ("services", "one"),
    ),
]


@pytest.mark.parametrize(("values", "code", "location", "other"), OVERLAPS)
def test_an_overlap_is_reported(
    values: dict[str, Any], code: str, location: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    problem = assert_problem(problems_in(values), code, *location, other=Location(other))
    assert problem.params["labels"]
    assert str(problem)
    assert problem.style is KeyStyle.STACK
    if problem.edits:
        assert_fixes_work(problems_in, values)


@pytest.mark.parametrize(
    "values",
    [
        services(one=ONE, two={**ONE, "namespace": "other"}),
        services(one=ONE, two={**WEB, "labels": {"app": "two"}}),
        services(
            one={**WEB, "selector": {"app": "a", "tier": "front"}},
            two={**WEB, "selector": {"app": "a", "tier": "back"}},
        ),
        services(one={**WEB, "labels": {"team": "shop"}}, two={**WEB, "labels": {"team": "shop"}}),
        services(one=ONE, two={**WEB, "labels": {"app": "one"}, "extra": {"metadata": {"labels": {"app": None}}}}),
        {
            **services(one=ONE),
            "loadBalancers": {"front": {"target": {"service": "one"}, "exposure": EXPOSED}},
            "gateways": {"edge": gateway(routes=[{"host": "a.example.com", "target": {"service": "one"}}])},
        },
    ],
)
def test_what_selects_its_own_pods_only_is_accepted(values: dict[str, Any]) -> None:
    assert [str(problem) for problem in problems_in(values)] == []


def test_the_work_grows_with_the_number_of_components() -> None:
    def claim(count: int) -> None:
        index = SelectorIndex()
        for at in range(count):
            selector = {"team": "shop", "app": f"app-{at}"}
            owner = PodOwner(f"service {at}", "shop", Location(), selector, {**selector, "env": "dev"}, {}, Location())
            assert list(index.overlaps(owner)) == []
            index.add(owner)

    assert calls_of(lambda: claim(2_000)) <= 4.1 * calls_of(lambda: claim(500))


# Python programs.


def web(**args: Any) -> Any:
    return {"image": "registry.example.com/web:1.0", "port": 8080, **args}


def test_an_overlap_in_a_program_is_reported() -> None:
    def program() -> None:
        WebService("one", web(namespace="shop", selector={"app": "one"}))
        WebService("other", web(namespace="other", selector={"app": "one"}))
        found = problems_of(lambda: WebService("two", web(namespace="shop", labels={"app": "one"})))
        assert_problem(found, "pods-selected-by-other", "labels", "app", other='WebService "one"')
        # The rejected one has no pods.
        WebService("three", web(namespace="shop"))

    record(program)


def test_a_controller_in_the_namespace_of_a_service_is_compared_too() -> None:
    def program() -> None:
        WebService("one", web(namespace="edge", selector={"app.kubernetes.io/component": "ingress-controller"}))
        exposure = {
            "scope": "internet",
            "platform": "generic",
            "allowed_sources": ["0.0.0.0/0"],
            "client_ip": "preserve",
        }
        args: Any = {"exposure": exposure}
        found = problems_of(lambda: IngressGateway("edge", args))
        assert_problem(found, "pods-selected-by-other", other='WebService "one"')

    record(program)


def test_another_provider_is_another_cluster() -> None:
    def program() -> None:
        WebService("one", web(selector={"app": "one"}))
        provider = pulumi_kubernetes.Provider("other")
        WebService("two", web(selector={"app": "one"}), pulumi.ResourceOptions(provider=provider))

    record(program)


@pytest.mark.parametrize("field", ["labels", "namespace"])
def test_an_output_is_compared_when_it_is_known(field: str) -> None:
    later = pulumi.Output.from_input
    args = {"labels": {"app": later("one")}} if field == "labels" else {"labels": {"app": "one"}}

    def program() -> None:
        WebService("one", web(namespace="shop", selector={"app": "one"}))
        WebService("two", web(namespace=later("shop") if field == "namespace" else "shop", **args))

    with pytest.raises(ArgumentError) as caught:
        record(program)
    assert_problem(caught.value.problems, "pods-selected-by-other", "labels", "app")
