"""The stack `local`, as `make up` runs it: up, no change, a rolling update, down, nothing left."""

from typing import Any

import pytest

from tests.cluster.stacks import of_type_load_balancer, say
from tests.pulumi_program import PulumiProgram
from tools.cluster import Cluster

NAMESPACE = "portico-local"
NEWER = "nginx-unprivileged:1.29.4-alpine3.23"


@pytest.mark.long
def test_local_comes_up_rolls_and_goes_down(root_program: PulumiProgram, cluster: Cluster) -> None:
    first = root_program.up()
    assert first.changes == {"create": 44}
    assert_restricted_and_ready(cluster)
    # Both mechanisms, each under an address of its own.
    addresses = {
        name: it["status"]["loadBalancer"]["ingress"][0]["ip"]
        for it in of_type_load_balancer(cluster)
        for name in ("edge", "api-public")
        if it["metadata"]["name"].startswith(f"{name}-service-")
    }
    assert len(set(addresses.values())) == 2
    outputs = root_program.outputs()
    # A generic platform has no price, and says so.
    assert outputs.pop("costs").keys() == {"edge", "api-public"}
    # What another stack adds routes by.
    reference = outputs.pop("gateways")["edge"]
    assert (reference["controller"], reference["className"]) == ("f5-nginx", "edge")
    assert outputs.pop("targets").keys() == {"api", "catalog", "web"}
    assert outputs.pop("hosts") == {"shop.example.com": addresses["edge"]}
    assert outputs == {
        **{f"{name}-url": f"http://{name}.{NAMESPACE}.svc.cluster.local" for name in ("api", "catalog", "web")},
        "urls": {"shop.example.com": "http://shop.example.com", "api-public": f"http://{addresses['api-public']}"},
        "addresses": addresses,
    }

    assert root_program.up().changes == {}

    before = deployment(cluster, "web")
    say(root_program.folder / "stacks" / "base.yaml", {"nginx-unprivileged:1.29.3-alpine3.22": NEWER})
    changed = root_program.up()
    assert changed.changes == {"update": 1}
    assert changed.ops("Deployment") == {"web-deployment": "update"}
    after = deployment(cluster, "web")
    assert after["metadata"]["uid"] == before["metadata"]["uid"], "the Deployment was replaced"
    assert {image_of(it) for it in pods(cluster, "web")} == {f"docker.io/nginxinc/{NEWER}"}
    assert_rolled(cluster)

    assert set(root_program.destroy().changes) == {"delete"}
    assert cluster.kubectl("get", "namespace", NAMESPACE, check=False).startswith("Error from server (NotFound)")
    assert '"resources"' not in root_program.state()


def assert_restricted_and_ready(cluster: Cluster) -> None:
    labels = cluster.get("namespace", NAMESPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    for name, replicas in (("web", 2), ("api", 3), ("catalog", 2)):
        ready = [it for it in pods(cluster, name) if condition(it, "Ready") == "True"]
        assert len(ready) == replicas
        slices = cluster.get("endpointslices", "-n", NAMESPACE, "-l", f"kubernetes.io/service-name={name}")
        endpoints = [it for each in slices["items"] for it in each["endpoints"] if it["conditions"]["ready"]]
        assert len(endpoints) == replicas


def assert_rolled(cluster: Cluster) -> None:
    sets = cluster.get("replicasets", "-n", NAMESPACE, "-l", "app.kubernetes.io/name=web")["items"]
    assert sorted(it["spec"]["replicas"] for it in sets) == [0, 2], "the old pods gave way to the new ones"


def deployment(cluster: Cluster, name: str) -> dict[str, Any]:
    return cluster.get("deployment", name, "-n", NAMESPACE)


def pods(cluster: Cluster, name: str) -> list[dict[str, Any]]:
    found = cluster.get("pods", "-n", NAMESPACE, "-l", f"app.kubernetes.io/name={name}")["items"]
    return [it for it in found if "deletionTimestamp" not in it["metadata"]]


def image_of(pod: dict[str, Any]) -> str:
    return pod["spec"]["containers"][0]["image"]


def condition(pod: dict[str, Any], name: str) -> str:
    return next(it["status"] for it in pod["status"]["conditions"] if it["type"] == name)
