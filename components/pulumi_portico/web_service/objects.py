"""The objects of a `WebService`: the one list that the component registers, and that `portico render` prints."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Optional

import pulumi

from ..lifecycle.consequences import on_service_replacement
from ..lifecycle.objects import ObjectSpec, Options, Ref, gathered
from ..lifecycle.replicas import on_replicas_change
from ..lifecycle.rollout_failures import on_failed_rollout
from ..networking.dns import build_dns_egress
from ..networking.network_policies import build_egress, build_ingress, build_network_policy
from ..ordering import WIDTH
from ..workload.autoscaling import AutoscalingSpec, build_autoscaler
from ..workload.availability import build_disruption_budget
from ..workload.environment import EnvironmentSpec, Sources, build_config_map, build_secret
from ..workload.identity import build_identity_egress, build_service_account
from ..workload.kinds import WorkloadKind
from .plan import WebServicePlan
from .service import build_service
from .workload import build_workload

__all__ = [
    "DISRUPTION_BUDGET",
    "NETWORK_POLICY",
    "SERVICE",
    "SERVICE_ACCOUNT",
    "each_object",
    "objects_of",
    "workload_key",
]

SERVICE = "service"
"""The key of the Service."""

SERVICE_ACCOUNT = "service-account"
"""The key of the ServiceAccount."""

NETWORK_POLICY = "network-policy"
"""The key of the NetworkPolicy."""

DISRUPTION_BUDGET = "disruption-budget"
"""The key of the PodDisruptionBudget."""

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
    guards = [*_guards(plan), *_disruption_budget(plan)]
    yield from guards
    # No pod runs without its account and its policy.
    before = [guard.key for guard in guards if guard.key != DISRUPTION_BUDGET]
    owner = guards[0].key if guards else None
    # A headless Service doesn't wait for pods, and a StatefulSet's pods get their names from it. Any other Service
    # waits until its pods are ready.
    if plan.headless and plan.ports:
        yield _service(plan, before)
        before, owner = [SERVICE], owner or SERVICE
    source_objects, gathering = _source_objects(plan, owner)
    yield from source_objects
    yield _workload(plan, _sources(plan), [*before, *gathering])
    if not plan.headless and plan.ports:
        yield _service(plan, [])
    if plan.spec.autoscaling is not None:
        yield _autoscaler(plan, plan.spec.autoscaling)


def _guards(plan: WebServicePlan) -> Iterator[ObjectSpec]:
    """What must exist before any pod runs."""
    spec = plan.spec
    if spec.identity is None or spec.identity.service_account is None:
        yield ObjectSpec(SERVICE_ACCOUNT, build_service_account(plan.metadata, spec.identity))
    if spec.network_policy:
        ingress = build_ingress(spec.allow_from, plan.pod_ports)
        egress = [*build_dns_egress(spec.dns), *build_identity_egress(spec.identity), *build_egress(spec.allow_to)]
        yield ObjectSpec(NETWORK_POLICY, build_network_policy(plan.metadata, plan.selector, ingress, egress))


def _disruption_budget(plan: WebServicePlan) -> Iterator[ObjectSpec]:
    # Drains don't evict a DaemonSet's pods, and the budget's controller can't count them.
    if plan.kind is not WorkloadKind.DAEMON_SET:
        budget = build_disruption_budget(plan.metadata, plan.selector, plan.spec.disruption_budget)
        yield ObjectSpec(DISRUPTION_BUDGET, budget)


def _environments(plan: WebServicePlan) -> Iterator[tuple[str, str, EnvironmentSpec]]:
    """Each container's name, what the keys of its objects start with, and its environment."""
    yield plan.name, "", plan.spec
    for container in (*plan.spec.sidecars, *plan.spec.init_containers):
        yield container.name, f"{container.name}-", container


def _sources(plan: WebServicePlan) -> dict[str, Sources]:
    """What each container refers to its Secret and its ConfigMap by."""
    many = _has_many_sources(plan)
    return {
        name: Sources(
            secret=Ref(f"{prefix}env", is_detached=many) if environment.secret_env else None,
            config_map=Ref(f"{prefix}files", is_detached=many) if environment.config_files else None,
        )
        for name, prefix, environment in _environments(plan)
    }


def _has_many_sources(plan: WebServicePlan) -> bool:
    """Whether the pods would depend on too many objects if they depended on each source."""
    return sum(1 for _ in _each_source(plan)) >= WIDTH


def _source_objects(plan: WebServicePlan, owner: Optional[str]) -> tuple[list[ObjectSpec], list[str]]:
    """The Secrets and the ConfigMaps of the containers, and what the pods come after, apart from those that they depend
    on by name. They stay until `owner` is deleted, because older revisions of the workload refer to older ones: the
    pods below a partition, those of a rollout that failed, and a rollback."""
    options = Options(kept_with=None if plan.kind is WorkloadKind.REPLICA_SET else owner)
    sources = [replace(source, options=options) for source in _each_source(plan)]
    return (gathered(sources), [sources[0].key]) if _has_many_sources(plan) else (sources, [])


def _each_source(plan: WebServicePlan) -> Iterator[ObjectSpec]:
    for _, prefix, environment in _environments(plan):
        if environment.secret_env:
            yield ObjectSpec(f"{prefix}env", build_secret(plan.metadata, environment.secret_env))
        if environment.config_files:
            yield ObjectSpec(f"{prefix}files", build_config_map(plan.metadata, environment.config_files))


def _workload(plan: WebServicePlan, sources: Mapping[str, Sources], before: list[str]) -> ObjectSpec:
    replica_set = plan.kind is WorkloadKind.REPLICA_SET
    options = Options(
        timeout=plan.spec.ready_timeout,
        # The provider leaves the field to its owner: Pulumi at first, then the autoscaler.
        ignore_changes=("spec.replicas",) if plan.spec.autoscaling is not None or plan.spec.external_replicas else (),
        # A change of a ReplicaSet's template doesn't reach its pods.
        replace_on_changes=("spec.template", "spec.selector") if replica_set else (),
        hooks=lambda parent: _workload_hooks(plan, parent),
    )
    return ObjectSpec(workload_key(plan), build_workload(plan, sources), before, options)


def _workload_hooks(plan: WebServicePlan, parent: pulumi.Resource) -> Optional[pulumi.ResourceHookBinding]:
    rollout = on_failed_rollout(plan.name, parent, _secret_values(plan))
    if rollout is None or plan.replicas is None or plan.spec.autoscaling is not None:
        return rollout
    return pulumi.ResourceHookBinding.merge(on_replicas_change(plan.name, parent), rollout)


def _secret_values(plan: WebServicePlan) -> list[Any]:
    """The values that no message may show."""
    return [value for _, _, environment in _environments(plan) for value in environment.secret_env.values()]


def _service(plan: WebServicePlan, before: list[str]) -> ObjectSpec:
    ports = list(plan.ports.values())
    service = build_service(plan.metadata, plan.selector, ports, plan.spec.service, headless=plan.headless)
    options = Options(timeout=plan.spec.ready_timeout, hooks=lambda _parent: on_service_replacement(plan.name))
    return ObjectSpec(SERVICE, service, before, options)


def _autoscaler(plan: WebServicePlan, autoscaling: AutoscalingSpec) -> ObjectSpec:
    # Only a ReplicaSet's name is generated.
    workload: Any = Ref(workload_key(plan)) if plan.kind is WorkloadKind.REPLICA_SET else plan.name
    manifest = build_autoscaler(plan.metadata, plan.kind, workload, autoscaling)
    return ObjectSpec("autoscaler", manifest, [workload_key(plan)])
