"""A resolved `Job`: what its parsed arguments mean, resolved once for everything that builds from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

import pulumi

from ..args.names import object_name
from ..networking.ports import ServicePort
from ..workload.environment import Sources
from ..workload.pod import PodPlan
from .args import CompletionMode, ConcurrencyPolicy, JobSpec

__all__ = ["JobPlan", "plan_job", "plan_pods"]

_RETRIES = 3
"""Kubernetes' own default, 6, takes longer than Pulumi waits: it doubles the time before each retry, from 10 s on."""

_TIME_ZONE = "Etc/UTC"
"""Kubernetes' own default is the time zone of the machine that the controller manager runs on."""


@dataclass(frozen=True)
class JobPlan:
    """A Job with its defaults resolved. An invalid argument ends only the rules that need it."""

    name: str
    spec: JobSpec

    @property
    def kind(self) -> str:
        """The kind of the object that runs the pods."""
        return "CronJob" if self.spec.is_scheduled else "Job"

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels that select the pods."""
        return self.spec.selector_for(self.name)

    @cached_property
    def labels(self) -> Mapping[str, pulumi.Input[str]]:
        """The labels of the pods and of every object, the selector included."""
        return self.spec.labels_for(self.name)

    @property
    def ports(self) -> Mapping[str, ServicePort]:
        """The ports that the pods offer: none."""
        return {}

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata that all of the job's objects have."""
        return self.spec.metadata_for(self.name)

    @property
    def backoff_limit(self) -> Optional[pulumi.Input[int]]:
        """How many retries before the job has failed; None if each index has a limit of its own."""
        if self.spec.backoff_limit is None and self.spec.backoff_limit_per_index is None:
            return _RETRIES
        return self.spec.backoff_limit

    @property
    def time_zone(self) -> pulumi.Input[str]:
        """The time zone of the schedule."""
        return _TIME_ZONE if self.spec.time_zone is None else self.spec.time_zone

    @property
    def concurrency_policy(self) -> ConcurrencyPolicy:
        """What happens if a run is due while the previous one isn't complete."""
        return self.spec.concurrency_policy or ConcurrencyPolicy.FORBID

    @property
    def is_indexed(self) -> bool:
        """Whether each completion has an index."""
        return self.spec.completion_mode is CompletionMode.INDEXED


def plan_job(name: str, spec: JobSpec) -> JobPlan:
    """The plan of the Job called `name`, from its parsed arguments."""
    return JobPlan(object_name(name, spec), spec)


def plan_pods(plan: JobPlan, sources: Mapping[str, Sources]) -> PodPlan:
    """The pods of the job; `sources` are the objects that each container's environment comes from."""
    spec = plan.spec
    existing = spec.identity.service_account if spec.identity else None
    return PodPlan(
        name=spec.container_name_for(plan.name),
        kind=None,
        application=spec,
        account=plan.name if existing is None else existing,
        selector=plan.selector,
        labels=plan.labels,
        ports=plan.ports,
        # No client sends requests to the pods.
        drain=0,
        shutdown=spec.shutdown,
        sidecars=spec.sidecars,
        init_containers=spec.init_containers,
        volumes=spec.volumes,
        identity=spec.identity,
        security=spec.security,
        image_policy=spec.image_policy,
        placement=spec.placement,
        annotations=spec.pod_annotations,
        restart_policy=spec.restart_policy.value,
        extra=spec.extra,
        sources=sources,
    )
