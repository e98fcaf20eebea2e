"""NetworkPolicies, and the peers that they name.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.

Policies are additive: one that a gateway or a load balancer registers for its target adds to what the target's own
allows. The cluster's network plugin enforces them, if it supports them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import Beside, Values, moved_to, several, table, unsupported
from ..args.location import Field as FieldName
from ..args.names import dns_label, label_key, label_value, port_number, service_name
from ..args.parse import Field, Rules
from ..args.problems import Problems, Remove, Set, Unavailable
from ..args.spec import Spec, spec
from ..args.values import cidr, ip_network, some
from ..untyped import Manifest, mapped
from .ports import ServicePort
from .target import Protocol, ProtocolLike

__all__ = [
    "NAMESPACE_LABEL",
    "NAME_LABEL",
    "RULES",
    "Peer",
    "PeerSpec",
    "PodPort",
    "build_egress",
    "build_ingress",
    "build_network_policy",
    "build_peer",
    "build_rule",
    "check_callers",
    "check_peers",
    "check_pod_ports",
    "labels_of_peer",
    "ports_of",
    "with_pod_ports",
    "without_exclusive",
]

PodPort = tuple[Any, str]
"""A port that pods listen on, and its protocol."""

NAME_LABEL = "app.kubernetes.io/name"
"""The label that selects a WebService's pods if it has no selector of its own, and a peer's by its name."""

NAMESPACE_LABEL = "kubernetes.io/metadata.name"
"""Kubernetes (1.22 and newer) sets it on every namespace."""


class Peer(TypedDict):
    """The other end of a connection: pods by name or by labels, every pod of a namespace, or addresses."""

    service: NotRequired[pulumi.Input[str]]
    """The pods of the WebService with this name, if it has the default selector."""

    selector: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The pods with all of these labels. Keys are plain. Maps to `podSelector.matchLabels`."""

    namespace: NotRequired[pulumi.Input[str]]
    """The namespace of those pods; without `service` and `selector`, every pod in it. Default: the namespace of the
    policy. Maps to `namespaceSelector`."""

    any_namespace: NotRequired[bool]
    """Whether those pods can be in any namespace; without `service` and `selector`, every pod of the cluster. Plain.
    Default: false. Maps to an empty `namespaceSelector`."""

    cidr: NotRequired[pulumi.Input[str]]
    """Addresses outside the cluster, such as 10.0.0.0/8. Maps to `ipBlock.cidr`."""

    cidr_except: NotRequired[Sequence[pulumi.Input[str]]]
    """Addresses within `cidr` to exclude. Its length is plain. Maps to `ipBlock.except`."""

    ports: NotRequired[Sequence[pulumi.Input[int]]]
    """The ports (1 to 65535) of the pods or hosts that accept the connection, not those of a Service in front. Its
    length is plain. Not in `controller_peers` and `metrics_from`, whose ports are known. Default: in `allow_from`,
    every port of the service; in `allow_to`, every port."""

    protocol: NotRequired[ProtocolLike]
    """The transport protocol of `ports`. Plain. Default: TCP."""


def _labels(selector: Any) -> Any:
    """The labels of a selector without expressions."""
    return mapped(selector).get("matchLabels") if set(mapped(selector)) == {"matchLabels"} else None


def _ip_block(value: Any, _: Beside) -> Optional[Values]:
    """A range of addresses of a NetworkPolicy."""
    block = mapped(value)
    names: Mapping[str, str] = {"cidr": "cidr", "except": "cidr_except"}
    return None if block.keys() - names.keys() else {(names[name],): item for name, item in block.items()}


def _peer_of(text: str) -> Optional[Values]:
    """A service by name, or a range of addresses."""
    if service_name(text) is None:
        return {("service",): text}
    return {("cidr",): text} if cidr(text) is None else None


_NAMES_OF_PEER = table(
    {
        "podSelector": moved_to("selector", _labels),
        "namespaceSelector": several("namespace", "any_namespace"),
        "ipBlock": several("cidr", "cidr_except", convert=_ip_block),
        "from": several("selector", "namespace", "cidr"),
        "to": several("selector", "namespace", "cidr"),
        "except": moved_to("cidr_except"),
        "port": moved_to("ports", lambda port: [port]),
        "endPort": unsupported(),
        "name": moved_to("service"),
    },
    text=_peer_of,
)
"""Other tools' names for the fields of `Peer`."""


@spec(Peer, elsewhere=_NAMES_OF_PEER)
class PeerSpec(Spec):
    """A parsed `Peer`."""

    service: Optional[pulumi.Input[str]] = None
    selector: Optional[Mapping[str, pulumi.Input[str]]] = None
    namespace: Optional[pulumi.Input[str]] = None
    any_namespace: bool = False
    cidr: Optional[pulumi.Input[str]] = None
    cidr_except: Sequence[pulumi.Input[str]] = ()
    ports: Sequence[pulumi.Input[int]] = ()
    protocol: Optional[Protocol] = None


RULES: Rules = {
    Peer: {
        "service": Field(service_name),
        "selector": Field(some("at least one label"), keys=label_key, items=label_value),
        "namespace": Field(dns_label),
        "cidr": Field(cidr),
        "cidr_except": Field(items=cidr),
        "ports": Field(some("at least one port"), items=port_number),
    }
}
"""What the fields of a peer must satisfy."""

EMPTY_PEER = define(
    "empty-peer",
    "This peer names nothing.",
    allowed="one of {fields}",
    hint="For every address, set a cidr of 0.0.0.0/0.",
)
EXCEPT_WITHOUT_CIDR = define(
    "cidr-except-without-cidr", "This excludes addresses from {needed}, which isn't set.", hint="Set {needed}."
)
EXCEPT_OUTSIDE_CIDR = define(
    "cidr-except-outside-cidr",
    "{value} isn't within {cidr}, so there is nothing to exclude.",
    allowed="ranges within {cidr}, and smaller",
)
EXCEPT_COVERS_CIDR = define(
    "cidr-except-covers-cidr",
    "{value} excludes every address of {cidr}.",
    allowed=EXCEPT_OUTSIDE_CIDR.allowed,
    hint="Remove the peer if it allows no address, or exclude a smaller range.",
)
PROTOCOL_WITHOUT_PORTS = define(
    "protocol-without-ports", "This is the protocol of {needed}, which isn't set.", hint="Set {needed}."
)

PORTS_OF_CALLER = define(
    "ports-not-chosen-by-peer",
    "The peers of {field} can connect only to the ports that the field is for, and choose none.",
    allowed="peers without {ports}",
)
SERVICE_PORT_IN_PEER = define(
    "service-port-in-peer",
    "{value} is a port of the Service, and a NetworkPolicy matches the port of the pods behind it.",
    allowed="{ports}",
)
PEER_PORT_PROTOCOL = define(
    "peer-port-protocol", "The pods listen on {value} only with {protocols}.", allowed="{protocols} as {field}"
)

_PODS = ("service", "selector", "namespace", "any_namespace")
_EXCLUSIVE = (("service", "selector"), ("namespace", "any_namespace"), *((field, "cidr") for field in _PODS))


def check_peers(peers: Iterable[PeerSpec], problems: Problems) -> None:
    """Report each peer that names nothing, or one end in two ways."""
    for peer in peers:
        problems.run(_check_peer, peer)
        problems.run(_check_except, peer)


def check_callers(peers: Iterable[PeerSpec], field: str, problems: Problems) -> None:
    """Report what `check_peers` does, and ports: those that the peers of `field` can connect to are decided already."""
    known = list(peers)
    check_peers(known, problems)
    for peer in known:
        problems.run(_check_caller, peer, field)


def _check_caller(peer: PeerSpec, field: str, problems: Problems) -> None:
    if peer.ports:
        where = [peer.at / "ports", *([] if peer.protocol is None else [peer.at / "protocol"])]
        params: dict[str, Any] = {"field": FieldName(field), "ports": FieldName("ports")}
        problems.report(PORTS_OF_CALLER, where[0], fix=[Remove(location) for location in where], **params)


def _check_peer(peer: PeerSpec, problems: Problems) -> None:
    is_set = {field for field in (*_PODS, "cidr") if getattr(peer, field) not in (None, False)}
    if not is_set:
        problems.report(EMPTY_PEER, peer.at, fields=[FieldName(field) for field in (*_PODS, "cidr")])
    for one, other in _EXCLUSIVE:
        if one in is_set and other in is_set:
            problems.report_exclusive(peer.at / other, one, fix=Remove(peer.at / other))
    if peer.cidr_except and peer.cidr is None:
        problems.report(EXCEPT_WITHOUT_CIDR, peer.at / "cidr_except", needed=FieldName("cidr"))
    if peer.protocol is not None and not peer.ports:
        problems.report(PROTOCOL_WITHOUT_PORTS, peer.at / "protocol", needed=FieldName("ports"))


def _check_except(peer: PeerSpec, problems: Problems) -> None:
    """Kubernetes requires strict subsets of the peer's addresses (`ValidateIPBlock`)."""
    whole = ip_network(peer.cidr) if isinstance(peer.cidr, str) else None
    for index, excluded in enumerate(peer.cidr_except):
        part = ip_network(excluded) if isinstance(excluded, str) else None
        if whole is None or part is None:
            continue
        where = peer.at / "cidr_except" / index
        if part.version != whole.version or not part.overlaps(whole):
            problems.report(EXCEPT_OUTSIDE_CIDR, where, value=excluded, cidr=peer.cidr, fix=Remove(where))
        elif part.prefixlen <= whole.prefixlen:
            problems.report(EXCEPT_COVERS_CIDR, where, value=excluded, cidr=peer.cidr)


def without_exclusive(peer: PeerSpec) -> PeerSpec:
    """The peer as the fixes of `check_peers` make it. Unavailable if it names nothing."""
    if peer.service is not None:
        peer = replace(peer, selector=None)
    if peer.namespace is not None:
        peer = replace(peer, any_namespace=False)
    if any(getattr(peer, field) not in (None, False) for field in _PODS):
        return replace(peer, cidr=None)
    if peer.cidr is None:
        raise Unavailable(peer.at)
    return peer


def check_pod_ports(peer: PeerSpec, ports: Sequence[ServicePort], problems: Problems) -> None:
    """Report each port of a peer that is a port of a Service, not of the pods behind it. `ports` are the ports of what
    accepts the connection. The pods can also listen on ports that the Service doesn't have."""
    protocol = peer.protocol or Protocol.TCP
    for index, number in enumerate(peer.ports):
        where = peer.at / "ports" / index
        listening = sorted({port.protocol for port in ports if port.target == number})
        behind = [port for port in ports if port.number == number and port.protocol == protocol.value]
        if protocol.value in listening:
            continue
        if behind:
            targets = [f"{port.target} ({port.name})" for port in ports if port.protocol == protocol.value]
            problems.report(SERVICE_PORT_IN_PEER, where, value=number, fix=Set(where, behind[0].target), ports=targets)
        elif listening:
            field = peer.at / "protocol"
            fix = Set(field, listening[0]) if len(peer.ports) == 1 else None
            params: dict[str, Any] = {"protocols": listening, "field": FieldName("protocol")}
            problems.report(PEER_PORT_PROTOCOL, where, value=number, fix=fix, **params)


def with_pod_ports(peer: PeerSpec, ports: Sequence[ServicePort]) -> PeerSpec:
    """The peer as the fixes of `check_pod_ports` make it."""
    problems = Problems("the peer")
    check_pod_ports(peer, ports, problems)
    numbers, protocol = list(peer.ports), peer.protocol
    for problem in problems.found:
        for edit in problem.edits:
            if isinstance(edit, Set) and edit.location == peer.at / "protocol":
                protocol = Protocol(edit.value)
            elif isinstance(edit, Set):
                numbers[int(edit.location[-1])] = edit.value
    return replace(peer, ports=numbers, protocol=protocol)


def build_ingress(peers: Iterable[PeerSpec], ports: Sequence[PodPort]) -> list[dict[str, Any]]:
    """The rules that allow connections from `peers`: to the ports that each names, else to all of `ports`.

    A rule without ports would allow every port, so no rule is built without any.
    """
    allowed = [(peer, ports_of(peer) or ports) for peer in peers]
    return [build_rule("from", [build_peer(peer)], of_peer) for peer, of_peer in allowed if of_peer]


def build_egress(peers: Iterable[PeerSpec]) -> list[dict[str, Any]]:
    """The rules that allow connections to `peers`."""
    return [build_rule("to", [build_peer(peer)], ports_of(peer)) for peer in peers]


def build_network_policy(
    metadata: Manifest,
    selector: Manifest,
    ingress: Sequence[Manifest],
    egress: Optional[Sequence[Manifest]] = None,
) -> dict[str, Any]:
    """The NetworkPolicy of the pods that `selector` selects. Without `egress`, it doesn't restrict what they send, and
    so only adds to what other policies allow."""
    spec: dict[str, Any] = {"podSelector": {"matchLabels": dict(selector)}, "policyTypes": ["Ingress"]}
    # No rule allows nothing; an empty list, which means the same, is lost on the way to the API server.
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


def build_rule(direction: str, peers: Sequence[Manifest], ports: Sequence[PodPort]) -> dict[str, Any]:
    """The rule that allows connections `from` or `to` peers at the ports; at every port if there are none."""
    named = [{"port": port, "protocol": protocol} for port, protocol in ports]
    return {direction: list(peers), **({"ports": named} if named else {})}


def ports_of(peer: PeerSpec) -> list[PodPort]:
    """The ports that a peer names, each with its protocol; none for every port."""
    return [(port, (peer.protocol or Protocol.TCP).value) for port in peer.ports]


def labels_of_peer(peer: PeerSpec) -> Mapping[str, pulumi.Input[str]]:
    """The labels of the pods that a peer selects."""
    return {NAME_LABEL: peer.service} if peer.service is not None else peer.selector or {}


def build_peer(peer: PeerSpec) -> dict[str, Any]:
    """A peer as Kubernetes has it."""
    if peer.cidr is not None:
        return {"ipBlock": {"cidr": peer.cidr, **({"except": list(peer.cidr_except)} if peer.cidr_except else {})}}
    built: dict[str, Any] = {}
    if peer.any_namespace:
        built["namespaceSelector"] = {}
    elif peer.namespace is not None:
        built["namespaceSelector"] = {"matchLabels": {NAMESPACE_LABEL: peer.namespace}}
    if peer.service is not None:
        built["podSelector"] = {"matchLabels": {NAME_LABEL: peer.service}}
    elif peer.selector is not None:
        built["podSelector"] = {"matchLabels": dict(peer.selector)}
    return built
