"""How far something is exposed, and how the load balancer in front of it is set: one model for every platform.

Nothing here knows what is exposed: a load balancer of its own, or the front door of a gateway.
"""

from collections.abc import Mapping, Sequence
from typing import Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..checks import Field, Rules
from ..errors import Refusal
from ..load_balancers import ClientIp, IpFamily, Platform, Scope, balancer_name, status_codes
from ..names import annotation_key, label_key, port_name, port_number
from ..values import Rule, cidr, http_path, some, whole_number
from .settings import AccessLogs, AwsSettings, AzureSettings, BalancerTls, GkeSettings, HealthCheck

__all__ = ["RULES", "Exposure"]


class Exposure(TypedDict):
    """How far something is exposed, and how the load balancer in front of it is set.

    What the chosen platform cannot do is refused, never ignored.
    """

    scope: Scope
    """Who can reach the load balancer at all: internet or internal. Plain; a change makes another load balancer."""

    platform: Platform
    """What makes the load balancer. Without a default: what one platform needs another one ignores, so none would be
    right everywhere. Plain; a change makes another load balancer."""

    allowed_sources: NotRequired[Sequence[pulumi.Input[str]]]
    """The clients' addresses that are let in, in CIDR notation. Required for the internet; for everyone, write
    0.0.0.0/0, and ::/0 beside it where there is IPv6. Its length is plain. Default for internal: the whole network.
    Maps to `loadBalancerSourceRanges`."""

    client_ip: NotRequired[ClientIp]
    """What the pods are told of the client's address. Plain. Default: hide; for UDP on AWS with ip targets, preserve,
    as AWS does nothing else."""

    static_addresses: NotRequired[Sequence[pulumi.Input[str]]]
    """Addresses reserved beforehand. AWS: Elastic IP allocation ids (internet) or private IPv4 addresses (internal),
    one for each subnet. GKE: names of regional addresses. Azure: names of public IPs (internet) or private addresses
    (internal), IPv4 first. Its length is plain."""

    subnets: NotRequired[Sequence[pulumi.Input[str]]]
    """The subnets that the load balancer is in: ids on AWS, one in each zone; one name on GKE and Azure. Its length is
    plain. Default: the platform finds them."""

    address_family: NotRequired[IpFamily]
    """Which addresses it has. Plain; IPv4 to IPv6 and back makes another load balancer. Default: the cluster's."""

    name: NotRequired[str]
    """The load balancer's own name (32 characters at most). Plain; a change makes another load balancer, and no two may
    have one name. Default: the platform makes one up, which lets it be replaced without an outage."""

    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags put on what the platform creates, for cost reports and the like. Keys are plain. Default: none."""

    health: NotRequired[HealthCheck]
    """How the load balancer asks whether a target works. Default: whether the port takes connections."""

    tls: NotRequired[BalancerTls]
    """TLS that ends at the load balancer. Default: none; what the clients send goes to the pods as it is."""

    cross_zone: NotRequired[pulumi.Input[bool]]
    """Whether connections go to targets in every zone, not just in the zone that they came in by. Default: false."""

    idle_timeout: NotRequired[pulumi.Input[int]]
    """Seconds after which a silent TCP connection is dropped. AWS: 60 to 6000. Azure: 240 to 6000, whole minutes.
    Default: the platform's own. To go back to it, write it: AWS 350, Azure 240."""

    session_affinity: NotRequired[bool]
    """Whether one client's connections keep going to the same target, by its address. Plain. Default: false."""

    deletion_protection: NotRequired[bool]
    """Whether the platform refuses to delete the load balancer. Plain. Default: false."""

    access_logs: NotRequired[AccessLogs]
    """Where the load balancer writes a log of its connections. Default: nowhere."""

    load_balancer_class: NotRequired[str]
    """The class that picks the controller. Plain; a change makes another load balancer. Default: the platform's.
    Maps to `loadBalancerClass`."""

    platform_sources: NotRequired[Sequence[pulumi.Input[str]]]
    """The addresses that the load balancer and the nodes themselves connect from, in CIDR notation: their subnets. The
    target's pods are opened to them where connections do not come from the clients' own addresses. Its length is
    plain. Default: all private addresses. Maps to a NetworkPolicy."""

    aws: NotRequired[AwsSettings]
    """What only AWS has: where connections are sent, security groups, more attributes."""

    gke: NotRequired[GkeSettings]
    """What only Google Kubernetes Engine has: network tier, global access, weights."""

    azure: NotRequired[AzureSettings]
    """What only Azure has: resource group, address prefixes, DNS label, service tags."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """More annotations of the Service, for what has no field here. Keys are plain; one that a field writes, or that is
    another platform's, is refused. Default: none."""


def _without_separators(what: str) -> Rule:
    """Text that stands in an annotation of pairs, whose separators it must not hold."""

    def rule(value: str) -> Optional[Refusal]:
        if value and not set(value) & set(",="):
            return None
        wrong = "is empty" if not value else "holds a comma or an equals sign, which separate what the platform is told"
        return Refusal(wrong, f"{what} without commas and equals signs")

    return rule


_CODES = status_codes("[1-5][0-9]{2}", "codes and ranges of them, such as 200-399 or 200,204")
_SECONDS = Field(whole_number(1, what="a number of seconds"))
_COUNT = Field(whole_number(1, what="a number of answers"))
_TAGS = Field(some(), keys=_without_separators("a tag's key"), items=_without_separators("a tag's value"))
_ATTRIBUTES = Field(
    some(), keys=_without_separators("an attribute's key"), items=_without_separators("an attribute's value")
)
_LISTED = Field(some(), items=_without_separators("a name or an id"))

RULES: Rules = {
    Exposure: {
        "allowed_sources": Field(items=cidr),
        "static_addresses": _LISTED,
        "subnets": _LISTED,
        "name": Field(balancer_name),
        "tags": _TAGS,
        "idle_timeout": _SECONDS,
        "load_balancer_class": Field(label_key),
        "platform_sources": Field(some(), items=cidr),
        "annotations": Field(keys=annotation_key),
    },
    HealthCheck: {
        "path": Field(http_path),
        "port": Field(port_number),
        "interval": _SECONDS,
        "timeout": _SECONDS,
        "healthy": _COUNT,
        "unhealthy": _COUNT,
        "success_codes": Field(_CODES),
        "node_port": Field(whole_number(30000, 32767, "a port of the nodes that Kubernetes gives out")),
    },
    BalancerTls: {"certificates": _LISTED, "ports": Field(items=port_name)},
    AccessLogs: {
        "bucket": Field(_without_separators("a bucket's name")),
        "prefix": Field(_without_separators("a folder's name")),
    },
    AwsSettings: {
        "security_groups": _LISTED,
        "prefix_lists": _LISTED,
        "load_balancer_attributes": _ATTRIBUTES,
        "target_group_attributes": _ATTRIBUTES,
    },
    AzureSettings: {"service_tags": _LISTED},
}
"""What the fields must satisfy beyond their types, whatever the platform."""
