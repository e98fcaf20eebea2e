"""No two components of a program create the same Kubernetes object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from pulumi_portico import IngressGateway, IngressRoutes, Job, PublicLoadBalancer, WebService
from pulumi_portico.args.problems import ArgumentError
from pulumi_portico.lifecycle.object_names import names_of
from pulumi_portico.lifecycle.objects import ObjectSpec, Options
from pulumi_portico.stack import build, check_stack
from pulumi_portico.testing import Recording, record

from tests.problems import assert_problem
from tests.scoreboard.cases import gateway, stack

SERVICE: Any = {"image": "registry.example.com/web:1.0", "port": 8080, "namespace": "shop"}
EXPOSURE: Any = {"scope": "internet", "platform": "generic", "allowed_sources": ["0.0.0.0/0"]}
EDGE: Any = {"exposure": EXPOSURE, "crds": {"installed": True}}


def team(name: str, **options: Any) -> pulumi.ComponentResource:
    """A component of the user's. The engine accepts components of one name in components of different types."""
    return pulumi.ComponentResource(f"test:index:{name.title()}", "team", {}, pulumi.ResourceOptions(**options))


def within(name: str, **options: Any) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(parent=team(name), **options)


def provider(name: str) -> k8s.Provider:
    return k8s.Provider(name, kubeconfig="{}")


def rejected(program: Callable[[], Any]) -> ArgumentError:
    with pytest.raises(ArgumentError) as caught:
        record(program)
    return caught.value


def two_services(**second: Any) -> None:
    args: Any = {**SERVICE, **second}
    WebService("web", SERVICE, within("basket"))
    WebService("web", args, within("prices"))


def edge(**more: Any) -> Any:
    return {**EDGE, **more}


def test_two_services_of_one_name_are_rejected_and_both_are_named() -> None:
    error = rejected(two_services)
    problem = assert_problem(error.problems, "same-objects")
    assert problem.params["owner"] == 'WebService "web" in Basket "team"'
    assert str(error).startswith('WebService "web" in Prices "team" has a problem')
    assert "Deployment shop/web" in problem.params["objects"]
    assert problem.params["objects"].more == 1


def test_two_services_of_one_name_in_different_namespaces_are_valid() -> None:
    assert record(lambda: two_services(namespace="other")).registrations


@pytest.mark.parametrize(
    "options",
    [
        lambda: (within("a", provider=provider("a")), within("b", provider=provider("b"))),
        lambda: (None, pulumi.ResourceOptions(provider=provider("b"), parent=team("b"))),
        lambda: (within("a", providers=[provider("a")]), within("b", providers=[provider("b")])),
        lambda: (
            pulumi.ResourceOptions(parent=team("a", providers=[provider("a")])),
            pulumi.ResourceOptions(parent=team("b", providers=[provider("b")])),
        ),
    ],
    ids=["each", "default", "list", "inherited"],
)
def test_two_services_of_one_name_with_different_providers_are_valid(options: Any) -> None:
    def program() -> None:
        first, second = options()
        WebService("web", SERVICE, first)
        WebService("web", SERVICE, second)

    assert record(program).registrations


@pytest.mark.parametrize("how", ["provider", "providers", "parent"])
def test_two_services_of_one_name_with_one_provider_are_rejected(how: str) -> None:
    def program() -> None:
        cluster = provider("cluster")
        for name in ("basket", "prices"):
            if how == "parent":
                options = pulumi.ResourceOptions(parent=team(name, providers=[cluster]))
            else:
                options = within(name, **{how: cluster if how == "provider" else [cluster]})
            WebService("web", SERVICE, options)

    assert_problem(rejected(program).problems, "same-objects")


def test_a_namespace_that_is_an_output_is_compared_when_it_is_known() -> None:
    def program(second: str) -> Callable[[], None]:
        return lambda: two_services(namespace=pulumi.Output.from_input(second))

    assert_problem(rejected(program("shop")).problems, "same-objects")
    assert record(program("other")).registrations


def test_a_secret_namespace_is_in_no_message() -> None:
    assert record(lambda: two_services(namespace=pulumi.Output.secret("shop"))).registrations


def test_services_without_a_namespace_are_in_that_of_the_provider() -> None:
    args: Any = {"image": "registry.example.com/web:1.0", "port": 8080}

    def program() -> None:
        for name in ("basket", "prices"):
            WebService("web", args, within(name))

    problem = assert_problem(rejected(program).problems, "same-objects")
    assert "Deployment web" in problem.params["objects"]


def test_two_gateways_of_one_name_are_rejected() -> None:
    def program() -> None:
        IngressGateway("edge", EDGE, within("a"))
        IngressGateway("edge", edge(class_name="other"), within("b"))

    problem = assert_problem(rejected(program).problems, "same-objects")
    assert "Namespace edge" in problem.params["objects"]


def test_two_gateways_of_one_class_are_rejected() -> None:
    def program() -> None:
        IngressGateway("edge", edge(class_name="public"))
        IngressGateway("other", edge(class_name="public"))

    problem = assert_problem(rejected(program).problems, "same-objects")
    assert [*problem.params["objects"]] == ["IngressClass public"]
    assert problem.params["owner"] == 'IngressGateway "edge"'


def test_a_service_and_a_gateway_of_one_name_in_one_namespace_are_rejected() -> None:
    def program() -> None:
        WebService("edge", SERVICE)
        IngressGateway("edge", edge(namespace="shop"))

    problem = assert_problem(rejected(program).problems, "same-objects")
    assert "Deployment shop/edge" in problem.params["objects"]


def test_two_components_with_routes_of_one_name_are_rejected() -> None:
    def program() -> None:
        web = WebService("web", SERVICE)
        built = IngressGateway("edge", EDGE)
        for name, host in (("a", "a.example.com"), ("b", "b.example.com")):
            args: Any = {"gateway": built.reference, "routes": [{"host": host, "target": web.target}]}
            IngressRoutes("more", args, within(name))

    # The host's name is in each name.
    assert record(program).registrations

    def same() -> None:
        web = WebService("web", SERVICE)
        for name in ("a", "b"):
            built = IngressGateway(f"edge-{name}", edge(namespace="shop"), within(name))
            args: Any = {"gateway": built.reference, "routes": [{"host": "a.example.com", "target": web.target}]}
            IngressRoutes("more", args, within(f"{name}more"))

    assert_problem(rejected(same).problems, "same-objects")


def test_two_load_balancers_of_one_name_have_names_that_pulumi_generates() -> None:
    def program() -> None:
        web = WebService("web", SERVICE)
        for name in ("a", "b"):
            args: Any = {"target": web.target, "exposure": EXPOSURE}
            PublicLoadBalancer("front", args, within(name))

    recorded: Recording = record(program)
    services = [found for found in recorded.registrations if found.type == "kubernetes:core/v1:Service"]
    assert sum("name" not in found.inputs["metadata"] for found in services) == 2


def test_a_stack_and_a_gateway_of_the_program_create_no_namespace_twice() -> None:
    def program() -> None:
        build(check_stack("dev", stack()))
        IngressGateway("shop", EDGE)

    problem = assert_problem(rejected(program).problems, "same-objects")
    assert problem.params["owner"] == 'Stack "dev"'


def test_objects_that_stay_are_the_next_components() -> None:
    """A gateway leaves the definitions of its controller, and another one of the program can have them as well."""
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "a"},
    }
    kept, own = (ObjectSpec("a", definition, options=Options(retain_on_delete=stays)) for stays in (True, False))
    assert not list(names_of([kept]))
    assert list(names_of([own]))


# A stack file.


def problems_of_stack(**services: Any) -> Any:
    values = gateway({"host": "a.example.com"}, services={"web": WEB_ARGS, **services}, namespace="shop")
    with pytest.raises(ArgumentError) as caught:
        check_stack("dev", values)
    return caught.value.problems


WEB_ARGS: Any = {"image": "registry.example.com/web:1.0", "port": 8080}


@pytest.mark.parametrize(
    ("name", "shared"), [("edge", "Deployment shop/edge"), ("edge-metrics", "Service shop/edge-metrics")]
)
def test_a_service_of_a_stack_has_no_object_of_a_gateway(name: str, shared: str) -> None:
    problem = assert_problem(problems_of_stack(**{name: WEB_ARGS}), "same-objects", "gateways", "edge")
    assert shared in problem.params["objects"]
    assert problem.params["owner"] == ("services", name)


def test_two_jobs_of_one_name_are_rejected() -> None:
    def program() -> None:
        for name in ("basket", "prices"):
            Job("web", {"image": "registry.example.com/web:1.0", "namespace": "shop"}, within(name))

    problem = assert_problem(rejected(program).problems, "same-objects")
    assert problem.params["owner"] == 'Job "web" in Basket "team"'


def test_a_job_of_a_stack_has_no_object_of_a_gateway() -> None:
    values = gateway({"host": "a.example.com"}, namespace="shop")
    jobs = {"edge": {"image": "registry.example.com/web:1.0"}}
    with pytest.raises(ArgumentError) as caught:
        check_stack("dev", {**values, "jobs": jobs})
    problem = assert_problem(caught.value.problems, "same-objects", "gateways", "edge")
    assert problem.params["owner"] == ("jobs", "edge")
