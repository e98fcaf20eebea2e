"""How Kubernetes probes a container: one setting, three probes with different defaults.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, automatic, component, form, moved_to, several, table, unsupported
from ..args.forms import is_text
from ..args.parse import Field, Rules
from ..args.problems import Problems, Remove, Set, nearest
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import http_path, some, whole_number
from ..networking.ports import ServicePort, main_port
from ..networking.target import Protocol
from ..outputs import applied
from .conversions import command_line, from_exec, from_grpc, from_http_get, from_probe

__all__ = [
    "RULES",
    "Health",
    "HealthSpec",
    "Probe",
    "ProbeSpec",
    "build_probes",
    "check_health",
    "check_probed_port",
    "check_sidecar_port",
    "probed_port",
]


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
    """Which of several ports is checked. Plain. Default: `http`, else the first TCP port by name."""

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
        "httpGet": several("path", convert=from_http_get),
        "exec": several("command", convert=from_exec),
        "grpc": several("grpc_service", convert=from_grpc),
        "tcpSocket": automatic(...),
        "periodSeconds": moved_to("period"),
        "interval": moved_to("period"),
        "timeoutSeconds": moved_to("timeout"),
        "failureThreshold": moved_to("failures"),
        "retries": moved_to("failures"),
        "successThreshold": automatic(1),
        "initialDelaySeconds": component("services", "health.startup_seconds"),
        "initialDelay": component("services", "health.startup_seconds"),
        "start_period": component("services", "health.startup_seconds"),
        "terminationGracePeriodSeconds": unsupported(),
        "port": component("services", "health.port_name"),
        "scheme": unsupported("HTTP"),
        "host": unsupported(),
        "httpHeaders": unsupported(),
        "protocol": unsupported(),
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
    period: Optional[pulumi.Input[int]] = None
    timeout: Optional[pulumi.Input[int]] = None
    failures: Optional[pulumi.Input[int]] = None

    def ways(self) -> list[str]:
        """The fields that say how to check; none if `Health` says it."""
        return _ways(self)


_NAMES_OF_HEALTH = table(
    {
        "httpGet": several("path", convert=from_http_get),
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
        "initialDelaySeconds": moved_to("startup_seconds"),
        "initialDelay": moved_to("startup_seconds"),
        "start_period": moved_to("startup_seconds"),
        "port": moved_to("port_name"),
        "scheme": unsupported("HTTP"),
        "host": unsupported(),
        "httpHeaders": unsupported(),
        "protocol": unsupported(),
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
    startup_seconds: int = 60
    startup: Optional[ProbeSpec] = None
    readiness: Optional[ProbeSpec] = None
    liveness: Optional[ProbeSpec] = None

    def ways(self) -> list[str]:
        """The fields that say how to check; none for a connection to the port."""
        return _ways(self)


def _ways(check: Union[ProbeSpec, HealthSpec]) -> list[str]:
    ways = (("path", check.path), ("grpc_service", check.grpc_service), ("command", check.command))
    return [field for field, value in ways if value is not None]


_AT_LEAST_ONE = Field(whole_number(1))
_SECONDS = Field(whole_number(1, what=SECONDS))
_COMMAND = Field(some("a command and its arguments"))

RULES: Rules = {
    Probe: {
        "path": Field(http_path),
        "command": _COMMAND,
        "period": _SECONDS,
        "timeout": _SECONDS,
        "failures": _AT_LEAST_ONE,
    },
    Health: {"path": Field(http_path), "command": _COMMAND, "startup_seconds": _SECONDS},
}
"""What the fields must satisfy beyond their types."""

NOT_A_TCP_PORT = define("not-a-tcp-port", "{value} isn't the name of a TCP port.", allowed="{ports}")
HEALTH_WITHOUT_PORT = define(
    "health-without-port",
    "The probes connect to a TCP port, and there is none.",
    allowed="a TCP port, or a command for each probe",
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
    """Report probes that check in two ways."""
    problems.run(_check_ways, health)
    for probe in ("startup", "readiness", "liveness"):
        problems.run(_check_ways_of_probe, health, probe)


def _check_ways_of_probe(health: HealthSpec, field: str, problems: Problems) -> None:
    probe = {"startup": health.startup, "readiness": health.readiness, "liveness": health.liveness}[field]
    if probe is not None:
        problems.run(_check_ways, probe)


def _check_ways(check: Union[ProbeSpec, HealthSpec], problems: Problems) -> None:
    first, *others = check.ways() or [""]
    if others:
        fix = [Remove(check.at / other) for other in others]
        problems.report_exclusive(check.at / others[0], first, *others[1:], fix=fix)


def check_probed_port(health: HealthSpec, ports: Mapping[str, ServicePort], problems: Problems) -> None:
    """Report probes of a port that doesn't exist, or that doesn't use TCP."""
    tcp = [port.name for port in ports.values() if port.protocol == Protocol.TCP.value]
    if health.port_name is not None and health.port_name not in tcp:
        where, close = health.at / "port_name", nearest(health.port_name, tcp)
        fix = Set(where, close) if close else Remove(where)
        problems.report(NOT_A_TCP_PORT, where, value=health.port_name, ports=tcp, fix=fix)
    elif probed_port(health, ports) is None and _uses_port(health):
        problems.report(HEALTH_WITHOUT_PORT, health.at, fix=Remove(health.at))


def check_sidecar_port(health: HealthSpec, port: Optional[int], problems: Problems) -> None:
    """Report probes of a sidecar that name a port, or need one that the sidecar doesn't have."""
    if health.port_name is not None:
        problems.report(SIDECAR_PORT_NAME, health.at / "port_name", fix=Remove(health.at / "port_name"))
    if port is None and _uses_port(health):
        problems.report(HEALTH_WITHOUT_PORT, health.at, fix=Remove(health.at))


def _uses_port(health: HealthSpec) -> bool:
    """Whether a probe connects to the port."""
    enabled = [probe for _, probe, _ in _probes(health) if probe.enabled]
    return any("command" not in (probe.ways() or health.ways()) for probe in enabled)


def probed_port(health: Optional[HealthSpec], ports: Mapping[str, ServicePort]) -> Optional[ServicePort]:
    """The TCP port that the probes connect to, if there is one."""
    name = health.port_name if health else None
    port = main_port(ports) if name is None else ports.get(name)
    return port if port is not None and port.protocol == Protocol.TCP.value else None


def build_probes(health: Optional[HealthSpec], ports: Mapping[str, ServicePort]) -> dict[str, Any]:
    """The container's probes; none by default if no port uses TCP."""
    port = probed_port(health, ports)
    if health is None and port is None:
        return {}
    found = health or HealthSpec()
    return {key: _probe(probe, found, port, defaults) for key, probe, defaults in _probes(found) if probe.enabled}


def _probe(probe: ProbeSpec, health: HealthSpec, port: Optional[ServicePort], defaults: _Defaults) -> dict[str, Any]:
    period = defaults.period if probe.period is None else probe.period
    failures = probe.failures
    if failures is None:
        failures = defaults.failures or _startup_failures(health.startup_seconds, period)
    return {
        **_handler(probe if probe.ways() else health, port),
        "periodSeconds": period,
        "timeoutSeconds": defaults.timeout if probe.timeout is None else probe.timeout,
        "failureThreshold": failures,
    }


def _startup_failures(startup_seconds: int, period: Any) -> Any:
    # Rounded up, so that the application gets at least the seconds that it is allowed.
    return applied(period, lambda seconds: -(-startup_seconds // seconds))


def _handler(check: Union[ProbeSpec, HealthSpec], port: Optional[ServicePort]) -> dict[str, Any]:
    if check.command is not None:
        return {"exec": {"command": list(check.command)}}
    assert port is not None, "the rules reject a probe without a port"
    if check.path is not None:
        return {"httpGet": {"path": check.path, "port": port.target}}
    if check.grpc_service is not None:
        return {"grpc": {"service": check.grpc_service, "port": port.target}}
    return {"tcpSocket": {"port": port.target}}
