"""Field cases (see tests/scoreboard) that only the real engine and API server show: changes over time, mostly.

Each test states what may happen, not how: a change works, or a preview rejects it before anything is touched.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram, Run
from tests.scoreboard.cases import WEB, held_case, no_address_hint, program_of
from tools.cluster import Cluster
from tools.processes import wait_until

IMAGE = "registry.example.com/app:1"
OPEN = {"scope": "internet", "platform": "generic", "allowedSources": ["0.0.0.0/0"]}
HOST = "shop.example.com"


@pytest.fixture
def own() -> str:
    """The namespace that the stack makes."""
    return f"case-{secrets.token_hex(4)}"


@pytest.fixture
def deploy(program: PulumiProgram, own: str) -> Iterator[Any]:
    """Writes the program of a stack with these parts; the stack is destroyed after the test."""

    def write(**parts: Any) -> PulumiProgram:
        program.write(program_of({"namespace": own, **parts}))
        return program

    yield write
    program.env["PULUMI_K8S_ENABLE_PATCH_FORCE"] = "true"
    program.destroy()


def web(**fields: Any) -> dict[str, Any]:
    return {"web": {"image": IMAGE, "port": 8080, **fields}}


def uids(cluster: Cluster, kind: str, namespace: str) -> dict[str, str]:
    found = cluster.get(kind, "-n", namespace)["items"]
    return {it["metadata"]["name"]: it["metadata"]["uid"] for it in found}


def warnings_of(run: Run) -> list[str]:
    """The lines that a person is warned by."""
    return [line for line in run.output.splitlines() if "warning:" in line or "error:" in line]


@pytest.mark.long
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({}, {"kind": "StatefulSet"}, id="L1-kind"),
        pytest.param({}, {"service": {"headless": True}}, id="L1-headless"),
        pytest.param({"service": {"headless": True}}, {}, id="L1-no longer headless"),
    ],
)
def test_a_change_of_the_service_keeps_routes_and_addresses(
    deploy: Any, cluster: Cluster, own: str, before: Any, after: Any
) -> None:
    gateway = {"controller": "generic", "className": "nobodys", "namespace": own, "controllerPeers": []}
    routed = {**gateway, "publishesAddress": False, "routes": [{"host": HOST, "target": {"service": "web"}}]}
    front = {"target": {"service": "web"}, "exposure": OPEN}
    rest: dict[str, Any] = {"gateways": {"edge": routed}, "loadBalancers": {"front": front}}

    def entrances() -> dict[str, str]:
        services = uids(cluster, "services", own)
        return {**uids(cluster, "ingresses", own), **{name: it for name, it in services.items() if "front" in name}}

    deploy(services=web(**before), **rest).up()
    kept = entrances()
    assert len(kept) == 2
    changed = deploy(services=web(**after), **rest)
    preview, run = changed.preview(check=False), changed.up(check=False)
    assert kept.items() <= entrances().items()
    assert run.status == 0 or (preview.status != 0 and "spec.clusterIP" not in preview.output)


@pytest.mark.long
def test_the_number_of_pods_is_taken_back_from_the_autoscaler(deploy: Any, cluster: Cluster, own: str) -> None:
    def replicas() -> int:
        return cluster.get("deployment", "web", "-n", own)["spec"]["replicas"]

    deploy(services=web(autoscaling={"minReplicas": 1, "maxReplicas": 2})).up()
    deploy(services=web(autoscaling={"minReplicas": 2, "maxReplicas": 2})).up()
    wait_until("the autoscaler has scaled up", lambda: replicas() == 2, seconds=60)
    run = deploy(services=web(replicas=3)).up(check=False)
    assert run.status == 0, run.output
    assert replicas() == 3


def test_a_preview_finds_objects_that_are_there_already(
    deploy: Any, cluster: Cluster, own: str, namespace: str
) -> None:
    labels = {"app.kubernetes.io/name": "web"}
    container = {
        "name": "web",
        "image": "registry.example.com/app:0",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    safe = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {"metadata": {"labels": labels}, "spec": {"securityContext": safe, "containers": [container]}}
    metadata = {"name": "web", "namespace": namespace}
    deployment = {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}
    service = {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": 9090}]}
    cluster.apply(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment},
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": service},
    )
    preview = deploy(services=web(namespace=namespace)).preview(check=False)
    assert preview.status != 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        held_case("L4", {}, "exceeded quota", row="a quota"),
        held_case("L4", {"placement": {"nodeSelector": {"no": "such-node"}}}, "affinity/selector", row="no node"),
    ],
)
def test_pods_that_do_not_start_are_explained(
    deploy: Any, cluster: Cluster, namespace: str, fields: Any, cause: str
) -> None:
    if not fields:
        quota = {"metadata": {"name": "none", "namespace": namespace}, "spec": {"hard": {"pods": "0"}}}
        cluster.apply({"apiVersion": "v1", "kind": "ResourceQuota", **quota})
    run = deploy(services=web(namespace=namespace, readyTimeout=15, **fields)).up(check=False)
    assert run.status != 0
    assert cause in run.output


def _database(size: int, **fields: Any) -> dict[str, Any]:
    storage = {"data": {"path": "/data", "sizeGib": size, "storageClass": "at-hand"}}
    return {"image": IMAGE, "port": 8080, "kind": "StatefulSet", "replicas": 2, "storage": storage, **fields}


@pytest.mark.long
def test_a_change_of_the_size_keeps_the_pods(deploy: Any, cluster: Cluster, own: str, volumes: None) -> None:
    deploy(services={"db": _database(1)}).up()
    before = uids(cluster, "pods", own)
    changed = deploy(services={"db": _database(2)})
    preview, run = changed.preview(check=False), changed.up(check=False)
    assert uids(cluster, "pods", own) == before
    claims = cluster.get("persistentvolumeclaims", "-n", own)["items"]
    sizes = {it["spec"]["resources"]["requests"]["storage"] for it in claims}
    assert sizes == {"2Gi"} if run.status == 0 else preview.status != 0


@pytest.mark.long
def test_the_steps_of_a_rejected_size_keep_the_pods(
    deploy: Any, program: PulumiProgram, cluster: Cluster, own: str, volumes: None
) -> None:
    deploy(services={"db": _database(1)}).up()
    before = uids(cluster, "pods", own)
    assert before.keys() == {"db-0", "db-1"}
    rejected = deploy(services={"db": _database(2)}).preview(check=False)
    assert "--cascade=orphan" in rejected.output
    # As docs/changes.md lists them, but for the growth itself, which needs a provisioner.
    cluster.kubectl("delete", "statefulset", "db", "-n", own, "--cascade=orphan")
    program.pulumi("refresh", "--yes", "--stack", program.stack)
    program.preview()
    program.up()
    assert uids(cluster, "pods", own) == before
    assert program.up().changes == {}


@pytest.mark.long
def test_renaming_a_stateful_set_reports_the_claims_or_keeps_them(
    deploy: Any, cluster: Cluster, own: str, volumes: None
) -> None:
    deploy(services={"db": _database(1)}).up()
    renamed = deploy(services={"store": _database(1)})
    preview = renamed.preview(check=False)
    if not any("data-db" in it for it in warnings_of(preview)):
        renamed.up()
        assert {"db-0", "db-1"} == uids(cluster, "pods", own).keys()


@pytest.mark.long
def test_a_partition_keeps_the_secret_of_the_older_pods(deploy: Any, cluster: Cluster, own: str) -> None:
    def database(token: str) -> dict[str, Any]:
        stateful = {"kind": "StatefulSet", "replicas": 3, "rollout": {"partition": 2}}
        return {"db": {"image": IMAGE, "port": 8080, **stateful, "secretEnv": {"TOKEN": token}}}

    deploy(services=database("one")).up()
    before = uids(cluster, "secrets", own)
    assert before
    deploy(services=database("two")).up()
    assert before.items() <= uids(cluster, "secrets", own).items()


@pytest.mark.long
def test_a_gateway_without_an_address_is_explained(deploy: Any, own: str) -> None:
    silent = {**OPEN, "annotations": {"tests.example.com/no-address": "true"}}
    edge = {"exposure": silent, "controller": "ingress-nginx", "readyTimeout": 5}
    run = deploy(gateways={f"{own}-edge": edge}).up(check=False)
    assert run.status != 0
    # What a load balancer reports of the same platform, but for names and seconds.
    parts = [it.strip() for it in re.split(r"[.:?,]", no_address_hint("generic")) if "front" not in it]
    reasons = [it for it in parts if len(it) > 30 and "5" not in it]
    if not reasons:
        raise LookupError("a load balancer has no hint either")
    assert any(it in run.output for it in reasons)


@pytest.mark.long
def test_a_preview_reports_a_change_of_the_controller(deploy: Any, own: str) -> None:
    def edge(controller: str) -> dict[str, Any]:
        return {f"{own}-edge": {"exposure": OPEN, "controller": controller}}

    deploy(gateways=edge("f5-nginx")).up()
    preview = deploy(gateways=edge("ingress-nginx")).preview(check=False)
    # The class is what's replaced. That ingress-nginx is retired is another warning.
    assert any("class" in it.lower() for it in warnings_of(preview))


@pytest.mark.long
def test_a_preview_reports_what_a_renamed_namespace_replaces(
    program: PulumiProgram, cluster: Cluster, own: str
) -> None:
    front = {"front": {"target": {"service": "web"}, "exposure": OPEN}}

    def values(namespace: str) -> str:
        return program_of({"namespace": namespace, "services": web(), "loadBalancers": front})

    program.write(values(own))
    program.up()
    (service,) = (it for it in cluster.get("services", "-n", own)["items"] if it["spec"]["type"] == "LoadBalancer")
    address = service["status"]["loadBalancer"]["ingress"][0]["ip"]
    program.write(values(f"{own}-new"))
    preview = program.preview(check=False)
    program.destroy()
    assert any(address in it for it in warnings_of(preview))


@pytest.mark.long
def test_a_preview_of_destroy_names_what_blocks_it(deploy: Any, program: PulumiProgram) -> None:
    def protected(*, is_on: bool) -> None:
        exposure = {**OPEN, "platform": "aws-controller", "deletionProtection": is_on}
        front = {"target": {"service": "web"}, "exposure": exposure}
        deploy(services={"web": WEB}, loadBalancers={"front": front}).up()

    protected(is_on=True)
    preview = program.preview_destroy(check=False)
    if not preview.steps:
        raise LookupError(preview.output)
    found = [it.lower().replace("_", "") for it in warnings_of(preview)]
    assert any("front" in it and "deletionprotection" in it for it in found)
    # Without the program, nothing is touched either, and the error names the load balancer.
    with pytest.raises(AssertionError, match="portico-front-deletion-protection"):
        program.destroy()
    assert program.up().changes == {}
    protected(is_on=False)
