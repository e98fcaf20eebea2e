"""What a load balancer of a stack asks of its platform."""

from collections.abc import Mapping
from typing import Any

from ...public_load_balancer.args import request_of as request_of_args
from ...public_load_balancer.platform_module import Request
from ..plan import StackPlan
from ..references import gateway_ports, is_reference, port_of, service_ports

__all__ = ["request_of"]


def request_of(plan: StackPlan, args: Mapping[str, Any]) -> Request:
    """The same as of arguments whose target is written out."""
    target: Mapping[str, Any] = args["target"]
    if is_reference(target):
        name = str(target.get("gateway") or target["service"])
        ports = gateway_ports(plan.gateways[name]) if "gateway" in target else service_ports(name, plan.services[name])
        port = port_of(target, ports)
        if port is not None:
            target = {"port": port.number, "target_port": port.target, "protocol": port.protocol}
    return request_of_args({**args, "target": target})
