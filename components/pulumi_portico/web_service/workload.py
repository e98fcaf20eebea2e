"""The workload of a `WebService`: what creates its pods, by kind.

Pure: a plan in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping
from typing import Any

from ..outputs import applied
from ..register import WAIT_FOR
from ..workload.environment import Sources
from ..workload.kinds import StatefulSettingsSpec, WorkloadKind
from ..workload.pod import PodPlan, build_template
from ..workload.rollout import build_rollout
from ..workload.volumes import build_claim
from .plan import WebServicePlan

__all__ = ["build_workload", "frozen_fields", "plan_pods"]


def build_workload(plan: WebServicePlan, sources: Mapping[str, Sources]) -> dict[str, Any]:
    """The workload; `sources` are the objects that each container's environment comes from, by its name."""
    spec = plan.spec
    metadata = plan.metadata
    if plan.kind is WorkloadKind.REPLICA_SET:
        # The name is generated, so that another ReplicaSet can exist before this one is deleted.
        del metadata["name"]
    if annotations := {**(spec.workload_annotations or {}), **_wait_annotations(plan)}:
        metadata["annotations"] = annotations
    return {
        "apiVersion": "apps/v1",
        "kind": plan.kind.value,
        "metadata": metadata,
        "spec": {
            **({} if plan.replicas is None else {"replicas": plan.replicas}),
            "selector": {"matchLabels": dict(plan.selector)},
            **build_rollout(plan.kind, spec.rollout, on_host=spec.is_on_host_network),
            **(_stateful(plan) if plan.kind is WorkloadKind.STATEFUL_SET else {}),
            "template": build_template(plan_pods(plan, sources)),
        },
    }


def plan_pods(plan: WebServicePlan, sources: Mapping[str, Sources]) -> PodPlan:
    """The pods of the service; `sources` are the objects that each container's environment comes from."""
    spec = plan.spec
    existing = spec.identity.service_account if spec.identity else None
    return PodPlan(
        name=spec.container_name_for(plan.name),
        kind=plan.kind,
        application=spec,
        # The plain name of an account of our own: so the pods' template is known in a preview.
        account=plan.name if existing is None else existing,
        selector=plan.selector,
        labels=plan.labels,
        ports=plan.ports,
        drain=plan.drain,
        shutdown=spec.shutdown,
        sidecars=spec.sidecars,
        init_containers=spec.init_containers,
        volumes=spec.volumes,
        storage=spec.storage,
        identity=spec.identity,
        security=spec.security,
        image_policy=spec.image_policy,
        placement=spec.placement,
        annotations=spec.pod_annotations,
        extra=spec.extra,
        sources=sources,
    )


def frozen_fields(plan: WebServicePlan) -> dict[str, Any]:
    """What Kubernetes freezes in a StatefulSet, apart from the sizes of its claims."""
    settings = plan.spec.stateful_set or StatefulSettingsSpec()
    claims = {
        name: [claim.access_mode.value, claim.storage_class or ""] for name, claim in sorted(plan.spec.storage.items())
    }
    return {
        "selector": dict(plan.selector),
        "pod_management": settings.pod_management.value,
        "storage": claims,
    }


def _stateful(plan: WebServicePlan) -> dict[str, Any]:
    settings, storage = plan.spec.stateful_set or StatefulSettingsSpec(), plan.spec.storage
    built: dict[str, Any] = {
        # Frozen by Kubernetes, so the same with and without a Service.
        "serviceName": plan.name,
        "podManagementPolicy": settings.pod_management.value,
        "persistentVolumeClaimRetentionPolicy": {
            "whenDeleted": settings.claims_when_deleted.value,
            "whenScaled": settings.claims_when_scaled.value,
        },
    }
    if storage:
        claims = [build_claim(name, claim, plan.selector) for name, claim in sorted(storage.items())]
        built["volumeClaimTemplates"] = claims
    return built


def _wait_annotations(plan: WebServicePlan) -> dict[str, Any]:
    """What Pulumi waits for, if its own condition isn't right."""
    rollout = plan.spec.rollout
    partitioned = rollout is not None and rollout.partition is not None
    # Pulumi doesn't wait for a ReplicaSet. For a StatefulSet, it waits until every pod has the new revision, which a
    # partition prevents.
    if plan.kind is not WorkloadKind.REPLICA_SET and not partitioned:
        return {}
    if plan.spec.external_replicas:
        # There can be no pods.
        return {WAIT_FOR: "jsonpath={.status.replicas}"}
    if plan.spec.autoscaling is not None:
        # The autoscaler decides the number.
        return {WAIT_FOR: "jsonpath={.status.readyReplicas}"}
    return {WAIT_FOR: applied(plan.replicas, _ready)}


def _ready(replicas: int) -> str:
    # The API server omits a number of 0 from a status.
    return f"jsonpath={{.status.readyReplicas}}={replicas}" if replicas else "jsonpath={.status.replicas}=0"
