"""The arguments of an `AwsLoadBalancer`, and the rules of its fields."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.elsewhere import SWITCHED_ON, moved_to, several, table
from ..args.names import label_value, own_label_key, service_name
from ..args.parse import Field, Rules
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import cidr, whole_number
from ..lifecycle.cost import RULES as COST_RULES
from ..lifecycle.cost import Price, PriceSpec
from ..load_balancers import (
    IpAddressType,
    IpAddressTypeLike,
    Scope,
    ScopeLike,
    former_address_family,
    load_balancer_name,
    resource_id,
)
from ..networking.conversions import scope_of_internal, scope_of_scheme
from ..networking.target import RULES as SERVICE_TARGET_RULES
from .choices import (
    AwsBalancerKind,
    AwsBalancerKindLike,
    AwsBindingController,
    AwsBindingControllerLike,
    AwsDesyncMode,
    AwsDesyncModeLike,
    AwsForwardedFor,
    AwsForwardedForLike,
)
from .hosts import RULES as HOST_RULES
from .hosts import AwsHost, AwsHostSpec
from .listener import RULES as LISTENER_RULES
from .listener import AwsListener, AwsListenerSpec
from .logs import RULES as LOG_RULES
from .logs import AwsLogs, AwsLogsSpec
from .private_link import RULES as PRIVATE_LINK_RULES
from .private_link import AwsPrivateLink, AwsPrivateLinkSpec
from .routes import RULES as ROUTE_RULES
from .rules import arn, host_name, not_empty, tag_count, tag_key, tag_value
from .target_group import RULES as TARGET_RULES
from .target_group import AwsTarget, AwsTargetSpec

__all__ = [
    "RULES",
    "AwsExisting",
    "AwsExistingSpec",
    "AwsLoadBalancerArgs",
    "AwsLoadBalancerSpec",
    "AwsQuotas",
    "AwsQuotasSpec",
    "AwsSource",
    "AwsSourceSpec",
]


class AwsSource(TypedDict):
    """Who can connect, if that's known only during the deployment or isn't a range: one of the three."""

    cidr: NotRequired[pulumi.Input[str]]
    """Addresses in CIDR notation."""

    prefix_list: NotRequired[pulumi.Input[str]]
    """A managed prefix list's id, such as CloudFront's."""

    prefix_list_weight: NotRequired[int]
    """As how many rules of a security group the prefix list counts: its maximum number of entries. Plain. Default: 55,
    which is the weight of CloudFront's."""

    security_group: NotRequired[pulumi.Input[str]]
    """A security group's id: whatever is in it."""


@spec(AwsSource)
class AwsSourceSpec(Spec):
    """A parsed `AwsSource`."""

    cidr: Optional[pulumi.Input[str]] = None
    prefix_list: Optional[pulumi.Input[str]] = None
    prefix_list_weight: int = 55
    security_group: Optional[pulumi.Input[str]] = None


class AwsExisting(TypedDict):
    """A load balancer made elsewhere, which listeners, routes and targets are added to."""

    load_balancer: pulumi.Input[str]
    """Its ARN."""

    security_group: NotRequired[pulumi.Input[str]]
    """Its security group, from which targets accept connections. Default: they accept them from `target_ranges`."""


@spec(AwsExisting)
class AwsExistingSpec(Spec):
    """A parsed `AwsExisting`."""

    load_balancer: pulumi.Input[str]
    security_group: Optional[pulumi.Input[str]] = None


class AwsQuotas(TypedDict):
    """What the account may have, where AWS has raised it (AWS documentation, "Quotas")."""

    rules: NotRequired[int]
    """Rules of one Application Load Balancer. Plain. Default: 100."""

    certificates: NotRequired[int]
    """Certificates of one load balancer, beside the default ones. Plain. Default: 25."""

    listeners: NotRequired[int]
    """Listeners of one load balancer. Plain. Default: 50."""

    target_groups: NotRequired[int]
    """Target groups of one load balancer. Plain. Default: 100."""

    security_group_rules: NotRequired[int]
    """Rules of one security group, each way. Plain. Default: 60."""


@spec(AwsQuotas)
class AwsQuotasSpec(Spec):
    """Parsed `AwsQuotas`."""

    rules: int = 100
    certificates: int = 25
    listeners: int = 50
    target_groups: int = 100
    security_group_rules: int = 60


class AwsLoadBalancerArgs(TypedDict):
    """The arguments of an `AwsLoadBalancer`: its kind, its place in a VPC, its targets, and its listeners."""

    kind: AwsBalancerKindLike
    """Application (HTTP, with routes) or network (TCP, UDP, TLS). Plain; a change makes another load balancer."""

    vpc: pulumi.Input[str]
    """The ID of the VPC that the load balancer and its targets are in."""

    targets: Mapping[str, AwsTarget]
    """Where it sends what comes in, by names that you choose: each is a target group. Keys are plain."""

    listeners: Sequence[AwsListener]
    """What clients connect to, each known by its port. Its length is plain."""

    scope: NotRequired[ScopeLike]
    """Who can reach it at all: internet or internal. Plain; a change makes another load balancer. Required, unless it
    is an `existing` one."""

    subnets: NotRequired[Sequence[pulumi.Input[str]]]
    """The ids of its subnets, of two zones or more. Its length is plain. Required,
    unless it is an `existing` one."""

    zones: NotRequired[Sequence[str]]
    """The availability zones of `subnets`, in their order, for a check before anything is made. Plain. Default: not
    checked."""

    allowed_sources: NotRequired[Sequence[str]]
    """The clients that can connect, in CIDR notation. Plain. These or `sources`; required, unless it is an `existing`
    one."""

    sources: NotRequired[Mapping[str, AwsSource]]
    """More clients that can connect, by names that you choose: prefix lists, security groups, ranges that are Outputs.
    Keys are plain."""

    target_ranges: NotRequired[Sequence[str]]
    """The addresses of its subnets and its targets, in CIDR notation: where it may send to, and from where it reaches
    pods. Plain. Default: all private addresses."""

    target_security_groups: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The ids of the security groups of targets or their nodes, by names that you choose, by which targets name them:
    several may share one. Keys are plain. Default: none."""

    elastic_ips: NotRequired[Sequence[pulumi.Input[str]]]
    """The allocation ids of Elastic IPs, one for each of `subnets`. Network Load Balancers, for the internet. Its
    length is plain. Default: AWS's choice."""

    private_addresses: NotRequired[Sequence[pulumi.Input[str]]]
    """Private IPv4 addresses, one for each of `subnets`. Network Load Balancers, internal. Its length is plain.
    Default: AWS's choice."""

    ip_address_type: NotRequired[IpAddressTypeLike]
    """Which IP addresses it has: ipv4 or dualstack. Plain. Default: ipv4."""

    name: NotRequired[str]
    """Its own name (32 characters at most). Plain; a change makes another load balancer, and no two may have one name.
    Default: made up, which lets it be replaced without an outage."""

    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags put on all that is made. Keys are plain. Default: none."""

    deletion_protection: NotRequired[bool]
    """Whether AWS refuses to delete it. Plain. Default: true."""

    cross_zone: NotRequired[pulumi.Input[bool]]
    """Whether connections go to targets in every zone. Network Load Balancers; an Application Load Balancer always
    does. Default: true."""

    idle_timeout: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 4000) after which a silent connection is dropped. Application Load Balancers; a Network Load
    Balancer's listeners have `tcp_idle_timeout`. Default: 60."""

    desync_mode: NotRequired[AwsDesyncModeLike]
    """What is done about requests that could be read in two ways. Plain. Application Load Balancers. Default:
    defensive."""

    drop_invalid_headers: NotRequired[pulumi.Input[bool]]
    """Whether headers with invalid names are dropped. Application Load Balancers. Default: true."""

    http2: NotRequired[pulumi.Input[bool]]
    """Whether HTTPS clients may speak HTTP/2, as gRPC must. Application Load Balancers. Default: true."""

    preserve_host: NotRequired[pulumi.Input[bool]]
    """Whether targets get the Host header as clients wrote it. Application Load Balancers. Default: false."""

    forwarded_for: NotRequired[AwsForwardedForLike]
    """What targets receive as `X-Forwarded-For`. Plain. Application Load Balancers. Default: append."""

    forwards_client_port: NotRequired[pulumi.Input[bool]]
    """Whether the address in `X-Forwarded-For` has the client's port too. Application Load Balancers. Default:
    false."""

    attributes: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Further attributes, by AWS's names and with its values, such as `zonal_shift.config.enabled: "true"`, for those
    without a field. Keys are plain. Default: AWS's own."""

    private_link: NotRequired[AwsPrivateLink]
    """An endpoint service of AWS PrivateLink, by which clients of other VPCs and accounts connect. Network Load
    Balancers. Default: none."""

    binding_controller: NotRequired[AwsBindingControllerLike]
    """What joins the pods of a `target` to its target group. EKS Auto Mode reads bindings of another API group than the
    AWS Load Balancer Controller, each ignores the other's. Plain; a change makes other bindings, and the old controller
    removes the pods until the new one adds them again. Default: load-balancer-controller."""

    https_redirect: NotRequired[bool]
    """Whether port 80 sends clients to HTTPS, where port 443 speaks it and no listener is on port 80. Plain. Default:
    true."""

    multi_label_wildcards: NotRequired[bool]
    """Whether routes may be for hosts such as *.example.com, which AWS takes for a.b.example.com too. Plain. Default:
    false."""

    hosts: NotRequired[Mapping[str, AwsHost]]
    """The hosts that clients use, by name: certificates and DNS records. Keys are plain. Default: none."""

    default_host: NotRequired[str]
    """The host whose certificate is shown to clients that name none. Plain. Default: the only one that has one;
    required of several."""

    certificate_timeout: NotRequired[int]
    """Seconds (60 to 7200) that ACM has to validate a certificate, before the deployment fails. Plain. Default:
    1800."""

    web_acl: NotRequired[pulumi.Input[str]]
    """The ARN of a regional WAF web ACL. Application Load Balancers. Default: none."""

    logs: NotRequired[AwsLogs]
    """What it writes down. Default: requests, into a bucket that is made."""

    existing: NotRequired[AwsExisting]
    """A load balancer made elsewhere, which the rest is added to. Default: one is made."""

    quotas: NotRequired[AwsQuotas]
    """What the account may have. Default: AWS's own defaults."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels of every Kubernetes object. Keys are plain. Default: none."""

    price: NotRequired[Price]
    """The prices that the cost estimate uses. Plain. Default: AWS's list prices in the United States."""


_NAMES_OF_AWS_LOAD_BALANCER_ARGS = table(
    {
        "type": moved_to("kind"),
        "loadBalancerType": moved_to("kind"),
        "internal": several("scope", convert=scope_of_internal),
        "scheme": several("scope", convert=scope_of_scheme),
        "vpcId": moved_to("vpc"),
        "subnetIds": moved_to("subnets"),
        "subnetMappings": several("subnets", "elastic_ips", "private_addresses"),
        "allocationIds": moved_to("elastic_ips"),
        "eipAllocations": moved_to("elastic_ips"),
        "securityGroups": several("existing.security_group", "allowed_sources"),
        "inboundCidrs": moved_to("allowed_sources"),
        "loadBalancerSourceRanges": moved_to("allowed_sources"),
        "certificateArn": several("hosts"),
        "certificates": several("hosts"),
        "targetGroups": several("targets"),
        "targetGroup": several("targets"),
        "routes": several("listeners.routes"),
        "rules": several("listeners.routes"),
        "webAclArn": moved_to("web_acl"),
        "wafAclArn": moved_to("web_acl"),
        "accessLogs": moved_to("logs"),
        "enableDeletionProtection": moved_to("deletion_protection"),
        "enableCrossZoneLoadBalancing": moved_to("cross_zone"),
        "enableHttp2": moved_to("http2"),
        "desyncMitigationMode": moved_to("desync_mode"),
        "dropInvalidHeaderFields": moved_to("drop_invalid_headers"),
        "preserveHostHeader": moved_to("preserve_host"),
        "xffHeaderProcessingMode": moved_to("forwarded_for"),
        "enableXffClientPort": moved_to("forwards_client_port"),
        "loadBalancerAttributes": moved_to("attributes"),
        "enabled": SWITCHED_ON,
    }
)
"""Other tools' names for the fields of `AwsLoadBalancerArgs`."""


@spec(
    AwsLoadBalancerArgs,
    renamed={
        "address_family": former_address_family,
        "redirect_http": "https_redirect",
        "certificate_within": "certificate_timeout",
        "wildcards_any_depth": "multi_label_wildcards",
    },
    elsewhere=_NAMES_OF_AWS_LOAD_BALANCER_ARGS,
)
class AwsLoadBalancerSpec(Spec):
    """Parsed `AwsLoadBalancerArgs`. A field is None if it isn't set."""

    kind: AwsBalancerKind
    vpc: pulumi.Input[str]
    targets: Mapping[str, AwsTargetSpec]
    listeners: Sequence[AwsListenerSpec]
    scope: Optional[Scope] = None
    subnets: Optional[Sequence[pulumi.Input[str]]] = None
    zones: Optional[Sequence[str]] = None
    allowed_sources: Optional[Sequence[str]] = None
    sources: Optional[Mapping[str, AwsSourceSpec]] = None
    target_ranges: Optional[Sequence[str]] = None
    target_security_groups: Optional[Mapping[str, pulumi.Input[str]]] = None
    elastic_ips: Optional[Sequence[pulumi.Input[str]]] = None
    private_addresses: Optional[Sequence[pulumi.Input[str]]] = None
    ip_address_type: Optional[IpAddressType] = None
    name: Optional[str] = None
    tags: Optional[Mapping[str, pulumi.Input[str]]] = None
    deletion_protection: Optional[bool] = None
    cross_zone: Optional[pulumi.Input[bool]] = None
    idle_timeout: Optional[pulumi.Input[int]] = None
    desync_mode: Optional[AwsDesyncMode] = None
    drop_invalid_headers: Optional[pulumi.Input[bool]] = None
    http2: Optional[pulumi.Input[bool]] = None
    preserve_host: Optional[pulumi.Input[bool]] = None
    forwarded_for: Optional[AwsForwardedFor] = None
    forwards_client_port: Optional[pulumi.Input[bool]] = None
    attributes: Optional[Mapping[str, pulumi.Input[str]]] = None
    private_link: Optional[AwsPrivateLinkSpec] = None
    binding_controller: AwsBindingController = AwsBindingController.LOAD_BALANCER_CONTROLLER
    https_redirect: Optional[bool] = None
    multi_label_wildcards: Optional[bool] = None
    hosts: Optional[Mapping[str, AwsHostSpec]] = None
    default_host: Optional[str] = None
    certificate_timeout: Optional[int] = None
    web_acl: Optional[pulumi.Input[str]] = None
    logs: Optional[AwsLogsSpec] = None
    existing: Optional[AwsExistingSpec] = None
    quotas: AwsQuotasSpec = field(default_factory=AwsQuotasSpec)
    labels: Optional[Mapping[str, pulumi.Input[str]]] = None
    price: Optional[PriceSpec] = None


_COUNT = Field(whole_number(1, what="a quota"))

RULES: Rules = {
    **HOST_RULES,
    **LISTENER_RULES,
    **LOG_RULES,
    **PRIVATE_LINK_RULES,
    **ROUTE_RULES,
    **TARGET_RULES,
    **SERVICE_TARGET_RULES,
    **COST_RULES,
    AwsSource: {
        "cidr": Field(cidr),
        "prefix_list": Field(resource_id("pl", "a prefix list")),
        "security_group": Field(resource_id("sg", "a security group")),
        "prefix_list_weight": Field(whole_number(1, 1000, "a number of rules")),
    },
    AwsExisting: {
        "load_balancer": Field(arn("elasticloadbalancing", "a load balancer")),
        "security_group": Field(resource_id("sg", "a security group")),
    },
    AwsQuotas: dict.fromkeys(("rules", "certificates", "listeners", "target_groups", "security_group_rules"), _COUNT),
    AwsLoadBalancerArgs: {
        "vpc": Field(resource_id("vpc", "a VPC")),
        "targets": Field(not_empty, keys=service_name),
        "listeners": Field(not_empty),
        "subnets": Field(not_empty, items=resource_id("subnet", "a subnet")),
        "allowed_sources": Field(not_empty, items=cidr),
        "sources": Field(not_empty, keys=service_name),
        "target_ranges": Field(not_empty, items=cidr),
        "target_security_groups": Field(not_empty, keys=service_name, items=resource_id("sg", "a security group")),
        "elastic_ips": Field(not_empty, items=resource_id("eipalloc", "an Elastic IP's allocation")),
        "private_addresses": Field(not_empty),
        "name": Field(load_balancer_name),
        "tags": Field(tag_count, keys=tag_key, items=tag_value),
        "idle_timeout": Field(whole_number(1, 4000, SECONDS)),
        "hosts": Field(not_empty, keys=host_name),
        "certificate_timeout": Field(whole_number(60, 7200, SECONDS)),
        "web_acl": Field(arn("wafv2", "a regional web ACL")),
        "labels": Field(keys=own_label_key, items=label_value),
    },
}
"""What the fields must satisfy beyond their types."""
