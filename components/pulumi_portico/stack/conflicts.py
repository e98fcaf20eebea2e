"""What several components of a stack would have at once: each refuses it when it is made, and a stack before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import pulumi

from ..aws_load_balancer.load_balancer import state_of
from ..errors import ArgumentError, Problems, Refusal
from ..ingress_gateway.front_door import front_door_of
from ..ingress_gateway.gateway_plan import class_of, installs, routing_of
from ..ingress_gateway.gateway_state import GatewayState
from ..ingress_gateway.install.installer import selector_of
from ..ingress_gateway.routing import add_to
from ..lifecycle.cost import AWS
from ..public_load_balancer.args import request_of
from ..public_load_balancer.balancer import build_balancer
from ..shapes import camel_case
from .checked import Components

__all__ = ["check_held", "check_names", "check_namespaces", "check_routes"]

_ADDRESSES = ("static_addresses", "elastic_ips", "private_addresses")


def check_routes(gateways: Components, problems: Problems) -> None:
    """Note routes that gateways of one class would both have."""
    states: dict[Any, GatewayState] = {}
    for name, (path, args, *_) in gateways.items():
        chosen = class_of(name, args)
        state = states.setdefault(chosen if isinstance(chosen, str) else id(chosen), GatewayState())
        routing = routing_of(name, args, args.get("namespace", name), f"{path}.", camel_case, state, f'"{name}"')
        own = Problems(problems.subject)
        try:
            add_to(state, f'IngressGateway "{name}"', routing, [], own)
        except ArgumentError:
            problems.found += own.found


def check_namespaces(namespace: str, services: Components, gateways: Components, problems: Problems) -> None:
    """Note namespaces that would be made twice, or that are not there yet when something is to live in them."""
    own = [name for name, it in gateways.items() if it.good and "namespace" not in it.args and installs(it.args)]
    if namespace in own:
        wrong = "is the stack's namespace too, and the gateway would make one of its own by this name"
        fix = f"write namespace: {namespace} in it, or choose another name"
        problems.note(gateways[namespace].path, Refusal(wrong, "another name", fix))
    for path, args, *_ in services.values():
        if args.get("namespace") in own:
            wrong = "is made by the gateway, which comes after the services that it leads to"
            refusal = Refusal(wrong, "a namespace that is there", f"leave it out for {namespace}")
            problems.add(f"{path}.namespace", args["namespace"], refusal)


def check_names(
    namespace: str,
    services: Components,
    gateways: Components,
    balancers: Components,
    aws_balancers: Components,
    problems: Problems,
) -> None:
    """Note components of two kinds that would both have an object, or an output, of one name."""
    classes: dict[Any, str] = {}
    for name, (path, args, *_) in gateways.items():
        chosen = class_of(name, args)
        if not installs(args) or not isinstance(chosen, str):
            continue
        other = classes.setdefault(chosen, path)
        if other != path:
            wrong = f"makes the IngressClass {chosen}, which {other} makes too"
            where = f"{path}.className" if "class_name" in args else path
            problems.note(where, Refusal(wrong, "each class once", "write another className"))
        service = services.get(name)
        if service is not None and service.args.get("namespace", namespace) == args.get("namespace", name):
            wrong = f"is the name of a service in the same namespace too, and both make a Deployment {name}"
            problems.note(path, Refusal(wrong, "another name, or another namespace", "choose another name"))
        for others in (balancers, aws_balancers):
            if "exposure" in args and name in others:
                _note_same_name(others[name].path, "a gateway with a load balancer of its own", problems)
    for name in sorted(balancers.keys() & aws_balancers.keys()):
        _note_same_name(aws_balancers[name].path, "one of loadBalancers", problems)


def _note_same_name(path: str, other: str, problems: Problems) -> None:
    wrong = f"is the name of {other} too, and outputs tell them apart by name"
    problems.note(path, Refusal(wrong, "another name", "choose another name"))


class _Held(NamedTuple):
    cloud: str
    kind: str
    value: str


@dataclass(frozen=True)
class _Holder:
    path: str
    what: str


def check_held(
    gateways: Components,
    balancers: Components,
    aws_balancers: Components,
    problems: Problems,
) -> None:
    """Note what two load balancers would both have: an address, a name, a port of the nodes."""
    seen: dict[_Held, _Holder] = {}
    holders = [*_of_gateways(gateways), *_of_balancers(balancers), *_of_aws_balancers(aws_balancers)]
    for held, holder in holders:
        other = seen.setdefault(held, holder)
        if other is not holder:
            wrong = f"is that of {other.what} ({other.path}) too, and no two load balancers can have it"
            problems.add(holder.path, held.value, Refusal(wrong, "one that nobody else has", "give it another one"))


def _of_gateways(gateways: Components) -> Iterator[tuple[_Held, _Holder]]:
    for name, (path, args, *_) in gateways.items():
        balancer = front_door_of(name, args, selector_of(name)).balancer
        if balancer is not None:
            cloud = _cloud(args["exposure"]["platform"])
            yield from _each(balancer.held, cloud, f"{path}.exposure", f'IngressGateway "{name}"')


def _of_balancers(balancers: Components) -> Iterator[tuple[_Held, _Holder]]:
    for name, (path, args, *_) in balancers.items():
        balancer = build_balancer({}, args["target"].get("selector", {}), request_of(args))
        cloud = _cloud(args["exposure"]["platform"])
        yield from _each(balancer.held, cloud, f"{path}.exposure", f'PublicLoadBalancer "{name}"')


def _of_aws_balancers(balancers: Components) -> Iterator[tuple[_Held, _Holder]]:
    for name, (path, args, *_) in balancers.items():
        yield from _each(state_of(args)["held"], AWS, path, f'AwsLoadBalancer "{name}"')


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
