"""Validates manifests against the schemas of the oldest and the newest supported versions of Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from kubernetes_validate import utils

__all__ = ["VERSIONS", "validate"]

VERSIONS = ("1.30", "1.37")

# The library reads two files for each manifest, which takes longer than the rest of most tests.
utils.schema_contents = cache(utils.schema_contents)


def validate(manifest: Mapping[str, Any]) -> None:
    """Fail if a supported version of Kubernetes doesn't accept the manifest."""
    for version in VERSIONS:
        utils.validate(dict(manifest), version, strict=True)
