"""The objects of a `WebService`: the one list that the component registers, and that `portico render` prints."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import Any, Optional

import pulumi

from ..lifecycle.consequences import on_service_replacement, unknown_if_replaced
from ..lifecycle.objects import ObjectSpec, Options, Ref
from ..lifecycle.replicas import forced_if_scaled, on_replicas_change
from ..lifecycle.rollout_failures import on_failed_rollout
from ..networking.network_policies import build_ingress
from ..untyped import Manifest
from ..workload.autoscaling import AutoscalingSpec, build_autoscaler
from ..workload.availability import build_disruption_budget
from ..workload.environment import Sources
from ..workload.kinds import WorkloadKind
from ..workload.monitoring import label_of_service
from ..workload.pod_objects import gate_of, guards_of, secret_values, source_objects, sources_of
from .additional_services import additional_service_objects
from .monitoring import monitor_objects
from .plan import WebServicePlan
from .service import build_service
from .workload import build_workload

__all__ = ["SERVICE", "each_object", "objects_of", "workload_key"]

SERVICE = "service"
"""The key of the Service."""

_WORKLOAD_KEYS: Mapping[WorkloadKind, str] = {
    WorkloadKind.DEPLOYMENT: "deployment",
    WorkloadKind.STATEFUL_SET: "stateful-set",
    WorkloadKind.DAEMON_SET: "daemon-set",
    WorkloadKind.REPLICA_SET: "replica-set",
}


def workload_key(plan: WebServicePlan) -> str:
    """The key of the workload."""
    return _WORKLOAD_KEYS[plan.kind]


def objects_of(plan: WebServicePlan) -> list[ObjectSpec]:
    """The objects of the WebService, each after those that it needs."""
    return list(each_object(plan))


def each_object(plan: WebServicePlan) -> Iterator[ObjectSpec]:
    """The same objects, each built only when it's read: one that needs an unavailable value ends them."""
    ingress = build_ingress(plan.spec.callers, plan.pod_ports)
    guards = list(guards_of(plan.name, plan.spec, plan.metadata, ingress))
    before = gate_of(guards)
    first = [*guards, *_disruption_budget(plan)]
    yield from first
    # A headless Service doesn't wait for pods, and a StatefulSet's pods get their names from it. Any other Service
    # waits until its pods are ready.
    if plan.headless and plan.ports:
        service = _service(plan, before)
        yield service
        before, first = [SERVICE], [*first, service]
    owner = first[0].key if first and plan.kind is not WorkloadKind.REPLICA_SET else None
    sources, gathering = source_objects(plan.name, plan.spec, plan.metadata, owner)
    yield from sources
    yield _workload(plan, sources_of(plan.name, plan.spec), [*before, *gathering])
    if not plan.headless and plan.ports:
        yield _service(plan, [])
    yield from additional_service_objects(plan, [guard.key for guard in guards])
    yield from monitor_objects(plan, before)
    if plan.spec.autoscaling is not None:
        yield _autoscaler(plan, plan.spec.autoscaling)


def _disruption_budget(plan: WebServicePlan) -> Iterator[ObjectSpec]:
    # Drains don't evict a DaemonSet's pods, and the budget's controller can't count them.
    if plan.kind is not WorkloadKind.DAEMON_SET:
        budget = build_disruption_budget(plan.metadata, plan.selector, plan.spec.disruption_budget)
        yield ObjectSpec("disruption-budget", budget)


def _workload(plan: WebServicePlan, sources: Mapping[str, Sources], before: list[str]) -> ObjectSpec:
    replica_set = plan.kind is WorkloadKind.REPLICA_SET
    options = Options(
        timeout=plan.spec.ready_timeout,
        # The provider leaves the field to its owner: Pulumi at first, then the autoscaler.
        ignore_changes=("spec.replicas",) if plan.spec.autoscaling is not None or plan.spec.external_replicas else (),
        # A change of a ReplicaSet's template doesn't reach its pods.
        replace_on_changes=("spec.template", "spec.selector") if replica_set else (),
        hooks=lambda parent: _workload_hooks(plan, parent),
        annotations_in_preview=_forced_in_preview(plan),
    )
    return ObjectSpec(workload_key(plan), build_workload(plan, sources), before, options)


_AUTOSCALER = "autoscaler"


def _forced_in_preview(plan: WebServicePlan) -> Optional[Callable[[Manifest], Awaitable[Any]]]:
    if plan.replicas is None or plan.spec.autoscaling is not None:
        return None
    return partial(forced_if_scaled, f"{plan.name}-{workload_key(plan)}", f"{plan.name}-{_AUTOSCALER}")


def _workload_hooks(plan: WebServicePlan, parent: pulumi.Resource) -> Optional[pulumi.ResourceHookBinding]:
    rollout = on_failed_rollout(plan.name, parent, secret_values(plan.name, plan.spec))
    if rollout is None or plan.replicas is None or plan.spec.autoscaling is not None:
        return rollout
    return pulumi.ResourceHookBinding.merge(on_replicas_change(plan.name, parent), rollout)


def _service(plan: WebServicePlan, before: list[str]) -> ObjectSpec:
    ports = list(plan.ports.values())
    metadata = plan.metadata
    metadata["labels"] |= label_of_service(plan.name, plan.spec.monitoring)
    service = build_service(metadata, plan.selector, ports, plan.spec.service, headless=plan.headless)
    options = Options(
        timeout=plan.spec.ready_timeout,
        hooks=lambda _parent: on_service_replacement(plan.name),
        annotations_in_preview=partial(unknown_if_replaced, f"{plan.name}-{SERVICE}", plan.headless),
    )
    return ObjectSpec(SERVICE, service, before, options)


def _autoscaler(plan: WebServicePlan, autoscaling: AutoscalingSpec) -> ObjectSpec:
    # Only a ReplicaSet's name is generated.
    workload: Any = Ref(workload_key(plan)) if plan.kind is WorkloadKind.REPLICA_SET else plan.name
    manifest = build_autoscaler(plan.metadata, plan.kind, workload, autoscaling)
    return ObjectSpec(_AUTOSCALER, manifest, [workload_key(plan)])
