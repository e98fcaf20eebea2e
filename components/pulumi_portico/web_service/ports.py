"""The ports of a `WebService`: what the container listens on, and what the Service offers."""

from collections.abc import Callable, Mapping
from typing import Any

from .._typing import NotRequired, TypedDict
from ..args.names import app_protocol, port_number
from ..args.shapes import mapped
from ..checks import Field, Rules
from ..errors import Problems, Refusal
from ..networking.ports import HTTP, HTTP_PORT, ServicePort
from ..networking.target import Protocol

__all__ = ["RULES", "Port", "check_ports", "ports_of"]


class Port(TypedDict):
    """One of several ports of a service; its key is its name."""

    port: int
    """The port (1 to 65535) that the container listens on. Plain. Maps to `containerPort` and `targetPort`."""

    service_port: NotRequired[int]
    """The port (1 to 65535) that other pods use. Plain. Default: the same as `port`. Maps to the Service's `port`."""

    protocol: NotRequired[Protocol]
    """The transport. Plain. Default: TCP. Maps to `protocol`."""

    app_protocol: NotRequired[str]
    """What is spoken over it, as a hint to whatever is in front: `http`, `https`, or a name with a prefix, such as
    `kubernetes.io/h2c`. Plain. Default: no hint. Maps to `appProtocol`."""


_PORT = Field(port_number)
RULES: Rules = {Port: {"port": _PORT, "service_port": _PORT, "app_protocol": Field(app_protocol)}}
"""What the fields must satisfy beyond their types."""


def ports_of(args: Mapping[str, Any], *, headless: bool) -> dict[str, ServicePort]:
    """The service's ports by name, ordered by name, so that the order in which they were written changes nothing.

    A headless Service leads to the pods themselves, so their own ports are the ones to use.
    """
    if "port" in args:
        port = args["port"]
        return {HTTP: ServicePort(HTTP, port, port if headless else args.get("service_port", HTTP_PORT))}
    ports: Mapping[str, Port] = args.get("ports", {})
    return {
        name: ServicePort(
            name,
            port["port"],
            port.get("service_port", port["port"]),
            port.get("protocol", Protocol.TCP.value),
            port.get("app_protocol"),
        )
        for name, port in sorted(ports.items())
    }


def check_ports(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str]) -> None:
    """Note where there are no ports, where they are given in two ways, or where two are the same."""
    if "port" not in args and "ports" not in args:
        problems.note(
            f"{prefix}port",
            Refusal(
                "is missing",
                "the port that the container listens on, or several by name as ports",
                "for a worker that listens on none, write ports: {}",
            ),
        )
    if "ports" not in args:
        return
    for field in ("port", "service_port"):
        if field in args:
            refusal = Refusal("stands beside ports", "one port, or several by name", f"move it into {prefix}ports")
            problems.add(f"{prefix}{spelling(field)}", args[field], refusal)
    _check_same(args["ports"], problems, f"{prefix}ports", spelling)


def _check_same(ports: Any, problems: Problems, path: str, spelling: Callable[[str], str]) -> None:
    seen: dict[tuple[str, str, str], str] = {}
    for name, given in ((name, mapped(port)) for name, port in mapped(ports).items()):
        protocol = given.get("protocol", Protocol.TCP.value)
        for field, number in (
            ("port", given.get("port")),
            ("service_port", given.get("service_port", given.get("port"))),
        ):
            # What is no number or no protocol is refused by itself, and may be anything.
            other = seen.setdefault((field, repr(number), repr(protocol)), name)
            if number is not None and other != name:
                refusal = Refusal(f"is the {protocol} {spelling(field)} of {other} too", "each number once")
                problems.add(f"{path}.{name}.{spelling(field)}", number, refusal)
