"""The settings of an `Exposure` that only the platforms on AWS support."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.parse import Field, Rules
from ..args.spec import Spec, spec
from ..args.values import some
from ..load_balancers import resource_id
from .annotation_text import ATTRIBUTES, LIST

__all__ = [
    "RULES",
    "AwsSettings",
    "AwsSettingsSpec",
    "SecurityGroupMode",
    "SecurityGroupModeLike",
    "TargetType",
    "TargetTypeLike",
]


class TargetType(str, Enum):
    """Where an AWS load balancer sends connections."""

    IP = "ip"
    """To the pods. They need addresses of the VPC, as the Amazon VPC CNI plugin assigns them."""

    INSTANCE = "instance"
    """To a port of the nodes, which forward connections."""


if TYPE_CHECKING:
    TargetTypeLike: TypeAlias = TargetType | Literal["ip", "instance"]
else:
    TargetTypeLike = TargetType


class SecurityGroupMode(str, Enum):
    """How the AWS cloud controller manager configures security groups of Network Load Balancers."""

    MANAGED = "Managed"
    """Each load balancer has a security group, which the controller creates unless `security_groups` is set."""


if TYPE_CHECKING:
    SecurityGroupModeLike: TypeAlias = SecurityGroupMode | Literal["Managed"]
else:
    SecurityGroupModeLike = SecurityGroupMode


class AwsSettings(TypedDict):
    """Settings that only AWS supports: targets, security groups, and further attributes."""

    target_type: NotRequired[TargetTypeLike]
    """Where the load balancer sends connections. Plain. Default: ip."""

    security_groups: NotRequired[Sequence[pulumi.Input[str]]]
    """The load balancer's security groups, in place of one that the controller creates. They alone decide who can
    connect, so `allowed_sources` must not be set. Its length is plain. On aws-legacy, they require
    `security_group_mode`."""

    security_group_mode: NotRequired[SecurityGroupModeLike]
    """The `NLBSecurityGroupMode` in the configuration of the cluster's AWS cloud controller manager, which ignores
    `security_groups` in any other mode (aws-legacy; tested with version 1.37.1). Plain; a change replaces the load
    balancer, because the controller never adds a security group to one that has none. Default: none, so a load balancer
    has no security group, and `allowed_sources` requires `client_ip` to be preserve."""

    manage_backend_rules: NotRequired[pulumi.Input[bool]]
    """Whether the controller still allows the load balancer to connect to nodes and pods if `security_groups` is set.
    Default: true."""

    prefix_lists: NotRequired[Sequence[pulumi.Input[str]]]
    """Managed prefix lists whose addresses can connect, in addition to `allowed_sources`. Its length is plain."""

    load_balancer_attributes: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Further attributes of the load balancer, by AWS's keys, such as dns_record.client_routing_policy. Keys are
    plain."""

    target_group_attributes: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Further attributes of the target groups, by AWS's keys, such as
    deregistration_delay.connection_termination.enabled. Keys are plain."""


@spec(AwsSettings)
class AwsSettingsSpec(Spec):
    """Parsed `AwsSettings`."""

    target_type: Optional[TargetType] = None
    security_groups: Sequence[pulumi.Input[str]] = ()
    security_group_mode: Optional[SecurityGroupMode] = None
    manage_backend_rules: Optional[pulumi.Input[bool]] = None
    prefix_lists: Sequence[pulumi.Input[str]] = ()
    load_balancer_attributes: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, "pulumi.Input[str]"])
    target_group_attributes: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, "pulumi.Input[str]"])


RULES: Rules = {
    AwsSettings: {
        "security_groups": LIST,
        "prefix_lists": Field(some(), items=resource_id("pl", "a prefix list")),
        "load_balancer_attributes": ATTRIBUTES,
        "target_group_attributes": ATTRIBUTES,
    }
}
"""What the fields must satisfy."""
