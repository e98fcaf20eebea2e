"""What `portico render` prints, taken by kubectl and made ready by a real control plane."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.command import called
from tests.support import ROOT
from tools.cluster import Cluster

STACKS = str(ROOT / "stacks")


def await_gone(cluster: Cluster, namespaces: list[str]) -> None:
    """Wait for those that another test has deleted: one that is on its way takes nothing."""
    for name in namespaces:
        cluster.kubectl("wait", "--for=delete", f"namespace/{name}", "--timeout=90s")


@pytest.mark.parametrize("stack", ["staging", "local"])
def test_kubectl_applies_what_is_printed_and_nothing_changes_a_second_time(cluster: Cluster, stack: str) -> None:
    text = called("render", "--stack", stack, "--folder", STACKS).stdout
    manifests = list(yaml.safe_load_all(text))
    namespaces = [it["metadata"]["name"] for it in manifests if it["kind"] == "Namespace"]
    wide = [it for it in manifests if it["kind"] in ("ClusterRole", "ClusterRoleBinding", "IngressClass")]
    try:
        await_gone(cluster, namespaces)
        made = cluster.kubectl("apply", "-f", "-", stdin=text).splitlines()
        assert len(made) == len(manifests)
        assert all(it.endswith(" created") for it in made), made
        # kubectl calls every PodDisruptionBudget configured, as it replaces their selectors; a difference it has none.
        assert cluster.kubectl("diff", "-f", "-", stdin=text) == ""
        for manifest in (it for it in manifests if it["kind"] == "Deployment"):
            metadata = manifest["metadata"]
            where = ("-n", metadata["namespace"])
            cluster.kubectl("rollout", "status", f"deployment/{metadata['name']}", *where, "--timeout=60s")
    finally:
        cluster.kubectl("delete", "namespace", *namespaces, "--wait=false", check=False)
        for it in wide:
            cluster.kubectl("delete", it["kind"], it["metadata"]["name"], "--wait=false", check=False)


def test_a_rendered_folder_is_applied_in_the_order_of_its_files(cluster: Cluster, tmp_path: Path) -> None:
    called("render", "--stack", "dev", "--folder", STACKS, "--output", str(tmp_path))
    namespaces = ["edge", "shop-dev"]
    try:
        await_gone(cluster, namespaces)
        made = cluster.kubectl("apply", "-f", str(tmp_path)).splitlines()
        assert len(made) == len(list(tmp_path.glob("*.yaml")))
        assert made[:2] == [f"namespace/{it} created" for it in namespaces]
        assert cluster.kubectl("diff", "-f", str(tmp_path)) == ""
        found = json.loads(cluster.kubectl("get", "networkpolicies", "-n", "shop-dev", "-o", "json"))
        assert {"web", "api", "catalog"} <= {it["metadata"]["name"] for it in found["items"]}
    finally:
        cluster.kubectl("delete", "namespace", *namespaces, "--wait=false", check=False)
