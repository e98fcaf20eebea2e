"""Who may reach a WebService's pods, and whom they may reach."""

from typing import Any

import pulumi

from tests.unit.web_services import template, web_service

DNS = {
    "to": [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        },
        {"ipBlock": {"cidr": "169.254.20.10/32"}},
    ],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}


def policy(**args: Any) -> dict[str, Any]:
    return web_service(**args).manifest("NetworkPolicy")["spec"]


def test_by_default_nobody_gets_in_and_only_names_are_asked_for() -> None:
    recorded = web_service(selector={"app": "api"}, labels={"team": "shop"})
    spec = recorded.manifest("NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in spec
    assert spec["egress"] == [DNS]
    assert spec["podSelector"]["matchLabels"].items() <= template(recorded)["metadata"]["labels"].items()
    assert spec["podSelector"] == {"matchLabels": {"app": "api"}}


def test_peers_are_let_in_at_the_pods_own_ports() -> None:
    ports = {"http": {"port": 8080, "service_port": 80}, "dns": {"port": 5353, "service_port": 53, "protocol": "UDP"}}
    (rule,) = policy(port=None, ports=ports, allow_from=[{"service": "web"}])["ingress"]
    # Policies see what has passed the Service: 8080, not 80.
    assert rule == {
        "from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}}}],
        "ports": [{"port": 5353, "protocol": "UDP"}, {"port": 8080, "protocol": "TCP"}],
    }


def test_every_peer_is_named_as_kubernetes_names_it() -> None:
    rules = policy(
        allow_from=[
            {"service": "web", "namespace": pulumi.Output.from_input("front")},
            {"selector": {"app": pulumi.Output.from_input("cron")}},
            {"namespace": "monitoring", "ports": [9100]},
            {"any_namespace": True, "selector": {"app": "prometheus"}},
            {"any_namespace": True},
            {"cidr": "10.0.0.0/8", "cidr_except": ["10.1.0.0/16"], "ports": [53], "protocol": "UDP"},
        ]
    )["ingress"]
    assert [rule["from"] for rule in rules] == [
        [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "front"}},
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}},
            }
        ],
        [{"podSelector": {"matchLabels": {"app": "cron"}}}],
        [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
        [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "prometheus"}}}],
        [{"namespaceSelector": {}}],
        [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}],
    ]
    assert rules[2]["ports"] == [{"port": 9100, "protocol": "TCP"}]
    assert rules[5]["ports"] == [{"port": 53, "protocol": "UDP"}]


def test_pods_reach_whom_they_are_told_to_and_always_the_dns() -> None:
    rules = policy(allow_to=[{"cidr": "192.0.2.0/24", "ports": [5432]}, {"service": "cache"}])["egress"]
    assert rules == [
        DNS,
        {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 5432, "protocol": "TCP"}]},
        # Every port: what the other's pods listen on is the other's business.
        {"to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "cache"}}}]},
    ]


def test_a_worker_is_reached_at_any_port_by_those_that_it_lets_in() -> None:
    assert policy(port=None, ports={}, allow_from=[{"service": "web"}])["ingress"] == [
        {"from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}}}]}
    ]
