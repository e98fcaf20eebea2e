"""Routes that a stack adds to a gateway of another stack, `portico:routes`: rules, objects, views, and conflicts."""

from typing import Any

import pulumi
import pytest
from pulumi_portico.args.problems import ArgumentError, Problems, Set
from pulumi_portico.ingress_gateway.gateway_plan import plan_added_routes
from pulumi_portico.ingress_gateway.gateway_state import GatewayState
from pulumi_portico.ingress_gateway.other_stacks import check_exported, matches_of, repeated_in_cluster
from pulumi_portico.ingress_gateway.validation import parse_ingress_routes
from pulumi_portico.lifecycle.kubectl import Kubectl
from pulumi_portico.lifecycle.ownership import OWNER
from pulumi_portico.stack import StackPlan, build, check_stack
from pulumi_portico.stack.objects import objects_of
from pulumi_portico.stack.view import LinkKind
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import record

from tests.problems import assert_problem
from tests.unit.web_services import IMAGE

PLATFORM = "organization/platform/production"
GATEWAY: dict[str, Any] = {"stack": PLATFORM, "name": "public", "controller": "f5-nginx"}
ROUTE = {"host": "shop.example.com", "path": "/", "target": {"service": "web"}}
SERVICES = {"web": {"image": IMAGE, "port": 8080}}
EXPORTED = {
    "controller": "f5-nginx",
    "className": "public",
    "namespace": "public",
    "hosts": ["example.com"],
    "routes": ["example.com Prefix /"],
}


def stack(gateway: Any = GATEWAY, routes: Any = (ROUTE,), **others: Any) -> dict[str, Any]:
    added = {"shop": {"gateway": gateway, "routes": list(routes)}}
    return {"namespace": "shop", "services": SERVICES, "routes": added, **others}


def plan_of(**changes: Any) -> StackPlan:
    return check_stack("test", stack(**changes))


def rejected(**changes: Any) -> Any:
    with pytest.raises(ArgumentError) as caught:
        plan_of(**changes)
    return caught.value.problems


@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx", "generic"])
def test_the_routes_have_the_class_and_the_namespace_of_the_gateway(controller: str) -> None:
    # A generic class has its Ingresses in the namespace of the services.
    namespace = {"namespace": "shop"} if controller == "generic" else {}
    plan = plan_of(gateway={**GATEWAY, "controller": controller, **namespace})
    (found,) = (component for component in objects_of(plan) if component.name == "shop" and component.type)
    ingresses = [described.manifest for described in found.objects if described.manifest["kind"] == "Ingress"]
    assert ingresses
    for ingress in ingresses:
        kind = ingress["spec"].get("ingressClassName")
        assert isinstance(kind, pulumi.Output) or kind == "public"
    if controller == "generic":
        return
    policy = next(it.manifest for it in found.objects if it.manifest["kind"] == "NetworkPolicy")
    (peer,) = policy["spec"]["ingress"][0]["from"]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "public"}


def test_a_gateway_is_named_by_its_stack_or_by_its_class_and_namespace() -> None:
    plan_of(gateway={"controller": "f5-nginx", "className": "nginx", "namespace": "nginx", "controllerPeers": []})
    found = rejected(gateway={"controller": "generic"})
    assert_problem(found, "missing", "routes", "shop", "gateway", "class_name")
    assert_problem(found, "missing", "routes", "shop", "gateway", "namespace")
    found = rejected(gateway={"controller": "generic", "stack": PLATFORM})
    assert_problem(found, "missing", "routes", "shop", "gateway", "name")
    found = rejected(gateway={**GATEWAY, "stack": "production"})
    assert_problem(found, "invalid-stack-name", "routes", "shop", "gateway", "stack")


def test_a_route_to_an_unknown_service_is_rejected() -> None:
    found = rejected(routes=[{**ROUTE, "target": {"service": "wbe"}}])
    problem = next(it for it in found if it.location[:4] == ("routes", "shop", "routes", 0))
    assert problem.edits


def test_routes_that_the_stack_repeats_are_rejected() -> None:
    more = {"shop": {"gateway": GATEWAY, "routes": [ROUTE]}, "again": {"gateway": GATEWAY, "routes": [ROUTE]}}
    assert_problem(_rejected_routes(more), "route-of-other-component", "routes", "again", "routes", 0)


def _rejected_routes(routes: Any) -> Any:
    with pytest.raises(ArgumentError) as caught:
        check_stack("test", {"namespace": "shop", "services": SERVICES, "routes": routes})
    return caught.value.problems


def test_a_gateway_and_added_routes_have_different_names() -> None:
    found = rejected(gateways={"shop": {"upstream": {}}})
    assert_problem(found, "same-output-name", "routes", "shop")


def test_the_view_has_the_routes_the_gateway_and_its_connections() -> None:
    view = view_of(plan_of())
    (gateway,) = view.gateways
    assert (gateway.name, gateway.stack, gateway.installed) == ("shop", PLATFORM, False)
    (route,) = view.routes
    assert (route.entry.name, route.host, route.path) == ("shop", "shop.example.com", "/")
    assert [url.host for url in view.services[0].urls] == ["shop.example.com"]
    assert any(link.kind is LinkKind.TARGET and link.target.name == "web" for link in view.links)


def test_a_stack_exports_its_gateways_for_the_routes_of_others() -> None:
    gateway = {"upstream": {}, "routes": [{"host": "example.com", "path": "/", "target": {"service": "web"}}]}
    values = {"namespace": "shop", "services": SERVICES, "gateways": {"public": gateway}}
    recorded = record(lambda: build(check_stack("test", values)))
    exported = recorded.exports["gateways"]["public"]
    assert {key: exported[key] for key in EXPORTED} == {**EXPORTED, "controller": "f5-nginx"}
    assert exported["controllerPeers"]
    # The values can be written as they are.
    reference = {key: value for key, value in exported.items() if key not in ("hosts", "routes") and value}
    check_stack("test", stack(gateway=reference))


def problems_of(exported: Any, **gateway: Any) -> list[Any]:
    args: Any = {"gateway": {**GATEWAY, "controller": "f5-nginx", **gateway}, "routes": [ROUTE]}
    args["routes"] = [{**ROUTE, "target": {"service": "web", "namespace": "shop", "port": 80}}]
    problems = Problems("IngressRoutes")
    spec = parse_ingress_routes("shop", args, problems)
    assert problems.found == []
    routes = plan_added_routes("shop", spec, GatewayState())
    known = (exported, ["public"] if exported else [])
    check_exported(spec.gateway, known, routes, problems)
    return problems.found


def test_a_reference_that_differs_from_what_the_stack_exports_is_rejected() -> None:
    assert problems_of(EXPORTED) == []
    assert_problem(problems_of({}), "gateway-not-exported", "gateway", "name")
    other = {**EXPORTED, "className": "edge", "namespace": "edge"}
    for field in ("class_name", "namespace"):
        problem = assert_problem(problems_of(other), "gateway-reference-differs", "gateway", field)
        assert [edit.value for edit in problem.edits if isinstance(edit, Set)] == ["edge"]
    assert problems_of(other, class_name="edge", namespace="edge") == []
    assert_problem(
        problems_of({**EXPORTED, "controller": "generic"}), "gateway-reference-differs", "gateway", "controller"
    )


def test_a_host_that_the_gateway_has_must_be_listed() -> None:
    shared = {**EXPORTED, "hosts": ["shop.example.com"]}
    problem = assert_problem(problems_of(shared), "host-of-other-stack", "gateway", "hosts")
    assert [edit.value for edit in problem.edits if isinstance(edit, Set)] == [["shop.example.com"]]
    assert problems_of(shared, hosts=["shop.example.com"]) == []


def ingress(owner: str | None, **spec: Any) -> dict[str, Any]:
    annotations = {} if owner is None else {OWNER: owner}
    annotations |= spec.pop("annotations", {})
    path = {"path": "/", "pathType": "Prefix"}
    rule = {"host": "shop.example.com", "http": {"paths": [path]}}
    metadata = {"name": "other", "namespace": "other", "annotations": annotations}
    return {"kind": "Ingress", "metadata": metadata, "spec": {"ingressClassName": "public", "rules": [rule], **spec}}


@pytest.mark.parametrize(
    ("live", "code"),
    [
        (ingress("organization/other/dev"), "route-of-other-stack"),
        (
            ingress(
                "organization/other/dev",
                annotations={"nginx.org/mergeable-ingress-type": "master"},
                rules=[{"host": "shop.example.com"}],
            ),
            "host-added-by-other-stack",
        ),
        (ingress("organization/other/dev", ingressClassName="private"), None),
        (ingress("organization/other/dev", rules=[{"host": "b.example.com"}]), None),
        (ingress(None), None),
    ],
)
def test_ingresses_of_other_stacks_in_the_cluster_are_compared(
    live: Any, code: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of()
    (found,) = (component for component in objects_of(plan) if component.name == "shop" and component.type)
    problems = Problems("IngressRoutes")

    async def items(*_: Any) -> list[Any]:
        return [live]

    async def kubectl_of(_: Any) -> Any:
        return kubectl

    kubectl = Kubectl()
    module = "pulumi_portico.ingress_gateway.other_stacks"
    monkeypatch.setattr(Kubectl, "items", lambda self, *arguments: items(*arguments))
    monkeypatch.setattr(f"{module}.kubectl_of", kubectl_of)
    monkeypatch.setattr(f"{module}.mocked", lambda: False)

    def program() -> None:
        async def look() -> None:
            at: Any = plan.routes["shop"].at
            await repeated_in_cluster(pulumi.ComponentResource("a:b:C", "c"), "public", found.objects, at, problems)

        pulumi.Output.from_input(look())

    record(program)
    # The program runs twice: in a preview and in an update.
    assert {problem.code.name for problem in problems.found} == (set() if code is None else {code})


def test_masters_of_one_host_are_compared() -> None:
    master = ingress("a", annotations={"nginx.org/mergeable-ingress-type": "master"}, rules=[{"host": "a.example.com"}])
    assert list(matches_of(master)) == [("a.example.com", "", "master")]
