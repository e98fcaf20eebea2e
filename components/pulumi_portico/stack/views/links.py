"""Who can connect to whom: what routes and load balancers open, and what the services' NetworkPolicies allow."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Optional

from ...ingress_gateway.install.installer import selector_of as controller_labels
from ...networking.network_policies import NAME_LABEL, PeerSpec
from ...networking.target import Protocol, TargetSpec
from ...web_service.plan import WebServicePlan, plan_web_service
from ..plan import StackPlan
from ..view import LinkKind, LinkView, PeerKind, PeerView, PortView
from .destinations import text_of
from .peers import aws_backend, aws_open_ports, known_number, open_ports, peer_of

__all__ = ["links_of"]

Ports = tuple[PortView, ...]
"""Ports that are open; empty for every port."""

_ANYONE = PeerView(PeerKind.ANYONE)


def links_of(plan: StackPlan) -> tuple[LinkView, ...]:
    """Who can connect to whom, by source, target, and kind. Equal links are merged with all of their ports."""
    found = [*_from_balancers(plan), *_from_gateways(plan), *_Policies(plan).links()]
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
        yield _to_target(plan, PeerView(PeerKind.LOAD_BALANCER, name), spec.target)
    for name, spec in plan.aws_load_balancers.items():
        source = PeerView(PeerKind.LOAD_BALANCER, name)
        for key, target in spec.targets.items():
            ports = aws_open_ports(plan, spec.kind, target)
            yield LinkView(LinkKind.TARGET, source, aws_backend(plan, key, target).peer, ports)


def _from_gateways(plan: StackPlan) -> Iterator[LinkView]:
    for name, spec in plan.gateways.items():
        source = PeerView(PeerKind.GATEWAY, name)
        for target in (*(route.target for route in spec.routes), spec.default_backend):
            if target is not None:
                yield _to_target(plan, source, target)


class _Policies:
    """The services' NetworkPolicies. Both ends of a connection must allow it."""

    def __init__(self, plan: StackPlan) -> None:
        self._stack = plan
        self._services = {name: plan_web_service(name, spec) for name, spec in plan.services.items()}

    def links(self) -> Iterator[LinkView]:
        for service in self._services.values():
            if service.spec.network_policy:
                yield from self._allowed_from(service)
                yield from self._allowed_to(service)
            else:
                this = _service(service.name)
                yield LinkView(LinkKind.UNRESTRICTED, _ANYONE, this)
                yield LinkView(LinkKind.UNRESTRICTED, this, _ANYONE)

    def _allowed_from(self, service: WebServicePlan) -> Iterator[LinkView]:
        every = tuple(PortView(number, protocol) for number, protocol in service.pod_ports)
        for peer in service.spec.allow_from:
            ports, clients = _ports_of(peer) or every, self._matching(peer, service)
            for client in clients:
                open_to_client = self._common(client, service, ports)
                if open_to_client is not None:
                    yield _allowed(_service(client.name), _service(service.name), open_to_client)
            if not clients:
                yield _allowed(self._outside(peer), _service(service.name), ports)

    def _allowed_to(self, service: WebServicePlan) -> Iterator[LinkView]:
        for peer in service.spec.allow_to:
            others = self._matching(peer, service)
            for other in others:
                # The NetworkPolicies of the other services list their own clients.
                if not other.spec.network_policy:
                    yield _allowed(_service(service.name), _service(other.name), _ports_of(peer))
            if not others:
                yield _allowed(_service(service.name), self._outside(peer), _ports_of(peer))

    def _common(self, client: WebServicePlan, service: WebServicePlan, ports: Ports) -> Optional[Ports]:
        """The ports among these that the client's own NetworkPolicy allows; None if it allows none."""
        if not client.spec.network_policy:
            return ports
        allowed = [
            _ports_of(peer)
            for peer in client.spec.allow_to
            if any(other.name == service.name for other in self._matching(peer, client))
        ]
        if not all(allowed):
            return ports
        listed = {port for each in allowed for port in each}
        return tuple(port for port in ports if port in listed) or None

    def _matching(self, peer: PeerSpec, owner: WebServicePlan) -> list[WebServicePlan]:
        """The services of the stack that a peer of a service's policy matches."""
        if peer.cidr is not None:
            return []
        labels, own = _labels_of(peer), self._namespace_of(owner)
        namespace = own if peer.namespace is None else text_of(peer.namespace)
        return [
            service
            for service in self._services.values()
            if (peer.any_namespace or self._namespace_of(service) == namespace)
            and all(str(service.labels.get(key)) == value for key, value in labels.items())
        ]

    def _namespace_of(self, service: WebServicePlan) -> str:
        return text_of(self._stack.namespace if service.spec.namespace is None else service.spec.namespace)

    def _outside(self, peer: PeerSpec) -> PeerView:
        """What a peer matches that isn't a service of the stack."""
        if peer.cidr is not None:
            excluded = tuple(map(text_of, peer.cidr_except))
            return PeerView(PeerKind.ADDRESSES, cidr=text_of(peer.cidr), cidr_except=excluded)
        if gateway := self._gateway(peer):
            return PeerView(PeerKind.GATEWAY, gateway)
        namespace = "" if peer.namespace is None or peer.any_namespace else text_of(peer.namespace)
        if peer.service is not None:
            name = text_of(peer.service)
            return PeerView(PeerKind.EXTERNAL_SERVICE, name, namespace, any_namespace=peer.any_namespace)
        labels = tuple(sorted(_labels_of(peer).items()))
        return PeerView(PeerKind.PODS, namespace=namespace, any_namespace=peer.any_namespace, labels=labels)

    def _gateway(self, peer: PeerSpec) -> str:
        """The gateway of the stack whose controller a peer matches; empty if there is none."""
        labels = _labels_of(peer)
        for name, spec in self._stack.gateways.items():
            namespace = name if spec.namespace is None else spec.namespace
            matches = all(controller_labels(name).get(key) == value for key, value in labels.items())
            if matches and (peer.any_namespace or peer.namespace == namespace):
                return name
        return ""


def _to_target(plan: StackPlan, source: PeerView, target: TargetSpec) -> LinkView:
    return LinkView(LinkKind.TARGET, source, peer_of(plan, target), open_ports(plan, target))


def _service(name: str) -> PeerView:
    return PeerView(PeerKind.SERVICE, name)


def _allowed(source: PeerView, target: PeerView, ports: Ports) -> LinkView:
    return LinkView(LinkKind.NETWORK_POLICY, source, target, ports)


def _labels_of(peer: PeerSpec) -> Mapping[str, str]:
    if peer.service is not None:
        return {NAME_LABEL: text_of(peer.service)}
    return {key: text_of(value) for key, value in (peer.selector or {}).items()}


def _ports_of(peer: PeerSpec) -> Ports:
    protocol = peer.protocol or Protocol.TCP
    return tuple(PortView(known_number(number), protocol.value) for number in peer.ports)
