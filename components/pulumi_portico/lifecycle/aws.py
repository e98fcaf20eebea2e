"""What every component that creates load balancers on AWS shares."""

from .cost import Billing, ListPrices

__all__ = ["AWS", "AWS_BILLING", "AWS_PRICES"]

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
