"""PublicLoadBalancer on the real engine and API server: admitted, updated in place, replaced, refused, and awaited."""

from typing import Any

import pytest
from pulumi_portico import Platform
from pulumi_portico.public_load_balancer.platforms import module_of

from tests.balancers import ALL as EVERY_PLATFORM
from tests.balancers import AWS, NLB, TLS
from tests.pulumi_program import PulumiProgram, Run
from tools.cluster import Cluster

# All that a platform has, as far as it goes together.
FULL: dict[str, dict[str, Any]] = {
    "aws-controller": {
        "static_addresses": ["eipalloc-1", "eipalloc-2"],
        "subnets": ["subnet-1", "subnet-2"],
        "name": "shop-web",
        "tags": {"team": "shop"},
        "client_ip": "preserve",
        "ip_address_type": "dualstack",
        "health": {"path": "/ready", "interval": 10, "timeout": 5, "healthy": 2, "unhealthy": 2},
        "tls": {**TLS, "ports": ["https"], "alpn": "HTTP2Preferred"},
        "cross_zone": True,
        "idle_timeout": 600,
        "access_logs": {"bucket": "logs", "prefix": "web"},
        "aws": {"prefix_lists": ["pl-1"], "load_balancer_attributes": {"zonal_shift.config.enabled": "true"}},
        "annotations": {"example.com/team": "shop"},
    },
    "eks-auto-mode": {
        "client_ip": "preserve",
        "health": {"node_port": 30001, "interval": 20},
        "aws": {"target_type": "instance"},
        "session_affinity": "ClientIP",
    },
    "aws-legacy": {
        "subnets": ["subnet-1"],
        "tags": {"team": "shop"},
        "client_ip": "preserve",
        "health": {"node_port": 30002},
        "tls": {**TLS, "encrypt_to_pods": True, "ports": ["https"]},
        "cross_zone": True,
        "access_logs": {"bucket": "logs"},
    },
    "gke": {
        "static_addresses": ["web"],
        "client_ip": "preserve",
        "session_affinity": "ClientIP",
        "load_balancer_class": "networking.gke.io/l4-regional-external",
        "gke": {"network_tier": "Standard", "weighted": True},
    },
    "azure": {
        "static_addresses": ["web"],
        "tags": {"team": "shop"},
        "client_ip": "hide",
        "health": {"path": "/ready", "interval": 10, "unhealthy": 3},
        "idle_timeout": 600,
        "azure": {"resource_group": "addresses", "dns_label": "shop", "service_tags": ["AzureFrontDoor.Backend"]},
    },
    "generic": {
        "client_ip": "preserve",
        "load_balancer_class": "example.com/balancer",
        "health": {"node_port": 30003},
        "annotations": {"metallb.io/address-pool": "public"},
    },
}
ALL = tuple(name for name in EVERY_PLATFORM if module_of(Platform(name)).assigns_address)
"""The platforms that give a load balancer an address."""
ENFORCED: dict[str, dict[str, Any]] = {"aws-legacy": {"client_ip": "preserve"}}
"""What a platform needs so that something enforces the sources."""
PORTS = {"http": {"port": 80, "target_port": 8080}, "https": {"port": 443, "target_port": 8080}}

PROGRAM = """\
import pulumi
from pulumi_portico import PublicLoadBalancer, WebService

app = WebService("app", {{"image": "registry.example.com/app:1", "port": 8080, "namespace": {namespace!r}}})
for name, args in {balancers!r}.items():
    exposure = {{"scope": "internet", "allowed_sources": ["203.0.113.0/24"], **args.pop("exposure")}}
    balancer = PublicLoadBalancer(name, {{"target": app.target, "exposure": exposure, **args}})
    pulumi.export(name, balancer.urls)
"""


def source(namespace: str, **balancers: Any) -> str:
    return PROGRAM.format(namespace=namespace, balancers={key.replace("_", "-"): it for key, it in balancers.items()})


def services(cluster: Cluster, namespace: str) -> dict[str, dict[str, Any]]:
    """The load balancers' Services, by what their names begin with."""
    found = cluster.get("services", "-n", namespace)["items"]
    public = [it for it in found if it["spec"]["type"] == "LoadBalancer"]
    named = {it["metadata"]["name"].rpartition("-service-")[0]: it for it in public}
    assert len(named) == len(public), "two load balancers where one should be"
    return named


def address(service: dict[str, Any]) -> str:
    return service["status"]["loadBalancer"]["ingress"][0]["ip"]


def of_service(run: Run) -> list[str]:
    return [it.op for it in run.steps if it.kind == "Service" and it.op not in ("same", "refresh")]


def test_every_platforms_service_is_admitted_and_a_second_run_changes_nothing(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    plain = {f"plain-{it}": {"exposure": {"platform": it, **ENFORCED.get(it, {})}} for it in ALL}
    full = {f"full-{it}": {"exposure": {"platform": it, **FULL[it]}, "ports": PORTS} for it in ALL}
    program.write(source(namespace, **plain, **full))
    program.up()
    assert program.up().changes == {}
    # And what the API server made of it is what it was told.
    assert program.up("--refresh").changes == {}

    made = services(cluster, namespace)
    assert made.keys() == {*plain, *full}
    outputs = program.outputs()
    assert outputs["plain-gke"] == {"http": f"http://{address(made['plain-gke'])}"}
    assert outputs["full-aws-controller"].keys() == {"http", "https"}
    assert made["full-aws-controller"]["metadata"]["annotations"][f"{AWS}name"] == "shop-web"
    assert made["full-eks-auto-mode"]["spec"]["healthCheckNodePort"] == 30001
    # A port on every node where the nodes pass connections on, and none where the pods are reached themselves.
    assert all("nodePort" not in it for it in made["plain-aws-controller"]["spec"]["ports"])
    assert all("nodePort" in it for it in made["plain-generic"]["spec"]["ports"])
    policies = cluster.get("networkpolicies", "-n", namespace)["items"]
    assert len([it for it in policies if "-network-policy-" in it["metadata"]["name"]]) == len(made)

    program.destroy()
    assert services(cluster, namespace) == {}


@pytest.mark.long
def test_ports_of_nodes_are_admitted_and_change_in_place(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    def exposed(number: int) -> str:
        exposure = {"platform": "node-port", "client_ip": "preserve", "node_ports": {"http": number}}
        return source(namespace, front={"exposure": exposure})

    def of_front() -> dict[str, Any]:
        found = cluster.get("services", "-n", namespace)["items"]
        (service,) = [service for service in found if service["spec"]["type"] == "NodePort"]
        return service

    program.write(exposed(30181))
    program.up()
    assert program.up().changes == {}
    assert program.up("--refresh").changes == {}
    before = of_front()
    assert [port["nodePort"] for port in before["spec"]["ports"]] == [30181]
    assert before["spec"]["externalTrafficPolicy"] == "Local"
    program.write(exposed(30182))
    assert set(of_service(program.up())) == {"update"}
    after = of_front()
    assert [port["nodePort"] for port in after["spec"]["ports"]] == [30182]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert set(program.destroy().changes) == {"delete"}


@pytest.mark.long
def test_what_can_be_is_updated_in_place(program: PulumiProgram, cluster: Cluster, namespace: str) -> None:
    hidden: dict[str, Any] = {"client_ip": "hide"}
    before = {f"lb-{it}": {"exposure": {"platform": it, **hidden}} for it in ALL}
    before["lb-aws-legacy"] = {"exposure": {"platform": "aws-legacy", **hidden, "allowed_sources": ["0.0.0.0/0"]}}
    program.write(source(namespace, **before))
    program.up()
    old = services(cluster, namespace)

    after = {
        f"lb-{it}": {
            "exposure": {
                "platform": it,
                "allowed_sources": ["198.51.100.0/24"],
                "client_ip": "preserve",
                **({"deletion_protection": True, "aws": {"target_type": "instance"}} if it in NLB else {}),
            },
            "ports": PORTS,
            "labels": {"team": "shop"},
        }
        for it in ALL
    }
    program.write(source(namespace, **after))
    run = program.up()
    assert set(of_service(run)) == {"update"}
    new = services(cluster, namespace)
    for name, service in new.items():
        assert service["metadata"]["uid"] == old[name]["metadata"]["uid"]
        assert address(service) == address(old[name])
        assert service["spec"]["externalTrafficPolicy"] == "Local"
        assert service["spec"]["healthCheckNodePort"]
        assert service["spec"]["loadBalancerSourceRanges"] == ["198.51.100.0/24"]
        assert len(service["spec"]["ports"]) == 2
    assert program.up().changes == {}

    # The preview warns of an address that changes in place.
    addressed = {**after["lb-gke"], "exposure": {**after["lb-gke"]["exposure"], "static_addresses": ["web"]}}
    program.write(source(namespace, **{**after, "lb-gke": addressed}))
    preview = program.preview()
    assert 'PublicLoadBalancer "lb-gke" changes its address, because `static_addresses` changes' in preview.output
    assert set(of_service(preview)) == {"update"}

    # And back again: nothing is left of what is not said any more.
    program.write(source(namespace, **before))
    assert set(of_service(program.up())) == {"update"}
    for name, service in services(cluster, namespace).items():
        assert service["metadata"]["uid"] == old[name]["metadata"]["uid"]
        assert service["spec"]["externalTrafficPolicy"] == "Cluster"
        assert service["metadata"].get("annotations", {}).get(f"{AWS}attributes") == (
            old[name]["metadata"].get("annotations", {}).get(f"{AWS}attributes")
        )
    program.destroy()


INTERNAL = {"scope": "internal"}
REPLACED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # The class, which Kubernetes never lets change.
    "platform": ({"platform": "aws-controller"}, {"platform": "eks-auto-mode"}),
    "class": (
        {"platform": "generic", "load_balancer_class": "example.com/a"},
        {"platform": "generic", "load_balancer_class": "example.com/b"},
    ),
    "class-given": ({"platform": "generic"}, {"platform": "generic", "load_balancer_class": "example.com/b"}),
    # The scheme.
    **{
        f"scope-{it}": ({"platform": it, **ENFORCED.get(it, {})}, {"platform": it, **ENFORCED.get(it, {}), **INTERNAL})
        for it in ALL
        if it != "generic"
    },
    # What the platform reads but once.
    "name": ({"platform": "aws-controller", "name": "a"}, {"platform": "aws-controller", "name": "b"}),
    "addresses": (
        {"platform": "aws-legacy", **ENFORCED["aws-legacy"], "static_addresses": ["eipalloc-1"]},
        {"platform": "aws-legacy", **ENFORCED["aws-legacy"], "static_addresses": ["eipalloc-2"]},
    ),
    "tier": ({"platform": "gke"}, {"platform": "gke", "gke": {"network_tier": "Standard"}}),
    "node-port": (
        {"platform": "generic", "client_ip": "preserve", "health": {"node_port": 30010}},
        {"platform": "generic", "client_ip": "preserve", "health": {"node_port": 30011}},
    ),
}


@pytest.mark.long
def test_what_cannot_be_updated_is_replaced_by_making_the_new_one_first(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    program.write(source(namespace, **{name: {"exposure": old} for name, (old, _) in REPLACED.items()}))
    program.up()
    old = services(cluster, namespace)

    program.write(source(namespace, **{name: {"exposure": new} for name, (_, new) in REPLACED.items()}))
    preview = program.preview()
    for name in REPLACED:
        # An address that is known is named; what a preview shows, an update shows too.
        assert f'PublicLoadBalancer "{name}" is replaced, because ' in preview.output
        assert f"{address(old[name])} stops working afterwards" in preview.output
    run = program.up()
    assert f"{address(old['class'])} stops working afterwards" in run.output
    assert set(of_service(run)) == {"create-replacement", "replace", "delete-replaced"}
    for name in REPLACED:
        steps = [it.op for it in run.steps if it.name == f"{name}-service" and it.kind == "Service"]
        assert steps == ["create-replacement", "replace", "delete-replaced"], "the new one is made first"
    new = services(cluster, namespace)
    assert new.keys() == old.keys()
    for name, service in new.items():
        assert service["metadata"]["uid"] != old[name]["metadata"]["uid"]
        assert address(service) != address(old[name])
        assert address(service) in program.outputs()[name]["http"]
    assert new["platform"]["spec"]["loadBalancerClass"] == "eks.amazonaws.com/nlb"
    assert new["scope-gke"]["metadata"]["annotations"]["networking.gke.io/load-balancer-type"] == "Internal"
    assert program.up().changes == {}
    program.destroy()


@pytest.mark.long
def test_what_cannot_be_there_twice_is_refused_and_two_steps_lead_around_it(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    on_aws, elsewhere = {"platform": "aws-controller"}, {"platform": "eks-auto-mode"}
    held = {"static_addresses": ["eipalloc-1"], "name": "shop-web"}
    guarded = {"deletion_protection": True}

    def written(one: dict[str, Any], other: dict[str, Any]) -> None:
        balancers = {"held": {"exposure": {**on_aws, **one}}, "guarded": {"exposure": {**on_aws, **other}}}
        program.write(source(namespace, **balancers))

    written(held, guarded)
    program.up()
    before = services(cluster, namespace)

    written({**held, **elsewhere}, {**guarded, **INTERNAL})
    for run in (program.preview(check=False), program.up(check=False)):
        assert run.status != 0
        assert 'PublicLoadBalancer "held" must be replaced, because ' in run.output
        assert "1. Make this change, and remove `name`, `static_addresses`" in run.output
        assert "Traceback" not in run.output
    assert services(cluster, namespace) == before, "nothing was touched"
    written(held, {**guarded, **INTERNAL})
    refused = program.preview(check=False)
    assert refused.status != 0
    assert 'PublicLoadBalancer "guarded" must be replaced' in refused.output
    assert "`deletion_protection` prevents the deletion of the old load balancer" in refused.output

    # Step 1, then step 2: each makes the new one first.
    replaced = ["create-replacement", "replace", "delete-replaced"]

    def steps(run: Run, name: str) -> list[str]:
        return [it.op for it in run.steps if it.name == f"{name}-service" and it.op not in ("same", "refresh")]

    written(elsewhere, {})
    first = program.up()
    assert (steps(first, "held"), steps(first, "guarded")) == (replaced, ["update"])
    written({**held, **elsewhere}, {**guarded, **INTERNAL})
    second = program.up()
    assert (steps(second, "held"), steps(second, "guarded")) == (replaced, replaced)
    after = services(cluster, namespace)
    assert after["held"]["metadata"]["annotations"][f"{AWS}name"] == "shop-web"
    assert all(after[it]["metadata"]["uid"] != before[it]["metadata"]["uid"] for it in before)
    written({**held, **elsewhere}, INTERNAL)
    program.up()
    program.destroy()


@pytest.mark.long
def test_a_static_address_may_be_known_late(program: PulumiProgram, namespace: str) -> None:
    late = """\
import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_portico import PublicLoadBalancer, WebService

app = WebService("app", {{"image": "registry.example.com/app:1", "port": 8080, "namespace": {namespace!r}}})
# Stands for an Elastic IP: what it is called is known once it is there.
made = kubernetes.core.v1.ConfigMap({name!r}, metadata={{"namespace": {namespace!r}}})
allocation = made.metadata["uid"].apply(lambda uid: "eipalloc-" + uid.replace("-", ""))
exposure = {{"platform": "aws-legacy", "scope": "internet", "allowed_sources": ["0.0.0.0/0"]}}
PublicLoadBalancer("lb", {{"target": app.target, "exposure": {{**exposure, "static_addresses": [allocation]}}}})
"""
    program.write(late.format(namespace=namespace, name="one"))
    program.up()
    assert program.up().changes == {}
    program.write(late.format(namespace=namespace, name="another"))
    preview = program.preview()
    # Not known yet, it is taken for another one: which it is.
    assert 'PublicLoadBalancer "lb" is replaced, because `static_addresses` changes from ' in preview.output
    assert of_service(preview) == ["create-replacement", "replace", "delete-replaced"]
    assert of_service(program.up()) == ["create-replacement", "replace", "delete-replaced"]
    program.destroy()


@pytest.mark.long
def test_where_no_address_arrives_the_wait_ends_and_says_why(program: PulumiProgram, namespace: str) -> None:
    waiting = {"platform": "generic", "annotations": {"tests.example.com/no-address": "true"}}
    program.write(source(namespace, lb={"exposure": waiting, "ready_timeout": 5}))
    run = program.up(check=False)
    assert run.status != 0
    assert "Service was not allocated an IP address" in run.output, "what the provider says"
    assert 'PublicLoadBalancer "lb" has no address after 5 seconds.' in run.output
    assert "Check that a controller for Services of type LoadBalancer" in run.output
    # Once there is one, the next run goes on from there.
    program.write(source(namespace, lb={"exposure": {"platform": "generic"}, "ready_timeout": 60}))
    program.up()
    assert program.outputs()["lb"]["http"].startswith("http://198.18.")
    program.destroy()


def test_two_balancers_with_one_name_fail_in_a_preview(program: PulumiProgram, namespace: str) -> None:
    exposed = {"exposure": {"platform": "aws-controller", "name": "shop-web"}}
    program.write(source(namespace, a=exposed, b=exposed))
    run = program.preview(check=False)
    assert run.status != 0
    assert 'exposure.name: PublicLoadBalancer "a" has "shop-web" already' in run.output


def test_balancers_of_one_name_under_different_parents_are_watched_each(program: PulumiProgram, namespace: str) -> None:
    program.write(
        f"""\
import pulumi
from pulumi_portico import PublicLoadBalancer

target = {{"service": "x", "namespace": {namespace!r}, "port": 80, "selector": {{"app": "x"}}}}
exposure = {{"scope": "internet", "platform": "aws-controller", "allowed_sources": ["0.0.0.0/0"]}}
for number in range(2):
    parent = pulumi.ComponentResource(f"test:index:Parent{{number}}", "parent")
    PublicLoadBalancer("web", {{"target": target, "exposure": exposure}}, pulumi.ResourceOptions(parent=parent))
"""
    )
    assert program.preview().changes["create"] == 9
