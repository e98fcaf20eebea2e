"""Who reaches the load balancer, and whom it reaches: the rules of its security group, closed but for what is named."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..load_balancers import PRIVATE_ADDRESSES
from .target_group import port_of, protocol_of, transports

__all__ = ["build_egress", "build_ingress", "build_target_ingress", "target_ranges"]

Rules = dict[str, dict[str, Any]]
"""Rules by the suffix of their names: what each is, so that another one moves none."""


def target_ranges(given: Mapping[str, Any]) -> Sequence[str]:
    """Where the load balancer and its targets are."""
    return given.get("target_ranges", PRIVATE_ADDRESSES)


def build_ingress(given: Mapping[str, Any], listeners: Sequence[Mapping[str, Any]]) -> Rules:
    """What lets the declared clients in at each listener, as `aws.vpc.SecurityGroupIngressRule` takes it."""
    rules: Rules = {}
    for listener in listeners:
        for carrier in transports(listener["protocol"]):
            for source, end in _sources(given).items():
                key = f"{carrier}-{listener['port']}-from-{source}"
                says = f"{listener['protocol']} from clients"
                rules[key] = _rule(says, carrier, listener["port"], end)
    return rules


def _sources(given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    ends = {_range_name(it): _range(it) for it in given.get("allowed_sources", [])}
    for name, source in given.get("sources", {}).items():
        if "prefix_list" in source:
            ends[name] = {"prefix_list_id": source["prefix_list"]}
        elif "security_group" in source:
            ends[name] = {"referenced_security_group_id": source["security_group"]}
        else:
            # Whether an Output will be IPv4 or IPv6 is not known; the check wants IPv4.
            ends[name] = {"cidr_ipv4": source["cidr"]}
    return ends


def build_egress(given: Mapping[str, Any]) -> Rules:
    """What lets the load balancer out to its targets' ports, and to where they are asked for their health."""
    rules: Rules = {}
    for target in given["targets"].values():
        ends = {_range_name(it): _range(it) for it in target_ranges(given)}
        if name := target.get("security_group"):
            # The group may be an Output: it is known by its name.
            ends = {name: {"referenced_security_group_id": given["target_security_groups"][name]}}
        for carrier, port in _ports(target, given["kind"]):
            rules |= {f"{carrier}-{port}-to-{to}": _rule("to targets", carrier, port, end) for to, end in ends.items()}
    return rules


def build_target_ingress(given: Mapping[str, Any], security_group: Any) -> Rules:
    """What lets the load balancer in at instances and addresses that name their security group. A TargetGroupBinding
    does it for pods."""
    rules: Rules = {}
    end = {"referenced_security_group_id": security_group}
    for target in given["targets"].values():
        name = target.get("security_group")
        if name is None or not ("instances" in target or "addresses" in target):
            continue
        for carrier, port in _ports(target, given["kind"]):
            rule = _rule("from the load balancer", carrier, port, end)
            group = given["target_security_groups"][name]
            rules[f"{carrier}-{port}-into-{name}"] = {**rule, "security_group_id": group}
    return rules


def _ports(target: Mapping[str, Any], kind: str) -> list[tuple[str, Any]]:
    carriers = transports(protocol_of(target, kind))
    ports = [(carrier, port_of(target)) for carrier in carriers]
    asked = ("tcp", target.get("health", {}).get("port", port_of(target)))
    return [*ports, *([asked] if asked not in ports else [])]


def _rule(says: str, carrier: str, port: Any, end: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": says, "ip_protocol": carrier, "from_port": port, "to_port": port, **end}


def _range(cidr: str) -> dict[str, str]:
    return {"cidr_ipv6" if ":" in cidr else "cidr_ipv4": cidr}


def _range_name(cidr: str) -> str:
    """A range, for a name; that zeros are left out of an IPv6 address is part of what it is."""
    return re.sub(r"[^0-9a-fx]+", "-", cidr.replace("::", "-x-")).strip("-")
