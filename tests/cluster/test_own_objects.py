"""The namespace's settings and the objects that services share, on the real API server."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tests.scoreboard.cases import program_of
from tools.cluster import Cluster

IMAGE = "registry.example.com/app:1"


@pytest.fixture
def own() -> str:
    return f"own-{secrets.token_hex(4)}"


@pytest.fixture
def deploy(program: PulumiProgram) -> Iterator[Any]:
    def write(**parts: Any) -> PulumiProgram:
        program.write(program_of(parts))
        return program

    yield write
    program.destroy()


def web(**fields: Any) -> dict[str, Any]:
    return {"image": IMAGE, "port": 8080, **fields}


def test_services_run_within_the_quota_of_their_namespace(deploy: Any, cluster: Cluster, own: str) -> None:
    namespace = {
        "name": own,
        "labels": {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"},
        "resourceQuota": {"hard": {"requests.cpu": "300m", "limits.memory": "768Mi", "pods": "3"}},
        "limitRange": {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]},
    }
    deploy(namespace=namespace, services={"web": web()}).up()
    # A rollout needs one more pod than runs, and the quota has room for it.
    deploy(namespace=namespace, services={"web": web(env={"A": "b"})}).up()
    (quota,) = cluster.get("resourcequotas", "-n", own)["items"]
    assert quota["status"]["hard"] == {"requests.cpu": "300m", "limits.memory": "768Mi", "pods": "3"}
    labels = cluster.get("namespace", own)["metadata"]["labels"]
    assert labels["elbv2.k8s.aws/pod-readiness-gate-inject"] == "enabled"


def test_an_existing_namespace_survives_the_stack(
    deploy: Any, program: PulumiProgram, cluster: Cluster, own: str
) -> None:
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": own, "labels": {"team": "a"}}})
    before = cluster.get("namespace", own)["metadata"]["uid"]
    deploy(namespace={"name": own, "existing": True}, services={"web": web()}).up()
    program.destroy()
    after = cluster.get("namespace", own)["metadata"]
    assert (after["uid"], after["labels"]["team"]) == (before, "a")
    cluster.kubectl("delete", "namespace", own, "--wait=false")


def test_objects_are_shared_and_a_claim_keeps_its_data(
    deploy: Any, program: PulumiProgram, cluster: Cluster, own: str
) -> None:
    user = web(
        envFrom=[{"configMapRef": {"name": "settings"}}],
        envValueFrom={"PASSWORD": {"secretKeyRef": {"name": "db", "key": "password"}}},
        volumes={"uploads": {"path": "/uploads", "claim": "uploads"}},
    )
    shared: dict[str, Any] = {
        "configMaps": {"settings": {"data": {"LEVEL": "info"}}},
        "secrets": {"db": {"stringData": {"password": "canary-77ab"}}},
    }
    claims = {"uploads": {"sizeGib": 1, "accessMode": "ReadWriteMany"}}
    existing = {"name": own, "existing": True}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": own}})
    run = deploy(namespace=existing, **shared, claims=claims, services={"web": user, "other": user}).up()
    assert "canary-77ab" not in run.output + program.state()
    assert cluster.get("configmap", "settings", "-n", own)["data"] == {"LEVEL": "info"}
    kept = cluster.get("pvc", "uploads", "-n", own)["metadata"]["uid"]
    deploy(namespace=existing, **shared, services={"web": web()}).up()
    assert cluster.get("pvc", "uploads", "-n", own)["metadata"]["uid"] == kept
    # The stack can have it again.
    deploy(namespace=existing, **shared, claims=claims, services={"web": user}).up()
    assert cluster.get("pvc", "uploads", "-n", own)["metadata"]["uid"] == kept
    program.destroy()
    cluster.kubectl("delete", "namespace", own, "--wait=false")
