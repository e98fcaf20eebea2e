"""NetworkPolicies on the real node, enforced by kube-router's firewall: connections that must pass, and that must not.

A stack's policies are rendered and applied, and one table of connections is sent. The same connections are sent again
after the policies are gone: all of them pass then, so each that the table denies is denied by a policy.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.node.outside import Client, client_outside
from tests.scoreboard.cases import render
from tools import build
from tools.node import NodeCluster
from tools.node_config import ECHO_IMAGE, NODE_ADDRESS
from tools.probe import Request
from tools.processes import wait_until

pytestmark = pytest.mark.node

# From the ranges that are for documentation (RFC 5737).
CLIENT, STRANGER = "203.0.113.9", "203.0.113.13"
_GATES = {CLIENT: "203.0.113.10", STRANGER: "203.0.113.14"}

_PODS_SECONDS = 90
_FIREWALL_SECONDS = 60


@dataclass(frozen=True)
class Connection:
    """A connection from a pod, by its key, or from an address outside; and what it connects to."""

    source: str
    to: str
    """The key of a pod, the name of a service, or what to resolve."""
    port: int = 8080
    """The port of the pod; 80 is the Service's, and 0 asks the cluster's DNS for the name."""


TABLE: Mapping[Connection, bool] = {
    # `allow_to` and `allow_from`: at the pods' port, through the Service and without it.
    Connection("web", "api", 80): True,
    Connection("web", "api"): True,
    Connection("open", "api", 80): False,
    Connection("open", "api"): False,
    # Only the port that both allow.
    Connection("web", "db", 9090): True,
    Connection("web", "db"): False,
    # Default deny, in both directions.
    Connection("lone", "open"): False,
    Connection("open", "lone"): False,
    Connection("open", "lone", 80): False,
    Connection("web", "open"): False,
    Connection("lone", "api", 80): False,
    # The reverse of what is allowed.
    Connection("api", "web"): False,
    # Other namespaces: the same labels there don't count.
    Connection("web elsewhere", "api"): False,
    Connection("web", "api elsewhere"): False,
    Connection("monitor elsewhere", "lone"): True,
    Connection("monitor elsewhere", "api"): False,
    Connection("stranger", "lone"): False,
    # The cluster's DNS: kube-dns, Gardener's port, NodeLocal DNSCache, OpenShift, and a server that the stack names.
    Connection("lone", "kube-dns", 53): True,
    Connection("lone", "gardener-dns", 8053): True,
    Connection("lone", "node-local-dns", 53): True,
    Connection("lone", "openshift-dns", 5353): True,
    Connection("lone", "false dns", 53): False,
    Connection("lone", "kube-dns"): False,
    Connection("lone", "kubernetes.default.svc.cluster.local", 0): True,
    Connection("plain", "kubernetes.default.svc.cluster.local", 0): False,
    # A gateway's controller, at the pods of its routes.
    Connection("controller", "api"): True,
    Connection("controller", "api", 80): True,
    Connection("controller", "web"): False,
    Connection("not the controller", "api"): False,
    # Load balancers: through the balancer's address, and at the pods themselves.
    Connection(CLIENT, "balancer of hidden"): True,
    Connection(CLIENT, "balancer of kept"): True,
    Connection(CLIENT, "hidden"): True,
    Connection(CLIENT, "kept"): True,
    Connection(STRANGER, "hidden"): False,
    Connection(STRANGER, "kept"): False,
    Connection(CLIENT, "api"): False,
    # Without a policy.
    Connection(CLIENT, "open"): True,
    Connection("stranger", "open"): True,
}
"""Each connection, and whether it must pass."""


def service(**args: Any) -> dict[str, Any]:
    return {
        "image": ECHO_IMAGE,
        "port": 8080,
        "replicas": 1,
        "drain": 0,
        "shutdown": 1,
        "resources": {"cpu": 0.01, "memory": 32},
        **args,
    }


def balancer(name: str, client_ip: str) -> dict[str, Any]:
    exposure = {"scope": "internet", "platform": "generic", "allowedSources": [f"{CLIENT}/32"], "clientIp": client_ip}
    return {"target": {"service": name}, "exposure": exposure}


def stack(namespace: str, elsewhere: str) -> dict[str, Any]:
    controller = {"namespace": elsewhere, "selector": {"app": "controller"}}
    ports = {"http": {"port": 8080}, "admin": {"port": 9090}}
    return {
        "namespace": namespace,
        # The cluster's DNS is a process on the node here.
        "dns": {"servers": [{"cidr": f"{NODE_ADDRESS}/32"}]},
        "services": {
            "web": service(allowTo=[{"service": "api", "ports": [8080]}, {"service": "db"}]),
            "api": service(allowFrom=[{"service": "web", "ports": [8080]}]),
            "db": service(
                port=None, ports=ports, env={"TLS_PORT": "9090"}, allowFrom=[{"service": "web", "ports": [9090]}]
            ),
            "lone": service(allowFrom=[{"namespace": elsewhere, "selector": {"app": "monitor"}}]),
            "plain": service(dns={"servers": []}),
            "open": service(networkPolicy=False),
            "hidden": service(),
            "kept": service(),
        },
        "gateways": {
            "edge": {
                "controller": "generic",
                "className": "edge",
                "namespace": namespace,
                "controllerPeers": [controller],
                "routes": [{"host": "shop.example.com", "target": {"service": "api"}}],
            }
        },
        "loadBalancers": {"to-hidden": balancer("hidden", "hide"), "to-kept": balancer("kept", "preserve")},
    }


def pod(name: str, namespace: str, labels: Mapping[str, str], port: int = 8080) -> dict[str, Any]:
    """A pod that isn't a WebService's, and that listens on a port, and on 8080."""
    security = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {
        "name": "echo",
        "image": ECHO_IMAGE,
        "env": [
            {"name": "PORT", "value": str(port)},
            *([{"name": "TLS_PORT", "value": "8080"}] if port != 8080 else []),
        ],
        "securityContext": security,
    }
    low_ports = {"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]}
    spec = {"containers": [container], "securityContext": low_ports, "terminationGracePeriodSeconds": 1}
    metadata = {"name": name, "namespace": namespace, "labels": dict(labels)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def bystanders(namespace: str, elsewhere: str) -> dict[str, dict[str, Any]]:
    name = "app.kubernetes.io/name"
    kube_dns = {"k8s-app": "kube-dns"}
    openshift = {"dns.operator.openshift.io/daemonset-dns": "default"}
    return {
        "stranger": pod("stranger", namespace, {"app": "stranger"}),
        "false dns": pod("false-dns", namespace, kube_dns, 53),
        "web elsewhere": pod("web", elsewhere, {name: "web"}),
        "api elsewhere": pod("api", elsewhere, {name: "api"}),
        "monitor elsewhere": pod("monitor", elsewhere, {"app": "monitor"}),
        "controller": pod("controller", elsewhere, {"app": "controller"}),
        "not the controller": pod("other", elsewhere, {"app": "other"}),
        "kube-dns": pod(f"dns-{namespace}", "kube-system", kube_dns, 53),
        "gardener-dns": pod(f"gardener-dns-{namespace}", "kube-system", kube_dns, 8053),
        "node-local-dns": pod(f"node-local-dns-{namespace}", "kube-system", {"k8s-app": "node-local-dns"}, 53),
        "openshift-dns": pod(f"dns-{namespace}", "openshift-dns", openshift, 5353),
    }


class Rig:
    """The stack's pods, the bystanders, and the clients outside."""

    def __init__(self, node: NodeCluster, namespace: str, clients: Mapping[str, Client]) -> None:
        self._node = node
        self.namespace = namespace
        self._clients = clients
        self.addresses: dict[str, str] = {}

    def wait(self, services: Mapping[str, Any], others: Mapping[str, dict[str, Any]]) -> None:
        """Wait until every pod is ready and every load balancer has its address."""
        for key, manifest in others.items():
            name, namespace = manifest["metadata"]["name"], manifest["metadata"]["namespace"]
            where = (f"pod/{name}", "-n", namespace)
            self._node.kubectl("wait", "--for=condition=Ready", *where, f"--timeout={_PODS_SECONDS}s")
            self.addresses[key] = self._node.get(*where)["status"]["podIP"]
        for name in services:
            self._node.kubectl(
                *("rollout", "status", f"deployment/{name}", "-n", self.namespace, f"--timeout={_PODS_SECONDS}s")
            )
            (found,) = self._node.pods(self.namespace, f"app.kubernetes.io/name={name}").values()
            self.addresses[name] = found["status"]["podIP"]
        wait_until("the load balancers have addresses", self._find_balancers, seconds=_PODS_SECONDS)

    def _find_balancers(self) -> bool:
        found = self._node.get("services", "-n", self.namespace)["items"]
        self.addresses.update({f"service {it['metadata']['name']}": it["spec"]["clusterIP"] for it in found})
        balancers = [it for it in found if it["spec"]["type"] == "LoadBalancer"]
        for it in balancers:
            ingress = it["status"]["loadBalancer"].get("ingress")
            if not ingress:
                return False
            self.addresses[f"balancer of {it['spec']['selector']['app.kubernetes.io/name']}"] = ingress[0]["ip"]
        return bool(balancers)

    def send(self) -> dict[Connection, bool]:
        """Which connections of the table pass. One can only fail in the middle: the node reaches every pod."""
        outside = {connection: self._clients[connection.source] for connection in TABLE if connection.source in _GATES}
        passed = {it: client.ask(self._url(it), timeout=2)[0].ok for it, client in outside.items()}
        inside = [connection for connection in TABLE if connection not in outside]
        for connection, answer in zip(inside, self._node.ask(*map(self._request, inside)), strict=True):
            assert answer.status in (200, 502), f"{connection.source} itself isn't reached: {answer}"
            passed[connection] = answer.status == 200
        return passed

    def _request(self, connection: Connection) -> Request:
        """What asks the source for the connection."""
        question = f"resolve?name={connection.to}"
        if connection.port != 0:
            question = f"fetch?url={quote(self._url(connection), safe='')}"
        return Request(f"http://{self.addresses[connection.source]}:8080/{question}", timeout=8)

    def _url(self, connection: Connection) -> str:
        if connection.to.startswith("balancer of "):
            return f"http://{self.addresses[connection.to]}/"
        if connection.port == 80:
            return f"http://{self.addresses[f'service {connection.to}']}/"
        return f"http://{self.addresses[connection.to]}:{connection.port}/"


@pytest.fixture
def rig(node: NodeCluster) -> Generator[Rig]:
    namespace, elsewhere = (f"test-{secrets.token_hex(4)}" for _ in range(2))
    values, others = stack(namespace, elsewhere), bystanders(namespace, elsewhere)
    more = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in (elsewhere, "openshift-dns")
    ]
    manifests = render(values)
    with ExitStack() as cleanup:
        clients = {
            address: cleanup.enter_context(client_outside(node, address, gate)) for address, gate in _GATES.items()
        }
        namespaces = [it for it in manifests if it["kind"] == "Namespace"]
        node.apply(*namespaces, *more)
        for name in (namespace, elsewhere, "openshift-dns"):
            cleanup.callback(node.kubectl, "delete", "namespace", name, "--wait=false")
            node.kubectl("wait", "--for=create", "serviceaccount/default", "-n", name, "--timeout=20s")
        for other in others.values():
            where = (other["metadata"]["name"], "-n", other["metadata"]["namespace"])
            cleanup.callback(node.kubectl, "delete", "pod", *where, "--wait=false", "--grace-period=1")
        cleanup.callback(node.kubectl, "delete", "services", "-n", namespace, "--all")
        node.apply(*others.values(), *(it for it in manifests if it["kind"] != "Namespace"))
        made = Rig(node, namespace, clients)
        made.wait(values["services"], others)
        yield made


def test_connections_pass_exactly_where_the_policies_allow_them(node: NodeCluster, rig: Rig) -> None:
    build.build(["kube-router"])
    allowed = sum(TABLE.values())
    with node.enforcing_policies():
        found: dict[Connection, bool] = {}

        def settled() -> bool:
            found.update(rig.send())
            return found == TABLE

        try:
            wait_until("the firewall enforces the policies", settled, seconds=_FIREWALL_SECONDS)
        finally:
            wrong = {connection: passes for connection, passes in found.items() if passes != TABLE[connection]}
            assert not wrong, f"{len(wrong)} of {len(TABLE)} connections: {wrong}"
        print(f"{allowed} connections pass, {len(TABLE) - allowed} are denied")

        # Without the policies, every connection passes: nothing else denies one.
        node.kubectl("delete", "networkpolicies", "-n", rig.namespace, "--all")

        def open_to_all() -> bool:
            found.update(rig.send())
            return all(found.values())

        wait_until("every connection passes without the policies", open_to_all, seconds=_FIREWALL_SECONDS)

    # And without the firewall, the node is as it was.
    assert all(rig.send().values())
    assert "KUBE-ROUTER" not in node.run_in("iptables", "--list-rules").stdout
