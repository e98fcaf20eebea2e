"""Envoy Gateway against a real API server: statuses, changes under load, and what files can't have."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_api.cluster_mode import NAMESPACE, ClusterGateway, serve_in_cluster
from tests.gateway_api.manifests import HTTP_LISTENER, gateway, manifest, route, rule, service, to
from tests.gateway_api.messages import Response
from tests.gateway_api.serving import Certificates
from tools import build

pytestmark = pytest.mark.long

WITHIN = 20


def grant(name: str) -> Any:
    spec = {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Service", "name": "granted"}],
    }
    return manifest("gateway.networking.k8s.io/v1", "ReferenceGrant", name, spec, "other")


def team(selector: Mapping[str, str]) -> Mapping[str, Any]:
    return {"namespaces": {"from": "Selector", "selector": {"matchLabels": selector}}}


def listener_set() -> Any:
    listener = {"name": "extra", "port": 8090, "protocol": "HTTP", "hostname": "extra.example.com"}
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "edge", "namespace": "shop"}
    spec = {"parentRef": parent, "listeners": [listener]}
    return manifest("gateway.networking.k8s.io/v1", "ListenerSet", "extra", spec, "other")


def of_listener_set() -> Any:
    made = route("extra", ["extra.example.com"], rule("granted"), namespace="other")
    parent = {"group": "gateway.networking.k8s.io", "kind": "ListenerSet", "name": "extra", "sectionName": "extra"}
    return {**made, "spec": {**made["spec"], "parentRefs": [parent]}}


def manifests() -> list[Any]:
    selected = {**HTTP_LISTENER, "name": "selected", "port": 81, "allowedRoutes": team({"team": "other"})}
    by_label = route("labelled", ["labelled.example.com"], rule("granted"), section="selected", namespace="other")
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other", "labels": {"team": "other"}}},
        gateway(HTTP_LISTENER, selected, allowedListeners={"namespaces": {"from": "All"}}),
        *(service("web"), service("api"), service("granted", namespace="other")),
        route("web", ["web.example.com"], rule("web")),
        route("granted", ["granted.example.com"], rule(to("granted", namespace="other"))),
        grant("granted"),
        by_label,
        # Its namespace has no such label.
        route("unlabelled", ["unlabelled.example.com"], rule("web"), section="selected"),
        listener_set(),
        of_listener_set(),
    ]


@pytest.fixture(scope="module")
def served(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterGateway]:
    build.build(build.CLUSTER)
    folder: Path = tmp_path_factory.mktemp("cluster")
    with serve_in_cluster(manifests(), folder=folder, certificates=certificates) as gateway:
        yield gateway


def until(happens: Callable[[], bool]) -> float:
    """Wait, and tell for how many seconds."""
    started = time.monotonic()
    while not happens():
        assert time.monotonic() < started + WITHIN
        time.sleep(0.02)
    return time.monotonic() - started


def conditions(status: Mapping[str, Any]) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in status["conditions"]}


def test_the_statuses(served: ClusterGateway) -> None:
    status = served.cluster.get("gateway", "edge", "--namespace=shop")["status"]
    assert conditions(status) == {"Accepted": "True", "Programmed": "True"}
    (address,) = status["addresses"]
    assert (address["type"], address["value"].startswith("198.18.")) == ("IPAddress", True)
    for name, namespace in (("web", "shop"), ("granted", "shop"), ("labelled", "other"), ("extra", "other")):
        (parent,) = served.cluster.get("httproute", name, f"--namespace={namespace}")["status"]["parents"]
        assert conditions(parent) == {"Accepted": "True", "ResolvedRefs": "True"}
    (rejected,) = served.cluster.get("httproute", "unlabelled", "--namespace=shop")["status"]["parents"]
    assert conditions(rejected)["Accepted"] == "False"


def test_what_envoy_gateway_creates(served: ClusterGateway) -> None:
    owned = (
        "--selector=gateway.envoyproxy.io/owning-gateway-name=edge,gateway.envoyproxy.io/owning-gateway-namespace=shop"
    )
    (created,) = served.cluster.get("services", f"--namespace={NAMESPACE}", owned)["items"]
    assert created["spec"]["type"] == "LoadBalancer"
    assert {port["port"] for port in created["spec"]["ports"]} == {80, 81, 8090}
    (deployment,) = served.cluster.get("deployments", f"--namespace={NAMESPACE}", owned)["items"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert labels["gateway.envoyproxy.io/owning-gateway-name"] == "edge"


@pytest.mark.parametrize(
    ("host", "port", "name"),
    [
        ("web.example.com", 80, "shop/web:80"),
        ("granted.example.com", 80, "other/granted:80"),
        ("labelled.example.com", 81, "other/granted:80"),
        ("unlabelled.example.com", 81, ""),
        ("extra.example.com", 8090, "other/granted:80"),
        # The listener of a ListenerSet has another port.
        ("extra.example.com", 80, ""),
    ],
)
def test_requests(served: ClusterGateway, host: str, port: int, name: str) -> None:
    until(lambda: served.request(host, port=port).service == name)
    assert served.request(host, port=port).status == (200 if name else 404)


def test_the_same_manifests_change_nothing(served: ClusterGateway) -> None:
    def versions() -> Mapping[str, str]:
        listed = served.cluster.get(
            "gateways,httproutes,referencegrants,listenersets,deployments,services", "--all-namespaces"
        )
        return {
            f"{item['kind']} {item['metadata']['namespace']}/{item['metadata']['name']}": item["metadata"][
                "resourceVersion"
            ]
            for item in listed["items"]
        }

    before = versions()
    served.apply(manifests())
    time.sleep(1)
    assert versions() == before


def test_a_change_under_load_fails_no_request(served: ClusterGateway) -> None:
    responses: list[Response] = []
    sending = threading.Thread(
        target=lambda: responses.extend(served.requests("web.example.com", count=6000, at_once=4))
    )
    sending.start()
    served.cluster.apply(route("web", ["web.example.com"], rule("api")))
    sending.join()
    assert {response.status for response in responses} == {200}
    until(lambda: served.request("web.example.com").service == "shop/api:80")
    assert responses[0].service == "shop/web:80"


def test_a_grant_that_is_removed_ends_at_once(served: ClusterGateway) -> None:
    assert served.request("granted.example.com").status == 200
    served.delete("referencegrant", "granted", "other")
    until(lambda: served.request("granted.example.com").status == 500)
    served.cluster.apply(grant("granted"))
    until(lambda: served.request("granted.example.com").status == 200)


def test_a_deleted_route_is_not_found(served: ClusterGateway) -> None:
    served.delete("httproute", "labelled", "other")
    until(lambda: served.request("labelled.example.com", port=81).status == 404)


def test_a_deleted_gateway_leaves_nothing(served: ClusterGateway) -> None:
    served.delete("gateway", "edge", "shop")
    until(lambda: not served.deployments())
    left = served.cluster.get("services,configmaps,serviceaccounts", f"--namespace={NAMESPACE}")["items"]
    assert not [item["metadata"]["name"] for item in left if "envoy-shop-edge" in item["metadata"]["name"]]
