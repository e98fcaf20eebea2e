"""What several platforms configure in the same way, and how values become the text of annotations.

Pure: Outputs pass through at the leaves.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..load_balancers import EVERYONE, PRIVATE_ADDRESSES, ClientIp, IpAddressType
from ..networking.network_policies import PeerSpec
from ..networking.session_affinity import SessionAffinity
from ..networking.target import Protocol
from ..outputs import applied, joined, words
from ..untyped import Manifest
from .access_annotations import AccessEffect
from .platform_module import Request
from .platforms import module_of

__all__ = [
    "IP_FAMILIES",
    "NODE_PORTS",
    "TRAFFIC_POLICY",
    "annotation_text",
    "client_ip_of",
    "client_peers",
    "comma_list",
    "comma_map",
    "ip_families",
    "is_client_ip_preserved",
    "is_enforcement_disabled",
    "load_balancer_class",
    "pass_through_peers",
    "platform_peers",
    "session_affinity",
    "source_ranges",
    "tls_ports",
    "traffic_policy",
]

_FAMILIES: Mapping[IpAddressType, Manifest] = {
    IpAddressType.IPV4: {"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]},
    IpAddressType.IPV6: {"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv6"]},
    IpAddressType.DUALSTACK: {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"]},
}

TRAFFIC_POLICY = ("spec.externalTrafficPolicy",)
"""What configures in Kubernetes whether connections keep the client's address."""

NODE_PORTS = ("spec.ports.nodePort",)
"""What configures in Kubernetes which ports of the nodes lead to the Service."""

IP_FAMILIES = ("spec.ipFamilyPolicy", "spec.ipFamilies")
"""What configures in Kubernetes which IP addresses a Service has."""


def annotation_text(value: Any) -> Any:
    """A value as an annotation has it; an Output of it, if it is one."""
    return applied(value, lambda known: json.dumps(known) if isinstance(known, bool) else str(known))


def comma_list(values: Iterable[Any]) -> Any:
    """Values with commas between them; an Output, if one of them is."""
    return joined(annotation_text(value) for value in values)


def comma_map(values: Mapping[str, object]) -> Any:
    """Keys and values as AWS and Azure write them, ordered by key; an Output, if a value is one."""
    return joined(words(key, "=", annotation_text(values[key])) for key in sorted(values))


def is_client_ip_preserved(request: Request) -> bool:
    """Whether nodes forward connections to the pods from the client's own address."""
    return client_ip_of(request) is ClientIp.PRESERVE


def is_enforcement_disabled(request: Request) -> bool:
    """Whether a raw annotation keeps the load balancer from enforcing the sources."""
    effects = module_of(request.exposure.platform).access_effects(request)
    return any(effect is AccessEffect.UNENFORCED for _, _, effect in effects)


def client_ip_of(request: Request) -> ClientIp:
    """What the pods see of the client's address, with the platform's default."""
    return module_of(request.exposure.platform).client_ip(request)


def source_ranges(request: Request) -> dict[str, Any]:
    """Who can connect, as Kubernetes itself has it."""
    sources = request.exposure.allowed_sources
    return {"loadBalancerSourceRanges": list(sources)} if sources else {}


def ip_families(request: Request) -> dict[str, Any]:
    """Which IP addresses the Service has."""
    chosen = request.exposure.ip_address_type
    return {} if chosen is None else dict(_FAMILIES[chosen])


def traffic_policy(request: Request) -> dict[str, Any]:
    """A node that forwards a connection to another node replaces the client's address with its own. So if the address
    is preserved, nodes forward only to their own pods, and each reports at a port whether it has any."""
    if not is_client_ip_preserved(request):
        return {"externalTrafficPolicy": "Cluster"}
    port = request.exposure.health.node_port
    return {"externalTrafficPolicy": "Local", **({"healthCheckNodePort": port} if port else {})}


def session_affinity(request: Request) -> dict[str, Any]:
    """Whether nodes forward the connections of one client to the same pod."""
    return {"sessionAffinity": "ClientIP"} if request.exposure.session_affinity is SessionAffinity.CLIENT_IP else {}


def load_balancer_class(request: Request, default: str = "") -> dict[str, Any]:
    """The class that selects the controller."""
    chosen = request.exposure.load_balancer_class or default
    return {"loadBalancerClass": chosen} if chosen else {}


def tls_ports(request: Request) -> list[str]:
    """The names of the ports that use TLS."""
    tls = request.exposure.tls
    if tls is None:
        return []
    every = [port.name for port in request.ports if port.protocol == Protocol.TCP.value]
    return every if tls.ports is None else list(tls.ports)


def platform_peers(request: Request) -> list[PeerSpec]:
    """The load balancer and the nodes, as the other end of a connection."""
    return _peers(request.exposure.platform_sources or PRIVATE_ADDRESSES)


def client_peers(request: Request, *, unlisted: bool = False) -> list[PeerSpec]:
    """The clients, as the other end of a connection; `unlisted` if the platform allows more than `allowed_sources`
    lists."""
    if unlisted:
        return _peers(EVERYONE)
    sources = request.exposure.allowed_sources
    return _peers(sources) if sources else platform_peers(request)


def pass_through_peers(request: Request, *, unlisted: bool = False) -> list[PeerSpec]:
    """Where connections come from that the load balancer passes through to nodes.

    If the client's address is hidden, most dataplanes replace it with a node's before the policy applies. Dataplanes
    without kube-proxy, such as Cilium, can apply the policy to the client's own address, or know a node by an identity
    that no range of addresses includes. So the policy allows the clients too; the load balancer checks their addresses.
    """
    if is_client_ip_preserved(request):
        return client_peers(request, unlisted=unlisted)
    nodes = platform_peers(request)
    # Connections with the PROXY protocol come from the load balancer: nothing passes through.
    if client_ip_of(request) is ClientIp.PROXY_PROTOCOL:
        return nodes
    return nodes + [peer for peer in client_peers(request, unlisted=unlisted) if peer not in nodes]


def _peers(ranges: Iterable[Any]) -> list[PeerSpec]:
    return [PeerSpec(cidr=addresses) for addresses in ranges]
