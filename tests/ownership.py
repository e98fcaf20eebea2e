"""The one difference between what a component lists, which `portico render` prints, and what it registers: the
annotations that name the stack which owns the object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_portico.lifecycle.ownership import FIELD_MANAGER, OWNER

__all__ = ["without_owner"]


def without_owner(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest without the annotations of its owner."""
    metadata = dict(manifest["metadata"])
    annotations = metadata.pop("annotations", {})
    kept = {key: value for key, value in annotations.items() if key not in (OWNER, FIELD_MANAGER)}
    return {**manifest, "metadata": {**metadata, **({"annotations": kept} if kept else {})}}
