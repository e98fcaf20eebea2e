"""On the real engine and API server: another Pulumi name, key, or provider of one cluster replaces nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram, Run
from tests.scoreboard.cases import program_of
from tools.cluster import Cluster

OBJECTS = (
    "deployments,statefulsets,services,secrets,configmaps,serviceaccounts,networkpolicies,poddisruptionbudgets,"
    "ingresses,horizontalpodautoscalers,persistentvolumeclaims,roles,rolebindings,pods,jobs,cronjobs"
)
FULL: dict[str, Any] = {
    "image": "registry.example.com/app:1",
    "port": 8080,
    "name": "api",
    "secret_env": {"PASSWORD": "secret"},
    "config_files": {"/etc/app.conf": "a"},
    "autoscaling": {"max_replicas": 3},
    "identity": {"rules": [{"verbs": ["get"], "resources": ["configmaps"]}]},
    "allow_to": [{"cidr": "10.0.0.1/32", "ports": [443]}],
}
PROGRAM = """\
import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_portico import IngressGateway, WebService

providers = {{
    "default": None,
    "one": lambda: kubernetes.Provider("one"),
    "two": lambda: kubernetes.Provider("two"),
}}
create = providers[{provider!r}]
options = pulumi.ResourceOptions(providers=[create()] if create else None, aliases={aliases!r})
api = WebService({name!r}, {{**{args!r}, "namespace": {namespace!r}}}, options)
"""


def identities(cluster: Cluster, namespace: str) -> dict[str, str]:
    """The identity of each object, by its kind and name."""
    found = cluster.get(OBJECTS, "-n", namespace)["items"]
    return {f"{it['kind']} {it['metadata']['name']}": it["metadata"]["uid"] for it in found}


def assert_nothing_is_replaced(run: Run) -> None:
    assert set(run.changes) <= {"update"}, run.output
    assert "warning" not in run.output.lower(), run.output


@pytest.mark.long
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_another_pulumi_name_with_an_alias_replaces_nothing(
    program: PulumiProgram, cluster: Cluster, namespace: str, kind: str, volumes: None
) -> None:
    data = {"path": "/data", "size_gib": 1, "storage_class": "at-hand"}
    storage = {"storage": {"data": data}} if kind == "StatefulSet" else {}
    args = {**FULL, "kind": kind, **storage}
    given = {"namespace": namespace, "args": args, "provider": "default"}
    program.write(PROGRAM.format(name="api", aliases=[], **given))
    program.up()
    before = identities(cluster, namespace)
    renamed = PROGRAM.format(name="api-eu", aliases=[], **given).replace("aliases=[]", "aliases=[pulumi.Alias('api')]")
    program.write(renamed)
    assert_nothing_is_replaced(program.preview())
    assert_nothing_is_replaced(program.up())
    assert identities(cluster, namespace) == before
    assert program.up().changes == {}
    # The alias isn't needed any more.
    program.write(PROGRAM.format(name="api-eu", aliases=[], **given))
    assert program.up().changes == {}
    program.destroy()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("default", "one"),
        pytest.param("one", "two", marks=pytest.mark.long),
        pytest.param("one", "default", marks=pytest.mark.long),
    ],
)
def test_another_provider_of_the_same_cluster_replaces_nothing(
    program: PulumiProgram, cluster: Cluster, namespace: str, before: str, after: str
) -> None:
    given = {"namespace": namespace, "args": FULL, "aliases": []}
    program.write(PROGRAM.format(name="api-eu", provider=before, **given))
    program.up()
    found = identities(cluster, namespace)
    program.write(PROGRAM.format(name="api-eu", provider=after, **given))
    assert_nothing_is_replaced(program.preview())
    assert_nothing_is_replaced(program.up())
    assert identities(cluster, namespace) == found
    assert program.up().changes == {}
    program.destroy()


def stack(namespace: str, services: dict[str, Any], target: str) -> str:
    route = {"host": f"{namespace}.example.com", "path": "/", "target": {"service": target}}
    gateway: dict[str, Any] = {"controller": "generic", "install": False, "className": "none", "namespace": namespace}
    gateway["controllerPeers"] = []
    gateways = {f"{target}-gateway": {**gateway, "name": "public", "routes": [route]}}
    return program_of({"namespace": namespace, "services": services, "gateways": gateways})


@pytest.mark.long
def test_another_key_in_a_stack_replaces_nothing(program: PulumiProgram, cluster: Cluster) -> None:
    namespace = "component-names"
    app = {"image": "registry.example.com/app:1", "port": 8080, "secretEnv": {"PASSWORD": "secret"}}
    other = {**app, "allowTo": [{"service": "api"}]}
    program.write(stack(namespace, {"api": {**app, "allowFrom": [{"service": "web"}]}, "web": other}, "web"))
    program.up()
    before = identities(cluster, namespace)
    try:
        for key in ("backend", "core"):
            web = {**app, "name": "web", "allowTo": [{"service": key}]}
            renamed = {key: {**app, "name": "api", "allowFrom": [{"service": f"{key}-web"}]}, f"{key}-web": web}
            program.write(stack(namespace, renamed, f"{key}-web"))
            assert_nothing_is_replaced(program.preview())
            assert_nothing_is_replaced(program.up())
            assert identities(cluster, namespace) == before
            assert program.up().changes == {}
    finally:
        program.destroy()


def jobs_and_balancers(namespace: str, prefix: str, **more: Any) -> str:
    """A stack with jobs and a load balancer, whose keys begin with the prefix."""
    job = {"image": "registry.example.com/app:1"}
    exposure = {"scope": "internal", "platform": "node-port", "allowedSources": ["10.0.0.0/8"], "clientIp": "preserve"}
    named = {name: {"name": name} if prefix else {} for name in ("migrate", "report", "front")}
    return program_of(
        {
            "namespace": namespace,
            "services": {"api": {"image": "registry.example.com/app:1", "port": 8080}},
            "jobs": {
                f"{prefix}migrate": {**job, **named["migrate"]},
                f"{prefix}report": {**job, "schedule": "@yearly", **named["report"]},
            },
            "loadBalancers": {f"{prefix}front": {"target": {"service": "api"}, "exposure": exposure, **named["front"]}},
            **more,
        }
    )


@pytest.mark.long
def test_another_key_of_a_job_or_a_load_balancer_replaces_nothing(program: PulumiProgram, cluster: Cluster) -> None:
    namespace = "job-and-balancer-names"
    program.write(jobs_and_balancers(namespace, ""))
    program.up()
    before = identities(cluster, namespace)
    try:
        for prefix in ("eu-", "euro-"):
            program.write(jobs_and_balancers(namespace, prefix))
            assert_nothing_is_replaced(program.preview())
            assert_nothing_is_replaced(program.up())
            assert identities(cluster, namespace) == before
            assert program.up().changes == {}
    finally:
        program.destroy()


BOTH = """\
import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_portico import Job, PublicLoadBalancer

options = pulumi.ResourceOptions(providers=[kubernetes.Provider({provider!r})])
Job("migrate-eu", {{"image": "registry.example.com/app:1", "name": "migrate", "namespace": {namespace!r}}}, options)
target = {{"service": "api", "namespace": {namespace!r}, "port": 80, "selector": {{"app": "api"}}}}
exposure = {{"scope": "internal", "platform": "node-port", "allowed_sources": ["10.0.0.0/8"], "client_ip": "preserve"}}
PublicLoadBalancer("front-eu", {{"name": "front", "target": target, "exposure": exposure}}, options)
"""


def test_another_provider_of_the_same_cluster_replaces_no_job_and_no_load_balancer(
    program: PulumiProgram, cluster: Cluster, namespace: str
) -> None:
    program.write(BOTH.format(provider="one", namespace=namespace))
    program.up()
    found = identities(cluster, namespace)
    program.write(BOTH.format(provider="two", namespace=namespace))
    assert_nothing_is_replaced(program.preview())
    assert_nothing_is_replaced(program.up())
    assert identities(cluster, namespace) == found
    assert program.up().changes == {}
    program.destroy()
