"""Security groups and their rules, addresses, and web ACLs, as the provider makes them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .model import Asked

__all__ = ["MAKERS"]

_NAME_LENGTH = 255


def security_group(asked: "Asked") -> dict[str, Any]:
    """aws:ec2/securityGroup:SecurityGroup."""
    name = asked.name(_NAME_LENGTH)
    if name.startswith("sg-"):
        asked.refuse("CreateSecurityGroup", f"{name!r} begins with sg-, which AWS keeps for ids")
    params = {
        "GroupName": name,
        "Description": asked.get("description", "Managed by Pulumi"),
        "VpcId": asked.get("vpcId"),
    }
    made = asked.call("ec2", "CreateSecurityGroup", params)
    if made is None:
        return {"name": name}
    group = made["GroupId"]
    # A new one lets all out; the provider takes that away.
    everywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    asked.call("ec2", "RevokeSecurityGroupEgress", {"GroupId": group, "IpPermissions": everywhere})
    arn = f"arn:aws:ec2:{asked.model.region}:{asked.model.account}:security-group/{group}"
    return {"id": group, "arn": arn, "name": name}


def _permission(asked: "Asked", operation: str) -> dict[str, Any]:
    permission: dict[str, Any] = {"IpProtocol": str(asked.get("ipProtocol"))}
    ends = [("cidrIpv4", "IpRanges", "CidrIp"), ("cidrIpv6", "Ipv6Ranges", "CidrIpv6")]
    ends += [
        ("referencedSecurityGroupId", "UserIdGroupPairs", "GroupId"),
        ("prefixListId", "PrefixListIds", "PrefixListId"),
    ]
    given = [it for it in ends if asked.get(it[0]) is not None]
    if len(given) != 1:
        asked.refuse(operation, f"it names {len(given)} ends: one of {', '.join(it[0] for it in ends)}")
    for field, group, key in given:
        permission[group] = [{key: asked.get(field)}]
    for field, key in (("fromPort", "FromPort"), ("toPort", "ToPort")):
        if asked.get(field) is not None:
            permission[key] = asked.get(field)
    if permission["IpProtocol"] in ("tcp", "udp") and "FromPort" not in permission:
        asked.refuse(operation, "a rule of tcp or udp wants its ports")
    return permission


def _rule(asked: "Asked", operation: str) -> dict[str, Any]:
    params = {"GroupId": asked.get("securityGroupId"), "IpPermissions": [_permission(asked, operation)]}
    made = asked.call("ec2", operation, params)
    if made is None:
        return {}
    found: list[dict[str, Any]] = made.get("SecurityGroupRules") or [{}]
    return {"id": found[0].get("SecurityGroupRuleId", f"sgr-{asked.resource}")}


def ingress_rule(asked: "Asked") -> dict[str, Any]:
    """aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule."""
    return _rule(asked, "AuthorizeSecurityGroupIngress")


def egress_rule(asked: "Asked") -> dict[str, Any]:
    """aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule."""
    return _rule(asked, "AuthorizeSecurityGroupEgress")


def address(asked: "Asked") -> dict[str, Any]:
    """aws:ec2/eip:Eip."""
    made = asked.call("ec2", "AllocateAddress", {"Domain": asked.get("domain", "vpc")})
    if made is None:
        return {}
    return {"id": made["AllocationId"], "allocationId": made["AllocationId"], "publicIp": made["PublicIp"]}


def web_acl_association(asked: "Asked") -> dict[str, Any]:
    """aws:wafv2/webAclAssociation:WebAclAssociation, held against the model alone: moto asks for an ACL of its own."""
    params = {"WebACLArn": asked.get("webAclArn"), "ResourceArn": asked.get("resourceArn")}
    asked.held("wafv2", "AssociateWebACL", params)
    if isinstance(params["ResourceArn"], str) and "/net/" in params["ResourceArn"]:
        asked.refuse("AssociateWebACL", "a Network Load Balancer takes no web ACL")
    return {} if asked.preview else {"id": f"{params['WebACLArn']},{params['ResourceArn']}"}


MAKERS = {
    "aws:ec2/securityGroup:SecurityGroup": security_group,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ingress_rule,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": egress_rule,
    "aws:ec2/eip:Eip": address,
    "aws:wafv2/webAclAssociation:WebAclAssociation": web_acl_association,
}
