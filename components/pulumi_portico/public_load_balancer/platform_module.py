"""What a platform's module declares, and what follows from it for every platform.

A `Feature` is something that an exposure can request: a field, such as `health.path`, a choice of a field, such as
`client_ip=preserve`, or something that the ports need, such as `protocol=UDP`. A module maps each feature that its
platform supports to the fields and annotations of the Service that configure it. Portico rejects every other feature.
The problems, the table in the docs, the check of raw annotations, and the tests derive from that mapping.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any, Optional, Union

import pulumi

from ..args.codes import Code
from ..args.location import Location
from ..args.problems import Problems, Unavailable
from ..args.shapes import Shape, is_args, shapes_of
from ..args.values import Rule
from ..lifecycle.cost import Billable, Billing
from ..load_balancers import ClientIp, IpAddressType, Scope
from ..networking.network_policies import PeerSpec
from ..networking.ports import ServicePort
from ..networking.target import Protocol
from ..untyped import Manifest
from .access_annotations import COMMON, AccessAnnotation, AccessEffect, effects_of
from .exposure import Exposure, ExposureSpec

__all__ = [
    "Enforcement",
    "Feature",
    "PlatformModule",
    "Request",
    "RequestedFeature",
    "ServiceFragment",
    "ServiceSetting",
    "Settings",
    "all_features",
    "annotation_pattern",
    "client_ip_or_hide",
    "client_ip_or_preserve",
    "requested_features",
    "value_of",
]

Feature = str
"""Something that an exposure can request."""

ServiceSetting = str
"""What configures it in the Service: `spec.field`, an annotation's key, or `key#attribute` for one pair of an
annotation that lists pairs. `{port}` and `{protocol}` stand for a port's number and protocol."""

_BY_CHOICE = ("scope", "client_ip", "ip_address_type")
# Every platform supports them, and they have checks of their own.
_ALWAYS_SUPPORTED = ("platform", "platform_sources", "hostnames", "annotations")
_PROTOCOLS = ("protocol=UDP", "protocol=SCTP", "protocols=mixed", "port=shared")


@dataclass(frozen=True)
class Request:
    """What an exposure requests from its platform, with the ports that it exposes."""

    exposure: ExposureSpec
    known_ports: Optional[tuple[ServicePort, ...]]
    """The ports of the load balancer, and of the pods behind it; None if the arguments don't determine them."""
    drain: Optional[int] = None
    """Seconds that a terminating pod continues to serve requests, if it is known."""
    port_locations: Mapping[str, Location] = field(default_factory=dict[str, Location])
    """Where the fields `port` and `protocol` of each port are, by the port's name, if the user sets them."""

    @property
    def ports(self) -> tuple[ServicePort, ...]:
        """The ports of the load balancer, and of the pods behind it. Unavailable if they aren't known."""
        if self.known_ports is None:
            raise Unavailable("ports")
        return self.known_ports

    @property
    def at(self) -> Location:
        """Where the exposure is."""
        return self.exposure.at

    @property
    def is_internet(self) -> bool:
        """Whether clients on the internet can reach the load balancer."""
        return self.exposure.scope is Scope.INTERNET

    def uses(self, protocol: Protocol) -> bool:
        """Whether a port uses the protocol."""
        return any(port.protocol == protocol.value for port in self.ports)

    @property
    def protocols(self) -> list[str]:
        """The protocols of the ports."""
        return sorted({port.protocol for port in self.ports})

    def location_of(self, port: ServicePort, field: str) -> Location:
        """Where a field of a port is; the exposure if the user doesn't set the port."""
        found = self.port_locations.get(port.name)
        return self.at if found is None else found / field

    @property
    def ports_location(self) -> Location:
        """Where the ports are; the exposure if the user doesn't set them."""
        found = next(iter(self.port_locations.values()), None)
        return self.at if found is None else found.parent


@dataclass(frozen=True)
class ServiceFragment:
    """What configures the load balancer in its Service."""

    spec: Manifest
    """Fields of the Service's spec, apart from type, selector, and ports."""
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])


class Enforcement(Enum):
    """What rejects connections from addresses that the sources of an exposure don't include."""

    BALANCER = "balancer"
    """The load balancer, or a firewall in front of the nodes. It sees the client's address, whatever the pods see."""

    NODES = "nodes"
    """Rules of the nodes or the pods, because connections reach them from the client's own address."""

    SHARED = "shared"
    """Rules of the pods that don't tell load balancers apart: they admit whoever another one admits to the same port.
    It's reported."""

    UNKNOWN = "unknown"
    """The load balancer, if its controller supports that, which Portico doesn't know. It's reported."""

    NOTHING = "nothing"
    """Nothing: whoever reaches the load balancer can connect. Sources must then include everyone."""


PlatformRule = Callable[[Request, Problems], None]
"""Reports what a platform doesn't support in combination."""


def client_ip_or_hide(request: Request) -> ClientIp:
    """What the pods see of the client's address, with hide as the default."""
    return request.exposure.client_ip or ClientIp.HIDE


def client_ip_or_preserve(request: Request) -> ClientIp:
    """What the pods see of the client's address, with preserve as the default."""
    return request.exposure.client_ip or ClientIp.PRESERVE


def _no_health_port(_request: Request) -> Optional[int]:
    return None


def _shares_nothing(_request: Request) -> bool:
    return False


def _unknown_enforcement(_request: Request) -> Enforcement:
    return Enforcement.UNKNOWN


@dataclass(frozen=True)
class Settings:
    """The settings that only one family of platforms supports."""

    field: str
    """Their field in `Exposure`."""
    args_type: Any
    """Their args type."""


@dataclass(frozen=True)
class PlatformModule:
    """Everything about a platform."""

    name: str
    """As the `platform` field has it."""
    title: str
    """As its vendor calls it."""
    kind: str
    """The kind of load balancer."""
    cloud: str
    """What its load balancers share names and addresses with. Two of one cloud can't have the same."""
    controller: str
    """What creates the load balancer for a Service, as a sentence has it."""
    billing: Billing
    capabilities: Mapping[Feature, tuple[ServiceSetting, ...]]
    """What the platform supports, and what configures each feature in the Service; nothing if it needs no setting."""
    annotation_prefixes: tuple[str, ...]
    """How the annotations start that only this platform reads."""
    render: Callable[[Request], ServiceFragment]
    """Configures the Service."""
    rules: Sequence[PlatformRule]
    """What the platform doesn't support in combination."""
    billable: Callable[[Request], Billable]
    """What the platform bills for."""
    sources: Callable[[Request], list[PeerSpec]]
    """Where connections to the pods come from."""
    shares_addresses: Callable[[Request], bool] = _shares_nothing
    """Whether several load balancers can have one static address, each with other ports."""
    enforcement: Callable[[Request], Enforcement] = _unknown_enforcement
    """What enforces `allowed_sources`, and the sources that only the platform knows. `enforcement_of` also knows the
    annotations that every platform has."""
    client_ip: Callable[[Request], ClientIp] = client_ip_or_hide
    """What the pods see of the client's address, with the default."""
    health_port: Callable[[Request], Optional[int]] = _no_health_port
    """The pods' port for health checks, if it differs from the ports of connections."""
    minimum_version: str = ""
    """The oldest version of the controller that Portico supports; empty if any works."""
    no_address_causes: tuple[str, ...] = ()
    """The usual causes if the load balancer gets no address or no target, each as sentences: what you see, and what to
    do."""
    settings: Optional[Settings] = None
    """Its family's field of `Exposure`."""
    source_names: Mapping[Feature, str] = field(default_factory=dict[str, str])
    """Fields that name further sources of connections, and what one of their items is called."""
    names_of_everyone: Mapping[Feature, tuple[str, ...]] = field(default_factory=dict[Feature, tuple[str, ...]])
    """The items of such fields that stand for every address."""
    default_ip_address_type: Optional[IpAddressType] = None
    """The default of `ip_address_type`; None if the cluster decides."""
    replaced_by_change_of: tuple[Feature, ...] = ()
    """Fields that the platform reads only when it creates a load balancer, in addition to scope, class, and the primary
    address family."""
    exclusive: tuple[Feature, ...] = ("static_addresses",)
    """Fields whose values two load balancers can't share."""
    limits: Mapping[Feature, Rule] = field(default_factory=dict[str, Rule])
    """What the values must satisfy, in addition to the rules of `Exposure`."""
    static_address: Optional[Callable[[Request], Rule]] = None
    """What a static address must satisfy; None if the platform supports none."""
    alternatives: Mapping[Feature, Union[Code, Enum]] = field(default_factory=dict[str, "Union[Code, Enum]"])
    """For a feature that the platform doesn't support: the code of the problem, or the value to set in its place."""
    access_annotations: Mapping[str, AccessAnnotation] = field(default_factory=dict[str, AccessAnnotation])
    """Annotations without a field that change who can connect. `COMMON` has those of every platform."""
    service_type: str = "LoadBalancer"
    """The type of the Service."""
    decides_scope: bool = True
    """Whether the fields that Portico renders decide whether the load balancer is internal. If not, only the cluster's
    controller does, and it's reported."""
    classes: Sequence[str] = ()
    """The classes of load balancers that only this platform's controller creates."""
    obsolete_annotations: Mapping[str, Optional[Location]] = field(default_factory=dict[str, Optional[Location]])
    """Annotations without the effect that they seem to have, and the field of `Exposure` to set instead, if any."""

    def __post_init__(self) -> None:
        named = {*self.capabilities, *self.limits, *self.exclusive, *self.replaced_by_change_of, *self.alternatives}
        if unknown := {*named, *self.source_names} - {*all_features(), "drain"}:
            raise ValueError(f"the platform {self.name} names unknown features: {', '.join(sorted(unknown))}")
        if self.settings and shapes_of(Exposure)[self.settings.field].type is not self.settings.args_type:
            raise ValueError(f"Exposure.{self.settings.field} isn't of the type that {self.name} declares")

    @property
    def assigns_address(self) -> bool:
        """Whether something creates a load balancer for the Service and writes its address into the Service's status.
        If not, the nodes themselves accept the connections."""
        return self.service_type == "LoadBalancer"

    def supports(self, feature: Feature) -> bool:
        """Whether the platform supports a feature."""
        return feature in self.capabilities

    def feature_of_annotation(self, key: str) -> Optional[Feature]:
        """The feature that an annotation configures, for all ports or for one, if a field sets the annotation."""
        for_all_ports = re.sub(r"\.[0-9]+$", "", key)
        for feature, settings in self.capabilities.items():
            patterns = [annotation_pattern(setting) for setting in settings if not setting.startswith("spec.")]
            if any(pattern.fullmatch(key) or pattern.fullmatch(for_all_ports) for pattern in patterns):
                return feature
        return None

    def access_effects(self, request: Request) -> list[tuple[str, AccessAnnotation, AccessEffect]]:
        """What the raw annotations of a request change of who can connect: the key, what's known of it, its effect."""
        return list(effects_of({**COMMON, **self.access_annotations}, request.exposure.annotations))

    def fixed_annotations(self, request: Request) -> dict[str, str]:
        """The effect of each annotation that the platform reads only when it creates a load balancer; empty if none."""
        effects = {key: effect.value for key, _, effect in self.access_effects(request)}
        return {key: effects.get(key, "") for key, known in self.access_annotations.items() if known.is_fixed}

    def enforcement_of(self, request: Request) -> Enforcement:
        """What enforces the sources, with the raw annotations."""
        effects = effects_of(COMMON, request.exposure.annotations)
        if any(effect is AccessEffect.UNENFORCED for _, _, effect in effects):
            return Enforcement.NOTHING
        return self.enforcement(request)

    def limits_of(self, request: Request) -> Mapping[Feature, Rule]:
        """What the values must satisfy, static addresses included."""
        own = {"static_addresses": self.static_address(request)} if self.static_address else {}
        return {**self.limits, **own}


# Features name fields, as the tables of the modules do. This function is the only one that looks fields up by
# name; a module that names an unknown feature isn't imported.


def value_of(exposure: ExposureSpec, feature: Feature) -> Any:
    """The value of a field, such as `name` or `health.path`; None if it isn't set."""
    value: Any = exposure
    for name in feature.split("."):
        value = None if value is None else getattr(value, name)
    return None if value in ((), {}) else value


@dataclass(frozen=True)
class RequestedFeature:
    """A feature that a request needs, and the argument that asks for it."""

    feature: Feature
    location: Location
    value: Any


def requested_features(request: Request) -> list[RequestedFeature]:
    """What the platform must support, in the order of the fields, then of the ports. Fields and ports whose value isn't
    available request nothing."""
    return [*_field_requests(request.exposure), *_port_requests(request)]


def _field_requests(exposure: ExposureSpec) -> Iterator[RequestedFeature]:
    for feature in _field_features():
        try:
            value = value_of(exposure, feature)
        except Unavailable:
            continue
        if value is not None:
            chosen = f"{feature}={value.value}" if feature in _BY_CHOICE else feature
            yield RequestedFeature(chosen, exposure.at.join(feature.split(".")), value)


def _port_requests(request: Request) -> Iterator[RequestedFeature]:
    ports = request.known_ports or ()
    for port in ports:
        if port.protocol != Protocol.TCP.value:
            at = request.location_of(port, "protocol")
            yield RequestedFeature(f"protocol={port.protocol}", at, port.protocol)
    if len({port.protocol for port in ports}) > 1:
        yield RequestedFeature("protocols=mixed", request.ports_location, None)
    for port in ports:
        if any(other.number == port.number and other.protocol < port.protocol for other in ports):
            yield RequestedFeature("port=shared", request.location_of(port, "port"), port.number)


@cache
def _field_features() -> tuple[Feature, ...]:
    """The fields that platforms differ in, in their order."""
    return tuple(_fields_below(shapes_of(Exposure)))


def _fields_below(fields: Mapping[str, Shape]) -> Iterator[Feature]:
    for name, shape in fields.items():
        if is_args(shape.type):
            yield from (f"{name}.{leaf}" for leaf in shapes_of(shape.type))
        elif name not in _ALWAYS_SUPPORTED:
            yield name


@cache
def all_features() -> tuple[Feature, ...]:
    """Every feature, in the order of the fields, then of the ports."""
    found: list[Feature] = []
    for feature in _field_features():
        choices: Iterable[Enum] = shapes_of(Exposure)[feature].type if feature in _BY_CHOICE else ()
        found += [f"{feature}={choice.value}" for choice in choices] or [feature]
    return (*found, *_PROTOCOLS)


@cache
def annotation_pattern(setting: ServiceSetting) -> re.Pattern[str]:
    """The pattern of an annotation's key, for every port and protocol."""
    key = re.escape(setting.partition("#")[0]).replace(re.escape("{port}"), "[0-9]+")
    return re.compile(key.replace(re.escape("{protocol}"), "[A-Z_]+"))
