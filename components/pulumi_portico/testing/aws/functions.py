"""The functions of the AWS provider that the model answers."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from ...untyped import Properties
from .account import Account
from .refusal import AwsRefusal

__all__ = ["answer_function"]


def _region(model: Account, _args: Properties) -> dict[str, Any]:
    return {"id": model.region, "name": model.region, "region": model.region}


def _identity(model: Account, _args: Properties) -> dict[str, Any]:
    return {"id": model.account, "accountId": model.account, "arn": f"arn:aws:iam::{model.account}:root", "userId": "X"}


def _partition(_model: Account, _args: Properties) -> dict[str, Any]:
    return {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com"}


def _zone(model: Account, args: Properties) -> dict[str, Any]:
    zones = model.client("route53").list_hosted_zones()["HostedZones"]
    for zone in zones:
        name, identity = zone["Name"].rstrip("."), zone["Id"].rpartition("/")[2]
        if args.get("zoneId") == identity or str(args.get("name", "")).rstrip(".") == name:
            return {"id": identity, "zoneId": identity, "name": name, "privateZone": False}
    there = ", ".join(zone["Name"] for zone in zones) or "none"
    raise AwsRefusal(
        "getZone", "ListHostedZones", f"no zone is {args.get('name') or args.get('zoneId')}; there: {there}"
    )


def _ask(model: Account, service: str, method: str, **params: Any) -> Any:
    try:
        return getattr(model.client(service), method)(**params)
    except ClientError as refused:
        raise AwsRefusal("a function", method, str(refused)) from refused


def _subnet(model: Account, args: Properties) -> dict[str, Any]:
    found = _ask(model, "ec2", "describe_subnets", SubnetIds=[args["id"]])["Subnets"][0]
    zone = found["AvailabilityZone"]
    return {"id": args["id"], "vpcId": found["VpcId"], "availabilityZone": zone, "cidrBlock": found["CidrBlock"]}


def _balancer(model: Account, args: Properties) -> dict[str, Any]:
    request = {"LoadBalancerArns": [args["arn"]]} if args.get("arn") else {"Names": [args.get("name")]}
    found = _ask(model, "elbv2", "describe_load_balancers", **request)["LoadBalancers"][0]
    return {
        "id": found["LoadBalancerArn"],
        "arn": found["LoadBalancerArn"],
        "name": found["LoadBalancerName"],
        "dnsName": found["DNSName"],
        "zoneId": found["CanonicalHostedZoneId"],
        "loadBalancerType": found["Type"],
        "internal": found["Scheme"] == "internal",
        "vpcId": found["VpcId"],
        "securityGroups": found.get("SecurityGroups", []),
        "subnets": [subnet["SubnetId"] for subnet in found["AvailabilityZones"]],
        "ipAddressType": found["IpAddressType"],
    }


_FUNCTIONS: Mapping[str, Callable[[Account, Properties], dict[str, Any]]] = {
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getCallerIdentity:getCallerIdentity": _identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:route53/getZone:getZone": _zone,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:lb/getLoadBalancer:getLoadBalancer": _balancer,
}


def answer_function(model: Account, token: str, args: Properties) -> Properties:
    """What AWS returns to a function of the provider."""
    answer = _FUNCTIONS.get(token)
    if answer is None:
        raise LookupError(
            f"the program calls {token}, which this model of AWS doesn't support: {', '.join(_FUNCTIONS)}"
        )
    return answer(model, args)
