"""What several platforms are told in the same way, and how values become the text of annotations.

Pure: Outputs pass through at the leaves.
"""

import ipaddress
import json
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from ..errors import Problems, Refusal
from ..load_balancers import EVERYONE, PRIVATE_ADDRESSES, ClientIp, IpFamily
from ..network_policy import Peer
from ..outputs import applied, joined, words
from ..target import Protocol
from .platform_module import Request

__all__ = [
    "CLIENTS_OR_NODES",
    "affinity",
    "check_node_health",
    "check_node_port",
    "check_one_of_each",
    "class_of",
    "clients",
    "comma_list",
    "comma_map",
    "families",
    "from_nodes_or_clients",
    "local_when_preserved",
    "note_out_of_place",
    "platform_itself",
    "preserves",
    "private_address",
    "source_ranges",
    "text",
    "tls_ports",
]

_IP_FAMILIES: Mapping[str, Mapping[str, Any]] = {
    IpFamily.IPV4.value: {"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]},
    IpFamily.IPV6.value: {"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv6"]},
    IpFamily.DUAL.value: {"ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"]},
}

CLIENTS_OR_NODES = ("spec.externalTrafficPolicy",)
"""Where Kubernetes is told whether connections keep their client's address."""


def text(value: Any) -> Any:
    """A value as an annotation has it; an Output of it, where it is one."""
    return applied(value, lambda known: json.dumps(known) if isinstance(known, bool) else str(known))


def comma_list(values: Iterable[Any]) -> Any:
    """Values with commas between them; an Output, where one of them is."""
    return joined(text(value) for value in values)


def comma_map(values: Mapping[str, Any]) -> Any:
    """Keys and values as AWS and Azure write them, ordered by key; an Output, where a value is one."""
    return joined(words(key, "=", text(values[key])) for key in sorted(values))


def preserves(request: Request) -> bool:
    """Whether connections come to the pods from the client's own address, by way of a node."""
    return request.exposure.get("client_ip") == ClientIp.PRESERVE.value


def source_ranges(request: Request) -> dict[str, Any]:
    """Who is let in, as Kubernetes itself is told it."""
    sources = request.exposure.get("allowed_sources")
    return {"loadBalancerSourceRanges": list(sources)} if sources else {}


def families(request: Request) -> dict[str, Any]:
    """Which addresses the Service has."""
    return dict(_IP_FAMILIES.get(request.exposure.get("address_family", ""), {}))


def local_when_preserved(request: Request) -> dict[str, Any]:
    """A node that passes a connection on to another one puts its own address in the client's place. So where that is to
    be kept, nodes serve their own pods alone, and each tells the load balancer by a port of its own whether it has
    some."""
    if not preserves(request):
        return {"externalTrafficPolicy": "Cluster"}
    port = request.of("health").get("node_port")
    return {"externalTrafficPolicy": "Local", **({"healthCheckNodePort": port} if port else {})}


def affinity(request: Request) -> dict[str, Any]:
    """Whether nodes keep one client's connections at the same pod."""
    return {"sessionAffinity": "ClientIP"} if request.exposure.get("session_affinity") else {}


def class_of(request: Request, default: str = "") -> dict[str, Any]:
    """The class that picks the controller."""
    chosen = request.exposure.get("load_balancer_class", default)
    return {"loadBalancerClass": chosen} if chosen else {}


def tls_ports(request: Request) -> list[str]:
    """The names of the ports that speak TLS."""
    every = [port.name for port in request.ports if port.protocol == Protocol.TCP.value]
    return list(request.of("tls").get("ports", every)) if "tls" in request.exposure else []


def platform_itself(request: Request) -> list[Peer]:
    """The load balancer and the nodes, as the other end of a connection."""
    return _peers(request.exposure.get("platform_sources", PRIVATE_ADDRESSES))


def clients(request: Request, *, unlisted: bool = False) -> list[Peer]:
    """The clients, as the other end of a connection; ``unlisted`` where the platform lets in more than
    `allowed_sources` lists."""
    if unlisted:
        return _peers(EVERYONE)
    sources = request.exposure.get("allowed_sources")
    return _peers(sources) if sources else platform_itself(request)


def from_nodes_or_clients(request: Request) -> list[Peer]:
    """Where connections come from that nodes pass on: the clients where their addresses are kept, else the nodes."""
    return clients(request) if preserves(request) else platform_itself(request)


def _peers(ranges: Iterable[Any]) -> list[Peer]:
    return [{"cidr": range_} for range_ in ranges]


def private_address(value: str) -> Optional[Refusal]:
    """An address of the private network."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return Refusal("is not an address", "an address of the subnet, such as 10.0.1.5, as the scope is internal")
    return None


def check_node_health(request: Request, problems: Problems, path: str) -> None:
    """Note what is chosen of a health check, where each node answers for the pods that it runs."""
    for name in ("protocol", "port", "path", "success_codes"):
        if name in request.of("health"):
            wrong = "cannot be chosen where client_ip is preserve: each node answers for the pods that it runs"
            problems.note(f"{path}health.{name}", Refusal(wrong, "health.node_port", "leave it out"))


def check_node_port(request: Request, problems: Problems, path: str) -> None:
    """Note a port of the nodes that nobody would ask."""
    if "node_port" in request.of("health"):
        wrong = "is asked only where nodes serve their own pods alone"
        refusal = Refusal(wrong, "with client_ip preserve, and no AWS ip targets", "leave it out")
        problems.note(f"{path}health.node_port", refusal)


def check_one_of_each(request: Request, problems: Problems, path: str) -> None:
    """Note more addresses than there are address families, and more subnets than the one that a platform takes."""
    most = 2 if request.wants_dual() else 1
    if len(request.exposure.get("static_addresses", [])) > most:
        refusal = Refusal("holds more than there is one for", f"{most} at most: one for each address family")
        problems.note(f"{path}static_addresses", refusal)
    if len(request.exposure.get("subnets", [])) > 1:
        problems.note(f"{path}subnets", Refusal("holds several", "one name", "keep one"))


def note_out_of_place(request: Request, problems: Problems, path: str, places: Mapping[str, str]) -> None:
    """Note each field that is given and has no effect here; ``places`` says where each one has some."""
    for feature, where in places.items():
        group, _, name = feature.rpartition(".")
        if name in (request.of(group) if group else request.exposure):
            problems.note(f"{path}{feature}", Refusal("has no effect here", where, "leave it out"))
