"""Azure Kubernetes Service: rules on the cluster's Standard Load Balancer, with the nodes behind it.

Source: kubernetes-sigs/cloud-provider-azure, pkg/consts/consts.go and pkg/provider, August 2026.
"""

import re
from typing import Any, Optional

from ..errors import Problems, Refusal
from ..lifecycle.cost import Billable
from ..load_balancers import Platform, Scope
from ..network_policy import Peer
from ..outputs import applied
from ..values import Rule, whole_number
from .common import (
    affinity,
    check_node_health,
    check_node_port,
    check_one_of_each,
    clients,
    comma_list,
    comma_map,
    families,
    from_nodes_or_clients,
    local_when_preserved,
    note_out_of_place,
    preserves,
    private_address,
    source_ranges,
    text,
)
from .platform_module import PlatformModule, Request, Told
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
_IDLE = f"{_PREFIX}load-balancer-tcp-idle-timeout"
_POLICY = ("spec.externalTrafficPolicy",)
_FAMILIES = ("spec.ipFamilyPolicy", "spec.ipFamilies")
_MINUTE = 60
_PROBE_SECONDS = 120

_HEALTH = {"path": "request-path", "interval": "interval", "unhealthy": "num-of-probe"}
_OWN = {
    "resource_group": "load-balancer-resource-group",
    "public_ip_prefix": "pip-prefix-id",
    "public_ip_prefix_ipv6": "pip-prefix-id-ipv6",
    "dns_label": "dns-label-name",
}


def _whole_minutes(value: int) -> Optional[Refusal]:
    within = whole_number(4 * _MINUTE, 100 * _MINUTE, "a number of seconds that Azure takes")(value)
    if within is not None or value % _MINUTE == 0:
        return within
    fix = f"write {-(-value // _MINUTE) * _MINUTE}"
    return Refusal("is not a number of whole minutes, and Azure takes no other", "a multiple of 60", fix)


def _public_ip(value: str) -> Optional[Refusal]:
    """The name of a public IP, as Azure Resource Manager takes it."""
    if re.fullmatch(r"(?![0-9.]+$)[A-Za-z0-9]([A-Za-z0-9._-]{0,78}[A-Za-z0-9_])?", value):
        return None
    return Refusal("is not the name of a public IP", "the name that the public IP was made by")


def _reserved(request: Request) -> Rule:
    return _public_ip if request.internet else private_address


def _tell(request: Request) -> Told:
    exposure, azure = request.exposure, request.of("azure")
    annotations: dict[str, Any] = {} if request.internet else {_INTERNAL: "true"}
    ranges = source_ranges(request)
    if tags := azure.get("service_tags"):
        # The ranges in the Service's spec would be held to by the nodes too, and keep out what the tags let in.
        annotations[f"{_PREFIX}allowed-service-tags"] = comma_list(tags)
        annotations |= {_RANGES: comma_list(ranges["loadBalancerSourceRanges"])} if ranges else {}
        ranges = {}
    if not request.internet and exposure.get("allowed_sources"):
        # Without it, the whole virtual network is let in beside them.
        annotations[_DENY] = "true"
    places = _NAMES if request.internet else _ADDRESSES
    annotations |= dict(zip(_place_order(request, places), exposure.get("static_addresses", []), strict=False))
    if subnets := exposure.get("subnets"):
        annotations[_SUBNET] = comma_list(subnets)
    if "tags" in exposure:
        annotations[_TAGS] = comma_map(exposure["tags"])
    if "idle_timeout" in exposure:
        annotations[_IDLE] = applied(exposure["idle_timeout"], lambda seconds: text(seconds // _MINUTE))
    annotations |= {f"{_PREFIX}{theirs}": azure[ours] for ours, theirs in _OWN.items() if ours in azure}
    if "floating_ip" in azure:
        disabled = applied(azure["floating_ip"], lambda enabled: text(not enabled))
        annotations[f"{_PREFIX}disable-load-balancer-floating-ip"] = disabled
    spec = {**local_when_preserved(request), **ranges, **families(request), **affinity(request)}
    return Told(spec, {**annotations, **_health(request)})


def _place_order(request: Request, places: tuple[str, ...]) -> tuple[str, ...]:
    return places[1:] if request.exposure.get("address_family") == "IPv6" else places


def _health(request: Request) -> dict[str, Any]:
    health = request.of("health")
    told = {f"{_PROBE}{theirs}": text(health[ours]) for ours, theirs in _HEALTH.items() if ours in health}
    protocol = health.get("protocol", HealthProtocol.HTTP.value if "path" in health else None)
    return {**told, **({f"{_PROBE}protocol": protocol} if protocol else {})}


def _check(request: Request, problems: Problems, path: str) -> None:
    exposure, health = request.exposure, request.of("health")
    (check_node_health if preserves(request) else check_node_port)(request, problems, path)
    if health.get("protocol") == HealthProtocol.TCP.value and "path" in health:
        refusal = Refusal(
            "is asked for over HTTP, and the protocol is tcp", "http or https", "leave health.protocol out"
        )
        problems.note(f"{path}health.path", refusal)
    interval: Any = health.get("interval", 5)
    failures: Any = health.get("unhealthy", 2)
    known = isinstance(interval, int) and isinstance(failures, int)
    if known and (seconds := interval * failures) >= _PROBE_SECONDS:
        wrong = f"makes {seconds} seconds together with health.unhealthy"
        problems.add(f"{path}health.interval", interval, Refusal(wrong, f"less than {_PROBE_SECONDS} seconds in all"))
    check_one_of_each(request, problems, path)
    if request.internet:
        note_out_of_place(request, problems, path, {"subnets": f"with scope {Scope.INTERNAL.value}"})
    else:
        public = ("tags", *(f"azure.{it}" for it in _OWN))
        note_out_of_place(request, problems, path, dict.fromkeys(public, "with scope internet: it is of the public IP"))
    for prefix in ("public_ip_prefix", "public_ip_prefix_ipv6"):
        if prefix in request.of("azure") and "static_addresses" in exposure:
            refusal = Refusal("stands beside static_addresses", "one of the two", "keep one of the two")
            problems.note(f"{path}azure.{prefix}", refusal)


def _sources(request: Request) -> list[Peer]:
    if preserves(request) and request.of("azure").get("service_tags"):
        return clients(request, unlisted=True)
    return from_nodes_or_clients(request)


def _billable(request: Request) -> Billable:
    addresses = (2 if request.wants_dual() else 1) if request.internet else 0
    return Billable(1, addresses, "the cluster's one load balancer, which all Services share")


MODULE = PlatformModule(
    name=Platform.AZURE.value,
    honours={
        "scope=internet": (_INTERNAL, _DENY),
        "scope=internal": (_INTERNAL, _DENY),
        "allowed_sources": ("spec.loadBalancerSourceRanges", _RANGES, _DENY),
        "client_ip=preserve": _POLICY,
        "client_ip=hide": _POLICY,
        "static_addresses": (*_NAMES, *_ADDRESSES),
        "subnets": (_SUBNET,),
        "address_family=IPv4": _FAMILIES,
        "address_family=IPv6": _FAMILIES,
        "address_family=dual": _FAMILIES,
        "tags": (_TAGS,),
        "health.protocol": (f"{_PROBE}protocol",),
        "health.path": (f"{_PROBE}request-path", f"{_PROBE}protocol"),
        "health.interval": (f"{_PROBE}interval",),
        "health.unhealthy": (f"{_PROBE}num-of-probe",),
        "health.node_port": ("spec.healthCheckNodePort",),
        "idle_timeout": (_IDLE,),
        "session_affinity": ("spec.sessionAffinity",),
        "azure.resource_group": (f"{_PREFIX}load-balancer-resource-group",),
        "azure.public_ip_prefix": (f"{_PREFIX}pip-prefix-id",),
        "azure.public_ip_prefix_ipv6": (f"{_PREFIX}pip-prefix-id-ipv6",),
        "azure.dns_label": (f"{_PREFIX}dns-label-name",),
        "azure.service_tags": (f"{_PREFIX}allowed-service-tags", _RANGES, "spec.loadBalancerSourceRanges"),
        "azure.floating_ip": (f"{_PREFIX}disable-load-balancer-floating-ip",),
        "protocol=UDP": (),
        "protocols=mixed": (),
        "port=shared": (),
    },
    prefixes=(_PREFIX, "service.beta.kubernetes.io/port_"),
    tell=_tell,
    check=_check,
    billable=_billable,
    sources=_sources,
    reserved=_reserved,
    limits={
        "idle_timeout": _whole_minutes,
        "health.interval": whole_number(5, 119, "a number of seconds that Azure takes"),
        "health.unhealthy": whole_number(2, 23, "a number of failures that Azure takes"),
    },
    instead={
        "client_ip=proxy-protocol": "use preserve",
        "tls.certificates": "let the pods end TLS, or put a gateway in front",
        "health.port": "write the annotation service.beta.kubernetes.io/port_PORT_health-probe_port",
        "name": "leave it out: the load balancer is the cluster's, and its name too",
    },
    obsolete={
        f"{_PREFIX}shared-securityrule": "leave it out: it is documented, and nothing reads it",
        f"{_PREFIX}load-balancer-mode": "leave it out: it is for the Basic load balancer, which is retired",
    },
)
