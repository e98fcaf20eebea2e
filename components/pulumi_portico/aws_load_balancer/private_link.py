"""AWS PrivateLink: clients of other VPCs and accounts reach a Network Load Balancer by endpoints of their own.

Sources: EC2 API reference, CreateVpcEndpointServiceConfiguration; PrivateLink guide, "Create an endpoint service".
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.parse import Field, Rules
from ..args.problems import Reason
from ..args.spec import Spec, spec
from ..untyped import Properties
from .resources import without_none
from .rules import not_empty, route_host

__all__ = ["RULES", "AwsPrivateLink", "AwsPrivateLinkSpec", "build_endpoint_service"]


class AwsPrivateLink(TypedDict):
    """An endpoint service of AWS PrivateLink. Network Load Balancers.

    Targets see the load balancer's address, unless their `client_ip` is proxy-protocol: then the PROXY protocol has the
    endpoint's ID too."""

    allowed_principals: NotRequired[Sequence[pulumi.Input[str]]]
    """Who can create endpoints: ARNs of accounts, users, or roles. `*` is everyone. Its length is plain. Default: only
    this account."""

    acceptance_required: NotRequired[bool]
    """Whether you must accept each endpoint. Plain. Default: true."""

    private_dns_name: NotRequired[pulumi.Input[str]]
    """The host name by which clients reach the endpoint, for a domain that you prove to own. Default: none."""

    enforces_sources: NotRequired[bool]
    """Whether `allowed_sources` applies to connections from endpoints, which have addresses of the clients' VPCs.
    Plain. Default: true."""


@spec(AwsPrivateLink)
class AwsPrivateLinkSpec(Spec):
    """A parsed `AwsPrivateLink`. A field is None if it isn't set."""

    allowed_principals: Optional[Sequence[pulumi.Input[str]]] = None
    acceptance_required: bool = True
    private_dns_name: Optional[pulumi.Input[str]] = None
    enforces_sources: bool = True


NOT_A_PRINCIPAL = define(
    "not-a-principal", "{value} isn't the ARN of an account, a user, or a role.", allowed="an ARN of AWS IAM, or *"
)


def _principal(value: str) -> Optional[Reason]:
    is_arn = _ARN_OF_IAM.fullmatch(value) is not None
    return None if value == "*" or is_arn else Reason(NOT_A_PRINCIPAL)


_ARN_OF_IAM = re.compile("arn:[^:]*:iam(:[^:]*){3}")


RULES: Rules = {
    AwsPrivateLink: {
        "allowed_principals": Field(not_empty, items=_principal),
        "private_dns_name": Field(route_host),
    },
}
"""What the fields must satisfy beyond their types."""


def build_endpoint_service(
    link: AwsPrivateLinkSpec, load_balancer: Any, tags: Optional[Mapping[str, pulumi.Input[str]]]
) -> Properties:
    """The endpoint service, as `aws.ec2.VpcEndpointService` takes it."""
    principals = None if link.allowed_principals is None else list(link.allowed_principals)
    return without_none(
        {
            "acceptance_required": link.acceptance_required,
            "allowed_principals": principals,
            "network_load_balancer_arns": [load_balancer],
            "private_dns_name": link.private_dns_name,
            "tags": tags or None,
        }
    )
