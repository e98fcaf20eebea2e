"""Manifests of Kubernetes where Portico expects arguments, and where it has what each kind describes."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..untyped import mapped
from .codes import Code, define
from .location import Key, Location, Step

__all__ = [
    "KIND_ELSEWHERE",
    "KUBERNETES_MANIFEST",
    "MANIFESTS",
    "OTHER_KINDS",
    "OTHER_MANIFEST",
    "PLACES",
    "code_of_kind",
    "is_manifest",
    "places_of",
]

KUBERNETES_MANIFEST = define(
    "kubernetes-manifest",
    "This is a Kubernetes manifest of the kind {kind}. A stack file describes the application instead.",
    allowed="{fields}",
    hint="Run `portico check --fix`, which converts workloads with their Services and Ingresses. Or write what the "
    "manifest has as {fields}.",
)
OTHER_MANIFEST = define(
    "kubernetes-manifest-without-field",
    "This is a Kubernetes manifest of the kind {kind}, which Portico doesn't create.",
    hint="Put the manifest into {manifests}, or into a file that {manifests} names. Each is applied as it is.",
)
KIND_ELSEWHERE = define(
    "kind-elsewhere",
    "A {kind} isn't part of a service. A stack has it as {fields}.",
    allowed="{fields}",
    hint="Move it to {fields}.",
)
KIND_WITHOUT_PLACE = define(
    "kind-without-place",
    "Portico has no place for a {kind}.",
    hint="Write it as a manifest of Kubernetes in {manifests}.",
)

MANIFESTS = Location(("manifests",))
"""Where a stack has objects of any kind."""
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
    "ConfigMap": (("config_maps", _NAME), (*_SERVICE, "config_files"), (*_SERVICE, "env")),
    "Secret": (("secrets", _NAME), (*_SERVICE, "secret_env"), (*_GATEWAY, "tls")),
    "PersistentVolumeClaim": (("claims", _NAME), (*_SERVICE, "storage"), (*_SERVICE, "volumes")),
    "ServiceAccount": ((*_SERVICE, "identity"),),
    "Namespace": (("namespace",),),
    "ResourceQuota": (("namespace", "resource_quota"),),
    "LimitRange": (("namespace", "limit_range"),),
    **dict.fromkeys(("Role", "RoleBinding"), ((*_SERVICE, "identity", "rules"),)),
    **dict.fromkeys(("ClusterRole", "ClusterRoleBinding"), ((*_SERVICE, "identity", "cluster_rules"),)),
}
"""Where a stack has what a kind describes."""


OTHER_KINDS = ("CronJob", "Job")
"""Kinds of workloads that aren't services. If `PLACES` doesn't have one, Portico has no place for it."""


def code_of_kind(kind: str) -> Code:
    """The code for a part of another kind of workload where a service is expected."""
    return KIND_ELSEWHERE if kind in PLACES else KIND_WITHOUT_PLACE


def is_manifest(value: Any) -> bool:
    """Whether a value is a manifest of Kubernetes."""
    fields = mapped(value)
    return isinstance(fields.get("apiVersion"), str) and isinstance(fields.get("kind"), str)


def places_of(kind: str) -> list[Location]:
    """Where a stack has what a kind describes."""
    return [Location(place) for place in PLACES.get(kind, ())]
