"""Targets that every address reaches through several doors together, although no single door admits everyone.

A door is a load balancer, a route of a gateway with sources of its own, or a range of addresses that a policy allows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Optional

from ...address_ranges import common_ranges, ranges_of_everyone, versions_of_everyone
from ...args.exceptions import SecurityException, exception_kind
from ...args.location import Location
from ...ingress_gateway.args import IngressGatewaySpec
from ...ingress_gateway.gateway_plan import installer_of
from ...ingress_gateway.resolved_routes import ResolvedRoute
from ...load_balancers import EVERYONE, PRIVATE_ADDRESSES
from ...networking.network_policies import ports_of
from ...public_load_balancer.plan import request_of
from ..plan import StackPlan
from ..view import PeerKind, PeerView
from .aws_exceptions import client_ranges
from .peers import aws_backend, aws_open_ports, open_ports, peer_of

__all__ = ["exceptions_of_doors"]

EVERY_ADDRESS_TOGETHER = exception_kind(
    "every-client-address-together", "Together with the other ways to {target}, every address can connect to it."
)

_Port = tuple[Optional[int], str]


@dataclass(frozen=True)
class _Range:
    """A range of addresses, and where it is."""

    text: str
    location: Location


@dataclass(frozen=True)
class _Door:
    """One way to a target."""

    target: PeerView
    ranges: Sequence[_Range]
    ports: Sequence[_Port] = ()
    """The ports of the target's pods; empty for every port."""


def exceptions_of_doors(plan: StackPlan) -> Iterator[SecurityException]:
    """The ranges of every target that add up to everyone only together."""
    to_gateways = [*_of_load_balancers(plan), *_of_gateways(plan)]
    doors: dict[PeerView, list[_Door]] = {}
    for door in (*to_gateways, *_of_routes(plan, to_gateways), *_of_policies(plan)):
        doors.setdefault(door.target, []).append(door)
    for own in doors.values():
        for port in dict.fromkeys(port for door in own for port in door.ports) or [None]:
            yield from _together([door for door in own if port is None or not door.ports or port in door.ports])


def _together(doors: Sequence[_Door]) -> Iterator[SecurityException]:
    alone = {version for door in doors for version in versions_of_everyone(each.text for each in door.ranges)}
    ranges = [each for door in doors for each in door.ranges if not _is_private(each.text)]
    if versions_of_everyone(each.text for each in ranges) <= alone:
        # Every door that admits everyone is reported by itself.
        return
    for index in ranges_of_everyone(each.text for each in ranges):
        yield SecurityException(EVERY_ADDRESS_TOGETHER, ranges[index].location, {"target": doors[0].target.name})


def _is_private(text: str) -> bool:
    """Whether no client on the internet connects from the range, so that it adds nobody."""
    return common_ranges([text], PRIVATE_ADDRESSES) == [text]


def _ranges(values: Iterable[object], at: Location) -> list[_Range]:
    return [_Range(value, at / index) for index, value in enumerate(values) if isinstance(value, str)]


def _of_load_balancers(plan: StackPlan) -> Iterator[_Door]:
    for spec in plan.load_balancers.values():
        exposure = spec.exposure
        ranges = _ranges(exposure.allowed_sources or (), exposure.at / "allowed_sources")
        ports = [(port.target, port.protocol) for port in request_of(spec).ports]
        yield _door(peer_of(plan, spec.target), ranges, ports)
    for aws in plan.aws_plans.values():
        ranges = [_Range(text, at) for at, text in client_ranges(aws.spec) if isinstance(text, str)]
        for key, target in aws.targets.items():
            ports = [(port.number, port.protocol) for port in aws_open_ports(target)]
            yield _door(aws_backend(plan, key, target.spec).peer, ranges, ports)


def _door(target: PeerView, ranges: Sequence[_Range], ports: Sequence[_Port]) -> _Door:
    # Every port of a gateway leads to the same routes.
    return _Door(target, ranges, () if target.kind is PeerKind.GATEWAY else ports)


def _of_gateways(plan: StackPlan) -> Iterator[_Door]:
    """The doors of gateways that aren't components of their own."""
    for name, spec in plan.gateways.items():
        gateway = PeerView(PeerKind.GATEWAY, name)
        if spec.exposure is not None:
            at = spec.exposure.at / "allowed_sources"
            yield _Door(gateway, _ranges(spec.exposure.allowed_sources or (), at))
        if spec.upstream is not None:
            yield _Door(gateway, _ranges(spec.upstream.sources, spec.upstream.at / "sources"))


def _of_routes(plan: StackPlan, doors: Sequence[_Door]) -> Iterator[_Door]:
    """Each route, with the clients that both its gateway and the route itself admit."""
    for name, gateway in plan.gateway_plans.items():
        own = [each for door in doors if door.target == PeerView(PeerKind.GATEWAY, name) for each in door.ranges]
        for route in gateway.routes.routes:
            if route.target is not None:
                ports = [(port.number, port.protocol) for port in open_ports(plan, route.target)]
                yield _Door(peer_of(plan, route.target), _of_route(gateway.spec, route, own), ports)

    for added in plan.added_routes.values():
        for route in added.routes:
            if route.target is not None:
                ports = [(port.number, port.protocol) for port in open_ports(plan, route.target)]
                yield _Door(peer_of(plan, route.target), _of_route(None, route, ()), ports)


def _of_route(spec: Optional[IngressGatewaySpec], route: ResolvedRoute, gateway: Sequence[_Range]) -> Sequence[_Range]:
    """The clients of a route. `spec` is its gateway; None if another stack has it."""
    sources = route.spec.allowed_sources
    if sources is None:
        return gateway
    # What leads to an existing controller isn't known.
    is_existing = spec is None or installer_of(spec) is None
    admitted = EVERYONE if is_existing else [each.text for each in gateway]
    listed = _ranges(sources, route.spec.at / "allowed_sources")
    return [_Range(text, each.location) for each in listed for text in common_ranges([each.text], admitted)]


def _of_policies(plan: StackPlan) -> Iterator[_Door]:
    """The ranges that a service's own policy allows to connect to its pods."""
    for name, spec in plan.services.items():
        every = plan.service_plans[name].pod_ports
        for peer in spec.allow_from:
            if isinstance(peer.cidr, str):
                ports = [(port, protocol) for port, protocol in ports_of(peer) or every if isinstance(port, int)]
                yield _Door(PeerView(PeerKind.SERVICE, name), [_Range(peer.cidr, peer.at / "cidr")], ports)
