"""What the views read of load balancers on AWS that Pulumi owns."""

from collections.abc import Mapping, Sequence
from typing import Union

from ...args.location import ROOT, Key
from ...args.parse import parse
from ...args.problems import Problems
from ...aws_load_balancer.args import AwsLoadBalancerArgs, AwsLoadBalancerSpec
from ...aws_load_balancer.choices import AwsBalancerKind, AwsListenerProtocol, AwsTargetProtocol
from ...aws_load_balancer.listener import AwsListener, AwsListenerSpec, listeners_of
from ...aws_load_balancer.load_balancer import billable
from ...aws_load_balancer.mappings import mapping_of
from ...aws_load_balancer.priorities import match_of
from ...aws_load_balancer.routes import AwsRouteSpec
from ...aws_load_balancer.target_group import transports
from ...lifecycle.cost import Billable
from ..plan import StackPlan

__all__ = [
    "aws_billable",
    "aws_specs",
    "conditions_of",
    "is_application",
    "listeners_with_redirect",
    "protocols_of",
]

# The plan and the builders of these load balancers still have mappings. Only this module knows.


def aws_specs(plan: StackPlan) -> Mapping[str, AwsLoadBalancerSpec]:
    """The parsed arguments of each load balancer, by name."""
    at = ROOT / "aws_load_balancers"
    return {
        name: parse(AwsLoadBalancerSpec, AwsLoadBalancerArgs, args, {}, Problems(""), at / Key(name))
        for name, args in plan.aws_load_balancers.items()
    }


def aws_billable(spec: AwsLoadBalancerSpec) -> Billable:
    """What AWS bills for a load balancer."""
    return billable(mapping_of(spec))


def listeners_with_redirect(spec: AwsLoadBalancerSpec) -> Sequence[AwsListenerSpec]:
    """The listeners of a load balancer, including the one that the component adds to redirect HTTP."""
    added = listeners_of(mapping_of(spec))[len(spec.listeners) :]
    return [*spec.listeners, *(parse(AwsListenerSpec, AwsListener, args, {}, Problems("")) for args in added)]


def protocols_of(protocol: Union[AwsListenerProtocol, AwsTargetProtocol]) -> Sequence[str]:
    """The transport protocols of a listener or a target."""
    return [name.upper() for name in transports(protocol.value)]


def conditions_of(route: AwsRouteSpec) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What a request must have in addition to the host and the path of a route."""
    return tuple((name, tuple(values)) for name, values in match_of(mapping_of(route)).conditions)


def is_application(spec: AwsLoadBalancerSpec) -> bool:
    """Whether a load balancer is an Application Load Balancer, which routes HTTP requests."""
    return spec.kind is AwsBalancerKind.APPLICATION
