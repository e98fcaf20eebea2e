"""Each resource depends on a few others, whatever the number of services, and the order of all of them stays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi_portico import IngressGateway, IngressRoutes, PublicLoadBalancer, WebService
from pulumi_portico.ordering import WIDTH, after, dependencies_of, detached, gathered, on_time
from pulumi_portico.stack import build, check_stack
from pulumi_portico.testing import Recording, Registration, ensure_event_loop, record
from pulumi_portico.testing.monitor import Answers, Recorder
from pulumi_portico.testing.running import run_once

from tests.unit.gateways import CERTIFICATE, EXPOSED, KEY

MOST = 5
"""The largest number of dependencies that a resource may have."""
OPEN = {"scope": "internet", "platform": "generic", "allowedSources": ["0.0.0.0/0"], "clientIp": "preserve"}
HOST = "shop.example.com"
HASH = "$6$b$c"


def stack_of(services: int) -> dict[str, Any]:
    """A stack of so many services, each with a route in a gateway of every kind, and some with a load balancer."""
    names = [f"s{number}" for number in range(services)]

    def routes(**more: Any) -> list[Any]:
        return [{"host": f"{name}.example.com", "target": {"service": name}, **more} for name in names]

    tls = {f"{name}.example.com": {"certificate": CERTIFICATE, "key": KEY} for name in names}
    custom = {"basicAuth": {"users": {"a": HASH}}, "cors": {"origins": ["*"]}, "allowedSources": ["10.0.0.0/8"]}
    common = {"exposure": OPEN, "tls": tls}
    generic = {"controller": "generic", "className": "alb", "namespace": "shop", "tls": tls, "routes": routes()}
    return {
        "namespace": "shop",
        "services": {name: {"image": "a:1", "port": 8080, "autoscaling": {"maxReplicas": 3}} for name in names},
        "gateways": {
            "f5": {**common, "routes": routes(**custom), "crds": {"installed": True}},
            "community": {**common, "controller": "ingress-nginx", "routes": routes(responseHeaders={"X-A": "b"})},
            "any": {**generic, "controllerPeers": [{"namespace": "elsewhere"}]},
            "closed": {**generic, "className": "other", "controllerPeers": []},
        },
        "loadBalancers": {f"{name}-lb": {"target": {"service": name}, "exposure": OPEN} for name in names[::10]},
    }


def once(program: Callable[[], Any]) -> Recording:
    """What an update registers: a preview takes as long again, and has the same edges."""
    recorder = Recorder(Answers(None), None, preview=False)
    return run_once(program, recorder, preview=False, config={}, project="project", stack="stack")


def edges(recorded: Recording) -> int:
    return sum(len(registration.edges) for registration in recorded.registrations)


def largest(recorded: Recording) -> int:
    return max(len(registration.edges) for registration in recorded.registrations)


def built(services: int) -> Recording:
    plan = check_stack("test", stack_of(services))
    return once(lambda: build(plan))


@pytest.fixture(scope="module")
def small() -> Recording:
    """The stack of 20 services."""
    return built(20)


def test_dependencies_of_a_resource_are_few_whatever_the_number_of_services(small: Recording) -> None:
    big = built(200)
    assert (largest(small), largest(big)) == (4, 4)
    assert (len(small.registrations), edges(small)) == (483, 700)
    assert (len(big.registrations), edges(big)) == (4497, 6676)


def test_no_resource_depends_on_a_component(small: Recording) -> None:
    components = {it.urn for it in small.registrations if not it.custom}
    assert components
    assert not [it.urn for it in small.registrations if it.edges & components]


class Order:
    """Asks a recording what is created before what."""

    def __init__(self, recorded: Recording) -> None:
        self.recorded = recorded

    def one(self, kind: str, name: str) -> Registration:
        return self.recorded.one(kind, name)

    def starting(self, kind: str, name: str) -> list[Registration]:
        found = [it for it in self.recorded.all(kind) if it.name.startswith(name)]
        assert found, f"no {kind} {name}"
        return found

    def holds(self, earlier: Registration, later: Registration) -> bool:
        return earlier.urn in self.recorded.before(later)


INSTALLED = {
    "Namespace": "edge-namespace",
    "ServiceAccount": "edge-service-account",
    "Role": "edge-role",
    "RoleBinding": "edge-role-binding",
    "ClusterRole": "edge-cluster-role",
    "ClusterRoleBinding": "edge-cluster-role-binding",
    "ConfigMap": "edge-config",
    "ConfigMapPatch": "edge-settings",
    "IngressClass": "edge-class",
    "NetworkPolicy": "edge-network-policy",
    "Service": "edge-service",
}
DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %s.k8s.nginx.org}
spec: {group: k8s.nginx.org}
"""


def gateway_with(controller: str, **more: Any) -> Order:
    """A gateway with two hosts, and routes that name whatever a route can name."""

    def program() -> None:
        api = WebService("api", {"image": "api:1", "port": 80, "namespace": "shop"})
        web = WebService("web", {"image": "web:1", "port": 80, "namespace": "shop"})
        custom: Any = (
            {"cors": {"origins": ["*"]}, "allowed_sources": ["10.0.0.0/8"]} if controller == "f5-nginx" else {}
        )
        if controller == "ingress-nginx":
            custom = {"response_headers": {"X-A": "b"}}
        routes: Any = [
            {"host": HOST, "target": api.target, "basic_auth": {"users": {"a": HASH}}, **custom},
            {"host": "www.example.com", "path": "/web", "target": web.target},
        ]
        tls: Any = {host: {"certificate": CERTIFICATE, "key": KEY} for host in (HOST, "www.example.com")}
        exposed: Any = {**EXPOSED, "client_ip": "preserve"}
        args: Any = {"controller": controller, "exposure": exposed, "routes": routes, "tls": tls, **more}
        edge = IngressGateway("edge", args)
        added: Any = [{"host": HOST, "path": "/more", "target": web.target}]
        IngressRoutes("more", {"gateway": edge.reference, "routes": added})

    return Order(record(program))


@pytest.fixture(params=["f5-nginx", "ingress-nginx"])
def order(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Order:
    if request.param == "ingress-nginx":
        return gateway_with(request.param)
    monkeypatch.chdir(tmp_path)
    kinds = [f"kind{number}" for number in range(12)]
    (tmp_path / "crds.yaml").write_text("---".join(DEFINITION % kind for kind in kinds))
    return gateway_with(request.param, crds={"path": "crds.yaml"})


def test_the_controller_comes_after_all_that_it_needs(order: Order) -> None:
    controller = order.one("Deployment", "edge-controller")
    for kind, name in INSTALLED.items():
        assert order.holds(order.one(kind, name), controller), name
    for definition in order.recorded.all("CustomResourceDefinition"):
        assert order.holds(definition, controller)


def test_the_controller_lives_until_all_routes_and_certificates_are_gone(order: Order) -> None:
    controller = order.one("Deployment", "edge-controller")
    named = [it for it in order.recorded.registrations if it.name.startswith(("edge-shop-", "edge-www-", "edge-host-"))]
    named += order.starting("Ingress", "more-")
    assert {it.type.rpartition(":")[2] for it in named} >= {"Ingress", "Secret", "NetworkPolicy"}
    for registration in named:
        assert order.holds(controller, registration), registration.name


def test_definitions_come_before_resources_of_their_kind(order: Order) -> None:
    policies = order.recorded.all("Policy")
    definitions = order.recorded.all("CustomResourceDefinition")
    assert bool(policies) == bool(definitions)
    assert all(order.holds(definition, policy) for policy in policies for definition in definitions)


def test_the_ingress_of_a_host_comes_before_those_of_its_routes(order: Order) -> None:
    for host, routes in (("edge-host-shop-", ["edge-shop-", "more-shop-"]), ("edge-host-www-", ["edge-www-"])):
        (of_host,) = order.starting("Ingress", host)
        for name in routes:
            for route in order.starting("Ingress", name):
                assert order.holds(of_host, route), (of_host.name, route.name)


def test_an_ingress_comes_after_all_that_it_names_and_after_its_target(order: Order) -> None:
    (route,) = order.starting("Ingress", "edge-shop-")
    named = [it for it in order.recorded.registrations if it.name.startswith(route.name) and it is not route]
    kinds = {it.type.rpartition(":")[2] for it in named}
    assert kinds in ({"Secret", "NetworkPolicy", "Policy"}, {"Secret", "NetworkPolicy", "ConfigMap"})
    (certificate,) = (it for it in order.starting("Secret", "edge-shop-") if it.name.endswith("-tls"))
    for registration in (*named, certificate, order.one("Service", "api")):
        assert order.holds(registration, route), registration.name
    assert not order.holds(order.one("Service", "web"), route), "it waits for a target that isn't its own"


@pytest.mark.parametrize("services", [1, 2, 30])
@pytest.mark.parametrize("reached", [[], [{"namespace": "elsewhere"}]])
def test_one_ingress_of_all_routes_comes_after_certificates_policies_and_targets(
    services: int, reached: list[Any]
) -> None:
    def program() -> None:
        names = [f"s{number}" for number in range(services)]
        made = {name: WebService(name, {"image": "a:1", "port": 80, "namespace": "shop"}) for name in names}
        routes: Any = [{"host": f"{name}.example.com", "target": made[name].target} for name in names]
        tls: Any = {f"{name}.example.com": {"certificate": CERTIFICATE, "key": KEY} for name in names}
        args: Any = {"controller": "generic", "class_name": "alb", "namespace": "shop", "controller_peers": reached}
        IngressGateway("any", args | {"routes": routes, "tls": tls})

    order = Order(record(program))
    (ingress,) = order.recorded.all("Ingress")
    policies = [it for it in order.recorded.all("NetworkPolicy") if it.name.startswith("any-")]
    assert len(policies) == (services if reached else 0)
    for registration in (*order.recorded.all("Secret"), *policies):
        assert order.holds(registration, ingress), registration.name
    assert len({entry["secretName"] for entry in ingress.manifest()["spec"]["tls"]}) == services
    assert len(ingress.edges) <= MOST
    # Without policies, nothing can gather many targets: the program waits for them.
    recorded = bool(reached) or services < WIDTH
    for service in order.recorded.all("Service"):
        assert order.holds(service, ingress) == recorded, service.name


def test_everything_in_a_namespace_of_the_stack_comes_after_it(small: Recording) -> None:
    recorded = small
    namespaces = {it.manifest()["metadata"]["name"]: it.urn for it in recorded.all("Namespace")}
    assert namespaces.keys() == {"shop", "f5", "community"}
    inside = [it for it in recorded.registrations if it.type.startswith("kubernetes:")]
    inside = [it for it in inside if it.manifest()["metadata"].get("namespace") in namespaces]
    assert len(inside) > 100
    for registration in inside:
        namespace = registration.manifest()["metadata"]["namespace"]
        assert namespaces[namespace] in recorded.before(registration), registration.name


def sources_of(registration: Registration) -> frozenset[str]:
    """What the inputs of a resource come from: if one of these is replaced, so may be the resource."""
    return frozenset[str]().union(*registration.property_dependencies.values())


@pytest.mark.parametrize("placed", [{"namespace": "shop"}, {}])
@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_a_replaced_service_or_workload_replaces_nothing_that_routes_to_it(
    controller: str, placed: dict[str, Any]
) -> None:
    def program() -> None:
        serving: Any = {"image": "api:1", "port": 80, "autoscaling": {"max_replicas": 3}, **placed}
        api = WebService("api", serving)
        routes: Any = [{"host": HOST, "target": api.target, "basic_auth": {"users": {"a": HASH}}}]
        tls: Any = {HOST: {"certificate": CERTIFICATE, "key": KEY}}
        args: Any = {"controller": controller, "exposure": EXPOSED, "routes": routes, "tls": tls}
        edge = IngressGateway("edge", args)
        PublicLoadBalancer("public", {"target": api.targets["http"], "exposure": EXPOSED})
        front: Any = {"target": edge.target, "exposure": EXPOSED}
        PublicLoadBalancer("front", front)

    recorded = record(program)
    assert recorded.preview is not None
    for run in (recorded, recorded.preview):
        replaced = {run.one("Service", "api-service").urn, run.one("Deployment", "api-deployment").urn}
        replaced |= {it.urn for it in run.all("Namespace")}
        assert not [it.urn for it in run.registrations if sources_of(it) & replaced]
        # The order stays.
        service = run.one("Service", "api-service").urn
        for name in ("public-service", "public-network-policy"):
            (made,) = (it for it in run.registrations if it.name == name)
            assert service in run.before(made)


def test_a_target_is_plain_as_far_as_the_program_knows_it() -> None:
    targets: list[Any] = []

    def program() -> None:
        for name, args in (("api", {"namespace": "shop"}), ("web", {})):
            every: Any = {"image": "a:1", "port": 80, **args}
            targets.append(WebService(name, every).target)

    record(program)
    api, web = targets[:2]
    assert (api["service"], api["namespace"], web["service"]) == ("api", "shop", "web")
    # Only the provider knows it.
    assert isinstance(web["namespace"], pulumi.Output)
    assert isinstance(api["ready"], pulumi.Output)


def test_what_a_component_depends_on_comes_before_its_children() -> None:
    def program() -> None:
        first = WebService("first", {"image": "a:1", "port": 80})
        opts = pulumi.ResourceOptions(depends_on=list(after(first.service_name)))
        web = WebService("web", {"image": "a:1", "port": 80}, opts)
        exposed: Any = {"target": web.target, "exposure": EXPOSED}
        PublicLoadBalancer("public", exposed, opts)
        IngressGateway("edge", {"exposure": EXPOSED}, opts)  # pyright: ignore[reportArgumentType]

    recorded = record(program)
    service = recorded.one("Service", "first").urn
    later = [it for it in recorded.registrations if it.name.startswith(("web", "public", "edge"))]
    assert len(later) > 20
    # The names of roles are generated, and roles in no namespace.
    assert [it.name for it in later if service not in recorded.before(it)] == []


@pytest.mark.parametrize("count", [1, 2, WIDTH + 1, 50])
def test_the_first_of_many_comes_after_all_others(count: int) -> None:
    depends: dict[int, list[Any]] = {}

    def create(item: int, before: Any) -> int:
        depends[item] = list(before)
        return item

    assert gathered(list(range(count)), create, ["start"]) == list(range(count))
    assert max(map(len, depends.values())) <= WIDTH
    reached: set[Any] = set()
    pending: list[Any] = [0]
    while pending:
        reached.add(one := pending.pop())
        pending += depends.get(one, [])
    assert reached == {*range(count), "start"}


def test_no_items_make_nothing() -> None:
    assert gathered([], lambda item, before: item) == []


def test_options_may_name_one_resource_several_or_none() -> None:
    ensure_event_loop()
    one = pulumi.Output.from_input("x")
    assert dependencies_of(None) == []
    assert dependencies_of(pulumi.ResourceOptions()) == []
    several: Any = [one]
    assert dependencies_of(pulumi.ResourceOptions(depends_on=several)) == [one]
    later: Any = one
    assert len(dependencies_of(pulumi.ResourceOptions(depends_on=later))) == 1


def test_a_detached_value_is_the_value_without_what_it_comes_from() -> None:
    kept: dict[str, Any] = {}

    def program() -> Any:
        name = WebService("api", {"image": "a:1", "port": 80}).service_name

        async def look() -> str:
            kept["from"] = [len(await it.resources()) for it in (name, detached(name), on_time("x", [name]))]
            return "done"

        return {"looked": pulumi.Output.from_input(look()), "values": [detached(name), on_time("x", [name])]}

    assert record(program).value == {"looked": "done", "values": ["api", "x"]}
    assert kept["from"] == [1, 0, 0]
