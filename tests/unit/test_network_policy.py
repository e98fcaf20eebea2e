"""Who may reach a WebService's pods, and whom they may reach."""

from typing import Any

import pulumi
import pytest
from pulumi_portico import IngressGateway, PublicLoadBalancer, WebService
from pulumi_portico.args.problems import Problems
from pulumi_portico.stack import build, check_stack
from pulumi_portico.testing import record
from pulumi_portico.web_service.validation import notes_of, parse_web_service

from tests.aws_balancers import calls, outputs
from tests.unit.web_services import IMAGE, template, web_service

ROLE = "arn:aws:iam::123456789012:role/web"
CLIENT = "00000000-0000-0000-0000-000000000000"


def pods(namespace: str, key: str, value: str) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": {key: value}},
    }


def both(*ports: int) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": protocol} for port in ports for protocol in ("UDP", "TCP")]


DNS = [
    {
        "to": [pods("kube-system", "k8s-app", "kube-dns"), pods("kube-system", "k8s-app", "node-local-dns")],
        "ports": both(53, 8053),
    },
    {"to": [pods("openshift-dns", "dns.operator.openshift.io/daemonset-dns", "default")], "ports": both(5353)},
    {
        "to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}, {"ipBlock": {"cidr": "169.254.169.254/32"}}],
        "ports": both(53),
    },
]


def policy(**args: Any) -> dict[str, Any]:
    return web_service(**args).manifest("NetworkPolicy")["spec"]


def test_by_default_nobody_gets_in_and_only_names_are_asked_for() -> None:
    recorded = web_service(selector={"app": "api"}, labels={"team": "shop"})
    spec = recorded.manifest("NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in spec
    assert spec["egress"] == DNS
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
        *DNS,
        {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"port": 5432, "protocol": "TCP"}]},
        # Every port: what the other's pods listen on is the other's business.
        {"to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "cache"}}}]},
    ]


def test_a_worker_is_reached_at_the_ports_that_a_peer_names() -> None:
    assert policy(port=None, ports={}, allow_from=[{"service": "web", "ports": [9090]}])["ingress"] == [
        {
            "from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}}}],
            "ports": [{"port": 9090, "protocol": "TCP"}],
        }
    ]


def test_further_dns_servers_are_allowed_at_the_ports_of_dns() -> None:
    dns = {"servers": [{"cidr": "10.96.0.10/32"}, {"namespace": "dns", "selector": {"app": "dns"}, "ports": [1053]}]}
    assert policy(dns=dns)["egress"] == [
        *DNS,
        {"to": [{"ipBlock": {"cidr": "10.96.0.10/32"}}], "ports": both(53)},
        {"to": [pods("dns", "app", "dns")], "ports": [{"port": 1053, "protocol": "TCP"}]},
    ]


@pytest.mark.parametrize(
    ("identity", "open_at"),
    [
        ({"aws_pod_identity": True}, [("169.254.170.23/32", 80), ("fd00:ec2::23/128", 80)]),
        ({"aws_role_arn": ROLE}, [("169.254.170.23/32", 80), ("fd00:ec2::23/128", 80)]),
        (
            {"gcp_service_account": "web@shop.iam.gserviceaccount.com"},
            [("169.254.169.254/32", 80), ("169.254.169.252/32", 988)],
        ),
        (
            {"annotations": {"iam.gke.io/gcp-service-account": "web@shop.iam.gserviceaccount.com"}},
            [("169.254.169.254/32", 80), ("169.254.169.252/32", 988)],
        ),
        ({"azure_client_id": CLIENT}, []),
        ({"token": True}, []),
    ],
)
def test_an_identity_opens_the_fixed_addresses_that_it_needs(identity: Any, open_at: Any) -> None:
    rules = policy(identity=identity)["egress"]
    assert rules[: len(DNS)] == DNS
    found = [(peer["ipBlock"]["cidr"], rule["ports"][0]["port"]) for rule in rules[len(DNS) :] for peer in rule["to"]]
    assert found == open_at


HTTPS = {"cidr": "0.0.0.0/0", "ports": [443]}


@pytest.mark.parametrize(
    ("args", "code", "location"),
    [
        ({"identity": {"token": True}}, "api-server-not-allowed", ("identity", "token")),
        ({"identity": {"aws_role_arn": ROLE}}, "token-service-not-allowed", ("identity", "aws_role_arn")),
        ({"identity": {"azure_client_id": CLIENT}}, "token-service-not-allowed", ("identity", "azure_client_id")),
        (
            {"identity": {"annotations": {"eks.amazonaws.com/role-arn": ROLE}}},
            "token-service-not-allowed",
            ("identity", "annotations", "eks.amazonaws.com/role-arn"),
        ),
    ],
)
def test_what_an_identity_needs_and_a_policy_cannot_open_is_noted(args: Any, code: str, location: Any) -> None:
    def notes(**more: Any) -> list[tuple[str, tuple[Any, ...]]]:
        problems = Problems("the service")
        spec = parse_web_service("api", {"image": IMAGE, "port": 8080, **args, **more}, problems)
        assert problems.found == []
        return [(note.code.name, tuple(note.location)) for note in notes_of(spec)]

    assert notes() == [(code, location)]
    assert notes(allow_to=[{"cidr": "10.0.0.0/8", "ports": [5432]}]) == [(code, location)]
    assert notes(allow_to=[{"cidr": "0.0.0.0/0", "ports": [443], "protocol": "UDP"}]) == [(code, location)]
    assert notes(allow_to=[HTTPS]) == notes(allow_to=[{"cidr": "10.0.0.0/8"}]) == []
    assert notes(network_policy=False) == []


def test_a_note_is_a_warning_of_the_component(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", lambda message, *_: warnings.append(message))
    web_service(identity={"token": True})
    assert any(warning.startswith("identity.token: ") for warning in warnings)


EXPOSURE: dict[str, Any] = {"scope": "internet", "platform": "gke", "allowedSources": ["0.0.0.0/0"]}
AWS: dict[str, Any] = {
    "kind": "application",
    "scope": "internet",
    "vpc": "vpc-0123456789abcdef0",
    "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "allowedSources": ["0.0.0.0/0"],
    "logs": {"access": False},
    "targets": {"web": {"target": {"service": "web"}}},
    "listeners": [{"port": 80, "protocol": "http", "target": "web"}],
}


def selected_by_policies(recorded: Any) -> list[str]:
    """The services whose pods a NetworkPolicy selects."""
    policies = [policy.manifest() for policy in recorded.all("NetworkPolicy")]
    return sorted(policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for policy in policies)


@pytest.mark.parametrize("has_policy", [True, False])
def test_what_leads_to_a_service_without_a_policy_adds_none(has_policy: bool) -> None:
    """Kubernetes rejects all other connections to pods that a policy selects, and everybody may connect to these."""
    web = {"image": IMAGE, "port": 8080, "networkPolicy": has_policy}
    values: dict[str, Any] = {
        "namespace": "shop",
        "services": {"web": web},
        "gateways": {
            "edge": {
                "exposure": EXPOSURE,
                "routes": [{"host": "shop.example.com", "target": {"service": "web"}}],
                "defaultBackend": {"service": "web"},
            }
        },
        "loadBalancers": {"front": {"target": {"service": "web"}, "exposure": EXPOSURE}},
        "awsLoadBalancers": {"alb": AWS},
    }
    plan = check_stack("dev", values)
    found = selected_by_policies(record(lambda: build(plan), calls=calls, outputs=outputs))
    # The gateway's controller has its own policy and that of its load balancer.
    assert found == ["edge", "edge", *(["web"] * 5 if has_policy else [])]


@pytest.mark.parametrize("has_policy", [True, False])
def test_a_program_passes_on_that_a_service_has_no_policy(has_policy: bool) -> None:
    exposure: Any = {"scope": "internet", "platform": "gke", "allowed_sources": ["0.0.0.0/0"]}

    def program() -> None:
        web = WebService("web", {"image": IMAGE, "port": 8080, "namespace": "shop", "network_policy": has_policy})
        assert web.target is not None
        PublicLoadBalancer("front", {"target": web.target, "exposure": exposure})
        IngressGateway("edge", {"exposure": exposure, "routes": [{"host": "a.example.com", "target": web.target}]})

    assert selected_by_policies(record(program)) == ["edge", "edge", *(["web"] * 3 if has_policy else [])]


def test_a_target_says_that_no_policy_selects_its_pods() -> None:
    target: Any = {"service": "legacy", "namespace": "old", "port": 80, "selector": {"app": "legacy"}}
    exposure: Any = {"scope": "internal", "platform": "gke"}

    def program(**fields: Any) -> PublicLoadBalancer:
        args: Any = {"target": {**target, **fields}, "exposure": exposure}
        return PublicLoadBalancer("front", args)

    assert len(record(program).all("NetworkPolicy")) == 1
    assert record(lambda: program(network_policy=False)).all("NetworkPolicy") == []
