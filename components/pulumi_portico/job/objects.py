"""The objects of a `Job`: the one list that the component registers, and that `portico render` prints."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from ..lifecycle.job_failures import on_failed_job
from ..lifecycle.job_reruns import RUNS_AFTER_PATH, annotations_of_rerun
from ..lifecycle.objects import ObjectSpec, Options
from ..register import REPLACE_UNREADY, SKIP_AWAIT
from ..untyped import Manifest
from ..workload.pod import build_template
from ..workload.pod_objects import gate_of, guards_of, secret_values, source_objects, sources_of
from .plan import JobPlan, plan_pods
from .policies import build_failure_policy, build_success_policy

__all__ = ["CRON_JOB", "JOB", "each_object", "job_key", "objects_of"]

JOB, CRON_JOB = "job", "cron-job"
"""The keys of the Job and of the CronJob."""

_FROZEN = (
    "spec.template",
    "spec.completions",
    "spec.completionMode",
    "spec.backoffLimitPerIndex",
    "spec.podFailurePolicy",
    "spec.successPolicy",
)
"""What Kubernetes freezes in a Job, as far as Portico sets it: a change replaces the Job, so that it runs again."""


def job_key(plan: JobPlan) -> str:
    """The key of the object that runs the pods."""
    return CRON_JOB if plan.spec.is_scheduled else JOB


def objects_of(plan: JobPlan) -> list[ObjectSpec]:
    """The objects of the Job, each after those that it needs."""
    return list(each_object(plan))


def each_object(plan: JobPlan) -> Iterator[ObjectSpec]:
    """The same objects, each built only when it's read: one that needs an unavailable value ends them."""
    spec = plan.spec
    guards = list(guards_of(plan.name, spec, plan.metadata))
    # Runs that have begun refer to the Secrets and ConfigMaps of their time. A Job is deleted before it's replaced.
    owner = guards[0].key if guards and spec.is_scheduled else None
    yield from guards
    sources, gathering = source_objects(plan.name, spec, plan.metadata, owner)
    yield from sources
    before = [*gate_of(guards), *gathering]
    yield _cron_job(plan, before) if spec.is_scheduled else _job(plan, before)


def _job(plan: JobPlan, before: list[str]) -> ObjectSpec:
    """The Job.

    Jobs are immutable, so a change of the pods replaces it: Pulumi deletes the old one first, with its pods, so that
    two versions of a migration never run at a time. Pulumi generates its name, because a preview of an object that
    still exists under a fixed name fails: the API server rejects the change of a frozen field.
    """
    spec = plan.spec
    metadata: dict[str, Any] = {key: value for key, value in plan.metadata.items() if key != "name"}
    # The provider replaces a Job that isn't complete, but not one that doesn't exist: so a Job that failed runs again,
    # and one that its TTL has deleted doesn't. A suspended Job is never complete.
    metadata["annotations"] = {SKIP_AWAIT: "true"} if spec.suspend else {REPLACE_UNREADY: "true"}
    has_ttl = spec.ttl_seconds_after_finished is not None
    options = Options(
        timeout=spec.ready_timeout,
        delete_before_replace=True,
        # A Job that its TTL has deleted can't be updated.
        replace_on_changes=(*(("spec", "metadata.labels") if has_ttl else _FROZEN), RUNS_AFTER_PATH),
        annotations_of_past=None if spec.suspend else partial(annotations_of_rerun, plan.selector),
        hooks=lambda parent: on_failed_job(plan.name, parent, plan.selector, secret_values(plan.name, spec)),
    )
    settings = {**_spec(plan), **({"suspend": True} if spec.suspend else {})}
    manifest = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": settings}
    return ObjectSpec(JOB, manifest, before, options, suffix="")


def _cron_job(plan: JobPlan, before: list[str]) -> ObjectSpec:
    spec = plan.spec
    settings = {
        "schedule": spec.schedule,
        "timeZone": plan.time_zone,
        "concurrencyPolicy": plan.concurrency_policy.value,
        "startingDeadlineSeconds": spec.starting_deadline_seconds,
        "successfulJobsHistoryLimit": spec.successful_jobs_history_limit,
        "failedJobsHistoryLimit": spec.failed_jobs_history_limit,
        # Explicit, so that an update ends a suspension.
        "suspend": spec.suspend,
        "jobTemplate": {"metadata": {"labels": dict(plan.labels)}, "spec": _spec(plan)},
    }
    manifest = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": plan.metadata, "spec": _set(settings)}
    return ObjectSpec(CRON_JOB, manifest, before)


def _spec(plan: JobPlan) -> dict[str, Any]:
    """The spec of the Job, or of each run of the schedule."""
    spec = plan.spec
    settings = {
        "parallelism": spec.parallelism,
        "completions": spec.completions,
        "completionMode": spec.completion_mode.value if plan.is_indexed else None,
        "backoffLimit": plan.backoff_limit,
        "backoffLimitPerIndex": spec.backoff_limit_per_index,
        "maxFailedIndexes": spec.max_failed_indexes,
        "podFailurePolicy": build_failure_policy(spec.pod_failure_policy),
        "successPolicy": build_success_policy(spec.success_policy),
        "activeDeadlineSeconds": spec.active_deadline_seconds,
        "ttlSecondsAfterFinished": spec.ttl_seconds_after_finished,
        "template": build_template(plan_pods(plan, sources_of(plan.name, spec))),
    }
    return _set(settings)


def _set(settings: Manifest) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if value is not None}
