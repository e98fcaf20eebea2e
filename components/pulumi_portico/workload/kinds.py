"""The kinds of workload, and the settings that only a StatefulSet has."""

from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

from .._typing import NotRequired, TypedDict
from ..args.spec import Spec, spec

__all__ = [
    "ClaimRetention",
    "ClaimRetentionLike",
    "PodManagement",
    "PodManagementLike",
    "StatefulSettings",
    "StatefulSettingsSpec",
    "WorkloadKind",
    "WorkloadKindLike",
]


class WorkloadKind(str, Enum):
    """What creates the pods, and how one of them differs from another."""

    DEPLOYMENT = "Deployment"
    """Interchangeable pods that are replaced step by step. Suits most applications."""

    STATEFUL_SET = "StatefulSet"
    """Pods with stable names (`db-0`, `db-1`), created and replaced one after the other, each with its own storage."""

    DAEMON_SET = "DaemonSet"
    """One pod on every node, or on the nodes that `placement` selects."""

    REPLICA_SET = "ReplicaSet"
    """Interchangeable pods. A change of their template creates another ReplicaSet: all of its pods are ready before the
    old ones are deleted. Its name is generated."""


if TYPE_CHECKING:
    WorkloadKindLike: TypeAlias = WorkloadKind | Literal["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"]
else:
    WorkloadKindLike = WorkloadKind


class PodManagement(str, Enum):
    """In which order a StatefulSet creates and deletes its pods."""

    ORDERED_READY = "OrderedReady"
    """One after the other, each when the previous one is ready."""

    PARALLEL = "Parallel"
    """All at once."""


if TYPE_CHECKING:
    PodManagementLike: TypeAlias = PodManagement | Literal["OrderedReady", "Parallel"]
else:
    PodManagementLike = PodManagement


class ClaimRetention(str, Enum):
    """What happens to a StatefulSet's claims, and so to its data."""

    RETAIN = "Retain"
    """Kubernetes keeps them for later pods of the same names."""

    DELETE = "Delete"
    """Kubernetes deletes them, and also their data if the reclaim policy of the storage class is Delete."""


if TYPE_CHECKING:
    ClaimRetentionLike: TypeAlias = ClaimRetention | Literal["Retain", "Delete"]
else:
    ClaimRetentionLike = ClaimRetention


class StatefulSettings(TypedDict):
    """What only a StatefulSet has."""

    pod_management: NotRequired[PodManagementLike]
    """In which order pods are created and deleted. Plain: a change replaces the StatefulSet. Default: OrderedReady.
    Maps to `podManagementPolicy`."""

    claims_when_deleted: NotRequired[ClaimRetentionLike]
    """What happens to the claims when the StatefulSet is deleted or replaced. Plain. Default: Retain. Maps to
    `persistentVolumeClaimRetentionPolicy.whenDeleted`."""

    claims_when_scaled: NotRequired[ClaimRetentionLike]
    """What happens to the claims of pods that are removed by scaling down. Plain. Default: Retain. Maps to
    `persistentVolumeClaimRetentionPolicy.whenScaled`."""


@spec(StatefulSettings)
class StatefulSettingsSpec(Spec):
    """Parsed `StatefulSettings`."""

    pod_management: PodManagement = PodManagement.ORDERED_READY
    claims_when_deleted: ClaimRetention = ClaimRetention.RETAIN
    claims_when_scaled: ClaimRetention = ClaimRetention.RETAIN
