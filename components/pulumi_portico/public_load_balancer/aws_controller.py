"""The AWS Load Balancer Controller: a Network Load Balancer, with pods or nodes as targets.

Source: kubernetes-sigs/aws-load-balancer-controller, docs/guide/service/annotations.md and nlb.md, August 2026.
"""

from collections.abc import Mapping
from typing import Any, Optional

from ..args.codes import define
from ..args.location import Field, FieldPath, Key, Location
from ..args.problems import Problems, Remove
from ..lifecycle.aws import AWS, AWS_PRICES, MISSING_RIGHT, TWO_TAGGED_GROUPS, UNTAGGED_SUBNETS, WEBHOOK_BLOCKED
from ..lifecycle.cost import Billing
from ..load_balancers import PRIVATE_ADDRESSES, ClientIp, IpAddressType
from ..networking.exposing_annotations import is_true
from ..networking.ports import ServicePort
from ..networking.session_affinity import SessionAffinity
from ..networking.target import Protocol
from . import aws
from .access_annotations import AccessAnnotation, further_clients, unenforced
from .aws import PREFIX, enforced_by_targets
from .common import (
    IP_FAMILIES,
    annotation_text,
    comma_list,
    comma_map,
    is_enforcement_disabled,
    load_balancer_class,
    session_affinity,
    source_ranges,
    tls_ports,
)
from .platform_module import Enforcement, Feature, PlatformModule, PlatformRule, Request, ServiceFragment

__all__ = [
    "ACCESS_ANNOTATIONS",
    "CAPABILITIES",
    "MODULE",
    "NO_IPV6_ONLY",
    "OBSOLETE",
    "RULES",
    "enforcement",
    "render_network_load_balancer",
]

_CLASS = "service.k8s.aws/nlb"
_TYPE = f"{PREFIX}type"
_ATTRIBUTES = f"{PREFIX}attributes"
_GROUP = f"{PREFIX}target-group-attributes"
_LISTENER = f"{PREFIX}listener-attributes.{{protocol}}-{{port}}"
_LISTENER_TCP_UDP = f"{PREFIX}enable-tcp-udp-listener"
_CLIENT_IP = (
    f"{_GROUP}#preserve_client_ip.enabled",
    f"{_GROUP}#proxy_protocol_v2.enabled",
    "spec.externalTrafficPolicy",
)

CAPABILITIES: Mapping[Feature, tuple[str, ...]] = {
    "scope=internet": (f"{PREFIX}scheme",),
    "scope=internal": (f"{PREFIX}scheme",),
    "allowed_sources": ("spec.loadBalancerSourceRanges",),
    "client_ip=preserve": _CLIENT_IP,
    "client_ip=proxy-protocol": _CLIENT_IP,
    "client_ip=hide": _CLIENT_IP,
    "static_addresses": (f"{PREFIX}eip-allocations", f"{PREFIX}private-ipv4-addresses"),
    "subnets": (f"{PREFIX}subnets",),
    "ip_address_type=ipv4": (f"{PREFIX}ip-address-type",),
    "ip_address_type=dualstack": (
        f"{PREFIX}ip-address-type",
        f"{PREFIX}enable-prefix-for-ipv6-source-nat",
        *IP_FAMILIES,
    ),
    "name": (f"{PREFIX}name",),
    "tags": (f"{PREFIX}additional-resource-tags",),
    **aws.HEALTH_CAPABILITIES,
    "health.healthy": (f"{PREFIX}healthcheck-healthy-threshold",),
    "health.unhealthy": (f"{PREFIX}healthcheck-unhealthy-threshold",),
    "health.success_codes": (f"{PREFIX}healthcheck-success-codes",),
    **aws.TLS_CAPABILITIES,
    "tls.alpn": (f"{PREFIX}alpn-policy",),
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
    # The target has the drain, not the exposure. Raw annotations must not set what configures it either.
    "drain": (f"{_GROUP}#deregistration_delay.timeout_seconds",),
}
"""What both controllers support that read these annotations."""

OBSOLETE: Mapping[str, Optional[Location]] = {
    _TYPE: None,
    f"{PREFIX}internal": FieldPath(("scope",)),
    f"{PREFIX}proxy-protocol": FieldPath(("client_ip",)),
    f"{PREFIX}cross-zone-load-balancing-enabled": FieldPath(("cross_zone",)),
    f"{PREFIX}access-log-enabled": FieldPath(("access_logs",)),
    f"{PREFIX}access-log-s3-bucket-name": FieldPath(("access_logs", "bucket")),
    f"{PREFIX}access-log-s3-bucket-prefix": FieldPath(("access_logs", "prefix")),
}
"""Annotations that such controllers don't read, or no longer read, or that contradict the class."""

NO_IPV6_ONLY: Mapping[Feature, IpAddressType] = {"ip_address_type=ipv6": IpAddressType.DUALSTACK}
"""The alternative to Network Load Balancers with only IPv6, which AWS doesn't have."""

ATTRIBUTE_OF_FIELD = define(
    "attribute-of-field", "{field} sets this attribute.", allowed="attributes that no field sets", hint="Set {field}."
)
STICKINESS_WITH_TLS = define(
    "session-affinity-with-tls", "AWS doesn't support this for ports that use TLS.", allowed="only if {tls} isn't set"
)
IDLE_TIMEOUT_WITHOUT_TCP = define(
    "idle-timeout-without-tcp",
    "No port accepts TCP connections without TLS, and AWS fixes the timeout of others.",
    allowed="only if a TCP port doesn't use TLS",
)


ACCESS_ANNOTATIONS: Mapping[str, AccessAnnotation] = {
    # A Network Load Balancer that was created without a security group can't get one.
    f"{PREFIX}disable-nlb-sg": unenforced(is_true, is_fixed=True),
    # By default, the security group also decides about clients of the VPC's endpoint services.
    f"{PREFIX}inbound-sg-rules-on-private-link-traffic": further_clients(
        "clients of AWS PrivateLink", lambda value: value.lower() != "on", FieldPath(("allowed_sources",))
    ),
}
"""Annotations without a field that change who can connect."""
SHARED_PORT_TARGETS = define(
    "shared-port-with-two-targets",
    "The controller sends both protocols of port {number} to one target port, and {other} has {target}.",
    allowed="the same target port for both protocols",
    hint="Choose another port, or let the pods listen on one port for both protocols.",
)


def enforcement(request: Request) -> Enforcement:
    """The load balancer has a security group with the sources, unless an annotation disables it. Given groups and
    prefix lists then have no effect."""
    if not is_enforcement_disabled(request):
        return Enforcement.BALANCER
    settings = request.exposure.aws
    if settings.security_groups or settings.prefix_lists:
        return Enforcement.NOTHING
    found = enforced_by_targets(request)
    # Each Service has node ports of its own, and pods of several Services can have the same port.
    return Enforcement.SHARED if found is Enforcement.NODES and aws.has_ip_targets(request) else found


def render_network_load_balancer(request: Request, class_name: str) -> ServiceFragment:
    """The Service for a controller that reads these annotations."""
    exposure = request.exposure
    has_ip_targets = aws.has_ip_targets(request)
    is_local = not has_ip_targets and aws.client_ip(request) is ClientIp.PRESERVE
    node_port = exposure.health.node_port
    spec = {
        **load_balancer_class(request, class_name),
        "externalTrafficPolicy": "Local" if is_local else "Cluster",
        # Connections go to the pods, so the nodes need no port.
        "allocateLoadBalancerNodePorts": not has_ip_targets,
        **({"healthCheckNodePort": node_port} if node_port else {}),
        **(source_ranges(request) or _private_ranges(request)),
        **_ip_families(request),
        **({} if has_ip_targets else session_affinity(request)),
    }
    annotations = {
        f"{PREFIX}scheme": "internet-facing" if request.is_internet else "internal",
        f"{PREFIX}nlb-target-type": "ip" if has_ip_targets else "instance",
        _ATTRIBUTES: comma_map(_load_balancer_attributes(request)),
        _GROUP: comma_map(_target_group_attributes(request)),
        **aws.placement_annotations(request),
        **aws.health_annotations(request),
        **aws.tls_annotations(request),
        **_listener_annotations(request),
        **_ip_address_annotations(request),
        **_name_annotations(request),
        **_source_annotations(request),
    }
    return ServiceFragment(spec, annotations)


def _ip_families(request: Request) -> dict[str, Any]:
    """For UDP, AWS accepts only targets of IPv6 on a dual-stack load balancer (aws-load-balancer-controller#3926).

    The controller derives the targets' addresses from the families of the Service. A cluster has only IPv4 or only IPv6
    on EKS, so one without IPv6 rejects the Service.
    """
    is_ipv6 = request.exposure.is_dualstack and request.uses(Protocol.UDP)
    return {"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv6"]} if is_ipv6 else {}


def _private_ranges(request: Request) -> dict[str, Any]:
    """The private network, for an internal load balancer without a security group and without sources: the targets'
    groups would otherwise admit only the VPC."""
    if request.is_internet or not is_enforcement_disabled(request):
        return {}
    return {"loadBalancerSourceRanges": [cidr for cidr in PRIVATE_ADDRESSES if ":" not in cidr]}


def _name_annotations(request: Request) -> dict[str, Any]:
    name = request.exposure.name
    return {} if name is None else {f"{PREFIX}name": name}


def _source_annotations(request: Request) -> dict[str, Any]:
    settings, annotations = request.exposure.aws, dict[str, Any]()
    if settings.security_groups:
        managed = True if settings.manage_backend_rules is None else settings.manage_backend_rules
        annotations[f"{PREFIX}manage-backend-security-group-rules"] = annotation_text(managed)
    if settings.prefix_lists:
        annotations[f"{PREFIX}security-group-prefix-lists"] = comma_list(settings.prefix_lists)
    return annotations


def _load_balancer_attributes(request: Request) -> dict[str, Any]:
    exposure, logs = request.exposure, request.exposure.access_logs
    # Each is always set: removing one from the annotation doesn't reset it.
    attributes: dict[str, Any] = {
        "load_balancing.cross_zone.enabled": False if exposure.cross_zone is None else exposure.cross_zone,
        "deletion_protection.enabled": bool(exposure.deletion_protection),
        "access_logs.s3.enabled": logs is not None,
    }
    if logs is not None:
        attributes["access_logs.s3.bucket"] = logs.bucket
        if logs.prefix is not None:
            attributes["access_logs.s3.prefix"] = logs.prefix
    return {**exposure.aws.load_balancer_attributes, **attributes}


def _target_group_attributes(request: Request) -> dict[str, Any]:
    client_ip, is_sticky = aws.client_ip(request), request.exposure.session_affinity is SessionAffinity.CLIENT_IP
    # AWS can't hide the address from UDP targets. Nodes that forward connections hide it in any case.
    is_preserved = client_ip is ClientIp.PRESERVE or request.uses(Protocol.UDP)
    attributes: dict[str, Any] = {
        "preserve_client_ip.enabled": is_preserved,
        "proxy_protocol_v2.enabled": client_ip is ClientIp.PROXY_PROTOCOL,
        "stickiness.enabled": is_sticky,
    }
    if is_sticky:
        attributes["stickiness.type"] = "source_ip"
    if request.drain is not None:
        attributes["deregistration_delay.timeout_seconds"] = request.drain
    return {**request.exposure.aws.target_group_attributes, **attributes}


def _plain_tcp_ports(request: Request) -> list[int]:
    """The numbers of the TCP ports that don't use TLS."""
    secure = tls_ports(request)
    return [port.number for port in request.ports if port.protocol == Protocol.TCP.value and port.name not in secure]


def _listener_annotations(request: Request) -> dict[str, Any]:
    timeout = request.exposure.idle_timeout
    if timeout is None:
        return {}
    seconds = comma_map({"tcp.idle_timeout.seconds": timeout})
    udp = {port.number for port in request.ports if port.protocol == Protocol.UDP.value}
    protocols = {number: "TCP_UDP" if number in udp else "TCP" for number in _plain_tcp_ports(request)}
    return {_LISTENER.format(protocol=protocol, port=number): seconds for number, protocol in protocols.items()}


def _ip_address_annotations(request: Request) -> dict[str, Any]:
    exposure = request.exposure
    if exposure.ip_address_type is None:
        return {}
    annotations = {f"{PREFIX}ip-address-type": "dualstack" if exposure.is_dualstack else "ipv4"}
    if exposure.is_dualstack and request.uses(Protocol.UDP):
        # Without it, AWS rejects UDP listeners on a dual-stack load balancer.
        annotations[f"{PREFIX}enable-prefix-for-ipv6-source-nat"] = "on"
    return annotations


def _check_attributes(request: Request, problems: Problems) -> None:
    """Report attributes that a field sets."""
    settings, at = request.exposure.aws, request.at / "aws"
    given = (
        (at / "load_balancer_attributes", _ATTRIBUTES, settings.load_balancer_attributes),
        (at / "target_group_attributes", _GROUP, settings.target_group_attributes),
    )
    for location, annotation, attributes in given:
        for key in attributes:
            names = (name for name, settings in CAPABILITIES.items() if f"{annotation}#{key}" in settings)
            if feature := next(names, None):
                field = FieldPath(feature.partition("=")[0].split("."))
                edit = Remove(location / Key(key) if len(attributes) > 1 else location)
                problems.report(ATTRIBUTE_OF_FIELD, location / Key(key), field=field, fix=edit)


def _check_session_affinity(request: Request, problems: Problems) -> None:
    location = request.at / "session_affinity"
    if request.exposure.session_affinity is SessionAffinity.CLIENT_IP and tls_ports(request):
        problems.report(STICKINESS_WITH_TLS, location, tls=Field("tls"), fix=Remove(location))


def _check_idle_timeout(request: Request, problems: Problems) -> None:
    location = request.at / "idle_timeout"
    if request.exposure.idle_timeout is not None and not _plain_tcp_ports(request):
        problems.report(IDLE_TIMEOUT_WITHOUT_TCP, location, fix=Remove(location))


def _check_shared_ports(request: Request, problems: Problems) -> None:
    """Report a port whose protocols have different target ports: the controller creates one listener of the first one
    (aws-load-balancer-controller#1608)."""
    first: dict[int, ServicePort] = {}
    for port in request.ports:
        other = first.setdefault(port.number, port)
        if port.target != other.target:
            where = request.location_of(port, "target_port")
            problems.report(
                SHARED_PORT_TARGETS,
                where,
                value=port.target,
                number=port.number,
                other=other.name,
                target=other.target,
            )


RULES: tuple[PlatformRule, ...] = (
    *aws.RULES,
    _check_attributes,
    _check_session_affinity,
    _check_idle_timeout,
    _check_shared_ports,
)
"""What such controllers don't support in combination."""


def _render(request: Request) -> ServiceFragment:
    fragment = render_network_load_balancer(request, _CLASS)
    numbers = [port.number for port in request.ports]
    if len(numbers) > len(set(numbers)):
        # Without it, one of the two protocols would get no listener.
        return ServiceFragment(fragment.spec, {**fragment.annotations, _LISTENER_TCP_UDP: "true"})
    return fragment


MODULE = PlatformModule(
    name="aws-controller",
    title="AWS Load Balancer Controller",
    kind=aws.KIND,
    cloud=AWS,
    controller="the AWS Load Balancer Controller",
    minimum_version="2.6",
    no_address_causes=(
        "It isn't installed or doesn't start: it usually runs in the namespace kube-system.",
        UNTAGGED_SUBNETS,
        TWO_TAGGED_GROUPS,
        WEBHOOK_BLOCKED,
        MISSING_RIGHT,
    ),
    billing=Billing("aws-controller", AWS_PRICES),
    settings=aws.SETTINGS,
    source_names=aws.SOURCE_NAMES,
    capabilities={
        **CAPABILITIES,
        "load_balancer_class": ("spec.loadBalancerClass",),
        "port=shared": (_LISTENER_TCP_UDP,),
    },
    annotation_prefixes=(PREFIX, "service.beta.kubernetes.io/actions."),
    render=_render,
    rules=RULES,
    billable=aws.billable,
    sources=aws.sources,
    enforcement=enforcement,
    client_ip=aws.client_ip,
    health_port=aws.health_port,
    default_ip_address_type=IpAddressType.IPV4,
    replaced_by_change_of=("name", "static_addresses"),
    exclusive=("name", "static_addresses"),
    static_address=aws.static_address,
    limits=aws.LIMITS,
    alternatives=NO_IPV6_ONLY,
    access_annotations=ACCESS_ANNOTATIONS,
    classes=(_CLASS,),
    obsolete_annotations={**OBSOLETE, f"{PREFIX}proxy-protocol-per-target-group": FieldPath(("client_ip",))},
)
