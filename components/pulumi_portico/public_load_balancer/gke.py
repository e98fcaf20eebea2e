"""Google Kubernetes Engine: a passthrough Network Load Balancer, with the nodes behind it.

Source: kubernetes/ingress-gce, pkg/l4/annotations and pkg/l4/resources, August 2026; the GKE documentation,
"LoadBalancer Service parameters" and "Create a mixed-protocol external load balancer".
"""

import re
from typing import Any, Optional

from ..errors import Problems, Refusal
from ..lifecycle.cost import Billable
from ..load_balancers import IpFamily, Platform, Scope
from .common import (
    affinity,
    check_node_health,
    check_node_port,
    check_one_of_each,
    class_of,
    comma_list,
    families,
    from_nodes_or_clients,
    local_when_preserved,
    note_out_of_place,
    preserves,
    source_ranges,
    text,
)
from .platform_module import PlatformModule, Request, Told

__all__ = ["MODULE"]

_TYPE = "networking.gke.io/load-balancer-type"
_BACKEND_SERVICE = "cloud.google.com/l4-rbs"
_ADDRESSES = "networking.gke.io/load-balancer-ip-addresses"
_SUBNET = "networking.gke.io/load-balancer-subnet"
_GLOBAL = "networking.gke.io/internal-load-balancer-allow-global-access"
_TIER = "cloud.google.com/network-tier"
_WEIGHTED = "networking.gke.io/weighted-load-balancing"
_POLICY = ("spec.externalTrafficPolicy",)
_FAMILIES = ("spec.ipFamilyPolicy", "spec.ipFamilies")

_CLASSES = {
    Scope.INTERNET.value: "networking.gke.io/l4-regional-external",
    Scope.INTERNAL.value: "networking.gke.io/l4-regional-internal",
}
"""Read by GKE 1.33.1-gke.1779000 and newer; the internal one wants GKE subsetting."""


def _address_name(value: str) -> Optional[Refusal]:
    if re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", value):
        return None
    allowed = "the names of regional addresses: lower-case letters, digits and hyphens"
    return Refusal("is not the name of a reserved address", allowed, "write the name that the address was reserved by")


def _tell(request: Request) -> Told:
    exposure, gke = request.exposure, request.of("gke")
    annotations: dict[str, Any] = {}
    if "load_balancer_class" not in exposure:
        annotations |= {_BACKEND_SERVICE: "enabled"} if request.internet else {_TYPE: "Internal"}
    if addresses := exposure.get("static_addresses"):
        annotations[_ADDRESSES] = comma_list(addresses)
    if subnets := exposure.get("subnets"):
        annotations[_SUBNET] = comma_list(subnets)
    if "network_tier" in gke:
        annotations[_TIER] = gke["network_tier"]
    if "global_access" in gke:
        annotations[_GLOBAL] = text(gke["global_access"])
    if gke.get("weighted", False):
        annotations[_WEIGHTED] = "pods-per-node"
    spec = {
        **class_of(request),
        **local_when_preserved(request),
        **source_ranges(request),
        **families(request),
        **affinity(request),
    }
    return Told(spec, annotations)


def _check(request: Request, problems: Problems, path: str) -> None:
    exposure = request.exposure
    chosen, wanted = exposure.get("load_balancer_class"), _CLASSES[exposure["scope"]]
    if chosen not in (None, wanted):
        refusal = Refusal(f"does not make a load balancer for scope {exposure['scope']}", wanted, f"write {wanted}")
        problems.add(f"{path}load_balancer_class", chosen, refusal)
    (check_node_health if preserves(request) else check_node_port)(request, problems, path)
    check_one_of_each(request, problems, path)
    if request.internet:
        note_out_of_place(request, problems, path, {"gke.global_access": "with scope internal"})
        if exposure.get("address_family") not in (IpFamily.IPV6.value, IpFamily.DUAL.value):
            note_out_of_place(request, problems, path, {"subnets": "with scope internal, or for IPv6"})
    else:
        note_out_of_place(request, problems, path, {"gke.network_tier": "with scope internet"})
        if len({port.protocol for port in request.ports}) > 1:
            wrong = "speak TCP and UDP, which an internal load balancer here cannot do together"
            problems.note("ports", Refusal(wrong, "one protocol", "make a balancer for each protocol"))
    if request.of("gke").get("weighted", False) and not preserves(request):
        wrong = "weighs nodes by their own pods, and client_ip does not keep connections there"
        problems.note(f"{path}gke.weighted", Refusal(wrong, "with client_ip preserve", "set client_ip to preserve"))


def _billable(request: Request) -> Billable:
    protocols = len({port.protocol for port in request.ports})
    return Billable(protocols * (2 if request.wants_dual() else 1), public_addresses=int(request.internet))


MODULE = PlatformModule(
    name=Platform.GKE.value,
    honours={
        "scope=internet": (_BACKEND_SERVICE, _TYPE),
        "scope=internal": (_BACKEND_SERVICE, _TYPE),
        "allowed_sources": ("spec.loadBalancerSourceRanges",),
        "client_ip=preserve": _POLICY,
        "client_ip=hide": _POLICY,
        "static_addresses": (_ADDRESSES,),
        "subnets": (_SUBNET,),
        "address_family=IPv4": _FAMILIES,
        "address_family=IPv6": _FAMILIES,
        "address_family=dual": _FAMILIES,
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
    prefixes=("networking.gke.io/", "cloud.google.com/"),
    tell=_tell,
    check=_check,
    billable=_billable,
    sources=from_nodes_or_clients,
    renewed_by=("gke.network_tier",),
    reserved=lambda _: _address_name,
    instead={
        "client_ip=proxy-protocol": "use preserve: the load balancer passes packets through as they are",
        "tls.certificates": "let the pods end TLS, or put a gateway in front",
    },
    obsolete={
        "cloud.google.com/load-balancer-type": f"use scope: {Scope.INTERNAL.value}",
        "networking.gke.io/internal-load-balancer-subnet": "use subnets",
    },
)
