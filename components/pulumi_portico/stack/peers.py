"""Connections between services of a stack, as their policies allow them.

Kubernetes doesn't report a policy that allows nothing: one that names a service that doesn't exist, one that names the
Service's port in place of the pods', or one end of a connection whose other end stays closed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ..args.codes import Code, define
from ..args.location import Field, Key
from ..args.problems import Edit, Move, Problems, Remove, Set, nearest
from ..networking.network_policies import NAME_LABEL, PeerSpec, PodPort, check_pod_ports, ports_of
from ..untyped import mapped
from ..web_service.plan import WebServicePlan, plan_web_service
from ..workload.identity import build_identity_labels
from .parts import ServicePart

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


def check_peers_of_stack(services: Mapping[str, ServicePart], problems: Problems) -> None:
    """Report each peer that names a service of the stack that doesn't exist, that its name doesn't select, or that
    doesn't listen on the port; then each connection that only one of its two policies allows."""
    for service in services.values():
        problems.run(_check_service, service, services)
    problems.run(_check_ports, services)
    problems.run(_check_connections, services)


def _check_service(service: ServicePart, services: Mapping[str, ServicePart], problems: Problems) -> None:
    for peer in (*service.spec.allow_from, *service.spec.allow_to):
        problems.run(_check_peer, peer, service, services)


def _check_peer(peer: PeerSpec, own: ServicePart, services: Mapping[str, ServicePart], problems: Problems) -> None:
    name = peer.service
    # The stack doesn't know the services of another namespace.
    if not isinstance(name, str) or peer.namespace is not None or peer.any_namespace:
        return
    where = peer.at / "service"
    if name not in services:
        fix = _fix_of_unknown(peer, nearest(name, services))
        problems.report(UNKNOWN_PEER, where, value=name, fix=fix, known=sorted(services), field=Field("selector"))
        return
    service = services[name]
    if service.spec.selector is not None:
        edits = (Remove(where), Set(peer.at / "selector", _labels(service.spec.selector)))
        problems.report(PEER_HAS_SELECTOR, where, value=name, fix=edits, field=Field("selector"))
    elif _differ(service.namespace, own.namespace):
        fix = Set(peer.at / "namespace", service.namespace)
        params: dict[str, Any] = {"namespace": service.namespace, "field": Field("namespace")}
        problems.report(PEER_IN_OTHER_NAMESPACE, where, value=name, fix=fix, **params)


def _fix_of_unknown(peer: PeerSpec, close: Optional[str]) -> tuple[Edit, ...]:
    where = peer.at / "service"
    if close is not None:
        return (Set(where, close),)
    return (Move(where, peer.at / "selector" / Key(NAME_LABEL)),)


def _labels(selector: Mapping[str, str]) -> Mapping[str, str]:
    return {Key(key): value for key, value in selector.items()}


def _differ(one: pulumi.Input[str], other: pulumi.Input[str]) -> bool:
    return not isinstance(one, pulumi.Output) and not isinstance(other, pulumi.Output) and one != other


@dataclass(frozen=True)
class _End:
    """A service of the stack, as one end of a connection."""

    part: ServicePart
    plan: WebServicePlan

    @property
    def labels(self) -> Mapping[str, pulumi.Input[str]]:
        """The labels of its pods."""
        metadata = (self.part.spec.extra or {}).get("metadata")
        extra = mapped(metadata).get("labels")
        added = mapped(extra)
        return {**self.plan.labels, **build_identity_labels(self.part.spec.identity), **added}

    def selects(self, peer: PeerSpec, other: "_End") -> bool:
        """Whether a peer of this service selects the pods of another one. A value that isn't known yet can select
        them."""
        here = self.part.namespace if peer.namespace is None else peer.namespace
        if not peer.any_namespace and _differ(here, other.part.namespace):
            return False
        labels = {NAME_LABEL: peer.service} if peer.service is not None else peer.selector or {}
        return all(key in other.labels and not _differ(value, other.labels[key]) for key, value in labels.items())

    def can_send(self, to: "_End", ports: Optional[Sequence[PodPort]]) -> bool:
        """Whether its policy allows connections to a service, at one of the ports; None for every port."""
        return self._allows(self.part.spec.allow_to, to, ports)

    def can_receive(self, source: "_End", ports: Optional[Sequence[PodPort]]) -> bool:
        """Whether its policy allows connections from a service, at one of the ports; None for every port."""
        return self._allows(self.part.spec.allow_from, source, ports)

    def _allows(self, peers: Iterable[PeerSpec], other: "_End", ports: Optional[Sequence[PodPort]]) -> bool:
        if not self.part.spec.network_policy:
            return True
        # Whether a range includes the pods' addresses isn't known.
        matching = [peer for peer in peers if peer.cidr is not None or self.selects(peer, other)]
        return any(_overlap(ports_of(peer) or None, ports) for peer in matching)


def _overlap(one: Optional[Sequence[PodPort]], other: Optional[Sequence[PodPort]]) -> bool:
    if one is None or other is None:
        return True
    return any(first[1] == second[1] and not _differ(first[0], second[0]) for first in one for second in other)


def _ends(services: Mapping[str, ServicePart]) -> list[_End]:
    return [_End(part, plan_web_service(name, part.spec)) for name, part in services.items()]


def _check_ports(services: Mapping[str, ServicePart], problems: Problems) -> None:
    ends = _ends(services)
    for end in ends:
        for peer in end.part.spec.allow_to:
            accepting = [port for named in _named(peer, end, ends) for port in named.plan.ports.values()]
            problems.run(check_pod_ports, peer, accepting)


def _check_connections(services: Mapping[str, ServicePart], problems: Problems) -> None:
    ends = _ends(services)
    peers = [peer for end in ends for peer in (*end.part.spec.allow_from, *end.part.spec.allow_to)]
    # What one end has wrong would be reported at the other end too.
    if any(problems.has_within(peer.at) for peer in peers):
        return
    for end in ends:
        for peer in end.part.spec.allow_to:
            problems.run(_check_destination, peer, end, ends)
        for peer in end.part.spec.allow_from:
            problems.run(_check_source, peer, end, ends)


def _check_destination(peer: PeerSpec, own: _End, ends: Sequence[_End], problems: Problems) -> None:
    named, ports = _named(peer, own, ends), ports_of(peer) or None
    if named and not any(end.can_receive(own, ports) for end in named):
        _report_closed(NOT_ALLOWED_FROM, peer, own, named, "allow_from", problems)


def _check_source(peer: PeerSpec, own: _End, ends: Sequence[_End], problems: Problems) -> None:
    named, ports = _named(peer, own, ends), ports_of(peer) or own.plan.pod_ports or None
    if named and not any(end.can_send(own, ports) for end in named):
        _report_closed(NOT_ALLOWED_TO, peer, own, named, "allow_to", problems)


def _named(peer: PeerSpec, own: _End, ends: Sequence[_End]) -> list[_End]:
    """The services of the stack that a peer names. A whole namespace names none of them."""
    if peer.service is None and peer.selector is None:
        return []
    return [end for end in ends if own.selects(peer, end)]


def _report_closed(
    code: Code, peer: PeerSpec, own: _End, named: Sequence[_End], field: str, problems: Problems
) -> None:
    where = peer.at / ("service" if peer.service is not None else "selector")
    names = [end.plan.name for end in named]
    fields = [end.part.at / field for end in named]
    problems.report(code, where, peer=names, service=own.plan.name, field=fields)
