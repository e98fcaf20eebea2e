"""What every component that creates load balancers on AWS shares."""

from .cost import Billing, ListPrices

__all__ = [
    "AWS",
    "AWS_BILLING",
    "AWS_PRICES",
    "MISSING_RIGHT",
    "TWO_TAGGED_GROUPS",
    "UNTAGGED_SUBNETS",
    "WEBHOOK_BLOCKED",
]

AWS = "aws"
"""The cloud, in claims and estimates."""

AWS_PRICES = ListPrices(
    load_balancer_hour=0.0225,
    public_address_hour=0.005,
    currency="USD",
    source="aws.amazon.com/elasticloadbalancing/pricing and aws.amazon.com/vpc/pricing, us-east-1",
    date="2026-06-30",
)
"""Of an Application or Network Load Balancer."""

AWS_BILLING = Billing(AWS, AWS_PRICES)
"""Of a load balancer that Pulumi owns."""

UNTAGGED_SUBNETS = (
    "No subnet is tagged for it (couldn't auto-discover subnets): tag public subnets kubernetes.io/role/elb=1 and "
    "private ones kubernetes.io/role/internal-elb=1, or set subnets."
)
TWO_TAGGED_GROUPS = (
    "The nodes have two security groups with the tag kubernetes.io/cluster/CLUSTER, and exactly one must have it, or "
    "no target becomes healthy: remove the tag from the other one."
)
WEBHOOK_BLOCKED = (
    "The control plane can't connect to its webhook (failed calling webhook): allow port 9443 of the nodes from the "
    "security group of the cluster."
)
MISSING_RIGHT = (
    "Its IAM role doesn't allow a call (AccessDenied, UnauthorizedOperation): attach the current policy of its "
    "documentation, with actions such as elasticloadbalancing:CreateLoadBalancer."
)
"""The usual causes if no load balancer or no target appears, each with what logs and events show."""
