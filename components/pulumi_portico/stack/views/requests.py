"""What a load balancer of a stack asks of its platform."""

from collections.abc import Mapping
from typing import Any

from ...public_load_balancer.platform_module import Request
from ...public_load_balancer.requests import request_of_args
from ..plan import StackPlan
from ..references import is_reference, reached

__all__ = ["request_of"]


def request_of(plan: StackPlan, args: Mapping[str, Any]) -> Request:
    """The same as of arguments whose target is written out."""
    target: Mapping[str, Any] = args["target"]
    if is_reference(target):
        port = reached(target, plan.services, plan.gateways).port
        if port is not None:
            target = {"port": port.number, "target_port": port.target, "protocol": port.protocol}
    return request_of_args({**args, "target": target})
