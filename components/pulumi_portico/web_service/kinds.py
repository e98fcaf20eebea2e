"""The kinds of workload, and which settings each of them can have."""

from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import Any

from .._typing import NotRequired, TypedDict
from ..args.shapes import mapped
from ..errors import Problems, Refusal

__all__ = ["ClaimRetention", "PodManagement", "StatefulSettings", "WorkloadKind", "check_kind", "kind_of"]


class WorkloadKind(str, Enum):
    """What makes the pods, and how one of them differs from another."""

    DEPLOYMENT = "Deployment"
    """Pods that are all alike and replaced step by step. What an application wants unless it has a reason."""

    STATEFUL_SET = "StatefulSet"
    """Pods with names of their own (`db-0`, `db-1`), made and replaced one after the other, each with its own
    storage."""

    DAEMON_SET = "DaemonSet"
    """One pod on every node, or on those that `placement` chooses."""

    REPLICA_SET = "ReplicaSet"
    """Pods that are all alike. A change of theirs makes another ReplicaSet: all of its pods are ready before the old
    ones go. Its name is generated."""


class PodManagement(str, Enum):
    """In which order a StatefulSet makes and removes its pods."""

    ORDERED_READY = "OrderedReady"
    """One after the other, each when the one before is ready."""

    PARALLEL = "Parallel"
    """All at once."""


class ClaimRetention(str, Enum):
    """What becomes of a StatefulSet's claims, and so of its data."""

    RETAIN = "Retain"
    """They stay, for pods of the same names to come."""

    DELETE = "Delete"
    """They are deleted, and the data with them, where the storage class says so."""


class StatefulSettings(TypedDict):
    """What only a StatefulSet has."""

    pod_management: NotRequired[PodManagement]
    """In which order pods are made and removed. Plain: a change replaces the StatefulSet. Default: OrderedReady. Maps
    to `podManagementPolicy`."""

    claims_when_deleted: NotRequired[ClaimRetention]
    """What becomes of the claims when the StatefulSet is deleted or replaced. Plain. Default: Retain. Maps to
    `persistentVolumeClaimRetentionPolicy.whenDeleted`."""

    claims_when_scaled: NotRequired[ClaimRetention]
    """What becomes of the claims of pods that are scaled away. Plain. Default: Retain. Maps to
    `persistentVolumeClaimRetentionPolicy.whenScaled`."""


_D, _S, _DS, _R = (kind.value for kind in WorkloadKind)

_KINDS_OF: Mapping[str, Collection[str]] = {
    "replicas": (_D, _S, _R),
    "autoscaling": (_D, _S, _R),
    "storage": (_S,),
    "stateful_set": (_S,),
    "disruption_budget": (_D, _S, _R),
    "placement.spread": (_D, _S, _R),
    "rollout.max_surge": (_D, _DS),
    "rollout.max_surge_percent": (_D, _DS),
    # A StatefulSet ignores it before Kubernetes 1.35.
    "rollout.max_unavailable": (_D, _DS),
    "rollout.max_unavailable_percent": (_D, _DS),
    "rollout.recreate": (_D,),
    "rollout.progress_deadline": (_D,),
    # Pulumi's provider replaces a StatefulSet, pods and all, when its history limit changes.
    "rollout.revision_history": (_D, _DS),
    "rollout.partition": (_S,),
}
"""The kinds that can have a setting which others cannot, by the setting's path."""

_INSTEAD: Mapping[tuple[str, str], str] = {
    (_DS, "replicas"): "a DaemonSet runs one pod on each node: choose the nodes by placement",
    (_DS, "autoscaling"): "a DaemonSet grows with the nodes: leave it out",
    (_DS, "disruption_budget"): "a drain leaves a DaemonSet's pods alone: leave it out",
    (_DS, "placement.spread"): "a DaemonSet has a pod on each node anyway: leave it out",
}


def kind_of(args: Mapping[str, Any]) -> str:
    """The workload's kind."""
    return args.get("kind", _D)


def check_kind(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str]) -> None:
    """Note each setting that the kind cannot have, and the kinds that can."""
    kind = kind_of(args)
    if kind not in (_D, _S, _DS, _R):
        return
    for path, kinds in _KINDS_OF.items():
        if kind in kinds or not _given(args, path):
            continue
        article = "a " if len(kinds) == 1 else ""
        fix = _INSTEAD.get((kind, path), f"leave it out, or make {article}{' or '.join(kinds)} of it by kind")
        where = ".".join(spelling(part) for part in path.split("."))
        problems.note(prefix + where, Refusal(f"is nothing that a {kind} has", ", ".join(kinds), fix))


def _given(args: Mapping[str, Any], path: str) -> bool:
    field, _, rest = path.partition(".")
    if not rest:
        return field in args
    return rest in mapped(args.get(field))
