"""How Kubernetes asks a pod whether it works: one setting, three probes that differ as they should."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.shapes import mapped
from ..args.values import http_path, whole_number
from ..checks import Field, Rules
from ..errors import Problems, Refusal, write_nearest
from ..networking.ports import ServicePort, main_port
from ..networking.target import Protocol
from ..outputs import applied

__all__ = ["RULES", "Health", "Probe", "asks_no_port", "build_probes", "check_asked_port", "check_health"]


class Probe(TypedDict):
    """One probe where it is to differ from the others. What is left out is as `Health` has it."""

    enabled: NotRequired[bool]
    """Whether there is this probe at all. Plain. Default: true."""

    path: NotRequired[pulumi.Input[str]]
    """Ask this path over HTTP, instead of what `Health` asks. Maps to `httpGet.path`."""

    grpc_service: NotRequired[pulumi.Input[str]]
    """Ask this service by the gRPC health protocol, instead of what `Health` asks; empty for the server as a whole.
    Maps to `grpc.service`."""

    command: NotRequired[Sequence[pulumi.Input[str]]]
    """Run this command in the container, instead of what `Health` asks. Its length is plain. Maps to
    `exec.command`."""

    period: NotRequired[pulumi.Input[int]]
    """Seconds from one question to the next (1 or more). Default: startup 2, readiness 5, liveness 10."""

    timeout: NotRequired[pulumi.Input[int]]
    """Seconds that an answer may take (1 or more). Default: startup and readiness 3, liveness 5."""

    failures: NotRequired[pulumi.Input[int]]
    """How many failures in a row count (1 or more). Default: readiness 2, so that a pod that cannot serve gets no
    requests after some 10 seconds; liveness 6, so that it is restarted only after a minute; startup by
    `startup_seconds`."""


class Health(TypedDict):
    """How Kubernetes asks a pod whether it works.

    With `path`, `grpc_service` or `command`, it asks the application; with none of the three,
    only whether the port takes connections.
    """

    path: NotRequired[pulumi.Input[str]]
    """Ask this path over HTTP; an answer from 200 to 399 is good. Maps to `httpGet.path`."""

    grpc_service: NotRequired[pulumi.Input[str]]
    """Ask this service by the gRPC health protocol; empty for the server as a whole. Maps to `grpc.service`."""

    command: NotRequired[Sequence[pulumi.Input[str]]]
    """Run this command in the container; exit status 0 is good. Its length is plain. Maps to `exec.command`."""

    port_name: NotRequired[str]
    """Which of several ports is asked. Plain. Default: `http`, else the first TCP port by name."""

    startup_seconds: NotRequired[int]
    """Seconds that the application may take to start (1 or more), before the other probes begin. Plain. Default: 60.
    Maps to the startup probe's `failureThreshold`."""

    startup: NotRequired[Probe]
    """The startup probe: has the application started?"""

    readiness: NotRequired[Probe]
    """The readiness probe: can the pod take requests now? One that cannot gets none, and is left running."""

    liveness: NotRequired[Probe]
    """The liveness probe: is the application beyond recovery? The container is then restarted. Ask something that
    depends on nothing else: a liveness probe that asks a database restarts every pod when the database is down."""


_HOW = ("path", "grpc_service", "command")
_PROBES = ("startup", "readiness", "liveness")
_AT_LEAST_ONE = Field(whole_number(1, what="a whole number from 1"))
_QUESTION = {"path": Field(http_path), "period": _AT_LEAST_ONE, "timeout": _AT_LEAST_ONE, "failures": _AT_LEAST_ONE}

RULES: Rules = {
    Probe: _QUESTION,
    Health: {"path": Field(http_path), "startup_seconds": _AT_LEAST_ONE},
}
"""What the fields must satisfy beyond their types."""

_STARTUP_SECONDS = 60
_DEFAULTS: Mapping[str, Mapping[str, int]] = {
    "startup": {"period": 2, "timeout": 3},
    "readiness": {"period": 5, "timeout": 3, "failures": 2},
    "liveness": {"period": 10, "timeout": 5, "failures": 6},
}


def check_health(health: Mapping[str, Any], problems: Problems, path: str, spelling: Callable[[str], str]) -> None:
    """Note where a probe is told to ask in two ways, or in a way that asks nothing."""
    for where, asked in ((path, health), *((f"{path}.{it}", mapped(health.get(it))) for it in _PROBES)):
        ways = [spelling(way) for way in _HOW if way in asked]
        if len(ways) > 1:
            refusal = Refusal(f"asks in {len(ways)} ways: {', '.join(ways)}", "one of them", f"keep {ways[0]}")
            problems.note(where, refusal)
        if asked.get("command") == []:
            problems.add(f"{where}.command", [], Refusal("runs nothing", "a command and its arguments"))


def check_asked_port(
    health: Mapping[str, Any], ports: Mapping[str, ServicePort], problems: Problems, path: str
) -> None:
    """Note where probes are to ask a port that is not there, or that does not speak TCP."""
    tcp = [it.name for it in ports.values() if it.protocol == Protocol.TCP.value]
    named = health.get("port_name")
    if named is not None and named not in tcp:
        fix = write_nearest(str(named), tcp)
        refusal = Refusal("is no TCP port of the service", ", ".join(tcp) or "none", fix)
        problems.add(f"{path}.port_name", named, refusal)
    elif asked_of(health, ports) is None and not asks_no_port(health):
        fix = "leave health out, or give a command"
        problems.note(path, Refusal("asks a port, and no port speaks TCP", "a command, where none does", fix))


def asks_no_port(health: Mapping[str, Any]) -> bool:
    """Whether every probe runs a command."""
    probes = [mapped(health.get(it)) for it in _PROBES]
    asked = [it if any(way in it for way in _HOW) else health for it in probes if it.get("enabled", True)]
    return all("command" in it for it in asked)


def build_probes(health: Optional[Health], ports: Mapping[str, ServicePort]) -> dict[str, Any]:
    """The container's probes, by their Kubernetes names; none where nothing is said and nothing listens on TCP."""
    asked_port = asked_of(health or {}, ports)
    if health is None and asked_port is None:
        return {}
    told = health or {}
    probes: dict[str, Any] = {}
    for name in _PROBES:
        probe: Probe = told.get(name, {})
        if probe.get("enabled", True):
            asked = probe if any(way in probe for way in _HOW) else told
            period = probe.get("period", _DEFAULTS[name]["period"])
            probes[f"{name}Probe"] = {
                **_question(asked, asked_port),
                "periodSeconds": period,
                "timeoutSeconds": probe.get("timeout", _DEFAULTS[name]["timeout"]),
                "failureThreshold": probe.get("failures", _failures(name, told, period)),
            }
    return probes


def asked_of(health: Mapping[str, Any], ports: Mapping[str, ServicePort]) -> Optional[ServicePort]:
    """The TCP port that the probes ask, if there is one."""
    named = health.get("port_name")
    port = ports.get(named) if named is not None else main_port(ports)
    return port if port is not None and port.protocol == Protocol.TCP.value else None


def _failures(name: str, health: Mapping[str, Any], period: Any) -> Any:
    if name != "startup":
        return _DEFAULTS[name]["failures"]
    allowed = health.get("startup_seconds", _STARTUP_SECONDS)

    def rounded_up(seconds: int) -> int:
        # The application gets the time that it was promised, and not less.
        return -(-allowed // seconds)

    return applied(period, rounded_up)


def _question(asked: Mapping[str, Any], port: Optional[ServicePort]) -> dict[str, Any]:
    if "command" in asked:
        return {"exec": {"command": asked["command"]}}
    assert port is not None, "check_health lets nothing else through"
    if "path" in asked:
        return {"httpGet": {"path": asked["path"], "port": port.target}}
    if "grpc_service" in asked:
        return {"grpc": {"service": asked["grpc_service"], "port": port.target}}
    return {"tcpSocket": {"port": port.target}}
