"""What several components of a stack would have at once: each refuses it when it is made, and a stack before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import pulumi

from ..errors import ArgumentError, Problems, Refusal
from ..ingress_gateway.front_door import front_door_of
from ..ingress_gateway.gateway_plan import class_of, routing_of
from ..ingress_gateway.gateway_state import GatewayState
from ..ingress_gateway.install.installer import selector_of
from ..ingress_gateway.routing import add_to
from ..public_load_balancer.args import request_of
from ..public_load_balancer.aws_native.balancer import state_of
from ..public_load_balancer.balancer import build_balancer
from ..public_load_balancer.cost import AWS
from ..shapes import camel_case

__all__ = ["check_held", "check_routes"]

_ADDRESSES = ("static_addresses", "elastic_ips", "private_addresses")


def check_routes(gateways: Mapping[str, tuple[str, Mapping[str, Any]]], problems: Problems) -> None:
    """Note routes that gateways of one class would both have.

    Each gateway comes with its path and its checked arguments, targets written out."""
    states: dict[Any, GatewayState] = {}
    for name, (path, args) in gateways.items():
        chosen = class_of(name, args)
        state = states.setdefault(chosen if isinstance(chosen, str) else id(chosen), GatewayState())
        routing = routing_of(name, args, args.get("namespace", name), f"{path}.", camel_case, state, f'"{name}"')
        own = Problems(problems.subject)
        try:
            add_to(state, f'IngressGateway "{name}"', routing, [], own)
        except ArgumentError:
            problems.found += own.found


class _Held(NamedTuple):
    cloud: str
    kind: str
    value: str


@dataclass(frozen=True)
class _Holder:
    path: str
    what: str


def check_held(
    gateways: Mapping[str, tuple[str, Mapping[str, Any]]],
    balancers: Mapping[str, tuple[str, Mapping[str, Any]]],
    problems: Problems,
) -> None:
    """Note what two load balancers would both have: an address, a name, a port of the nodes."""
    seen: dict[_Held, _Holder] = {}
    holders = [*_of_gateways(gateways), *_of_balancers(balancers)]
    for held, holder in holders:
        other = seen.setdefault(held, holder)
        if other is not holder:
            wrong = f"is that of {other.what} ({other.path}) too, and no two load balancers can have it"
            problems.add(holder.path, held.value, Refusal(wrong, "one that nobody else has", "give it another one"))


def _of_gateways(gateways: Mapping[str, tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[_Held, _Holder]]:
    for name, (path, args) in gateways.items():
        balancer = front_door_of(name, args, selector_of(name)).balancer
        if balancer is not None:
            cloud = _cloud(args["exposure"]["platform"])
            yield from _each(balancer.held, cloud, f"{path}.exposure", f'IngressGateway "{name}"')


def _of_balancers(balancers: Mapping[str, tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[_Held, _Holder]]:
    for name, (path, args) in balancers.items():
        what = f'PublicLoadBalancer "{name}"'
        if "aws" in args:
            yield from _each(state_of(args["aws"])["held"], AWS, f"{path}.aws", what)
        else:
            balancer = build_balancer({}, args["target"].get("selector", {}), request_of(args))
            yield from _each(balancer.held, _cloud(args["exposure"]["platform"]), f"{path}.exposure", what)


def _cloud(platform: str) -> str:
    return AWS if platform.startswith(("aws-", "eks-")) else platform


def _each(held: Mapping[str, Any], cloud: str, path: str, what: str) -> Iterator[tuple[_Held, _Holder]]:
    for field, value in held.items():
        kind = "address" if field in _ADDRESSES else field
        where = f"{path}.{'.'.join(map(camel_case, field.split('.')))}"
        several = isinstance(value, list)
        for at, it in enumerate(cast("list[Any]", value) if several else [value]):
            if not isinstance(it, pulumi.Output):
                yield _Held(cloud, kind, str(it)), _Holder(f"{where}[{at}]" if several else where, what)
