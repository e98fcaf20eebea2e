"""The kinds of workload, and the settings that only a StatefulSet has."""

from enum import Enum

from .._typing import NotRequired, TypedDict
from ..args.spec import Spec, spec

__all__ = ["ClaimRetention", "PodManagement", "StatefulSettings", "StatefulSettingsSpec", "WorkloadKind"]


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


class PodManagement(str, Enum):
    """In which order a StatefulSet creates and deletes its pods."""

    ORDERED_READY = "OrderedReady"
    """One after the other, each when the previous one is ready."""

    PARALLEL = "Parallel"
    """All at once."""


class ClaimRetention(str, Enum):
    """What happens to a StatefulSet's claims, and so to its data."""

    RETAIN = "Retain"
    """Kubernetes keeps them for later pods of the same names."""

    DELETE = "Delete"
    """Kubernetes deletes them, and also their data if the reclaim policy of the storage class is Delete."""


class StatefulSettings(TypedDict):
    """What only a StatefulSet has."""

    pod_management: NotRequired[PodManagement]
    """In which order pods are created and deleted. Plain: a change replaces the StatefulSet. Default: OrderedReady.
    Maps to `podManagementPolicy`."""

    claims_when_deleted: NotRequired[ClaimRetention]
    """What happens to the claims when the StatefulSet is deleted or replaced. Plain. Default: Retain. Maps to
    `persistentVolumeClaimRetentionPolicy.whenDeleted`."""

    claims_when_scaled: NotRequired[ClaimRetention]
    """What happens to the claims of pods that are removed by scaling down. Plain. Default: Retain. Maps to
    `persistentVolumeClaimRetentionPolicy.whenScaled`."""


@spec(StatefulSettings)
class StatefulSettingsSpec(Spec):
    """Parsed `StatefulSettings`."""

    pod_management: PodManagement = PodManagement.ORDERED_READY
    claims_when_deleted: ClaimRetention = ClaimRetention.RETAIN
    claims_when_scaled: ClaimRetention = ClaimRetention.RETAIN
