"""Rules of a load balancer's own ports, which must be ports of the pods that it leads to."""

from collections.abc import Collection, Mapping
from typing import Optional, Union

from ..args.codes import define
from ..args.location import Field as FieldName
from ..args.location import Key, Location
from ..args.problems import Edit, Problems, Set
from ..networking.target import Protocol
from ..public_load_balancer.args import BalancerPortSpec
from .parts import BalancerPart, GatewayPart, ServicePart, backend_of
from .references import GATEWAY, Reference

__all__ = ["check_balancer_ports"]

NOTHING_LISTENS = define(
    "nothing-listens-on-target-port",
    "{target} doesn't listen on {protocol} port {value}.",
    allowed="{ports}",
    hint="Set {target_port} to one of these.",
)
OTHER_PROTOCOL = define(
    "target-port-of-other-protocol",
    "{target} listens on port {port} over {actual}, not {protocol}.",
    allowed="{actual}",
)

_Listened = Collection[tuple[int, str]]
"""The numbers of the ports that pods listen on, each with its protocol."""


def check_balancer_ports(
    part: BalancerPart,
    references: Mapping[Location, Reference],
    services: Mapping[str, ServicePart],
    gateways: Mapping[str, GatewayPart],
    problems: Problems,
) -> None:
    """Report ports of a load balancer that its target, if it is in the stack, doesn't listen on."""
    reference = references.get(part.spec.target.at)
    if reference is None or part.spec.ports is None:
        return
    target = gateways[reference.name] if reference.kind == GATEWAY else services[reference.name]
    listened = _listened(target)
    for name, port in part.spec.ports.items() if listened else ():
        problems.run(_check_port, part.spec.at / "ports" / Key(name), port, target, listened)


def _listened(target: Union[ServicePart, GatewayPart]) -> _Listened:
    """What the pods listen on; empty if it isn't known."""
    backend = backend_of(target)
    if backend is None:
        return []
    listened = {(port.target, port.protocol) for port in backend.part.ports.values()}
    if isinstance(target, ServicePart):
        if target.spec.extra is not None:
            # It can add containers.
            return []
        listened |= {(sidecar.port, Protocol.TCP.value) for sidecar in target.spec.sidecars if sidecar.port is not None}
    return listened


def _check_port(
    at: Location,
    port: BalancerPortSpec,
    target: Union[ServicePart, GatewayPart],
    listened: _Listened,
    problems: Problems,
) -> None:
    number, protocol = port.port if port.target_port is None else port.target_port, port.protocol.value
    if (number, protocol) in listened:
        return
    others = [other for found, other in listened if found == number]
    if len(others) == 1:
        fix: Optional[Edit] = Set(at / "protocol", others[0])
        problems.report(
            OTHER_PROTOCOL,
            at / "protocol",
            value=protocol,
            fix=fix,
            target=target.at,
            port=number,
            protocol=protocol,
            actual=others[0],
        )
        return
    same = sorted(found for found, other in listened if other == protocol)
    fix = Set(at / "target_port", same[0]) if len(same) == 1 else None
    ports = [f"{found} ({other})" for found, other in sorted(listened)]
    where = at / ("port" if port.target_port is None else "target_port")
    problems.report(
        NOTHING_LISTENS,
        where,
        value=number,
        fix=fix,
        target=target.at,
        protocol=protocol,
        ports=ports,
        target_port=FieldName("target_port"),
    )
