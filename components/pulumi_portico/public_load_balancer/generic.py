"""Any other cluster: what Kubernetes itself defines for a Service of type LoadBalancer, and raw annotations.

Source: kubernetes/api, core/v1/types.go.
"""

from collections.abc import Mapping

from ..args.codes import define
from ..args.location import Field, Key
from ..args.problems import Problems, Remove
from ..lifecycle.cost import Billable, Billing
from ..load_balancers import ClientIp, Scope
from ..networking.exposing_annotations import is_true
from ..untyped import Manifest
from .access_annotations import AccessAnnotation, scope_switch
from .common import (
    IP_FAMILIES,
    NODE_PORTS,
    TRAFFIC_POLICY,
    ip_families,
    load_balancer_class,
    pass_through_peers,
    session_affinity,
    source_ranges,
    traffic_policy,
)
from .common_rules import check_node_targets_health, private_address, report_no_effect, trimmed
from .platform_module import Enforcement, PlatformModule, Request, ServiceFragment, client_ip_or_hide
from .proxy_protocol import enables_proxy_protocol

__all__ = ["MODULE"]

NEEDS_ANNOTATION = define(
    "needs-annotation",
    "Kubernetes has no field for {value}, so your controller must support it.",
    allowed="only if {needed} configures it",
    hint="Set {needed} as the documentation of your controller describes it.",
)
CLASS_IS_INTERNAL = define(
    "class-is-internal",
    "{title} creates the load balancers of the class {value}, which only its own network reaches.",
    allowed="only if {field} is {needed}",
)
CLASS_IGNORES_SOURCES = define(
    "class-ignores-sources",
    "{title} ignores this: its own policies decide who can connect.",
    allowed="only with another {field}",
)
CONTROLLER_ANNOTATION = define(
    "needs-controller-annotation",
    "Kubernetes has no field for {field}.",
    allowed="the annotation of your controller, such as service.beta.kubernetes.io/do-loadbalancer-name",
)

ONE_ADDRESS = define(
    "one-static-address",
    "There are {count} addresses, and Kubernetes has a field for one.",
    allowed="one address; for several, the annotation of your controller, such as metallb.io/loadBalancerIPs",
)
ADDRESS_TWICE = define(
    "static-address-of-annotation",
    "This annotation and {field} set the same thing.",
    allowed="only one of them",
)

_TAILSCALE = "tailscale"


def _render(request: Request) -> ServiceFragment:
    return ServiceFragment(
        {
            **load_balancer_class(request),
            **_address(request),
            **traffic_policy(request),
            **source_ranges(request),
            **ip_families(request),
            **session_affinity(request),
        }
    )


def _address(request: Request) -> Manifest:
    """The address that the controller should assign. Kubernetes deprecates the field, and Oracle's and OpenStack's
    controllers read nothing else for it."""
    addresses = request.exposure.static_addresses
    return {"loadBalancerIP": addresses[0]} if addresses else {}


def _enforcement(request: Request) -> Enforcement:
    """If the client's address is preserved, the nodes enforce the ranges: Kubernetes for connections to the load
    balancer's own address, and the NetworkPolicy of the pods for all.

    Otherwise, only the load balancer can, and its controller can ignore the ranges (core/v1/types.go,
    `loadBalancerSourceRanges`). Connections then reach the pods from addresses that the NetworkPolicy has to allow, and
    kube-proxy checks the ranges only for connections to the load balancer's own address (pkg/proxy/iptables/proxier.go,
    the chain KUBE-FW), not for those to node ports, which most load balancers connect to."""
    return Enforcement.NODES if client_ip_or_hide(request) is ClientIp.PRESERVE else Enforcement.UNKNOWN


def _check_internal(request: Request, problems: Problems) -> None:
    exposure = request.exposure
    if not request.is_internet and not exposure.annotations and exposure.load_balancer_class is None:
        needed = [Field("load_balancer_class"), Field("annotations")]
        problems.report(NEEDS_ANNOTATION, request.at / "scope", value=exposure.scope.value, needed=needed)


def _check_class(request: Request, problems: Problems) -> None:
    """The Tailscale operator makes a proxy in the Tailscale network, and doesn't read `loadBalancerSourceRanges`
    (tailscale/tailscale, cmd/k8s-operator/svc.go)."""
    exposure = request.exposure
    if exposure.load_balancer_class != _TAILSCALE:
        return
    title, location = "The Tailscale operator", request.at / "load_balancer_class"
    if request.is_internet:
        field, needed = Field("scope"), Scope.INTERNAL
        problems.report(CLASS_IS_INTERNAL, location, value=_TAILSCALE, title=title, field=field, needed=needed)
    if exposure.allowed_sources:
        sources = request.at / "allowed_sources"
        fix = None if request.is_internet else Remove(sources)
        problems.report(CLASS_IGNORES_SOURCES, sources, title=title, field=Field("load_balancer_class"), fix=fix)


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


def _check_address(request: Request, problems: Problems) -> None:
    """Report several addresses, and those that an annotation sets too: MetalLB rejects a Service with both."""
    addresses, at = request.exposure.static_addresses, request.at / "static_addresses"
    if len(addresses) > 1:
        problems.report(ONE_ADDRESS, at, count=len(addresses), fix=trimmed(at, addresses, 1))
    for key in request.exposure.annotations:
        if addresses and key in _ADDRESS_ANNOTATIONS:
            where = request.at / "annotations" / Key(key)
            problems.report(ADDRESS_TWICE, where, field=Field("static_addresses"), fix=Remove(at))


_ADDRESS_ANNOTATIONS = frozenset(
    {
        "io.cilium/lb-ipam-ips",
        "kube-vip.io/loadbalancerIPs",
        "lbipam.cilium.io/ips",
        "loadbalancer.openstack.org/load-balancer-address",
        "metallb.io/loadBalancerIPs",
        "metallb.universe.tf/loadBalancerIPs",
    }
)
"""The annotations of controllers that set the address."""


def _is(*words: str) -> AccessAnnotation:
    return scope_switch(lambda value: value.lower() in words)


_SCOPE_ANNOTATIONS: Mapping[str, AccessAnnotation] = {
    "service.beta.kubernetes.io/do-loadbalancer-network": _is("internal"),
    "service.beta.kubernetes.io/oci-load-balancer-internal": scope_switch(is_true),
    "oci-network-load-balancer.oraclecloud.com/internal": scope_switch(is_true),
    "service.beta.kubernetes.io/openstack-internal-load-balancer": scope_switch(is_true),
    "load-balancer.hetzner.cloud/disable-public-network": scope_switch(is_true),
    "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type": _is("private"),
    "service.beta.kubernetes.io/scw-loadbalancer-private": scope_switch(is_true),
    "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": _is("intranet"),
    "service.beta.kubernetes.io/cce-load-balancer-internal-vpc": scope_switch(is_true),
    "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid": scope_switch(bool),
}
"""The annotations that decide the scope on other clouds: DigitalOcean, Oracle, OpenStack (also OVH), Hetzner, IBM,
Scaleway, Alibaba, Baidu, and Tencent. Source: the documentation of their cloud controller managers."""


def _billable(request: Request) -> Billable:
    return Billable(1, public_addresses=int(request.is_internet))


_NEED_ANNOTATIONS = ("tls.certificates", "health.path", "subnets", "name")

MODULE = PlatformModule(
    name="generic",
    title="any other cluster",
    kind="load balancer",
    cloud="generic",
    controller="a controller for Services of type LoadBalancer, such as MetalLB,",
    no_address_causes=(
        "The cluster has no such controller, as most clusters outside a cloud: install one.",
        "No address of its pool is free, or none has the requested IP version.",
        "It handles only Services of its own class: set load_balancer_class.",
    ),
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
        "static_addresses": ("spec.loadBalancerIP",),
        "health.node_port": ("spec.healthCheckNodePort",),
        "node_ports": NODE_PORTS,
        "session_affinity": ("spec.sessionAffinity",),
        "load_balancer_class": ("spec.loadBalancerClass",),
        "protocol=UDP": (),
        "protocol=SCTP": (),
        "protocols=mixed": (),
        "port=shared": (),
    },
    annotation_prefixes=(),
    render=_render,
    rules=(_check_internal, _check_class, check_node_targets_health, _check_proxy_protocol, _check_address),
    billable=_billable,
    sources=pass_through_peers,
    enforcement=_enforcement,
    access_annotations=_SCOPE_ANNOTATIONS,
    # Kubernetes has no field for it.
    decides_scope=False,
    replaced_by_change_of=("static_addresses",),
    static_address=lambda _request: private_address,
    alternatives=dict.fromkeys(_NEED_ANNOTATIONS, CONTROLLER_ANNOTATION),
)
