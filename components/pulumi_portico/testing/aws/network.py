"""Security groups and their rules, addresses, and web ACLs, as the provider makes them.

Sources: CreateSecurityGroup, AuthorizeSecurityGroupIngress, IpPermission and ModifySecurityGroupRules in the API
reference of EC2; AssociateWebACL in that of WAF; for what makes another one, terraform-provider-aws.
"""

import ipaddress
import re
from typing import Any

from ...untyped import Properties
from .actions import kind_of
from .attributes import ALB
from .aws_request import AwsRequest, is_unknown
from .kinds import Kind

__all__ = ["KINDS"]

_TEXT = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_EVERYWHERE = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
_ENDS = {
    "cidrIpv4": ("IpRanges", "CidrIp"),
    "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
    "prefixListId": ("PrefixListIds", "PrefixListId"),
}
_HIGHEST_PORT = 65535
_PREFIX_LIST_WEIGHT = 55
"""That of CloudFront's. The model has no other prefix lists."""


def _security_group(request: AwsRequest) -> dict[str, Any]:
    name, description = request.name(255), request.get("description", "Managed by Pulumi")
    if name.startswith("sg-"):
        request.refuse("CreateSecurityGroup", f"{name!r} starts with sg-, which AWS reserves for IDs")
    for what, text in (("GroupName", name), ("GroupDescription", description)):
        _check_text(request, "CreateSecurityGroup", what, text)
    if request.items("ingress") or request.items("egress"):
        raise LookupError(f"{request.resource}: rules within a group, which this model of AWS doesn't support")
    params = {"GroupName": name, "Description": description, "VpcId": request.get("vpcId")}
    made = request.call(
        "ec2", "CreateSecurityGroup", {**params, "TagSpecifications": _tagged(request, "security-group")}
    )
    if made is None:
        return {"name": name}
    group = made["GroupId"]
    # A new one lets all out; the provider takes that away.
    request.call("ec2", "RevokeSecurityGroupEgress", {"GroupId": group, "IpPermissions": _EVERYWHERE})
    arn = f"arn:aws:ec2:{request.model.region}:{request.model.account}:security-group/{group}"
    return {"id": group, "arn": arn, "name": name, "vpcId": params["VpcId"]}


def _check_text(request: AwsRequest, operation: str, what: str, text: Any) -> None:
    if isinstance(text, str) and not is_unknown(text) and not _TEXT.fullmatch(text):
        request.refuse(operation, f"{what} is {text!r}; AWS allows 255 characters that match {_TEXT.pattern}")


def _tagged(request: AwsRequest, kind: str) -> Any:
    tags = request.tags()
    return [{"ResourceType": kind, "Tags": tags}] if tags else None


def _change_group(request: AwsRequest) -> None:
    """Tags alone change in place."""


def _remove_group(request: AwsRequest) -> None:
    """moto deletes what others name; AWS returns DependencyViolation."""
    group = request.made["id"]
    users = [
        balancer["LoadBalancerName"]
        for balancer in request.ask("elbv2", "DescribeLoadBalancers", {})["LoadBalancers"]
        if group in balancer.get("SecurityGroups", [])
    ]
    for other in request.ask("ec2", "DescribeSecurityGroups", {})["SecurityGroups"]:
        rules = [*other["IpPermissions"], *other["IpPermissionsEgress"]]
        named = [pair.get("GroupId") for rule in rules for pair in rule["UserIdGroupPairs"]]
        if other["GroupId"] != group and group in named:
            users.append(other["GroupId"])
    if users:
        request.refuse("DeleteSecurityGroup", f"DependencyViolation: {group} is used by {', '.join(users)}")
    request.call("ec2", "DeleteSecurityGroup", {"GroupId": group})


def _permission(request: AwsRequest, operation: str) -> dict[str, Any]:
    protocol = str(request.get("ipProtocol"))
    permission: dict[str, Any] = {"IpProtocol": protocol}
    given = [end for end in _ENDS if request.get(end) is not None]
    if len(given) != 1:
        request.refuse(operation, f"it sets {len(given)} sources or destinations; set one of {', '.join(_ENDS)}")
    group, key = _ENDS[given[0]]
    end, description = request.get(given[0]), request.get("description")
    _check_block(request, operation, given[0], end)
    _check_text(request, operation, "Description", description)
    permission[group] = [{key: end, **({} if description is None else {"Description": description})}]
    ports = [request.get(field) for field in ("fromPort", "toPort")]
    if protocol in ("tcp", "udp"):
        if None in ports:
            request.refuse(operation, "a rule of tcp or udp requires its ports")
        known = [port for port in ports if not is_unknown(port)]
        if any(not 0 <= port <= _HIGHEST_PORT for port in known) or (len(known) > 1 and known[0] > known[1]):
            request.refuse(operation, f"its ports {ports[0]} to {ports[1]} aren't a valid range")
    elif protocol == "-1" and ports != [None, None]:
        request.refuse(operation, "a rule of all protocols (-1) can't have ports")
    params = {key: port for key, port in zip(("FromPort", "ToPort"), ports, strict=True) if port is not None}
    return {**permission, **params}


def _check_block(request: AwsRequest, operation: str, field: str, block: Any) -> None:
    """The provider requires the address of the network: no bits are set after the prefix."""
    if field not in ("cidrIpv4", "cidrIpv6") or is_unknown(block):
        return
    try:
        version = ipaddress.ip_network(block).version
    except ValueError as wrong:
        request.refuse(operation, f"{field} is {block!r}: {wrong}")
    if version != (4 if field == "cidrIpv4" else 6):
        request.refuse(operation, f"{field} is {block!r}, which is of the other address family")


def _authorize(direction: str) -> Kind:
    operation, back = f"AuthorizeSecurityGroup{direction}", f"RevokeSecurityGroup{direction}"

    def make(request: AwsRequest) -> dict[str, Any]:
        permission = _permission(request, operation)
        _check_weight(request, operation, direction)
        params = {"GroupId": request.get("securityGroupId"), "IpPermissions": [permission]}
        made = request.call("ec2", operation, {**params, "TagSpecifications": _tagged(request, "security-group-rule")})
        if made is None:
            return {}
        identity = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return {"id": identity, "securityGroupRuleId": identity}

    def change(request: AwsRequest) -> None:
        if set(request.changed) <= {"tags"}:
            return
        permission = _permission(request, "ModifySecurityGroupRules")
        field = next(end for end in _ENDS if request.get(end) is not None)
        theirs = {"cidrIpv4": "CidrIpv4", "cidrIpv6": "CidrIpv6", "prefixListId": "PrefixListId"}
        rule = {
            **{key: permission[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in permission},
            theirs.get(field, "ReferencedGroupId"): request.get(field),
            "Description": request.get("description"),
        }
        params = {
            "SecurityGroupRuleId": request.made["id"],
            "SecurityGroupRule": {key: item for key, item in rule.items() if item is not None},
        }
        params = {"GroupId": request.get("securityGroupId"), "SecurityGroupRules": [params]}
        if field == "cidrIpv4" and "FromPort" in permission:
            request.call("ec2", "ModifySecurityGroupRules", params)
        else:
            # moto changes the addresses of IPv4 alone.
            request.held("ec2", "ModifySecurityGroupRules", params)

    def remove(request: AwsRequest) -> None:
        params = {"GroupId": request.get("securityGroupId"), "SecurityGroupRuleIds": [request.made["id"]]}
        request.call("ec2", back, params)

    return Kind(make, remove, change, replaced_by=("securityGroupId",), replaced_if=_of_another_end)


def _check_weight(request: AwsRequest, operation: str, direction: str) -> None:
    """A prefix list counts as its maximum number of entries ("Quotas" in the VPC user guide). moto counts no rules."""
    group = request.get("securityGroupId")
    if request.preview or is_unknown(group):
        return
    filters = [{"Name": "group-id", "Values": [group]}]
    found = request.ask("ec2", "DescribeSecurityGroupRules", {"Filters": filters})["SecurityGroupRules"]
    others = [rule for rule in found if rule["IsEgress"] == (direction == "Egress")]
    if request.get("cidrIpv6") is not None:
        weight = 1 + sum(1 for rule in others if rule.get("CidrIpv6"))
    else:
        weight = _weight(request.get("prefixListId")) + sum(
            _weight(rule.get("PrefixListId")) for rule in others if not rule.get("CidrIpv6")
        )
    most = request.model.quotas["rules-per-security-group"]
    if weight > most:
        request.refuse(
            operation, f"RulesPerSecurityGroupLimitExceeded: the rules count as {weight}, and AWS allows at most {most}"
        )


def _weight(prefix_list: Any) -> int:
    return 1 if prefix_list is None else _PREFIX_LIST_WEIGHT


def _of_another_end(old: Properties, new: Properties) -> set[str]:
    """ "When you modify a rule, you cannot change the rule's source type" (ModifySecurityGroupRules)."""
    before, after = ({end for end in _ENDS if given.get(end) is not None} for given in (old, new))
    return before ^ after


def _address(request: AwsRequest) -> dict[str, Any]:
    made = request.call("ec2", "AllocateAddress", {"Domain": request.get("domain", "vpc")})
    if made is None:
        return {}
    return {"id": made["AllocationId"], "allocationId": made["AllocationId"], "publicIp": made["PublicIp"]}


def _change_address(request: AwsRequest) -> None:
    """Tags alone change in place."""


def _release(request: AwsRequest) -> None:
    request.call("ec2", "ReleaseAddress", {"AllocationId": request.made["id"]})


def _associate(request: AwsRequest) -> dict[str, Any]:
    """A web ACL's association, held against the model alone: moto knows none of load balancers."""
    acl, resource = request.get("webAclArn"), request.get("resourceArn")
    request.held("wafv2", "AssociateWebACL", {"WebACLArn": acl, "ResourceArn": resource})
    if kind_of(request, resource) not in (None, ALB):
        request.refuse("AssociateWebACL", "only an Application Load Balancer supports a web ACL")
    return {} if request.preview else {"id": f"{acl},{resource}"}


def _disassociate(request: AwsRequest) -> None:
    request.held("wafv2", "DisassociateWebACL", {"ResourceArn": request.get("resourceArn")})


KINDS = {
    "aws:ec2/securityGroup:SecurityGroup": Kind(
        _security_group,
        _remove_group,
        _change_group,
        replaced_by=("name", "description", "vpcId"),
        named_by="name",
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _authorize("Ingress"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _authorize("Egress"),
    "aws:ec2/eip:Eip": Kind(_address, _release, _change_address, replaced_by=("domain", "address", "publicIpv4Pool")),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Kind(
        _associate, _disassociate, replaced_by=("webAclArn", "resourceArn")
    ),
}
