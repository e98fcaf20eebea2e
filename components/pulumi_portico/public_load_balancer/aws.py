"""What the three controllers for AWS have in common: Network Load Balancers, told by annotations."""

import re
from collections.abc import Mapping
from typing import Any, Optional

from ..errors import Problems, Refusal
from ..lifecycle.cost import Billable
from ..load_balancers import ClientIp, Platform
from ..network_policy import Peer
from ..target import Protocol
from ..values import Rule, whole_number
from .common import (
    check_node_health,
    check_node_port,
    clients,
    comma_list,
    comma_map,
    platform_itself,
    private_address,
    text,
    tls_ports,
)
from .platform_module import Request
from .settings import HealthProtocol, TargetType

__all__ = [
    "PREFIX",
    "RECOMMENDED_POLICY",
    "billable",
    "check_client_ip",
    "check_health",
    "check_places",
    "check_security_groups",
    "client_ip",
    "health_annotations",
    "health_port",
    "ip_targets",
    "limits",
    "placement_annotations",
    "reserved",
    "sources",
    "tls_annotations",
]

PREFIX = "service.beta.kubernetes.io/aws-load-balancer-"

RECOMMENDED_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""What AWS recommends (its API's own default is of 2016)."""

_ASSUMED_ZONES = 3
_HEALTH = {
    "port": "port",
    "path": "path",
    "interval": "interval",
    "timeout": "timeout",
    "healthy": "healthy-threshold",
    "unhealthy": "unhealthy-threshold",
    "success_codes": "success-codes",
}

limits: Mapping[str, Rule] = {
    "idle_timeout": whole_number(60, 6000, "a number of seconds that AWS takes"),
    "health.interval": whole_number(5, 300, "a number of seconds that AWS takes"),
    "health.timeout": whole_number(2, 120, "a number of seconds that AWS takes"),
    "health.healthy": whole_number(2, 10, "a number of answers that AWS takes"),
    "health.unhealthy": whole_number(2, 10, "a number of failures that AWS takes"),
}
"""What Elastic Load Balancing's API takes."""


def ip_targets(request: Request) -> bool:
    """Whether connections go to the pods themselves; the cloud controller cannot do that."""
    if request.exposure["platform"] == Platform.AWS_LEGACY.value:
        return False
    return request.of("aws").get("target_type", TargetType.IP.value) == TargetType.IP.value


def client_ip(request: Request) -> str:
    """What the pods are told of the client's address. AWS never hides it from a UDP target that it reaches itself."""
    always = ip_targets(request) and request.speaks(Protocol.UDP)
    default = ClientIp.PRESERVE if always else ClientIp.HIDE
    return request.exposure.get("client_ip", default.value)


def health_annotations(request: Request) -> dict[str, Any]:
    """How targets are asked whether they work."""
    health = request.of("health")
    told = {f"{PREFIX}healthcheck-{theirs}": text(health[ours]) for ours, theirs in _HEALTH.items() if ours in health}
    protocol = health.get("protocol", HealthProtocol.HTTP.value if "path" in health else None)
    return {**told, **({f"{PREFIX}healthcheck-protocol": protocol} if protocol else {})}


def tls_annotations(request: Request) -> dict[str, Any]:
    """TLS that ends at the load balancer."""
    tls = request.of("tls")
    if not tls:
        return {}
    told = {
        f"{PREFIX}ssl-cert": comma_list(tls["certificates"]),
        # Without it, every port that can would speak TLS.
        f"{PREFIX}ssl-ports": comma_list(tls_ports(request)),
        f"{PREFIX}ssl-negotiation-policy": tls.get("policy", RECOMMENDED_POLICY),
    }
    if "alpn" in tls:
        told[f"{PREFIX}alpn-policy"] = tls["alpn"]
    if tls.get("encrypt_to_pods", False):
        told[f"{PREFIX}backend-protocol"] = "ssl"
    return told


def placement_annotations(request: Request) -> dict[str, Any]:
    """Subnets, addresses, security groups and tags."""
    told: dict[str, Any] = {}
    if subnets := request.exposure.get("subnets"):
        told[f"{PREFIX}subnets"] = comma_list(subnets)
    if addresses := request.exposure.get("static_addresses"):
        told[f"{PREFIX}{'eip-allocations' if request.internet else 'private-ipv4-addresses'}"] = comma_list(addresses)
    if groups := request.of("aws").get("security_groups"):
        told[f"{PREFIX}security-groups"] = comma_list(groups)
    if tags := request.exposure.get("tags"):
        told[f"{PREFIX}additional-resource-tags"] = comma_map(tags)
    return told


def _allocation(value: str) -> Optional[Refusal]:
    if re.fullmatch(r"eipalloc-[0-9a-z]+", value):
        return None
    return Refusal("is not the id of an Elastic IP allocation", "ids such as eipalloc-0123456789abcdef0")


def reserved(request: Request) -> Rule:
    """What a static address is: an Elastic IP for the internet, else an address of the subnet."""
    return _allocation if request.internet else private_address


def check_places(request: Request, problems: Problems, path: str) -> None:
    """Note where there are not as many addresses as subnets, as each subnet has one."""
    subnets, addresses = request.exposure.get("subnets"), request.exposure.get("static_addresses")
    if subnets and addresses and len(subnets) != len(addresses):
        allowed = f"one for each of the {len(subnets)} subnets"
        refusal = Refusal(f"is {len(addresses)} addresses, and there are {len(subnets)} subnets", allowed)
        problems.note(f"{path}static_addresses", refusal)


def check_security_groups(request: Request, problems: Problems, path: str) -> None:
    """Note where security groups and allowed sources are both given: the first would disable the second."""
    aws = request.of("aws")
    if "security_groups" not in aws:
        if "manage_backend_rules" in aws:
            refusal = Refusal("is read beside security_groups alone", "beside security_groups", "leave it out")
            problems.note(f"{path}aws.manage_backend_rules", refusal)
        return
    for name in ("allowed_sources", "aws.prefix_lists"):
        holder = request.of("aws") if name.startswith("aws.") else request.exposure
        if holder.get(name.rpartition(".")[2]):
            refusal = Refusal(
                "is not read beside aws.security_groups, which say who is let in",
                "one of the two",
                "leave it out, and let the security groups say it",
            )
            problems.note(f"{path}{name}", refusal)


def check_client_ip(request: Request, problems: Problems, path: str) -> None:
    """Note where the client's address is to be hidden and cannot be, or told in a way that UDP has not."""
    chosen = request.exposure.get("client_ip")
    if chosen == ClientIp.HIDE.value and ip_targets(request) and request.speaks(Protocol.UDP):
        wrong = "cannot be had for UDP with ip targets: AWS always keeps the client's address there"
        problems.add(f"{path}client_ip", chosen, Refusal(wrong, "preserve", "leave it out"))
    if chosen == ClientIp.PROXY_PROTOCOL.value and request.speaks(Protocol.UDP):
        refusal = Refusal("is for TCP, and a port is UDP", "preserve", "give the UDP port a balancer of its own")
        problems.add(f"{path}client_ip", chosen, refusal)


def check_health(request: Request, problems: Problems, path: str) -> None:
    """Note where a target would be asked for what it cannot answer."""
    health = request.of("health")
    if not ip_targets(request) and client_ip(request) == ClientIp.PRESERVE.value:
        check_node_health(request, problems, path)
        return
    check_node_port(request, problems, path)
    tcp_numbers = {port.target for port in request.ports if port.protocol == Protocol.TCP.value}
    for port in request.ports:
        if port.protocol == Protocol.UDP.value and "port" not in health and port.target not in tcp_numbers:
            allowed = "a TCP port that answers for it"
            refusal = Refusal(f"is missing, and {port.name} is UDP, which answers no health check", allowed)
            problems.note(f"{path}health.port", refusal)
            break
    proxied = client_ip(request) == ClientIp.PROXY_PROTOCOL.value
    if proxied and "port" in health and health.get("protocol", "") != HealthProtocol.TCP.value and _asks_http(health):
        wrong = "asks another port over HTTP, and the load balancer speaks the PROXY protocol to it too"
        fix = "leave the port out, or set health.protocol to tcp without a path"
        problems.add(f"{path}health.port", health["port"], Refusal(wrong, "the port of the connections", fix))


def _asks_http(health: Mapping[str, Any]) -> bool:
    return "path" in health or "protocol" in health


def health_port(request: Request) -> Optional[int]:
    """The port of the pods that is asked for their health, where it is another one than connections go to."""
    return request.of("health").get("port") if ip_targets(request) else None


def sources(request: Request) -> list[Peer]:
    """Where connections to the pods come from. A load balancer that reaches the pods itself asks them for their health
    from its own addresses, whatever the clients' connections come from; and what it turns from IPv6 into IPv4 comes
    from there too."""
    kept = client_ip(request) == ClientIp.PRESERVE.value
    aws = request.of("aws")
    unlisted = bool(aws.get("security_groups") or aws.get("prefix_lists"))
    own = platform_itself(request) if ip_targets(request) or request.wants_dual() or not kept else []
    asked = clients(request, unlisted=unlisted) if kept else []
    return asked + [peer for peer in own if peer not in asked]


def billable(request: Request) -> Billable:
    """One load balancer, with a public address in each of its subnets."""
    if not request.internet:
        return Billable(load_balancers=1, public_addresses=0)
    known: Optional[Any] = request.exposure.get("subnets") or request.exposure.get("static_addresses")
    if known:
        return Billable(load_balancers=1, public_addresses=len(known))
    return Billable(1, _ASSUMED_ZONES, f"{_ASSUMED_ZONES} zones, as no subnets are given")
