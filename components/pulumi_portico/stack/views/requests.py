"""What a load balancer of a stack requests from its platform."""

from collections.abc import Mapping
from typing import Any

from ...public_load_balancer.platform_module import Request
from ...public_load_balancer.requests import request_of_args
from ..plan import StackPlan

__all__ = ["request_of"]


def request_of(_plan: StackPlan, args: Mapping[str, Any]) -> Request:
    """The request of a load balancer's arguments."""
    return request_of_args(args)
