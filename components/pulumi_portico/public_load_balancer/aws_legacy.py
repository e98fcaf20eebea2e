"""The AWS cloud controller manager: a Network Load Balancer, with the nodes behind it.

Source: kubernetes/cloud-provider-aws, docs/service_controller.md and pkg/providers/v1, July 2026. Where the two differ,
the code counts: cross-zone and access logs are documented for the classic load balancer alone, and set on both.
"""

from typing import Any

from ..errors import Problems, Refusal
from ..load_balancers import ClientIp, IpFamily, Platform
from ..target import Protocol
from . import aws
from .aws import PREFIX
from .common import comma_map, families, local_when_preserved, source_ranges, text
from .platform_module import PlatformModule, Request, Told

__all__ = ["MODULE"]

_GROUP = f"{PREFIX}target-group-attributes"
_TYPE = f"{PREFIX}type"
_CLIENT_IP = (f"{_GROUP}#preserve_client_ip.enabled", f"{_GROUP}#proxy_protocol_v2.enabled")
_POLICY = "spec.externalTrafficPolicy"
_CROSS_ZONE = f"{PREFIX}cross-zone-load-balancing-enabled"
_LOGS = f"{PREFIX}access-log"
_THRESHOLDS = (f"{PREFIX}healthcheck-healthy-threshold", f"{PREFIX}healthcheck-unhealthy-threshold")


def _tell(request: Request) -> Told:
    logs = request.of("access_logs")
    annotations: dict[str, Any] = {
        # Without it, it would make a classic load balancer.
        _TYPE: "nlb",
        _GROUP: comma_map(_attributes(request)),
        **aws.placement_annotations(request),
        **aws.health_annotations(request),
        **aws.tls_annotations(request),
    }
    if not request.internet:
        annotations[f"{PREFIX}internal"] = "true"
    if "cross_zone" in request.exposure:
        annotations[_CROSS_ZONE] = text(request.exposure["cross_zone"])
    if logs:
        annotations[f"{_LOGS}-enabled"] = "true"
        annotations |= {f"{_LOGS}-s3-bucket-{'name' if key == 'bucket' else key}": logs[key] for key in logs}
    return Told({**local_when_preserved(request), **source_ranges(request), **families(request)}, annotations)


def _attributes(request: Request) -> dict[str, Any]:
    proxied = request.exposure.get("client_ip") == ClientIp.PROXY_PROTOCOL.value
    # Nodes that pass connections on hide the client's address in any case; from UDP targets AWS refuses to.
    kept = request.exposure.get("client_ip") == ClientIp.PRESERVE.value or request.speaks(Protocol.UDP)
    return {"preserve_client_ip.enabled": kept, "proxy_protocol_v2.enabled": proxied}


def _check(request: Request, problems: Problems, path: str) -> None:
    aws.check_places(request, problems, path)
    aws.check_security_groups(request, problems, path)
    aws.check_health(request, problems, path)
    aws.check_client_ip(request, problems, path)
    health, tls = request.of("health"), request.of("tls")
    counts = [health.get("healthy"), health.get("unhealthy")]
    if counts[0] != counts[1]:
        wrong = "is not the same as health.unhealthy, as it must be here"
        problems.note(f"{path}health.healthy", Refusal(wrong, "the same number for both", "give both"))
    certificates = tls.get("certificates", [])
    if len(certificates) > 1:
        refusal = Refusal(f"holds {len(certificates)}, and this controller takes one", "one certificate", "keep one")
        problems.note(f"{path}tls.certificates", refusal)
    if "access_logs" in request.exposure and not tls:
        wrong = "is written of TLS connections alone, and no port speaks TLS"
        problems.note(f"{path}access_logs", Refusal(wrong, "beside tls", "give tls, or use the VPC's flow logs"))


MODULE = PlatformModule(
    name=Platform.AWS_LEGACY.value,
    honours={
        "scope=internet": (f"{PREFIX}internal",),
        "scope=internal": (f"{PREFIX}internal",),
        "allowed_sources": ("spec.loadBalancerSourceRanges",),
        "client_ip=preserve": (*_CLIENT_IP, _POLICY),
        "client_ip=proxy-protocol": (*_CLIENT_IP, _POLICY),
        "client_ip=hide": (*_CLIENT_IP, _POLICY),
        "static_addresses": (f"{PREFIX}eip-allocations", f"{PREFIX}private-ipv4-addresses"),
        "subnets": (f"{PREFIX}subnets",),
        "address_family=IPv4": ("spec.ipFamilyPolicy", "spec.ipFamilies"),
        "tags": (f"{PREFIX}additional-resource-tags",),
        "health.protocol": (f"{PREFIX}healthcheck-protocol",),
        "health.path": (f"{PREFIX}healthcheck-path", f"{PREFIX}healthcheck-protocol"),
        "health.port": (f"{PREFIX}healthcheck-port",),
        "health.interval": (f"{PREFIX}healthcheck-interval",),
        "health.timeout": (f"{PREFIX}healthcheck-timeout",),
        # The two must be the same.
        "health.healthy": _THRESHOLDS,
        "health.unhealthy": _THRESHOLDS,
        "health.node_port": ("spec.healthCheckNodePort",),
        "tls.certificates": (f"{PREFIX}ssl-cert", f"{PREFIX}ssl-ports", f"{PREFIX}ssl-negotiation-policy"),
        "tls.ports": (f"{PREFIX}ssl-ports",),
        "tls.policy": (f"{PREFIX}ssl-negotiation-policy",),
        "tls.encrypt_to_pods": (f"{PREFIX}backend-protocol",),
        "cross_zone": (_CROSS_ZONE,),
        "access_logs.bucket": (f"{_LOGS}-enabled", f"{_LOGS}-s3-bucket-name"),
        "access_logs.prefix": (f"{_LOGS}-s3-bucket-prefix",),
        "aws.security_groups": (f"{PREFIX}security-groups",),
        "protocol=UDP": (),
    },
    prefixes=(PREFIX,),
    tell=_tell,
    check=_check,
    billable=aws.billable,
    sources=aws.sources,
    default_family=IpFamily.IPV4.value,
    renewed_by=("static_addresses", "subnets"),
    reserved=aws.reserved,
    limits={feature: rule for feature, rule in aws.limits.items() if feature != "idle_timeout"},
    instead={
        "session_affinity": "leave it out: this controller refuses the whole Service",
        "protocols=mixed": "make a balancer for each protocol: this controller refuses the whole Service",
        "load_balancer_class": "leave it out: this controller takes Services without a class alone",
        "aws.target_type": "leave it out: this controller reaches nodes alone",
    },
    obsolete={
        _TYPE: "leave it out: it is always nlb here",
        f"{PREFIX}proxy-protocol": "use client_ip: this one is for the classic load balancer alone",
        f"{PREFIX}extra-security-groups": "use aws.security_groups: this controller refuses it for an NLB",
        f"{PREFIX}connection-idle-timeout": "leave it out: it is for the classic load balancer alone",
        f"{PREFIX}connection-draining-enabled": "leave it out: it is for the classic load balancer alone",
        f"{PREFIX}connection-draining-timeout": "leave it out: it is for the classic load balancer alone",
    },
)
