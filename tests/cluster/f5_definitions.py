"""Stand-ins for the definitions of F5 NGINX Ingress Controller's own resources, which come with its release."""

from __future__ import annotations

from typing import Any


def definition(kind: str, plural: str) -> dict[str, Any]:
    """One of the same name and subresource, which takes anything (those of 5.5.4 were tried by hand, and take what is
    made here)."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.k8s.nginx.org"},
        "spec": {
            "group": "k8s.nginx.org",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "scope": "Namespaced",
            "versions": [{**version, "subresources": {"status": {}}}],
        },
    }
