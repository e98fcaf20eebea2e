"""Whom the NetworkPolicies of WebServices let connect to whom, computed from the live policies and the live pods.

This shows that the objects, as the API server stores them, select the pods that they should.
test_network_policy_enforcement.py sends connections through a firewall that enforces them.
"""

import ipaddress
from collections.abc import Callable, Generator
from itertools import product
from typing import Any, NamedTuple

import pytest

from tests.pulumi_program import PulumiProgram
from tests.support import make_namespace
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE

pytestmark = pytest.mark.node

PROGRAM = """\
from pulumi_portico import WebService

every = {
    "image": %r,
    "port": 8080,
    "namespace": %r,
    "replicas": 1,
    "drain": 1,
    "health": {"path": "/ready"},
    "resources": {"cpu": 0.01, "memory": 32},
}
WebService("api", {**every, "allow_from": [{"service": "web"}]})
WebService("web", {**every, "allow_to": [{"service": "api"}]})
"""

HTTP, OTHER, DNS_UDP, DNS_TCP = (8080, "TCP"), (9000, "TCP"), (53, "UDP"), (53, "TCP")
PORTS = (HTTP, OTHER, DNS_UDP, DNS_TCP)
DNS_LABELS = {"k8s-app": "kube-dns"}


class Way(NamedTuple):
    """A connection: from one pod to another's port."""

    source: str
    to: str
    port: tuple[int, str]


class Policies:
    """What NetworkPolicies say of connections between pods, as their API reference has it."""

    def __init__(self, policies: list[Any], namespaces: list[Any]) -> None:
        self.policies = policies
        self.labels = {it["metadata"]["name"]: it["metadata"]["labels"] for it in namespaces}

    def let(self, source: Any, to: Any, port: tuple[int, str]) -> bool:
        """Whether both ends let the connection be."""
        return self._lets("Egress", source, to, port) and self._lets("Ingress", to, source, port)

    def of(self, pod: Any) -> list[Any]:
        """The policies that select the pod."""
        namespace, labels = pod["metadata"]["namespace"], pod["metadata"]["labels"]
        mine = [it for it in self.policies if it["metadata"]["namespace"] == namespace]
        return [it for it in mine if self._selects(it["spec"]["podSelector"], labels)]

    def _lets(self, direction: str, pod: Any, peer: Any, port: tuple[int, str]) -> bool:
        # Policies add up; a pod that none speaks of in this direction is open.
        specs = [it["spec"] for it in self.of(pod) if direction in it["spec"]["policyTypes"]]
        rules = [rule for spec in specs for rule in spec.get(direction.lower(), [])]
        side = "to" if direction == "Egress" else "from"
        return not specs or any(
            self._has_peer(rule.get(side, []), pod, peer) and self._has_port(rule.get("ports", []), port)
            for rule in rules
        )

    def _has_port(self, ports: list[Any], port: tuple[int, str]) -> bool:
        # No list of ports is every port. Names and ranges are not used.
        return not ports or any((it["port"], it["protocol"]) == port and "endPort" not in it for it in ports)

    def _has_peer(self, peers: list[Any], pod: Any, peer: Any) -> bool:
        return not peers or any(self._is_peer(it, pod, peer) for it in peers)

    def _is_peer(self, named: Any, pod: Any, peer: Any) -> bool:
        if "ipBlock" in named:
            block, address = named["ipBlock"], ipaddress.ip_address(peer["status"]["podIP"])
            inside = [address in ipaddress.ip_network(it) for it in (block["cidr"], *block.get("except", []))]
            return inside[0] and not any(inside[1:])
        namespace = peer["metadata"]["namespace"]
        if "namespaceSelector" in named:
            near = self._selects(named["namespaceSelector"], self.labels[namespace])
        else:
            near = namespace == pod["metadata"]["namespace"]
        return near and self._selects(named.get("podSelector", {}), peer["metadata"]["labels"])

    def _selects(self, selector: Any, labels: Any) -> bool:
        assert set(selector) <= {"matchLabels"}, "expressions are not used, and not understood here"
        return selector.get("matchLabels", {}).items() <= labels.items()


def bystander(name: str, namespace: str, labels: dict[str, str]) -> dict[str, Any]:
    """A pod that is none of a WebService's."""
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": "bystander", "image": ECHO_IMAGE, "securityContext": security}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


Add = Callable[..., None]


@pytest.fixture
def add(node: NodeCluster) -> Generator[Add]:
    """Add pods, which are gone after the test in whatever namespace they are."""
    added: list[dict[str, Any]] = []

    def apply(*pods: dict[str, Any]) -> None:
        added.extend(pods)
        node.apply(*pods)

    yield apply
    for pod in added:
        name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
        node.kubectl("delete", "pod", name, "-n", namespace, "--wait=false", "--ignore-not-found")


@pytest.fixture
def elsewhere(node: NodeCluster) -> Generator[str]:
    """Another namespace."""
    name = make_namespace(node)
    yield name
    node.kubectl("delete", "namespace", name, "--wait=false")


def test_policies_let_in_and_out_who_is_named(
    node: NodeCluster, node_namespace: str, elsewhere: str, program: PulumiProgram, add: Add
) -> None:
    # The cluster's DNS is a process on the node here. In a cluster it is pods with this label in
    # kube-system, so a pod with both stands for them.
    bystanders = {
        "stranger": bystander("stranger", node_namespace, {"app.kubernetes.io/name": "stranger"}),
        "web elsewhere": bystander("web", elsewhere, {"app.kubernetes.io/name": "web"}),
        "dns": bystander(f"dns-of-{node_namespace}", "kube-system", DNS_LABELS),
        "dns elsewhere": bystander("dns", elsewhere, DNS_LABELS),
        "false dns": bystander("dns", node_namespace, DNS_LABELS),
    }
    add(*bystanders.values())
    program.write(PROGRAM % (ECHO_IMAGE, node_namespace))
    program.up()

    pods: dict[str, Any] = {}
    for name in ("api", "web"):
        (pods[name],) = node.pods(node_namespace, f"app.kubernetes.io/name={name}").values()
    for name, pod in bystanders.items():
        where = (f"pod/{pod['metadata']['name']}", "-n", pod["metadata"]["namespace"])
        node.kubectl("wait", "--for=condition=Ready", *where, "--timeout=30s")
        pods[name] = node.get(*where)

    policies = Policies(node.get("networkpolicies", "-A")["items"], node.get("namespaces")["items"])
    assert {name: [it["metadata"]["name"] for it in policies.of(pod)] for name, pod in pods.items()} == {
        "api": ["api"],
        "web": ["web"],
        **{name: [] for name in bystanders},
    }

    ways = {Way(*it) for it in product(pods, pods, PORTS) if it[0] != it[1]}
    let = {it for it in ways if policies.let(pods[it.source], pods[it.to], it.port)}
    assert let == {
        # What the services were told, and what each of them always has; nobody else gets in or is reached.
        Way("web", "api", HTTP),
        *(Way(*it) for it in product(("api", "web"), ("dns",), (DNS_UDP, DNS_TCP))),
        # The rest have no policy, and are none of theirs.
        *(it for it in ways if it.source in bystanders and it.to in bystanders),
    }
