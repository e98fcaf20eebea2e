"""How Kubernetes asks a pod whether it works: one setting, three probes that differ as they should."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pulumi

from .._typing import NotRequired, TypedDict
from ..checks import Field, Rules
from ..errors import Problems, Refusal
from ..names import http_path, whole_number

__all__ = ["RULES", "Health", "Probe", "build_probes", "check_health"]


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
    for where, asked in ((path, health), *((f"{path}.{it}", health.get(it)) for it in _PROBES)):
        if not isinstance(asked, Mapping):
            continue
        asked = cast("Mapping[str, Any]", asked)
        ways = [spelling(way) for way in _HOW if way in asked]
        if len(ways) > 1:
            refusal = Refusal(f"asks in {len(ways)} ways: {', '.join(ways)}", "one of them", f"keep {ways[0]}")
            problems.note(where, refusal)
        if asked.get("command") == []:
            problems.add(f"{where}.command", [], Refusal("runs nothing", "a command and its arguments"))


def build_probes(health: Health, port: int, port_name: str) -> dict[str, Any]:
    """The container's probes, by their Kubernetes names, for the port that it listens on."""
    probes: dict[str, Any] = {}
    for name in _PROBES:
        probe: Probe = health.get(name, {})
        if probe.get("enabled", True):
            asked = probe if any(way in probe for way in _HOW) else health
            period = probe.get("period", _DEFAULTS[name]["period"])
            probes[f"{name}Probe"] = {
                **_question(asked, port, port_name),
                "periodSeconds": period,
                "timeoutSeconds": probe.get("timeout", _DEFAULTS[name]["timeout"]),
                "failureThreshold": probe.get("failures", _failures(name, health, period)),
            }
    return probes


def _failures(name: str, health: Health, period: Any) -> Any:
    if name != "startup":
        return _DEFAULTS[name]["failures"]
    allowed = health.get("startup_seconds", _STARTUP_SECONDS)

    def rounded_up(seconds: int) -> int:
        # The application gets the time that it was promised, and not less.
        return -(-allowed // seconds)

    if isinstance(period, pulumi.Output):
        return cast("pulumi.Output[int]", period).apply(rounded_up)
    return rounded_up(period)


def _question(asked: Mapping[str, Any], port: int, port_name: str) -> dict[str, Any]:
    if "path" in asked:
        return {"httpGet": {"path": asked["path"], "port": port_name}}
    if "grpc_service" in asked:
        # The one probe that takes no port by name.
        return {"grpc": {"service": asked["grpc_service"], "port": port}}
    if "command" in asked:
        return {"exec": {"command": asked["command"]}}
    return {"tcpSocket": {"port": port_name}}
