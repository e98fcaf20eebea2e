"""The ports of a `WebService`: what the container listens on, and what the Service offers."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Optional

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, automatic, component, moved_to, table
from ..args.exceptions import SecurityException, exception_kind
from ..args.location import Field as FieldName
from ..args.location import Key, KeyStyle, Location
from ..args.names import app_protocol, port_number
from ..args.parse import Field, Rules
from ..args.problems import Problems, Remove, Set
from ..args.similar_names import nearest
from ..args.spec import Spec, spec
from ..networking.ports import HTTP, HTTP_PORT, ServicePort
from ..networking.target import Protocol, ProtocolLike

if TYPE_CHECKING:
    from .args import WebServiceSpec

__all__ = [
    "RULES",
    "Port",
    "PortSpec",
    "check_ports",
    "exceptions_of_ports",
    "own_ports",
    "ports_of_sidecars",
    "resolve_ports",
    "tcp_ports",
]


class Port(TypedDict):
    """One of several ports of a service; its key is its name."""

    port: int
    """The port (1 to 65535) that the container listens on. Plain. Maps to `containerPort` and `targetPort`."""

    service_port: NotRequired[int]
    """The port (1 to 65535) that other pods use. Plain. Default: the same as `port`. Maps to the Service's `port`."""

    protocol: NotRequired[ProtocolLike]
    """The transport protocol. Plain. Default: TCP. Maps to `protocol`."""

    app_protocol: NotRequired[str]
    """The application protocol, as a hint for gateways and load balancers: `http`, `https`, or a name with a prefix,
    such as `kubernetes.io/h2c`. Plain. Default: no hint. Maps to `appProtocol`."""

    container: NotRequired[str]
    """The sidecar that listens on the port, by its name: a proxy in front of the application, or an exporter of its
    metrics. Plain. Default: the application."""

    host_port: NotRequired[int]
    """A port (1 to 65535) of the node that leads to this one, so that each node runs at most one of the pods. Clients
    outside the cluster need `allow_from`. Plain. Default: none. Reported in `exceptions`; Pod Security "baseline"
    rejects it. Maps to `hostPort`."""


_NAMES_OF_PORT = table(
    {
        "containerPort": moved_to("port"),
        "targetPort": moved_to("port"),
        "target": moved_to("port"),
        "number": moved_to("port"),
        "name": automatic(),
        "published": moved_to("service_port"),
        "nodePort": component("load_balancers", "ports"),
        "hostIP": component("services", "extra@spec@containers@ports"),
        "expose": component("load_balancers", "ports"),
        "enabled": SWITCHED_ON,
    }
)
"""Other tools' names for the fields of `Port`."""


@spec(Port, elsewhere=_NAMES_OF_PORT)
class PortSpec(Spec):
    """A parsed `Port`."""

    port: int
    service_port: Optional[int] = None
    protocol: Protocol = Protocol.TCP
    app_protocol: Optional[str] = None
    container: Optional[str] = None
    host_port: Optional[int] = None


_PORT = Field(port_number)
RULES: Rules = {Port: {"port": _PORT, "service_port": _PORT, "app_protocol": Field(app_protocol), "host_port": _PORT}}
"""What the fields must satisfy beyond their types."""

NO_PORT = define(
    "no-port",
    "This service has no port.",
    allowed="the port that the container listens on as {port}, or several by name as {ports}",
    hint="For a worker that listens on no port, set {ports} to an empty mapping.",
)
DUPLICATE_PORT = define(
    "duplicate-port",
    "{value} is also the {protocol} {field} of {other}.",
    allowed="each number once for each protocol",
    hint="Choose another number.",
)
UNKNOWN_DEFAULT_PORT = define("unknown-default-port", "{value} isn't the name of a port.", allowed="{ports}")
UNKNOWN_SIDECAR = define("unknown-sidecar", "There is no sidecar {value}.", allowed="{sidecars}")
HOST_PORT_ON_HOST_NETWORK = define(
    "host-port-on-host-network",
    "The pods are on the host network, so the port of the node is {port}.",
    allowed="{port}, or no host port",
)
DEFAULT_PORT_NOT_NAMED = define(
    "default-port-not-named",
    "Of several ports without an `http`, you must name the default one: the order of ports doesn't reach Portico.",
    allowed="{ports}",
)


def resolve_ports(spec: "WebServiceSpec", *, headless: bool) -> dict[str, ServicePort]:
    """The service's ports by name, ordered by name. The order in the arguments changes the probes only.

    The default port is the one that `default_port_name` names, else `http`, else the first one as written.

    The name of a headless Service resolves to the pods themselves, so clients use the pods' own port.
    """
    if spec.port is not None:
        number = HTTP_PORT if spec.service_port is None else spec.service_port
        return {HTTP: ServicePort(HTTP, spec.port, spec.port if headless else number)}
    written = list((spec.ports or {}).items())
    first = HTTP if spec.default_port_name is None else spec.default_port_name
    ports = {name: _resolve(name, port, 0 if name == first else rank) for rank, (name, port) in enumerate(written, 1)}
    return dict(sorted(ports.items()))


def _resolve(name: str, port: PortSpec, rank: int) -> ServicePort:
    number = port.port if port.service_port is None else port.service_port
    return ServicePort(
        name,
        port.port,
        number,
        port.protocol.value,
        port.app_protocol,
        container=port.container or "",
        host_port=port.host_port,
        rank=rank,
    )


def own_ports(ports: Mapping[str, ServicePort]) -> dict[str, ServicePort]:
    """The ports that the application itself listens on."""
    return {name: port for name, port in ports.items() if not port.container}


def ports_of_sidecars(spec: "WebServiceSpec") -> dict[int, str]:
    """The TCP ports of the Service that sidecars listen on, and their names."""
    tcp = (port for port in (spec.ports or {}).values() if port.protocol is Protocol.TCP)
    return {port.port: port.container for port in tcp if port.container is not None}


def tcp_ports(spec: "WebServiceSpec") -> dict[int, Location]:
    """The TCP ports that the application and those that the Service offers, and where they are."""
    single = {} if spec.port is None else {spec.port: spec.at / "port"}
    several = (port for port in (spec.ports or {}).values() if port.protocol is Protocol.TCP)
    return single | {port.port: port.at / "port" for port in several}


def check_ports(spec: "WebServiceSpec", problems: Problems) -> None:
    """Report a service without ports, with ports in two forms, or with two ports that are the same."""
    problems.run(_check_port_is_set, spec)
    problems.run(_check_exclusive, spec)
    problems.run(_check_duplicates, spec)
    problems.run(_check_default_port, spec)
    problems.run(_check_containers, spec)
    problems.run(_check_host_ports, spec)


def _check_containers(spec: "WebServiceSpec", problems: Problems) -> None:
    names = [sidecar.name for sidecar in spec.sidecars]
    for port in (spec.ports or {}).values():
        if port.container is not None and port.container not in names:
            where, close = port.at / "container", nearest(port.container, names)
            fix = Remove(where) if close is None else Set(where, close)
            problems.report(UNKNOWN_SIDECAR, where, value=port.container, sidecars=names or "no sidecar", fix=fix)


def _check_host_ports(spec: "WebServiceSpec", problems: Problems) -> None:
    """Report two ports of the node that are the same, and ports of a pod that already is on the host network."""
    first: dict[tuple[int, Protocol], Location] = {}
    for port in (spec.ports or {}).values():
        if port.host_port is None:
            continue
        where = port.at / "host_port"
        other = first.setdefault((port.host_port, port.protocol), port.at)
        if spec.is_on_host_network and port.host_port != port.port:
            problems.report(HOST_PORT_ON_HOST_NETWORK, where, value=port.host_port, port=port.port, fix=Remove(where))
        elif other != port.at:
            field = FieldName("host_port")
            problems.report(
                DUPLICATE_PORT, where, value=port.host_port, protocol=port.protocol, field=field, other=other
            )


_HOST_PORT = exception_kind("host-port", "Port {port} of the nodes leads to the pods.")


def exceptions_of_ports(spec: "WebServiceSpec") -> Iterator[SecurityException]:
    """What is less strict than the secure default."""
    for port in (spec.ports or {}).values():
        if port.host_port is not None:
            yield SecurityException(_HOST_PORT, port.at / "host_port", {"port": port.host_port})


def _check_default_port(spec: "WebServiceSpec", problems: Problems) -> None:
    ports = [HTTP] if spec.port is not None else list(spec.ports or {})
    name, where = spec.default_port_name, spec.at / "default_port_name"
    if name is not None and name not in ports:
        close = nearest(name, ports)
        fix = Remove(where) if close is None else Set(where, close)
        problems.report(UNKNOWN_DEFAULT_PORT, where, value=name, ports=ports or "no port", fix=fix)
    elif problems.style is KeyStyle.CAMEL and name is None and len(ports) > 1 and HTTP not in ports:
        # Pulumi passes mappings of other languages on in any order.
        problems.report(DEFAULT_PORT_NOT_NAMED, where, ports=sorted(ports), fix=Set(where, min(ports)))


def _check_port_is_set(spec: "WebServiceSpec", problems: Problems) -> None:
    if spec.port is None and spec.ports is None:
        problems.report(NO_PORT, spec.at / "port", port=FieldName("port"), ports=FieldName("ports"))


def _check_exclusive(spec: "WebServiceSpec", problems: Problems) -> None:
    if spec.ports is None:
        return
    # An empty mapping is a worker's: with a port, the port is what counts.
    removed = None if spec.ports else Remove(spec.at / "ports")
    if spec.port is not None:
        problems.report_exclusive(spec.at / "port", "ports", fix=removed or Remove(spec.at / "port"))
    if spec.service_port is not None:
        where = spec.at / "service_port"
        fix = removed if removed and spec.port is not None else Remove(where)
        problems.report_exclusive(where, "ports", fix=fix)


def _check_duplicates(spec: "WebServiceSpec", problems: Problems) -> None:
    targets: dict[tuple[int, Protocol], Location] = {}
    numbers: dict[tuple[int, Protocol], Location] = {}
    for name, port in (spec.ports or {}).items():
        problems.run(_check_duplicate, spec.at / "ports" / Key(name), port, targets, numbers)


def _check_duplicate(
    at: Location,
    port: PortSpec,
    targets: dict[tuple[int, Protocol], Location],
    numbers: dict[tuple[int, Protocol], Location],
    problems: Problems,
) -> None:
    number = port.port if port.service_port is None else port.service_port
    for field, value, first in (("port", port.port, targets), ("service_port", number, numbers)):
        other = first.setdefault((value, port.protocol), at)
        # What follows from `port` is reported there.
        if other != at and (
            field == "port" or port.service_port is not None or targets[port.port, port.protocol] == at
        ):
            problems.report(
                DUPLICATE_PORT,
                at / field,
                value=value,
                protocol=port.protocol,
                field=FieldName(field),
                other=other,
            )
