"""The groups of settings that an `Exposure` holds."""

from collections.abc import Mapping, Sequence
from enum import Enum

import pulumi

from .._typing import NotRequired, TypedDict

__all__ = [
    "AccessLogs",
    "AlpnPolicy",
    "AwsSettings",
    "AzureSettings",
    "BalancerTls",
    "GkeSettings",
    "HealthCheck",
    "HealthProtocol",
    "NetworkTier",
    "TargetType",
]


class HealthProtocol(str, Enum):
    """How a load balancer asks a target whether it works."""

    TCP = "tcp"
    """Whether the port takes connections."""

    HTTP = "http"
    """Over HTTP."""

    HTTPS = "https"
    """Over HTTPS; the certificate is not checked."""


class HealthCheck(TypedDict):
    """How the load balancer asks whether a target works.

    With `client_ip` preserve on nodes (everywhere but for AWS ip targets), each node answers for
    the pods that it runs, so protocol, port and path are not to be chosen.
    """

    protocol: NotRequired[HealthProtocol]
    """How it asks. Plain. Default: http where there is a path, else tcp."""

    path: NotRequired[pulumi.Input[str]]
    """The path that it asks for over HTTP or HTTPS. Default: / where the protocol is one of the two."""

    port: NotRequired[int]
    """The port (1 to 65535) that it asks: of the pods for AWS ip targets, of the nodes for instance targets. Plain.
    Default: the one that connections go to. Needed for UDP on AWS."""

    interval: NotRequired[pulumi.Input[int]]
    """Seconds from one question to the next. AWS: 5 to 300. Azure: 5 or more. Default: the platform's own."""

    timeout: NotRequired[pulumi.Input[int]]
    """Seconds that an answer may take. AWS: 2 to 120. Default: the platform's own."""

    healthy: NotRequired[pulumi.Input[int]]
    """How many good answers in a row bring a target back. AWS: 2 to 10. Default: the platform's own."""

    unhealthy: NotRequired[pulumi.Input[int]]
    """How many failures in a row take a target out. AWS: 2 to 10. Azure: 2 or more. Default: the platform's own."""

    success_codes: NotRequired[pulumi.Input[str]]
    """The HTTP status codes that are good, such as 200-399 or 200,204. Default: the platform's own."""

    node_port: NotRequired[int]
    """The nodes' port (30000 to 32767) that answers for the pods of each node, where `client_ip` is preserve; up to
    30085, Kubernetes gives them to nobody else as long as it has others. Plain; a change makes another load balancer.
    Default: Kubernetes picks one. Maps to `healthCheckNodePort`."""


class AlpnPolicy(str, Enum):
    """Which version of HTTP is agreed on while TLS is set up."""

    HTTP1_ONLY = "HTTP1Only"
    """HTTP/1.1 and HTTP/1.0."""

    HTTP2_ONLY = "HTTP2Only"
    """HTTP/2."""

    HTTP2_OPTIONAL = "HTTP2Optional"
    """HTTP/1.1 where the client has it, else HTTP/2."""

    HTTP2_PREFERRED = "HTTP2Preferred"
    """HTTP/2 where the client has it, else HTTP/1.1."""

    NONE = "None"
    """None is agreed on."""


class BalancerTls(TypedDict):
    """TLS that ends at the load balancer, by certificates that AWS keeps."""

    certificates: Sequence[pulumi.Input[str]]
    """The certificates' ARNs in AWS Certificate Manager; the first one is for clients that name no host. Its length is
    plain."""

    ports: NotRequired[Sequence[str]]
    """The names of the ports that speak TLS. Plain. Default: every TCP port."""

    policy: NotRequired[pulumi.Input[str]]
    """The security policy: which versions of TLS and which ciphers. Default: the one that AWS recommends,
    ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09; what AWS itself takes by default is from 2016."""

    alpn: NotRequired[AlpnPolicy]
    """Which version of HTTP is agreed on. Plain. Default: none is."""

    encrypt_to_pods: NotRequired[bool]
    """Whether the load balancer speaks TLS to the pods too, whose certificates it does not check. Plain. Default:
    false."""


class AccessLogs(TypedDict):
    """Where the load balancer writes a log of its connections."""

    bucket: pulumi.Input[str]
    """The S3 bucket, whose policy must let the load balancer write."""

    prefix: NotRequired[pulumi.Input[str]]
    """The folder within the bucket that the logs go to. Default: none."""


class TargetType(str, Enum):
    """Where an AWS load balancer sends connections."""

    IP = "ip"
    """To the pods. They need addresses of the VPC, which Amazon's own network plugin gives them."""

    INSTANCE = "instance"
    """To a port of the nodes, which pass connections on."""


class AwsSettings(TypedDict):
    """What only AWS has: where connections are sent, who is let in, and more attributes."""

    target_type: NotRequired[TargetType]
    """Where connections are sent. Plain. Default: ip."""

    security_groups: NotRequired[Sequence[pulumi.Input[str]]]
    """The load balancer's security groups, instead of one that the controller makes. They alone then say who is let in:
    `allowed_sources` must be left out. Its length is plain. On aws-legacy, the cloud controller's
    NLBSecurityGroupMode must be Managed."""

    manage_backend_rules: NotRequired[pulumi.Input[bool]]
    """Whether the controller still lets the load balancer in at the nodes and pods, beside `security_groups`. Default:
    true there."""

    prefix_lists: NotRequired[Sequence[pulumi.Input[str]]]
    """Managed prefix lists whose addresses are let in, beside `allowed_sources`. Its length is plain."""

    load_balancer_attributes: NotRequired[Mapping[str, pulumi.Input[str]]]
    """More attributes of the load balancer, by AWS's own keys, such as dns_record.client_routing_policy. Keys are
    plain."""

    target_group_attributes: NotRequired[Mapping[str, pulumi.Input[str]]]
    """More attributes of the target groups, by AWS's own keys, such as
    deregistration_delay.connection_termination.enabled. Keys are plain."""


class NetworkTier(str, Enum):
    """Whose network carries what clients send, up to the region."""

    PREMIUM = "Premium"
    """Google's own."""

    STANDARD = "Standard"
    """The internet; cheaper."""


class GkeSettings(TypedDict):
    """What only Google Kubernetes Engine has: network tier, global access, weights."""

    network_tier: NotRequired[NetworkTier]
    """Whose network carries what clients send, for the internet. Plain; a change makes another load balancer. Default:
    Premium."""

    global_access: NotRequired[pulumi.Input[bool]]
    """Whether clients of every region reach an internal load balancer, not just those of its own. Default: false."""

    weighted: NotRequired[bool]
    """Whether a node with more of the pods gets more of the connections, where `client_ip` is preserve. Plain.
    Default: false."""


class AzureSettings(TypedDict):
    """What only Azure has: where public addresses come from, service tags, floating IP."""

    resource_group: NotRequired[pulumi.Input[str]]
    """The resource group that the public IPs of `static_addresses` are in. Default: the nodes' own."""

    public_ip_prefix: NotRequired[pulumi.Input[str]]
    """The id of the prefix that a public IPv4 address is taken from, instead of `static_addresses`."""

    public_ip_prefix_ipv6: NotRequired[pulumi.Input[str]]
    """The id of the prefix that a public IPv6 address is taken from, instead of `static_addresses`."""

    dns_label: NotRequired[pulumi.Input[str]]
    """The first part of the public IP's DNS name: LABEL.REGION.cloudapp.azure.com."""

    service_tags: NotRequired[Sequence[pulumi.Input[str]]]
    """Azure's names of address ranges that are let in, such as AzureFrontDoor.Backend, beside `allowed_sources`. Its
    length is plain."""

    floating_ip: NotRequired[pulumi.Input[bool]]
    """Whether connections reach the nodes under the load balancer's own address. Default: true."""
