"""Parses the arguments of an `AwsLoadBalancer`, and applies every rule."""

from typing import Any, Optional

from ..args.location import ROOT, Field, Location
from ..args.names import service_name
from ..args.parse import Hooks, parse
from ..args.problems import Problems
from ..lifecycle.limits import check_limits
from .args import RULES, AwsLoadBalancerArgs, AwsLoadBalancerSpec
from .checks.load_balancer import check_aws
from .objects import objects_of
from .plan import plan_aws_load_balancer
from .problems import RESERVED_NAME, is_set

__all__ = ["check_name", "parse_aws_load_balancer"]

_RESERVED = "internal-"


def parse_aws_load_balancer(
    name: str, args: Any, problems: Problems, at: Location = ROOT, hooks: Optional[Hooks] = None
) -> AwsLoadBalancerSpec:
    """The parsed arguments of the AwsLoadBalancer called `name`; what's wrong with them is in `problems`."""
    check_name(name, at, problems)
    spec = parse(AwsLoadBalancerSpec, AwsLoadBalancerArgs, args, RULES, problems, at, hooks)
    # The name of the load balancer starts with the name of the component, unless it has a name of its own.
    if name.startswith(_RESERVED) and not is_set(spec, "name"):
        field = Field("name")
        problems.report(RESERVED_NAME, at or Location(("name",)), value=name, prefix=_RESERVED, field=field)
    check_aws(spec, problems)
    problems.run(_check_limits, name, spec)
    return spec


def _check_limits(name: str, spec: AwsLoadBalancerSpec, problems: Problems) -> None:
    check_limits(spec, lambda: objects_of(plan_aws_load_balancer(name, spec)), problems)


def check_name(name: str, at: Location, problems: Problems) -> None:
    """Report the name of a component that isn't valid."""
    if reason := service_name(name):
        # In a stack, the name is a key of the stack file.
        problems.report(reason.code, at or Location(("name",)), value=name, **reason.params)
