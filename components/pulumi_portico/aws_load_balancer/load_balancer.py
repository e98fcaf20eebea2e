"""The load balancer itself: its arguments, what it is, what no two can have, and what it is billed by."""

from collections.abc import Mapping
from typing import Any

from ..args.codes import define
from ..lifecycle.cost import Assumption, Billable
from ..load_balancers import ClientIp, IpFamily, Scope
from .choices import AwsBalancerKind, AwsDesyncMode
from .logs import logs_of
from .priorities import match_of, number_of
from .security_group_rules import target_ranges
from .target_group import client_ip_of, protocol_of

__all__ = ["billable", "build_load_balancer", "pod_sources", "state_of"]

EXISTING = define("assumed-existing-load-balancer", "It leaves out the existing load balancer.")

_FAMILIES = {IpFamily.DUAL.value: "dualstack"}


def build_load_balancer(aws: Mapping[str, Any], security_group: Any, bucket: Any) -> dict[str, Any]:
    """The load balancer, as `aws.lb.LoadBalancer` takes it."""
    application = aws["kind"] == AwsBalancerKind.APPLICATION.value
    built: dict[str, Any] = {
        "name": aws.get("name"),
        "load_balancer_type": aws["kind"],
        "internal": aws["scope"] == Scope.INTERNAL.value,
        "ip_address_type": _FAMILIES.get(aws.get("address_family", ""), "ipv4"),
        "security_groups": [security_group],
        "enable_deletion_protection": aws.get("deletion_protection", True),
        "tags": aws.get("tags"),
        **_places(aws),
        **logs_of(aws, bucket),
        **(_application(aws) if application else _network(aws)),
    }
    return {key: value for key, value in built.items() if value is not None}


def _application(aws: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "idle_timeout": aws.get("idle_timeout"),
        "desync_mitigation_mode": aws.get("desync_mode", AwsDesyncMode.DEFENSIVE.value),
        "drop_invalid_header_fields": aws.get("drop_invalid_headers", True),
        "enable_http2": aws.get("http2", True),
        "preserve_host_header": aws.get("preserve_host", False),
    }


def _network(aws: Mapping[str, Any]) -> dict[str, Any]:
    return {"enable_cross_zone_load_balancing": aws.get("cross_zone", True)}


def _places(aws: Mapping[str, Any]) -> dict[str, Any]:
    for field, theirs in (("elastic_ips", "allocation_id"), ("private_addresses", "private_ipv4_address")):
        if field in aws:
            pairs = zip(aws["subnets"], aws[field], strict=True)
            return {"subnet_mappings": [{"subnet_id": subnet, theirs: address} for subnet, address in pairs]}
    return {"subnets": list(aws["subnets"])}


def state_of(aws: Mapping[str, Any]) -> dict[str, Any]:
    """What the next deployment is compared with: whether a change makes another load balancer, and whether it can."""
    if "existing" in aws:
        return {"identity": {}, "held": {}, "protected": False, "numbers": _numbers(aws)}
    network = aws["kind"] == AwsBalancerKind.NETWORK.value
    held = {it: aws.get(it) for it in ("name", "elastic_ips", "private_addresses")}
    state: dict[str, Any] = {
        "identity": {"platform": "aws", **{it: aws.get(it, "") for it in ("kind", "scope", "vpc", "name")}},
        "held": {field: value for field, value in held.items() if value},
        "protected": aws.get("deletion_protection", True),
        "numbers": _numbers(aws),
    }
    # A Network Load Balancer gets more subnets in place, and loses one or changes its address by being replaced.
    return {**state, "grown": {"subnets": _subnets(aws)}} if network else state


def _numbers(aws: Mapping[str, Any]) -> dict[str, str]:
    """What the rule of each number is for: a number is free for another one only once its rule is gone."""
    return {
        f"{listener['port']} {number_of(route, listener)}": match_of(route).text
        for listener in aws["listeners"]
        for route in listener.get("routes", [])
    }


def _subnets(aws: Mapping[str, Any]) -> list[Any]:
    addresses = aws.get("elastic_ips") or aws.get("private_addresses")
    if not addresses:
        return list(aws["subnets"])
    return [[subnet, address] for subnet, address in zip(aws["subnets"], addresses, strict=True)]


def billable(aws: Mapping[str, Any]) -> Billable:
    """One load balancer, with a public address in each of its subnets; one that was made elsewhere costs there."""
    if "existing" in aws:
        return Billable(0, 0, (Assumption(EXISTING),))
    internet = aws["scope"] == Scope.INTERNET.value
    return Billable(1, len(aws["subnets"]) if internet else 0)


def pod_sources(aws: Mapping[str, Any], target: Mapping[str, Any]) -> list[str]:
    """The addresses that connections come to a target's pods from: the load balancer's own, which it asks for their
    health from too, and the clients' where they are kept."""
    sources = list(target_ranges(aws))
    if aws["kind"] == AwsBalancerKind.APPLICATION.value:
        return sources
    if client_ip_of(target, protocol_of(target, aws["kind"])) != ClientIp.PRESERVE.value:
        return sources
    # Who is in a prefix list or a security group is not known here, nor who is let in elsewhere.
    clients = ["0.0.0.0/0", "::/0"] if "sources" in aws or "existing" in aws else aws["allowed_sources"]
    return [*sources, *(it for it in clients if it not in sources)]
