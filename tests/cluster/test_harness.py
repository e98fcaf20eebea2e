"""The local cluster is a real one where it matters to the tests on it."""

import json
import time
from typing import Any

import pytest
from pulumi_portico.args.names import LABEL_NAME_LENGTH, WORKLOAD_SUFFIX_LENGTH

from tools.cluster import Cluster

POD_SPEC: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "app",
            "image": "app:1",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}


def test_pod_security_is_enforced(cluster: Cluster, namespace: str) -> None:
    pod: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bare", "namespace": namespace},
        "spec": {"containers": [{"name": "app", "image": "app:1"}]},
    }
    with pytest.raises(RuntimeError, match='violates PodSecurity "restricted:latest"'):
        cluster.apply(pod)


def test_a_load_balancer_gets_an_address_unless_told_not_to(cluster: Cluster, namespace: str) -> None:
    def service(name: str, annotations: dict[str, str]) -> dict[str, Any]:
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
        }

    cluster.apply(service("with", {}), service("without", {"tests.example.com/no-address": "true"}))
    cluster.kubectl(
        "wait", "service/with", "-n", namespace, "--for=jsonpath={.status.loadBalancer.ingress}", "--timeout=10s"
    )
    address = cluster.get("service", "with", "-n", namespace)["status"]["loadBalancer"]["ingress"][0]["ip"]
    assert address.startswith("198.18.")
    assert "ingress" not in cluster.get("service", "without", "-n", namespace)["status"]["loadBalancer"]


def test_the_nodes_are_in_three_zones(cluster: Cluster) -> None:
    nodes = cluster.get("nodes")["items"]
    assert {it["metadata"]["labels"]["topology.kubernetes.io/zone"] for it in nodes} == {"zone-a", "zone-b", "zone-c"}


def test_starting_again_starts_nothing_again(cluster: Cluster) -> None:
    def ids() -> dict[str, Any]:
        return {it.name: json.loads(it.read_text())["pid"] for it in (cluster.folder / "run").glob("*.json")}

    before = ids()
    cluster.start()
    assert ids() == before
    assert len(before) == len(cluster.names)


def test_a_component_that_died_is_started_again(cluster: Cluster) -> None:
    cluster.processes.stop("kube-scheduler")
    assert not cluster.processes.running("kube-scheduler")
    cluster.start()
    assert cluster.processes.running("kube-scheduler")


@pytest.mark.parametrize("kind", sorted(WORKLOAD_SUFFIX_LENGTH))
def test_the_longest_name_that_the_rules_take_is_one_that_runs(cluster: Cluster, namespace: str, kind: str) -> None:
    longest = LABEL_NAME_LENGTH - WORKLOAD_SUFFIX_LENGTH[kind]
    cluster.apply(workload(kind, "a" * longest, namespace, "longest"))
    assert has_pods(cluster, namespace, "longest", seconds=10)


def test_a_stateful_set_with_one_character_more_never_runs(cluster: Cluster, namespace: str) -> None:
    too_long = LABEL_NAME_LENGTH - WORKLOAD_SUFFIX_LENGTH["StatefulSet"] + 1
    cluster.apply(workload("StatefulSet", "a" * too_long, namespace, "longer"))
    assert not has_pods(cluster, namespace, "longer", seconds=3)


def workload(kind: str, name: str, namespace: str, app: str) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "selector": {"matchLabels": {"app": app}},
        "template": {"metadata": {"labels": {"app": app}}, "spec": POD_SPEC},
    }
    if kind == "StatefulSet":
        spec["serviceName"] = "app"
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def has_pods(cluster: Cluster, namespace: str, app: str, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if cluster.get("pods", "-n", namespace, "-l", f"app={app}")["items"]:
            return True
        time.sleep(0.2)
    return False
