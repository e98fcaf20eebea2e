"""Writes the kinds of the Kubernetes API with their own fields, from the OpenAPI schemas of every supported version.

The package checks the manifests of stacks against the file. The schemas are those of the development dependency
kubernetes-validate, which don't say which kinds belong to the whole cluster: `CLUSTER_KINDS` does, and a test compares
it with the API server.
"""

from __future__ import annotations

import json
from typing import Any

from kubernetes_validate import utils
from pulumi_portico.pod_security import NEWEST, OLDEST

from tools.cluster import ROOT

__all__ = ["CLUSTER_KINDS", "FILE", "generate"]

FILE = ROOT / "components" / "pulumi_portico" / "stack" / "object_kinds.json"

CLUSTER_KINDS = frozenset(
    (
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "CustomResourceDefinition",
        "DeviceClass",
        "DeviceTaintRule",
        "FlowSchema",
        "IPAddress",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourcePoolStatusRequest",
        "ResourceSlice",
        "RuntimeClass",
        "ServiceCIDR",
        "StorageClass",
        "StorageVersion",
        "StorageVersionMigration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    )
)
"""The kinds whose objects have no namespace."""

_NOT_STORED = ("Binding", "ComponentStatus", "Eviction", "Scale", "Status")
"""Kinds of requests and of status, which nobody can apply."""


def generate(_text: str = "") -> str:
    """The text of the file."""
    found: dict[str, dict[str, Any]] = {}
    for minor in range(OLDEST, NEWEST + 1):
        version = f"1.{minor}"
        folder = f"kubernetes-json-schema/v{version}.0-local-strict"
        definitions = utils.schema_contents(f"{folder}/_definitions.json", version)["$defs"]
        for schema in definitions.values():
            for kind in schema.get("x-kubernetes-group-version-kind", ()):
                if _is_object(kind["kind"], schema):
                    _add(kind, schema, minor, found)
    lines = [f"  {json.dumps(version)}: {json.dumps(found[version], sort_keys=True)}" for version in sorted(found)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _is_object(kind: str, schema: dict[str, Any]) -> bool:
    is_review = kind.endswith("Review")
    return (
        "metadata" in schema["properties"] and not kind.endswith("List") and not is_review and kind not in _NOT_STORED
    )


def _add(kind: dict[str, str], schema: dict[str, Any], minor: int, found: dict[str, dict[str, Any]]) -> None:
    api_version = "/".join(filter(None, (kind["group"], kind["version"])))
    known = found.setdefault(api_version, {}).setdefault(kind["kind"], {"fields": [], "since": minor, "until": minor})
    own = schema["properties"].keys() - {"apiVersion", "kind", "metadata", "status"}
    known["fields"] = sorted({*known["fields"], *own})
    known["until"] = minor
    if kind["kind"] in CLUSTER_KINDS:
        known["cluster"] = True
