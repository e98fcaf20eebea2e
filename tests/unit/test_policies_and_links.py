"""Every port that a NetworkPolicy opens to somebody is in a link of the stack's view, and no link claims another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pulumi_portico.stack import StackPlan, check_stack
from pulumi_portico.stack.objects import objects_of
from pulumi_portico.stack.view import LinkKind, LinkView, PeerKind, PeerView
from pulumi_portico.stack.views import view_of

NAME = "app.kubernetes.io/name"
API: dict[str, Any] = {"image": "api:1", "port": 8080, "drain": 70}
PUBLIC: dict[str, Any] = {"scope": "internet", "allowedSources": ["203.0.113.0/24"]}
ROUTE: dict[str, Any] = {"host": "a.example.com", "target": {"service": "api"}}
HAND: dict[str, Any] = {"service": "own", "namespace": "shop", "port": 81, "selector": {NAME: "api"}}
EXISTING: dict[str, Any] = {"install": False, "className": "edge", "namespace": "ingress"}


def services(**named: Any) -> dict[str, Any]:
    return {"namespace": "shop", "services": {name: {**API, **fields} for name, fields in named.items()}}


def api(**fields: Any) -> dict[str, Any]:
    return services(api=fields)


def gateway(*routes: Any, **fields: Any) -> dict[str, Any]:
    edge = {"upstream": {}, "crds": {"installed": True}, "tls": {"a.example.com": {"secret": "a"}}, "routes": routes}
    return {**api(), "gateways": {"edge": {**edge, **fields}}}


def existing(peers: Any, *routes: Any, **fields: Any) -> dict[str, Any]:
    return gateway(*routes, upstream=None, **EXISTING, controllerPeers=peers, **fields)


def balancer(exposure: Any, target: Any = None, **fields: Any) -> dict[str, Any]:
    made = {"target": target or {"service": "api"}, "exposure": {**PUBLIC, **exposure}, **fields}
    return {**api(), "loadBalancers": {"lb": made}}


def aws(kind: str, protocol: str, target: Any, listener: Any = None, **fields: Any) -> dict[str, Any]:
    made = {
        "kind": kind,
        "scope": "internet",
        "vpc": "vpc-0123456789abcdef0",
        "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "allowedSources": ["203.0.113.0/24"],
        "targets": {"api": {"target": {"service": "api"}, **target}},
        "listeners": [{"port": 80, "protocol": protocol, "target": "api", **(listener or {})}],
        **fields,
    }
    return {**api(), "awsLoadBalancers": {"front": made}}


DNS = {"dns": {"port": 5353, "servicePort": 53, "protocol": "UDP"}}
PLATFORMS = ("aws-controller", "aws-legacy", "eks-auto-mode", "gke", "azure", "generic")
STACKS: dict[str, dict[str, Any]] = {
    "nothing": api(),
    "several ports": api(port=None, ports={"http": {"port": 8080}, **DNS}, allowFrom=[{"namespace": "other"}]),
    "peers": services(
        api={"allowFrom": [{"service": "web"}, {"cidr": "10.0.0.0/8", "ports": [9000]}]},
        web={"allowTo": [{"service": "api"}, {"cidr": "0.0.0.0/0"}]},
    ),
    "labels": services(
        api={"allowFrom": [{"selector": {"team": "a"}}]},
        web={"allowTo": [{"service": "api"}], "extra": {"metadata": {"labels": {"team": "a"}}}},
    ),
    "every namespace": api(allowFrom=[{"anyNamespace": True}], allowTo=[{"anyNamespace": True}]),
    "worker": api(port=None, ports={}, allowFrom=[{"namespace": "monitoring", "ports": [9090]}]),
    "stateful set": api(kind="StatefulSet", allowFrom=[{"namespace": "other"}]),
    "host network": {
        **api(kind="DaemonSet", networkPolicy=False, security={"hostNetwork": True}),
        "podSecurity": "privileged",
    },
    "routes": gateway(ROUTE),
    "default backend": gateway(defaultBackend={"service": "api"}),
    "route to another Service": gateway({**ROUTE, "target": HAND}),
    "default backend of another Service": gateway(
        defaultBackend={**HAND, "port": None, "portName": "x", "targetPort": 9}
    ),
    "service by its namespace": gateway({**ROUTE, "target": {"service": "api", "namespace": "shop", "port": 80}}),
    "service by its namespace and port": gateway(
        {**ROUTE, "target": {"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080}}
    ),
    "external service": gateway({**ROUTE, "target": {"service": "old", "namespace": "old", "portName": "http"}}),
    "upstream": gateway(ROUTE, upstream={"sources": ["10.0.0.0/8"]}),
    "metrics": gateway(ROUTE, installation={"metricsFrom": [{"namespace": "monitoring"}, {"cidr": "10.1.0.0/16"}]}),
    "ingress-nginx": gateway(
        ROUTE, controller="ingress-nginx", crds=None, installation={"metricsFrom": [{"namespace": "m"}]}
    ),
    "own namespace": {
        **gateway(ROUTE, namespace="shop", installation={"metricsFrom": [{"service": "api"}]}),
        **api(allowTo=[{"service": "edge", "namespace": "shop"}]),
    },
    "existing controller": existing([{"namespace": "ingress"}], ROUTE),
    "existing controller at addresses": existing([{"cidr": "10.0.0.0/8"}], {**ROUTE, "target": HAND}),
    "closed controller": existing([], ROUTE),
    **{f"load balancer on {name}": balancer({"platform": name}) for name in PLATFORMS if name != "aws-legacy"},
    **{f"everyone on {name}": balancer({"platform": name, "allowedSources": ["0.0.0.0/0"]}) for name in PLATFORMS},
    **{f"preserved on {name}": balancer({"platform": name, "clientIp": "preserve"}) for name in PLATFORMS},
    **{
        f"internal on {name}": balancer(
            {"platform": name, "scope": "internal", "allowedSources": ["10.0.0.0/8"], "clientIp": "preserve"}
        )
        for name in PLATFORMS
        if name != "generic"
    },
    **{
        f"own ports on {name}": {
            **balancer(
                {"platform": name, "clientIp": "preserve"},
                ports={"a": {"port": 81, "targetPort": 8081}, "b": {"port": 82}},
            ),
            **services(api={"port": None, "ports": {"http": {"port": 8080}, "a": {"port": 8081}, "b": {"port": 82}}}),
        }
        for name in PLATFORMS
    },
    "health port": balancer({"platform": "aws-controller", "health": {"port": 9000}}),
    "load balancer of another Service": balancer({"platform": "gke"}, HAND),
    "load balancer of one pod": {
        **balancer({"platform": "gke"}, {**HAND, "selector": {NAME: "api", "apps.kubernetes.io/pod-index": "0"}}),
        **api(kind="StatefulSet"),
    },
    "load balancer of a gateway": {
        **gateway(ROUTE),
        "loadBalancers": {"lb": {"target": {"gateway": "edge"}, "exposure": {**PUBLIC, "platform": "gke"}}},
    },
    "load balancer of a gateway's pods": {
        **gateway(ROUTE),
        "loadBalancers": {
            "lb": {
                "target": {"service": "own", "namespace": "edge", "port": 443, "selector": {NAME: "edge"}},
                "exposure": {**PUBLIC, "platform": "gke"},
            }
        },
    },
    "application load balancer": aws("application", "http", {}),
    "network load balancer": aws("network", "tcp", {}),
    "health port on AWS": aws("network", "tcp", {"health": {"port": 9000}}),
    "both protocols on AWS": aws("network", "tcp-udp", {"protocol": "tcp-udp", "health": {"port": 9000}}),
    "preserved on AWS": aws("network", "tcp", {"clientIp": "preserve"}),
    "another Service on AWS": aws("application", "http", {"target": HAND}),
    "own service by its namespace on AWS": aws(
        "application", "http", {"target": {"service": "api", "namespace": "shop", "port": 80, "targetPort": 8080}}
    ),
}

Opened = set[tuple[PeerView, Any, str]]
"""The ports of components, each with its protocol; the port is None for every port."""


def components(plan: StackPlan) -> Iterator[tuple[PeerView, str, Mapping[str, str]]]:
    """The components with pods, each with their namespace and their labels, as the rendered workloads have them."""
    for component in objects_of(plan):
        kind = {"portico:index:WebService": PeerKind.SERVICE, "portico:index:IngressGateway": PeerKind.GATEWAY}
        for described in component.objects:
            manifest = described.manifest
            if manifest.get("kind") in ("Deployment", "StatefulSet", "DaemonSet"):
                metadata = manifest["spec"]["template"]["metadata"]
                yield (
                    PeerView(kind[component.type], component.name),
                    manifest["metadata"]["namespace"],
                    metadata["labels"],
                )


def is_selected(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(key == "apps.kubernetes.io/pod-index" or labels.get(key) == value for key, value in selector.items())


def opened_by_policies(plan: StackPlan) -> Opened:
    found: Opened = set()
    pods = list(components(plan))
    for component in objects_of(plan):
        for described in component.objects:
            manifest = described.manifest
            if manifest.get("kind") != "NetworkPolicy":
                continue
            selector, namespace = manifest["spec"]["podSelector"]["matchLabels"], manifest["metadata"]["namespace"]
            selected = [peer for peer, where, labels in pods if where == namespace and is_selected(selector, labels)]
            for rule in manifest["spec"].get("ingress", ()):
                ports = [(port["port"], port["protocol"]) for port in rule.get("ports", ())] or [(None, "")]
                found |= {(peer, port, protocol) for peer in selected for port, protocol in ports}
    return found


def ports_of(link: LinkView) -> list[tuple[Any, str]]:
    return [(port.number, port.protocol) for port in link.ports] or [(None, "")]


def opened_by_links(plan: StackPlan) -> Opened:
    known = {peer for peer, _, _ in components(plan)}
    links = [link for link in view_of(plan).links if link.kind is not LinkKind.UNRESTRICTED and link.target in known]
    return {(link.target, port, protocol) for link in links for port, protocol in ports_of(link)}


@pytest.mark.parametrize("name", STACKS)
def test_links_have_the_ports_that_policies_open(name: str) -> None:
    plan = check_stack("dev", STACKS[name])
    assert opened_by_links(plan) == opened_by_policies(plan)
    assert not any(port is None for _, port, _ in opened_by_policies(plan))
