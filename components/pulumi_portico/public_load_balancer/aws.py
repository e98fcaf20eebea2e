"""What the three controllers on AWS share: Network Load Balancers, configured by annotations."""

import re
from collections.abc import Mapping
from typing import Any, Optional

from ..args.codes import define
from ..args.location import Field, FieldPath
from ..args.problems import Problems, Reason, Remove
from ..args.units import SECONDS
from ..args.values import Rule, whole_number
from ..lifecycle.cost import Assumption, Billable
from ..load_balancers import ClientIp
from ..networking.network_policies import PeerSpec
from ..networking.target import Protocol
from .aws_settings import AwsSettings, TargetType
from .common import annotation_text, client_peers, comma_list, comma_map, platform_peers, tls_ports
from .common_rules import check_fixed_health, check_node_port, private_address
from .platform_module import Enforcement, Feature, PlatformRule, Request, Settings
from .platforms import module_of
from .settings import HealthProtocol

__all__ = [
    "HEALTH_CAPABILITIES",
    "KIND",
    "LIMITS",
    "PREFIX",
    "RULES",
    "SETTINGS",
    "SOURCE_NAMES",
    "TLS_CAPABILITIES",
    "billable",
    "check_access_logs",
    "client_ip",
    "enforced_by_targets",
    "has_ip_targets",
    "health_annotations",
    "health_port",
    "placement_annotations",
    "sources",
    "static_address",
    "tls_annotations",
]

PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"

KIND = "Network Load Balancer"

SETTINGS = Settings("aws", AwsSettings)

SOURCE_NAMES: Mapping[Feature, str] = {"aws.prefix_lists": "prefix list", "aws.security_groups": "security group"}

_RECOMMENDED_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""AWS's recommendation. The default of its API is from 2016."""

_ASSUMED_ZONES = 3

LIMITS: Mapping[Feature, Rule] = {
    "idle_timeout": whole_number(60, 6000, SECONDS),
    "health.interval": whole_number(5, 300, SECONDS),
    "health.timeout": whole_number(2, 120, SECONDS),
    "health.healthy": whole_number(2, 10, "a number of checks"),
    "health.unhealthy": whole_number(2, 10, "a number of checks"),
}
"""What Elastic Load Balancing's API allows."""

HEALTH_CAPABILITIES: Mapping[Feature, tuple[str, ...]] = {
    "health.protocol": (f"{PREFIX}healthcheck-protocol",),
    "health.path": (f"{PREFIX}healthcheck-path", f"{PREFIX}healthcheck-protocol"),
    "health.port": (f"{PREFIX}healthcheck-port",),
    "health.interval": (f"{PREFIX}healthcheck-interval",),
    "health.timeout": (f"{PREFIX}healthcheck-timeout",),
    "health.node_port": ("spec.healthCheckNodePort",),
}

TLS_CAPABILITIES: Mapping[Feature, tuple[str, ...]] = {
    "tls.certificates": (f"{PREFIX}ssl-cert", f"{PREFIX}ssl-ports", f"{PREFIX}ssl-negotiation-policy"),
    "tls.ports": (f"{PREFIX}ssl-ports",),
    "tls.policy": (f"{PREFIX}ssl-negotiation-policy",),
    "tls.encrypt_to_pods": (f"{PREFIX}backend-protocol",),
}

ASSUMED_ZONES = define("assumed-zones", "It assumes {zones} zones, because no subnets are set.")
NOT_AN_ALLOCATION = define(
    "not-an-elastic-ip-allocation",
    "{value} isn't the ID of an Elastic IP allocation.",
    allowed="IDs such as eipalloc-0123456789abcdef0",
)
ADDRESSES_PER_SUBNET = define(
    "addresses-differ-from-subnets",
    "There are {addresses} addresses and {subnets} subnets.",
    allowed="one address for each subnet",
    hint="Set as many addresses as subnets.",
)
WITHOUT_SECURITY_GROUPS = define(
    "without-security-groups", "This has no effect unless {needed} is set.", hint="Set {needed}."
)
IGNORED_BESIDE_SECURITY_GROUPS = define(
    "ignored-with-security-groups",
    "AWS ignores this if {security_groups} is set, because the security groups decide who can connect.",
    allowed="only one of them",
)
CLIENT_IP_ALWAYS_PRESERVED = define(
    "client-ip-always-preserved",
    "AWS always preserves the client's address for UDP ports with ip targets.",
    allowed="preserve",
)
PROXY_PROTOCOL_NEEDS_TCP = define(
    "proxy-protocol-needs-tcp",
    "The PROXY protocol is only for TCP, and {port} is a UDP port.",
    allowed="preserve",
    hint="Create a load balancer of its own for the UDP port.",
)
UDP_WITHOUT_HEALTH_PORT = define(
    "udp-without-health-port",
    "{port} is a UDP port, and no health check works over UDP.",
    allowed="a TCP port of the pods that reports their health",
    hint="Set {field} to such a port.",
)
HTTP_HEALTH_THROUGH_PROXY_PROTOCOL = define(
    "http-health-with-proxy-protocol",
    "The load balancer sends the PROXY protocol to this port too, so an HTTP health check fails.",
    allowed="the port of the connections, or a TCP health check",
)
ACCESS_LOGS_WITHOUT_TLS = define(
    "access-logs-without-tls",
    "AWS logs only TLS connections, and no port uses TLS.",
    allowed="only if {tls} is set; for other connections, use the VPC's flow logs",
)


def has_ip_targets(request: Request) -> bool:
    """Whether the load balancer sends connections to the pods: the default of controllers that can."""
    if not module_of(request.exposure.platform).supports("aws.target_type"):
        return False
    return request.exposure.aws.target_type is not TargetType.INSTANCE


def client_ip(request: Request) -> ClientIp:
    """What the pods see of the client's address. AWS preserves it for UDP with ip targets."""
    always = has_ip_targets(request) and request.uses(Protocol.UDP)
    return request.exposure.client_ip or (ClientIp.PRESERVE if always else ClientIp.HIDE)


def enforced_by_targets(request: Request) -> Enforcement:
    """What enforces the sources of a load balancer without a security group. The targets' groups open the ports of
    connections to the sources, and to the load balancer's own addresses, which check their health. So they enforce the
    sources only if every connection comes from the client's address. AWS always preserves it for UDP, and never if it
    translates IPv6 to IPv4.
    """
    is_preserved = client_ip(request) is ClientIp.PRESERVE or request.uses(Protocol.UDP)
    return Enforcement.NODES if is_preserved and not request.exposure.is_dualstack else Enforcement.NOTHING


def health_annotations(request: Request) -> dict[str, Any]:
    """The health check."""
    health = request.exposure.health
    values = {
        "port": health.port,
        "path": health.path,
        "interval": health.interval,
        "timeout": health.timeout,
        "healthy-threshold": health.healthy,
        "unhealthy-threshold": health.unhealthy,
        "success-codes": health.success_codes,
    }
    annotations = {
        f"{PREFIX}healthcheck-{name}": annotation_text(value) for name, value in values.items() if value is not None
    }
    protocol = health.protocol or (HealthProtocol.HTTP if health.path is not None else None)
    return {**annotations, **({f"{PREFIX}healthcheck-protocol": protocol.value} if protocol else {})}


def tls_annotations(request: Request) -> dict[str, Any]:
    """TLS that terminates at the load balancer."""
    tls = request.exposure.tls
    if tls is None:
        return {}
    annotations: dict[str, Any] = {
        f"{PREFIX}ssl-cert": comma_list(tls.certificates),
        # Without it, every TCP port would use TLS.
        f"{PREFIX}ssl-ports": comma_list(tls_ports(request)),
        f"{PREFIX}ssl-negotiation-policy": _RECOMMENDED_POLICY if tls.policy is None else tls.policy,
    }
    if tls.alpn is not None:
        annotations[f"{PREFIX}alpn-policy"] = tls.alpn.value
    if tls.encrypt_to_pods:
        annotations[f"{PREFIX}backend-protocol"] = "ssl"
    return annotations


def placement_annotations(request: Request) -> dict[str, Any]:
    """Subnets, addresses, security groups, and tags."""
    exposure = request.exposure
    addresses = "eip-allocations" if request.is_internet else "private-ipv4-addresses"
    lists = {
        "subnets": exposure.subnets,
        addresses: exposure.static_addresses,
        "security-groups": exposure.aws.security_groups,
    }
    annotations = {f"{PREFIX}{name}": comma_list(values) for name, values in lists.items() if values}
    if exposure.tags:
        annotations[f"{PREFIX}additional-resource-tags"] = comma_map(exposure.tags)
    return annotations


def _allocation(value: str) -> Optional[Reason]:
    return None if re.fullmatch(r"eipalloc-[0-9a-z]+", value) else Reason(NOT_AN_ALLOCATION)


def static_address(request: Request) -> Rule:
    """The rule of a static address: an Elastic IP for the internet, else an address of the subnet."""
    return _allocation if request.is_internet else private_address


def _check_addresses(request: Request, problems: Problems) -> None:
    subnets, addresses = request.exposure.subnets, request.exposure.static_addresses
    if subnets and addresses and len(subnets) != len(addresses):
        location = request.at / "static_addresses"
        problems.report(ADDRESSES_PER_SUBNET, location, addresses=len(addresses), subnets=len(subnets))


def _check_security_groups(request: Request, problems: Problems) -> None:
    """Security groups disable every other source of connections."""
    aws, at = request.exposure.aws, request.at
    group_location = FieldPath(("aws", "security_groups"))
    if not aws.security_groups:
        if aws.manage_backend_rules is not None:
            location = at / "aws" / "manage_backend_rules"
            problems.report(WITHOUT_SECURITY_GROUPS, location, needed=group_location, fix=Remove(location))
        return
    sources = {at / "allowed_sources": request.exposure.allowed_sources, at / "aws" / "prefix_lists": aws.prefix_lists}
    for location, values in sources.items():
        if values:
            fix = Remove(location)
            problems.report(IGNORED_BESIDE_SECURITY_GROUPS, location, security_groups=group_location, fix=fix)


def _check_client_ip(request: Request, problems: Problems) -> None:
    chosen, location = request.exposure.client_ip, request.at / "client_ip"
    udp = [port.name for port in request.ports if port.protocol == Protocol.UDP.value]
    if chosen is ClientIp.HIDE and has_ip_targets(request) and udp:
        problems.report(CLIENT_IP_ALWAYS_PRESERVED, location, value=chosen.value, fix=Remove(location))
    if chosen is ClientIp.PROXY_PROTOCOL and udp:
        problems.report(PROXY_PROTOCOL_NEEDS_TCP, location, value=chosen.value, port=udp[0])


def _check_health(request: Request, problems: Problems) -> None:
    if not has_ip_targets(request) and client_ip(request) is ClientIp.PRESERVE:
        check_fixed_health(request, problems)
        return
    check_node_port(request, problems)
    _check_health_port(request, problems)
    _check_health_protocol(request, problems)


def _check_health_port(request: Request, problems: Problems) -> None:
    """No health check works over UDP."""
    tcp_targets = {port.target for port in request.ports if port.protocol == Protocol.TCP.value}
    unchecked = [
        port for port in request.ports if port.protocol == Protocol.UDP.value and port.target not in tcp_targets
    ]
    if unchecked and request.exposure.health.port is None:
        location = request.at / "health" / "port"
        problems.report(UDP_WITHOUT_HEALTH_PORT, location, port=unchecked[0].name, field=location)


def _check_health_protocol(request: Request, problems: Problems) -> None:
    health = request.exposure.health
    is_http = health.path is not None or health.protocol in (HealthProtocol.HTTP, HealthProtocol.HTTPS)
    is_proxied = client_ip(request) is ClientIp.PROXY_PROTOCOL
    if is_proxied and health.port is not None and is_http and health.protocol is not HealthProtocol.TCP:
        location = request.at / "health" / "port"
        problems.report(HTTP_HEALTH_THROUGH_PROXY_PROTOCOL, location, value=health.port, fix=Remove(location))


def check_access_logs(request: Request, problems: Problems) -> None:
    """Report a log that would stay empty."""
    if request.exposure.access_logs is not None and not tls_ports(request):
        location = request.at / "access_logs"
        problems.report(ACCESS_LOGS_WITHOUT_TLS, location, tls=Field("tls"), fix=Remove(location))


RULES: tuple[PlatformRule, ...] = (
    _check_addresses,
    _check_security_groups,
    _check_health,
    _check_client_ip,
    check_access_logs,
)
"""What no Network Load Balancer supports in combination."""


def health_port(request: Request) -> Optional[int]:
    """The pods' port for health checks, if it differs from the ports of connections."""
    return request.exposure.health.port if has_ip_targets(request) else None


def sources(request: Request) -> list[PeerSpec]:
    """Where connections to the pods come from. A load balancer with ip targets checks their health from its own
    addresses, whatever the connections of clients come from. It also uses them for traffic that it translates from IPv6
    to IPv4."""
    is_preserved = client_ip(request) is ClientIp.PRESERVE
    exposure = request.exposure
    unlisted = bool(exposure.aws.security_groups or exposure.aws.prefix_lists)
    own = platform_peers(request) if has_ip_targets(request) or exposure.is_dualstack or not is_preserved else []
    clients = client_peers(request, unlisted=unlisted) if is_preserved else []
    return clients + [peer for peer in own if peer not in clients]


def billable(request: Request) -> Billable:
    """One load balancer, with a public address in each of its subnets."""
    if not request.is_internet:
        return Billable(load_balancers=1, public_addresses=0)
    known = request.exposure.subnets or request.exposure.static_addresses
    if known:
        return Billable(load_balancers=1, public_addresses=len(known))
    return Billable(1, _ASSUMED_ZONES, (Assumption(ASSUMED_ZONES, {"zones": _ASSUMED_ZONES}),))
