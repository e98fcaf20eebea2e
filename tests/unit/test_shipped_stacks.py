"""The stacks that ship: each renders, Kubernetes takes it, its pods are restricted, and its comment says what is so."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
import yaml
from pulumi_portico.cli.project import Stack
from pulumi_portico.cli.rendering.manifests import rendered_objects
from pulumi_portico.lifecycle.cost import estimate_text
from pulumi_portico.pod_security import pods_of
from pulumi_portico.stack import build, load_stack
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import Recording, pod_security_violations
from pulumi_portico.testing.aws import Changes

from tests.kubernetes_schemas import VERSIONS, validate
from tests.stacks import FOLDER, NAMES, OF_THE_SHOP, ON_AWS, account, components, recorded, recorded_by_the_program
from tools import stacks_table

# Of a controller in the cluster, and so in no schema of Kubernetes'.
CUSTOM = {"TargetGroupBinding": "elbv2.k8s.aws/v1beta1", "Certificate": "cert-manager.io/v1"}
GATEWAY = "portico:index:IngressGateway"
ENTRIES = (GATEWAY, "portico:index:PublicLoadBalancer", "portico:index:AwsLoadBalancer")
# RFC 5737.
DOCUMENTATION = [ipaddress.IPv4Network(it) for it in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
NUMBERS = {"none": 0, "one": 1, "two": 2, "three": 3, "four": 4}

of = cache(recorded)


def text_of(name: str) -> str:
    return (FOLDER / f"Pulumi.{name}.yaml").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_every_stack_renders_to_what_it_registers_and_kubernetes_takes_it(name: str) -> None:
    stack = Stack(name, "portico", load_stack(name, FOLDER))
    manifests = [one.manifest for one in rendered_objects(stack)]
    assert all(it["metadata"]["name"] for it in manifests)
    # What is registered as a patch of an object is part of it there.
    made = [it.type.rpartition(":")[2] for it in of(name).registrations if it.type.startswith("kubernetes:")]
    assert sorted(it["kind"] for it in manifests) == sorted(it for it in made if not it.endswith("Patch"))
    for manifest in manifests:
        if manifest["kind"] in CUSTOM:
            assert manifest["apiVersion"] == CUSTOM[manifest["kind"]]
            continue
        validate(manifest)


def test_a_second_run_on_aws_changes_nothing() -> None:
    with account() as (model, folder):
        plan = load_stack(ON_AWS, folder)
        assert model.compare(lambda: build(plan), lambda: build(plan)) == Changes()
        assert ("elbv2", "CreateLoadBalancer") in model.calls


# Not where AWS makes something: its ids are known afterwards.
@pytest.mark.parametrize("name", [it for it in NAMES if it != ON_AWS])
def test_a_preview_shows_what_an_update_does(name: str) -> None:
    preview = of(name).preview
    assert preview is not None
    assert preview.manifests() == of(name).manifests()


@pytest.mark.parametrize("name", [it for it in NAMES if it != ON_AWS])
def test_the_root_program_makes_what_the_file_says(name: str) -> None:
    made = recorded_by_the_program(name)
    assert made.manifests() == of(name).manifests()
    assert made.exports == of(name).exports
    inside = {f"{it['metadata']['name']}-url" for it in made.manifests() if it["kind"] == "Service" and _is_inner(it)}
    own = {"gateways"} if list(components(made, "portico:index:IngressGateway")) else set[str]()
    assert made.exports.keys() == {*inside, *own, "urls", "addresses", "hosts", "costs", "targets"}


def _is_inner(service: Mapping[str, Any]) -> bool:
    return service["spec"].get("type") != "LoadBalancer" and service["metadata"]["namespace"] != "edge"


@pytest.mark.parametrize("name", NAMES)
def test_every_pod_is_restricted_in_a_namespace_that_wants_it(name: str) -> None:
    manifests = of(name).manifests()
    strict = {
        it["metadata"]["name"]
        for it in manifests
        if it["kind"] == "Namespace" and it["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    }
    workloads = [manifest for manifest in manifests if any(pods_of(manifest))]
    assert len(workloads) >= len(list(components(of(name), "portico:index:WebService")))
    for manifest in workloads:
        for version in VERSIONS:
            assert pod_security_violations(manifest, version=version) == [], manifest["metadata"]["name"]
        assert manifest["metadata"]["namespace"] in strict


def let_in(recording: Recording) -> Iterator[str]:
    """The addresses that the load balancers let in."""
    for manifest in recording.manifests():
        if manifest["kind"] == "Service" and manifest["spec"].get("type") == "LoadBalancer":
            # Without any, everybody is.
            yield from manifest["spec"]["loadBalancerSourceRanges"]
    for rule in recording.all("SecurityGroupIngressRule"):
        yield rule.manifest()["cidrIpv4"]


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_let_in_from_the_internet_until_somebody_says_who(name: str) -> None:
    ranges = [ipaddress.IPv4Network(it) for it in let_in(of(name))]
    assert ranges
    assert all(any(it.subnet_of(one) for one in DOCUMENTATION) for it in ranges), ranges
    assert "is a range for documentation (RFC 5737)" in " ".join(text_of(name).replace("#", "").split())


@pytest.mark.parametrize("name", NAMES)
def test_a_stack_reaches_no_cluster_but_one_that_is_called_so(name: str) -> None:
    config = yaml.safe_load(text_of(name))["config"]
    assert config["kubernetes:context"] == ("portico-local" if name == "local" else name)
    assert "kubernetes:kubeconfig" not in config


# What each stack has: gateways, Services of type LoadBalancer, load balancers that Pulumi owns.
MECHANISMS: Mapping[str, tuple[int, int, int]] = {
    "dev": (1, 1, 0),
    "direct": (0, 2, 0),
    "local": (1, 2, 0),
    "online-boutique": (0, 1, 0),
    "production-aws": (1, 0, 1),
    "production-azure": (1, 1, 0),
    "production-gcp": (1, 1, 0),
    "staging": (1, 1, 0),
}


@pytest.mark.parametrize("name", NAMES)
def test_each_stack_leads_to_its_services_by_the_mechanism_it_names(name: str) -> None:
    recording = of(name)
    services = [it for it in recording.manifests() if it["kind"] == "Service"]
    balanced = sum(it["spec"].get("type") == "LoadBalancer" for it in services)
    owned = len(recording.all("aws:lb/loadBalancer:LoadBalancer"))
    assert (len(recording.all(GATEWAY)), balanced, owned) == MECHANISMS[name]


@pytest.mark.parametrize("name", OF_THE_SHOP)
def test_the_services_of_the_shop_are_the_same_and_catalog_is_never_public(name: str) -> None:
    recording = of(name)
    made = {name for name, _ in components(recording, "portico:index:WebService")}
    assert made == {"api", "catalog", "web"}
    backends = {
        path["backend"]["service"]["name"]
        for it in recording.manifests()
        # cert-manager adds the backends of challenges.
        if it["kind"] == "Ingress" and not it["metadata"]["name"].endswith("-challenges")
        for rule in it["spec"]["rules"]
        for path in rule.get("http", {}).get("paths", [])
    }
    selected = {
        it["spec"]["selector"]["app.kubernetes.io/name"]
        for it in recording.manifests()
        if it["kind"] == "Service" and it["spec"].get("type") == "LoadBalancer"
    } - {"edge"}
    assert backends | selected == {"api", "web"}


def test_staging_has_tls_two_pods_of_everything_and_a_policy_for_every_pod() -> None:
    recording = of("staging")
    deployments = [it for it in recording.manifests() if it["kind"] == "Deployment"]
    assert {it["metadata"]["name"]: it["spec"]["replicas"] for it in deployments} == dict.fromkeys(
        ("api", "catalog", "edge", "web"), 2
    )
    policies = [it["spec"] for it in recording.manifests() if it["kind"] == "NetworkPolicy"]
    held = {(it["podSelector"]["matchLabels"]["app.kubernetes.io/name"], *it["policyTypes"]) for it in policies}
    assert {(it, "Ingress", "Egress") for it in ("api", "catalog", "web")} <= held
    masters = [it for it in recording.manifests() if it["kind"] == "Ingress" and it["spec"].get("tls")]
    assert [it["hosts"] for one in masters for it in one["spec"]["tls"]] == [["staging.shop.example.com"]]
    (issued,) = (it["spec"] for it in recording.manifests() if it["kind"] == "Certificate")
    assert issued["issuerRef"] == {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "letsencrypt"}
    assert issued["secretName"] == masters[0]["spec"]["tls"][0]["secretName"]


def test_on_aws_the_gateway_believes_the_clients_address_of_the_load_balancer_alone() -> None:
    recording = of("production-aws")
    groups = recording.all("aws:lb/targetGroup:TargetGroup")
    assert [it.inputs["proxyProtocolV2"] for it in groups] == [True, True]
    told = recording.manifest("ConfigMapPatch")["data"]
    assert (told["proxy-protocol"], told["set-real-ip-from"]) == ("true", "10.0.0.0/16")
    assert {it.manifest()["spec"]["serviceRef"]["port"] for it in recording.all("TargetGroupBinding")} == {80, 443}


@pytest.mark.parametrize("name", NAMES)
def test_the_comment_says_how_many_addresses_and_load_balancers_there_are(name: str) -> None:
    outputs = [it for kind in ENTRIES for _, it in components(of(name), kind)]
    head = text_of(name).partition("config:")[0]
    for label, output in (("Public addresses", "public_addresses"), ("Billable load balancers", "load_balancers")):
        said = re.search(rf"{label}: (\w+)", head)
        assert said, f"{label} is not said"
        assert NUMBERS[said[1]] == sum(it[output] for it in outputs), label
    for word in ("# Mechanism: ", "# TLS: "):
        assert word in head


@pytest.mark.parametrize("name", NAMES)
def test_the_view_of_a_stack_counts_and_prices_what_its_components_do(name: str) -> None:
    outputs = [it for kind in ENTRIES for _, it in components(of(name), kind)]
    made = sorted((it["public_addresses"], it["cost"]) for it in outputs if it["load_balancers"])
    balancers = view_of(load_stack(name, FOLDER)).balancers
    assert sorted((it.public_addresses, estimate_text(it.estimate)) for it in balancers) == made


def test_the_page_is_what_the_stacks_are() -> None:
    page = stacks_table.FILE.read_text()
    assert sorted(stacks_table.ORDER) == NAMES
    # A table that is not in the page would be made into nothing.
    assert all(table() in page for table in stacks_table.TABLES.values())
    for name in NAMES:
        assert f"| [`{name}`]" in page


def calls(services: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Who calls whom, by the addresses that the services are told."""
    told = {
        (name, address.partition(":")[0])
        for name, it in services.items()
        for variable, address in it.get("env", {}).items()
        if variable.endswith("_ADDR")
    }
    return {(source, target) for source, target in told if target in services}


def test_in_the_boutique_who_may_talk_to_whom_is_who_calls_whom() -> None:
    services = yaml.safe_load(text_of("online-boutique"))["config"]["portico:services"]
    out = {(name, it["service"]) for name, args in services.items() for it in args.get("allowTo", [])}
    into = {(it["service"], name) for name, args in services.items() for it in args.get("allowFrom", [])}
    assert out == into == calls(services)
    assert len(out) == 16


def test_the_boutique_has_its_eleven_services_its_redis_and_one_that_is_public() -> None:
    recording = of("online-boutique")
    made = {name for name, _ in components(recording, "portico:index:WebService")}
    assert len(made) == 12
    images = {it["spec"]["template"]["spec"]["containers"][0]["image"] for it in deployments_of(recording)}
    google = {it.rpartition("/")[2].partition(":")[0] for it in images if "microservices-demo/" in it}
    assert google == made - {"redis-cart"}
    services = [it["spec"] for it in recording.manifests() if it["kind"] == "Service"]
    (public,) = (it for it in services if it.get("type") == "LoadBalancer")
    assert public["selector"] == {"app.kubernetes.io/name": "frontend"}
    for deployment in deployments_of(recording):
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        asked = {how for how in ("grpc", "httpGet", "tcpSocket") if how in container.get("readinessProbe", {})}
        name = deployment["metadata"]["name"]
        assert asked == {"frontend": {"httpGet"}, "redis-cart": {"tcpSocket"}, "loadgenerator": set()}.get(
            name, {"grpc"}
        )


def deployments_of(recording: Recording) -> list[Any]:
    return [it for it in recording.manifests() if it["kind"] == "Deployment"]
