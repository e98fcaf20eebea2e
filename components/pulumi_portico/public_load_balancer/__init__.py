"""`PublicLoadBalancer`: a Service of type LoadBalancer, set right for its platform."""

from .args import BalancerPort, PublicLoadBalancerArgs
from .component import PublicLoadBalancer
from .cost import Price
from .exposure import ClientIp, Exposure, IpFamily, Platform, Scope
from .settings import (
    AccessLogs,
    AlpnPolicy,
    AwsSettings,
    AzureSettings,
    BalancerTls,
    GkeSettings,
    HealthCheck,
    HealthProtocol,
    NetworkTier,
    TargetType,
)

__all__ = [
    "AccessLogs",
    "AlpnPolicy",
    "AwsSettings",
    "AzureSettings",
    "BalancerPort",
    "BalancerTls",
    "ClientIp",
    "Exposure",
    "GkeSettings",
    "HealthCheck",
    "HealthProtocol",
    "IpFamily",
    "NetworkTier",
    "Platform",
    "Price",
    "PublicLoadBalancer",
    "PublicLoadBalancerArgs",
    "Scope",
    "TargetType",
]
