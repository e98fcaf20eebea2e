"""The namespace that a stack or a gateway creates for itself."""

from collections.abc import Mapping
from typing import Any

import pulumi

from .pod_security import ENFORCE, PodSecurityLevel

__all__ = ["build_namespace"]


def build_namespace(
    name: str, labels: Mapping[str, pulumi.Input[str]], level: PodSecurityLevel = PodSecurityLevel.RESTRICTED
) -> dict[str, Any]:
    """A namespace in which the API server rejects every pod that violates a level of Pod Security."""
    own = {ENFORCE: level.value}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {**labels, **own}}}
