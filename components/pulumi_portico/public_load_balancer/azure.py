"""Azure Kubernetes Service: rules on the cluster's Standard Load Balancer, with nodes as targets.

Source: kubernetes-sigs/cloud-provider-azure, pkg/consts/consts.go and pkg/provider, August 2026.
"""

import re
from typing import Any, Optional

from ..args.codes import define
from ..args.location import Field
from ..args.problems import Problems, Reason, Remove
from ..args.units import SECONDS
from ..args.values import Rule, whole_number
from ..lifecycle.cost import Assumption, Billable, Billing, ListPrices
from ..load_balancers import ClientIp, IpAddressType, Scope
from ..networking.network_policies import PeerSpec
from ..outputs import applied
from .access_annotations import AccessAnnotation, AccessEffect, further_clients, unenforced
from .azure_settings import AzureSettings
from .common import (
    IP_FAMILIES,
    TRAFFIC_POLICY,
    annotation_text,
    comma_list,
    comma_map,
    ip_families,
    is_client_ip_preserved,
    is_enforcement_disabled,
    pass_through_peers,
    session_affinity,
    source_ranges,
    traffic_policy,
)
from .common_rules import (
    check_address_count,
    check_node_targets_health,
    check_one_subnet,
    only_with_scope,
    private_address,
)
from .platform_module import Enforcement, PlatformModule, Request, ServiceFragment, Settings, client_ip_or_preserve
from .settings import HealthProtocol

__all__ = ["MODULE"]

_PREFIX = "service.beta.kubernetes.io/azure-"
_PROBE = f"{_PREFIX}load-balancer-health-probe-"
_INTERNAL = f"{_PREFIX}load-balancer-internal"
_SUBNET = f"{_PREFIX}load-balancer-internal-subnet"
_NAMES = (f"{_PREFIX}pip-name", f"{_PREFIX}pip-name-ipv6")
_ADDRESSES = (f"{_PREFIX}load-balancer-ipv4", f"{_PREFIX}load-balancer-ipv6")
_RANGES = f"{_PREFIX}allowed-ip-ranges"
_DENY = f"{_PREFIX}deny-all-except-load-balancer-source-ranges"
_TAGS = f"{_PREFIX}pip-tags"
_SERVICE_TAGS = f"{_PREFIX}allowed-service-tags"
_IDLE = f"{_PREFIX}load-balancer-tcp-idle-timeout"
_FLOATING_IP = f"{_PREFIX}disable-load-balancer-floating-ip"
_OF_PUBLIC_IP = {
    "resource_group": f"{_PREFIX}load-balancer-resource-group",
    "public_ip_prefix": f"{_PREFIX}pip-prefix-id",
    "public_ip_prefix_ipv6": f"{_PREFIX}pip-prefix-id-ipv6",
    "dns_label": f"{_PREFIX}dns-label-name",
}
"""The annotations of settings that a public IP has."""

_MINUTE = 60
_TIMEOUT = whole_number(4 * _MINUTE, 100 * _MINUTE, SECONDS)
_PROBE_SECONDS = 120
_PROBES = PeerSpec(cidr="168.63.129.16/32")
"""Where health checks come from, in every network of Azure (learn.microsoft.com, "What is IP address 168.63.129.16?").
On dataplanes without kube-proxy, such as Cilium, they reach the pods from there."""
_PROBE_INTERVAL = 5
_PROBE_FAILURES = 2

NOT_WHOLE_MINUTES = define(
    "not-whole-minutes", "{value} seconds aren't whole minutes.", allowed="a multiple of {minute}"
)
NOT_A_PUBLIC_IP = define(
    "not-a-public-ip-name",
    "{value} isn't the name of a public IP.",
    allowed="letters, digits, dots, hyphens, and underscores, at most 80 characters",
)
PATH_OF_TCP_CHECK = define(
    "path-of-tcp-check", "A TCP health check has no path.", allowed="only if {field} is http or https"
)
PROBES_TOO_LONG = define(
    "probes-too-long",
    "Together with {failures} failed checks, this takes {seconds} seconds.",
    allowed="less than {most} seconds in total",
    hint="Reduce {interval} or {unhealthy}.",
)
PREFIX_WITH_ADDRESSES = define(
    "public-ip-prefix-with-addresses", "Set either this or {other}, not both.", allowed="one of the two"
)
SHARED_LOAD_BALANCER = define(
    "assumed-shared-load-balancer", "It is for the cluster's one load balancer, which all Services share."
)
TAGS_WITHOUT_RANGES = define(
    "service-tags-without-ranges",
    "Without {allowed_sources}, AKS also admits the whole virtual network to an internal load balancer.",
    allowed="only together with {allowed_sources}",
    hint="Set {allowed_sources} to the private addresses that can connect.",
)
HEALTH_PORT_ANNOTATION = define(
    "health-port-needs-annotation",
    "Azure Kubernetes Service supports {field} only by an annotation.",
    allowed="the annotation service.beta.kubernetes.io/port_PORT_health-probe_port",
)


def _whole_minutes(value: int) -> Optional[Reason]:
    if reason := _TIMEOUT(value):
        return reason
    return Reason(NOT_WHOLE_MINUTES, {"minute": _MINUTE}, -(-value // _MINUTE) * _MINUTE) if value % _MINUTE else None


def _public_ip(value: str) -> Optional[Reason]:
    """The name of a public IP, as Azure Resource Manager allows it."""
    matches = re.fullmatch(r"(?![0-9.]+$)[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?", value)
    return None if matches else Reason(NOT_A_PUBLIC_IP)


def _static_address(request: Request) -> Rule:
    return _public_ip if request.is_internet else private_address


def _render(request: Request) -> ServiceFragment:
    ranges, annotations = _ranges(request)
    spec = {**traffic_policy(request), **ranges, **ip_families(request), **session_affinity(request)}
    return ServiceFragment(
        spec,
        {
            **({} if request.is_internet else {_INTERNAL: "true"}),
            **annotations,
            **_address_annotations(request),
            **_setting_annotations(request),
            **_health_annotations(request),
        },
    )


def _ranges(request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    """Who can connect: fields of the spec, and annotations."""
    ranges, annotations = source_ranges(request), dict[str, Any]()
    if tags := request.exposure.azure.service_tags:
        # The nodes also enforce the ranges in the spec, and would reject connections that the tags allow.
        annotations[_SERVICE_TAGS] = comma_list(tags)
        annotations |= {_RANGES: comma_list(ranges["loadBalancerSourceRanges"])} if ranges else {}
        ranges = {}
    if not request.is_internet and request.exposure.allowed_sources:
        # Without it, the whole virtual network can connect too.
        annotations[_DENY] = "true"
    return ranges, annotations


def _address_annotations(request: Request) -> dict[str, Any]:
    exposure = request.exposure
    keys = _NAMES if request.is_internet else _ADDRESSES
    ordered = keys[1:] if exposure.ip_address_type is IpAddressType.IPV6 else keys
    return dict(zip(ordered, exposure.static_addresses, strict=False))


def _setting_annotations(request: Request) -> dict[str, Any]:
    exposure, azure = request.exposure, request.exposure.azure
    annotations: dict[str, Any] = {}
    if exposure.subnets:
        annotations[_SUBNET] = comma_list(exposure.subnets)
    if exposure.tags:
        annotations[_TAGS] = comma_map(exposure.tags)
    if exposure.idle_timeout is not None:
        annotations[_IDLE] = applied(exposure.idle_timeout, lambda seconds: annotation_text(seconds // _MINUTE))
    values = {
        "resource_group": azure.resource_group,
        "public_ip_prefix": azure.public_ip_prefix,
        "public_ip_prefix_ipv6": azure.public_ip_prefix_ipv6,
        "dns_label": azure.dns_label,
    }
    annotations |= {_OF_PUBLIC_IP[name]: value for name, value in values.items() if value is not None}
    if azure.floating_ip is not None:
        annotations[_FLOATING_IP] = applied(azure.floating_ip, lambda enabled: annotation_text(not enabled))
    return annotations


def _health_annotations(request: Request) -> dict[str, Any]:
    health = request.exposure.health
    values = {"request-path": health.path, "interval": health.interval, "num-of-probe": health.unhealthy}
    annotations = {f"{_PROBE}{name}": annotation_text(value) for name, value in values.items() if value is not None}
    protocol = health.protocol or (HealthProtocol.HTTP if health.path is not None else None)
    return {**annotations, **({f"{_PROBE}protocol": protocol.value} if protocol else {})}


def _check_path(request: Request, problems: Problems) -> None:
    health, location = request.exposure.health, request.at / "health" / "path"
    if health.protocol is HealthProtocol.TCP and health.path is not None:
        fix = Remove(location.parent / "protocol")
        problems.report(PATH_OF_TCP_CHECK, location, field=Field("protocol"), fix=fix)


def _check_probes(request: Request, problems: Problems) -> None:
    health, at = request.exposure.health, request.at / "health"
    interval: Any = _PROBE_INTERVAL if health.interval is None else health.interval
    failures: Any = _PROBE_FAILURES if health.unhealthy is None else health.unhealthy
    if not isinstance(interval, int) or not isinstance(failures, int) or interval * failures < _PROBE_SECONDS:
        return
    problems.report(
        PROBES_TOO_LONG,
        at / "interval",
        value=interval,
        failures=failures,
        seconds=interval * failures,
        most=_PROBE_SECONDS,
        interval=Field("interval"),
        unhealthy=Field("unhealthy"),
    )


def _check_scope(request: Request, problems: Problems) -> None:
    if request.is_internet:
        only_with_scope(Scope.INTERNAL, ("subnets",), request, problems)
    else:
        of_public_ip = ("tags", *(f"azure.{name}" for name in _OF_PUBLIC_IP))
        only_with_scope(Scope.INTERNET, of_public_ip, request, problems)


def _check_service_tags(request: Request, problems: Problems) -> None:
    """AKS denies what the sources don't include only if there are ranges (`DenyAllExceptSourceRanges`)."""
    exposure = request.exposure
    if not request.is_internet and exposure.azure.service_tags and not exposure.allowed_sources:
        sources = request.at / "allowed_sources"
        problems.report(TAGS_WITHOUT_RANGES, request.at / "azure" / "service_tags", allowed_sources=sources)


def _check_prefixes(request: Request, problems: Problems) -> None:
    azure = request.exposure.azure
    prefixes = {"public_ip_prefix": azure.public_ip_prefix, "public_ip_prefix_ipv6": azure.public_ip_prefix_ipv6}
    for name, prefix in prefixes.items():
        if prefix is not None and request.exposure.static_addresses:
            location = request.at / "azure" / name
            other = Field("static_addresses")
            problems.report(PREFIX_WITH_ADDRESSES, location, other=other, fix=Remove(location))


def _sources(request: Request) -> list[PeerSpec]:
    # The addresses of service tags aren't known.
    peers = pass_through_peers(request, unlisted=bool(request.exposure.azure.service_tags))
    # If the client's address is preserved, the nodes respond to health checks.
    return peers if is_client_ip_preserved(request) else [*peers, _PROBES]


def _is_true(value: str) -> bool:
    return value.lower() == "true"


def _enforcement(request: Request) -> Enforcement:
    """The network security group of the nodes, which connections reach from the client's address. Without its rules,
    Kubernetes still enforces the ranges in the spec of the Service, which it doesn't have beside service tags, and only
    for connections to the load balancer's own address: without a floating IP, they come in by a node port."""
    if not is_enforcement_disabled(request):
        return Enforcement.BALANCER
    azure = request.exposure.azure
    by_node_port = azure.floating_ip not in (None, True)
    return Enforcement.NOTHING if azure.service_tags or by_node_port else Enforcement.NODES


def _billable(request: Request) -> Billable:
    addresses = (2 if request.exposure.is_dualstack else 1) if request.is_internet else 0
    return Billable(1, addresses, (Assumption(SHARED_LOAD_BALANCER),))


MODULE = PlatformModule(
    name="azure",
    title="Azure Kubernetes Service",
    kind="Standard Load Balancer",
    cloud="azure",
    controller="AKS",
    no_address_causes=(
        "The cluster's identity needs the role Network Contributor for the subnet or address (AuthorizationFailed).",
        "The subscription has no public address left in the region (PublicIPCountLimitReached).",
        "A static address is in another resource group than the cluster's nodes: set azure.resource_group.",
    ),
    billing=Billing(
        "azure",
        ListPrices(
            load_balancer_hour=0.025,
            public_address_hour=0.005,
            currency="USD",
            source="azure.microsoft.com/pricing/details/load-balancer and ip-addresses: five rules are included",
            date="2026-06-30",
        ),
        is_shared=True,
    ),
    settings=Settings("azure", AzureSettings),
    source_names={"azure.service_tags": "service tag"},
    names_of_everyone={"azure.service_tags": ("Internet",)},
    capabilities={
        "scope=internet": (_INTERNAL, _DENY),
        "scope=internal": (_INTERNAL, _DENY),
        "allowed_sources": ("spec.loadBalancerSourceRanges", _RANGES, _DENY),
        "client_ip=preserve": TRAFFIC_POLICY,
        "client_ip=hide": TRAFFIC_POLICY,
        "static_addresses": (*_NAMES, *_ADDRESSES),
        "subnets": (_SUBNET,),
        "ip_address_type=ipv4": IP_FAMILIES,
        "ip_address_type=ipv6": IP_FAMILIES,
        "ip_address_type=dualstack": IP_FAMILIES,
        "tags": (_TAGS,),
        "health.protocol": (f"{_PROBE}protocol",),
        "health.path": (f"{_PROBE}request-path", f"{_PROBE}protocol"),
        "health.interval": (f"{_PROBE}interval",),
        "health.unhealthy": (f"{_PROBE}num-of-probe",),
        "health.node_port": ("spec.healthCheckNodePort",),
        "idle_timeout": (_IDLE,),
        "session_affinity": ("spec.sessionAffinity",),
        **{f"azure.{name}": (key,) for name, key in _OF_PUBLIC_IP.items()},
        "azure.service_tags": (_SERVICE_TAGS, _RANGES, "spec.loadBalancerSourceRanges"),
        "azure.floating_ip": (_FLOATING_IP,),
        "protocol=UDP": (),
        "protocols=mixed": (),
        "port=shared": (),
    },
    annotation_prefixes=(_PREFIX, "service.beta.kubernetes.io/port_"),
    render=_render,
    rules=(
        check_node_targets_health,
        _check_path,
        _check_probes,
        check_address_count,
        check_one_subnet,
        _check_scope,
        _check_prefixes,
        _check_service_tags,
    ),
    billable=_billable,
    sources=_sources,
    enforcement=_enforcement,
    # Azure's "Multiple services with the same IP address".
    shares_addresses=lambda _: True,
    client_ip=client_ip_or_preserve,
    static_address=_static_address,
    limits={
        "idle_timeout": _whole_minutes,
        "health.interval": whole_number(5, 119, SECONDS),
        "health.unhealthy": whole_number(2, 23, "a number of checks"),
    },
    alternatives={"client_ip=proxy-protocol": ClientIp.PRESERVE, "health.port": HEALTH_PORT_ANNOTATION},
    access_annotations={
        # It comes from an address of the virtual network, whatever the client's own address is.
        f"{_PREFIX}pls-create": further_clients("clients of the Private Link Service", _is_true),
        f"{_PREFIX}disable-load-balancer-nsg-rule": unenforced(_is_true),
        # Public addresses of another load balancer, which lead to the nodes.
        f"{_PREFIX}additional-public-ips": AccessAnnotation(AccessEffect.INTERNET, lambda _: True),
        f"{_PREFIX}load-balancer-enable-high-availability-ports": AccessAnnotation(AccessEffect.EVERY_PORT, _is_true),
    },
    obsolete_annotations={f"{_PREFIX}shared-securityrule": None, f"{_PREFIX}load-balancer-mode": None},
)
