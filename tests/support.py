"""What several kinds of tests use."""

from __future__ import annotations

import runpy
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.cluster import Cluster

ROOT = Path(__file__).parents[1]


def run_program(folder: Path) -> None:
    """Run a Pulumi program's `__main__.py` in this process, as the language host would."""
    runpy.run_path(str(folder / "__main__.py"))


def make_namespace(cluster: Cluster) -> str:
    """A new namespace that enforces Pod Security "restricted", and takes pods."""
    name = f"test-{secrets.token_hex(4)}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    # It appears a moment after the namespace, and no pod is admitted before.
    cluster.kubectl("wait", "--for=create", "serviceaccount/default", "-n", name, "--timeout=20s")
    return name
