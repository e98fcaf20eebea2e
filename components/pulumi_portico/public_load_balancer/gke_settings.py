"""The settings of an `Exposure` that only Google Kubernetes Engine supports."""

from enum import Enum
from typing import TYPE_CHECKING, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.spec import Spec, spec

__all__ = ["GkeSettings", "GkeSettingsSpec", "NetworkTier", "NetworkTierLike"]


class NetworkTier(str, Enum):
    """Which network carries the clients' traffic to the region."""

    PREMIUM = "Premium"
    """Google's network."""

    STANDARD = "Standard"
    """The internet, at a lower price."""


if TYPE_CHECKING:
    NetworkTierLike: TypeAlias = NetworkTier | Literal["Premium", "Standard"]
else:
    NetworkTierLike = NetworkTier


class GkeSettings(TypedDict):
    """Settings that only Google Kubernetes Engine supports: network tier, global access, and weights."""

    network_tier: NotRequired[NetworkTierLike]
    """Which network carries traffic from the internet to the region. Plain; a change replaces the load balancer.
    Default: Premium."""

    global_access: NotRequired[pulumi.Input[bool]]
    """Whether clients in every region can reach an internal load balancer, not only those in its own region. Default:
    false."""

    weighted: NotRequired[bool]
    """Whether a node with more of the pods gets more connections, if `client_ip` is preserve. Plain. Default: false."""


@spec(GkeSettings)
class GkeSettingsSpec(Spec):
    """Parsed `GkeSettings`."""

    network_tier: Optional[NetworkTier] = None
    global_access: Optional[pulumi.Input[bool]] = None
    weighted: Optional[bool] = None
