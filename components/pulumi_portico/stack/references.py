"""References by name: targets that name a service or a gateway of the stack."""

import dataclasses
import re
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, cast

import pulumi

from ..args.codes import define
from ..args.location import Field, Location
from ..args.parse import INVALID, NOT_ARGUMENTS, Hooks, parse
from ..args.problems import Edit, Move, Problems, Remove, Set, Unavailable
from ..args.secrets import Secret
from ..args.shapes import camel_case, shapes_of
from ..args.similar_names import KnownNames, nearest
from ..args.spec import Spec, attempt
from ..networking.ports import ServicePort, main_port
from ..networking.target import RULES as TARGET_RULES
from ..networking.target import Protocol, Target, TargetSpec
from ..untyped import Unchecked, mapped
from .args import StackTarget, StackTargetSpec

__all__ = ["GATEWAY", "SERVICE", "Addressable", "Backend", "Backends", "Reference", "References", "with_targets"]

SERVICE = "service"
GATEWAY = "gateway"

_EXPECTED = "a service or a gateway of the stack by name, such as {service: api}"

UNKNOWN_SERVICE = define(
    "unknown-service",
    "The stack has no service {value}.",
    allowed="{known}",
    hint="For a Service that the stack doesn't create, set its {namespace} too.",
)
UNKNOWN_GATEWAY = define("unknown-gateway", "The stack has no gateway {value}.", allowed="{known}")
GATEWAY_BEHIND_GATEWAY = define(
    "gateway-behind-gateway", "A gateway can't route to the gateway {value}.", allowed="services: {known}"
)
UNKNOWN_PORT = define("unknown-port", "The {kind} {name} has no port {value}.", allowed="{ports}")
NO_PORTS = define("no-ports", "The service {value} has no ports.", allowed="a service with ports")
GATEWAY_NOT_INSTALLED = define(
    "gateway-not-installed",
    "The gateway {value} doesn't install its controller, so the stack doesn't know its ports.",
    allowed="a gateway that installs its controller",
)
DERIVED_FIELD = define(
    "derived-field",
    "The stack derives this field from its own services and gateways.",
    allowed="{known}; for a Service that the stack doesn't create, also {namespace}",
)
PORT_IS_NAME = define("port-is-name", "{value} isn't the number of a port.", allowed="a number, or a name as {field}")


class Addressable(typing.Protocol):
    """A component of the stack that requests can be sent to. Reading an invalid value raises `Unavailable`."""

    @property
    def service_name(self) -> str:
        """The name of its Service, unless Pulumi generates that."""
        ...

    @property
    def namespace(self) -> pulumi.Input[str]:
        """The namespace of its pods."""
        ...

    @property
    def ports(self) -> Mapping[str, ServicePort]:
        """Its ports by name; empty for a gateway that doesn't install its controller."""
        ...

    @property
    def default_port(self) -> Optional[ServicePort]:
        """The port of a target that names none."""
        ...

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels that select its pods."""
        ...

    @property
    def drain(self) -> int:
        """Seconds that a terminating pod continues to serve requests."""
        ...

    @property
    def network_policy(self) -> bool:
        """Whether NetworkPolicies select its pods."""
        ...


@dataclass(frozen=True)
class Backend:
    """A service or a gateway of the stack that targets can lead to."""

    kind: str
    """`SERVICE` or `GATEWAY`."""
    name: str
    part: Addressable
    additional: str = ""
    """The name of a further Service of the service; empty for its own."""

    def target(self, port: ServicePort, at: Location) -> TargetSpec:
        """The target that leads to one of its ports."""
        return TargetSpec(
            at=at,
            service=self.part.service_name,
            namespace=attempt(lambda: self.part.namespace),
            port=port.number,
            target_port=port.target,
            protocol=Protocol(port.protocol),
            selector=attempt(lambda: dict(self.part.selector)),
            drain=attempt(lambda: self.part.drain),
            network_policy=attempt(lambda: self.part.network_policy),
        )


@dataclass(frozen=True)
class Reference:
    """What a target that names a service or a gateway leads to."""

    kind: str
    """`SERVICE` or `GATEWAY`."""
    name: str
    port: ServicePort
    additional: str = ""
    """The name of a further Service of the service; empty for its own."""


_DERIVED = {camel_case(name): name for name in shapes_of(Target).keys() - shapes_of(StackTarget).keys()}
"""The fields of a target that a reference doesn't have, by their keys."""


_OF_REFERENCES = frozenset(map(camel_case, shapes_of(StackTarget)))
"""The keys of a reference."""


def _is_port_name(key: str, value: Any) -> bool:
    return key == "port" and isinstance(value, str) and not value.isdecimal()


Backends = Mapping[str, Optional[Backend]]
"""By name; None for a component whose arguments can't be read."""


@dataclass
class References:
    """Reads the targets of components, and keeps what each leads to."""

    services: Backends
    """The services, and their further Services."""
    gateways: Backends
    problems: Problems
    found: dict[Location, Reference] = field(default_factory=dict[Location, Reference])
    """What each target leads to, by the target's location."""

    def hooks(self, *, within_gateway: bool = False) -> Hooks:
        """The hooks that read the targets of a component. Gateways can route only to services."""
        reader = _Reader(self, within_gateway)
        return {Target: reader.read}


@dataclass
class _Reader:
    """Reads the targets of one component."""

    references: References
    within_gateway: bool

    @property
    def problems(self) -> Problems:
        return self.references.problems

    def backends(self, kind: str) -> Backends:
        return self.references.services if kind == SERVICE else self.references.gateways

    def _names(self, kind: str) -> KnownNames:
        return self.problems.names(self.backends(kind))

    def read(self, value: Any, at: Location) -> Any:
        """The target that a reference leads to, or the value itself if it's a target with a namespace."""
        if isinstance(value, TargetSpec):
            return value
        if not isinstance(value, Mapping):
            return self._not_a_mapping(value, at)
        given = mapped(value)
        if "namespace" in given and GATEWAY not in given:
            own = self._own_service(given)
            if own is None:
                return given
            if given.keys() - _OF_REFERENCES != {"namespace"}:
                target = parse(TargetSpec, Target, given, TARGET_RULES, self.problems, at)
                # Without the labels of the pods, no policy would open them.
                return target if "selector" in given else dataclasses.replace(target, selector=dict(own.part.selector))
            given = {key: item for key, item in given.items() if key != "namespace"}
        if "namespace" in given:
            self.problems.report_exclusive(at / "namespace", GATEWAY, fix=Remove(at / "namespace"))
            given = {key: item for key, item in given.items() if key != "namespace"}
        self._check_fields(given, at)
        own = {key: item for key, item in given.items() if key not in _DERIVED and not _is_port_name(key, item)}
        if "port" in given and "port" not in own:
            if given.get("portName"):
                return INVALID
            own["portName"] = given["port"]
            self.problems.written[at / "port_name"] = at / "port"
        reference = parse(StackTargetSpec, StackTarget, own, {}, self.problems, at)
        try:
            return self._resolved(reference, self.problems)
        except Unavailable:
            return INVALID

    def _own_service(self, given: Unchecked) -> Optional[Backend]:
        """The service of the stack that a target with a namespace names, if it does."""
        name = given.get(SERVICE)
        services = [backend for backend in self.references.services.values() if backend is not None]
        own = next((backend for backend in services if backend.part.service_name == name), None)
        return own if own is not None and own.part.namespace == given["namespace"] else None

    def _not_a_mapping(self, value: Any, at: Location) -> Any:
        known = value.value if isinstance(value, Secret) else value
        name, _, port = known.partition(":") if isinstance(known, str) else ("", "", "")
        kinds = [kind for kind in (SERVICE, GATEWAY) if name in self.backends(kind)]
        numbered = {"port": int(port)} if re.fullmatch("[0-9]{1,5}", port) else {"portName": port} if port else {}
        fix = Set(at, {kinds[0]: name, **numbered}) if kinds else None
        secret = isinstance(value, (Secret, list))
        self.problems.report(NOT_ARGUMENTS, at, value=value, secret=secret, fix=fix, expected=_EXPECTED)
        return INVALID

    def _check_fields(self, given: Unchecked, at: Location) -> None:
        """Report the fields that only a target with a namespace has, and a port's name instead of its number."""
        known = [Field(name) for name in shapes_of(StackTarget)]
        for key in given:
            if key in _DERIVED:
                where, namespace = at / _DERIVED[key], Field("namespace")
                self.problems.report(DERIVED_FIELD, where, fix=Remove(where), known=known, namespace=namespace)
            elif _is_port_name(key, given[key]):
                where = at / "port"
                fix = None
                if not given.get("portName"):
                    fix = Move(where, at / "port_name")
                elif given["portName"] == given[key]:
                    fix = Remove(where)
                self.problems.report(PORT_IS_NAME, where, value=given[key], fix=fix, field=Field("port_name"))

    def _resolved(self, reference: StackTargetSpec, problems: Problems) -> Any:
        service, gateway = reference.service, reference.gateway
        if service is not None and gateway is not None:
            problems.report_exclusive(reference.at / GATEWAY, SERVICE)
            return INVALID
        if service is None and gateway is None:
            problems.report_missing(reference.at / SERVICE, "a service or a gateway of the stack, by name")
            return INVALID
        if service is not None:
            return self._target(reference, SERVICE, service, problems)
        assert gateway is not None
        return self._target(reference, GATEWAY, gateway, problems)

    def _target(self, reference: StackTargetSpec, kind: str, name: str, problems: Problems) -> Any:
        known = self.backends(kind)
        if name not in known or (kind == GATEWAY and self.within_gateway):
            meant = self._report_unknown(reference.at, kind, name, problems)
            if meant is None:
                return INVALID
            kind, name = meant
            known = self.backends(kind)
        backend = known[name]
        if backend is None:
            return INVALID
        port = _port_of(reference, backend, problems)
        if port is None:
            return INVALID
        self.references.found[reference.at] = Reference(kind, backend.name, port, backend.additional)
        return backend.target(port, reference.at)

    def _report_unknown(self, at: Location, kind: str, name: str, problems: Problems) -> Optional[tuple[str, str]]:
        """Report a name that no component has. Returns the kind and the name that the fix sets, if there is one."""
        services, gateways = self._names(SERVICE), self._names(GATEWAY)
        other = GATEWAY if kind == SERVICE else SERVICE
        # Within a gateway, no gateway can be a target.
        kinds = (SERVICE,) if self.within_gateway else (SERVICE, GATEWAY)
        close = self._names(kind).nearest(name) if kind in kinds else None
        fix: Optional[Edit] = None
        meant: Optional[tuple[str, str]] = None
        if other in kinds and name in self.backends(other):
            fix, meant = Move(at / kind, at / other), (other, name)
            problems.written[at / other] = at / kind
        elif close is not None:
            fix, meant = Set(at / kind, close), (kind, close)
        if kind == SERVICE:
            params: dict[str, Any] = {"known": services.listed, "namespace": Field("namespace")}
            problems.report(UNKNOWN_SERVICE, at / kind, value=name, fix=fix, **params)
        elif self.within_gateway:
            problems.report(GATEWAY_BEHIND_GATEWAY, at / kind, value=name, fix=fix, known=services.listed)
        else:
            problems.report(UNKNOWN_GATEWAY, at / kind, value=name, fix=fix, known=gateways.listed)
        return meant


def _renamed(where: Location, name: str, known: Iterable[str]) -> Optional[Edit]:
    close = nearest(name, known)
    return None if close is None else Set(where, close)


def _port_of(reference: StackTargetSpec, backend: Backend, problems: Problems) -> Optional[ServicePort]:
    """The port of a backend that a reference names; None if there is none, which is reported."""
    at, ports = reference.at, backend.part.ports
    if reference.port is not None and reference.port_name is not None:
        same = reference.port_name in ports and ports[reference.port_name].number == reference.port
        problems.report_exclusive(at / "port_name", "port", fix=Remove(at / "port") if same else None)
        return None
    if not ports:
        code = NO_PORTS if backend.kind == SERVICE else GATEWAY_NOT_INSTALLED
        problems.report(code, at / backend.kind, value=backend.name)
        return None
    params: dict[str, Any] = {
        "kind": backend.kind,
        "name": backend.additional or backend.name,
        "ports": [f"{port.name} ({port.number})" for port in ports.values()],
    }
    if reference.port_name is not None:
        port = ports.get(reference.port_name)
        if port is None:
            fix = _renamed(at / "port_name", reference.port_name, ports)
            problems.report(UNKNOWN_PORT, at / "port_name", value=reference.port_name, fix=fix, **params)
        return port
    if reference.port is None:
        return backend.part.default_port
    port = main_port({name: port for name, port in ports.items() if port.number == reference.port})
    if port is None:
        # The number is often that of the container.
        container = next((port for port in ports.values() if port.target == reference.port), None)
        fix = Set(at / "port", container.number) if container else None
        problems.report(UNKNOWN_PORT, at / "port", value=reference.port, fix=fix, **params)
    return port


def with_targets(value: Any, change: Callable[[TargetSpec], Any]) -> Any:
    """A parsed value, such as the arguments of a component, with its targets changed."""
    if isinstance(value, TargetSpec):
        return change(value)
    if isinstance(value, Spec):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        changed = {name: with_targets(item, change) for name, item in fields.items() if name != "at"}
        return dataclasses.replace(value, **changed)
    if isinstance(value, Mapping):
        return {key: with_targets(item, change) for key, item in mapped(value).items()}
    if isinstance(value, (list, tuple)):
        items = [with_targets(item, change) for item in cast("Sequence[Any]", value)]
        return tuple(items) if isinstance(value, tuple) else items
    return value
