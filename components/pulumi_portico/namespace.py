"""Namespaces: what a stack or a gateway creates for itself, and what limits the pods in it."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Optional

import pulumi

from ._typing import NotRequired, TypedDict
from .args.codes import define
from .args.location import Key
from .args.names import annotation_key, dns_label, label_key, label_value
from .args.parse import Field, Rules
from .args.problems import ABSENT, Problems, Reason, Remove
from .args.quantities import check_quantity
from .args.spec import Spec, spec
from .pod_security import (
    AUDIT,
    AUDIT_VERSION,
    ENFORCE,
    ENFORCE_VERSION,
    NEWEST,
    WARN,
    WARN_VERSION,
    PodSecurityLevel,
)

__all__ = [
    "RULES",
    "LimitRange",
    "LimitRangeItem",
    "LimitRangeItemSpec",
    "LimitRangeSpec",
    "LimitType",
    "NamespaceArgs",
    "NamespaceSpec",
    "ResourceQuota",
    "ResourceQuotaSpec",
    "build_limit_range",
    "build_namespace",
    "build_resource_quota",
    "check_namespace",
    "named_namespace",
]


class ResourceQuota(TypedDict):
    """What all objects of a namespace together can use."""

    hard: Mapping[str, pulumi.Input[str]]
    """The most of each resource, as Kubernetes has it: `requests.cpu: "4"`, `limits.memory: 8Gi`, `pods: "20"`,
    `count/secrets: "50"`, and so on. Names are plain. Maps to `hard`."""

    scopes: NotRequired[Sequence[str]]
    """Which pods count, such as `NotTerminating`. Plain. Default: all. Maps to `scopes`."""


class LimitType(str, Enum):
    """What the limits are of."""

    CONTAINER = "Container"
    """Each container."""

    POD = "Pod"
    """All containers of each pod together."""

    PERSISTENT_VOLUME_CLAIM = "PersistentVolumeClaim"
    """Each claim."""


class LimitRangeItem(TypedDict):
    """The limits of each container, pod, or claim. The quantities are as Kubernetes has them, such as 500m or 64Mi."""

    type: LimitType
    """What the limits are of. Plain."""

    min: NotRequired[Mapping[str, str]]
    """The least request of each resource. Plain. Default: none."""

    max: NotRequired[Mapping[str, str]]
    """The largest limit of each resource. Plain. Default: none."""

    default: NotRequired[Mapping[str, str]]
    """The limit of containers that set none. Plain. Default: `max`."""

    default_request: NotRequired[Mapping[str, str]]
    """The request of containers that set none. Plain. Default: `default`, or else `min`. Maps to `defaultRequest`."""

    max_limit_request_ratio: NotRequired[Mapping[str, str]]
    """How many times the request a limit can be. Plain. Default: any. Maps to `maxLimitRequestRatio`."""


class LimitRange(TypedDict):
    """Limits of single objects of a namespace."""

    limits: Sequence[LimitRangeItem]
    """The limits, of containers, pods, and claims. Plain."""


class NamespaceArgs(TypedDict):
    """A namespace: one that the stack creates, or an existing one."""

    name: str
    """The name. Plain."""

    existing: NotRequired[bool]
    """Whether the namespace exists: Portico neither creates, changes, nor deletes it. Plain. Default: false."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels, such as `elbv2.k8s.aws/pod-readiness-gate-inject: enabled`. Keys are plain. Default: none."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations. Keys are plain. Default: none."""

    pod_security: NotRequired[PodSecurityLevel]
    """The level of Pod Security that the namespace enforces; of an existing namespace, the one that it enforces
    already, which `portico check` uses. Plain. Default: restricted; for an existing namespace, Portico doesn't check
    it. Maps to the label `pod-security.kubernetes.io/enforce`."""

    pod_security_version: NotRequired[str]
    """The version of Kubernetes whose checks the API server enforces, such as v1.31. Plain. Default: that of the
    cluster. Maps to the labels that end in `-version`."""

    audit_pod_security: NotRequired[PodSecurityLevel]
    """The level whose violations the API server records. Plain. Default: none of its own. Maps to the label
    `pod-security.kubernetes.io/audit`."""

    warn_pod_security: NotRequired[PodSecurityLevel]
    """The level whose violations the API server returns as warnings. Plain. Default: none of its own. Maps to the label
    `pod-security.kubernetes.io/warn`."""

    resource_quota: NotRequired[ResourceQuota]
    """What all objects of the namespace together can use. Default: no limit. Maps to a ResourceQuota."""

    limit_range: NotRequired[LimitRange]
    """Limits of single containers, pods, and claims. Default: none. Maps to a LimitRange."""


@spec(ResourceQuota)
class ResourceQuotaSpec(Spec):
    """A parsed `ResourceQuota`."""

    hard: Mapping[str, pulumi.Input[str]]
    scopes: Sequence[str] = ()


@spec(LimitRangeItem)
class LimitRangeItemSpec(Spec):
    """A parsed `LimitRangeItem`."""

    type: LimitType
    min: Optional[Mapping[str, str]] = None
    max: Optional[Mapping[str, str]] = None
    default: Optional[Mapping[str, str]] = None
    default_request: Optional[Mapping[str, str]] = None
    max_limit_request_ratio: Optional[Mapping[str, str]] = None


@spec(LimitRange)
class LimitRangeSpec(Spec):
    """A parsed `LimitRange`."""

    limits: Sequence[LimitRangeItemSpec]


@spec(NamespaceArgs)
class NamespaceSpec(Spec):
    """Parsed `NamespaceArgs`."""

    name: str
    existing: bool = False
    labels: Optional[Mapping[str, pulumi.Input[str]]] = None
    annotations: Optional[Mapping[str, pulumi.Input[str]]] = None
    pod_security: Optional[PodSecurityLevel] = None
    pod_security_version: Optional[str] = None
    audit_pod_security: Optional[PodSecurityLevel] = None
    warn_pod_security: Optional[PodSecurityLevel] = None
    resource_quota: Optional[ResourceQuotaSpec] = None
    limit_range: Optional[LimitRangeSpec] = None

    @property
    def level(self) -> PodSecurityLevel:
        """The level of Pod Security that pods must satisfy. That of an existing namespace isn't known."""
        if self.pod_security is not None:
            return self.pod_security
        return PodSecurityLevel.PRIVILEGED if self.existing else PodSecurityLevel.RESTRICTED


def named_namespace(name: str) -> NamespaceSpec:
    """The namespace with a name and all defaults."""
    return NamespaceSpec(name=name)


INVALID_VERSION = define(
    "invalid-pod-security-version",
    "{value} isn't a version of Kubernetes.",
    allowed="v1. and the minor version, such as v1.{newest}; latest",
)
POD_SECURITY_LABEL = define("pod-security-label", "{field} sets this label.", allowed="any other label")
OF_EXISTING_NAMESPACE = define(
    "field-of-existing-namespace",
    "The namespace exists, so Portico doesn't change it.",
    allowed="name and pod_security, if {existing} is true",
)

_FIELDS_OF_LABELS = {
    ENFORCE: "pod_security",
    ENFORCE_VERSION: "pod_security_version",
    AUDIT: "audit_pod_security",
    AUDIT_VERSION: "pod_security_version",
    WARN: "warn_pod_security",
    WARN_VERSION: "pod_security_version",
}


def _version(value: str) -> Optional[Reason]:
    major, _, minor = value.removeprefix("v").partition(".")
    is_minor = major == "1" and minor.isdecimal()
    if value == "latest" or (value.startswith("v") and is_minor):
        return None
    return Reason(INVALID_VERSION, {"newest": NEWEST}, f"v1.{minor}" if is_minor else ABSENT)


_QUANTITIES = Field(items=check_quantity)

RULES: Rules = {
    NamespaceArgs: {
        "name": Field(dns_label),
        "labels": Field(keys=label_key, items=label_value),
        "annotations": Field(keys=annotation_key),
        "pod_security_version": Field(_version),
    },
    ResourceQuota: {"hard": _QUANTITIES},
    LimitRangeItem: dict.fromkeys(("min", "max", "default", "default_request", "max_limit_request_ratio"), _QUANTITIES),
}
"""What the fields must satisfy beyond their types."""


def check_namespace(namespace: NamespaceSpec, problems: Problems) -> None:
    """Report what contradicts something else."""
    problems.run(_check_labels, namespace)
    problems.run(_check_existing, namespace)


def _check_labels(namespace: NamespaceSpec, problems: Problems) -> None:
    for key in namespace.labels or {}:
        if key in _FIELDS_OF_LABELS:
            where = namespace.at / "labels" / Key(key)
            problems.report(POD_SECURITY_LABEL, where, field=namespace.at / _FIELDS_OF_LABELS[key], fix=Remove(where))


def _check_existing(namespace: NamespaceSpec, problems: Problems) -> None:
    if not namespace.existing:
        return
    for field in _OF_CREATED:
        if getattr(namespace, field) is not None:
            where = namespace.at / field
            problems.report(OF_EXISTING_NAMESPACE, where, existing=namespace.at / "existing", fix=Remove(where))


_OF_CREATED = ("labels", "annotations", "audit_pod_security", "warn_pod_security", "resource_quota", "limit_range")


def build_namespace(
    name: str,
    labels: Mapping[str, pulumi.Input[str]],
    level: PodSecurityLevel = PodSecurityLevel.RESTRICTED,
    settings: Optional[NamespaceSpec] = None,
) -> dict[str, Any]:
    """A namespace in which the API server rejects every pod that violates a level of Pod Security."""
    own: dict[str, Any] = {ENFORCE: level.value}
    metadata: dict[str, Any] = {"name": name}
    if settings is not None:
        own |= dict(_other_labels(settings))
        labels = {**labels, **(settings.labels or {})}
        if settings.annotations:
            metadata["annotations"] = dict(settings.annotations)
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {**metadata, "labels": {**labels, **own}}}


def _other_labels(namespace: NamespaceSpec) -> Iterator[tuple[str, str]]:
    version = namespace.pod_security_version
    levels = ((AUDIT, AUDIT_VERSION, namespace.audit_pod_security), (WARN, WARN_VERSION, namespace.warn_pod_security))
    if version is not None:
        yield ENFORCE_VERSION, version
    for label, label_of_version, level in levels:
        if level is not None:
            yield label, level.value
            if version is not None:
                yield label_of_version, version


def build_resource_quota(namespace: str, quota: ResourceQuotaSpec) -> dict[str, Any]:
    """The ResourceQuota of a namespace."""
    spec: dict[str, Any] = {"hard": dict(quota.hard)}
    if quota.scopes:
        spec["scopes"] = list(quota.scopes)
    return _limiting("ResourceQuota", namespace, spec)


def build_limit_range(namespace: str, limits: LimitRangeSpec) -> dict[str, Any]:
    """The LimitRange of a namespace."""
    return _limiting("LimitRange", namespace, {"limits": [_limits(item) for item in limits.limits]})


def _limits(item: LimitRangeItemSpec) -> dict[str, Any]:
    fields = {
        "default": item.default,
        "defaultRequest": item.default_request,
        "max": item.max,
        "maxLimitRequestRatio": item.max_limit_request_ratio,
        "min": item.min,
    }
    return {"type": item.type.value, **{name: dict(value) for name, value in fields.items() if value}}


def _limiting(kind: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": namespace, "namespace": namespace}, "spec": spec}
