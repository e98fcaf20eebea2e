"""How a load balancer exposes something, and its settings: one model for every platform.

It serves load balancers of their own and gateways alike, and knows neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import Beside, Values, component, moved_to, several, table, unsupported
from ..args.forms import one_item
from ..args.names import annotation_key, dns_subdomain, label_key, port_name
from ..args.parse import Field, Rules
from ..args.problems import Reason
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import cidr, some, whole_number
from ..lifecycle.annotation_readers import DNS_HOSTNAME
from ..load_balancers import (
    ClientIp,
    ClientIpLike,
    IpAddressType,
    IpAddressTypeLike,
    Scope,
    ScopeLike,
    former_address_family,
    load_balancer_name,
)
from ..networking.conversions import client_ip_of, load_balancer_type, scope_of_internal, scope_of_scheme
from ..networking.session_affinity import SessionAffinity, SessionAffinityLike
from .annotation_text import LIST, TAGS
from .aws_settings import RULES as AWS_RULES
from .aws_settings import AwsSettings, AwsSettingsSpec
from .azure_settings import RULES as AZURE_RULES
from .azure_settings import AzureSettings, AzureSettingsSpec
from .gke_settings import GkeSettings, GkeSettingsSpec
from .platforms import Platform, PlatformLike, all_platforms
from .settings import NODE_PORT, AccessLogs, AccessLogsSpec, BalancerTls, BalancerTlsSpec, HealthCheck, HealthCheckSpec
from .settings import RULES as SETTINGS_RULES

__all__ = ["RULES", "Exposure", "ExposureSpec", "platform_of_type"]


class Exposure(TypedDict):
    """How a load balancer exposes something, and the settings of the load balancer.

    Portico rejects settings that the platform doesn't support.
    """

    scope: ScopeLike
    """Who can reach the load balancer: internet or internal. Plain; a change replaces the load balancer, except on
    node-port, where it states who can reach the nodes."""

    platform: PlatformLike
    """What creates the load balancer. There is no default, because platforms ignore each other's settings. Plain; a
    change replaces the load balancer."""

    allowed_sources: NotRequired[Sequence[pulumi.Input[str]]]
    """The addresses of the clients that can connect, in CIDR notation. Required if the scope is internet; for everyone,
    set 0.0.0.0/0, and also ::/0 if there is IPv6. Its length is plain. Default for internal: the whole network. Maps to
    `loadBalancerSourceRanges`."""

    client_ip: NotRequired[ClientIpLike]
    """What the pods see of the client's address. Plain. Default: preserve on GKE and Azure, because their load
    balancers pass connections through to nodes, and some dataplanes apply NetworkPolicies to them before they replace
    the address; hide on other platforms; for UDP on AWS with ip targets, preserve, because AWS supports nothing else
    there."""

    proxy_protocol_configured: NotRequired[bool]
    """Whether the load balancer sends the PROXY protocol without an annotation of it: its controller, or you,
    configured it. For `client_ip: proxy-protocol` on the platform generic. Plain. Default: false."""

    static_addresses: NotRequired[Sequence[pulumi.Input[str]]]
    """Addresses that are reserved in advance. AWS: Elastic IP allocation IDs (internet) or private IPv4 addresses
    (internal), one for each subnet. GKE: names of regional addresses. Azure: names of public IPs (internet) or private
    addresses (internal), IPv4 first. Generic: one address, as `loadBalancerIP`, for controllers that read this field,
    such as those of Oracle and OpenStack. Its length is plain."""

    subnets: NotRequired[Sequence[pulumi.Input[str]]]
    """The load balancer's subnets: on AWS one ID for each zone, on GKE and Azure one name. Its length is plain.
    Default: the platform finds them."""

    ip_address_type: NotRequired[IpAddressTypeLike]
    """Which IP addresses the load balancer has. Plain; a change to or from ipv6 replaces the load balancer. For UDP on
    AWS, dualstack requires a cluster with IPv6. Default: the cluster's default; on AWS ipv4."""

    node_ports: NotRequired[Mapping[str, int]]
    """The ports of the nodes (30000 to 32767) that lead to the ports of the load balancer, by their names, such as
    `http` and `https` of a gateway. Kubernetes assigns ports up to 30085 to other Services only if no other port is
    free. Plain; no two Services can have the same. Default: Kubernetes picks them. Maps to `nodePort`."""

    name: NotRequired[str]
    """The name of the load balancer (at most 32 characters). Plain; a change replaces the load balancer, and no two can
    have the same name. Default: the platform generates one, so the load balancer can be replaced without an outage."""

    tags: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Tags of what the platform creates, such as for cost reports. Keys are plain. Default: none."""

    health: NotRequired[HealthCheck]
    """How the load balancer checks the health of a target. Default: whether the port accepts connections."""

    tls: NotRequired[BalancerTls]
    """TLS that terminates at the load balancer. Default: none; the pods receive what the clients send."""

    cross_zone: NotRequired[pulumi.Input[bool]]
    """Whether connections go to targets in every zone, not only in the zone that they enter by. Default: false."""

    idle_timeout: NotRequired[pulumi.Input[int]]
    """Seconds after which the load balancer closes an idle TCP connection. AWS: 60 to 6000. Azure: 240 to 6000, a
    multiple of 60. Default: the platform's default. To return to it, set it: AWS 350, Azure 240."""

    session_affinity: NotRequired[SessionAffinityLike]
    """Whether connections from one client address go to the same target. Plain. Default: None."""

    deletion_protection: NotRequired[bool]
    """Whether the platform refuses to delete the load balancer. Plain. Default: false."""

    access_logs: NotRequired[AccessLogs]
    """Where the load balancer writes a log of its connections. Default: nowhere."""

    load_balancer_class: NotRequired[str]
    """The class that selects the controller. Plain; a change replaces the load balancer. Default: the platform's class.
    Maps to `loadBalancerClass`."""

    platform_sources: NotRequired[Sequence[pulumi.Input[str]]]
    """The addresses that the load balancer and the nodes connect from, in CIDR notation: their subnets. A NetworkPolicy
    allows them to connect to the pods if connections don't come from the clients' own addresses; if the client's
    address is hidden on a platform that passes connections through, it allows `allowed_sources` too. Its length is
    plain. Default: all private addresses."""

    aws: NotRequired[AwsSettings]
    """Settings that only AWS supports: targets, security groups, and further attributes."""

    gke: NotRequired[GkeSettings]
    """Settings that only Google Kubernetes Engine supports: network tier, global access, and weights."""

    azure: NotRequired[AzureSettings]
    """Settings that only Azure supports: resource group, address prefixes, DNS label, and service tags."""

    hostnames: NotRequired[Sequence[str]]
    """The host names that external-dns points to the load balancer; `*.` at the start stands for any label. Plain.
    Default: none. Maps to `external-dns.alpha.kubernetes.io/hostname`."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Further annotations of the Service, for settings that have no field. Keys are plain. Portico rejects one that a
    field sets, or that belongs to another platform. Default: none."""


BOOLEAN_AFFINITY = define("boolean-session-affinity", "{value} isn't a session affinity.", allowed="None or ClientIP")


def platform_of_type(value: Any, beside: Beside) -> Optional[Values]:
    """The type of a Service, which some platforms have for themselves."""
    for module in all_platforms():
        if not module.assigns_address and module.service_type == value:
            return {("platform",): module.name}
    return load_balancer_type(value, beside)


_NAMES_OF_EXPOSURE = table(
    {
        "loadBalancerSourceRanges": moved_to("allowed_sources"),
        "sourceRanges": moved_to("allowed_sources"),
        "whitelist": moved_to("allowed_sources"),
        "loadBalancerIP": moved_to("static_addresses", one_item),
        "staticIP": moved_to("static_addresses", one_item),
        "externalTrafficPolicy": moved_to("client_ip", client_ip_of),
        "type": several("platform", convert=platform_of_type),
        "nodePort": several("node_ports"),
        "internal": several("scope", convert=scope_of_internal),
        "scheme": several("scope", convert=scope_of_scheme),
        "targetType": moved_to("aws.target_type"),
        "securityGroups": moved_to("aws.security_groups"),
        "healthCheck": moved_to("health"),
        "certificates": moved_to("tls.certificates"),
        "certificate": moved_to("tls.certificates", one_item),
        "externalIPs": unsupported(),
        "ports": component("load_balancers", "ports"),
        "target": component("load_balancers", "target"),
    }
)
"""Other tools' names for the fields of `Exposure`."""


@spec(Exposure, renamed={"address_family": former_address_family}, elsewhere=_NAMES_OF_EXPOSURE)
class ExposureSpec(Spec):
    """A parsed `Exposure`. A field is None or empty if it isn't set."""

    scope: Scope
    platform: Platform
    allowed_sources: Optional[Sequence[pulumi.Input[str]]] = None
    client_ip: Optional[ClientIp] = None
    proxy_protocol_configured: Optional[bool] = None
    static_addresses: Sequence[pulumi.Input[str]] = ()
    subnets: Sequence[pulumi.Input[str]] = ()
    ip_address_type: Optional[IpAddressType] = None
    node_ports: Mapping[str, int] = field(default_factory=dict[str, int])
    name: Optional[str] = None
    tags: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, "pulumi.Input[str]"])
    health: HealthCheckSpec = field(default_factory=HealthCheckSpec)
    tls: Optional[BalancerTlsSpec] = None
    cross_zone: Optional[pulumi.Input[bool]] = None
    idle_timeout: Optional[pulumi.Input[int]] = None
    session_affinity: Optional[SessionAffinity] = None
    deletion_protection: Optional[bool] = None
    access_logs: Optional[AccessLogsSpec] = None
    load_balancer_class: Optional[str] = None
    platform_sources: Optional[Sequence[pulumi.Input[str]]] = None
    aws: AwsSettingsSpec = field(default_factory=AwsSettingsSpec)
    gke: GkeSettingsSpec = field(default_factory=GkeSettingsSpec)
    azure: AzureSettingsSpec = field(default_factory=AzureSettingsSpec)
    hostnames: Sequence[str] = ()
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, "pulumi.Input[str]"])

    @property
    def all_annotations(self) -> Mapping[str, pulumi.Input[str]]:
        """The annotations of the Service that no platform reads."""
        named = {DNS_HOSTNAME: ",".join(self.hostnames)} if self.hostnames else dict[str, str]()
        return {**named, **self.annotations}

    @property
    def is_dualstack(self) -> bool:
        """Whether the load balancer has IPv4 and IPv6 addresses."""
        return self.ip_address_type is IpAddressType.DUALSTACK


def _hostname(value: str) -> Optional[Reason]:
    return dns_subdomain(value.removeprefix("*."))


def _session_affinity(value: Any) -> Optional[Reason]:
    """The field was a boolean."""
    if not isinstance(value, bool):
        return None
    return Reason(BOOLEAN_AFFINITY, {}, (SessionAffinity.CLIENT_IP if value else SessionAffinity.NONE).value)


RULES: Rules = {
    **SETTINGS_RULES,
    **AWS_RULES,
    **AZURE_RULES,
    Exposure: {
        "allowed_sources": Field(items=cidr),
        "static_addresses": LIST,
        "subnets": LIST,
        "node_ports": Field(keys=port_name, items=NODE_PORT),
        "name": Field(load_balancer_name),
        "tags": TAGS,
        "idle_timeout": Field(whole_number(1, what=SECONDS, is_suggested=False)),
        "session_affinity": Field(other_type=_session_affinity),
        "load_balancer_class": Field(label_key),
        "platform_sources": Field(some("at least one range"), items=cidr),
        "hostnames": Field(items=_hostname),
        "annotations": Field(keys=annotation_key),
    },
}
"""What the fields must satisfy, whatever the platform."""
