"""The workload of a `WebService`: what makes its pods, by kind.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping
from typing import Any

from ..outputs import applied
from ..register import WAIT_FOR
from ..workload.rollout import build_rollout
from .environment import Sources
from .kinds import ClaimRetention, PodManagement, WorkloadKind
from .plan import Plan
from .pod import build_template
from .volumes import build_claim

__all__ = ["build_workload"]


def build_workload(plan: Plan, account: Any, sources: Mapping[str, Sources]) -> dict[str, Any]:
    """The workload: its pods are of the ServiceAccount ``account``, with each container's ``sources`` by its name."""
    args = plan.args
    metadata = plan.metadata
    if plan.kind == WorkloadKind.REPLICA_SET.value:
        # The name is generated: another ReplicaSet is to be there before this one goes.
        del metadata["name"]
    if waits := _waits(plan):
        metadata["annotations"] = waits
    replicas = plan.replicas
    on_host = args.get("security", {}).get("host_network", False)
    return {
        "apiVersion": "apps/v1",
        "kind": plan.kind,
        "metadata": metadata,
        "spec": {
            **({} if replicas is None else {"replicas": replicas}),
            "selector": {"matchLabels": dict(plan.selector)},
            **build_rollout(WorkloadKind(plan.kind), args.get("rollout"), on_host=on_host),
            **(_stateful(plan) if plan.kind == WorkloadKind.STATEFUL_SET.value else {}),
            "template": build_template(plan, account, sources),
        },
    }


def _stateful(plan: Plan) -> dict[str, Any]:
    settings, storage = plan.args.get("stateful_set", {}), plan.args.get("storage", {})
    spec: dict[str, Any] = {
        # Frozen by Kubernetes, so the same whether there is a Service or not.
        "serviceName": plan.name,
        "podManagementPolicy": settings.get("pod_management", PodManagement.ORDERED_READY.value),
        "persistentVolumeClaimRetentionPolicy": {
            "whenDeleted": settings.get("claims_when_deleted", ClaimRetention.RETAIN.value),
            "whenScaled": settings.get("claims_when_scaled", ClaimRetention.RETAIN.value),
        },
    }
    if storage:
        spec["volumeClaimTemplates"] = [build_claim(name, it, plan.selector) for name, it in sorted(storage.items())]
    return spec


def _waits(plan: Plan) -> dict[str, Any]:
    """What Pulumi waits for, where its own way would not do."""
    partitioned = "partition" in plan.args.get("rollout", {})
    # For a ReplicaSet it waits for nothing; for a StatefulSet, until its revision is the new one in every pod, which a
    # partition prevents.
    if plan.kind != WorkloadKind.REPLICA_SET.value and not partitioned:
        return {}
    if "autoscaling" in plan.args:
        # Their number is the autoscaler's.
        return {WAIT_FOR: "jsonpath={.status.readyReplicas}"}
    return {WAIT_FOR: applied(plan.replicas, _ready)}


def _ready(replicas: int) -> str:
    # A number of nothing is left out of a status.
    return f"jsonpath={{.status.readyReplicas}}={replicas}" if replicas else "jsonpath={.status.replicas}=0"
