"""Notes on gateways that clients reach in two ways: from the internet and from the private network."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..args.codes import define
from ..args.location import KeyStyle, Location
from ..args.problems import Problem, Problems
from ..aws_load_balancer.args import AwsLoadBalancerSpec
from ..ingress_gateway.args import IngressGatewaySpec
from ..load_balancers import Scope
from ..public_load_balancer.args import PublicLoadBalancerSpec
from .references import GATEWAY, Reference

__all__ = ["notes_on_doors"]

HOSTS_AT_BOTH_DOORS = define(
    "hosts-reachable-from-both",
    "Clients reach every host of {gateway} here too: this load balancer has the scope {scope}, and {other} has the "
    "scope {other_scope}.",
    allowed="hosts that both kinds of clients can use",
    hint="If a host is for one of them only, create a second gateway for it, or set the allowed sources of its routes.",
)

_Door = tuple[Location, Scope]


def notes_on_doors(
    gateways: Mapping[str, IngressGatewaySpec],
    balancers: Mapping[str, PublicLoadBalancerSpec],
    aws_balancers: Mapping[str, AwsLoadBalancerSpec],
    references: Mapping[Location, Reference],
) -> Iterator[Problem]:
    """Notes on load balancers that serve the hosts of a gateway to clients of another scope than another one does."""
    notes = Problems("IngressGateway", style=KeyStyle.STACK)
    doors: dict[str, list[_Door]] = {
        name: [] if spec.exposure is None else [(spec.exposure.at, spec.exposure.scope)]
        for name, spec in gateways.items()
    }
    for at, scope, target in _targets(balancers, aws_balancers):
        reference = references.get(target)
        if reference is None or reference.kind != GATEWAY:
            continue
        others = [(place, other) for place, other in doors[reference.name] if other is not scope]
        if others:
            gateway = gateways[reference.name].at
            place, other = others[0]
            notes.report(HOSTS_AT_BOTH_DOORS, target, gateway=gateway, scope=scope, other=place, other_scope=other)
        doors[reference.name].append((at, scope))
    yield from notes.found


def _targets(
    balancers: Mapping[str, PublicLoadBalancerSpec], aws_balancers: Mapping[str, AwsLoadBalancerSpec]
) -> Iterator[tuple[Location, Scope, Location]]:
    """Where each load balancer is, its scope, and where its targets are."""
    for balancer in balancers.values():
        yield balancer.at, balancer.exposure.scope, balancer.target.at
    for aws_balancer in aws_balancers.values():
        targets: Any = aws_balancer.targets
        if aws_balancer.scope is not None:
            for target in targets.values():
                if target.target is not None:
                    yield aws_balancer.at, aws_balancer.scope, target.target.at
