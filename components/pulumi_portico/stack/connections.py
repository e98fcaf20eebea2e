"""The services of a stack as the ends of connections: what their policies allow, found by the labels of pods."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, Optional

import pulumi

from ..args.problems import Unavailable
from ..networking.network_policies import PeerSpec, PodPort, labels_of_peer, ports_of
from ..networking.ports import ServicePort
from ..networking.selectors import known_labels
from ..workload.pod_owner import pod_labels_of
from .parts import PodsPart

__all__ = ["End", "Ends", "NamedEnds", "Policy", "differ"]


def differ(one: pulumi.Input[Any], other: pulumi.Input[Any]) -> bool:
    """Whether two values differ for sure: one that is known only during the deployment can be any value."""
    return not isinstance(one, pulumi.Output) and not isinstance(other, pulumi.Output) and one != other


@dataclass
class Policy:
    """What the policy of a service allows in one direction."""

    peers: list[PeerSpec] = field(default_factory=list[PeerSpec])
    is_complete: bool = False
    """Whether the peers are all of them. A peer with an invalid value isn't among them."""

    def matching(self, labels: Mapping[str, pulumi.Input[str]]) -> Iterator[PeerSpec]:
        """The peers that can select pods with these labels, or their addresses."""
        yield from self._without_label
        for key, value in labels.items():
            by_value = self._by_label.get(key, {})
            if isinstance(value, str):
                yield from by_value.get(value, ())
            else:
                yield from (peer for peers in by_value.values() for peer in peers)

    @cached_property
    def _by_label(self) -> Mapping[str, Mapping[str, Sequence[PeerSpec]]]:
        """The peers by a label that they select and that is known."""
        found: dict[str, dict[str, list[PeerSpec]]] = defaultdict(lambda: defaultdict(list))
        for peer in self.peers:
            for key, value in islice(known_labels(labels_of_peer(peer)), 1):
                found[key][value].append(peer)
        return found

    @cached_property
    def _without_label(self) -> Sequence[PeerSpec]:
        return [peer for peer in self.peers if not any(known_labels(labels_of_peer(peer)))]


@dataclass
class End:
    """A service of the stack, as one end of connections."""

    name: str
    part: PodsPart
    allow_from: Policy = field(default_factory=Policy)
    allow_to: Policy = field(default_factory=Policy)

    @cached_property
    def labels(self) -> Mapping[str, pulumi.Input[str]]:
        """The labels of its pods."""
        return pod_labels_of(self.name, self.part.spec)

    @cached_property
    def ports(self) -> Optional[Sequence[ServicePort]]:
        """Its ports; None if a value that decides them is invalid."""
        try:
            return list(self.part.plan.ports.values())
        except Unavailable:
            return None

    @property
    def is_on_host_network(self) -> bool:
        """Whether its pods use the network of their node."""
        return self.part.spec.is_on_host_network or self.part.spec.extra_host_network is True

    def selects(self, peer: PeerSpec, other: "End") -> bool:
        """Whether a peer of this service selects the pods of another one. A value that isn't known yet can select
        them."""
        here = self.part.namespace if peer.namespace is None else peer.namespace
        if not peer.any_namespace and differ(here, other.part.namespace):
            return False
        labels = other.labels
        return all(key in labels and not differ(value, labels[key]) for key, value in labels_of_peer(peer).items())

    def can_send(self, to: "End", ports: Optional[Sequence[PodPort]]) -> bool:
        """Whether its policy allows connections to a service, at one of the ports; None for every port."""
        return self._allows(self.allow_to, to, ports)

    def can_receive(self, source: "End", ports: Optional[Sequence[PodPort]]) -> bool:
        """Whether its policy allows connections from a service, at one of the ports; None for every port."""
        return self._allows(self.allow_from, source, ports)

    def _allows(self, policy: Policy, other: "End", ports: Optional[Sequence[PodPort]]) -> bool:
        if not self.part.spec.network_policy:
            return True
        for peer in policy.matching(other.labels):
            # Whether a range includes the pods' addresses isn't known.
            if (peer.cidr is not None or self.selects(peer, other)) and _overlap(ports_of(peer) or None, ports):
                return True
        if not policy.is_complete:
            # Another peer, which has an invalid value, can allow it.
            raise Unavailable(self.part.at)
        return False


def _overlap(one: Optional[Sequence[PodPort]], other: Optional[Sequence[PodPort]]) -> bool:
    if one is None or other is None:
        return True
    return any(first[1] == second[1] and not differ(first[0], second[0]) for first in one for second in other)


@dataclass(frozen=True)
class NamedEnds:
    """The services of the stack that a peer names."""

    ends: Sequence[End] = ()

    @cached_property
    def ports(self) -> Optional[Sequence[ServicePort]]:
        """Their ports; None if those of one aren't known."""
        ports = [end.ports for end in self.ends]
        return None if None in ports else list(dict.fromkeys(port for known in ports for port in known or ()))

    @cached_property
    def are_on_host_network(self) -> bool:
        """Whether all of them use the network of their nodes, and there is one."""
        return bool(self.ends) and all(end.is_on_host_network for end in self.ends)


class Ends:
    """The services of a stack, by the labels of their pods."""

    def __init__(self, ends: Iterable[End]) -> None:
        self._ends = list(ends)
        self._by_label: dict[str, dict[Any, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._without_labels: list[int] = []
        """Those whose labels have an invalid value."""
        self._named: dict[Any, NamedEnds] = {}
        for index, end in enumerate(self._ends):
            self._add(index, end)

    def _add(self, index: int, end: End) -> None:
        try:
            labels = end.labels
        except Unavailable:
            self._without_labels.append(index)
            return
        for key, value in labels.items():
            self._by_label[key][value if isinstance(value, str) else None].append(index)

    def __iter__(self) -> Iterator[End]:
        return iter(self._ends)

    def named(self, peer: PeerSpec, own: End) -> NamedEnds:
        """The services of the stack that a peer names. A whole namespace names none of them. Unavailable if a service
        that it can name has invalid labels. Services that name the same labels share the result."""
        if peer.service is None and peer.selector is None:
            return NamedEnds()
        namespace = own.part.namespace if peer.namespace is None else peer.namespace
        labels = labels_of_peer(peer)
        key = (peer.service, frozenset(labels.items()), namespace, peer.any_namespace)
        if key not in self._named:
            self._named[key] = NamedEnds(self._named_by(peer, labels, own))
        return self._named[key]

    def _named_by(self, peer: PeerSpec, labels: Mapping[str, pulumi.Input[str]], own: End) -> Sequence[End]:
        found = [self._ends[index] for index in self._candidates(labels)]
        unknown = [self._ends[index] for index in self._without_labels]
        found += [end for end in unknown if not isinstance(peer.service, str) or peer.service == end.name]
        return [end for end in found if own.selects(peer, end)]

    def _candidates(self, labels: Mapping[str, pulumi.Input[str]]) -> Sequence[int]:
        """The services that have one of these labels, which is the one that the fewest have."""
        known = [self._with_label(key, value) for key, value in known_labels(labels)]
        return min(known, key=len) if known else range(len(self._ends))

    def _with_label(self, key: str, value: str) -> list[int]:
        by_value = self._by_label.get(key, {})
        return sorted([*by_value.get(value, ()), *by_value.get(None, ())])
