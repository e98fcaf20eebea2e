"""A wrong call of a component gets a message with a fix, not a TypeError."""

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi_portico import (
    AwsLoadBalancer,
    IngressGateway,
    IngressRoutes,
    Job,
    Namespace,
    PublicLoadBalancer,
    TargetBinding,
    WebService,
)
from pulumi_portico.testing import record

from tests.problems import problems_of

COMPONENTS: list[Any] = [
    *(WebService, Job, Namespace, IngressGateway, IngressRoutes),
    *(PublicLoadBalancer, AwsLoadBalancer, TargetBinding),
]
ARGS: Any = {"image": "api:1", "port": 8080}
EXPOSURE: Any = {"scope": "internal", "platform": "gke"}


def problem(program: Callable[[], Any]) -> Any:
    """The only problem of a program."""
    (found,) = problems_of(lambda: record(program))
    return found


def service(name: str = "api") -> Any:
    return WebService(name, ARGS)


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize(
    ("given", "named", "code"),
    [
        (("a",), {}, "missing-parameter"),
        ((), {"args": {}}, "missing-parameter"),
        (("a", None), {}, "missing-parameter"),
        (("a", {}), {"resource_name": "a"}, "unknown-parameter"),
        (("a",), {"image": "a:1"}, "unknown-parameter"),
        (("a", {}, None, None), {}, "too-many-parameters"),
        (("a", {}, {"parent": None}), {}, "not-resource-options"),
        ((1, {}), {}, "name-not-text"),
    ],
)
def test_a_wrong_call_is_a_problem(component: Any, given: Any, named: Any, code: str) -> None:
    found = problem(lambda: component(*given, **named))
    assert found.code.name == code
    if code != "name-not-text":
        assert component.__name__ in str(found)


def test_every_component_checks_its_call() -> None:
    import pulumi_portico

    public = [getattr(pulumi_portico, name) for name in pulumi_portico.__all__]
    assert {each for each in public if isinstance(each, type) and issubclass(each, pulumi.ComponentResource)} == set(
        COMPONENTS
    )


@pytest.mark.parametrize(
    ("component", "args", "output"),
    [
        (IngressGateway, lambda: {"exposure": EXPOSURE, "routes": [{"path": "/", "target": service()}]}, "target"),
        (PublicLoadBalancer, lambda: {"exposure": EXPOSURE, "target": service()}, "target"),
        (IngressRoutes, lambda: {"gateway": IngressGateway("g", {"exposure": EXPOSURE}), "routes": []}, "reference"),
        (WebService, lambda: {**ARGS, "namespace": Namespace("shop", {"name": "shop"})}, "namespace"),
        (WebService, lambda: {**ARGS, "namespace": kubernetes.core.v1.Namespace("shop")}, "metadata.name"),
    ],
)
def test_a_resource_in_place_of_its_output_names_the_output(
    component: Any, args: Callable[[], Any], output: str
) -> None:
    def program() -> None:
        component("edge", args())

    found = [each for each in problems_of(lambda: record(program)) if "output" in each.params]
    assert [(each.code.name, each.params["output"]) for each in found] == [("resource-in-place-of-output", output)]


@pytest.mark.parametrize(
    "args",
    [
        lambda: {**ARGS, "env": {"A": kubernetes.core.v1.Secret("other")}},
        lambda: {**ARGS, "replicas": service("other")},
        lambda: {**ARGS, "allow_from": [service("other")]},
        lambda: {"image": "api:1", "ports": service("other")},
        lambda: service("other"),
    ],
)
def test_a_resource_in_place_of_another_value_is_named(args: Callable[[], Any]) -> None:
    found = problem(lambda: WebService("api", args()))
    assert found.code.name == "resource-in-place-of-value"
    assert found.params["resource"].endswith(' "other"')
