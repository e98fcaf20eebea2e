"""Manifests of Kubernetes where Portico expects arguments, and where it has what each kind describes."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..untyped import mapped
from .codes import define
from .location import Key, Location, Step

__all__ = ["KUBERNETES_MANIFEST", "OTHER_MANIFEST", "PLACES", "is_manifest", "places_of"]

KUBERNETES_MANIFEST = define(
    "kubernetes-manifest",
    "This is a Kubernetes manifest of the kind {kind}. A stack file describes the application instead.",
    allowed="{fields}",
    hint="Write what the manifest has as {fields}, with the names of Portico.",
)
OTHER_MANIFEST = define(
    "kubernetes-manifest-without-field",
    "This is a Kubernetes manifest of the kind {kind}, which Portico doesn't create.",
    hint="Keep the manifest, and apply it beside the stack.",
)

_NAME = Key("NAME")
"""Stands for the name of a component."""
_SERVICE: Sequence[Step] = ("services", _NAME)
_JOB: Sequence[Step] = ("jobs", _NAME)
_GATEWAY: Sequence[Step] = ("gateways", _NAME)

PLACES: Mapping[str, Sequence[Sequence[Step]]] = {
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod"), (_SERVICE,)),
    **dict.fromkeys(("Job", "CronJob"), (_JOB,)),
    "Service": ((*_SERVICE, "ports"), (*_SERVICE, "service"), ("load_balancers", _NAME)),
    "Ingress": ((*_GATEWAY, "routes"), (*_GATEWAY, "tls")),
    "IngressClass": ((*_GATEWAY, "class_name"),),
    "Gateway": (_GATEWAY,),
    "HTTPRoute": ((*_GATEWAY, "routes"),),
    "GRPCRoute": ((*_GATEWAY, "routes"),),
    "VirtualServer": ((*_GATEWAY, "routes"),),
    "HorizontalPodAutoscaler": ((*_SERVICE, "autoscaling"),),
    "PodDisruptionBudget": ((*_SERVICE, "disruption_budget"),),
    "NetworkPolicy": ((*_SERVICE, "allow_from"), (*_SERVICE, "allow_to")),
    "ConfigMap": ((*_SERVICE, "config_files"), (*_SERVICE, "env")),
    "Secret": ((*_SERVICE, "secret_env"), (*_GATEWAY, "tls")),
    "PersistentVolumeClaim": ((*_SERVICE, "storage"), (*_SERVICE, "volumes")),
    "ServiceAccount": ((*_SERVICE, "identity"),),
    "Namespace": (("namespace",), ("pod_security",)),
}
"""Where a stack has what a kind describes."""


def is_manifest(value: Any) -> bool:
    """Whether a value is a manifest of Kubernetes."""
    fields = mapped(value)
    return isinstance(fields.get("apiVersion"), str) and isinstance(fields.get("kind"), str)


def places_of(kind: str) -> list[Location]:
    """Where a stack has what a kind describes."""
    return [Location(place) for place in PLACES.get(kind, ())]
