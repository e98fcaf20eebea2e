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
from ...aws_load_balancer.target_group import transports
from ...lifecycle.cost import Billable
from ..plan import StackPlan

__all__ = [
    "aws_billable",
    "aws_spec",
    "aws_specs",
    "is_application",
    "listeners_with_redirect",
    "protocols_of",
]

# Plans and builders still have mappings of these load balancers. Only this module and aws_routes.py read them.


def aws_specs(plan: StackPlan) -> Mapping[str, AwsLoadBalancerSpec]:
    """The parsed arguments of each load balancer, by name."""
    return {name: aws_spec(plan, name) for name in plan.aws_load_balancers}


def aws_spec(plan: StackPlan, name: str) -> AwsLoadBalancerSpec:
    """The parsed arguments of one load balancer."""
    at = ROOT / "aws_load_balancers" / Key(name)
    return parse(AwsLoadBalancerSpec, AwsLoadBalancerArgs, plan.aws_load_balancers[name], {}, Problems(""), at)


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


def is_application(spec: AwsLoadBalancerSpec) -> bool:
    """Whether a load balancer is an Application Load Balancer, which routes HTTP requests."""
    return spec.kind is AwsBalancerKind.APPLICATION
