"""Namespaces: what a stack or a gateway creates for itself, what limits its pods, and the `Namespace` component."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias, Union

import pulumi

from ._typing import NotRequired, TypedDict
from .args.calls import checked_call
from .args.codes import define
from .args.elsewhere import holder, moved_to, several, table
from .args.guard import guarded
from .args.location import ROOT, Key, Location
from .args.location import Field as FieldName
from .args.names import annotation_key, dns_label, label_key, label_value
from .args.parse import Field, Hooks, Rules, parse
from .args.problems import ABSENT, Problems, Reason, Remove, Set
from .args.quantities import check_quantity
from .args.spec import Spec, spec
from .lifecycle.annotation_readers import check_readers_of_namespace
from .lifecycle.object_names import claim_objects
from .lifecycle.objects import ObjectSpec, register_objects
from .namespace_rules import check_limit_items, check_namespace_labels, check_quota_spec, created_namespace
from .ordering import dependencies_of
from .pod_security import (
    AUDIT,
    AUDIT_VERSION,
    ENFORCE,
    ENFORCE_VERSION,
    NEWEST,
    WARN,
    WARN_VERSION,
    PodSecurityLevel,
    PodSecurityLevelLike,
)
from .register import name_of
from .untyped import mapped

__all__ = [
    "LIMIT_RANGE",
    "RESOURCE_QUOTA",
    "RULES",
    "LimitRange",
    "LimitRangeItem",
    "LimitRangeItemSpec",
    "LimitRangeSpec",
    "LimitType",
    "LimitTypeLike",
    "Namespace",
    "NamespaceArgs",
    "NamespaceSpec",
    "ResourceQuota",
    "ResourceQuotaSpec",
    "build_limit_range",
    "build_namespace",
    "build_resource_quota",
    "check_namespace",
    "limiting_objects",
    "named_namespace",
    "namespace_objects",
    "parse_namespace",
]

RESOURCE_QUOTA, LIMIT_RANGE = "resource-quota", "limit-range"
"""The keys of the objects that limit the pods."""


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


if TYPE_CHECKING:
    LimitTypeLike: TypeAlias = LimitType | Literal["Container", "Pod", "PersistentVolumeClaim"]
else:
    LimitTypeLike = LimitType


class LimitRangeItem(TypedDict):
    """The limits of each container, pod, or claim. The quantities are as Kubernetes has them, such as 500m or 64Mi."""

    type: LimitTypeLike
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
    """The name of the namespace: a DNS label. Plain: a change replaces it."""

    existing: NotRequired[bool]
    """Whether the namespace exists: Portico neither creates, changes, nor deletes it. Plain. Default: false."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels, such as `elbv2.k8s.aws/pod-readiness-gate-inject: enabled`. Keys are plain. Default: none."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the namespace. Keys are plain. Default: none."""

    pod_security: NotRequired[PodSecurityLevelLike]
    """The level of Pod Security that the namespace enforces; of an existing namespace, the one that it enforces
    already, which `portico check` uses. Plain. Default: restricted; for an existing namespace, Portico doesn't check
    it. Maps to the label `pod-security.kubernetes.io/enforce`."""

    pod_security_version: NotRequired[str]
    """The version of Kubernetes whose checks the API server enforces, such as v1.31. Plain. Default: that of the
    cluster. Maps to the labels that end in `-version`."""

    audit_pod_security: NotRequired[PodSecurityLevelLike]
    """The level whose violations the API server records. Plain. Default: none of its own. Maps to the label
    `pod-security.kubernetes.io/audit`."""

    warn_pod_security: NotRequired[PodSecurityLevelLike]
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


def _metadata_of(value: Any) -> dict[str, Any]:
    """The arguments in the metadata of a namespace."""
    metadata = mapped(value)
    labels = dict(mapped(metadata.get("labels")))
    levels = {field: labels.pop(label) for label, field in _FIELDS_OF_LEVELS.items() if label in labels}
    found = {"name": metadata.get("name"), "labels": labels, "annotations": metadata.get("annotations"), **levels}
    return {key: item for key, item in found.items() if item not in (None, {}, "")}


def _manifest_of(value: Any) -> Optional[dict[str, Any]]:
    """The arguments in the manifest of a namespace."""
    manifest = mapped(value)
    return _metadata_of(manifest.get("metadata")) if manifest.get("kind") == "Namespace" else None


_FIELDS_OF_LEVELS = {ENFORCE: "pod_security", AUDIT: "audit_pod_security", WARN: "warn_pod_security"}
_NAMES = table(
    {
        "metadata": holder(_metadata_of, "name", "labels", "annotations"),
        **dict.fromkeys(
            ("create", "createNamespace"),
            moved_to("existing", lambda value: (not value) if isinstance(value, bool) else None),
        ),
        "quota": several("resource_quota.hard"),
        "resourceQuotas": several("resource_quota"),
        "limits": several("limit_range.limits"),
        "podSecurityStandard": moved_to("pod_security"),
    },
    manifest=_manifest_of,
)
"""Other tools' names for the fields of `NamespaceArgs`."""


@spec(NamespaceArgs, elsewhere=_NAMES)
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
    allowed="{fields}, if {existing} is true",
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
    problems.run(_check_created, namespace)
    problems.run(_check_labels, namespace)
    problems.run(_check_existing, namespace)
    problems.run(_check_limits, namespace)


def _check_created(namespace: NamespaceSpec, problems: Problems) -> None:
    if not namespace.existing and (reason := created_namespace(namespace.name)):
        fix = Set(namespace.at / "existing", value=True)
        problems.report(reason.code, namespace.at / "name", value=namespace.name, fix=fix)


def _check_limits(namespace: NamespaceSpec, problems: Problems) -> None:
    if (quota := namespace.resource_quota) is not None:
        problems.run(check_quota_spec, quota.hard, quota.scopes, quota.at)
    if namespace.limit_range is not None:
        problems.run(check_limit_items, namespace.limit_range.limits)


def _check_labels(namespace: NamespaceSpec, problems: Problems) -> None:
    check_namespace_labels(namespace.labels or {}, namespace.at / "labels", problems)
    check_readers_of_namespace(namespace.annotations, namespace.at / "annotations", problems)
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
            params: dict[str, Any] = {
                "existing": namespace.at / "existing",
                "fields": [FieldName("name"), FieldName("pod_security")],
            }
            problems.report(OF_EXISTING_NAMESPACE, where, fix=Remove(where), **params)


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


def limiting_objects(namespace: NamespaceSpec) -> Iterator[ObjectSpec]:
    """The objects that limit the pods of the namespace."""
    if namespace.resource_quota is not None:
        yield ObjectSpec(RESOURCE_QUOTA, build_resource_quota(namespace.name, namespace.resource_quota))
    if namespace.limit_range is not None:
        yield ObjectSpec(LIMIT_RANGE, build_limit_range(namespace.name, namespace.limit_range))


def namespace_objects(namespace: NamespaceSpec) -> list[ObjectSpec]:
    """The objects of a `Namespace`; none if the namespace exists."""
    if namespace.existing:
        return []
    first = ObjectSpec("", build_namespace(namespace.name, {}, namespace.level, namespace))
    return [first, *(replace(limiting, after=[first.key]) for limiting in limiting_objects(namespace))]


def parse_namespace(
    name: str, args: Any, problems: Problems, at: Location = ROOT, hooks: Optional[Hooks] = None
) -> NamespaceSpec:
    """The parsed arguments of the Namespace called `name`; what's wrong is reported in `problems`."""
    del name
    parsed = parse(NamespaceSpec, NamespaceArgs, args, RULES, problems, at, hooks)
    problems.run(check_namespace, parsed)
    return parsed


class Namespace(pulumi.ComponentResource):
    """A namespace in which the API server enforces Pod Security, "restricted" by default.

    Creates the namespace, and a ResourceQuota and a LimitRange if you set them. WebServices
    take its `namespace`, so that they come after it.
    """

    namespace: pulumi.Output[str]
    """The name of the namespace. Known when the namespace, its quota, and its limits exist."""

    @checked_call
    def __init__(self, name: str, args: NamespaceArgs, opts: Optional[pulumi.ResourceOptions] = None) -> None:
        """
        :param name: The Pulumi name.
        :param args: The name and the settings.
        :param opts: Pulumi's resource options; a provider in them applies to every child.
        :raises ArgumentError: with every problem of the arguments, before anything is registered.
        """
        problems = Problems(f'Namespace "{name}"')
        given: Union[NamespaceArgs, NamespaceSpec] = args
        spec = given if isinstance(given, NamespaceSpec) else parse_namespace(name, given, problems)
        problems.raise_if_any()

        def check(known: NamespaceSpec, found: Problems) -> None:
            parse_namespace(name, known, found, known.at)

        spec = guarded(problems.subject, spec, check)
        objects = namespace_objects(spec)
        claim_objects(problems.subject, objects, spec.at, opts)
        super().__init__("portico:index:Namespace", name, {}, opts)
        registered = register_objects(name, objects, self, dependencies_of(opts))
        created = [name_of(one) for one in reversed(registered.values())]
        self.namespace = pulumi.Output.all(*created, spec.name).apply(lambda names: str(names[-1]))
        self.register_outputs({"namespace": self.namespace})
