"""The published applications in examples/applications, on the real engine and API server: each becomes ready, doesn't
change without an edit, and is deleted as a whole."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.cluster.definitions import define, stand_in
from tests.pulumi_program import PulumiProgram
from tests.support import ROOT
from tools.cluster import Cluster
from tools.cluster_config import CONTEXT

FOLDER = ROOT / "examples" / "applications"
_CLASS = "applications"
_SECRET = {"apiVersion": "v1", "kind": "Secret", "type": "Opaque"}

APPLICATIONS: Mapping[str, tuple[str, int]] = {
    "keycloak": ("keycloak", 3),
    "mastodon": ("mastodon", 5),
    "podinfo": ("production", 7),
    "sock-shop": ("sock-shop", 14),
    "wordpress": ("wordpress", 2),
}
"""The namespace of each application, and the number of its pods that run all the time."""


@pytest.fixture
def storage(cluster: Cluster) -> Iterator[None]:
    """A default StorageClass with volumes, as clusters have one. The test cluster has no provisioner."""
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": _CLASS, "annotations": annotations},
        "provisioner": "kubernetes.io/no-provisioner",
    }
    spec = {
        "capacity": {"storage": "100Gi"},
        "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
        "storageClassName": _CLASS,
        "hostPath": {"path": "/nowhere"},
    }
    names = [f"{_CLASS}-{secrets.token_hex(4)}" for _ in range(6)]
    volumes = [
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec} for name in names
    ]
    cluster.apply(storage_class, *volumes)
    yield
    # Other tests find the cluster without a default class.
    cluster.kubectl("delete", "storageclass", _CLASS)


def lay_down(program: PulumiProgram, name: str) -> None:
    """Lay the applications down as the program, with the cluster's context, and select one."""
    for file in FOLDER.glob("*.yaml"):
        shutil.copy(file, program.folder)
    file = program.folder / f"Pulumi.{name}.yaml"
    context = f"kubernetes:context: {name}"
    assert context in file.read_text()
    file.write_text(file.read_text().replace(context, f"kubernetes:context: {CONTEXT}"))
    program.stack = name
    project = (FOLDER / "Pulumi.yaml").read_text().replace("    virtualenv: ../../.venv\n", "")
    program.write((FOLDER / "__main__.py").read_text(), project)


def create_prerequisites(cluster: Cluster, name: str) -> None:
    """What `portico check --prerequisites` lists for the application, as far as the API server needs it."""
    if name == "mastodon":
        define(cluster, stand_in("external-secrets.io", "ExternalSecret", "externalsecrets"))
    if name == "wordpress":
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        cluster.apply(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "wordpress", "labels": labels}},
            {**_SECRET, "metadata": {"name": "mysql-pass", "namespace": "wordpress"}, "stringData": {"password": "a"}},
        )


def ready_pods(cluster: Cluster, namespace: str) -> list[str]:
    """The pods of the services that are ready: those of jobs have ended, or wait for their schedule."""
    pods = [pod for pod in cluster.get("pods", "-n", namespace)["items"] if "job-name" not in pod["metadata"]["labels"]]

    def is_ready(pod: Mapping[str, Any]) -> bool:
        conditions = pod["status"].get("conditions", [])
        return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)

    return [pod["metadata"]["name"] for pod in pods if is_ready(pod)]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "wordpress" else pytest.mark.long) for name in APPLICATIONS]
)
def test_an_application_becomes_ready_and_leaves_nothing(
    program: PulumiProgram, cluster: Cluster, storage: None, name: str
) -> None:
    namespace, pods = APPLICATIONS[name]
    create_prerequisites(cluster, name)
    lay_down(program, name)
    assert set(program.up().changes) == {"create"}
    assert len(ready_pods(cluster, namespace)) == pods
    assert not program.up().changes
    assert not program.up("--refresh").changes
    assert set(program.destroy().changes) == {"delete"}
    assert '"resources"' not in program.state()
    namespaces = {found["metadata"]["name"] for found in cluster.get("namespaces")["items"]}
    if name == "wordpress":
        # The stack didn't create the namespace. It keeps the claims, and so the data.
        kept = {claim["metadata"]["name"] for claim in cluster.get("pvc", "-n", namespace)["items"]}
        assert kept == {"mysql-pv-claim", "wp-pv-claim"}
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    else:
        assert namespace not in namespaces
