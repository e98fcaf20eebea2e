"""The settings of an `Exposure` that only Azure Kubernetes Service supports."""

from collections.abc import Sequence
from typing import Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.parse import Rules
from ..args.spec import Spec, spec
from .annotation_text import LIST

__all__ = ["RULES", "AzureSettings", "AzureSettingsSpec"]


class AzureSettings(TypedDict):
    """Settings that only Azure supports: where public addresses come from, service tags, and floating IP."""

    resource_group: NotRequired[pulumi.Input[str]]
    """The resource group of the public IPs in `static_addresses`. Default: the resource group of the nodes."""

    public_ip_prefix: NotRequired[pulumi.Input[str]]
    """The ID of the prefix that provides the public IPv4 address, in place of `static_addresses`."""

    public_ip_prefix_ipv6: NotRequired[pulumi.Input[str]]
    """The ID of the prefix that provides the public IPv6 address, in place of `static_addresses`."""

    dns_label: NotRequired[pulumi.Input[str]]
    """The first part of the public IP's DNS name: LABEL.REGION.cloudapp.azure.com."""

    service_tags: NotRequired[Sequence[pulumi.Input[str]]]
    """Azure's names of address ranges that can connect, such as AzureFrontDoor.Backend, in addition to
    `allowed_sources`. Its length is plain."""

    floating_ip: NotRequired[pulumi.Input[bool]]
    """Whether connections reach the nodes at the load balancer's own address. Default: true."""


@spec(AzureSettings)
class AzureSettingsSpec(Spec):
    """Parsed `AzureSettings`."""

    resource_group: Optional[pulumi.Input[str]] = None
    public_ip_prefix: Optional[pulumi.Input[str]] = None
    public_ip_prefix_ipv6: Optional[pulumi.Input[str]] = None
    dns_label: Optional[pulumi.Input[str]] = None
    service_tags: Sequence[pulumi.Input[str]] = ()
    floating_ip: Optional[pulumi.Input[bool]] = None


RULES: Rules = {AzureSettings: {"service_tags": LIST}}
"""What the fields must satisfy."""
