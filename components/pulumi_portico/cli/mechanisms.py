"""The same services in each way of exposing them: as the stack does, by one gateway, and by a load balancer each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Optional

from ..aws_load_balancer.args import AwsLoadBalancerSpec
from ..aws_load_balancer.load_balancer import billable_of
from ..ingress_gateway.controllers import DEFAULT_CONTROLLER
from ..ingress_gateway.front_door import exposure_request
from ..ingress_gateway.gateway_plan import installer_of
from ..ingress_gateway.install.installation import ControllerKind, InstallationSpec
from ..ingress_gateway.install.workload import replicas_of
from ..lifecycle.aws import AWS_BILLING
from ..lifecycle.cost import Billable, Billing, PriceSpec
from ..load_balancers import Scope
from ..networking.ports import ServicePort
from ..networking.target import Protocol
from ..public_load_balancer.args import PublicLoadBalancerSpec
from ..public_load_balancer.plan import request_of
from ..public_load_balancer.platform_module import Request
from ..public_load_balancer.platforms import module_of
from ..stack import StackPlan
from ..stack.view import PeerKind, PeerView, ReplicasView, StackView, TlsTermination, Total
from ..stack.view_text import peer_text
from ..stack.views.aws import is_application
from ..stack.views.balancers import total_of
from ..stack.views.peers import aws_backend, known_number, peer_of, service_port
from .losses import Loss, lost_with_gateway, lost_with_load_balancers

__all__ = ["Certificates", "ControllerPods", "Mechanism", "MechanismKind", "ProtocolSet", "mechanisms_of"]

_HTTP = ("http", "https", "grpc", "h2c", "ws", "wss")


class MechanismKind(str, Enum):
    """A way of exposing services."""

    AS_IS = "as-is"
    """As the stack does, if that's neither of the others."""

    GATEWAY = "gateway"
    """One gateway for every service that speaks HTTP."""

    LOAD_BALANCERS = "load-balancers"
    """A load balancer for each service."""


class ProtocolSet(str, Enum):
    """What clients can use."""

    HTTP_DEFAULT_PORTS = "http-default-ports"
    """HTTP/1.1, HTTP/2, WebSocket, and gRPC, on ports 80 and 443."""

    HTTP_ANY_PORT = "http-any-port"
    """HTTP/1.1, HTTP/2, WebSocket, and gRPC, on any port."""

    ANY = "any"
    """TCP and UDP, on any port."""


class Certificates(str, Enum):
    """Where certificates come from."""

    SECRETS_OR_CERT_MANAGER = "secrets-or-cert-manager"
    """Secrets, or cert-manager."""

    CERTIFICATE_MANAGER = "aws-certificate-manager"
    """AWS Certificate Manager."""


@dataclass(frozen=True)
class ControllerPods:
    """The pods of a gateway's controller."""

    gateway: str
    """The gateway's name; empty if the stack doesn't have it."""
    controller: str
    replicas: ReplicasView


@dataclass(frozen=True)
class Mechanism:
    """One way of exposing the services that clients outside the cluster can reach."""

    kind: MechanismKind
    is_current: bool
    """Whether the stack does it."""
    total: Total
    protocols: tuple[ProtocolSet, ...]
    tls: tuple[TlsTermination, ...]
    """Where TLS terminates."""
    certificates: Optional[Certificates] = None
    """Where certificates come from; None if that's up to the stack or the services."""
    controllers: tuple[ControllerPods, ...] = ()
    """What runs in the cluster for it."""
    losses: tuple[Loss, ...] = ()
    """What the stack has, and wouldn't have in this way."""


@dataclass(frozen=True)
class _Offer:
    """One more load balancer, for an estimate."""

    billing: Billing
    billable: Billable
    price: Optional[PriceSpec]
    terminates_tls: bool

    def times(self, count: int) -> Total:
        return total_of([(self.billing, self.price, self.billable)] * count)


@dataclass(frozen=True)
class _Exposed:
    """A service that clients outside the cluster reach, and one of its ports."""

    peer: PeerView
    port: Optional[ServicePort] = None
    """The port; None if it speaks HTTP, because a gateway can serve all of those."""


def mechanisms_of(plan: StackPlan, view: StackView) -> tuple[Mechanism, ...]:
    """The way in which the stack exposes its services, and the others; none if it exposes nothing."""
    offer = _offer(plan)
    exposed = list(dict.fromkeys([*_by_gateways(plan), *_by_load_balancers(plan)]))
    if offer is None or not exposed:
        return ()
    gateway, each = _gateway(plan, offer, exposed), _load_balancers(plan, offer, exposed)
    current = Mechanism(
        kind=MechanismKind.AS_IS,
        is_current=True,
        total=view.total,
        protocols=tuple(_protocols(plan)),
        tls=tuple(_tls(view)),
        controllers=tuple(_controllers(plan)),
    )
    kind = _current_kind(plan, view, exposed)
    if kind is MechanismKind.LOAD_BALANCERS:
        return (gateway, replace(current, kind=kind))
    if kind is MechanismKind.GATEWAY:
        return (replace(current, kind=kind, protocols=gateway.protocols, controllers=gateway.controllers), each)
    return (current, gateway, each)


def _tls(view: StackView) -> Iterator[TlsTermination]:
    """Where TLS terminates: at load balancers and behind them, and at gateways of existing controllers."""
    places = {balancer.tls for balancer in view.balancers}
    if any(gateway.tls_hosts and not gateway.load_balancers for gateway in view.gateways):
        places.add(TlsTermination.GATEWAY)
    yield from (place for place in TlsTermination if place in places)


def _current_kind(plan: StackPlan, view: StackView, exposed: Sequence[_Exposed]) -> MechanismKind:
    by_gateways, by_load_balancers = set(_by_gateways(plan)), set(_by_load_balancers(plan))
    if not by_gateways and len(view.balancers) == len(exposed):
        return MechanismKind.LOAD_BALANCERS
    fronts = [b for b in view.balancers if any(target.kind is PeerKind.GATEWAY for target in b.targets)]
    not_http = {service for service in exposed if service.port is not None}
    return MechanismKind.GATEWAY if len(fronts) == 1 and by_load_balancers == not_http else MechanismKind.AS_IS


def _gateway(plan: StackPlan, offer: _Offer, exposed: Sequence[_Exposed]) -> Mechanism:
    others = [service for service in exposed if service.port is not None]
    default = ControllerPods("", DEFAULT_CONTROLLER.value, _replicas(InstallationSpec()))
    return Mechanism(
        kind=MechanismKind.GATEWAY,
        is_current=False,
        total=offer.times(len(others) + (len(others) < len(exposed))),
        protocols=(ProtocolSet.HTTP_DEFAULT_PORTS,),
        tls=(TlsTermination.GATEWAY,),
        certificates=Certificates.SECRETS_OR_CERT_MANAGER,
        controllers=tuple(_controllers(plan)) or (default,),
        losses=lost_with_gateway(plan, dict.fromkeys(peer_text(service.peer) for service in others)),
    )


def _load_balancers(plan: StackPlan, offer: _Offer, exposed: Sequence[_Exposed]) -> Mechanism:
    return Mechanism(
        kind=MechanismKind.LOAD_BALANCERS,
        is_current=False,
        total=offer.times(len(exposed)),
        protocols=(ProtocolSet.ANY,),
        tls=(TlsTermination.LOAD_BALANCER if offer.terminates_tls else TlsTermination.SERVICE,),
        certificates=Certificates.CERTIFICATE_MANAGER if offer.terminates_tls else None,
        losses=lost_with_load_balancers(plan),
    )


def _protocols(plan: StackPlan) -> Iterator[ProtocolSet]:
    """What clients can use today."""
    if any(True for _ in _by_gateways(plan)):
        yield ProtocolSet.HTTP_DEFAULT_PORTS
    aws = [is_application(spec) for spec in plan.aws_load_balancers.values() if any(True for _ in _by_aws(plan, spec))]
    if any(aws):
        yield ProtocolSet.HTTP_ANY_PORT
    if not all(aws) or any(True for spec in plan.load_balancers.values() for _ in _by_platform(plan, spec)):
        yield ProtocolSet.ANY


def _by_gateways(plan: StackPlan) -> Iterator[_Exposed]:
    for spec in plan.gateways.values():
        for target in (*(route.target for route in spec.routes), spec.default_backend):
            if target is not None:
                yield _Exposed(peer_of(plan, target))


def _by_load_balancers(plan: StackPlan) -> Iterator[_Exposed]:
    for spec in plan.load_balancers.values():
        yield from _by_platform(plan, spec)
    for spec in plan.aws_load_balancers.values():
        yield from _by_aws(plan, spec)


def _by_platform(plan: StackPlan, spec: PublicLoadBalancerSpec) -> Iterator[_Exposed]:
    peer, ports = peer_of(plan, spec.target), request_of(spec).ports
    if peer.kind is not PeerKind.GATEWAY:
        speaks_http = not ports or any(map(_is_http, ports))
        yield _Exposed(peer, None if speaks_http else ports[0])


def _by_aws(plan: StackPlan, spec: AwsLoadBalancerSpec) -> Iterator[_Exposed]:
    for key, target in spec.targets.items():
        if target.target is None:
            continue
        peer, port = aws_backend(plan, key, target).peer, service_port(plan, target.target)
        if peer.kind is not PeerKind.GATEWAY:
            speaks_http = is_application(spec) or port is None or _is_http(port)
            yield _Exposed(peer, None if speaks_http else port)


def _is_http(port: ServicePort) -> bool:
    hints = (port.name.partition("-")[0], (port.app_protocol or "").rpartition("/")[2])
    return port.protocol == Protocol.TCP.value and any(hint in _HTTP for hint in hints)


def _offer(plan: StackPlan) -> Optional[_Offer]:
    """One more load balancer like those of the stack: one for the internet, if it has any."""
    offers = list(_offers(plan))
    public = (offer for scope, offer in offers if scope is Scope.INTERNET)
    return next(public, offers[0][1] if offers else None)


def _offers(plan: StackPlan) -> Iterator[tuple[Scope, _Offer]]:
    for spec in plan.gateways.values():
        request = exposure_request(spec)
        if request is not None:
            yield request.exposure.scope, _of_request(request, spec.price)
    for spec in plan.load_balancers.values():
        yield spec.exposure.scope, _of_request(request_of(spec), spec.price)
    for spec in plan.aws_load_balancers.values():
        if spec.existing is None:
            billable = billable_of(spec)
            yield spec.scope or Scope.INTERNET, _Offer(AWS_BILLING, billable, spec.price, terminates_tls=True)


def _of_request(request: Request, price: Optional[PriceSpec]) -> _Offer:
    # One port each: on GKE, each protocol has a forwarding rule of its own.
    one_port = replace(request, known_ports=request.ports[:1])
    module = module_of(request.exposure.platform)
    return _Offer(module.billing, module.billable(one_port), price, terminates_tls=module.supports("tls.certificates"))


def _controllers(plan: StackPlan) -> Iterator[ControllerPods]:
    for name, spec in plan.gateways.items():
        if installer_of(spec) is not None:
            yield ControllerPods(name, spec.controller.value, _replicas(spec.installation or InstallationSpec()))


def _replicas(installation: InstallationSpec) -> ReplicasView:
    if installation.kind is ControllerKind.DAEMON_SET:
        return ReplicasView(is_per_node=True)
    count, autoscaling = known_number(replicas_of(installation)), installation.autoscaling
    if autoscaling is None:
        return ReplicasView(count)
    return ReplicasView(count, known_number(autoscaling.max_replicas), is_autoscaled=True)
