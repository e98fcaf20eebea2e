"""Definitions of resources that are not Kubernetes' own, given to the API server."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tools.cluster import Cluster

_WITHIN = 30


def define(cluster: Cluster, definition: Mapping[str, Any]) -> None:
    """Apply a CustomResourceDefinition, and wait until the API server serves it.

    `kubectl wait` fails where it asks before the first condition is written.
    """
    cluster.apply(definition)
    name, until = definition["metadata"]["name"], time.monotonic() + _WITHIN
    while not _established(cluster.get("customresourcedefinitions", name)):
        if time.monotonic() > until:
            raise TimeoutError(f"{name} is not established after {_WITHIN} seconds")
        time.sleep(0.1)


def _established(definition: Mapping[str, Any]) -> bool:
    conditions = definition.get("status", {}).get("conditions") or []
    return any((it["type"], it["status"]) == ("Established", "True") for it in conditions)
