"""What a platform's module declares, and what follows from it for every platform alike.

`Feature`s are what can be asked for: a field, such as `health.path`, one choice of a field, such as
`client_ip=preserve`, or what the ports need, such as `protocol=UDP`. A module says for each that its
platform has which places of the Service tell it so; what it does not name is refused. The errors, the
table in the docs, the check of raw annotations and the tests are all made from that one mapping.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Optional, cast

import pulumi

from ..errors import Problems
from ..lifecycle.cost import Billable
from ..load_balancers import ClientIp, IpFamily, Scope
from ..network_policy import Peer
from ..service_ports import ServicePort
from ..shapes import is_args, is_enum, shapes_of
from ..target import Protocol
from ..values import Rule
from .exposure import Exposure

__all__ = [
    "Asked",
    "Feature",
    "Place",
    "PlatformModule",
    "Request",
    "Told",
    "all_features",
    "annotation_pattern",
    "features_of",
]

Feature = str
"""What can be asked for."""

Place = str
"""Where the Service tells it: `spec.field`, an annotation's key, or `key#attribute` for one pair of an annotation that
holds pairs. `{port}` and `{protocol}` stand for a port's number and transport."""

_BY_CHOICE = ("scope", "client_ip", "address_family")
# Checked by themselves: they go to every platform, or say which one it is.
_APART = ("platform", "platform_sources", "annotations")
_PROTOCOLS = ("protocol=UDP", "protocol=SCTP", "protocols=mixed", "port=shared")


@dataclass(frozen=True)
class Request:
    """What is asked of a platform."""

    exposure: Mapping[str, Any]
    """The checked `Exposure`."""
    ports: tuple[ServicePort, ...]
    """What the load balancer listens on, and the ports of the pods behind."""
    drain: Optional[int] = None
    """Seconds that a pod goes on serving after it was told to stop, where that is known."""

    @property
    def internet(self) -> bool:
        """Whether it is for the internet."""
        return self.exposure["scope"] == Scope.INTERNET.value

    def of(self, group: str) -> Mapping[str, Any]:
        """The settings of a group; empty where there are none."""
        return self.exposure.get(group, {})

    def speaks(self, protocol: Protocol) -> bool:
        """Whether a port speaks it."""
        return any(port.protocol == protocol.value for port in self.ports)

    def wants_dual(self) -> bool:
        """Whether it is to have both address families."""
        return self.exposure.get("address_family") == IpFamily.DUAL.value


@dataclass(frozen=True)
class Told:
    """What the Service tells the platform."""

    spec: Mapping[str, Any]
    """Fields of its `spec`, beside type, selector and ports."""
    annotations: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Its annotations."""


def chosen_or_hidden(request: Request) -> str:
    """What the pods are told of the client's address: what was chosen, else nothing."""
    return request.exposure.get("client_ip", ClientIp.HIDE.value)


def no_port(_request: Request) -> Optional[int]:
    """No port: the pods themselves are asked for nothing else."""
    return None


@dataclass(frozen=True)
class PlatformModule:
    """What a platform can do, and how it is told."""

    name: str
    """As the `platform` field has it."""
    honours: Mapping[Feature, tuple[Place, ...]]
    """What it can do, and where that is told; empty where it is so without being told."""
    prefixes: tuple[str, ...]
    """How the annotations begin that are this platform's own."""
    tell: Callable[[Request], Told]
    """What a Service tells it."""
    check: Callable[[Request, Problems, str], None]
    """Note what it cannot do together."""
    billable: Callable[[Request], Billable]
    """What it bills."""
    sources: Callable[[Request], list[Peer]]
    """Where the connections that reach the pods come from."""
    client_ip: Callable[[Request], str] = chosen_or_hidden
    """What the pods are told of the client's address, with the default filled in."""
    health_port: Callable[[Request], Optional[int]] = no_port
    """The port of the pods that it asks for their health, where it is another one than connections go to."""
    default_family: str = ""
    """The address family that it takes where none is chosen; empty where that is the cluster's."""
    renewed_by: tuple[str, ...] = ()
    """Fields that it reads only while it makes a load balancer, beside scope, class and the primary address family."""
    held: tuple[str, ...] = ("static_addresses",)
    """Fields whose values two load balancers cannot have at the same time."""
    limits: Mapping[Feature, Rule] = field(default_factory=dict[str, Rule])
    """What it takes as values, beyond what an `Exposure` takes."""
    reserved: Optional[Callable[[Request], Rule]] = None
    """What it takes as a static address; None where it takes none."""
    instead: Mapping[Feature, str] = field(default_factory=dict[str, str])
    """What to do instead, for what it cannot do."""
    obsolete: Mapping[str, str] = field(default_factory=dict[str, str])
    """Annotations that do nothing, or not what they seem to, and what to do instead."""

    def can(self, feature: Feature) -> bool:
        """Whether the platform does what is asked."""
        return feature in self.honours

    def writes(self, key: str) -> Optional[Feature]:
        """The feature that a field writes this annotation for, if one does; for all ports or for one."""
        for_all = re.sub(r"\.[0-9]+$", "", key)
        for feature, places in self.honours.items():
            written = [annotation_pattern(place) for place in places if not place.startswith("spec.")]
            if any(it.fullmatch(key) or it.fullmatch(for_all) for it in written):
                return feature
        return None

    def limits_of(self, request: Request) -> Mapping[Feature, Rule]:
        """What it takes as values, static addresses among them."""
        return {**self.limits, **({"static_addresses": self.reserved(request)} if self.reserved else {})}

    def with_limits(self, request: Request) -> Request:
        """The request, its Outputs guarded by what this platform takes."""
        exposure = dict(request.exposure)
        for feature, rule in self.limits_of(request).items():
            group, _, name = feature.rpartition(".")
            held: Any = dict(exposure.get(group, {})) if group else exposure
            if name in held:
                held[name] = _guarded(held[name], rule, f"exposure.{feature}")
                if group:
                    exposure[group] = held
        return replace(request, exposure=exposure)


def _guarded(value: Any, rule: Rule, path: str) -> Any:
    """The value; where it is known only later, an Output that fails if the rule refuses what it turns out to be."""
    if isinstance(value, list):
        return [_guarded(it, rule, f"{path}[{at}]") for at, it in enumerate(cast("list[Any]", value))]
    if not isinstance(value, pulumi.Output):
        return value

    def settle(known: Any) -> Any:
        problems = Problems("The load balancer")
        if refusal := rule(known):
            problems.add(path, known, refusal)
        problems.raise_if_any()
        return known

    return cast("pulumi.Output[Any]", value).apply(settle)


@dataclass(frozen=True)
class Asked:
    """A feature that is asked for, and where."""

    feature: Feature
    path: str
    value: Any


def features_of(request: Request) -> list[Asked]:
    """What is asked for, in the order of the fields, then of the ports."""
    asked: list[Asked] = []
    for name, value in request.exposure.items():
        if name in _BY_CHOICE:
            asked.append(Asked(f"{name}={value}", f"exposure.{name}", value))
        elif name not in _APART:
            asked += _leaves(name, value)
    return [*asked, *_of_ports(request.ports)]


def _leaves(name: str, value: Any) -> Iterable[Asked]:
    if not is_args(shapes_of(Exposure)[name].type):
        return [Asked(name, f"exposure.{name}", value)]
    given = cast("Mapping[str, Any]", value)
    return [Asked(f"{name}.{leaf}", f"exposure.{name}.{leaf}", held) for leaf, held in given.items()]


def _of_ports(ports: tuple[ServicePort, ...]) -> Iterable[Asked]:
    for port in ports:
        if port.protocol != Protocol.TCP.value:
            yield Asked(f"protocol={port.protocol}", f"ports.{port.name}.protocol", port.protocol)
    if len({port.protocol for port in ports}) > 1:
        yield Asked("protocols=mixed", "ports", ", ".join(sorted({port.protocol for port in ports})))
    for port in ports:
        if any(other.number == port.number and other.protocol < port.protocol for other in ports):
            yield Asked("port=shared", f"ports.{port.name}.port", port.number)


@cache
def all_features() -> tuple[Feature, ...]:
    """Everything that can be asked for, in the order of the fields, then of the ports."""
    found: list[Feature] = []
    for name, shape in shapes_of(Exposure).items():
        if name in _BY_CHOICE and is_enum(shape.type):
            found += [f"{name}={choice.value}" for choice in shape.type]
        elif is_args(shape.type):
            found += [f"{name}.{leaf}" for leaf in shapes_of(shape.type)]
        elif name not in _APART:
            found.append(name)
    return (*found, *_PROTOCOLS)


@cache
def annotation_pattern(place: Place) -> re.Pattern[str]:
    """What the keys of a place's annotation look like, whatever the port."""
    key = re.escape(place.partition("#")[0]).replace(re.escape("{port}"), "[0-9]+")
    return re.compile(key.replace(re.escape("{protocol}"), "[A-Z_]+"))
