"""What the raw manifests of a stack open, grant, or show, as far as their kinds and fields tell it.

Portico doesn't check what a manifest does. So each one that can be less strict than Portico's own objects is an
exception, and every kind is one that isn't known to be harmless.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pulumi

from ...args.codes import Code
from ...args.concealment import has_credential, is_plain_secret
from ...args.exceptions import SecurityException, exception_kind
from ...args.location import Field, Key, Step
from ...lifecycle.secret_copies import exceptions_of_copies
from ...networking.exposing_annotations import (
    exceptions_of_pod_networks,
    exceptions_of_service_annotations,
    exceptions_of_service_labels,
)
from ...pod_security import ENFORCE, PodSecurityLevel, level_of, pods_of, violations_of
from ...untyped import Manifest, listed, mapped
from ..manifests import StackManifest
from ..object_kinds import api_group, known_kind
from ..own_args import ACCOUNT_TOKEN
from .secrets import PLAIN_TEXT_SECRET, SECRET_IN_PLAIN_FIELD

__all__ = ["exceptions_of_manifests"]

UNCHECKED_EXPOSURE = exception_kind(
    "unchecked-manifest-exposure", "This manifest can expose pods. Portico doesn't check to whom."
)
GRANTED_RIGHTS = exception_kind("rights-of-manifest", "This manifest grants rights. Portico doesn't check which.")
UNKNOWN_KIND = exception_kind(
    "unchecked-kind-of-manifest",
    "Portico doesn't know what the kind {kind} does. It can expose pods, or grant rights.",
)
ALLOWED_CONNECTIONS = exception_kind(
    "connections-of-manifest", "This policy allows connections besides those that the stack's services allow."
)
OWN_ENDPOINTS = exception_kind(
    "endpoints-of-manifest", "This leads the clients of a Service to addresses that Portico doesn't check."
)
API_REQUESTS = exception_kind("api-requests-of-manifest", "This can read or change what others send to the API server.")
LOWERED_NAMESPACE = exception_kind(
    "lowered-pod-security-of-manifest",
    'This manifest doesn\'t have the namespace enforce Pod Security "restricted", so it can admit any pods.',
)
FOLDERS_OF_NODES = exception_kind("node-folders-of-manifest", "This volume is a folder of a node.")
DEFAULT_CLASS = exception_kind(
    "default-class-of-manifest", "The controller of this class also serves every Ingress that names no IngressClass."
)
PODS_WITHOUT_POLICY = exception_kind(
    "pods-of-manifest-without-policy", "Portico creates no NetworkPolicy for the pods of this manifest."
)
UNRESTRICTED_PODS = exception_kind(
    "unrestricted-pods-of-manifest",
    'Pod Security "restricted" rejects the pods of this manifest because of {fields}.',
)

_EXPOSING = (
    "Gateway",
    "GRPCRoute",
    "HTTPRoute",
    "Ingress",
    "IngressRoute",
    "ListenerSet",
    "TCPRoute",
    "TLSRoute",
    "TransportServer",
    "UDPRoute",
    "VirtualServer",
    "VirtualServerRoute",
)
"""Kinds that lead clients to pods, of whichever group."""

_GRANTING = ("ClusterRoleBinding", "RoleBinding")
_READING_REQUESTS = (
    "APIService",
    "MutatingAdmissionPolicy",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)
_AGGREGATED = "rbac.authorization.k8s.io/aggregate-to-"
"""The labels that add the rights of a ClusterRole to those of another one."""
_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_TOKEN_FIELDS = ("data", "stringData")

_HARMLESS: Mapping[str, tuple[str, ...]] = {
    "autoscaling.k8s.io": ("VerticalPodAutoscaler",),
    "bitnami.com": ("SealedSecret",),
    "cert-manager.io": ("Certificate", "Issuer"),
    "external-secrets.io": ("ExternalSecret", "SecretStore"),
    "keda.sh": ("ScaledJob", "ScaledObject", "TriggerAuthentication"),
    "monitoring.coreos.com": ("PodMonitor", "Probe", "PrometheusRule", "ServiceMonitor"),
    "snapshot.storage.k8s.io": ("VolumeSnapshot", "VolumeSnapshotClass", "VolumeSnapshotContent"),
}
"""Kinds of other programs that neither lead clients to pods nor grant rights to them."""


def exceptions_of_manifests(manifests: Iterable[StackManifest]) -> Iterator[SecurityException]:
    """What of the manifests is less strict than the secure default."""
    for manifest in manifests:
        for kind, applies in _RULES.items():
            if applies(manifest):
                yield SecurityException(kind, manifest.at)
        if _is_unknown(manifest):
            yield SecurityException(UNKNOWN_KIND, manifest.at, {"kind": manifest.kind})
        yield from _of_annotations(manifest)
        yield from _of_pods(manifest)
        yield from _of_texts(manifest)


def _is_unknown(manifest: StackManifest) -> bool:
    known = _HARMLESS.get(api_group(manifest.api_version), ())
    is_known = known_kind(manifest.api_version, manifest.kind) is not None or manifest.kind in (*known, *_EXPOSING)
    return not is_known


def _spec(manifest: StackManifest) -> Manifest:
    return mapped(manifest.content.get("spec"))


def _metadata(manifest: StackManifest, name: str) -> Manifest:
    return mapped(mapped(manifest.content.get("metadata")).get(name))


def _exposes(manifest: StackManifest) -> bool:
    if manifest.kind == "Service":
        # An encrypted value can be any.
        has_type = _spec(manifest).get("type") not in (None, "ClusterIP", "ExternalName")
        return has_type or _spec(manifest).get("externalIPs") not in (None, [])
    return manifest.kind in _EXPOSING


def _grants(manifest: StackManifest) -> bool:
    if manifest.kind == "ClusterRole":
        return any(str(key).startswith(_AGGREGATED) for key in _metadata(manifest, "labels"))
    is_token = manifest.kind == "Secret" and manifest.content.get("type") == ACCOUNT_TOKEN
    return is_token or manifest.kind in _GRANTING


def _allows(manifest: StackManifest) -> bool:
    # A policy without rules allows nothing.
    rules = (_spec(manifest).get(name) for name in ("ingress", "egress"))
    return manifest.kind == "NetworkPolicy" and any(value not in (None, []) for value in rules)


def _lowers(manifest: StackManifest) -> bool:
    return manifest.kind == "Namespace" and _metadata(manifest, "labels").get(ENFORCE) != "restricted"


def _opens_nodes(manifest: StackManifest) -> bool:
    return manifest.kind == "PersistentVolume" and any(name in _spec(manifest) for name in ("hostPath", "local"))


def _is_default_class(manifest: StackManifest) -> bool:
    is_class = manifest.kind == "IngressClass"
    return is_class and _metadata(manifest, "annotations").get(_DEFAULT) not in (None, "false")


def _has_pods(manifest: StackManifest) -> bool:
    return any(manifest.kind != "PodTemplate" for _ in pods_of(manifest.content))


_RULES: Mapping[Code, Callable[[StackManifest], bool]] = {
    UNCHECKED_EXPOSURE: _exposes,
    GRANTED_RIGHTS: _grants,
    ALLOWED_CONNECTIONS: _allows,
    OWN_ENDPOINTS: lambda manifest: manifest.kind in ("Endpoints", "EndpointSlice"),
    API_REQUESTS: lambda manifest: manifest.kind in _READING_REQUESTS,
    LOWERED_NAMESPACE: _lowers,
    FOLDERS_OF_NODES: _opens_nodes,
    DEFAULT_CLASS: _is_default_class,
    PODS_WITHOUT_POLICY: _has_pods,
}
"""Whether a manifest as a whole has each exception."""


def _of_annotations(manifest: StackManifest) -> Iterator[SecurityException]:
    """Annotations and labels by which other programs lead clients to pods."""
    annotations, labels = _metadata(manifest, "annotations"), _metadata(manifest, "labels")
    at = manifest.of("metadata")
    if manifest.kind == "Service":
        found = [
            *exceptions_of_service_annotations(annotations, at / "annotations"),
            *exceptions_of_service_labels(labels, at / "labels"),
        ]
        yield from (_placed(manifest, exception) for exception in found)
    if manifest.kind == "Secret":
        found = exceptions_of_copies(annotations, at / "annotations")
        yield from (_placed(manifest, exception) for exception in found)
    for path, pod in pods_of(manifest.content):
        of_pods = mapped(mapped(pod.get("metadata")).get("annotations"))
        where = manifest.of(*map(str, path), "metadata", "annotations")
        yield from (_placed(manifest, exception) for exception in exceptions_of_pod_networks(of_pods, where))


def _placed(manifest: StackManifest, exception: SecurityException) -> SecurityException:
    """An exception, where the stack names the file if the manifest is in one."""
    if manifest.is_inline:
        return exception
    return SecurityException(exception.kind, manifest.at, exception.params)


def _of_pods(manifest: StackManifest) -> Iterator[SecurityException]:
    for _, pod in pods_of(manifest.content):
        if level_of(pod) is not PodSecurityLevel.RESTRICTED:
            fields = list(dict.fromkeys(violation.field for violation in violations_of(pod)))
            yield SecurityException(UNRESTRICTED_PODS, manifest.at, {"fields": fields})


def _of_texts(manifest: StackManifest) -> Iterator[SecurityException]:
    """The secrets in plain text. What is encrypted is an Output."""
    for name, value in manifest.content.items():
        if manifest.kind == "Secret" and name in _TOKEN_FIELDS:
            for key, text in mapped(value).items():
                if not isinstance(text, pulumi.Output):
                    yield SecurityException(PLAIN_TEXT_SECRET, manifest.of(name, str(key)))
        else:
            yield from _within(manifest, value, (Key(name),))


def _within(manifest: StackManifest, value: Any, path: tuple[Step, ...]) -> Iterator[SecurityException]:
    """The secrets in a part of a manifest that isn't for one."""
    if isinstance(value, Mapping):
        fields = mapped(value)
        for key, item in fields.items():
            yield from _within(manifest, item, (*path, Key(key)))
            if path == ("data",) and is_plain_secret(str(key), item):
                yield _secret(manifest, (*path, Key(key)), "data")
        if is_plain_secret(str(fields.get("name")), fields.get("value")):
            # A variable of a container.
            yield _secret(manifest, (*path, Key("value")), "env")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(listed(value)):
            yield from _within(manifest, item, (*path, index))
    elif isinstance(value, str) and has_credential(value):
        yield _secret(manifest, path, next((str(step) for step in reversed(path) if isinstance(step, str)), ""))


def _secret(manifest: StackManifest, path: tuple[Step, ...], field: str) -> SecurityException:
    at = manifest.at.join(path) if manifest.is_inline else manifest.at
    return SecurityException(SECRET_IN_PLAIN_FIELD, at, {"field": Field(field)})
