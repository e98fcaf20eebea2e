"""Who may reach pods, and whom they may reach: NetworkPolicies, and the peers that they name.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.

Policies add up: one that a gateway or a balancer makes for its target widens what the
target's own allows. They are kept by the cluster's network plugin, where it has them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Optional

import pulumi

from ._typing import NotRequired, TypedDict
from .args.names import dns_label, label_key, label_value, port_number, service_name
from .args.shapes import listed, mapped
from .args.values import cidr
from .checks import Field, Rules
from .errors import Problems, Refusal
from .target import Protocol

__all__ = [
    "NAME_LABEL",
    "RULES",
    "Peer",
    "PodPort",
    "build_egress",
    "build_ingress",
    "build_network_policy",
    "check_peers",
]

PodPort = tuple[Any, str]
"""A port that pods listen on, and its transport."""

NAME_LABEL = "app.kubernetes.io/name"
"""The label by which a WebService's pods are found where it has no selector of its own, and a peer by its name."""

_NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Set on every namespace by Kubernetes itself (1.22 and newer)."""

_DNS_PORTS: Sequence[PodPort] = ((53, Protocol.UDP.value), (53, Protocol.TCP.value))
_DNS_PODS = {
    "namespaceSelector": {"matchLabels": {_NAMESPACE_LABEL: "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
_NODE_LOCAL_DNS = {"ipBlock": {"cidr": "169.254.20.10/32"}}
"""Where NodeLocal DNSCache listens (Kubernetes documentation, "Using NodeLocal DNSCache in Kubernetes Clusters")."""


class Peer(TypedDict):
    """The other end of a connection: pods by name or by labels, every pod of a namespace, or addresses."""

    service: NotRequired[pulumi.Input[str]]
    """The pods of the WebService with this name, which has the selector that is the default."""

    selector: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The pods with all of these labels. Keys are plain. Maps to `podSelector.matchLabels`."""

    namespace: NotRequired[pulumi.Input[str]]
    """The namespace that those pods are in; without `service` and `selector`, every pod in it. Default: the namespace
    of the policy. Maps to `namespaceSelector`."""

    any_namespace: NotRequired[bool]
    """Whether those pods may be in any namespace; without `service` and `selector`, every pod of the cluster. Plain.
    Default: false. Maps to an empty `namespaceSelector`."""

    cidr: NotRequired[pulumi.Input[str]]
    """Addresses outside the cluster, such as 10.0.0.0/8. Maps to `ipBlock.cidr`."""

    cidr_except: NotRequired[Sequence[pulumi.Input[str]]]
    """Addresses within `cidr` that are not meant. Its length is plain. Maps to `ipBlock.except`."""

    ports: NotRequired[Sequence[pulumi.Input[int]]]
    """The ports (1 to 65535) of the pods or hosts that are connected to, not those of a Service in front. Its length is
    plain. Default: where connections are let in, every port of the service; where they are let out, every port."""

    protocol: NotRequired[Protocol]
    """The transport of `ports`. Plain. Default: TCP."""


RULES: Rules = {
    Peer: {
        "service": Field(service_name),
        "selector": Field(keys=label_key, items=label_value),
        "namespace": Field(dns_label),
        "cidr": Field(cidr),
        "cidr_except": Field(items=cidr),
        "ports": Field(items=port_number),
    }
}
"""What the fields of a peer must satisfy."""

_PODS = ("service", "selector", "namespace", "any_namespace")


def check_peers(peers: Any, problems: Problems, path: str, spelling: Callable[[str], str]) -> None:
    """Note each peer that names nobody, or the same end in two ways."""
    for at, peer in enumerate(listed(peers)):
        _check_peer(mapped(peer), problems, f"{path}[{at}]", spelling)


def _check_peer(peer: Mapping[str, Any], problems: Problems, where: str, spelling: Callable[[str], str]) -> None:
    named = [spelling(it) for it in (*_PODS, "cidr") if it in peer]
    if not named or (named == [spelling("any_namespace")] and not peer["any_namespace"]):
        allowed = ", ".join(map(spelling, ("service", "selector", "namespace", "any_namespace", "cidr")))
        problems.note(
            where, Refusal("names nobody", f"one of {allowed}", "for every address, write a cidr of 0.0.0.0/0")
        )
    for one, other in (("service", "selector"), ("namespace", "any_namespace"), *((it, "cidr") for it in _PODS)):
        if one in peer and other in peer:
            refusal = Refusal(f"stands beside {spelling(one)}", "one of the two", "make two peers of them")
            problems.note(f"{where}.{spelling(other)}", refusal)
    if peer.get("selector") == {}:
        refusal = Refusal("holds no label", "one label or more", "for every pod of a namespace, name the namespace")
        problems.note(f"{where}.selector", refusal)
    if "cidr_except" in peer and "cidr" not in peer:
        refusal = Refusal("is taken out of a cidr, and there is none", "beside cidr alone")
        problems.note(f"{where}.{spelling('cidr_except')}", refusal)
    if "protocol" in peer and "ports" not in peer:
        problems.note(f"{where}.protocol", Refusal("is that of ports, and there are none", "beside ports alone"))


def build_ingress(peers: Iterable[Peer], ports: Sequence[PodPort]) -> list[dict[str, Any]]:
    """The rules that let ``peers`` in: to the ports that each names, else to all of ``ports``."""
    return [_rule("from", [_peer(peer)], _ports_of(peer) or ports) for peer in peers]


def build_egress(peers: Iterable[Peer]) -> list[dict[str, Any]]:
    """The rules that let connections out to ``peers``, and always to the cluster's DNS."""
    dns = _rule("to", [_DNS_PODS, _NODE_LOCAL_DNS], _DNS_PORTS)
    return [dns, *(_rule("to", [_peer(peer)], _ports_of(peer)) for peer in peers)]


def build_network_policy(
    metadata: Mapping[str, Any],
    selector: Mapping[str, Any],
    ingress: Sequence[Mapping[str, Any]],
    egress: Optional[Sequence[Mapping[str, Any]]] = None,
) -> dict[str, Any]:
    """The NetworkPolicy of the pods that ``selector`` finds. Without ``egress`` it says nothing of what they send,
    and so adds to what others allow."""
    spec: dict[str, Any] = {"podSelector": {"matchLabels": dict(selector)}, "policyTypes": ["Ingress"]}
    # No rule lets nobody in; an empty list, which says the same, does not survive the way to the API server.
    if ingress:
        spec["ingress"] = [dict(rule) for rule in ingress]
    if egress is not None:
        spec["policyTypes"].append("Egress")
        spec["egress"] = [dict(rule) for rule in egress]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": dict(metadata),
        "spec": spec,
    }


def _rule(direction: str, peers: Sequence[Mapping[str, Any]], ports: Sequence[PodPort]) -> dict[str, Any]:
    named = [{"port": port, "protocol": protocol} for port, protocol in ports]
    return {direction: list(peers), **({"ports": named} if named else {})}


def _ports_of(peer: Peer) -> list[PodPort]:
    return [(port, peer.get("protocol", Protocol.TCP.value)) for port in peer.get("ports", [])]


def _peer(peer: Peer) -> dict[str, Any]:
    if "cidr" in peer:
        besides = peer.get("cidr_except")
        return {"ipBlock": {"cidr": peer["cidr"], **({"except": besides} if besides else {})}}
    built: dict[str, Any] = {}
    if peer.get("any_namespace", False):
        built["namespaceSelector"] = {}
    elif "namespace" in peer:
        built["namespaceSelector"] = {"matchLabels": {_NAMESPACE_LABEL: peer["namespace"]}}
    if "service" in peer:
        built["podSelector"] = {"matchLabels": {NAME_LABEL: peer["service"]}}
    elif "selector" in peer:
        built["podSelector"] = {"matchLabels": dict(peer["selector"])}
    return built
