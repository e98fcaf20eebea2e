"""`PublicLoadBalancer`: a Service of type LoadBalancer, set right for its platform."""

from .args import BalancerPort, PublicLoadBalancerArgs
from .aws_settings import AwsSettings, TargetType
from .azure_settings import AzureSettings
from .component import PublicLoadBalancer
from .exposure import Exposure
from .gke_settings import GkeSettings, NetworkTier
from .platforms import Platform
from .settings import (
    AccessLogs,
    AlpnPolicy,
    BalancerTls,
    HealthCheck,
    HealthProtocol,
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
    "Platform",
    "PublicLoadBalancer",
    "PublicLoadBalancerArgs",
    "TargetType",
]
