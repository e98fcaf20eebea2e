"""Who can connect to whom: what routes and load balancers open, and what the services' NetworkPolicies allow."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

from ...ingress_gateway.args import targets_of
from ...ingress_gateway.gateway_plan import peers_of
from ...ingress_gateway.install.objects import callers_of
from ...networking.network_policies import NAME_LABEL, PeerSpec, labels_of_peer, ports_of
from ...networking.selectors import PodOwner, selects
from ...networking.target import TargetSpec
from ...web_service.args import WebServiceSpec
from ...web_service.plan import pod_owner_of
from ...workload.pod_owner import pod_owner_of as owner_of_pods
from ..plan import StackPlan
from ..references import SERVICE
from ..view import LinkKind, LinkView, PeerKind, PeerView, PortView
from .peers import aws_backend, aws_open_ports, balancer_open_ports, open_ports, peer_of, port_views
from .values import text_of

__all__ = ["links_of"]

Ports = tuple[PortView, ...]
"""Ports that are open; empty for every port."""

_ANYONE = PeerView(PeerKind.ANYONE)
_MOST = 20
"""How many services a peer's labels can select before one link stands for all of them."""


def links_of(plan: StackPlan) -> tuple[LinkView, ...]:
    """Who can connect to whom, by source, target, and kind. Equal links are merged with all of their ports."""
    found = [*_from_balancers(plan), *_from_gateways(plan), *_from_other_gateways(plan), *_Policies(plan).links()]
    ports: dict[tuple[PeerView, PeerView, LinkKind], list[Ports]] = {}
    for link in found:
        ports.setdefault((link.source, link.target, link.kind), []).append(link.ports)
    links = [LinkView(kind, source, target, _merged(each)) for (source, target, kind), each in ports.items()]
    return tuple(sorted(links, key=lambda link: (_order(link.source), _order(link.target), link.kind.value)))


def _order(peer: PeerView) -> tuple[str, ...]:
    labels = [part for label in peer.labels for part in label]
    return (
        peer.name or peer.cidr,
        peer.kind.value,
        peer.namespace,
        str(peer.any_namespace),
        *peer.cidr_except,
        *labels,
    )


def _merged(each: Iterable[Ports]) -> Ports:
    # A link to every port includes the links to some of them.
    known = list(each)
    if not all(known):
        return ()
    return tuple(
        sorted({port for ports in known for port in ports}, key=lambda port: (port.number or 0, port.protocol))
    )


def _from_balancers(plan: StackPlan) -> Iterator[LinkView]:
    # The load balancer of a gateway is part of the gateway.
    for name, spec in plan.load_balancers.items():
        source = PeerView(PeerKind.LOAD_BALANCER, name)
        yield LinkView(LinkKind.TARGET, source, peer_of(plan, spec.target), balancer_open_ports(spec))
    for name, aws in plan.aws_plans.items():
        source = PeerView(PeerKind.LOAD_BALANCER, name)
        for key, target in aws.targets.items():
            backend = aws_backend(plan, key, target.spec)
            yield LinkView(LinkKind.TARGET, source, backend.peer, aws_open_ports(target))


def _from_gateways(plan: StackPlan) -> Iterator[LinkView]:
    for name, gateway in plan.gateway_plans.items():
        source, spec = PeerView(PeerKind.GATEWAY, name), gateway.spec
        for target in targets_of(spec):
            # Without peers, no policy allows the controller to connect.
            if gateway.peers or not _is_restricted(plan, target):
                yield LinkView(LinkKind.TARGET, source, peer_of(plan, target), open_ports(plan, target))


def _from_other_gateways(plan: StackPlan) -> Iterator[LinkView]:
    for name, routes in plan.added_routes.items():
        source, peers = PeerView(PeerKind.GATEWAY, name), peers_of(routes.spec.gateway)
        for target in (route.target for route in routes.spec.routes):
            if target is not None and (peers or not _is_restricted(plan, target)):
                yield LinkView(LinkKind.TARGET, source, peer_of(plan, target), open_ports(plan, target))


def _is_restricted(plan: StackPlan, target: TargetSpec) -> bool:
    """Whether a NetworkPolicy of the stack restricts who can connect to a target's pods."""
    leads_to = plan.destination(target)
    return leads_to is not None and leads_to.kind == SERVICE and plan.services[leads_to.name].network_policy


@dataclass(frozen=True)
class _Pods:
    """The pods of a component of the stack, as one end of connections."""

    peer: PeerView
    namespace: str
    owner: PodOwner
    """What its labels are."""
    allow_to: Optional[Sequence[PeerSpec]]
    """What their policy allows them to connect to; None for everything."""
    allow_from: Optional[Sequence[tuple[PeerSpec, Ports]]]
    """Who can connect to them, and to which ports, besides load balancers and gateways; None for everyone."""


def _selection(peer: PeerSpec) -> tuple[Any, ...]:
    """What peers that match the same pods of a namespace have in common."""
    return peer.cidr is not None, peer.any_namespace, frozenset(labels_of_peer(peer).items())


@dataclass(frozen=True)
class _Matching:
    """The pods of the stack that a peer matches."""

    pods: Sequence[_Pods]

    @cached_property
    def by_policy(self) -> Sequence[Sequence[_Pods]]:
        """Those whose policies allow the same connections, together."""
        found: dict[Any, list[_Pods]] = defaultdict(list)
        for pods in self.pods:
            peers = None if pods.allow_to is None else tuple(map(_destinations, pods.allow_to))
            found[pods.namespace, peers].append(pods)
        return list(found.values())

    @cached_property
    def unrestricted(self) -> Sequence[_Pods]:
        """Those that everyone can connect to."""
        return [pods for pods in self.pods if pods.allow_from is None]


def _destinations(peer: PeerSpec) -> tuple[Any, ...]:
    namespace = None if peer.namespace is None else text_of(peer.namespace)
    return (*_selection(peer), namespace, _ports_of(peer))


class _Policies:
    """The NetworkPolicies of services and controllers. Both ends of a connection must allow it."""

    def __init__(self, plan: StackPlan) -> None:
        self._stack = plan
        self._found: dict[Any, _Matching] = {}
        self._pods = [*map(self._of_service, plan.services.items()), *self._of_jobs(), *self._of_gateways()]
        self._namespaces = set() if plan.own.namespace.existing else {plan.namespace}
        """The namespaces that the stack creates, so that no other pods are in them."""
        self._namespaces |= {gateway.name for gateway in plan.gateway_plans.values() if gateway.creates_namespace}

    def _of_service(self, service: tuple[str, WebServiceSpec]) -> _Pods:
        name, spec = service
        plan = self._stack.service_plans[name]
        every, has_policy = port_views(plan.pod_ports), spec.network_policy
        return _Pods(
            peer=PeerView(PeerKind.SERVICE, name),
            namespace=text_of(self._stack.namespace if spec.namespace is None else spec.namespace),
            owner=pod_owner_of(name, spec, name),
            allow_to=spec.allow_to if has_policy else None,
            allow_from=[(peer, _ports_of(peer) or every) for peer in spec.callers] if has_policy else None,
        )

    def _of_jobs(self) -> Iterator[_Pods]:
        for name, spec in self._stack.jobs.items():
            yield _Pods(
                peer=PeerView(PeerKind.JOB, name),
                namespace=text_of(self._stack.namespace if spec.namespace is None else spec.namespace),
                owner=owner_of_pods(name, spec, name),
                allow_to=spec.allow_to if spec.network_policy else None,
                allow_from=[] if spec.network_policy else None,
            )

    def _of_gateways(self) -> Iterator[_Pods]:
        for name, gateway in self._stack.gateway_plans.items():
            if gateway.installation is not None:
                peers = [(caller, port_views(ports)) for caller, ports in callers_of(gateway.installation)]
                peer, namespace = PeerView(PeerKind.GATEWAY, name), text_of(gateway.namespace)
                yield _Pods(peer, namespace, gateway.pod_owner(name), None, peers)

    def links(self) -> Iterator[LinkView]:
        for pods in self._pods:
            if pods.allow_from is None:
                yield LinkView(LinkKind.UNRESTRICTED, _ANYONE, pods.peer)
                yield LinkView(LinkKind.UNRESTRICTED, pods.peer, _ANYONE)
                continue
            for peer, ports in pods.allow_from:
                yield from self._allowed_from(pods, peer, ports)
            for peer in pods.allow_to or ():
                yield from self._allowed_to(pods, peer)

    def _allowed_from(self, pods: _Pods, peer: PeerSpec, ports: Ports) -> Iterator[LinkView]:
        found = self._matching(peer, pods)
        opened = [(clients, self._common(clients[0], pods, ports)) for clients in found.by_policy]
        if len(found.pods) > _MOST and len({open_to_clients for _, open_to_clients in opened}) == 1:
            # Otherwise, services that allow each other by a common label have as many links as there are pairs.
            sources, opened = [_outside(peer)], opened[:1]
        else:
            sources = []
        for clients, open_to_clients in opened:
            if open_to_clients is not None:
                peers = sources or [client.peer for client in clients]
                yield from (_allowed(source, pods.peer, open_to_clients) for source in peers)
        if self._names_others(peer, found.pods):
            yield _allowed(_outside(peer), pods.peer, ports)

    def _allowed_to(self, pods: _Pods, peer: PeerSpec) -> Iterator[LinkView]:
        found = self._matching(peer, pods)
        # The NetworkPolicies of the others list their own clients.
        for other in found.unrestricted:
            yield _allowed(pods.peer, other.peer, _ports_of(peer))
        if self._names_others(peer, found.pods):
            yield _allowed(pods.peer, _outside(peer), _ports_of(peer))

    def _common(self, client: _Pods, pods: _Pods, ports: Ports) -> Optional[Ports]:
        """The ports among these that the client's own NetworkPolicy allows; None if it allows none."""
        if client.allow_to is None:
            return ports
        allowed = [_ports_of(peer) for peer in client.allow_to if self._selects(peer, client, pods)]
        if not all(allowed):
            return ports
        listed = {port for each in allowed for port in each}
        return tuple(port for port in ports if port in listed) or None

    def _matching(self, peer: PeerSpec, own: _Pods) -> "_Matching":
        """The pods of the stack that a peer of a policy matches. Peers with the same labels share them."""
        key = (*_selection(peer), own.namespace if peer.namespace is None else text_of(peer.namespace))
        if key not in self._found:
            pods = [pods for pods in self._candidates(peer) if self._selects(peer, own, pods)]
            self._found[key] = _Matching(pods)
        return self._found[key]

    def _candidates(self, peer: PeerSpec) -> Sequence[_Pods]:
        """The pods that can have the name that a peer selects; all pods for other labels."""
        name = labels_of_peer(peer).get(NAME_LABEL)
        return self._by_name.get(name, []) + self._by_name.get(None, []) if isinstance(name, str) else self._pods

    @cached_property
    def _by_name(self) -> Mapping[Optional[str], list[_Pods]]:
        """The pods by their label with a name; those whose label isn't known by None."""
        found: dict[Optional[str], list[_Pods]] = defaultdict(list)
        for pods in self._pods:
            name = pods.owner.labels.get(NAME_LABEL)
            found[name if isinstance(name, str) else None].append(pods)
        return found

    @staticmethod
    def _selects(peer: PeerSpec, own: _Pods, pods: _Pods) -> bool:
        if peer.cidr is not None:
            return False
        namespace = own.namespace if peer.namespace is None else text_of(peer.namespace)
        is_there = peer.any_namespace or pods.namespace == namespace
        # A label that isn't known yet can be the selected one.
        return is_there and selects(labels_of_peer(peer), pods.owner, unknown=True)

    def _names_others(self, peer: PeerSpec, found: Sequence[_Pods]) -> bool:
        """Whether a peer also matches what the stack doesn't create: nothing of the stack, pods of every namespace, or
        every pod of a namespace that the stack doesn't create."""
        is_whole_namespace = peer.namespace is not None and not labels_of_peer(peer)
        is_foreign = is_whole_namespace and text_of(peer.namespace) not in self._namespaces
        return not found or peer.any_namespace or is_foreign


def _outside(peer: PeerSpec) -> PeerView:
    """What a peer matches that isn't a component of the stack."""
    if peer.cidr is not None:
        excluded = tuple(map(text_of, peer.cidr_except))
        return PeerView(PeerKind.ADDRESSES, cidr=text_of(peer.cidr), cidr_except=excluded)
    namespace = "" if peer.namespace is None or peer.any_namespace else text_of(peer.namespace)
    if peer.service is not None:
        name = text_of(peer.service)
        return PeerView(PeerKind.EXTERNAL_SERVICE, name, namespace, any_namespace=peer.any_namespace)
    labels = tuple(sorted((key, text_of(value)) for key, value in labels_of_peer(peer).items()))
    return PeerView(PeerKind.PODS, namespace=namespace, any_namespace=peer.any_namespace, labels=labels)


def _allowed(source: PeerView, target: PeerView, ports: Ports) -> LinkView:
    return LinkView(LinkKind.NETWORK_POLICY, source, target, ports)


def _ports_of(peer: PeerSpec) -> Ports:
    return port_views(ports_of(peer))
