"""The identity of pods: for the API server, and for a cloud.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import Code, define
from ..args.exceptions import SecurityException, exception_kind
from ..args.location import Field as FieldName
from ..args.location import Key
from ..args.names import annotation_key, dns_subdomain
from ..args.parse import Field, Rule, Rules
from ..args.problems import Problems, Reason, Remove
from ..args.spec import Spec, spec
from ..untyped import Manifest

__all__ = [
    "RULES",
    "Identity",
    "IdentitySpec",
    "build_identity_labels",
    "build_service_account",
    "check_identity",
    "exceptions_of_identity",
]


class Identity(TypedDict):
    """The identity of the pods: for the API server, and for a cloud whose roles they assume without a stored key."""

    service_account: NotRequired[pulumi.Input[str]]
    """The name of an existing ServiceAccount. Default: Portico creates one with the component's name. Maps to
    `serviceAccountName`."""

    token: NotRequired[bool]
    """Whether the pods get a token for the API server. Plain. Default: false, because most applications don't use it.
    Reported in `exceptions`. Maps to `automountServiceAccountToken`."""

    aws_role_arn: NotRequired[pulumi.Input[str]]
    """The AWS role that the pods assume (IAM roles for service accounts). EKS Pod Identity doesn't need it, because its
    association names the ServiceAccount. Maps to `eks.amazonaws.com/role-arn`."""

    gcp_service_account: NotRequired[pulumi.Input[str]]
    """The address of the Google service account that the pods act as (Workload Identity Federation for GKE). Maps to
    `iam.gke.io/gcp-service-account`."""

    azure_client_id: NotRequired[pulumi.Input[str]]
    """The client ID of the Azure identity that the pods act as (Microsoft Entra Workload ID). Maps to
    `azure.workload.identity/client-id`, and to the pods' label `azure.workload.identity/use`."""

    azure_tenant_id: NotRequired[pulumi.Input[str]]
    """The Azure tenant of that identity. Default: the cluster's. Maps to `azure.workload.identity/tenant-id`."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """More annotations of the ServiceAccount. Keys are plain. Default: none."""


@spec(Identity)
class IdentitySpec(Spec):
    """A parsed `Identity`."""

    service_account: Optional[pulumi.Input[str]] = None
    token: bool = False
    aws_role_arn: Optional[pulumi.Input[str]] = None
    gcp_service_account: Optional[pulumi.Input[str]] = None
    azure_client_id: Optional[pulumi.Input[str]] = None
    azure_tenant_id: Optional[pulumi.Input[str]] = None
    annotations: Optional[Mapping[str, pulumi.Input[str]]] = None


INVALID_AZURE_ID = define(
    "invalid-azure-id",
    "{value} isn't an ID of Azure.",
    allowed="a UUID, such as 00000000-0000-0000-0000-000000000000",
)
INVALID_ROLE_ARN = define(
    "invalid-role-arn", "{value} isn't the ARN of an AWS role.", allowed="arn:aws:iam::ACCOUNT:role/NAME"
)
INVALID_GCP_ACCOUNT = define(
    "invalid-gcp-service-account",
    "{value} isn't the address of a Google service account.",
    allowed="NAME@PROJECT.iam.gserviceaccount.com",
)
ANNOTATION_SET_BY_FIELD = define("annotation-set-by-field", "{field} sets this annotation.")
ANNOTATES_EXISTING_ACCOUNT = define(
    "annotates-existing-service-account",
    "This annotates the ServiceAccount, and Portico doesn't create the one that {service_account} names.",
)


def _matching(pattern: str, code: Code) -> Rule:
    compiled = re.compile(pattern)

    def rule(value: str) -> Optional[Reason]:
        return None if compiled.fullmatch(value) else Reason(code)

    return rule


_UUID = _matching(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", INVALID_AZURE_ID)

RULES: Rules = {
    Identity: {
        "service_account": Field(dns_subdomain),
        "aws_role_arn": Field(_matching(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", INVALID_ROLE_ARN)),
        "gcp_service_account": Field(
            _matching(r"[a-z0-9-]+@[a-z0-9.:-]+\.iam\.gserviceaccount\.com", INVALID_GCP_ACCOUNT)
        ),
        "azure_client_id": Field(_UUID),
        "azure_tenant_id": Field(_UUID),
        "annotations": Field(keys=annotation_key),
    }
}
"""What the fields must satisfy beyond their types."""


def _cloud_annotations(identity: IdentitySpec) -> Iterator[tuple[str, str, pulumi.Input[str]]]:
    """The fields that are set, each with the annotation that it maps to."""
    for field, key, value in (
        ("aws_role_arn", "eks.amazonaws.com/role-arn", identity.aws_role_arn),
        ("gcp_service_account", "iam.gke.io/gcp-service-account", identity.gcp_service_account),
        ("azure_client_id", "azure.workload.identity/client-id", identity.azure_client_id),
        ("azure_tenant_id", "azure.workload.identity/tenant-id", identity.azure_tenant_id),
    ):
        if value is not None:
            yield field, key, value


def check_identity(identity: IdentitySpec, problems: Problems) -> None:
    """Report annotations that are set twice, or on a ServiceAccount that Portico doesn't create."""
    problems.run(_check_annotations, identity)
    problems.run(_check_existing_account, identity)


def _check_annotations(identity: IdentitySpec, problems: Problems) -> None:
    for field, key, _ in _cloud_annotations(identity):
        if key in (identity.annotations or {}):
            where = identity.at / "annotations" / Key(key)
            problems.report(ANNOTATION_SET_BY_FIELD, where, field=FieldName(field), fix=Remove(where))


def _check_existing_account(identity: IdentitySpec, problems: Problems) -> None:
    if identity.service_account is None:
        return
    fields = [field for field, _, _ in _cloud_annotations(identity)]
    for field in [*fields, *(["annotations"] if identity.annotations is not None else [])]:
        where = identity.at / field
        account = FieldName("service_account")
        problems.report(ANNOTATES_EXISTING_ACCOUNT, where, service_account=account, fix=Remove(where))


_HAS_TOKEN = exception_kind("has-token", "The pods have a token for the API server.")


def exceptions_of_identity(identity: IdentitySpec) -> Iterator[SecurityException]:
    """What is less strict than the secure default."""
    if identity.token:
        yield SecurityException(_HAS_TOKEN, identity.at / "token")


def build_service_account(metadata: Manifest, identity: Optional[IdentitySpec] = None) -> dict[str, Any]:
    """The pods' own ServiceAccount. The pods choose whether they get a token; other users of the account get none."""
    found = identity or IdentitySpec()
    annotations: dict[str, Any] = {key: value for _, key, value in _cloud_annotations(found)}
    annotations |= found.annotations or {}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {**metadata, **({"annotations": annotations} if annotations else {})},
        "automountServiceAccountToken": False,
    }


def build_identity_labels(identity: Optional[IdentitySpec]) -> dict[str, str]:
    """The labels of the pods that the identity needs."""
    return {"azure.workload.identity/use": "true"} if identity and identity.azure_client_id is not None else {}
