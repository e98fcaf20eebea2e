"""What a `PublicLoadBalancer` takes, and the rules of its fields."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Optional, cast

import pulumi

from .._typing import NotRequired, TypedDict
from ..checks import Field, Rules, check
from ..errors import Problem, Problems, Refusal
from ..lifecycle.cost import RULES as COST_RULES
from ..lifecycle.cost import Price
from ..load_balancers import ClientIp
from ..names import label_key, label_value, port_name, port_number, service_name
from ..service_ports import ServicePort
from ..shapes import as_written
from ..target import RULES as TARGET_RULES
from ..target import Protocol, Target
from ..values import whole_number
from .exposure import RULES as EXPOSURE_RULES
from .exposure import Exposure
from .platform_module import Request
from .platforms import check_exposure, module_of

__all__ = ["RULES", "BalancerPort", "PublicLoadBalancerArgs", "check_public_load_balancer", "request_of"]

_NAME_LENGTH = 46
"""A Service's name less `-service` and the nine characters that Pulumi adds."""

_RANGE = re.compile(r"[0-9]+\s*(-|:|\.\.)\s*[0-9]+")


class BalancerPort(TypedDict):
    """One of several ports of a load balancer; its key is its name."""

    port: int
    """The port (1 to 65535) that clients connect to. Plain. Maps to the Service's `port`."""

    target_port: NotRequired[int]
    """The port (1 to 65535) that the pods listen on. Plain. Default: the same as `port`. Maps to `targetPort`."""

    protocol: NotRequired[Protocol]
    """The transport. Plain. Default: TCP. Maps to `protocol`."""


class PublicLoadBalancerArgs(TypedDict):
    """The arguments of a `PublicLoadBalancer`: a `target` and its `exposure`. Everything else has a default."""

    target: Target
    """What it exposes: a WebService's `target()`, or one written by hand, with the `selector` that finds the pods.
    Plain, some leaves are not."""

    exposure: Exposure
    """How far it exposes it, and how the load balancer is set. Plain, most leaves are not."""

    ports: NotRequired[Mapping[str, BalancerPort]]
    """Several ports, by name (15 characters at most), instead of the target's own one. Plain. Default: the target's
    port."""

    target_reads_proxy_protocol: NotRequired[bool]
    """Whether the pods read the PROXY protocol. They must exactly where the exposure's `client_ip` is proxy-protocol:
    one side alone breaks every connection. Plain. Default: false."""

    ready_within: NotRequired[int]
    """Seconds (1 to 3600) that the platform has to give the load balancer an address, before the deployment fails and
    says why. Plain. Default: 600."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels put on every object. Keys are plain. Default: none."""

    price: NotRequired[Price]
    """What the platform asks, for the estimate of what the load balancer costs. Plain. Default: its list price in the
    United States."""


RULES: Rules = {
    **TARGET_RULES,
    **EXPOSURE_RULES,
    **COST_RULES,
    BalancerPort: {"port": Field(port_number), "target_port": Field(port_number)},
    PublicLoadBalancerArgs: {
        "ports": Field(keys=port_name),
        "ready_within": Field(whole_number(1, 3600, "a number of seconds")),
        "labels": Field(keys=label_key, items=label_value),
    },
}
"""What the fields must satisfy beyond their types."""


def check_public_load_balancer(
    name: str,
    args: Any,
    problems: Problems,
    path: str = "",
    spelling: Callable[[str], str] = as_written,
) -> PublicLoadBalancerArgs:
    """The checked arguments of the PublicLoadBalancer called ``name``; what is wrong is noted in ``problems``.

    ``path`` and ``spelling`` are where the arguments stand and how their keys are written.
    """
    before = len(problems.found)
    prefix = f"{path}." if path else ""
    if isinstance(args, Mapping) and "aws" in args:
        problems.note(f"{prefix}aws", _moved(name))
        return cast("PublicLoadBalancerArgs", {})
    if refusal := _balancer_name(name):
        problems.add(path or "name", name, refusal)
    checked: Any = check(PublicLoadBalancerArgs, args, RULES, problems, path, spelling)
    _explain_ranges(problems, before)
    # The checks below rely on fields that are right by themselves.
    if len(problems.found) == before:
        _check_target(checked, problems, prefix, spelling)
    if len(problems.found) == before:
        request = request_of(checked)
        check_exposure(request, problems, f"{prefix}exposure.", spelling)
        _check_proxy_protocol(request, checked, problems, prefix, spelling)
    return checked


def _moved(name: str) -> Refusal:
    """The fields of `aws` have a component of their own."""
    fix = f"move its fields to an AwsLoadBalancer, in a stack file to portico:awsLoadBalancers.{name}"
    return Refusal("is not an argument of PublicLoadBalancer", "target and exposure", fix)


def _balancer_name(name: str) -> Optional[Refusal]:
    if len(name) > _NAME_LENGTH:
        allowed = f"{_NAME_LENGTH} characters at most, as Pulumi adds to it what makes it unique"
        return Refusal(f"is {len(name)} characters long, too long for a load balancer's Service", allowed)
    return service_name(name)


def _explain_ranges(problems: Problems, start: int) -> None:
    """Say why a range of ports is refused, instead of that it is no number."""
    for at, problem in enumerate(problems.found[start:], start):
        field = problem.path.rpartition(".")[2]
        if field in ("port", "targetPort", "target_port") and _RANGE.fullmatch(problem.value.strip('"')):
            problems.found[at] = Problem(
                problem.path,
                problem.value,
                "is a range of ports, and a Kubernetes Service has none: it lists each port by itself",
                "one port; several by name, as ports",
                "list each, or keep clients to fewer ports, as media servers can by multiplexing",
            )


def _check_target(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str]) -> None:
    target: Mapping[str, Any] = args["target"]
    where = f"{prefix}target"
    if not target.get("selector"):
        refusal = Refusal(
            "is missing, and a balancer makes a Service of its own, which must find the pods",
            "the labels of the pods",
            "take the target from WebService.target(), or copy the selector of the Service",
        )
        problems.note(f"{where}.selector", refusal)
    if "ports" not in args:
        _check_target_port(target, problems, where, spelling)
        return
    if not args["ports"]:
        refusal = Refusal("holds none", "one port or more", "leave it out for the target's own")
        problems.note(f"{prefix}ports", refusal)
    _check_same(args["ports"], problems, f"{prefix}ports")


def _check_target_port(
    target: Mapping[str, Any], problems: Problems, where: str, spelling: Callable[[str], str]
) -> None:
    fix = "give the target's port as a number, or the balancer's own ports by name"
    if "port" not in target:
        wrong = "is missing, and a balancer listens on a number"
        problems.note(f"{where}.port", Refusal(wrong, "the Service's port, by number", fix))
    for field in ("port", "target_port"):
        if isinstance(target.get(field), pulumi.Output):
            wrong = "is known only during the deployment, and what a platform is told is keyed by it"
            problems.note(f"{where}.{spelling(field)}", Refusal(wrong, "a plain number", fix))


def _check_same(ports: Mapping[str, BalancerPort], problems: Problems, path: str) -> None:
    seen: dict[tuple[int, str], str] = {}
    for name, port in ports.items():
        protocol = port.get("protocol", Protocol.TCP.value)
        other = seen.setdefault((port["port"], protocol), name)
        if other != name:
            refusal = Refusal(f"is the {protocol} port of {other} too", "each number once for each protocol")
            problems.add(f"{path}.{name}.port", port["port"], refusal)


def _check_proxy_protocol(
    request: Request, args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str]
) -> None:
    spoken = module_of(request).client_ip(request) == ClientIp.PROXY_PROTOCOL.value
    read = args.get("target_reads_proxy_protocol", False)
    path = f"{prefix}{spelling('target_reads_proxy_protocol')}"
    if spoken and not read:
        refusal = Refusal(
            "is not true, and the load balancer is to speak the PROXY protocol, which breaks every connection to pods "
            "that do not expect it",
            "true, once the pods are set to read it",
            "set the pods up and write true, or set client_ip to preserve",
        )
        problems.note(path, refusal)
    if read and not spoken:
        refusal = Refusal(
            "is true, and the load balancer does not speak the PROXY protocol, which such pods wait for in vain",
            "with client_ip proxy-protocol",
            "set client_ip to proxy-protocol, or leave it out",
        )
        problems.note(path, refusal)


def request_of(args: Mapping[str, Any]) -> Request:
    """What is asked of the platform."""
    target: Mapping[str, Any] = args["target"]
    return Request(args["exposure"], _ports_of(args, target), target.get("drain"))


def _ports_of(args: Mapping[str, Any], target: Mapping[str, Any]) -> tuple[ServicePort, ...]:
    """The ports ordered by name, so that the order in which they were written changes nothing."""
    if "ports" in args:
        ports = cast("Mapping[str, BalancerPort]", args["ports"])
        return tuple(
            ServicePort(name, it.get("target_port", it["port"]), it["port"], it.get("protocol", Protocol.TCP.value))
            for name, it in sorted(ports.items())
        )
    number, protocol = target["port"], target.get("protocol", Protocol.TCP.value)
    named = {80: "http", 443: "https"} if protocol == Protocol.TCP.value else {}
    name = named.get(number, f"{protocol.lower()}-{number}")
    return (ServicePort(name, target.get("target_port", number), number, protocol),)
