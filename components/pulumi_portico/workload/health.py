"""How Kubernetes probes a container: one setting, three probes with different defaults.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias, Union

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, automatic, component, form, moved_to, several, table, unsupported
from ..args.forms import is_text
from ..args.location import Field as FieldName
from ..args.parse import Field, Rules
from ..args.problems import Problems, Reason, Remove, Set, Unavailable
from ..args.similar_names import nearest
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import http_path, printable, some, whole_number
from ..networking.ports import ServicePort, main_port
from ..networking.target import Protocol
from ..outputs import applied
from .conversions import command_line, from_exec, from_grpc, from_http_get, from_http_headers, from_probe

__all__ = [
    "RULES",
    "Health",
    "HealthSpec",
    "Probe",
    "ProbeScheme",
    "ProbeSchemeLike",
    "ProbeSpec",
    "build_probes",
    "check_health",
    "check_probed_port",
    "check_sidecar_port",
    "probed_port",
]


class ProbeScheme(str, Enum):
    """The protocol of an HTTP probe."""

    HTTP = "HTTP"
    """Plain HTTP."""

    HTTPS = "HTTPS"
    """HTTP over TLS. Kubernetes doesn't check the certificate."""


if TYPE_CHECKING:
    ProbeSchemeLike: TypeAlias = ProbeScheme | Literal["HTTP", "HTTPS"]
else:
    ProbeSchemeLike = ProbeScheme


class Probe(TypedDict):
    """One probe, if it differs from the others. Fields that aren't set are those of `Health`."""

    enabled: NotRequired[bool]
    """Whether this probe exists. Plain. Default: true."""

    path: NotRequired[pulumi.Input[str]]
    """Request this path over HTTP. Set one of `path`, `grpc_service`, and `command`. Default: the check of `Health`.
    Maps to `httpGet.path`."""

    grpc_service: NotRequired[pulumi.Input[str]]
    """Check this service with the gRPC health protocol; empty for the server as a whole. Default: the check of
    `Health`. Maps to `grpc.service`."""

    command: NotRequired[Sequence[pulumi.Input[str]]]
    """Run this command in the container. Its length is plain. Default: the check of `Health`. Maps to
    `exec.command`."""

    port_name: NotRequired[str]
    """Which of several ports this probe checks. Plain. Default: that of `Health`."""

    scheme: NotRequired[ProbeSchemeLike]
    """The protocol of the request of `path`. Plain. Default: that of `Health`. Maps to `httpGet.scheme`."""

    host: NotRequired[pulumi.Input[str]]
    """The host of the request of `path`. Default: that of `Health`. Maps to the header `Host`."""

    headers: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Headers of the request of `path`, instead of those of `Health`. Names are plain. Default: those of `Health`. Maps
    to `httpGet.httpHeaders`."""

    initial_delay: NotRequired[pulumi.Input[int]]
    """Seconds (0 or more) before the first check: after the container starts for the startup probe, and after that one
    succeeds for the others. Default: 0. An application that takes long to start needs `startup_seconds` instead, which
    doesn't delay those that start faster. Maps to `initialDelaySeconds`."""

    period: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) between two checks. Default: startup 2, readiness 5, liveness 10. Maps to `periodSeconds`."""

    timeout: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) that a check can take. Default: startup and readiness 3, liveness 5. Maps to
    `timeoutSeconds`."""

    failures: NotRequired[pulumi.Input[int]]
    """How many consecutive failures count (1 or more). Default: readiness 2, so that a failing pod gets no requests
    after about 10 seconds; liveness 6, so that its container restarts only after a minute; startup from
    `startup_seconds`. Maps to `failureThreshold`."""


class Health(TypedDict):
    """How Kubernetes checks that a container works.

    With `path`, `grpc_service`, or `command`, it checks the application; without them, only
    whether the port accepts connections.
    """

    path: NotRequired[pulumi.Input[str]]
    """Request this path over HTTP; a status from 200 to 399 is a success. Set one of `path`, `grpc_service`, and
    `command`. Maps to `httpGet.path`."""

    grpc_service: NotRequired[pulumi.Input[str]]
    """Check this service with the gRPC health protocol; empty for the server as a whole. Maps to `grpc.service`."""

    command: NotRequired[Sequence[pulumi.Input[str]]]
    """Run this command in the container; exit status 0 is a success. Its length is plain. Maps to `exec.command`."""

    port_name: NotRequired[str]
    """Which of several ports is checked. Plain. Default: the service's default port if that uses TCP, else the first
    TCP port as written."""

    scheme: NotRequired[ProbeSchemeLike]
    """The protocol of the request of `path`. Plain. Default: HTTPS for a port whose name or `app_protocol` is `https`,
    else HTTP. Maps to `httpGet.scheme`."""

    host: NotRequired[pulumi.Input[str]]
    """The host of the request of `path`, for an application that serves only known hosts. Default: the pod's address.
    Maps to the header `Host`."""

    headers: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Headers of the request of `path`. Names are plain. Default: none. Maps to `httpGet.httpHeaders`."""

    startup_seconds: NotRequired[int]
    """Seconds (1 or more) that the application can take to start, before the other probes begin. Plain. Default: 60.
    Maps to the startup probe's `failureThreshold`."""

    startup: NotRequired[Probe]
    """The startup probe: has the application started?"""

    readiness: NotRequired[Probe]
    """The readiness probe: can the pod serve requests now? A pod that can't gets none, and continues to run."""

    liveness: NotRequired[Probe]
    """The liveness probe: does the application need a restart? Check something that depends on nothing else: a liveness
    probe that queries a database restarts every pod if the database is down."""


_NAMES_OF_PROBE = table(
    {
        "httpGet": several("path", "port_name", "scheme", "headers", convert=from_http_get),
        "exec": several("command", convert=from_exec),
        "grpc": several("grpc_service", convert=from_grpc),
        "tcpSocket": automatic(...),
        "periodSeconds": moved_to("period"),
        "interval": moved_to("period"),
        "timeoutSeconds": moved_to("timeout"),
        "failureThreshold": moved_to("failures"),
        "retries": moved_to("failures"),
        "successThreshold": automatic(1),
        "initialDelaySeconds": moved_to("initial_delay"),
        "start_period": component("services", "health.startup_seconds"),
        "terminationGracePeriodSeconds": unsupported(),
        "port": moved_to("port_name"),
        "httpHeaders": several("headers", "host", convert=from_http_headers),
        "protocol": moved_to("scheme"),
        "service": moved_to("grpc_service"),
        "test": several("command"),
    },
    forms={"command": (form(is_text, command_line("command")),)},
)
"""Other tools' names for the fields of `Probe`."""


@spec(Probe, elsewhere=_NAMES_OF_PROBE)
class ProbeSpec(Spec):
    """A parsed `Probe`."""

    enabled: bool = True
    path: Optional[pulumi.Input[str]] = None
    grpc_service: Optional[pulumi.Input[str]] = None
    command: Optional[Sequence[pulumi.Input[str]]] = None
    port_name: Optional[str] = None
    scheme: Optional[ProbeScheme] = None
    host: Optional[pulumi.Input[str]] = None
    headers: Optional[Mapping[str, pulumi.Input[str]]] = None
    initial_delay: Optional[pulumi.Input[int]] = None
    period: Optional[pulumi.Input[int]] = None
    timeout: Optional[pulumi.Input[int]] = None
    failures: Optional[pulumi.Input[int]] = None

    def ways(self) -> list[str]:
        """The fields that say how to check; none if `Health` says it."""
        return _ways(self)


_NAMES_OF_HEALTH = table(
    {
        "httpGet": several("path", "port_name", "scheme", "headers", convert=from_http_get),
        "exec": several("command", convert=from_exec),
        "grpc": several("grpc_service", convert=from_grpc),
        "tcpSocket": automatic(...),
        "livenessProbe": several("liveness", convert=from_probe("liveness")),
        "readinessProbe": several("readiness", convert=from_probe("readiness")),
        "startupProbe": several("startup", convert=from_probe("startup")),
        "periodSeconds": several("readiness.period", "liveness.period"),
        "period": several("readiness.period", "liveness.period"),
        "interval": several("readiness.period", "liveness.period"),
        "timeoutSeconds": several("readiness.timeout", "liveness.timeout"),
        "timeout": several("readiness.timeout", "liveness.timeout"),
        "failureThreshold": several("readiness.failures", "liveness.failures"),
        "failures": several("readiness.failures", "liveness.failures"),
        "retries": several("readiness.failures", "liveness.failures"),
        "successThreshold": automatic(1),
        "initialDelaySeconds": several("startup_seconds", "readiness.initial_delay", "liveness.initial_delay"),
        "initialDelay": several("startup_seconds", "readiness.initial_delay", "liveness.initial_delay"),
        "start_period": moved_to("startup_seconds"),
        "port": moved_to("port_name"),
        "httpHeaders": several("headers", "host", convert=from_http_headers),
        "protocol": moved_to("scheme"),
        "service": moved_to("grpc_service"),
        "test": several("command"),
        "terminationGracePeriodSeconds": unsupported(),
        "enabled": SWITCHED_ON,
    },
    forms={
        "command": (form(is_text, command_line("command")),),
    },
)
"""Other tools' names for the fields of `Health`."""


@spec(Health, elsewhere=_NAMES_OF_HEALTH)
class HealthSpec(Spec):
    """Parsed `Health`."""

    path: Optional[pulumi.Input[str]] = None
    grpc_service: Optional[pulumi.Input[str]] = None
    command: Optional[Sequence[pulumi.Input[str]]] = None
    port_name: Optional[str] = None
    scheme: Optional[ProbeScheme] = None
    host: Optional[pulumi.Input[str]] = None
    headers: Optional[Mapping[str, pulumi.Input[str]]] = None
    startup_seconds: int = 60
    startup: Optional[ProbeSpec] = None
    readiness: Optional[ProbeSpec] = None
    liveness: Optional[ProbeSpec] = None

    def ways(self) -> list[str]:
        """The fields that say how to check; none for a connection to the port."""
        return _ways(self)

    def probes(self) -> list[ProbeSpec]:
        """The probes that differ."""
        return [probe for probe in (self.startup, self.readiness, self.liveness) if probe is not None]


def _ways(check: Union[ProbeSpec, HealthSpec]) -> list[str]:
    ways = (("path", check.path), ("grpc_service", check.grpc_service), ("command", check.command))
    return [field for field, value in ways if value is not None]


_AT_LEAST_ONE = Field(whole_number(1))
_SECONDS = Field(whole_number(1, what=SECONDS))
_COMMAND = Field(some("a command and its arguments"))

INVALID_PROBE_HEADER = define(
    "invalid-probe-header", "{value} isn't the name of a header.", allowed="letters, digits, and hyphens"
)
HOST_AS_HEADER = define("probe-host-as-header", "The field {host} sets this header.", allowed="other headers")


def _header(name: str) -> Optional[Reason]:
    # IsHTTPHeaderName of Kubernetes.
    if not re.fullmatch(r"[-A-Za-z0-9]+", name):
        return Reason(INVALID_PROBE_HEADER)
    return Reason(HOST_AS_HEADER, {"host": FieldName("host")}) if name.lower() == "host" else None


_REQUEST = {
    "path": Field(http_path),
    "host": Field(printable),
    "headers": Field(keys=_header, items=printable),
    "command": _COMMAND,
}

RULES: Rules = {
    Probe: {
        **_REQUEST,
        "initial_delay": Field(whole_number(0, what=SECONDS)),
        "period": _SECONDS,
        "timeout": _SECONDS,
        "failures": _AT_LEAST_ONE,
    },
    Health: {**_REQUEST, "startup_seconds": _SECONDS},
}
"""What the fields must satisfy beyond their types."""

NOT_A_TCP_PORT = define("not-a-tcp-port", "{value} isn't the name of a TCP port.", allowed="{ports}")
HEALTH_WITHOUT_PORT = define(
    "health-without-port",
    "The probes connect to a TCP port, and there is none.",
    allowed="a TCP port, or a command for each probe",
)
WITHOUT_PATH = define(
    "probe-without-path", "This configures an HTTP request, and the probe makes none.", allowed="with {path}"
)
GRPC_OVER_TLS = define(
    "grpc-probe-over-tls",
    "The port {port} uses TLS, and Kubernetes makes gRPC probes without it.",
    allowed="a port without TLS, or a command",
    hint="Name a port without TLS as {port_name}, or use {command}.",
)
SIDECAR_PORT_NAME = define("sidecar-port-name", "A sidecar has only one port, so probes don't name it.")


@dataclass(frozen=True)
class _Defaults:
    """The defaults of one probe: seconds, and a number of failures (None: from `startup_seconds`)."""

    period: int
    timeout: int
    failures: Optional[int]


_STARTUP = _Defaults(period=2, timeout=3, failures=None)
_READINESS = _Defaults(period=5, timeout=3, failures=2)
_LIVENESS = _Defaults(period=10, timeout=5, failures=6)


def _probes(health: HealthSpec) -> Iterator[tuple[str, ProbeSpec, _Defaults]]:
    """Each probe with its Kubernetes name and its defaults."""
    for key, probe, defaults in (
        ("startupProbe", health.startup, _STARTUP),
        ("readinessProbe", health.readiness, _READINESS),
        ("livenessProbe", health.liveness, _LIVENESS),
    ):
        yield key, probe or ProbeSpec(), defaults


def check_health(health: HealthSpec, problems: Problems) -> None:
    """Report probes that check in two ways, and settings of requests that they don't make."""
    problems.run(_check_ways, health)
    for probe in health.probes():
        problems.run(_check_ways, probe)
        problems.run(_check_request, probe, health)
    if all(probe.path is None for probe in (health, *health.probes())):
        problems.run(_check_request, health, health)


def _check_ways(check: Union[ProbeSpec, HealthSpec], problems: Problems) -> None:
    first, *others = check.ways() or [""]
    if others:
        fix = [Remove(check.at / other) for other in others]
        problems.report_exclusive(check.at / others[0], first, *others[1:], fix=fix)


def _check_request(check: Union[ProbeSpec, HealthSpec], health: HealthSpec, problems: Problems) -> None:
    if "path" in (check.ways() or health.ways()):
        return
    for field, value in (("scheme", check.scheme), ("host", check.host), ("headers", check.headers)):
        if value is not None:
            where = check.at / field
            problems.report(WITHOUT_PATH, where, path=FieldName("path"), fix=Remove(where))


def check_probed_port(health: HealthSpec, ports: Mapping[str, ServicePort], problems: Problems) -> None:
    """Report probes of a port that doesn't exist, that doesn't use TCP, or with which they can't work."""
    before = len(problems.found)
    for check in (health, *health.probes()):
        problems.run(_check_port_name, check, ports)
    if len(problems.found) > before:
        return
    if any(_port_of(probe, health, ports) is None for probe in _port_users(health)):
        problems.report(HEALTH_WITHOUT_PORT, health.at, fix=Remove(health.at))
        return
    for probe in _port_users(health):
        check, port = probe if probe.ways() else health, _port_of(probe, health, ports)
        if check.grpc_service is not None and port is not None and port.uses_tls:
            where, name, command = check.at / "grpc_service", FieldName("port_name"), FieldName("command")
            problems.report(GRPC_OVER_TLS, where, port=port.name or str(port.target), port_name=name, command=command)
            return


def _check_port_name(check: Union[ProbeSpec, HealthSpec], ports: Mapping[str, ServicePort], problems: Problems) -> None:
    tcp = [port.name for port in ports.values() if port.protocol == Protocol.TCP.value]
    if check.port_name is not None and check.port_name not in tcp:
        where, close = check.at / "port_name", nearest(check.port_name, tcp)
        fix = Set(where, close) if close else Remove(where)
        problems.report(NOT_A_TCP_PORT, where, value=check.port_name, ports=tcp, fix=fix)


def check_sidecar_port(health: HealthSpec, port: Optional[int], problems: Problems) -> None:
    """Report probes of a sidecar that name a port, or need one that the sidecar doesn't have."""
    for check in (health, *health.probes()):
        if check.port_name is not None:
            problems.report(SIDECAR_PORT_NAME, check.at / "port_name", fix=Remove(check.at / "port_name"))
    if port is None and _port_users(health):
        problems.report(HEALTH_WITHOUT_PORT, health.at, fix=Remove(health.at))


def _port_users(health: HealthSpec) -> list[ProbeSpec]:
    """The probes that connect to a port."""
    enabled = [probe for _, probe, _ in _probes(health) if probe.enabled]
    return [probe for probe in enabled if "command" not in (probe.ways() or health.ways())]


def _port_of(probe: ProbeSpec, health: HealthSpec, ports: Mapping[str, ServicePort]) -> Optional[ServicePort]:
    """The TCP port that a probe connects to, if there is one."""
    tcp = {key: port for key, port in ports.items() if port.protocol == Protocol.TCP.value}
    name = health.port_name if probe.port_name is None else probe.port_name
    return main_port(tcp) if name is None else tcp.get(name)


def probed_port(health: Optional[HealthSpec], ports: Mapping[str, ServicePort]) -> Optional[ServicePort]:
    """The TCP port that the readiness probe connects to, if there is one."""
    found = health or HealthSpec()
    return _port_of(found.readiness or ProbeSpec(), found, ports)


def build_probes(health: Optional[HealthSpec], ports: Mapping[str, ServicePort]) -> dict[str, Any]:
    """The container's probes; none by default if no port uses TCP."""
    if health is None and probed_port(health, ports) is None:
        return {}
    found = health or HealthSpec()
    return {
        key: _probe(probe, found, _port_of(probe, found, ports), defaults)
        for key, probe, defaults in _probes(found)
        if probe.enabled
    }


def _probe(probe: ProbeSpec, health: HealthSpec, port: Optional[ServicePort], defaults: _Defaults) -> dict[str, Any]:
    period = defaults.period if probe.period is None else probe.period
    failures = probe.failures
    if failures is None:
        failures = defaults.failures or _startup_failures(health.startup_seconds, period)
    delay = {} if probe.initial_delay is None else {"initialDelaySeconds": probe.initial_delay}
    return {
        **_handler(probe, health, port),
        **delay,
        "periodSeconds": period,
        "timeoutSeconds": defaults.timeout if probe.timeout is None else probe.timeout,
        "failureThreshold": failures,
    }


def _startup_failures(startup_seconds: int, period: Any) -> Any:
    # Rounded up, so that the application gets at least the seconds that it is allowed.
    return applied(period, lambda seconds: -(-startup_seconds // seconds))


def _handler(probe: ProbeSpec, health: HealthSpec, port: Optional[ServicePort]) -> dict[str, Any]:
    check = probe if probe.ways() else health
    if check.command is not None:
        return {"exec": {"command": list(check.command)}}
    if port is None:
        # The rules report it.
        raise Unavailable(health.at / "port")
    if check.path is not None:
        return {"httpGet": {"path": check.path, "port": port.target, **_request(probe, health, port)}}
    if check.grpc_service is not None:
        return {"grpc": {"service": check.grpc_service, "port": port.target}}
    return {"tcpSocket": {"port": port.target}}


def _request(probe: ProbeSpec, health: HealthSpec, port: ServicePort) -> dict[str, Any]:
    """What differs from Kubernetes' defaults in a probe's request."""
    built: dict[str, Any] = {}
    scheme = health.scheme if probe.scheme is None else probe.scheme
    if scheme is ProbeScheme.HTTPS or (scheme is None and port.uses_tls):
        built["scheme"] = ProbeScheme.HTTPS.value
    host = health.host if probe.host is None else probe.host
    headers = health.headers if probe.headers is None else probe.headers
    named = [*([] if host is None else [("Host", host)]), *sorted((headers or {}).items(), key=lambda item: item[0])]
    if named:
        built["httpHeaders"] = [{"name": name, "value": value} for name, value in named]
    return built
