"""The AWS cloud controller manager: a Network Load Balancer, with nodes as targets.

Source: kubernetes/cloud-provider-aws, docs/service_controller.md and pkg/providers/v1, July 2026. Where the two differ,
the code counts: it sets cross-zone and access logs for both kinds, and the docs mention only the classic load balancer.
"""

from typing import Any

from ..args.codes import define
from ..args.location import FieldPath
from ..args.problems import Problems, Set
from ..lifecycle.aws import AWS, AWS_PRICES, MISSING_RIGHT, TWO_TAGGED_GROUPS, UNTAGGED_SUBNETS
from ..lifecycle.cost import Billing
from ..load_balancers import ClientIp, IpAddressType
from ..networking.target import Protocol
from . import aws
from .aws import PREFIX
from .aws_settings import SecurityGroupMode
from .common import annotation_text, comma_map, ip_families, source_ranges, traffic_policy
from .common_rules import trimmed
from .platform_module import Enforcement, PlatformModule, Request, ServiceFragment

__all__ = ["MODULE"]

_GROUP = f"{PREFIX}target-group-attributes"
_TYPE = f"{PREFIX}type"
_CLIENT_IP = (
    f"{_GROUP}#preserve_client_ip.enabled",
    f"{_GROUP}#proxy_protocol_v2.enabled",
    "spec.externalTrafficPolicy",
)
_CROSS_ZONE = f"{PREFIX}cross-zone-load-balancing-enabled"
_LOGS = f"{PREFIX}access-log"
_THRESHOLDS = (f"{PREFIX}healthcheck-healthy-threshold", f"{PREFIX}healthcheck-unhealthy-threshold")

THRESHOLDS_DIFFER = define("health-thresholds-differ", "This differs from {other}.", allowed="the same number for both")
SEVERAL_CERTIFICATES = define("several-certificates", "There are {count} certificates.", allowed="one certificate")
GROUPS_NOT_MANAGED = define(
    "security-groups-not-managed",
    "The AWS cloud controller manager ignores security groups unless its NLBSecurityGroupMode is Managed: everyone who "
    "reaches the load balancer can connect.",
    allowed="only if {mode} is {managed}",
    hint="If the controller's configuration has that mode, set {mode} to {managed}. If not, set {allowed_sources}, and "
    "{client_ip} to {preserve}.",
)
TLS_WITH_MANAGED_GROUP = define(
    "tls-with-managed-security-group",
    "The AWS cloud controller manager gives the security group of a TLS port a rule that AWS rejects.",
    allowed="only with {security_groups}, or without {mode}",
    hint="Set {security_groups}, or remove {mode}.",
)


def _render(request: Request) -> ServiceFragment:
    exposure = request.exposure
    annotations: dict[str, Any] = {
        # Without it, the controller creates a classic load balancer.
        _TYPE: "nlb",
        _GROUP: comma_map(_attributes(request)),
        **aws.placement_annotations(request),
        **aws.health_annotations(request),
        **aws.tls_annotations(request),
    }
    if not request.is_internet:
        annotations[f"{PREFIX}internal"] = "true"
    if exposure.cross_zone is not None:
        annotations[_CROSS_ZONE] = annotation_text(exposure.cross_zone)
    if exposure.access_logs is not None:
        annotations[f"{_LOGS}-enabled"] = "true"
        annotations[f"{_LOGS}-s3-bucket-name"] = exposure.access_logs.bucket
        if exposure.access_logs.prefix is not None:
            annotations[f"{_LOGS}-s3-bucket-prefix"] = exposure.access_logs.prefix
    spec = {**traffic_policy(request), **source_ranges(request), **ip_families(request)}
    return ServiceFragment(spec, annotations)


def _attributes(request: Request) -> dict[str, Any]:
    client_ip = request.exposure.client_ip
    # Nodes that forward connections hide the client's address in any case. AWS can't hide it from UDP targets.
    is_preserved = client_ip is ClientIp.PRESERVE or request.uses(Protocol.UDP)
    return {
        "preserve_client_ip.enabled": is_preserved,
        "proxy_protocol_v2.enabled": client_ip is ClientIp.PROXY_PROTOCOL,
    }


def _is_managed(request: Request) -> bool:
    return request.exposure.aws.security_group_mode is SecurityGroupMode.MANAGED


def _enforcement(request: Request) -> Enforcement:
    """In its default mode, the controller gives a Network Load Balancer no security group."""
    return Enforcement.BALANCER if _is_managed(request) else aws.enforced_by_targets(request)


def _check_security_groups(request: Request, problems: Problems) -> None:
    if request.exposure.aws.security_groups and not _is_managed(request):
        at = request.at
        needed: dict[str, Any] = {"mode": at / "aws" / "security_group_mode", "managed": SecurityGroupMode.MANAGED}
        instead: dict[str, Any] = {"allowed_sources": at / "allowed_sources", "client_ip": at / "client_ip"}
        location = at / "aws" / "security_groups"
        problems.report(GROUPS_NOT_MANAGED, location, preserve=ClientIp.PRESERVE, **needed, **instead)


def _check_managed_tls(request: Request, problems: Problems) -> None:
    """A rule of the group that it creates has the protocol of the listener, tls (`ensureNLBSecurityGroupRules`)."""
    settings, location = request.exposure.aws, request.at / "tls"
    if request.exposure.tls is not None and _is_managed(request) and not settings.security_groups:
        at = request.at / "aws"
        fields: dict[str, Any] = {"security_groups": at / "security_groups", "mode": at / "security_group_mode"}
        problems.report(TLS_WITH_MANAGED_GROUP, location, **fields)


def _check_thresholds(request: Request, problems: Problems) -> None:
    health, at = request.exposure.health, request.at / "health"
    if health.healthy == health.unhealthy:
        return
    # One of the two is set.
    name, value = ("unhealthy", health.unhealthy) if health.healthy is None else ("healthy", health.healthy)
    other = "healthy" if name == "unhealthy" else "unhealthy"
    fix = Set(at / other, value) if isinstance(value, int) else None
    problems.report(THRESHOLDS_DIFFER, at / "healthy", other=at / "unhealthy", fix=fix)


def _check_certificates(request: Request, problems: Problems) -> None:
    tls, location = request.exposure.tls, request.at / "tls" / "certificates"
    if tls is not None and len(tls.certificates) > 1:
        fix = trimmed(location, tls.certificates, 1)
        problems.report(SEVERAL_CERTIFICATES, location, count=len(tls.certificates), fix=fix)


MODULE = PlatformModule(
    name="aws-legacy",
    title="AWS cloud controller manager",
    kind=aws.KIND,
    cloud=AWS,
    controller="the AWS cloud controller manager",
    no_address_causes=(
        "The AWS Load Balancer Controller is installed, and takes the Services: choose the platform aws-controller.",
        UNTAGGED_SUBNETS,
        TWO_TAGGED_GROUPS,
        MISSING_RIGHT,
    ),
    billing=Billing("aws-legacy", AWS_PRICES),
    settings=aws.SETTINGS,
    source_names=aws.SOURCE_NAMES,
    capabilities={
        "scope=internet": (f"{PREFIX}internal",),
        "scope=internal": (f"{PREFIX}internal",),
        "allowed_sources": ("spec.loadBalancerSourceRanges",),
        "client_ip=preserve": _CLIENT_IP,
        "client_ip=proxy-protocol": _CLIENT_IP,
        "client_ip=hide": _CLIENT_IP,
        "static_addresses": (f"{PREFIX}eip-allocations", f"{PREFIX}private-ipv4-addresses"),
        "subnets": (f"{PREFIX}subnets",),
        "ip_address_type=ipv4": ("spec.ipFamilyPolicy", "spec.ipFamilies"),
        "tags": (f"{PREFIX}additional-resource-tags",),
        **aws.HEALTH_CAPABILITIES,
        # The two must be equal.
        "health.healthy": _THRESHOLDS,
        "health.unhealthy": _THRESHOLDS,
        **aws.TLS_CAPABILITIES,
        "cross_zone": (_CROSS_ZONE,),
        "access_logs.bucket": (f"{_LOGS}-enabled", f"{_LOGS}-s3-bucket-name"),
        "access_logs.prefix": (f"{_LOGS}-s3-bucket-prefix",),
        "aws.security_groups": (f"{PREFIX}security-groups",),
        # The user states it of the cluster. It configures nothing.
        "aws.security_group_mode": (),
        "protocol=UDP": (),
    },
    annotation_prefixes=(PREFIX,),
    render=_render,
    rules=(*aws.RULES, _check_security_groups, _check_managed_tls, _check_thresholds, _check_certificates),
    billable=aws.billable,
    sources=aws.sources,
    enforcement=_enforcement,
    default_ip_address_type=IpAddressType.IPV4,
    replaced_by_change_of=("static_addresses", "subnets", "aws.security_group_mode"),
    static_address=aws.static_address,
    limits={feature: rule for feature, rule in aws.LIMITS.items() if feature != "idle_timeout"},
    obsolete_annotations={
        _TYPE: None,
        f"{PREFIX}proxy-protocol": FieldPath(("client_ip",)),
        f"{PREFIX}extra-security-groups": FieldPath(("aws", "security_groups")),
        f"{PREFIX}connection-idle-timeout": None,
        f"{PREFIX}connection-draining-enabled": None,
        f"{PREFIX}connection-draining-timeout": None,
        # What only the AWS Load Balancer Controller reads, and looks like a decision about who can connect.
        f"{PREFIX}scheme": FieldPath(("scope",)),
        f"{PREFIX}security-group-prefix-lists": FieldPath(("allowed_sources",)),
        f"{PREFIX}manage-backend-security-group-rules": None,
        f"{PREFIX}disable-nlb-sg": None,
        f"{PREFIX}inbound-sg-rules-on-private-link-traffic": None,
    },
)
