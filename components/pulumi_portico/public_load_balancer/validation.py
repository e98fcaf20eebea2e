"""The checks of a `PublicLoadBalancer`'s arguments."""

from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..args.location import ROOT, Field, FieldPath, Location
from ..args.names import NAME_TOO_LONG, service_name
from ..args.parse import Hooks, parse
from ..args.problems import Problems, Reason, Remove
from ..args.values import EMPTY
from ..lifecycle.limits import check_limits
from ..load_balancers import ClientIp
from .args import RULES, PublicLoadBalancerArgs, PublicLoadBalancerSpec
from .exposure_checks import check_exposure
from .plan import objects_of, plan_public_load_balancer, request_of
from .platforms import module_of

__all__ = ["parse_public_load_balancer"]

_NAME_LENGTH = 46
"""The length of a Service's name, without `-service` and the nine characters that Pulumi adds."""

TARGET_WITHOUT_SELECTOR = define(
    "target-without-selector",
    "The load balancer has a Service of its own, which needs the labels of the pods.",
    allowed="the labels of the pods",
    hint="Use the target of a WebService, or copy the selector of the Service.",
)
TARGET_WITHOUT_PORT = define(
    "target-without-port",
    "The load balancer needs the number of the Service's port.",
    allowed="a port number from 1 to 65535",
    hint="Set {port}, or the load balancer's own {ports}.",
)
PORT_NOT_PLAIN = define(
    "port-not-plain",
    "This port is known only during the deployment, and annotations depend on it.",
    allowed="a plain number",
    hint="Set a plain number, or the load balancer's own {ports}.",
)
DUPLICATE_PORT = define(
    "duplicate-load-balancer-port",
    "{other} has port {value} over {protocol} too.",
    allowed="each number once for each protocol",
    hint="Set another number.",
)
TARGET_MUST_READ_PROXY_PROTOCOL = define(
    "target-must-read-proxy-protocol",
    "The load balancer sends the PROXY protocol, which breaks every connection to pods that don't expect it.",
    allowed="true, if the pods read the PROXY protocol",
    hint="Configure the pods, and set this to true. Or set {field} to {alternative}.",
)
TARGET_EXPECTS_PROXY_PROTOCOL = define(
    "target-expects-proxy-protocol",
    "The pods wait for the PROXY protocol, and the load balancer doesn't send it.",
    allowed="only if {field} is {needed}",
)


def parse_public_load_balancer(
    name: str, args: Any, problems: Problems, at: Location = ROOT, hooks: Optional[Hooks] = None
) -> PublicLoadBalancerSpec:
    """The parsed arguments of the PublicLoadBalancer called `name`; what's wrong with them is in `problems`."""
    _check_name(name, at, problems)
    spec = parse(PublicLoadBalancerSpec, PublicLoadBalancerArgs, args, RULES, problems, at, hooks)
    for rule in (_check_selector, _check_target_ports, _check_ports, _check_request, _check_proxy_protocol):
        problems.run(rule, spec)
    problems.run(_check_limits, name, spec)
    return spec


def _check_limits(name: str, spec: PublicLoadBalancerSpec, problems: Problems) -> None:
    check_limits(spec, lambda: objects_of(plan_public_load_balancer(name, spec)), problems)


def _check_name(name: str, at: Location, problems: Problems) -> None:
    reason = service_name(name)
    if reason is None and len(name) > _NAME_LENGTH:
        reason = Reason(NAME_TOO_LONG, {"excess": len(name) - _NAME_LENGTH, "most": _NAME_LENGTH}, name[:_NAME_LENGTH])
    if reason is not None:
        # In a stack, the name is a key of the stack file.
        location = at or Location(("name",))
        problems.report(reason.code, location, value=name, **reason.params)


def _check_selector(spec: PublicLoadBalancerSpec, problems: Problems) -> None:
    if not spec.target.selector:
        problems.report(TARGET_WITHOUT_SELECTOR, spec.target.at / "selector")


def _check_target_ports(spec: PublicLoadBalancerSpec, problems: Problems) -> None:
    """The target's port, if the load balancer has no ports of its own."""
    target = spec.target
    if spec.ports is not None:
        return
    if target.port is None:
        problems.report(TARGET_WITHOUT_PORT, target.at / "port", port=Field("port"), ports=Field("ports"))
    for name, port in (("port", target.port), ("target_port", target.target_port)):
        if isinstance(port, pulumi.Output):
            problems.report(PORT_NOT_PLAIN, target.at / name, ports=Field("ports"))


def _check_ports(spec: PublicLoadBalancerSpec, problems: Problems) -> None:
    if spec.ports is None:
        return
    location = spec.at / "ports"
    if not spec.ports:
        problems.report(EMPTY, location, value={}, what="at least one port", fix=Remove(location))
    seen: dict[tuple[int, str], str] = {}
    for name, port in spec.ports.items():
        other = seen.setdefault((port.port, port.protocol.value), name)
        if other != name:
            at, protocol = port.at / "port", port.protocol
            problems.report(DUPLICATE_PORT, at, value=port.port, other=other, protocol=protocol)


def _check_request(spec: PublicLoadBalancerSpec, problems: Problems) -> None:
    check_exposure(request_of(spec), problems)


def _check_proxy_protocol(spec: PublicLoadBalancerSpec, problems: Problems) -> None:
    request = request_of(spec)
    sends = module_of(spec.exposure.platform).client_ip(request) is ClientIp.PROXY_PROTOCOL
    location = spec.at / "target_reads_proxy_protocol"
    field = FieldPath(("exposure", "client_ip"))
    if sends and not spec.target_reads_proxy_protocol:
        alternative = ClientIp.PRESERVE
        problems.report(TARGET_MUST_READ_PROXY_PROTOCOL, location, field=field, alternative=alternative)
    if spec.target_reads_proxy_protocol and not sends:
        needed = ClientIp.PROXY_PROTOCOL
        problems.report(TARGET_EXPECTS_PROXY_PROTOCOL, location, field=field, needed=needed, fix=Remove(location))
