"""The rules of the load balancer's security group: closed, except for what is declared."""

import re
from collections.abc import Sequence
from typing import Any

from ..untyped import Properties
from .args import AwsSourceSpec
from .authentication import SIGN_IN_PORT
from .plan import AwsLoadBalancerPlan
from .target_group import AwsTargetPlan, transports

__all__ = ["build_egress", "build_ingress", "build_target_ingress"]

SecurityGroupRules = dict[str, Properties]
"""Rules by the suffix of their names, which is what each rule is: another rule doesn't rename it."""


def build_ingress(plan: AwsLoadBalancerPlan) -> SecurityGroupRules:
    """Allows the declared clients at each listener, as `aws.vpc.SecurityGroupIngressRule` takes it."""
    rules: SecurityGroupRules = {}
    for listener in plan.listeners:
        for transport in transports(listener.protocol):
            for source, peer in _sources(plan).items():
                key = f"{transport}-{listener.port}-from-{source}"
                rules[key] = _rule(f"{listener.protocol.value} from clients", transport, listener.port, peer)
    return rules


def _sources(plan: AwsLoadBalancerPlan) -> dict[str, Properties]:
    peers = _ranges(plan.spec.allowed_sources or ())
    return peers | {name: _source(source) for name, source in (plan.spec.sources or {}).items()}


def _source(source: AwsSourceSpec) -> Properties:
    if source.prefix_list is not None:
        return {"prefix_list_id": source.prefix_list}
    if source.security_group is not None:
        return {"referenced_security_group_id": source.security_group}
    # Nothing knows whether an Output will be IPv4 or IPv6. A rule requires IPv4.
    return {"cidr_ipv4": source.cidr}


def build_egress(plan: AwsLoadBalancerPlan) -> SecurityGroupRules:
    """Allows the load balancer to connect to its targets' ports, and to those of their health checks."""
    rules: SecurityGroupRules = {}
    for target in plan.targets.values():
        peers = _ranges(plan.ranges_of(target))
        if name := target.spec.security_group:
            # The ID can be an Output, so the name identifies the rule.
            peers = {name: {"referenced_security_group_id": plan.security_group_of(target)}}
        for transport, port in target.open_ports:
            for to, peer in peers.items():
                rules[f"{transport}-{port}-to-{to}"] = _rule("to targets", transport, port, peer)
    if plan.authenticates:
        # The addresses of identity providers change.
        peer = {"cidr_ipv4": "0.0.0.0/0"}
        rules["sign-in"] = _rule("to the identity provider", "tcp", SIGN_IN_PORT, peer)
    return rules


def build_target_ingress(plan: AwsLoadBalancerPlan, security_group: Any) -> SecurityGroupRules:
    """Allows the load balancer to connect to instances and addresses that name their security group. For pods, a
    TargetGroupBinding does it."""
    rules: SecurityGroupRules = {}
    peer: dict[str, Any] = {"referenced_security_group_id": security_group}
    for target in plan.targets.values():
        if target.spec.security_group is None or not _has_own_addresses(target):
            continue
        for transport, port in target.open_ports:
            rule = _rule("from the load balancer", transport, port, peer)
            key = f"{transport}-{port}-into-{target.spec.security_group}"
            rules[key] = {**rule, "security_group_id": plan.security_group_of(target)}
    return rules


def _has_own_addresses(target: AwsTargetPlan) -> bool:
    spec = target.spec
    return any(value is not None for value in (spec.instances, spec.addresses, spec.load_balancer))


def _rule(description: str, transport: str, port: Any, peer: Properties) -> Properties:
    return {"description": description, "ip_protocol": transport, "from_port": port, "to_port": port, **peer}


def _ranges(ranges: Sequence[str]) -> dict[str, Properties]:
    return {_range_name(cidr): {"cidr_ipv6" if ":" in cidr else "cidr_ipv4": cidr} for cidr in ranges}


def _range_name(cidr: str) -> str:
    """A range in a name. That zeros are left out of an IPv6 address is part of what it is."""
    return re.sub(r"[^0-9a-fx]+", "-", cidr.replace("::", "-x-")).strip("-")
