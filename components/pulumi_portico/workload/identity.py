"""The identity of pods: for the API server, and for a cloud.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import Code, define
from ..args.elsewhere import SWITCHED_ON, moved_to, table
from ..args.exceptions import SecurityException, exception_kind
from ..args.location import Field as FieldName
from ..args.location import Key, Location
from ..args.names import annotation_key, dns_subdomain
from ..args.parse import Field, Rule, Rules
from ..args.problems import Problems, Reason, Remove
from ..args.spec import Spec, spec
from ..lifecycle.annotation_readers import SERVICE_ACCOUNT, check_readers
from ..networking.network_policies import PeerSpec, build_rule
from ..networking.target import Protocol
from ..untyped import Manifest
from .permissions import RULES as PERMISSION_RULES
from .permissions import PolicyRule, PolicyRuleSpec, check_rules, exceptions_of_rules, report_existing_account

__all__ = [
    "HAS_TOKEN",
    "RULES",
    "Identity",
    "IdentitySpec",
    "build_identity_egress",
    "build_identity_labels",
    "build_service_account",
    "check_identity",
    "exceptions_of_identity",
    "note_blocked_identity",
]


class Identity(TypedDict):
    """The identity of the pods: for the API server, and for a cloud whose roles they assume without a stored key."""

    service_account: NotRequired[pulumi.Input[str]]
    """The name of an existing ServiceAccount. Default: Portico creates one with the component's name. Maps to
    `serviceAccountName`."""

    token: NotRequired[bool]
    """Whether the pods get a token for the API server. Its address isn't known, so add it and its port to the
    service's `allow_to`. Plain. Default: false, because most applications don't use it; true with `rules` or
    `cluster_rules`. Reported in `exceptions`. Maps to `automountServiceAccountToken`."""

    rules: NotRequired[Sequence[PolicyRule]]
    """What the pods can do with the API server in their namespace. Wide permissions are reported in `exceptions`. Plain
    except for the names of objects. Default: nothing. Maps to a Role and a RoleBinding."""

    cluster_rules: NotRequired[Sequence[PolicyRule]]
    """What the pods can do with the API server in every namespace, and outside of namespaces. Reported in
    `exceptions`. Plain except for the names of objects. Default: nothing. Maps to a ClusterRole and a
    ClusterRoleBinding."""

    aws_role_arn: NotRequired[pulumi.Input[str]]
    """The AWS role that the pods assume (IAM roles for service accounts). The addresses of AWS STS aren't fixed, so add
    addresses with port 443 to the service's `allow_to`. Maps to `eks.amazonaws.com/role-arn`."""

    aws_pod_identity: NotRequired[bool]
    """Whether the pods get AWS credentials from the EKS Pod Identity agent, whose association names the ServiceAccount.
    Allows connections to the agent, as `aws_role_arn` does. Plain. Default: false."""

    gcp_service_account: NotRequired[pulumi.Input[str]]
    """The address of the Google service account that the pods act as (Workload Identity Federation for GKE). Allows
    connections to the metadata server of GKE. Maps to `iam.gke.io/gcp-service-account`."""

    azure_client_id: NotRequired[pulumi.Input[str]]
    """The client ID of the Azure identity that the pods act as (Microsoft Entra Workload ID). The addresses of Entra ID
    aren't fixed, so add addresses with port 443 to the service's `allow_to`. Maps to
    `azure.workload.identity/client-id`, and to the pods' label `azure.workload.identity/use`."""

    azure_tenant_id: NotRequired[pulumi.Input[str]]
    """The Azure tenant of that identity. Default: the cluster's. Maps to `azure.workload.identity/tenant-id`."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """More annotations of the ServiceAccount. Keys are plain. Default: none."""


_NAMES_OF_IDENTITY = table(
    {
        "create": SWITCHED_ON,
        "name": moved_to("service_account"),
        "serviceAccountName": moved_to("service_account"),
        "automount": moved_to("token"),
        "automountServiceAccountToken": moved_to("token"),
        "roleArn": moved_to("aws_role_arn"),
    }
)
"""Other tools' names for the fields of `Identity`."""


@spec(Identity, elsewhere=_NAMES_OF_IDENTITY)
class IdentitySpec(Spec):
    """A parsed `Identity`."""

    service_account: Optional[pulumi.Input[str]] = None
    token: Optional[bool] = None
    rules: Sequence[PolicyRuleSpec] = ()
    cluster_rules: Sequence[PolicyRuleSpec] = ()
    aws_role_arn: Optional[pulumi.Input[str]] = None
    aws_pod_identity: bool = False
    gcp_service_account: Optional[pulumi.Input[str]] = None
    azure_client_id: Optional[pulumi.Input[str]] = None
    azure_tenant_id: Optional[pulumi.Input[str]] = None
    annotations: Optional[Mapping[str, pulumi.Input[str]]] = None

    @property
    def has_token(self) -> bool:
        """Whether the pods get a token for the API server."""
        return self.token if self.token is not None else bool(self.rules or self.cluster_rules)

    @property
    def token_at(self) -> Location:
        """The argument that gives the pods a token."""
        if self.token is not None:
            return self.at / "token"
        return self.at / ("rules" if self.rules else "cluster_rules")


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
    allowed="NAME@PROJECT.iam.gserviceaccount.com, or a default account of Google",
)
ANNOTATION_SET_BY_FIELD = define("annotation-set-by-field", "{field} sets this annotation.")
ANNOTATES_EXISTING_ACCOUNT = define(
    "annotates-existing-service-account",
    "This annotates the ServiceAccount, and Portico doesn't create the one that {service_account} names.",
)
API_SERVER_NOT_ALLOWED = define(
    "api-server-not-allowed",
    "The pods have a token for the API server, and their NetworkPolicy doesn't allow connections to it. A policy can't "
    "name the API server, only its addresses behind the Service `kubernetes`.",
    allowed="the API server's addresses and its port, as a peer of {field}",
    hint="Add the addresses and the port that `kubectl get endpointslices -n default kubernetes` prints to {field}. On "
    "Cilium, if the API server runs on nodes of the cluster, use a CiliumNetworkPolicy with the entity kube-apiserver.",
)
TOKEN_SERVICE_NOT_ALLOWED = define(
    "token-service-not-allowed",
    "The pods get this identity from {service} at port {port}, and their NetworkPolicy doesn't allow connections to "
    "it. A policy can't name a host, and the addresses of {service} aren't fixed.",
    allowed="addresses that include those of {service}, with port {port}, as a peer of {field}",
    hint="Add a range to {field}: that of a private endpoint, or 0.0.0.0/0.",
)


def _matching(pattern: str, code: Code) -> Rule:
    compiled = re.compile(pattern)

    def rule(value: str) -> Optional[Reason]:
        return None if compiled.fullmatch(value) else Reason(code)

    return rule


_UUID = _matching(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", INVALID_AZURE_ID)

RULES: Rules = {
    **PERMISSION_RULES,
    Identity: {
        "service_account": Field(dns_subdomain),
        "aws_role_arn": Field(_matching(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+", INVALID_ROLE_ARN)),
        "gcp_service_account": Field(
            _matching(
                r"[a-z0-9-]+@[a-z0-9.:-]+\.iam\.gserviceaccount\.com"
                # Those that Google creates.
                r"|[0-9]+-compute@developer\.gserviceaccount\.com|[a-z0-9.:-]+@appspot\.gserviceaccount\.com",
                INVALID_GCP_ACCOUNT,
            )
        ),
        "azure_client_id": Field(_UUID),
        "azure_tenant_id": Field(_UUID),
        "annotations": Field(keys=annotation_key),
    },
}
"""What the fields must satisfy beyond their types."""


def _cloud_annotations(identity: IdentitySpec) -> Iterator[tuple[str, str, pulumi.Input[str]]]:
    """The fields that are set, each with the annotation that it maps to."""
    for field, key, value in (
        ("aws_role_arn", _ROLE, identity.aws_role_arn),
        ("gcp_service_account", _ACCOUNT, identity.gcp_service_account),
        ("azure_client_id", _CLIENT, identity.azure_client_id),
        ("azure_tenant_id", "azure.workload.identity/tenant-id", identity.azure_tenant_id),
    ):
        if value is not None:
            yield field, key, value


def check_identity(identity: IdentitySpec, problems: Problems) -> None:
    """Report annotations that are set twice or without effect, or on a ServiceAccount that Portico doesn't create."""
    problems.run(_check_annotations, identity)
    problems.run(_check_existing_account, identity)
    problems.run(_check_rules, identity)


def _check_rules(identity: IdentitySpec, problems: Problems) -> None:
    problems.run(_check_rules_in, identity, "rules")
    problems.run(_check_rules_in, identity, "cluster_rules")


def _check_rules_in(identity: IdentitySpec, field: str, problems: Problems) -> None:
    is_in_cluster = field == "cluster_rules"
    rules = identity.cluster_rules if is_in_cluster else identity.rules
    check_rules(rules, None if is_in_cluster else FieldName("cluster_rules"), problems)
    if rules and identity.service_account is not None:
        report_existing_account(identity.at / field, problems)


def _check_annotations(identity: IdentitySpec, problems: Problems) -> None:
    for field, key, _ in _cloud_annotations(identity):
        if key in (identity.annotations or {}):
            where = identity.at / "annotations" / Key(key)
            problems.report(ANNOTATION_SET_BY_FIELD, where, field=FieldName(field), fix=Remove(where))
    check_readers(identity.annotations, identity.at / "annotations", SERVICE_ACCOUNT, problems)


def _check_existing_account(identity: IdentitySpec, problems: Problems) -> None:
    if identity.service_account is None:
        return
    fields = [field for field, _, _ in _cloud_annotations(identity)]
    for field in [*fields, *(["annotations"] if identity.annotations is not None else [])]:
        where = identity.at / field
        account = FieldName("service_account")
        problems.report(ANNOTATES_EXISTING_ACCOUNT, where, service_account=account, fix=Remove(where))


_AGENT = ("169.254.170.23/32", "fd00:ec2::23/128")
"""The addresses of the EKS Pod Identity agent on each node (EKS user guide, "How EKS Pod Identity works")."""

_METADATA_SERVER = (("169.254.169.254/32", 80), ("169.254.169.252/32", 988))
"""The GKE metadata server: with GKE Dataplane V2, and with other dataplanes, which translate the address before the
policy applies (GKE documentation, "Authenticate to Google Cloud APIs from GKE workloads")."""

_HTTPS = 443
_API_SERVER_PORTS = (_HTTPS, 6443, 8443, 16443)
"""The port of managed clusters, of kubeadm and k3s, of minikube, and of MicroK8s."""

_ROLE, _ACCOUNT, _CLIENT = (
    "eks.amazonaws.com/role-arn",
    "iam.gke.io/gcp-service-account",
    "azure.workload.identity/client-id",
)


def build_identity_egress(identity: Optional[IdentitySpec]) -> Iterator[dict[str, Any]]:
    """The rules that allow connections to where the pods get the identity, if its addresses are fixed."""
    if identity is None:
        return
    tcp = Protocol.TCP.value
    if identity.aws_pod_identity or _has(identity, identity.aws_role_arn, _ROLE):
        yield build_rule("to", [{"ipBlock": {"cidr": address}} for address in _AGENT], [(80, tcp)])
    if _has(identity, identity.gcp_service_account, _ACCOUNT):
        for address, port in _METADATA_SERVER:
            yield build_rule("to", [{"ipBlock": {"cidr": address}}], [(port, tcp)])


def _has(identity: IdentitySpec, value: Any, annotation: str) -> bool:
    """Whether an identity of a cloud is set, by its field or by the annotation that it maps to."""
    return value is not None or annotation in (identity.annotations or {})


def note_blocked_identity(identity: IdentitySpec, allow_to: Sequence[PeerSpec], notes: Problems) -> None:
    """Note what the pods need for the identity and the NetworkPolicy doesn't allow."""
    field = FieldName("allow_to")
    if identity.has_token and not _allows_addresses(allow_to, _API_SERVER_PORTS):
        notes.report(API_SERVER_NOT_ALLOWED, identity.token_at, field=field)
    for service, name, value, annotation in (
        ("AWS STS", "aws_role_arn", identity.aws_role_arn, _ROLE),
        ("Microsoft Entra ID", "azure_client_id", identity.azure_client_id, _CLIENT),
    ):
        if _has(identity, value, annotation) and not _allows_addresses(allow_to, [_HTTPS]):
            where = identity.at / name if value is not None else identity.at / "annotations" / Key(annotation)
            notes.report(TOKEN_SERVICE_NOT_ALLOWED, where, service=service, port=_HTTPS, field=field)


def _allows_addresses(peers: Sequence[PeerSpec], ports: Sequence[int]) -> bool:
    """Whether a peer allows connections to addresses outside the cluster, at one of the ports."""
    return any(
        peer.cidr is not None
        and peer.protocol in (None, Protocol.TCP)
        and (not peer.ports or any(isinstance(port, pulumi.Output) or port in ports for port in peer.ports))
        for peer in peers
    )


HAS_TOKEN = exception_kind("has-token", "The pods have a token for the API server.")


def exceptions_of_identity(identity: IdentitySpec) -> Iterator[SecurityException]:
    """What is less strict than the secure default."""
    if identity.has_token:
        yield SecurityException(HAS_TOKEN, identity.token_at)
    yield from exceptions_of_rules(identity.rules, identity.cluster_rules)


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
