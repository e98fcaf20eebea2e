"""The AWS Load Balancer Controller: a Network Load Balancer, with the pods or the nodes behind it.

Source: kubernetes-sigs/aws-load-balancer-controller, docs/guide/service/annotations.md and nlb.md, August 2026.
"""

from collections.abc import Mapping
from typing import Any

from ..errors import Problems, Refusal
from ..load_balancers import ClientIp, IpFamily, Platform, Scope
from ..target import Protocol
from . import aws
from .aws import PREFIX
from .common import affinity, class_of, comma_list, comma_map, source_ranges, text, tls_ports
from .platform_module import PlatformModule, Request, Told

__all__ = ["ATTRIBUTE_HONOURS", "MODULE", "NO_IPV6_ALONE", "OBSOLETE", "check", "tell_nlb"]

_CLASS = "service.k8s.aws/nlb"
_ATTRIBUTES = f"{PREFIX}attributes"
_GROUP = f"{PREFIX}target-group-attributes"
_LISTENER = f"{PREFIX}listener-attributes.{{protocol}}-{{port}}"
_POLICY = "spec.externalTrafficPolicy"
_PRESERVE = f"{_GROUP}#preserve_client_ip.enabled"
_PROXY = f"{_GROUP}#proxy_protocol_v2.enabled"

# What both controllers have that make a Network Load Balancer from these annotations.
ATTRIBUTE_HONOURS: Mapping[str, tuple[str, ...]] = {
    "scope=internet": (f"{PREFIX}scheme",),
    "scope=internal": (f"{PREFIX}scheme",),
    "allowed_sources": ("spec.loadBalancerSourceRanges",),
    "client_ip=preserve": (_PRESERVE, _PROXY, _POLICY),
    "client_ip=proxy-protocol": (_PRESERVE, _PROXY, _POLICY),
    "client_ip=hide": (_PRESERVE, _PROXY, _POLICY),
    "static_addresses": (f"{PREFIX}eip-allocations", f"{PREFIX}private-ipv4-addresses"),
    "subnets": (f"{PREFIX}subnets",),
    "address_family=IPv4": (f"{PREFIX}ip-address-type",),
    "address_family=dual": (f"{PREFIX}ip-address-type", f"{PREFIX}enable-prefix-for-ipv6-source-nat"),
    "name": (f"{PREFIX}name",),
    "tags": (f"{PREFIX}additional-resource-tags",),
    "health.protocol": (f"{PREFIX}healthcheck-protocol",),
    "health.path": (f"{PREFIX}healthcheck-path", f"{PREFIX}healthcheck-protocol"),
    "health.port": (f"{PREFIX}healthcheck-port",),
    "health.interval": (f"{PREFIX}healthcheck-interval",),
    "health.timeout": (f"{PREFIX}healthcheck-timeout",),
    "health.healthy": (f"{PREFIX}healthcheck-healthy-threshold",),
    "health.unhealthy": (f"{PREFIX}healthcheck-unhealthy-threshold",),
    "health.success_codes": (f"{PREFIX}healthcheck-success-codes",),
    "health.node_port": ("spec.healthCheckNodePort",),
    "tls.certificates": (f"{PREFIX}ssl-cert", f"{PREFIX}ssl-ports", f"{PREFIX}ssl-negotiation-policy"),
    "tls.ports": (f"{PREFIX}ssl-ports",),
    "tls.policy": (f"{PREFIX}ssl-negotiation-policy",),
    "tls.alpn": (f"{PREFIX}alpn-policy",),
    "tls.encrypt_to_pods": (f"{PREFIX}backend-protocol",),
    "cross_zone": (f"{_ATTRIBUTES}#load_balancing.cross_zone.enabled",),
    "idle_timeout": (f"{_LISTENER}#tcp.idle_timeout.seconds",),
    "session_affinity": (f"{_GROUP}#stickiness.enabled", f"{_GROUP}#stickiness.type", "spec.sessionAffinity"),
    "deletion_protection": (f"{_ATTRIBUTES}#deletion_protection.enabled",),
    "access_logs.bucket": (f"{_ATTRIBUTES}#access_logs.s3.enabled", f"{_ATTRIBUTES}#access_logs.s3.bucket"),
    "access_logs.prefix": (f"{_ATTRIBUTES}#access_logs.s3.prefix",),
    "aws.target_type": (f"{PREFIX}nlb-target-type", "spec.allocateLoadBalancerNodePorts"),
    "aws.security_groups": (f"{PREFIX}security-groups", f"{PREFIX}manage-backend-security-group-rules"),
    "aws.manage_backend_rules": (f"{PREFIX}manage-backend-security-group-rules",),
    "aws.prefix_lists": (f"{PREFIX}security-group-prefix-lists",),
    "aws.load_balancer_attributes": (f"{_ATTRIBUTES}#",),
    "aws.target_group_attributes": (f"{_GROUP}#",),
    "protocol=UDP": (),
    "protocols=mixed": (),
    # The drain is the target's, and no field: what is told of it is in the way of raw annotations all the same.
    "drain": (f"{_GROUP}#deregistration_delay.timeout_seconds",),
}


OBSOLETE: Mapping[str, str] = {
    f"{PREFIX}internal": f"use scope: {Scope.INTERNAL.value}",
    f"{PREFIX}proxy-protocol": f"use client_ip: {ClientIp.PROXY_PROTOCOL.value}",
    f"{PREFIX}cross-zone-load-balancing-enabled": "use cross_zone",
    f"{PREFIX}access-log-enabled": "use access_logs",
    f"{PREFIX}access-log-s3-bucket-name": "use access_logs",
    f"{PREFIX}access-log-s3-bucket-prefix": "use access_logs",
}
"""What such controllers do not read, or not any more, and what to do instead."""

NO_IPV6_ALONE: Mapping[str, str] = {
    "address_family=IPv6": "write dual: AWS has no Network Load Balancer with IPv6 alone"
}
"""What to do instead of what no Network Load Balancer has."""


def tell_nlb(request: Request, class_name: str) -> Told:
    """What a Service tells a controller that makes a Network Load Balancer from these annotations."""
    exposure, aws_settings = request.exposure, request.of("aws")
    ip_targets = aws.ip_targets(request)
    local = not ip_targets and aws.client_ip(request) == ClientIp.PRESERVE.value
    annotations = {
        f"{PREFIX}scheme": "internet-facing" if request.internet else "internal",
        f"{PREFIX}nlb-target-type": "ip" if ip_targets else "instance",
        _ATTRIBUTES: comma_map(_load_balancer_attributes(request)),
        _GROUP: comma_map(_target_group_attributes(request)),
        **aws.placement_annotations(request),
        **aws.health_annotations(request),
        **aws.tls_annotations(request),
        **_listener_annotations(request),
        **_family_annotations(request),
    }
    if "name" in exposure:
        annotations[f"{PREFIX}name"] = exposure["name"]
    if "security_groups" in aws_settings:
        managed = aws_settings.get("manage_backend_rules", True)
        annotations[f"{PREFIX}manage-backend-security-group-rules"] = text(managed)
    if lists := aws_settings.get("prefix_lists"):
        annotations[f"{PREFIX}security-group-prefix-lists"] = comma_list(lists)
    node_port = request.of("health").get("node_port")
    spec = {
        **class_of(request, class_name),
        "externalTrafficPolicy": "Local" if local else "Cluster",
        # The pods are reached themselves, so the nodes need not open a port for it.
        "allocateLoadBalancerNodePorts": not ip_targets,
        **({"healthCheckNodePort": node_port} if node_port else {}),
        **source_ranges(request),
        **({} if ip_targets else affinity(request)),
    }
    return Told(spec, annotations)


def _load_balancer_attributes(request: Request) -> dict[str, Any]:
    exposure, logs = request.exposure, request.of("access_logs")
    # Each is always written: leaving one out does not put it back.
    attributes = {
        "load_balancing.cross_zone.enabled": exposure.get("cross_zone", False),
        "deletion_protection.enabled": exposure.get("deletion_protection", False),
        "access_logs.s3.enabled": "bucket" in logs,
    }
    attributes |= {f"access_logs.s3.{name}": logs[name] for name in ("bucket", "prefix") if name in logs}
    return {**request.of("aws").get("load_balancer_attributes", {}), **attributes}


def _target_group_attributes(request: Request) -> dict[str, Any]:
    client_ip = aws.client_ip(request)
    # AWS refuses to hide it from UDP targets; where nodes pass connections on, they hide it in any case.
    kept = client_ip == ClientIp.PRESERVE.value or request.speaks(Protocol.UDP)
    attributes: dict[str, Any] = {
        "preserve_client_ip.enabled": kept,
        "proxy_protocol_v2.enabled": client_ip == ClientIp.PROXY_PROTOCOL.value,
        "stickiness.enabled": request.exposure.get("session_affinity", False),
    }
    if request.exposure.get("session_affinity", False):
        attributes["stickiness.type"] = "source_ip"
    if request.drain is not None:
        attributes["deregistration_delay.timeout_seconds"] = request.drain
    return {**request.of("aws").get("target_group_attributes", {}), **attributes}


def _listener_annotations(request: Request) -> dict[str, Any]:
    if "idle_timeout" not in request.exposure:
        return {}
    seconds = comma_map({"tcp.idle_timeout.seconds": request.exposure["idle_timeout"]})
    secure = tls_ports(request)
    numbers = [it.number for it in request.ports if it.protocol == Protocol.TCP.value and it.name not in secure]
    udp = {it.number for it in request.ports if it.protocol == Protocol.UDP.value}
    name = {number: "TCP_UDP" if number in udp else "TCP" for number in numbers}
    return {_LISTENER.format(protocol=name[number], port=number): seconds for number in numbers}


def _family_annotations(request: Request) -> dict[str, Any]:
    family = request.exposure.get("address_family")
    if family is None:
        return {}
    told = {f"{PREFIX}ip-address-type": "dualstack" if family == IpFamily.DUAL.value else "ipv4"}
    if family == IpFamily.DUAL.value and request.speaks(Protocol.UDP):
        # Without it, AWS takes no UDP listener on a dual-stack load balancer.
        told[f"{PREFIX}enable-prefix-for-ipv6-source-nat"] = "on"
    return told


def check(request: Request, problems: Problems, path: str) -> None:
    """Note what a Network Load Balancer cannot do together."""
    aws.check_places(request, problems, path)
    aws.check_security_groups(request, problems, path)
    aws.check_health(request, problems, path)
    aws.check_client_ip(request, problems, path)
    _check_attributes(request, problems, path)
    secure = tls_ports(request)
    if "access_logs" in request.exposure and not secure:
        wrong = "is written of TLS connections alone, and no port speaks TLS"
        problems.note(f"{path}access_logs", Refusal(wrong, "beside tls", "give tls, or use the VPC's flow logs"))
    if request.exposure.get("session_affinity", False) and secure:
        refusal = Refusal("is not to be had for ports that speak TLS", "without tls", "leave one of the two out")
        problems.note(f"{path}session_affinity", refusal)
    plain = [it for it in request.ports if it.protocol == Protocol.TCP.value and it.name not in secure]
    if "idle_timeout" in request.exposure and not plain:
        wrong = "is that of TCP connections, and no port has any that is not TLS: AWS fixes theirs"
        problems.note(f"{path}idle_timeout", Refusal(wrong, "beside a TCP port without TLS", "leave it out"))


def _check_attributes(request: Request, problems: Problems, path: str) -> None:
    """Note an attribute that a field writes."""
    for name, annotation in (("load_balancer_attributes", _ATTRIBUTES), ("target_group_attributes", _GROUP)):
        for key in request.of("aws").get(name, {}):
            writer = next((it for it, places in ATTRIBUTE_HONOURS.items() if f"{annotation}#{key}" in places), None)
            if writer is not None:
                fix = f"use {writer.partition('=')[0]}" if writer != "drain" else "set the drain of the target"
                refusal = Refusal("is written by a field", "attributes that no field writes", fix)
                problems.note(f"{path}aws.{name}.{key}", refusal)


def _tell(request: Request) -> Told:
    told = tell_nlb(request, _CLASS)
    if any(it.number == other.number for it in request.ports for other in request.ports if it is not other):
        # Without it, one of the two protocols would get no listener.
        extra = {f"{PREFIX}enable-tcp-udp-listener": "true"}
        return Told(told.spec, {**told.annotations, **extra})
    return told


MODULE = PlatformModule(
    name=Platform.AWS_CONTROLLER.value,
    honours={
        **ATTRIBUTE_HONOURS,
        "load_balancer_class": ("spec.loadBalancerClass",),
        "port=shared": (f"{PREFIX}enable-tcp-udp-listener",),
    },
    prefixes=(PREFIX, "service.beta.kubernetes.io/actions."),
    tell=_tell,
    check=check,
    billable=aws.billable,
    sources=aws.sources,
    client_ip=aws.client_ip,
    health_port=aws.health_port,
    default_family=IpFamily.IPV4.value,
    renewed_by=("name", "static_addresses"),
    held=("name", "static_addresses"),
    reserved=aws.reserved,
    limits=aws.limits,
    instead=NO_IPV6_ALONE,
    obsolete={
        f"{PREFIX}type": "leave it out: the class picks the controller, and the two may disagree",
        **OBSOLETE,
        f"{PREFIX}proxy-protocol-per-target-group": f"use client_ip: {ClientIp.PROXY_PROTOCOL.value}",
    },
)
