"""Requests of arguments that are mappings. Serves the stack modules until they are ported."""

from typing import Any

from ..args.parse import parse
from ..args.problems import Problems
from .args import RULES, PublicLoadBalancerArgs, PublicLoadBalancerSpec
from .plan import request_of
from .platform_module import Request

__all__ = ["request_of_args"]


def request_of_args(args: Any) -> Request:
    """What checked arguments request from their platform. Their target needs only its ports."""
    spec = parse(PublicLoadBalancerSpec, PublicLoadBalancerArgs, args, RULES, Problems("The load balancer"))
    return request_of(spec)
