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


def volume(name: str) -> dict[str, Any]:
    """A volume for the claims of one test: the cluster creates none."""
    source = {"hostPath": {"path": "/tmp"}, "storageClassName": name, "accessModes": ["ReadWriteMany"]}
    spec = {**source, "capacity": {"storage": "1Gi"}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}


@pytest.mark.long
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


@pytest.mark.long
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
    claims = {"uploads": {"sizeGib": 1, "accessMode": "ReadWriteMany", "storageClass": own}}
    cluster.apply(volume(own))
    existing = {"name": own, "existing": True}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": own}})
    run = deploy(namespace=existing, **shared, claims=claims, services={"web": user, "other": user}).up()
    assert "canary-77ab" not in run.output + program.state()
    assert cluster.get("configmap", "settings", "-n", own)["data"] == {"LEVEL": "info"}
    kept = cluster.get("pvc", "uploads", "-n", own)["metadata"]["uid"]
    deploy(namespace=existing, **shared, services={"web": web()}).up()
    assert cluster.get("pvc", "uploads", "-n", own)["metadata"]["uid"] == kept
    # Kubernetes freezes the access mode, so the update fails, and the data stays.
    changed = {"uploads": {**claims["uploads"], "accessMode": "ReadOnlyMany", "whenDeleted": "Delete"}}
    assert (
        "error" in deploy(namespace=existing, **shared, claims=changed, services={"web": web()}).up(check=False).output
    )
    assert cluster.get("pvc", "uploads", "-n", own)["metadata"]["uid"] == kept
    # The stack can have it again.
    deploy(namespace=existing, **shared, claims=claims, services={"web": user}).up()
    assert cluster.get("pvc", "uploads", "-n", own)["metadata"]["uid"] == kept
    program.destroy()
    cluster.kubectl("delete", "namespace", own, "--wait=false")


@pytest.mark.long
def test_manifests_are_created_in_the_order_of_their_kinds(deploy: Any, cluster: Cluster, own: str) -> None:
    group = f"{own}.example.com"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"crontabs.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": "CronTab", "plural": "crontabs", "singular": "crontab", "listKind": "CronTabList"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                    },
                }
            ],
        },
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "job"}}
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "job"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "job"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "job"},
        "subjects": [{"kind": "ServiceAccount", "name": "job"}],
    }
    priority = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": own}, "value": 7}
    cron_tab = {"apiVersion": f"{group}/v1", "kind": "CronTab", "metadata": {"name": "nightly"}, "spec": {"a": 1}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "canary-4fe1"}}
    manifests = [cron_tab, binding, role, account, secret, priority, definition]
    run = deploy(namespace=own, manifests=manifests, services={"web": web()}).up()
    assert "canary-4fe1" not in run.output
    assert cluster.get(f"crontabs.{group}", "nightly", "-n", own)["spec"] == {"a": 1}
    assert cluster.get("rolebinding", "job", "-n", own)["roleRef"]["name"] == "job"
    assert cluster.get("priorityclass", own)["value"] == 7
    # Nothing changes without an edit.
    assert not deploy(namespace=own, manifests=manifests, services={"web": web()}).up().changes


@pytest.mark.long
def test_the_next_up_rolls_the_pods_if_an_existing_config_map_changed(deploy: Any, cluster: Cluster, own: str) -> None:
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": own}})
    reader = web(envFrom=[{"configMapRef": {"name": "site", "optional": True}}], rollOnChange=True)
    program = deploy(namespace={"name": own, "existing": True}, services={"web": reader})
    # The ConfigMap doesn't exist yet.
    program.up()
    assert not program.up().changes

    def settings(region: str) -> None:
        metadata = {"name": "site", "namespace": own}
        cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"REGION": region}})

    def generation() -> int:
        return cluster.get("deployment", "web", "-n", own)["metadata"]["generation"]

    first = generation()
    settings("canary-eu")
    assert program.preview().changes["update"] == 1
    assert program.up().changes["update"] == 1
    assert generation() == first + 1
    assert not program.up().changes
    assert "canary-eu" not in program.state()
    cluster.kubectl("delete", "namespace", own, "--wait=false")
