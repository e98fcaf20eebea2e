"""The namespace that a stack or a gateway makes for itself."""

from collections.abc import Mapping
from typing import Any

import pulumi

__all__ = ["build_namespace"]


def build_namespace(name: str, labels: Mapping[str, pulumi.Input[str]]) -> dict[str, Any]:
    """A namespace in which the API server itself refuses any pod that is not restricted."""
    own = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {**labels, **own}}}
