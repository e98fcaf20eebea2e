"""The Gateway API in the test cluster: its own CustomResourceDefinitions, and Envoy Gateway's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import yaml

from tools.cluster import Cluster

_WITHIN = 30


def install(cluster: Cluster, definitions: Sequence[Path]) -> None:
    """Apply definitions, and wait until the API server serves them.

    They are too large for the annotation of a client-side apply.
    """
    cluster.kubectl("apply", "--server-side", "--force-conflicts", *_files(definitions))
    names = [
        document["metadata"]["name"]
        for path in definitions
        for document in yaml.safe_load_all(path.read_text())
        if document and document["kind"] == "CustomResourceDefinition"
    ]
    until = time.monotonic() + _WITHIN
    while missing := [name for name in names if not _is_established(cluster, name)]:
        if time.monotonic() > until:
            raise TimeoutError(f"{missing} aren't established after {_WITHIN} seconds")
        time.sleep(0.1)


def _is_established(cluster: Cluster, name: str) -> bool:
    conditions = cluster.get("customresourcedefinitions", name).get("status", {}).get("conditions") or []
    return any((condition["type"], condition["status"]) == ("Established", "True") for condition in conditions)


def _files(paths: Sequence[Path]) -> list[str]:
    return [argument for path in paths for argument in ("-f", str(path))]
