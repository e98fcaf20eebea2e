"""Google Kubernetes Engine: a passthrough Network Load Balancer, with nodes as targets.

Source: kubernetes/ingress-gce, pkg/l4/annotations and pkg/l4/resources, August 2026; the GKE documentation,
"LoadBalancer Service parameters" and "Create a mixed-protocol external load balancer".
"""

import re
from collections.abc import Mapping
from typing import Any, Optional

from ..args.codes import define
from ..args.location import FieldPath
from ..args.problems import Problems, Reason, Set
from ..lifecycle.cost import Billable, Billing, ListPrices
from ..load_balancers import ClientIp, IpAddressType, Scope
from .access_annotations import further_clients
from .common import (
    IP_FAMILIES,
    TRAFFIC_POLICY,
    annotation_text,
    comma_list,
    ip_families,
    is_client_ip_preserved,
    load_balancer_class,
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
    report_no_effect,
)
from .gke_settings import GkeSettings
from .platform_module import Enforcement, PlatformModule, Request, ServiceFragment, Settings, client_ip_or_preserve

__all__ = ["MODULE"]

_TYPE = "networking.gke.io/load-balancer-type"
_BACKEND_SERVICE = "cloud.google.com/l4-rbs"
_ADDRESSES = "networking.gke.io/load-balancer-ip-addresses"
_SUBNET = "networking.gke.io/load-balancer-subnet"
_GLOBAL = "networking.gke.io/internal-load-balancer-allow-global-access"
_TIER = "cloud.google.com/network-tier"
_WEIGHTED = "networking.gke.io/weighted-load-balancing"

_CLASSES: Mapping[Scope, str] = {
    Scope.INTERNET: "networking.gke.io/l4-regional-external",
    Scope.INTERNAL: "networking.gke.io/l4-regional-internal",
}
"""GKE 1.33.1-gke.1779000 and newer reads them; the internal one requires GKE subsetting."""

_RULES_AT_ONE_PRICE = 5
"""The number of a project's forwarding rules that together cost as much as one (0.025 USD per hour)."""
_FURTHER_RULE = 0.4
"""The price of each further one (0.01 USD per hour), as a part of the price of one."""

NOT_AN_ADDRESS_NAME = define(
    "not-an-address-name",
    "{value} isn't the name of a reserved address.",
    allowed="the names of regional addresses: lowercase letters, digits, and hyphens, at most 63 characters",
)
CLASS_FOR_OTHER_SCOPE = define(
    "load-balancer-class-for-other-scope",
    "{value} isn't the class of load balancers whose scope is {scope}.",
    allowed="{class_name}",
)
INTERNAL_MIXED_PROTOCOLS = define(
    "internal-mixed-protocols",
    "GKE doesn't support several protocols on one internal load balancer.",
    allowed="one protocol",
    hint="Create one load balancer for each protocol.",
)


def _address_name(value: str) -> Optional[Reason]:
    return None if re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", value) else Reason(NOT_AN_ADDRESS_NAME)


def _render(request: Request) -> ServiceFragment:
    exposure, gke = request.exposure, request.exposure.gke
    annotations: dict[str, Any] = {}
    if exposure.load_balancer_class is None:
        annotations |= {_BACKEND_SERVICE: "enabled"} if request.is_internet else {_TYPE: "Internal"}
    if exposure.static_addresses:
        annotations[_ADDRESSES] = comma_list(exposure.static_addresses)
    if exposure.subnets:
        annotations[_SUBNET] = comma_list(exposure.subnets)
    if gke.network_tier is not None:
        annotations[_TIER] = gke.network_tier.value
    if gke.global_access is not None:
        annotations[_GLOBAL] = annotation_text(gke.global_access)
    if gke.weighted:
        annotations[_WEIGHTED] = "pods-per-node"
    spec = {
        **load_balancer_class(request),
        **traffic_policy(request),
        **source_ranges(request),
        **ip_families(request),
        **session_affinity(request),
    }
    return ServiceFragment(spec, annotations)


def _check_class(request: Request, problems: Problems) -> None:
    exposure = request.exposure
    chosen, expected = exposure.load_balancer_class, _CLASSES[exposure.scope]
    if chosen not in (None, expected):
        location, scope = request.at / "load_balancer_class", exposure.scope
        fix = Set(location, expected)
        problems.report(CLASS_FOR_OTHER_SCOPE, location, value=chosen, scope=scope, class_name=expected, fix=fix)


def _check_scope(request: Request, problems: Problems) -> None:
    if request.is_internet:
        only_with_scope(Scope.INTERNAL, ("gke.global_access",), request, problems)
        return
    only_with_scope(Scope.INTERNET, ("gke.network_tier",), request, problems)
    if len(request.protocols) > 1:
        problems.report(INTERNAL_MIXED_PROTOCOLS, request.ports_location)


def _check_subnets(request: Request, problems: Problems) -> None:
    ipv6 = (IpAddressType.IPV6, IpAddressType.DUALSTACK)
    if request.is_internet and request.exposure.subnets and request.exposure.ip_address_type not in ipv6:
        report_no_effect(problems, request.at / "subnets", "ip_address_type", *ipv6)


def _check_weights(request: Request, problems: Problems) -> None:
    if request.exposure.gke.weighted and not is_client_ip_preserved(request):
        report_no_effect(problems, request.at / "gke" / "weighted", "client_ip", ClientIp.PRESERVE)


def _billable(request: Request) -> Billable:
    rules = len(request.protocols) * (2 if request.exposure.is_dualstack else 1)
    return Billable(rules, public_addresses=int(request.is_internet))


def _units(rules: int) -> float:
    return min(rules, 1) + _FURTHER_RULE * max(0, rules - _RULES_AT_ONE_PRICE)


MODULE = PlatformModule(
    name="gke",
    title="Google Kubernetes Engine",
    kind="passthrough Network Load Balancer",
    cloud="google",
    controller="GKE",
    no_address_causes=(
        "A static address is in use, or in another region or network tier than the cluster.",
        "The project has no quota left for forwarding rules, backend services, or addresses (QUOTA_EXCEEDED).",
        "An organization policy forbids external load balancers (compute.restrictLoadBalancerCreationForTypes).",
    ),
    minimum_version="1.25.5",
    billing=Billing(
        "gke",
        ListPrices(
            load_balancer_hour=0.025,
            public_address_hour=0.0,
            currency="USD",
            source="cloud.google.com/load-balancing/pricing: up to five forwarding rules cost this together",
            date="2026-06-30",
            units=_units,
        ),
    ),
    settings=Settings("gke", GkeSettings),
    capabilities={
        "scope=internet": (_BACKEND_SERVICE, _TYPE),
        "scope=internal": (_BACKEND_SERVICE, _TYPE),
        "allowed_sources": ("spec.loadBalancerSourceRanges",),
        "client_ip=preserve": TRAFFIC_POLICY,
        "client_ip=hide": TRAFFIC_POLICY,
        "static_addresses": (_ADDRESSES,),
        "subnets": (_SUBNET,),
        "ip_address_type=ipv4": IP_FAMILIES,
        "ip_address_type=ipv6": IP_FAMILIES,
        "ip_address_type=dualstack": IP_FAMILIES,
        "health.node_port": ("spec.healthCheckNodePort",),
        "session_affinity": ("spec.sessionAffinity",),
        "load_balancer_class": ("spec.loadBalancerClass", _BACKEND_SERVICE, _TYPE),
        "gke.network_tier": (_TIER,),
        "gke.global_access": (_GLOBAL,),
        "gke.weighted": (_WEIGHTED,),
        "protocol=UDP": (),
        "protocols=mixed": (),
        "port=shared": (),
    },
    annotation_prefixes=("networking.gke.io/", "cloud.google.com/"),
    render=_render,
    rules=(
        _check_class,
        check_node_targets_health,
        check_address_count,
        check_one_subnet,
        _check_scope,
        _check_subnets,
        _check_weights,
    ),
    billable=_billable,
    sources=pass_through_peers,
    # A VPC firewall rule in front of the nodes, which connections reach from the client's address.
    enforcement=lambda _: Enforcement.BALANCER,
    # An internal address with the purpose SHARED_LOADBALANCER_VIP.
    shares_addresses=lambda request: not request.is_internet,
    client_ip=client_ip_or_preserve,
    replaced_by_change_of=("gke.network_tier",),
    static_address=lambda _: _address_name,
    alternatives={"client_ip=proxy-protocol": ClientIp.PRESERVE},
    classes=tuple(_CLASSES.values()),
    access_annotations={
        "cloud.google.com/neg": further_clients(
            "load balancers that use the Service's network endpoint group", lambda value: "exposed_ports" in value
        )
    },
    obsolete_annotations={
        "cloud.google.com/load-balancer-type": FieldPath(("scope",)),
        "networking.gke.io/internal-load-balancer-subnet": FieldPath(("subnets",)),
    },
)
