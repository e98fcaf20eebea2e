"""Connections between services of a stack, as their policies allow them.

Kubernetes doesn't report a policy that allows nothing: one that names a service that doesn't exist, one that names the
Service's port in place of the pods', or one end of a connection whose other end stays closed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional

from ..args.codes import Code, define
from ..args.location import Field, Key, Location
from ..args.problems import Edit, Move, Problems, Remove, Set
from ..networking.network_policies import (
    NAME_LABEL,
    PeerSpec,
    check_pod_ports,
    ports_of,
    with_pod_ports,
    without_exclusive,
)
from ..networking.ports import ServicePort
from .connections import End, Ends, NamedEnds, differ
from .parts import PodsByName, PodsPart

__all__ = ["check_peers_of_stack"]

UNKNOWN_PEER = define(
    "unknown-peer",
    "The stack has no service {value}.",
    allowed="{known}; for pods that the stack doesn't create, {field}",
)
PEER_HAS_SELECTOR = define(
    "peer-has-selector",
    "The service {value} has a selector of its own, so its name doesn't select its pods.",
    allowed="the labels of its pods as {field}",
)
PEER_IN_OTHER_NAMESPACE = define(
    "peer-in-other-namespace",
    "The service {value} is in the namespace {namespace}.",
    allowed="its namespace as {field}",
)
PEER_ON_HOST_NETWORK = define(
    "peer-on-host-network",
    "The pods of {peer} use the network of their nodes, so they have the nodes' addresses, and no NetworkPolicy "
    "selects them.",
    allowed="the addresses of the nodes as {field}",
    hint="Set {field} to the range of the nodes' addresses in place of this.",
)
NOT_ALLOWED_FROM = define(
    "peer-does-not-allow-from",
    "The policy of {peer} doesn't allow connections from {service}.",
    allowed="only if both policies allow the connection",
    hint="Add {service} to {field}, or remove this peer.",
)
NOT_ALLOWED_TO = define(
    "peer-does-not-allow-to",
    "The policy of {peer} doesn't allow connections to {service}.",
    allowed="only if both policies allow the connection",
    hint="Add {service} to {field}, or remove this peer.",
)


def check_peers_of_stack(services: PodsByName, problems: Problems) -> None:
    """Report each peer that names a service of the stack that doesn't exist, that its name doesn't select, or that
    doesn't listen on the port; then each connection that only one of its two policies allows.

    A peer counts as what the fixes of its own problems make of it.
    """
    ends = Ends(End(name, part) for name, part in services.items())
    for end in ends:
        problems.run(_check_sources, end, services)
        problems.run(_check_destinations, end, services, ends)
    for end in ends:
        for peer in end.allow_to.peers:
            problems.run(_check_destination, peer, end, ends)
        for peer in end.allow_from.peers:
            problems.run(_check_source, peer, end, ends)


def _check_sources(end: End, services: PodsByName, problems: Problems) -> None:
    peers = end.part.spec.callers
    for peer in peers:
        problems.run(_check_source_peer, peer, end, services)
    end.allow_from.is_complete = len(end.allow_from.peers) == len(peers)


def _check_source_peer(peer: PeerSpec, end: End, services: PodsByName, problems: Problems) -> None:
    named = without_exclusive(_named_peer(peer, end.part, services, problems))
    end.allow_from.peers.append(_with_ports(named, end.ports))


def _check_destinations(end: End, services: PodsByName, ends: Ends, problems: Problems) -> None:
    peers = end.part.spec.allow_to
    for peer in peers:
        problems.run(_check_destination_peer, peer, end, services, ends)
    end.allow_to.is_complete = len(end.allow_to.peers) == len(peers)


def _check_destination_peer(peer: PeerSpec, end: End, services: PodsByName, ends: Ends, problems: Problems) -> None:
    named = without_exclusive(_named_peer(peer, end.part, services, problems))
    accepting = ends.named(named, end).ports
    if accepting is not None:
        check_pod_ports(named, accepting, problems)
    end.allow_to.peers.append(_with_ports(named, accepting))


def _with_ports(peer: PeerSpec, ports: Optional[Sequence[ServicePort]]) -> PeerSpec:
    """The peer with the ports that it means. If the ports of the pods aren't known, that can be any."""
    return replace(peer, ports=()) if ports is None else with_pod_ports(peer, ports)


def _named_peer(peer: PeerSpec, own: PodsPart, services: PodsByName, problems: Problems) -> PeerSpec:
    """The peer with the service that it means. Reports one that isn't there, or that its name doesn't select."""
    name, where = peer.service, peer.at / "service"
    # The stack doesn't know the services of another namespace.
    if not isinstance(name, str) or peer.namespace is not None or peer.any_namespace:
        return peer
    edits: list[Edit] = []
    additional = None if name in services else services.additional.get(name)
    if additional is not None:
        return additional.as_peer_of_workload(_in_namespace_of(additional.owner, peer, own, edits, problems))
    if name not in services:
        known = problems.names(services)
        close = known.nearest(name)
        label = peer.at / "selector" / Key(NAME_LABEL)
        edits = [Move(where, label) if close is None else Set(where, close)]
        problems.report(UNKNOWN_PEER, where, value=name, fix=edits, known=known.listed, field=Field("selector"))
        if close is None:
            return replace(peer, service=None, selector={NAME_LABEL: name})
        name = close
    return _peer_of(replace(peer, service=name), services[name], own, edits, problems)


def _peer_of(peer: PeerSpec, service: PodsPart, own: PodsPart, edits: Sequence[Edit], problems: Problems) -> PeerSpec:
    """The peer that means a service of the stack; `edits` are those that make it name the service."""
    name, where = peer.service, peer.at / "service"
    selector = service.spec.selector_for(str(name))
    if selector != {NAME_LABEL: service.plan.name}:
        fix = (Remove(where), Set(peer.at / "selector", _labels(selector)))
        problems.report(PEER_HAS_SELECTOR, where, value=name, fix=fix, field=Field("selector"))
        return replace(peer, service=None, selector=selector)
    # The stack knows the service by its key.
    return replace(_in_namespace_of(service, peer, own, edits, problems), service=service.plan.name)


def _in_namespace_of(
    service: PodsPart, peer: PeerSpec, own: PodsPart, edits: Sequence[Edit], problems: Problems
) -> PeerSpec:
    """The peer with the namespace of the service that it names. Reports it if that isn't the peer's own."""
    if not differ(service.namespace, own.namespace):
        return peer
    params: dict[str, Any] = {"namespace": service.namespace, "field": Field("namespace")}
    fix = (*edits, Set(peer.at / "namespace", service.namespace))
    problems.report(PEER_IN_OTHER_NAMESPACE, peer.at / "service", value=peer.service, fix=fix, **params)
    return replace(peer, namespace=service.namespace)


def _labels(selector: Mapping[str, str]) -> Mapping[str, str]:
    return {Key(key): value for key, value in selector.items()}


def _check_destination(peer: PeerSpec, own: End, ends: Ends, problems: Problems) -> None:
    named, ports = ends.named(peer, own), ports_of(peer) or None
    if _report_host_network(peer, named, problems):
        return
    if named.ends and not any(end.can_receive(own, ports) for end in named.ends):
        _report_closed(NOT_ALLOWED_FROM, peer, own, named, "allow_from", problems)


def _check_source(peer: PeerSpec, own: End, ends: Ends, problems: Problems) -> None:
    named = ends.named(peer, own)
    if _report_host_network(peer, named, problems):
        return
    ports = ports_of(peer) or [(port.target, port.protocol) for port in own.ports or ()] or None
    if named.ends and not any(end.can_send(own, ports) for end in named.ends):
        _report_closed(NOT_ALLOWED_TO, peer, own, named, "allow_to", problems)


def _report_host_network(peer: PeerSpec, named: NamedEnds, problems: Problems) -> bool:
    """Report a peer that selects only pods on the host network, and return whether it does."""
    if not named.are_on_host_network:
        return False
    params: dict[str, Any] = {"peer": [end.name for end in named.ends], "field": Field("cidr")}
    problems.report(PEER_ON_HOST_NETWORK, _where(peer), **params)
    return True


def _where(peer: PeerSpec) -> Location:
    """The location of what selects the pods of a peer."""
    return peer.at / ("service" if peer.service is not None else "selector")


def _report_closed(code: Code, peer: PeerSpec, own: End, named: NamedEnds, field: str, problems: Problems) -> None:
    names = [end.name for end in named.ends]
    fields = [end.part.at / field for end in named.ends]
    problems.report(code, _where(peer), peer=names, service=own.name, field=fields)
