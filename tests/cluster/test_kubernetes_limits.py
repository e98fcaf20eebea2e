"""What Portico accepts at the limits of the Kubernetes API, the real API server admits; one more, Portico rejects.

`tests/unit/test_kubernetes_limits.py` has the values that are rejected.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest
from pulumi_portico.args.sizes import LARGEST_DATA

from tests.kubernetes_limits import BOUNDARIES, NAMESPACE, SAMPLES, largest_values
from tools.cluster import Cluster

CUSTOM_RESOURCES = ("k8s.nginx.org", "elbv2.k8s.aws")
BUILT = ("object", "variables", "annotations", "contents")
"""The boundaries that only storing the objects shows."""


@pytest.fixture(scope="module")
def limits(cluster: Cluster) -> Iterator[None]:
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    yield
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def sendable(manifest: Mapping[str, Any]) -> dict[str, Any] | None:
    """The object as it can be sent without Pulumi; None if the cluster doesn't have its kind."""
    if manifest["apiVersion"].partition("/")[0] in CUSTOM_RESOURCES or manifest["kind"].endswith("Patch"):
        return None
    if manifest["kind"] == "Secret":
        # Its contents are Outputs, so this is as large as they can be.
        keys = ("tls.crt", "tls.key") if manifest.get("type") == "kubernetes.io/tls" else ("a", "b")
        return {**manifest, "stringData": dict.fromkeys(keys, "x" * (LARGEST_DATA // 2))}
    return plain(manifest)


def plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    assert not isinstance(value, pulumi.Output)
    return value


def applied(cluster: Cluster, manifests: list[dict[str, Any]], *options: str) -> list[str]:
    """What the API server rejects."""
    document = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
    command = ("apply", "--server-side", "--force-conflicts", "--field-manager", "portico:" + "x" * 120, *options)
    printed = cluster.kubectl(*command, "-f", "-", stdin=document, check=False)
    return [line[:500] for line in printed.splitlines() if "serverside-applied" not in line and line]


def distinct(manifests: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    texts = {json.dumps(sent, sort_keys=True): sent for it in manifests if (sent := sendable(it)) is not None}
    return list(texts.values())


@pytest.mark.usefixtures("limits")
def test_the_api_server_admits_every_largest_value(cluster: Cluster) -> None:
    arguments = [(sample, args) for sample in SAMPLES.values() for args in largest_values(sample)]
    arguments += [(sample, sample.args) for name, sample in BOUNDARIES.items() if name not in BUILT]
    objects = distinct(manifest for sample, args in arguments for manifest in sample.manifests(args))
    assert len(objects) > len(SAMPLES)
    assert applied(cluster, objects, "--dry-run=server") == []


@pytest.mark.usefixtures("limits")
def test_the_api_server_stores_every_largest_object(cluster: Cluster) -> None:
    for name in BUILT:
        assert applied(cluster, distinct(iter(BOUNDARIES[name].manifests()))) == [], name
