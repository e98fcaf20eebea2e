"""Load balancers, as the provider makes them.

Sources: CreateLoadBalancer, SetSubnets, SetSecurityGroups and DeleteLoadBalancer in the API reference of Elastic Load
Balancing; for what makes another one, `resourceLoadBalancer` of terraform-provider-aws, which the provider wraps.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...untyped import Properties
from .attributes import ALB, BALANCER, GATEWAY, NLB, attributes_of
from .aws_request import AwsRequest
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


def elb_name(request: AwsRequest) -> str:
    """The name of a load balancer, a target group or a trust store."""
    name = request.name(NAME_LENGTH)
    if not _NAME.fullmatch(name):
        request.refuse(
            "its name",
            f"{name!r} isn't valid; AWS allows 1 to 32 letters, digits, and hyphens, and no hyphen at an end",
        )
    return name


def _make(request: AwsRequest) -> dict[str, Any]:
    name, kind = elb_name(request), request.get("loadBalancerType", ALB)
    if name.startswith("internal-"):
        request.refuse("its name", f"{name!r} starts with internal-, which AWS reserves")
    subnets, mappings = _places(request)
    _check_zones(request, kind, mappings)
    attributes = [
        *attributes_of(request, BALANCER, "ModifyLoadBalancerAttributes", kind, "a load balancer of type"),
        *log_attributes(request, kind),
    ]
    if not request.preview:
        _check_name_is_free(request, name)
    made = request.call(
        "elbv2",
        "CreateLoadBalancer",
        {
            "Name": name,
            "Type": kind,
            "Scheme": "internal" if request.get("internal") else "internet-facing",
            "Subnets": subnets or None,
            "SubnetMappings": mappings or None,
            "SecurityGroups": _security_groups(request, kind) or None,
            "IpAddressType": request.get("ipAddressType"),
            "Tags": request.tags(),
        },
    )
    _enforce_on_private_link(request, "" if made is None else made["LoadBalancers"][0]["LoadBalancerArn"], kind)
    if made is None:
        set_attributes(request, "LoadBalancer", "", attributes)
        return {"name": name}
    params = made["LoadBalancers"][0]
    arn = params["LoadBalancerArn"]
    set_attributes(request, "LoadBalancer", arn, attributes)
    return {
        "id": arn,
        "name": name,
        "arn": arn,
        "arnSuffix": arn.partition("loadbalancer/")[2],
        "dnsName": params["DNSName"],
        "zoneId": params["CanonicalHostedZoneId"],
        "vpcId": params["VpcId"],
        "ipAddressType": params["IpAddressType"],
        "securityGroups": params.get("SecurityGroups", []),
    }


def _places(request: AwsRequest) -> tuple[list[Any], list[dict[str, Any]]]:
    mappings = [request.translated(mapping, _MAPPING, "subnetMappings") for mapping in request.items("subnetMappings")]
    subnets = request.items("subnets")
    if subnets and mappings:
        request.refuse("CreateLoadBalancer", "it sets both subnets and subnetMappings, and AWS allows only one of them")
    return subnets, mappings


def _check_name_is_free(request: AwsRequest, name: str) -> None:
    """moto takes a name twice; AWS returns DuplicateLoadBalancerName, and the provider asks beforehand."""
    there = request.ask("elbv2", "DescribeLoadBalancers", {})["LoadBalancers"]
    if any(balancer["LoadBalancerName"] == name for balancer in there):
        request.refuse("CreateLoadBalancer", f"DuplicateLoadBalancerName: a load balancer {name!r} already exists")


def _check_zones(request: AwsRequest, kind: str, mappings: Sequence[Properties]) -> None:
    """ "You must specify subnets from at least two Availability Zones" of an ALB, and one of each zone (Subnets)."""
    named = [mapping["SubnetId"] for mapping in mappings if isinstance(mapping.get("SubnetId"), str)] or request.items(
        "subnets"
    )
    if not named:
        if not request.preview:
            request.refuse("CreateLoadBalancer", "it has no subnets")
        return
    found = request.ask("ec2", "DescribeSubnets", {"SubnetIds": sorted(set(named))})["Subnets"]
    zones = {subnet["AvailabilityZone"] for subnet in found}
    if len(zones) < len(found):
        request.refuse("CreateLoadBalancer", "two of its subnets are in one zone; AWS allows one in each zone")
    if len({subnet["VpcId"] for subnet in found}) > 1:
        request.refuse("CreateLoadBalancer", "its subnets are in several VPCs")
    if kind == ALB and len(zones) < _TWO_ZONES and not request.preview:
        request.refuse("CreateLoadBalancer", f"an Application Load Balancer requires two zones, and has {len(zones)}")
    if kind == ALB and any({"AllocationId", "PrivateIPv4Address"} & set(mapping) for mapping in mappings):
        request.refuse("CreateLoadBalancer", "an Application Load Balancer doesn't support addresses of its own")
    if kind == NLB and request.get("internal") and any("AllocationId" in mapping for mapping in mappings):
        request.refuse("CreateLoadBalancer", "an internal Network Load Balancer doesn't support Elastic IPs")


def _security_groups(request: AwsRequest, kind: str) -> list[Any]:
    groups = request.items("securityGroups")
    if groups and kind == GATEWAY:
        request.refuse("CreateLoadBalancer", "a Gateway Load Balancer doesn't support security groups")
    if groups and not request.preview:
        # moto takes any; AWS returns InvalidSecurityGroup.
        request.ask("ec2", "DescribeSecurityGroups", {"GroupIds": groups})
    return groups


def _enforce_on_private_link(request: AwsRequest, arn: str, kind: str) -> None:
    """Whether the rules of its security groups apply to connections from PrivateLink, which moto doesn't have."""
    enforced = request.get("enforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
    if enforced is None:
        return
    if kind != NLB:
        request.refuse("SetSecurityGroups", f"only Network Load Balancers have PrivateLink, and this one is {kind}")
    name = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
    given = {"LoadBalancerArn": arn, "SecurityGroups": _security_groups(request, kind), name: enforced}
    request.held("elbv2", "SetSecurityGroups", given, name)


def set_attributes(request: AwsRequest, what: str, arn: str, attributes: Sequence[Mapping[str, str]]) -> None:
    """Set attributes of a LoadBalancer, TargetGroup or Listener; those that moto has not are held alone."""
    operation, key = f"Modify{what}Attributes", f"{what}Arn"
    lacking = [attribute for attribute in attributes if attribute["Key"] in UNPROVED_LOGS]
    # moto takes no 3600 seconds; AWS does.
    lacking += [
        attribute
        for attribute in attributes
        if attribute == {"Key": "deregistration_delay.timeout_seconds", "Value": "3600"}
    ]
    if had := [attribute for attribute in attributes if attribute not in lacking]:
        request.call("elbv2", operation, {key: arn, "Attributes": had})
    for attribute in lacking:
        request.held("elbv2", operation, {key: arn, "Attributes": [attribute]}, attribute["Key"])


def _change(request: AwsRequest) -> None:
    arn, kind = request.made["arn"], request.get("loadBalancerType", ALB)
    subnets, mappings = _places(request)
    if {"subnets", "subnetMappings"} & set(request.changed):
        places = {"Subnets": subnets or None, "SubnetMappings": mappings or None}
        if kind == ALB:
            request.call("elbv2", "SetSubnets", {"LoadBalancerArn": arn, **places})
        else:
            # moto requires two zones of a Network Load Balancer too, and AWS doesn't.
            request.held("elbv2", "SetSubnets", {"LoadBalancerArn": arn, **places})
    if "securityGroups" in request.changed:
        groups = _security_groups(request, kind)
        request.call("elbv2", "SetSecurityGroups", {"LoadBalancerArn": arn, "SecurityGroups": groups})
    _enforce_on_private_link(request, arn, kind)
    if "ipAddressType" in request.changed:
        params = {"LoadBalancerArn": arn, "IpAddressType": request.get("ipAddressType")}
        request.call("elbv2", "SetIpAddressType", params)
    attributes = attributes_of(request, BALANCER, "ModifyLoadBalancerAttributes", kind, "a load balancer of type")
    set_attributes(request, "LoadBalancer", arn, [*attributes, *log_attributes(request, kind)])


def _remove(request: AwsRequest) -> None:
    """moto deletes what is protected; AWS returns OperationNotPermitted (DeleteLoadBalancer)."""
    arn = request.made["arn"]
    attributes = request.ask("elbv2", "DescribeLoadBalancerAttributes", {"LoadBalancerArn": arn})["Attributes"]
    if {"Key": _PROTECTION, "Value": "true"} in attributes:
        request.refuse("DeleteLoadBalancer", "OperationNotPermitted: deletion protection is on; switch it off first")
    request.call("elbv2", "DeleteLoadBalancer", {"LoadBalancerArn": arn})


def _replaced_if(old: Properties, new: Properties) -> set[str]:
    """Subnets and security groups that cannot be changed in place."""
    network = new.get("loadBalancerType") == NLB
    found: set[str] = set()
    before, after = (sorted(map(repr, inputs.get("subnetMappings") or [])) for inputs in (old, new))
    if before and after and before != after:
        kept = set(before) & set(after)
        grows, shrinks = len(after) > len(before), len(after) < len(before)
        # More of them, or of an ALB fewer, change in place where the others stay as they are.
        in_place = (grows and kept == set(before)) or (shrinks and not network and kept == set(after))
        if not in_place:
            found.add("subnetMappings")
    if network:
        before, after = (list(inputs.get("subnets") or []) for inputs in (old, new))
        if before and after and set(before) != set(after) and len(after) <= len(before):
            found.add("subnets")
        had, has = (bool(inputs.get("securityGroups")) for inputs in (old, new))
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
