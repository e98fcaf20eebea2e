"""`PublicLoadBalancer`: a Service of type LoadBalancer, set right for its platform."""

from .args import BalancerPort, PublicLoadBalancerArgs
from .component import PublicLoadBalancer
from .exposure import Exposure
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
    "Exposure",
    "GkeSettings",
    "HealthCheck",
    "HealthProtocol",
    "NetworkTier",
    "PublicLoadBalancer",
    "PublicLoadBalancerArgs",
    "TargetType",
]
