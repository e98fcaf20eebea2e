"""The argument `name`: what the objects of a component are called, apart from its Pulumi name or its key in a stack."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi_portico import IngressGateway, IngressRoutes, Job, PublicLoadBalancer, WebService
from pulumi_portico.args.problems import ArgumentError
from pulumi_portico.lifecycle.deployed import Deployed
from pulumi_portico.stack import check_stack
from pulumi_portico.stack.objects import objects_of
from pulumi_portico.stack.renames import former_key
from pulumi_portico.testing import record

from tests.problems import assert_problem, problems_of_stack
from tests.unit.web_services import IMAGE, problems_with

APP: dict[str, Any] = {"image": IMAGE, "port": 8080}


def app(**more: Any) -> Any:
    return {**APP, "name": "api", **more}


def names_of(recorded: Any) -> set[str]:
    return {str(manifest["metadata"]["name"]) for manifest in recorded.manifests()}


def test_the_objects_have_the_name_and_the_resources_the_pulumi_name() -> None:
    recorded = record(lambda: WebService("api-eu", app(namespace="shop")))
    assert names_of(recorded) == {"api"}
    resources = {it.name for it in recorded.registrations if "kubernetes:" in it.type}
    assert all(name.startswith("api-eu-") for name in resources)
    deployment = recorded.manifest("Deployment")
    assert deployment["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": "api"}
    assert deployment["spec"]["template"]["spec"]["containers"][0]["name"] == "api"
    assert recorded.outputs["api-eu"]["url"] == "http://api.shop.svc.cluster.local"


def test_one_service_can_be_in_two_clusters_of_one_program() -> None:
    def program() -> None:
        for region in ("eu", "us"):
            provider = kubernetes.Provider(region, kubeconfig=region)
            options = pulumi.ResourceOptions(providers=[provider])
            api = WebService(f"api-{region}", app(namespace="shop"), options)
            routes: Any = [{"host": "example.com", "path": "/", "target": api.target}]
            gateway: Any = {"name": "public", "controller": "f5-nginx", "upstream": {}, "routes": routes}
            built = IngressGateway(f"public-{region}", gateway, options)
            added: Any = [{"host": "b.example.com", "target": api.target}]
            more: Any = {"gateway": built.reference, "name": "more", "routes": added}
            IngressRoutes(f"more-{region}", more, options)

    recorded = record(program)
    services = [it["metadata"]["name"] for it in recorded.manifests() if it["kind"] == "Deployment"]
    assert sorted(services) == ["api", "api", "public", "public"]
    ingresses = [it["metadata"]["name"] for it in recorded.manifests() if it["kind"] == "Ingress"]
    assert len(ingresses) == 2 * len(set(ingresses))


def test_two_services_of_one_name_in_one_cluster_are_rejected() -> None:
    def program() -> None:
        WebService("one", app())
        with pytest.raises(ArgumentError) as caught:
            WebService("two", app())
        assert caught.value.problems

    record(program)


def test_a_name_must_be_that_of_a_service() -> None:
    problem = assert_problem(problems_with({**APP, "name": "My_Api"}), "invalid-service-name", "name")
    assert problem.edits
    stateful = problems_with({**APP, "name": "a" * 60, "kind": "StatefulSet"})
    assert_problem(stateful, "name-too-long", "name")


def test_a_gateway_has_its_class_its_namespace_and_its_objects_by_its_name() -> None:
    args: Any = {"name": "public", "upstream": {}}
    recorded = record(lambda: IngressGateway("public-eu", args))
    assert recorded.manifest("IngressClass")["metadata"]["name"] == "public"
    assert recorded.manifest("Namespace")["metadata"]["name"] == "public"
    assert recorded.manifest("Deployment")["metadata"]["name"] == "public"
    assert recorded.outputs["public-eu"]["class_name"] == "public"


def test_the_name_of_a_gateway_has_the_limits_of_its_pulumi_name() -> None:
    def program() -> None:
        args: Any = {"name": "p" * 41, "upstream": {}}
        with pytest.raises(ArgumentError) as caught:
            IngressGateway("public", args)
        assert_problem(caught.value.problems, "gateway-name-too-long", "name")

    record(program)


STACK: dict[str, Any] = {
    "namespace": "shop",
    "services": {
        "front": {**APP, "name": "web", "allowTo": [{"service": "back"}]},
        "back": {**APP, "name": "api", "allowFrom": [{"service": "front"}]},
    },
    "gateways": {
        "edge": {"name": "public", "upstream": {}, "routes": [{"host": "example.com", "target": {"service": "front"}}]}
    },
}


def test_a_stack_refers_to_components_by_their_keys() -> None:
    plan = check_stack("test", STACK)
    objects = {found.name: found.objects for found in objects_of(plan)}
    policy = next(it.manifest for it in objects["front"] if it.manifest["kind"] == "NetworkPolicy")
    (peer,) = policy["spec"]["egress"][-1]["to"]
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "api"}
    rules = [rule for it in objects["edge"] for rule in it.manifest.get("spec", {}).get("rules", [])]
    paths = [path for rule in rules for path in rule.get("http", {}).get("paths", [])]
    backends = [path["backend"]["service"]["name"] for path in paths]
    assert set(backends) == {"web"}


def rejected_stack(**changes: Any) -> Any:
    with pytest.raises(ArgumentError) as caught:
        check_stack("test", {**STACK, **changes})
    return caught.value.problems


def test_services_of_one_name_in_one_namespace_are_rejected() -> None:
    services = {"api": APP, "other": {**APP, "name": "api", "selector": {"app": "other"}}}
    found = rejected_stack(services=services, gateways={})
    assert_problem(found, "same-service-name", "services", "other", "name")
    apart = {"api": APP, "other": {**APP, "name": "api", "namespace": "elsewhere"}}
    check_stack("test", {"namespace": "shop", "services": apart})


def test_a_service_and_a_controller_of_one_name_are_rejected() -> None:
    gateway = {"name": "web", "namespace": "shop", "upstream": {}}
    found = rejected_stack(gateways={"edge": gateway})
    problem = assert_problem(found, "same-objects", "gateways", "edge")
    assert "Deployment shop/web" in problem.params["objects"]


def resource(types: str, pulumi_name: str, **metadata: str) -> Deployed:
    return Deployed(f"urn:pulumi:test::p::{types}::{pulumi_name}", {"metadata": metadata})


def test_theformer_key_is_that_of_the_component_with_the_objects() -> None:
    token = "portico:index:WebService"
    found = [
        resource(token, "old"),
        resource(f"{token}$kubernetes:apps/v1:Deployment", "old-deployment", name="api", namespace="shop"),
        resource(token, "other"),
        resource(f"{token}$kubernetes:apps/v1:Deployment", "other-deployment", name="web", namespace="shop"),
    ]
    deployed = {it.urn: it for it in found}
    assert former_key(deployed, token, "api", "shop", ["new", "other"]) == "old"
    # It is still there, or in another namespace.
    assert former_key(deployed, token, "api", "shop", ["new", "old"]) == ""
    assert former_key(deployed, token, "api", "elsewhere", ["new"]) == ""


def test_a_job_has_the_name_and_pulumi_generates_that_of_the_job_itself() -> None:
    recorded = record(lambda: Job("migrate-eu", {"image": IMAGE, "name": "migrate", "namespace": "shop"}))
    assert recorded.manifest("ServiceAccount")["metadata"]["name"] == "migrate"
    assert recorded.manifest("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": "migrate"
    }
    (job,) = (manifest for manifest in recorded.manifests() if manifest["kind"] == "Job")
    # Pulumi generates it from the Pulumi name.
    assert "name" not in job["metadata"]
    assert job["spec"]["template"]["spec"]["serviceAccountName"] == "migrate"


def test_a_schedule_is_called_by_its_name() -> None:
    recorded = record(lambda: Job("report-eu", {"image": IMAGE, "name": "report", "schedule": "@daily"}))
    assert recorded.manifest("CronJob")["metadata"]["name"] == "report"


def test_services_name_a_job_by_its_key_and_admit_the_pods_that_it_is_called() -> None:
    config = {
        "namespace": "shop",
        "services": {"db": {**APP, "allowFrom": [{"service": "m"}]}},
        "jobs": {"m": {"image": IMAGE, "name": "migrate", "allowTo": [{"service": "db"}]}},
    }
    manifests = [one.manifest for part in objects_of(check_stack("dev", config)) for one in part.objects]
    policy = next(one for one in manifests if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == "db")
    (rule,) = policy["spec"]["ingress"]
    (peer,) = rule["from"]
    assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "migrate"}


@pytest.mark.parametrize("other", ["services", "jobs"])
def test_a_job_is_not_called_like_another_component(other: str) -> None:
    config: dict[str, Any] = {"namespace": "shop", "services": {}, "jobs": {"m": {"image": IMAGE, "name": "db"}}}
    config[other]["db"] = APP if other == "services" else {"image": IMAGE}
    assert_problem(problems_of_stack(config), "same-service-name", "jobs", "m", "name")


def test_the_former_key_of_a_component_whose_objects_have_generated_names_is_its_name_or_recorded() -> None:
    token = "portico:index:PublicLoadBalancer"
    first = resource(token, "front")
    assert former_key({first.urn: first}, token, "front", "shop", ["edge"]) == "front"
    renamed = Deployed(resource(token, "edge").urn, {"objectName": "front"})
    assert former_key({renamed.urn: renamed}, token, "front", "shop", ["gate"]) == "edge"
    # It is still there.
    assert former_key({renamed.urn: renamed}, token, "front", "shop", ["edge", "gate"]) == ""


def test_a_load_balancer_records_its_name() -> None:
    args: Any = {
        "name": "front",
        "target": {"service": "api", "namespace": "shop", "port": 80, "selector": {"app": "api"}},
        "exposure": {"scope": "internal", "platform": "gke"},
    }
    recorded = record(lambda: PublicLoadBalancer("edge", args))
    assert recorded.outputs["edge"]["objectName"] == "front"
