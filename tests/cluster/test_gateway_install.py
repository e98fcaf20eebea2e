"""What a gateway installs with the options that few use: taken by the real API server, ready, unchanged, gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pulumi_program import PulumiProgram
from tools.cluster import Cluster
from tools.pki import create_pki

PROGRAM = """\
import pulumi
from pulumi_portico import IngressGateway

gateway = IngressGateway({name!r}, {args!r})
pulumi.export("namespace", gateway.namespace)
pulumi.export("exceptions", gateway.exceptions)
"""


@pytest.fixture(scope="module")
def webhook(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("webhook") / "pki"
    create_pki(folder, {"webhook": ("webhook", "")}, ["edge-hook-admission.edge-hook.svc"])
    return {
        "api_server_sources": ["192.0.2.1/32"],
        "certificate": (folder / "webhook.crt").read_text(),
        "key": (folder / "webhook.key").read_text(),
        "ca_certificate": (folder / "ca.crt").read_text(),
    }


OPTIONS: dict[str, Any] = {
    "replicas": 3,
    "placement": {"architectures": ["amd64"]},
    "disruption_budget": {"max_unavailable_percent": 40},
    "metrics": False,
    "drain": 0,
    "shutdown": 1,
}


@pytest.mark.long
@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet"])
@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_the_less_usual_options_are_admitted(
    program: PulumiProgram, cluster: Cluster, webhook: dict[str, Any], controller: str, kind: str
) -> None:
    name = "edge-hook"
    installation: dict[str, Any] = {**OPTIONS, "kind": kind, "served_namespaces": []}
    if kind == "DaemonSet":
        installation = {key: it for key, it in installation.items() if key not in ("replicas", "disruption_budget")}
    if controller == "ingress-nginx":
        installation["admission_webhook"] = webhook
    args = {
        "controller": controller,
        "upstream": {"sources": ["10.0.0.0/16"], "proxy_protocol": True},
        "installation": installation,
        "labels": {"team": "edge"},
    }
    program.write(PROGRAM.format(name=name, args=args))
    program.up()
    (made,) = cluster.get(f"{kind.lower()}s", "-n", name)["items"]
    ready = made["status"]["numberReady" if kind == "DaemonSet" else "readyReplicas"]
    assert ready == (made["status"]["desiredNumberScheduled"] if kind == "DaemonSet" else 3)
    # Nothing of a namespace that enforces "restricted" is let in by a warning only.
    enforced = cluster.get("namespace", name)["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert enforced == "restricted"
    assert program.up().changes == {}
    assert program.up("--refresh").changes == {}
    asked = cluster.get("validatingwebhookconfigurations")["items"]
    if controller == "ingress-nginx":
        assert [it["webhooks"][0]["clientConfig"]["service"]["name"] for it in asked] == ["edge-hook-admission"]
        assert "installation.admission_webhook" in program.outputs()["exceptions"]
        assert webhook["key"].splitlines()[1] not in program.state()
    else:
        assert asked == []
    program.destroy()
    assert cluster.get("validatingwebhookconfigurations")["items"] == []
    assert name not in {it["metadata"]["name"] for it in cluster.get("ingressclasses")["items"]}
    left = [it["metadata"]["name"] for it in cluster.get("clusterroles")["items"]]
    assert not [it for it in left if it.startswith(name)]


@pytest.mark.long
def test_a_change_of_settings_reaches_the_controllers_file_and_leaves_the_pods(
    program: PulumiProgram, cluster: Cluster
) -> None:
    args: dict[str, Any] = {"upstream": {}}
    program.write(PROGRAM.format(name="edge-set", args=args))
    program.up()
    made = cluster.get("configmaps", "edge-set", "-n", "edge-set")
    before, uid = made["data"]["http2"], made["metadata"]["uid"]
    program.write(PROGRAM.format(name="edge-set", args={**args, "settings": {"http2": False}}))
    run = program.up()
    assert (before, cluster.get("configmaps", "edge-set", "-n", "edge-set")["data"]["http2"]) == ("true", "false")
    # Both controllers watch it: no pod is replaced, no connection ends.
    assert [(step.op, step.name) for step in run.steps if step.op not in ("same", "refresh")] == [
        ("update", "edge-set-settings")
    ]
    assert cluster.get("configmaps", "edge-set", "-n", "edge-set")["metadata"]["uid"] == uid
    assert program.up("--refresh").changes == {}
    # A key that is not told any more is gone, too.
    program.write(PROGRAM.format(name="edge-set", args={**args, "settings": {"access_log": "off"}}))
    program.up()
    data = cluster.get("configmaps", "edge-set", "-n", "edge-set")["data"]
    assert "log-format" not in data
    assert data["access-log-off"] == "true"
    program.destroy()
