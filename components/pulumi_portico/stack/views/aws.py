"""What the views read of load balancers on AWS that Pulumi owns."""

from collections.abc import Sequence
from typing import Union

from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.choices import AwsBalancerKind, AwsListenerProtocol, AwsTargetProtocol
from ...aws_load_balancer.target_group import transports

__all__ = ["is_application", "protocols_of"]


def protocols_of(protocol: Union[AwsListenerProtocol, AwsTargetProtocol]) -> Sequence[str]:
    """The transport protocols of a listener or a target."""
    return [name.upper() for name in transports(protocol)]


def is_application(spec: AwsLoadBalancerSpec) -> bool:
    """Whether a load balancer is an Application Load Balancer, which routes HTTP requests."""
    return spec.kind is AwsBalancerKind.APPLICATION
