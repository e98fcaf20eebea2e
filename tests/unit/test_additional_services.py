"""Further Services of a WebService."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from pulumi_portico import ArgumentError, WebService
from pulumi_portico.cli.project import Stack
from pulumi_portico.cli.rendering.manifests import rendered_objects
from pulumi_portico.stack import build, check_stack, parts
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import record

from tests.problems import assert_fixes_work, assert_problem, problems_of_stack
from tests.unit.web_services import IMAGE, problems_with, web_service

WEB: dict[str, Any] = {"image": IMAGE, "port": 8080}
STATEFUL: dict[str, Any] = {"kind": "StatefulSet", "replicas": 3}
NAME = "app.kubernetes.io/name"


def services_of(**args: Any) -> dict[str, dict[str, Any]]:
    found = [manifest for manifest in web_service(**args).manifests() if manifest["kind"] == "Service"]
    return {manifest["metadata"]["name"]: manifest["spec"] for manifest in found}


def test_a_service_with_an_address_is_beside_a_headless_one() -> None:
    services = services_of(
        **STATEFUL,
        port=None,
        ports={"client": {"port": 2181}, "peer": {"port": 2888}},
        additional_services={"api-client": {"port_names": ["client"]}},
    )
    assert services["api"]["clusterIP"] == "None"
    assert "clusterIP" not in services["api-client"]
    assert services["api-client"]["selector"] == {NAME: "api"}
    assert [port["name"] for port in services["api-client"]["ports"]] == ["client"]


def test_each_pod_of_a_stateful_set_has_a_service() -> None:
    services = services_of(**STATEFUL, additional_services={"broker": {"per_pod": True, "publish_not_ready": True}})
    assert services.keys() == {"api", "broker-0", "broker-1", "broker-2"}
    pods = {name: spec["selector"].get("statefulset.kubernetes.io/pod-name") for name, spec in services.items()}
    assert pods == {"api": None, "broker-0": "api-0", "broker-1": "api-1", "broker-2": "api-2"}
    assert services["broker-1"]["publishNotReadyAddresses"] is True


def test_one_service_leads_to_several_workloads_by_their_labels() -> None:
    services = services_of(labels={"tier": "web"}, additional_services={"shop": {"selector": {"tier": "web"}}})
    assert services["shop"]["selector"] == {"tier": "web"}
    assert services["shop"]["ports"][0]["targetPort"] == "http", "other workloads can listen on other numbers"


PROBLEMS: list[tuple[dict[str, Any], str, tuple[Any, ...]]] = [
    ({"additional_services": {"api": {}}}, "additional-service-name", ("additional_services", "api")),
    ({"additional_services": {"A": {}}}, "invalid-service-name", ("additional_services", "A")),
    (
        {"port": None, "ports": {}, "additional_services": {"a": {}}},
        "additional-service-without-ports",
        ("additional_services", "a"),
    ),
    (
        {"additional_services": {"a": {"port_names": ["htpp"]}}},
        "unknown-port-name",
        ("additional_services", "a", "port_names", 0),
    ),
    ({"additional_services": {"a": {"per_pod": True}}}, "not-per-pod", ("additional_services", "a", "per_pod")),
    (
        {**STATEFUL, "additional_services": {"a" * 62: {"per_pod": True}}},
        "per-pod-name-too-long",
        ("additional_services", "a" * 62),
    ),
    (
        {"additional_services": {"a": {"selector": {"tier": "web"}}}},
        "selector-without-own-pods",
        ("additional_services", "a", "selector", "tier"),
    ),
    (
        {**STATEFUL, "additional_services": {"a": {"per_pod": True, "selector": {NAME: "api"}}}},
        "mutually-exclusive",
        ("additional_services", "a", "selector"),
    ),
]


@pytest.mark.parametrize(("fields", "code", "location"), PROBLEMS)
def test_what_cannot_work_is_a_problem(fields: Any, code: str, location: Any) -> None:
    args = {**WEB, **fields}
    assert_problem(problems_with(args), code, *location)
    assert_fixes_work(problems_with, args)


def test_two_services_of_a_stack_cannot_have_one_name() -> None:
    web = {**WEB, "additionalServices": {"other": {}}}
    with pytest.raises(ArgumentError) as caught:
        check_stack("dev", {"namespace": "shop", "services": {"web": web, "other": WEB}})
    assert_problem(
        caught.value.problems,
        "same-further-service",
        "services",
        "web",
        "additional_services",
        "other",
        other=("services", "other"),
    )


ZOOKEEPER: dict[str, Any] = {
    "image": IMAGE,
    "kind": "StatefulSet",
    "replicas": 2,
    "ports": {"client": {"port": 2181}, "peer": {"port": 2888}},
    "labels": {"tier": "store"},
    "additionalServices": {
        "zk-client": {"portNames": ["client"]},
        "zk-node": {"perPod": True},
        "stores": {"selector": {"tier": "store"}},
    },
    "allowFrom": [{"service": "web"}],
}


def stack_with(target: dict[str, Any], *peers: dict[str, Any], **zookeeper: Any) -> dict[str, Any]:
    gateway = {"upstream": {}, "routes": [{"host": "a.example.com", "target": target}]}
    services = {"zk": {**ZOOKEEPER, **zookeeper}, "web": {**WEB, "allowTo": list(peers)}}
    return {"namespace": "shop", "services": services, "gateways": {"edge": gateway}}


@pytest.mark.parametrize(
    ("target", "port", "selector"),
    [
        ({"service": "zk-client"}, 2181, {NAME: "zk"}),
        (
            {"service": "zk-node-1", "portName": "peer"},
            2888,
            {NAME: "zk", "statefulset.kubernetes.io/pod-name": "zk-1"},
        ),
        ({"service": "stores", "port": 2888}, 2888, {"tier": "store"}),
    ],
)
def test_a_route_leads_to_a_further_service(target: dict[str, Any], port: int, selector: dict[str, str]) -> None:
    plan = check_stack("dev", stack_with(target, allowFrom=[]))
    recorded = record(lambda: build(plan))
    ingresses = [manifest for manifest in recorded.manifests() if manifest["kind"] == "Ingress"]
    backends = [
        path["backend"]["service"]
        for ingress in ingresses
        for rule in ingress["spec"].get("rules", [])
        for path in rule.get("http", {}).get("paths", [])
    ]
    assert backends == [{"name": target["service"], "port": {"number": port}}]
    policies = [manifest["spec"] for manifest in recorded.manifests() if manifest["kind"] == "NetworkPolicy"]
    (opened,) = [policy for policy in policies if policy["podSelector"]["matchLabels"] == selector and _opens(policy)]
    assert opened["ingress"][0]["ports"] == [{"port": port, "protocol": "TCP"}]
    rendered = [one.manifest for one in rendered_objects(Stack("dev", "test", plan))]
    assert _connections(rendered) == _connections(recorded.manifests())
    (route,) = view_of(plan).routes
    assert route.action.backends[0].peer.name == "zk"


def _connections(manifests: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Any]:
    """What lets requests through, by kind and name."""
    kinds = ("Ingress", "NetworkPolicy")
    return {(one["kind"], one["metadata"]["name"]): one["spec"] for one in manifests if one["kind"] in kinds}


def _opens(policy: dict[str, Any]) -> bool:
    """Whether a policy is of what leads to pods: a service's own has a direction more."""
    return policy["policyTypes"] == ["Ingress"]


def test_a_load_balancer_leads_to_the_pods_of_a_further_service() -> None:
    exposure = {"scope": "internal", "platform": "gke"}
    balancers = {"lb": {"target": {"service": "zk-client"}, "exposure": exposure}}
    services = {"zk": {**ZOOKEEPER, "allowFrom": []}}
    plan = check_stack("dev", {"namespace": "shop", "services": services, "loadBalancers": balancers})
    manifests = record(lambda: build(plan)).manifests()
    (service,) = [one for one in manifests if one.get("spec", {}).get("type") == "LoadBalancer"]
    assert service["spec"]["selector"] == {NAME: "zk"}
    assert [one["port"] for one in service["spec"]["ports"]] == [2181]


@pytest.mark.parametrize(
    ("service", "labels"),
    [
        ("zk-client", {NAME: "zk"}),
        ("zk-node-0", {NAME: "zk", "statefulset.kubernetes.io/pod-name": "zk-0"}),
        ("stores", {"tier": "store"}),
    ],
)
def test_a_peer_names_a_further_service(service: str, labels: dict[str, str]) -> None:
    config = stack_with({"service": "web"}, {"service": service})
    plan = check_stack("dev", config)
    manifests = [one.manifest for one in rendered_objects(Stack("dev", "test", plan))]
    (policy,) = [
        one["spec"] for one in manifests if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == "web"
    ]
    assert {"to": [{"podSelector": {"matchLabels": labels}}]} in policy["egress"]
    # Both policies must allow the connection.
    problems = problems_of_stack(stack_with({"service": "web"}, {"service": service}, allowFrom=[]))
    at = ("services", "web", "allow_to", 0)
    location = (*at, "selector" if service == "stores" else "service")
    assert_problem(problems, "peer-does-not-allow-from", *location)


def test_the_number_of_peers_does_not_multiply_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    listed = parts.additional_services_of

    def counted(services: Mapping[str, Any]) -> Any:
        calls.append(len(services))
        return listed(services)

    monkeypatch.setattr(parts, "additional_services_of", counted)
    counts: list[int] = []
    for number in (2, 8):
        calls.clear()
        names = [f"api{each}" for each in range(number)]
        services: dict[str, Any] = {
            name: {
                **WEB,
                "allowTo": [{"service": f"{names[index - 1]}-more"}],
                "allowFrom": [{"service": names[(index + 1) % number]}],
                "additionalServices": {f"{name}-more": {}},
            }
            for index, name in enumerate(names)
        }
        check_stack("dev", {"namespace": "shop", "services": services})
        counts.append(len(calls))
    assert counts[0] == counts[1]


def test_a_port_that_a_further_service_does_not_offer_is_a_problem() -> None:
    problems = problems_of_stack(stack_with({"service": "zk-client", "portName": "peer"}))
    at = ("gateways", "edge", "routes", 0, "target", "port_name")
    assert_problem(problems, "unknown-port", *at, name="zk-client", ports=["client (2181)"])
    problems = problems_of_stack(stack_with({"service": "zk-clent"}))
    known = ["stores", "web", "zk", "zk-client", "zk-node-0", "zk-node-1"]
    found = assert_problem(problems, "unknown-service", "gateways", "edge", "routes", 0, "target", "service")
    assert sorted(found.params["known"]) == known


def test_a_program_has_the_targets_of_further_services() -> None:
    fields: Any = {"image": IMAGE, "port": 8080, "namespace": "shop", "additional_services": {"front": {}}}
    targets: list[Any] = []
    record(lambda: targets.append(WebService("api", fields).additional_targets))
    target = targets[0]["front"]["http"]
    assert (target["service"], target["port"], target["target_port"]) == ("front", 80, 8080)


def test_explain_lists_them() -> None:
    web = {**WEB, "additionalServices": {"front": {}}}
    view = view_of(check_stack("dev", {"namespace": "shop", "services": {"web": web}}))
    assert [(one.kind, one.name) for one in view.objects] == [("Service", "front")]
