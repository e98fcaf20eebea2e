"""The objects that a stack has beside its components: ConfigMaps, Secrets, and claims, by name.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.location import Field as FieldName
from ..args.location import Key, Location
from ..args.names import annotation_key, dns_subdomain, label_key, label_value
from ..args.parse import Field, Rules
from ..args.problems import Problems, Reason, Remove
from ..args.secrets import Placeholder
from ..args.sizes import check_data
from ..args.spec import Spec, spec
from ..args.units import GIB
from ..args.values import LARGEST_GIB, data_key, whole_number
from ..lifecycle.annotation_readers import CLAIM, CONFIG, check_readers
from ..untyped import mapped
from ..workload.kinds import ClaimRetention, ClaimRetentionLike
from ..workload.volumes import AccessMode, AccessModeLike, build_claim_spec
from .own_elsewhere import CLAIM_NAMES, CONFIG_MAP_NAMES, SECRET_NAMES

__all__ = [
    "ACCOUNT_TOKEN",
    "RULES",
    "ClaimArgs",
    "ClaimSpec",
    "ConfigMapArgs",
    "ConfigMapSpec",
    "SecretArgs",
    "SecretSpec",
    "build_claim",
    "build_config_map",
    "build_secret",
    "check_claim",
    "check_config_map",
    "check_secret",
    "config_map_name",
]

_Texts = Mapping[str, pulumi.Input[str]]


class ConfigMapArgs(TypedDict):
    """A ConfigMap of the stack's namespace; its key is its name."""

    data: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The values, by key. Keys are plain. Default: none. Maps to `data`."""

    binary_data: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Binary values in base64, by key. Keys are plain. Default: none. Maps to `binaryData`."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels. Keys are plain. Default: none."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations. Keys are plain. Default: none."""


class SecretArgs(TypedDict):
    """A Secret of the stack's namespace; its key is its name. Its values are encrypted in the state."""

    type: NotRequired[str]
    """The type, such as `kubernetes.io/tls`. Plain. Default: Opaque."""

    string_data: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The values as text, by key. Keys are plain. Default: none. Maps to `stringData`."""

    data: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The values in base64, by key. Keys are plain. Default: none. Maps to `data`."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels. Keys are plain. Default: none."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations. Keys are plain. Default: none."""


class ClaimArgs(TypedDict):
    """A PersistentVolumeClaim of the stack's namespace, for the `volumes` of services; its key is its name."""

    size_gib: int
    """GiB (1 or more). Plain. It can grow if the storage class allows it. Maps to `resources.requests.storage`."""

    storage_class: NotRequired[str]
    """The StorageClass. Plain. Kubernetes freezes it. Default: the cluster's. Maps to `storageClassName`."""

    access_mode: NotRequired[AccessModeLike]
    """Which pods can mount it at the same time. The `volumes` that mount it have it as their default. Plain.
    Kubernetes freezes it. Default: ReadWriteOnce. Maps to `accessModes`."""

    when_deleted: NotRequired[ClaimRetentionLike]
    """What happens to the claim, and so to its data, when the stack no longer has it. Plain. Default: Retain. The
    deletion of the namespace deletes it in any case."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels. Keys are plain. Default: none."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations. Keys are plain. Default: none."""


@spec(ConfigMapArgs, elsewhere=CONFIG_MAP_NAMES)
class ConfigMapSpec(Spec):
    """Parsed `ConfigMapArgs`."""

    data: Optional[_Texts] = None
    binary_data: Optional[_Texts] = None
    labels: Optional[_Texts] = None
    annotations: Optional[_Texts] = None


@spec(SecretArgs, elsewhere=SECRET_NAMES)
class SecretSpec(Spec):
    """Parsed `SecretArgs`."""

    type: str = "Opaque"
    string_data: Optional[_Texts] = None
    data: Optional[_Texts] = None
    labels: Optional[_Texts] = None
    annotations: Optional[_Texts] = None


@spec(ClaimArgs, elsewhere=CLAIM_NAMES)
class ClaimSpec(Spec):
    """Parsed `ClaimArgs`."""

    size_gib: int
    storage_class: Optional[str] = None
    access_mode: AccessMode = AccessMode.READ_WRITE_ONCE
    when_deleted: ClaimRetention = ClaimRetention.RETAIN
    labels: Optional[_Texts] = None
    annotations: Optional[_Texts] = None


NOT_BASE64 = define("not-base64", "{value} isn't base64.", allowed="base64, or text as {field}")
DUPLICATE_KEY = define("duplicate-data-key", "{other} sets the same key.", allowed="each key once")
KEYS_OF_TYPE = define(
    "keys-of-secret-type",
    "A Secret of the type {type} requires the keys {keys}.",
    allowed="with {keys}, or another type",
    hint="Set {keys} in {field}.",
)
ACCOUNT_OF_TOKEN = define(
    "account-of-secret-token",
    "A Secret of the type {value} requires the annotation with the name of a ServiceAccount.",
    allowed="with {annotation}",
    hint="Set {annotation}. Pods don't need the Secret: Kubernetes mounts tokens that expire into them.",
)
NOT_DOCKER_CONFIG = define(
    "not-docker-config", "This isn't the configuration of a Docker client.", allowed="a JSON object"
)
RESERVED_CONFIG_MAP = define(
    "reserved-config-map", "Kubernetes creates the ConfigMap {value} in every namespace.", allowed="another name"
)


def _base64_or(text_field: str) -> Callable[[str], Optional[Reason]]:
    """The rule of values in base64, which can be text in another field."""

    def check(value: str) -> Optional[Reason]:
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            return Reason(NOT_BASE64, {"field": FieldName(text_field)})
        return None

    return check


_METADATA: Mapping[str, Field] = {
    "labels": Field(keys=label_key, items=label_value),
    "annotations": Field(keys=annotation_key),
}

RULES: Rules = {
    ConfigMapArgs: {
        "data": Field(keys=data_key),
        "binary_data": Field(keys=data_key, items=_base64_or("data")),
        **_METADATA,
    },
    SecretArgs: {
        "string_data": Field(keys=data_key, secret=True),
        "data": Field(keys=data_key, items=_base64_or("string_data"), secret=True),
        **_METADATA,
    },
    ClaimArgs: {
        "size_gib": Field(whole_number(1, LARGEST_GIB, GIB)),
        "storage_class": Field(dns_subdomain),
        **_METADATA,
    },
}
"""What the fields must satisfy beyond their types."""


def config_map_name(value: str) -> Optional[Reason]:
    """The name of a ConfigMap that a stack can create."""
    return Reason(RESERVED_CONFIG_MAP) if value == _ROOT_CERTIFICATE else dns_subdomain(value)


_ROOT_CERTIFICATE = "kube-root-ca.crt"


def check_config_map(config_map: ConfigMapSpec, problems: Problems) -> None:
    """Report keys that are set twice, and values that are more than a ConfigMap can have."""
    _check_keys(config_map, ("data", "binary_data"), "ConfigMap", problems)
    check_readers(config_map.annotations, config_map.at / "annotations", CONFIG, problems)


def check_secret(secret: SecretSpec, problems: Problems) -> None:
    """Report keys that are set twice or that the type requires, and values that a Secret can't have."""
    _check_keys(secret, ("string_data", "data"), "Secret", problems)
    problems.run(_check_type, secret)
    check_readers(secret.annotations, secret.at / "annotations", CONFIG, problems)


def check_claim(claim: ClaimSpec, problems: Problems) -> None:
    """Report annotations that no program reads on claims."""
    check_readers(claim.annotations, claim.at / "annotations", CLAIM, problems)


_DOCKER_KEYS = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}
_KEYS_OF_TYPES: Mapping[str, tuple[str, ...]] = {
    **{name: (key,) for name, key in _DOCKER_KEYS.items()},
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
"""The keys that the API server requires of a type (`ValidateSecret` in pkg/apis/core/validation/validation.go)."""
_BASIC_AUTH, _BASIC_AUTH_KEYS = "kubernetes.io/basic-auth", ("username", "password")
ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 - the type of a Secret
"""The type of a Secret with a token that never expires."""
_ACCOUNT = "kubernetes.io/service-account.name"


def _check_type(secret: SecretSpec, problems: Problems) -> None:
    """Report what the API server requires of the Secret's type."""
    keys = {*(secret.string_data or {}), *(secret.data or {})}
    missing = [key for key in _KEYS_OF_TYPES.get(secret.type, ()) if key not in keys]
    if secret.type == _BASIC_AUTH and keys.isdisjoint(_BASIC_AUTH_KEYS):
        missing = list(_BASIC_AUTH_KEYS)
    if missing:
        params: dict[str, Any] = {"type": secret.type, "keys": missing, "field": secret.at / "string_data"}
        problems.report(KEYS_OF_TYPE, secret.at / "type", **params)
    if secret.type == ACCOUNT_TOKEN and not (secret.annotations or {}).get(_ACCOUNT):
        annotation = secret.at / "annotations" / Key(_ACCOUNT)
        problems.report(ACCOUNT_OF_TOKEN, secret.at / "type", value=secret.type, annotation=annotation)
    if (docker_key := _DOCKER_KEYS.get(secret.type)) is not None:
        for field, decode in (("string_data", None), ("data", base64.b64decode)):
            value = mapped(getattr(secret, field)).get(docker_key)
            if isinstance(value, str) and not isinstance(value, Placeholder) and not _is_json_object(value, decode):
                where = secret.at / field / Key(docker_key)
                problems.report(NOT_DOCKER_CONFIG, where, value=value, secret=True)


def _is_json_object(text: str, decode: Optional[Callable[[str], bytes]]) -> bool:
    try:
        return isinstance(json.loads(text if decode is None else decode(text)), dict)
    except ValueError:
        return False


def _check_keys(described: Spec, fields: tuple[str, str], kind: str, problems: Problems) -> None:
    first: dict[str, Location] = {}
    for field in fields:
        values: _Texts = getattr(described, field) or {}
        for key in values:
            where = described.at / field / Key(key)
            other = first.setdefault(key, where)
            if other != where:
                problems.report(DUPLICATE_KEY, where, other=other, fix=Remove(where))
        check_data(values, described.at / field, kind, problems)


def build_config_map(name: str, namespace: str, config_map: ConfigMapSpec) -> dict[str, Any]:
    """The ConfigMap."""
    values = {"data": config_map.data, "binaryData": config_map.binary_data}
    built = {field: dict(texts) for field, texts in values.items() if texts}
    return {**_head("ConfigMap", name, namespace, config_map), **built}


def build_secret(name: str, namespace: str, secret: SecretSpec) -> dict[str, Any]:
    """The Secret. Its values are secret in the state, even if the arguments aren't."""
    values = {"stringData": secret.string_data, "data": secret.data}
    built: dict[str, Any] = {field: pulumi.Output.secret(dict(texts)) for field, texts in values.items() if texts}
    return {**_head("Secret", name, namespace, secret), "type": secret.type, **built}


def build_claim(name: str, namespace: str, claim: ClaimSpec) -> dict[str, Any]:
    """The claim."""
    spec = build_claim_spec(claim.size_gib, claim.access_mode, claim.storage_class)
    return {**_head("PersistentVolumeClaim", name, namespace, claim), "spec": spec}


def _head(kind: str, name: str, namespace: str, described: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    for field, value in (("labels", described.labels), ("annotations", described.annotations)):
        if value:
            metadata[field] = dict(value)
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}
