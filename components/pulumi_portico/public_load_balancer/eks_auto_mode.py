"""EKS Auto Mode: a Network Load Balancer, configured by part of the AWS Load Balancer Controller's annotations.

Source: the Amazon EKS User Guide, "Use Service Annotations to configure Network Load Balancers". It lists a part of the
annotations. Portico doesn't use those that it calls unsupported.
"""

from ..lifecycle.aws import AWS, AWS_PRICES, TWO_TAGGED_GROUPS, UNTAGGED_SUBNETS
from ..lifecycle.cost import Billing
from ..load_balancers import IpAddressType
from . import aws
from .aws import PREFIX
from .aws_controller import (
    ACCESS_ANNOTATIONS,
    CAPABILITIES,
    NO_IPV6_ONLY,
    OBSOLETE,
    RULES,
    enforcement,
    render_network_load_balancer,
)
from .platform_module import PlatformModule, Request, ServiceFragment

__all__ = ["MODULE"]

_MISSING_RIGHT = (
    "The cluster's IAM role doesn't allow a call (AccessDenied): attach AmazonEKSLoadBalancingPolicy, with actions "
    "such as elasticloadbalancing:CreateLoadBalancer."
)

_CLASS = "eks.amazonaws.com/nlb"


def _render(request: Request) -> ServiceFragment:
    return render_network_load_balancer(request, _CLASS)


MODULE = PlatformModule(
    name="eks-auto-mode",
    title="EKS Auto Mode",
    kind=aws.KIND,
    cloud=AWS,
    controller="EKS Auto Mode",
    no_address_causes=(
        "Load balancing isn't enabled for the cluster (elasticLoadBalancing).",
        UNTAGGED_SUBNETS,
        TWO_TAGGED_GROUPS,
        _MISSING_RIGHT,
    ),
    billing=Billing("eks-auto-mode", AWS_PRICES),
    settings=aws.SETTINGS,
    source_names=aws.SOURCE_NAMES,
    capabilities=CAPABILITIES,
    annotation_prefixes=(PREFIX,),
    render=_render,
    rules=RULES,
    billable=aws.billable,
    sources=aws.sources,
    enforcement=enforcement,
    client_ip=aws.client_ip,
    health_port=aws.health_port,
    default_ip_address_type=IpAddressType.IPV4,
    replaced_by_change_of=("name", "static_addresses"),
    exclusive=("name", "static_addresses"),
    static_address=aws.static_address,
    limits=aws.LIMITS,
    alternatives=NO_IPV6_ONLY,
    access_annotations=ACCESS_ANNOTATIONS,
    classes=(_CLASS,),
    obsolete_annotations=OBSOLETE,
)
