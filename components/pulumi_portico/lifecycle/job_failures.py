"""Why a Job fails: the provider reports only that a limit is exceeded, or nothing until its own time is over.

Pure, apart from the hook: from what the cluster reports of Jobs, pods, and events to findings.
"""

from collections.abc import Mapping, Sequence
from typing import Optional

import pulumi

from ..args.codes import define
from ..args.location import Field
from ..untyped import Manifest, listed, mapped
from .claims import unique
from .hooks import mocked
from .kubectl import kubectl_of
from .replacement import Finding
from .rollout_failures import Workload, causes_of, log_of, masked

__all__ = ["failures_of_jobs", "job_is_gone", "on_failed_job"]

JOB_FAILED = define(
    "job-failed",
    "The Job {name} has failed ({reason}): {message}",
    hint="Fix the cause, and run pulumi up again, which runs the job again.",
)
JOB_NOT_COMPLETE = define(
    "job-not-complete",
    "The Job {name} isn't complete after {field}: {active} pods run, {succeeded} have succeeded, {failed} have failed.",
    hint="The Job runs on. The next pulumi up replaces it if it isn't complete by then: if it only needs more time, "
    "increase {field}.",
)
JOB_GONE = define(
    "job-gone",
    "The Job of Job \"{name}\" doesn't exist anymore: its TTL, or somebody, has deleted it, so it can't be updated.",
    hint="To run it again, run pulumi up --refresh.",
)


def failures_of_jobs(jobs: Sequence[Manifest]) -> list[Finding]:
    """What the Jobs report of themselves: why each has failed, or how far it is."""
    return [found for job in jobs if (found := _failure_of(job)) is not None]


def _failure_of(job: Manifest) -> Optional[Finding]:
    status, name = mapped(job.get("status")), str(mapped(job.get("metadata")).get("name"))
    conditions = {
        str(mapped(item).get("type")): mapped(item)
        for item in listed(status.get("conditions"))
        if mapped(item).get("status") == "True"
    }
    if "Complete" in conditions:
        return None
    if failed := conditions.get("Failed"):
        reason, message = str(failed.get("reason")), str(failed.get("message") or "no details")
        return Finding(JOB_FAILED, {"name": name, "reason": reason, "message": message})
    counts = {key: status.get(key) or 0 for key in ("active", "succeeded", "failed")}
    return Finding(JOB_NOT_COMPLETE, {"name": name, "field": Field("ready_timeout"), **counts})


def job_is_gone(name: str, operation: str, errors: Sequence[str]) -> Optional[Finding]:
    """What to do if a Job can't be updated because it was deleted; None if it failed for another reason."""
    if operation != "update" or not any("not found" in error for error in errors):
        return None
    return Finding(JOB_GONE, {"name": name})


def on_failed_job(
    name: str, parent: pulumi.Resource, selector: Mapping[str, str], secrets: Sequence[pulumi.Input[str]] = ()
) -> Optional[pulumi.ResourceHookBinding]:
    """Logs why the Job of the component called `name` fails, with the last lines of its log; `selector` selects the Job
    and its pods, and `secrets` are values that no log line may show."""
    if mocked():
        return None

    async def explain(args: pulumi.ErrorHookArgs) -> bool:
        if gone := job_is_gone(name, args.failed_operation, args.errors):
            pulumi.log.error(gone.text)
        elif args.failed_operation != "delete" and not pulumi.runtime.is_dry_run():
            await _explain(args, parent, selector, secrets)
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(unique(f"portico-{name}-job"), explain)])


async def _explain(
    args: pulumi.ErrorHookArgs,
    parent: pulumi.Resource,
    selector: Mapping[str, str],
    secrets: Sequence[pulumi.Input[str]],
) -> None:
    metadata = mapped((args.new_inputs or {}).get("metadata"))
    namespace = str(metadata.get("namespace") or "default")
    # Pulumi has deleted older Jobs of the component, and their pods.
    workload = Workload("Job", str(metadata.get("name") or args.name), namespace, selector)
    kubectl = await kubectl_of(parent)
    hidden = [str(await pulumi.Output.from_input(secret).future() or "") for secret in secrets]
    where = ("--namespace", namespace, "--selector", workload.selector_text)
    jobs, pods = await kubectl.items("jobs", *where), await kubectl.items("pods", *where)
    events = await kubectl.items("events", "--namespace", namespace)

    async def log(pod: str, container: str) -> str:
        return masked(await log_of(kubectl, namespace, pod, container), hidden)

    for finding in (*failures_of_jobs(jobs), *await causes_of(workload, pods, events, log)):
        pulumi.log.error(masked(finding.text, hidden))
