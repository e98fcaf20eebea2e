"""Who the pods are: to the API server, and to a cloud.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import annotation_key, dns_subdomain
from ..args.values import Rule
from ..checks import Field, Rules
from ..errors import Problems, Refusal

__all__ = ["RULES", "Identity", "build_identity_labels", "build_service_account", "check_identity"]


class Identity(TypedDict):
    """Who the pods are: to the API server, and to a cloud whose roles they take on without a stored key."""

    service_account: NotRequired[pulumi.Input[str]]
    """The name of a ServiceAccount that exists, instead of one of the service's own. Default: one with the component's
    name is made. Maps to `serviceAccountName`."""

    token: NotRequired[bool]
    """Whether the pods get a token for the API server. Plain. Default: false, as most never talk to it. Reported in
    `exceptions`. Maps to `automountServiceAccountToken`."""

    aws_role_arn: NotRequired[pulumi.Input[str]]
    """The AWS role that the pods take on (IAM roles for service accounts). EKS Pod Identity needs nothing here: its
    association names the ServiceAccount. Maps to `eks.amazonaws.com/role-arn`."""

    gcp_service_account: NotRequired[pulumi.Input[str]]
    """The address of the Google service account that the pods act as (Workload Identity Federation for GKE). Maps to
    `iam.gke.io/gcp-service-account`."""

    azure_client_id: NotRequired[pulumi.Input[str]]
    """The client id of the Azure identity that the pods act as (Microsoft Entra Workload ID). Maps to
    `azure.workload.identity/client-id`, and to the label `azure.workload.identity/use` of the pods."""

    azure_tenant_id: NotRequired[pulumi.Input[str]]
    """The Azure tenant of that identity. Default: the cluster's. Maps to `azure.workload.identity/tenant-id`."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """More annotations of the ServiceAccount. Keys are plain. Default: none."""


def _matching(pattern: str, wrong: str, allowed: str) -> Rule:
    compiled = re.compile(pattern)

    def rule(value: str) -> Optional[Refusal]:
        return None if compiled.fullmatch(value) else Refusal(wrong, allowed)

    return rule


_UUID = _matching(
    r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "is not an id of Azure",
    "a UUID, such as 00000000-0000-0000-0000-000000000000",
)

RULES: Rules = {
    Identity: {
        "service_account": Field(dns_subdomain),
        "aws_role_arn": Field(
            _matching(
                r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+",
                "is not the ARN of a role",
                "arn:aws:iam::ACCOUNT:role/NAME",
            )
        ),
        "gcp_service_account": Field(
            _matching(
                r"[a-z0-9-]+@[a-z0-9.:-]+\.iam\.gserviceaccount\.com",
                "is not the address of a Google service account",
                "NAME@PROJECT.iam.gserviceaccount.com",
            )
        ),
        "azure_client_id": Field(_UUID),
        "azure_tenant_id": Field(_UUID),
        "annotations": Field(keys=annotation_key),
    }
}
"""What the fields must satisfy beyond their types."""

_ANNOTATIONS: Mapping[str, str] = {
    "aws_role_arn": "eks.amazonaws.com/role-arn",
    "gcp_service_account": "iam.gke.io/gcp-service-account",
    "azure_client_id": "azure.workload.identity/client-id",
    "azure_tenant_id": "azure.workload.identity/tenant-id",
}


def check_identity(identity: Mapping[str, Any], problems: Problems, path: str, spelling: Callable[[str], str]) -> None:
    """Note what would be written on a ServiceAccount that is not ours, or twice."""
    annotations: Any = identity.get("annotations")
    for field, key in _ANNOTATIONS.items():
        if field in identity and isinstance(annotations, Mapping) and key in annotations:
            fix = f"leave the annotation to {spelling(field)}"
            problems.note(f"{path}.annotations.{key}", Refusal(f"is what {spelling(field)} sets", "any other", fix))
    if "service_account" not in identity:
        return
    for field in (*_ANNOTATIONS, "annotations"):
        if field in identity:
            refusal = Refusal(
                "is written on a ServiceAccount, and the one that is named is not Portico's",
                f"without {spelling('service_account')}",
                "put the annotation there where that ServiceAccount is made",
            )
            problems.note(f"{path}.{spelling(field)}", refusal)


def build_service_account(metadata: Mapping[str, Any], identity: Mapping[str, Any]) -> dict[str, Any]:
    """The pods' identity: their own. A token is the pods' choice, and off here for whoever else uses the account."""
    annotations = {key: identity[field] for field, key in _ANNOTATIONS.items() if field in identity}
    annotations |= identity.get("annotations", {})
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {**metadata, **({"annotations": annotations} if annotations else {})},
        "automountServiceAccountToken": False,
    }


def build_identity_labels(identity: Mapping[str, Any]) -> dict[str, str]:
    """The labels that the pods need for it."""
    return {"azure.workload.identity/use": "true"} if "azure_client_id" in identity else {}
