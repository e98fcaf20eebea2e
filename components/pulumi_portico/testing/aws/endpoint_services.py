"""Endpoint services of PrivateLink, as the provider makes them.

Sources: CreateVpcEndpointServiceConfiguration, ModifyVpcEndpointServiceConfiguration, and
ModifyVpcEndpointServicePermissions in the API reference of EC2.
"""

from typing import Any

from .actions import kind_of
from .attributes import NLB
from .aws_request import AwsRequest
from .kinds import Kind

__all__ = ["KINDS"]


def _make(request: AwsRequest) -> dict[str, Any]:
    operation = "CreateVpcEndpointServiceConfiguration"
    balancers = request.items("networkLoadBalancerArns")
    for balancer in balancers:
        if kind_of(request, balancer) not in (None, NLB):
            request.refuse(operation, f"{balancer} isn't a Network Load Balancer")
    tags = request.tags()
    params = {
        "AcceptanceRequired": request.get("acceptanceRequired"),
        "NetworkLoadBalancerArns": balancers,
        "PrivateDnsName": request.get("privateDnsName"),
        "TagSpecifications": None if tags is None else [{"ResourceType": "vpc-endpoint-service", "Tags": tags}],
    }
    made = request.call("ec2", operation, params)
    service = "" if made is None else made["ServiceConfiguration"]["ServiceId"]
    _allow(request, service)
    return {} if made is None else {"id": service, "serviceName": made["ServiceConfiguration"]["ServiceName"]}


def _allow(request: AwsRequest, service: str) -> None:
    principals = request.items("allowedPrincipals")
    if principals:
        given = {"ServiceId": service, "AddAllowedPrincipals": principals}
        request.call("ec2", "ModifyVpcEndpointServicePermissions", given)


def _remove(request: AwsRequest) -> None:
    request.call("ec2", "DeleteVpcEndpointServiceConfigurations", {"ServiceIds": [request.made["id"]]})


def _change(request: AwsRequest) -> None:
    service = request.made["id"]
    params = {"ServiceId": service, "AcceptanceRequired": request.get("acceptanceRequired")}
    name = request.get("privateDnsName")
    request.call("ec2", "ModifyVpcEndpointServiceConfiguration", {**params, "PrivateDnsName": name})
    _allow(request, service)


KINDS = {"aws:ec2/vpcEndpointService:VpcEndpointService": Kind(_make, _remove, _change)}
