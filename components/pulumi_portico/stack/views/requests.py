"""What a load balancer of a stack requests from its platform."""

from typing import Any

from ...public_load_balancer.plan import request_of as request_of_spec
from ...public_load_balancer.platform_module import Request
from ..plan import StackPlan

__all__ = ["request_of"]


def request_of(_plan: StackPlan, spec: Any) -> Request:
    """The request of a load balancer's arguments."""
    return request_of_spec(spec)
