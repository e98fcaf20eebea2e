"""Any other cluster: what Kubernetes itself defines for a Service of type LoadBalancer, and raw annotations.

Source: kubernetes/api, core/v1/types.go.
"""

from ..args.codes import define
from ..args.location import Field
from ..args.problems import Problems
from ..lifecycle.cost import Billable, Billing
from ..load_balancers import ClientIp
from .common import (
    IP_FAMILIES,
    TRAFFIC_POLICY,
    ip_families,
    load_balancer_class,
    pass_through_peers,
    session_affinity,
    source_ranges,
    traffic_policy,
)
from .common_rules import check_node_targets_health, report_no_effect
from .platform_module import Enforcement, PlatformModule, Request, ServiceFragment, client_ip_or_hide
from .proxy_protocol import enables_proxy_protocol

__all__ = ["MODULE"]

NEEDS_ANNOTATION = define(
    "needs-annotation",
    "Kubernetes has no field for {value}, so your controller must support it.",
    allowed="only if {needed} configures it",
    hint="Set {needed} as the documentation of your controller describes it.",
)
CONTROLLER_ANNOTATION = define(
    "needs-controller-annotation",
    "Kubernetes has no field for {field}.",
    allowed="the annotation of your controller, such as metallb.io/loadBalancerIPs for static addresses with MetalLB",
)


def _render(request: Request) -> ServiceFragment:
    return ServiceFragment(
        {
            **load_balancer_class(request),
            **traffic_policy(request),
            **source_ranges(request),
            **ip_families(request),
            **session_affinity(request),
        }
    )


def _enforcement(request: Request) -> Enforcement:
    """Kubernetes itself enforces the ranges, on the nodes (kube-proxy, or what replaces it), if connections reach them
    from the client's address. With the PROXY protocol, they come from the load balancer, whose controller can enforce
    the ranges or ignore them (core/v1/types.go, `loadBalancerSourceRanges`)."""
    is_proxied = client_ip_or_hide(request) is ClientIp.PROXY_PROTOCOL
    return Enforcement.UNKNOWN if is_proxied else Enforcement.NODES


def _check_internal(request: Request, problems: Problems) -> None:
    exposure = request.exposure
    if not request.is_internet and not exposure.annotations and exposure.load_balancer_class is None:
        needed = [Field("load_balancer_class"), Field("annotations")]
        problems.report(NEEDS_ANNOTATION, request.at / "scope", value=exposure.scope.value, needed=needed)


def _check_proxy_protocol(request: Request, problems: Problems) -> None:
    exposure = request.exposure
    enabled = any(enables_proxy_protocol(key, value) for key, value in exposure.annotations.items())
    if exposure.client_ip is ClientIp.PROXY_PROTOCOL:
        if not enabled and not exposure.proxy_protocol_configured:
            location, value = request.at / "client_ip", exposure.client_ip.value
            needed = [Field("annotations"), Field("proxy_protocol_configured")]
            problems.report(NEEDS_ANNOTATION, location, value=value, needed=needed)
    elif exposure.proxy_protocol_configured:
        report_no_effect(problems, request.at / "proxy_protocol_configured", "client_ip", ClientIp.PROXY_PROTOCOL)


def _billable(request: Request) -> Billable:
    return Billable(1, public_addresses=int(request.is_internet))


_NEED_ANNOTATIONS = ("static_addresses", "tls.certificates", "health.path", "subnets", "name")

MODULE = PlatformModule(
    name="generic",
    title="any other cluster",
    kind="load balancer",
    cloud="generic",
    controller="a controller for Services of type LoadBalancer, such as MetalLB,",
    billing=Billing("generic"),
    capabilities={
        "scope=internet": (),
        "scope=internal": (),
        "allowed_sources": ("spec.loadBalancerSourceRanges",),
        "client_ip=preserve": TRAFFIC_POLICY,
        "client_ip=proxy-protocol": TRAFFIC_POLICY,
        "client_ip=hide": TRAFFIC_POLICY,
        "proxy_protocol_configured": (),
        "ip_address_type=ipv4": IP_FAMILIES,
        "ip_address_type=ipv6": IP_FAMILIES,
        "ip_address_type=dualstack": IP_FAMILIES,
        "health.node_port": ("spec.healthCheckNodePort",),
        "session_affinity": ("spec.sessionAffinity",),
        "load_balancer_class": ("spec.loadBalancerClass",),
        "protocol=UDP": (),
        "protocol=SCTP": (),
        "protocols=mixed": (),
        "port=shared": (),
    },
    annotation_prefixes=(),
    render=_render,
    rules=(_check_internal, check_node_targets_health, _check_proxy_protocol),
    billable=_billable,
    sources=pass_through_peers,
    enforcement=_enforcement,
    alternatives=dict.fromkeys(_NEED_ANNOTATIONS, CONTROLLER_ANNOTATION),
)
