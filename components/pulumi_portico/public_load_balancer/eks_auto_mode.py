"""EKS Auto Mode: a Network Load Balancer, configured by part of the AWS Load Balancer Controller's annotations. What
isn't set here is as it is with that controller.

Source: the Amazon EKS User Guide, "Use Service Annotations to configure Network Load Balancers". It lists a part of the
annotations. Portico doesn't use those that it calls unsupported.
"""

from dataclasses import replace

from ..lifecycle.aws import AWS_PRICES, TWO_TAGGED_GROUPS, UNTAGGED_SUBNETS
from ..lifecycle.cost import Billing
from .aws import PREFIX
from .aws_controller import CAPABILITIES, OBSOLETE, render_network_load_balancer
from .aws_controller import MODULE as AWS_CONTROLLER
from .platform_module import Request, ServiceFragment

__all__ = ["MODULE"]

_MISSING_RIGHT = (
    "The cluster's IAM role doesn't allow a call (AccessDenied): attach AmazonEKSLoadBalancingPolicy, with actions "
    "such as elasticloadbalancing:CreateLoadBalancer."
)

_CLASS = "eks.amazonaws.com/nlb"


def _render(request: Request) -> ServiceFragment:
    return render_network_load_balancer(request, _CLASS)


MODULE = replace(
    AWS_CONTROLLER,
    name="eks-auto-mode",
    title="EKS Auto Mode",
    controller="EKS Auto Mode",
    minimum_version="",
    no_address_causes=(
        "Load balancing isn't enabled for the cluster (elasticLoadBalancing).",
        UNTAGGED_SUBNETS,
        TWO_TAGGED_GROUPS,
        _MISSING_RIGHT,
    ),
    billing=Billing("eks-auto-mode", AWS_PRICES),
    capabilities=CAPABILITIES,
    annotation_prefixes=(PREFIX,),
    render=_render,
    classes=(_CLASS,),
    obsolete_annotations=OBSOLETE,
)
