"""The terms that every load balancer of the library shares: who can reach it, and what its targets see of clients."""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Optional

from .errors import Refusal
from .values import Rule

__all__ = [
    "EVERYONE",
    "NAME_LENGTH",
    "PRIVATE_ADDRESSES",
    "ClientIp",
    "IpFamily",
    "Platform",
    "Scope",
    "balancer_name",
    "status_codes",
]

PRIVATE_ADDRESSES: Sequence[str] = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""What networks use inside (RFC 1918, RFC 6598, RFC 4193); nobody on the internet connects from there."""

EVERYONE: Sequence[str] = ("0.0.0.0/0", "::/0")
"""Every address there is."""

NAME_LENGTH = 32
"""The longest name of a load balancer, target group or trust store (CreateLoadBalancer, `Name`)."""


class Scope(str, Enum):
    """Who can reach the load balancer at all."""

    INTERNET = "internet"
    """Whoever `allowed_sources` lets in, from anywhere."""

    INTERNAL = "internal"
    """The platform's private network, and what is connected to it."""


class Platform(str, Enum):
    """What makes the load balancer: the controller that reads the Service."""

    AWS_CONTROLLER = "aws-controller"
    """The AWS Load Balancer Controller (2.6 and newer), installed in the cluster: a Network Load Balancer."""

    EKS_AUTO_MODE = "eks-auto-mode"
    """EKS Auto Mode's own controller: a Network Load Balancer."""

    AWS_LEGACY = "aws-legacy"
    """The AWS cloud controller manager, without the AWS Load Balancer Controller: a Network Load Balancer."""

    GKE = "gke"
    """Google Kubernetes Engine: a passthrough Network Load Balancer."""

    AZURE = "azure"
    """Azure Kubernetes Service: the cluster's Standard Load Balancer."""

    GENERIC = "generic"
    """Any other cluster: MetalLB, on-premises, other clouds. What Kubernetes itself defines, and raw annotations."""


class ClientIp(str, Enum):
    """What the pods are told of the client's address."""

    PRESERVE = "preserve"
    """Connections come to the pods from the client's own address."""

    PROXY_PROTOCOL = "proxy-protocol"
    """The balancer writes the client's address ahead of what the client sends, by the PROXY protocol; the pods must
    read it."""

    HIDE = "hide"
    """Nothing: connections come from the balancer, or from a node. Spreads connections most evenly."""


class IpFamily(str, Enum):
    """Which addresses the load balancer has."""

    IPV4 = "IPv4"
    """IPv4 alone."""

    IPV6 = "IPv6"
    """IPv6 alone."""

    DUAL = "dual"
    """IPv4 and IPv6."""


def balancer_name(value: str) -> Optional[Refusal]:
    """The name of a load balancer, as AWS accepts it: no other platform has one."""
    if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?", value) and not value.startswith("internal-"):
        return None
    wrong = "does not fit a load balancer's name"
    if len(value) > NAME_LENGTH:
        wrong = f"is {len(value)} characters long, too long for a load balancer's name"
    elif value.startswith("internal-"):
        wrong = "begins with internal-, which AWS keeps for itself"
    allowed = "letters, digits and hyphens, no hyphen at either end, 32 characters at most, not beginning internal-"
    return Refusal(wrong, allowed, "leave it out: one is made up then, which lets it be replaced without an outage")


def status_codes(code: str, allowed: str) -> Rule:
    """A rule for lists of status codes; ``code`` is the pattern of one."""
    item = f"{code}(-{code})?"
    pattern = re.compile(f"{item}(,{item})*")

    def rule(value: str) -> Optional[Refusal]:
        return None if pattern.fullmatch(value) else Refusal("is no list of status codes", allowed)

    return rule
