"""Any other cluster: what Kubernetes itself defines for a Service of type LoadBalancer, and raw annotations.

Source: kubernetes/api, core/v1/types.go.
"""

from ..errors import Problems, Refusal
from ..lifecycle.cost import Billable
from ..load_balancers import ClientIp, Platform
from .common import (
    affinity,
    check_node_health,
    check_node_port,
    class_of,
    families,
    from_nodes_or_clients,
    local_when_preserved,
    preserves,
    source_ranges,
)
from .platform_module import PlatformModule, Request, Told

__all__ = ["MODULE"]

_POLICY = ("spec.externalTrafficPolicy",)
_FAMILIES = ("spec.ipFamilyPolicy", "spec.ipFamilies")


def _tell(request: Request) -> Told:
    return Told(
        {
            **class_of(request),
            **local_when_preserved(request),
            **source_ranges(request),
            **families(request),
            **affinity(request),
        }
    )


def _check(request: Request, problems: Problems, path: str) -> None:
    exposure = request.exposure
    annotations = exposure.get("annotations", {})
    if not request.internet and not annotations and "load_balancer_class" not in exposure:
        problems.add(
            f"{path}scope",
            exposure["scope"],
            Refusal(
                "is something that Kubernetes has no field for, so nothing would tell the platform",
                "with the load_balancer_class or the annotation that makes your platform's load balancer internal",
                "add it, or write internet and the allowed_sources that may reach it",
            ),
        )
    (check_node_health if preserves(request) else check_node_port)(request, problems, path)
    if exposure.get("client_ip") == ClientIp.PROXY_PROTOCOL.value:
        if not any("proxy-protocol" in key for key in annotations):
            wrong = "is something that Kubernetes has no field for, so the load balancer would not be told"
            allowed = "with the annotation that makes your platform's load balancer speak it"
            problems.add(f"{path}client_ip", exposure["client_ip"], Refusal(wrong, allowed, "add it, or use preserve"))
    else:
        for key in annotations:
            if "proxy-protocol" in key:
                wrong = "makes the load balancer speak the PROXY protocol, and client_ip says that it does not"
                fix = "set client_ip to proxy-protocol"
                problems.note(f"{path}annotations.{key}", Refusal(wrong, "with client_ip proxy-protocol", fix))


def _billable(request: Request) -> Billable:
    return Billable(1, public_addresses=int(request.internet))


MODULE = PlatformModule(
    name=Platform.GENERIC.value,
    honours={
        "scope=internet": (),
        "scope=internal": (),
        "allowed_sources": ("spec.loadBalancerSourceRanges",),
        "client_ip=preserve": _POLICY,
        "client_ip=proxy-protocol": _POLICY,
        "client_ip=hide": _POLICY,
        "address_family=IPv4": _FAMILIES,
        "address_family=IPv6": _FAMILIES,
        "address_family=dual": _FAMILIES,
        "health.node_port": ("spec.healthCheckNodePort",),
        "session_affinity": ("spec.sessionAffinity",),
        "load_balancer_class": ("spec.loadBalancerClass",),
        "protocol=UDP": (),
        "protocol=SCTP": (),
        "protocols=mixed": (),
        "port=shared": (),
    },
    prefixes=(),
    tell=_tell,
    check=_check,
    billable=_billable,
    sources=from_nodes_or_clients,
    instead={
        "static_addresses": "write your controller's own annotation, for MetalLB metallb.io/loadBalancerIPs",
        "tls.certificates": "write your controller's own annotations, or let the pods end TLS",
        "health.path": "write your controller's own annotations",
        "subnets": "write your controller's own annotation",
        "name": "write your controller's own annotation",
    },
)
