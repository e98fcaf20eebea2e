"""The repository's own program and its stacks, for tests of them on a cluster."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.pulumi_program import PulumiProgram
from tests.support import ROOT
from tools.cluster import Cluster
from tools.cluster_config import CONTEXT


def lay_down(program: PulumiProgram, name: str) -> Path:
    """Lay the program down with its stacks, where they can be edited, and pick one; answers that one's file."""
    folder = program.folder / "stacks"
    shutil.copytree(ROOT / "stacks", folder)
    file = folder / f"Pulumi.{name}.yaml"
    # Of every context of the world, the cluster's kubeconfig has but its own.
    say(file, {f"kubernetes:context: {CONTEXT if name == 'local' else name}": f"kubernetes:context: {CONTEXT}"})
    program.stack = name
    project = (ROOT / "Pulumi.yaml").read_text().replace("    virtualenv: .venv\n", "")
    # The stack `local` carries the key of the state that `make up` keeps, made with another passphrase.
    program.env["PULUMI_CONFIG_PASSPHRASE"] = ""
    program.write((ROOT / "__main__.py").read_text(), project)
    return file


def say(file: Path, words: Mapping[str, str]) -> None:
    """Put other words in place of some, each of which must be there."""
    text = file.read_text()
    for old, new in words.items():
        assert old in text, f"{file.name} does not say {old}"
        text = text.replace(old, new)
    file.write_text(text)


def up_and_no_change(program: PulumiProgram) -> None:
    """Bring it up; a second time, and against what the API server made of it, nothing changes."""
    assert set(program.up().changes) == {"create"}
    assert program.up().changes == {}
    assert program.up("--refresh").changes == {}


def assert_all_ready(cluster: Cluster, *namespaces: str) -> dict[str, int]:
    """Every pod of every Deployment is ready, in namespaces that let in restricted ones alone; how many each has."""
    ready: dict[str, int] = {}
    for namespace in namespaces:
        labels = cluster.get("namespace", namespace)["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        for it in cluster.get("deployments", "-n", namespace)["items"]:
            ready[it["metadata"]["name"]] = it["status"].get("readyReplicas", 0)
            assert it["status"].get("readyReplicas", 0) == it["spec"]["replicas"] > 0, it["metadata"]["name"]
    return ready


def of_type_load_balancer(cluster: Cluster, *namespaces: str) -> list[dict[str, Any]]:
    """The Services of type LoadBalancer of some namespaces; without any, of all."""
    items = cluster.get("services", "-A")["items"]
    balancers = [it for it in items if it["spec"]["type"] == "LoadBalancer"]
    return [it for it in balancers if not namespaces or it["metadata"]["namespace"] in namespaces]
