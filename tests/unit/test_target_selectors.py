"""A target that is written by hand exposes the component whose pods it selects, and selects no other pods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest
from pulumi_portico import AwsLoadBalancer, IngressGateway, IngressRoutes, PublicLoadBalancer, TargetBinding, WebService
from pulumi_portico.args.location import Location
from pulumi_portico.args.problems import ArgumentError, Problem, Set
from pulumi_portico.args.secrets import Secret
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.view import PeerKind, PeerView, PortView, StackView
from pulumi_portico.stack.view_text import url_text
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import record

from tests.problems import applied, assert_fixes_work, assert_problem, problems_of

NAME = "app.kubernetes.io/name"
POD_NAME = "statefulset.kubernetes.io/pod-name"
WEB: dict[str, Any] = {"image": "registry.example.com/web:1.0", "port": 8080, "labels": {"team": "shop"}}
EXPOSED = {"scope": "internet", "platform": "gke", "allowedSources": ["203.0.113.0/24"]}
EDGE: dict[str, Any] = {
    "upstream": {},
    "crds": {"installed": True},
    "tls": {"a.example.com": {"secret": "a"}},
    "routes": [],
}
AWS: dict[str, Any] = {
    "kind": "application",
    "scope": "internet",
    "vpc": "vpc-0123456789abcdef0",
    "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "allowedSources": ["203.0.113.0/24"],
    "listeners": [{"port": 80, "protocol": "http", "target": "one"}],
    "logs": {"access": False},
}


def target(selector: Mapping[str, str], service: str = "elsewhere", namespace: str = "shop") -> dict[str, Any]:
    return {"service": service, "namespace": namespace, "port": 8080, "selector": dict(selector)}


Place = Callable[[Any], dict[str, Any]]

PLACES: dict[str, tuple[Place, tuple[Any, ...]]] = {
    "load balancer": (
        lambda made: {"loadBalancers": {"front": {"target": made, "exposure": EXPOSED}}},
        ("load_balancers", "front", "target"),
    ),
    "route": (
        lambda made: {"gateways": {"edge": {**EDGE, "routes": [{"host": "a.example.com", "target": made}]}}},
        ("gateways", "edge", "routes", 0, "target"),
    ),
    "default backend": (
        lambda made: {"gateways": {"edge": {**EDGE, "defaultBackend": made}}},
        ("gateways", "edge", "default_backend"),
    ),
    "load balancer on AWS": (
        lambda made: {"awsLoadBalancers": {"front": {**AWS, "targets": {"one": {"target": made}}}}},
        ("aws_load_balancers", "front", "targets", "one", "target"),
    ),
}
"""Where a stack has targets."""


def stack(place: str, made: Any, **services: Any) -> dict[str, Any]:
    known = {"web": WEB, "db": {**WEB, "kind": "StatefulSet"}}
    merged = {name: {**fields, **services.get(name, {})} for name, fields in known.items()}
    return {"namespace": "shop", "services": merged, **PLACES[place][0](made)}


def problems_in(values: Mapping[str, Any]) -> list[Problem]:
    try:
        check_stack("dev", values)
    except ArgumentError as error:
        return list(error.problems)
    return []


def view(values: Mapping[str, Any]) -> StackView:
    return view_of(check_stack("dev", values))


@pytest.mark.parametrize("place", PLACES)
def test_a_selector_exposes_the_service_that_it_selects(place: str) -> None:
    found = view(stack(place, target({NAME: "web"})))
    web = PeerView(PeerKind.SERVICE, "web")
    assert [link.ports for link in found.links if link.target == web] == [(PortView(8080, "TCP"),)]
    assert not any(link.target.kind is PeerKind.EXTERNAL_SERVICE for link in found.links)
    assert {backend.peer for route in found.routes for backend in route.action.backends} == {web}
    urls = {service.name: [*map(url_text, service.urls)] for service in found.services}
    assert urls["web"]
    assert not urls["db"]


@pytest.mark.parametrize("place", PLACES)
def test_a_selector_in_another_namespace_exposes_no_service(place: str) -> None:
    found = view(stack(place, target({NAME: "web"}, namespace="other")))
    assert all(not service.urls for service in found.services)
    assert PeerView(PeerKind.EXTERNAL_SERVICE, "elsewhere", "other") in {link.target for link in found.links}


def test_a_service_in_another_namespace_is_exposed_there() -> None:
    values = stack("load balancer", target({NAME: "web"}, namespace="other"), web={"namespace": "other"})
    assert next(service.urls for service in view(values).services if service.name == "web")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("service", ["elsewhere", "web"])
def test_a_selector_of_several_services_is_rejected(service: str, place: str) -> None:
    problem = assert_problem(
        problems_in(stack(place, target({"team": "shop"}, service))),
        "target-selects-several",
        *PLACES[place][1],
        "selector",
        owners=[Location(("services", "web")), Location(("services", "db"))],
    )
    assert problem.params["labels"] == ["team: shop"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("selector", [{NAME: "db"}, {"app": "web"}])
def test_a_selector_that_contradicts_the_service_is_rejected(selector: dict[str, str], place: str) -> None:
    values = stack(place, target(selector, "web"))
    at = PLACES[place][1]
    assert_problem(
        problems_in(values), "target-selects-other-pods", *at, "selector", owner=Location(("services", "web"))
    )
    assert_fixes_work(problems_in, values)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("selector", [{POD_NAME: "db-0"}, {NAME: "db", POD_NAME: "db-0"}])
def test_a_selector_of_one_pod_exposes_its_service(selector: dict[str, str], place: str) -> None:
    """The Service that the target names can select one pod too."""
    urls = {service.name: service.urls for service in view(stack(place, target(selector, "db-0"))).services}
    assert urls["db"]
    assert not urls["web"]


@pytest.mark.parametrize("place", PLACES)
def test_a_selector_of_some_pods_is_rejected_if_the_service_has_all_of_them(place: str) -> None:
    values = stack(place, target({NAME: "db", POD_NAME: "db-0"}, "db"))
    found = problems_in(values)
    if place == "load balancer":
        # It has a Service of its own, which selects only that pod.
        assert found == []
        return
    owner = Location(("services", "db"))
    assert_problem(found, "target-selects-part", *PLACES[place][1], "selector", POD_NAME, owner=owner)
    assert_fixes_work(problems_in, values)


def test_a_pod_of_another_workload_is_no_pod_of_the_service() -> None:
    for name in ("web-0", "db-x", "db"):
        found = view(stack("load balancer", target({POD_NAME: name})))
        assert all(not service.urls for service in found.services)


def test_a_selector_exposes_the_gateway_that_it_selects() -> None:
    """So the gateway's routes are public."""
    routes = [{"host": "plain.example.com", "target": {"service": "web"}}]
    made = {**target({NAME: "edge"}, namespace="edge"), "port": 80}
    values = {**stack("load balancer", made), "gateways": {"edge": {**EDGE, "routes": routes}}}
    found = view(values)
    assert found.gateways[0].load_balancers == ("front",)
    assert "plain-text-host" in {each.exception.kind.name for each in found.exceptions}
    assert "plain-text-port" not in {each.exception.kind.name for each in found.exceptions}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fields", [{}, {"targetPort": 8080}, {"protocol": "TCP"}])
def test_a_target_with_the_namespace_of_the_stacks_service_opens_its_pods(fields: Any, place: str) -> None:
    values = stack(place, {"service": "web", "namespace": "shop", "port": 80, **fields})
    assert problems_in(values) == []
    plan = check_stack("dev", values)
    (destination,) = plan.destinations.values()
    assert (destination.kind, destination.name) == ("service", "web")
    (where,) = plan.destinations
    spec: Any = {name: getattr(plan, name) for name in ("gateways", "load_balancers", "aws_load_balancers")}
    for step in where:
        spec = getattr(spec, str(step)) if hasattr(spec, str(step)) else spec[step]
    assert spec.selector == {NAME: "web"}


@pytest.mark.parametrize("place", PLACES)
def test_a_target_with_the_namespace_of_the_stacks_service_has_one_of_its_ports(place: str) -> None:
    values = stack(place, {"service": "web", "namespace": "shop", "port": 81})
    assert_problem(problems_in(values), "unknown-port", *PLACES[place][1], "port")


# Python programs.


def balancer(name: str, made: Any) -> None:
    exposure: Any = {"scope": "internet", "platform": "gke", "allowed_sources": ["203.0.113.0/24"]}
    PublicLoadBalancer(name, {"target": made, "exposure": exposure})


def gateway(name: str, made: Any) -> None:
    IngressGateway(name, {"upstream": {}, "crds": {"installed": True}, "default_backend": made})


def routes(name: str, made: Any) -> None:
    reference: Any = {"class_name": "edge", "namespace": "shop", "controller_peers": [{"namespace": "edge"}]}
    args: Any = {"gateway": {"controller": "generic", **reference}, "routes": [{"target": made}]}
    IngressRoutes(name, args)


def aws(name: str, made: Any) -> None:
    args = {key: value for key, value in AWS.items() if key != "allowedSources"}
    given: Any = {**args, "allowed_sources": AWS["allowedSources"], "targets": {"one": {"target": made}}}
    AwsLoadBalancer(name, given)


def binding(name: str, made: Any) -> None:
    group = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/0123456789abcdef"
    TargetBinding(name, {"target": made, "target_group": group})


Make = Callable[[str, Any], None]
COMPONENTS: list[tuple[Make, tuple[Any, ...]]] = [
    (balancer, ("target",)),
    (gateway, ("default_backend",)),
    (routes, ("routes", 0, "target")),
    (aws, ("targets", "one", "target")),
    (binding, ("target",)),
]


def web(name: str, **fields: Any) -> WebService:
    args: Any = {**WEB, "namespace": "shop", **fields}
    return WebService(name, args)


@pytest.mark.parametrize(("make", "at"), COMPONENTS)
def test_a_program_rejects_what_a_stack_rejects(make: Make, at: tuple[Any, ...]) -> None:
    def program() -> None:
        web("one")
        web("two")
        several = problems_of(lambda: make("several", target({"team": "shop"})))
        assert_problem(
            several, "target-selects-several", *at, "selector", owners=['WebService "one"', 'WebService "two"']
        )
        other = problems_of(lambda: make("other", target({NAME: "two"}, "one")))
        problem = assert_problem(other, "target-selects-other-pods", *at, "selector", owner='WebService "one"')
        assert isinstance(problem.edits[0], Set)
        fixed: Any = applied(problem.edits, _within(at, target({NAME: "two"}, "one")))
        for step in at:
            fixed = fixed[step]
        assert fixed["selector"] == {NAME: "one"}

    record(program)


def _within(at: tuple[Any, ...], value: Any) -> Any:
    for step in reversed(at):
        value = [value] if isinstance(step, int) else {step: value}
    return value


@pytest.mark.parametrize("make", [make for make, _ in COMPONENTS])
def test_a_service_after_a_target_that_selects_its_pods_too_is_rejected(make: Make) -> None:
    def program() -> None:
        make("front", target({"team": "shop"}))
        web("one")
        found = problems_of(lambda: web("two"))
        assert_problem(found, "pods-selected-by-target", "labels", "team", owners=['WebService "one"'])

    record(program)


def test_the_target_of_a_component_is_accepted() -> None:
    def program() -> None:
        one, two = web("one"), web("two")
        balancer("first", one.target)
        balancer("second", two.target)
        gateway("edge", one.target)
        # A Service that isn't a component's can select the same pods.
        balancer("third", target({NAME: "one"}))

    record(program)


def test_an_output_is_compared_when_it_is_known() -> None:
    def program() -> None:
        web("one")
        web("two")
        made: Any = target({})
        balancer("front", {**made, "selector": {"team": pulumi.Output.from_input("shop")}})

    with pytest.raises(ArgumentError) as caught:
        record(program)
    assert_problem(caught.value.problems, "target-selects-several", "target", "selector")


@pytest.mark.parametrize("place", PLACES)
def test_a_selector_that_is_not_known_is_an_exception(place: str) -> None:
    values = stack(place, {**target({}), "selector": {NAME: Secret("web")}})
    kinds = {each.exception.kind.name: each.exception.location for each in view(values).exceptions}
    assert kinds["unknown-target-pods"] == (*PLACES[place][1], "selector")


def test_an_invalid_target_hides_no_problem_of_another_one() -> None:
    bad = {"host": "a.example.com", "path": "/bad", "target": 5}
    good = {"host": "a.example.com", "target": target({"team": "shop"})}
    values = {**stack("route", target({})), "gateways": {"edge": {**EDGE, "routes": [bad, good]}}}
    assert_problem(problems_in(values), "target-selects-several", "gateways", "edge", "routes", 1, "target", "selector")
