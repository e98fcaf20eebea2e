"""Load balancers, as the provider makes them.

Sources: CreateLoadBalancer, SetSubnets, SetSecurityGroups and DeleteLoadBalancer in the API reference of Elastic Load
Balancing; for what makes another one, `resourceLoadBalancer` of terraform-provider-aws, which the provider wraps.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...untyped import Properties
from .asked import Asked
from .attributes import ALB, BALANCER, GATEWAY, NLB, attributes_of
from .kinds import Kind
from .logs import UNPROVED_LOGS, log_attributes

__all__ = ["KINDS", "NAME_LENGTH", "elb_name", "set_attributes"]

NAME_LENGTH = 32
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
_TWO_ZONES = 2
_MAPPING = {
    "subnetId": "SubnetId",
    "allocationId": "AllocationId",
    "privateIpv4Address": "PrivateIPv4Address",
    "ipv6Address": "IPv6Address",
}
_PROTECTION = "deletion_protection.enabled"


def elb_name(asked: Asked) -> str:
    """The name of a load balancer, a target group or a trust store."""
    name = asked.name(NAME_LENGTH)
    if not _NAME.fullmatch(name):
        asked.refuse("its name", f"{name!r} does not fit: letters, digits and hyphens, none at an end, 32 at most")
    return name


def _make(asked: Asked) -> dict[str, Any]:
    name, kind = elb_name(asked), asked.get("loadBalancerType", ALB)
    if name.startswith("internal-"):
        asked.refuse("its name", f"{name!r} begins with internal-, which AWS keeps for itself")
    subnets, mappings = _places(asked)
    _check_zones(asked, kind, mappings)
    attributes = [
        *attributes_of(asked, BALANCER, "ModifyLoadBalancerAttributes", kind, "a load balancer of type"),
        *log_attributes(asked, kind),
    ]
    if not asked.preview:
        _check_name_is_free(asked, name)
    made = asked.call(
        "elbv2",
        "CreateLoadBalancer",
        {
            "Name": name,
            "Type": kind,
            "Scheme": "internal" if asked.get("internal") else "internet-facing",
            "Subnets": subnets or None,
            "SubnetMappings": mappings or None,
            "SecurityGroups": _security_groups(asked, kind) or None,
            "IpAddressType": asked.get("ipAddressType"),
            "Tags": asked.tags(),
        },
    )
    if made is None:
        set_attributes(asked, "LoadBalancer", "", attributes)
        return {"name": name}
    told = made["LoadBalancers"][0]
    arn = told["LoadBalancerArn"]
    set_attributes(asked, "LoadBalancer", arn, attributes)
    return {
        "id": arn,
        "name": name,
        "arn": arn,
        "arnSuffix": arn.partition("loadbalancer/")[2],
        "dnsName": told["DNSName"],
        "zoneId": told["CanonicalHostedZoneId"],
        "vpcId": told["VpcId"],
        "ipAddressType": told["IpAddressType"],
        "securityGroups": told.get("SecurityGroups", []),
    }


def _places(asked: Asked) -> tuple[list[Any], list[dict[str, Any]]]:
    mappings = [asked.told(it, _MAPPING, "subnetMappings") for it in asked.items("subnetMappings")]
    subnets = asked.items("subnets")
    if subnets and mappings:
        asked.refuse("CreateLoadBalancer", "it names both subnets and subnetMappings, and AWS takes one of them")
    return subnets, mappings


def _check_name_is_free(asked: Asked, name: str) -> None:
    """moto takes a name twice; AWS answers DuplicateLoadBalancerName, and the provider asks beforehand."""
    there = asked.ask("elbv2", "DescribeLoadBalancers", {})["LoadBalancers"]
    if any(it["LoadBalancerName"] == name for it in there):
        asked.refuse("CreateLoadBalancer", f"DuplicateLoadBalancerName: a load balancer {name!r} is there already")


def _check_zones(asked: Asked, kind: str, mappings: Sequence[Properties]) -> None:
    """ "You must specify subnets from at least two Availability Zones" of an ALB, and one of each zone (Subnets)."""
    named = [it["SubnetId"] for it in mappings if isinstance(it.get("SubnetId"), str)] or asked.items("subnets")
    if not named:
        if not asked.preview:
            asked.refuse("CreateLoadBalancer", "it names no subnet")
        return
    found = asked.ask("ec2", "DescribeSubnets", {"SubnetIds": sorted(set(named))})["Subnets"]
    zones = {it["AvailabilityZone"] for it in found}
    if len(zones) < len(found):
        asked.refuse("CreateLoadBalancer", "two of its subnets are in one zone, and a zone may have one")
    if len({it["VpcId"] for it in found}) > 1:
        asked.refuse("CreateLoadBalancer", "its subnets are of several VPCs")
    if kind == ALB and len(zones) < _TWO_ZONES and not asked.preview:
        asked.refuse("CreateLoadBalancer", f"an Application Load Balancer wants two zones, and has {len(zones)}")
    if kind == ALB and any({"AllocationId", "PrivateIPv4Address"} & set(it) for it in mappings):
        asked.refuse("CreateLoadBalancer", "an Application Load Balancer takes no addresses of its own")
    if kind == NLB and asked.get("internal") and any("AllocationId" in it for it in mappings):
        asked.refuse("CreateLoadBalancer", "an internal Network Load Balancer takes no Elastic IPs")


def _security_groups(asked: Asked, kind: str) -> list[Any]:
    groups = asked.items("securityGroups")
    if groups and kind == GATEWAY:
        asked.refuse("CreateLoadBalancer", "a Gateway Load Balancer takes no security groups")
    if groups and not asked.preview:
        # moto takes any; AWS answers InvalidSecurityGroup.
        asked.ask("ec2", "DescribeSecurityGroups", {"GroupIds": groups})
    return groups


def set_attributes(asked: Asked, what: str, arn: str, attributes: Sequence[Mapping[str, str]]) -> None:
    """Set attributes of a LoadBalancer, TargetGroup or Listener; those that moto has not are held alone."""
    operation, key = f"Modify{what}Attributes", f"{what}Arn"
    lacking = [it for it in attributes if it["Key"] in UNPROVED_LOGS]
    # moto takes no 3600 seconds; AWS does.
    lacking += [it for it in attributes if it == {"Key": "deregistration_delay.timeout_seconds", "Value": "3600"}]
    if had := [it for it in attributes if it not in lacking]:
        asked.call("elbv2", operation, {key: arn, "Attributes": had})
    for it in lacking:
        asked.held("elbv2", operation, {key: arn, "Attributes": [it]}, it["Key"])


def _change(asked: Asked) -> None:
    arn, kind = asked.made["arn"], asked.get("loadBalancerType", ALB)
    subnets, mappings = _places(asked)
    if {"subnets", "subnetMappings"} & set(asked.changed):
        places = {"Subnets": subnets or None, "SubnetMappings": mappings or None}
        if kind == ALB:
            asked.call("elbv2", "SetSubnets", {"LoadBalancerArn": arn, **places})
        else:
            # moto wants two zones of a Network Load Balancer too, which AWS does not.
            asked.held("elbv2", "SetSubnets", {"LoadBalancerArn": arn, **places})
    if "securityGroups" in asked.changed:
        groups = _security_groups(asked, kind)
        asked.call("elbv2", "SetSecurityGroups", {"LoadBalancerArn": arn, "SecurityGroups": groups})
    if "ipAddressType" in asked.changed:
        told = {"LoadBalancerArn": arn, "IpAddressType": asked.get("ipAddressType")}
        asked.call("elbv2", "SetIpAddressType", told)
    attributes = attributes_of(asked, BALANCER, "ModifyLoadBalancerAttributes", kind, "a load balancer of type")
    set_attributes(asked, "LoadBalancer", arn, [*attributes, *log_attributes(asked, kind)])


def _remove(asked: Asked) -> None:
    """moto deletes what is protected; AWS answers OperationNotPermitted (DeleteLoadBalancer)."""
    arn = asked.made["arn"]
    told = asked.ask("elbv2", "DescribeLoadBalancerAttributes", {"LoadBalancerArn": arn})["Attributes"]
    if {"Key": _PROTECTION, "Value": "true"} in told:
        asked.refuse("DeleteLoadBalancer", "OperationNotPermitted: deletion protection is on; switch it off first")
    asked.call("elbv2", "DeleteLoadBalancer", {"LoadBalancerArn": arn})


def _replaced_if(old: Properties, new: Properties) -> set[str]:
    """Subnets and security groups that cannot be changed in place."""
    network = new.get("loadBalancerType") == NLB
    found: set[str] = set()
    before, after = (sorted(map(repr, it.get("subnetMappings") or [])) for it in (old, new))
    if before and after and before != after:
        kept = set(before) & set(after)
        grows, shrinks = len(after) > len(before), len(after) < len(before)
        # More of them, or of an ALB fewer, change in place where the others stay as they are.
        in_place = (grows and kept == set(before)) or (shrinks and not network and kept == set(after))
        if not in_place:
            found.add("subnetMappings")
    if network:
        before, after = (list(it.get("subnets") or []) for it in (old, new))
        if before and after and set(before) != set(after) and len(after) <= len(before):
            found.add("subnets")
        had, has = (bool(it.get("securityGroups")) for it in (old, new))
        if had != has:
            found.add("securityGroups")
    return found


KINDS = {
    "aws:lb/loadBalancer:LoadBalancer": Kind(
        _make,
        _remove,
        _change,
        replaced_by=("name", "internal", "loadBalancerType", "customerOwnedIpv4Pool"),
        replaced_if=_replaced_if,
        named_by="name",
        longest_name=NAME_LENGTH,
    )
}
