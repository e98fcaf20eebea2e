"""The rules of a whole `Job`: each field's, and those between fields."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Optional

from ..args.codes import define
from ..args.exceptions import SecurityException
from ..args.location import ROOT, Field, Key, KeyStyle, Location
from ..args.names import LABEL_NAME_LENGTH, NAME_TOO_LONG, RESERVED_LABEL, dns_label, object_name
from ..args.parse import Hooks, parse
from ..args.problems import Move, Problem, Problems, Reason, Remove, Set
from ..args.similar_names import nearest
from ..lifecycle.limits import Part, check_limits, heaviest
from ..lifecycle.objects import ObjectSpec
from ..untyped import listed, mapped
from ..workload.containers import check_container_ports
from ..workload.existing_config_maps import check_roll_on_change
from ..workload.pod_objects import SERVICE_ACCOUNT
from ..workload.pod_validation import (
    check_environment,
    check_extra,
    check_extra_items,
    check_host_network,
    check_identity,
    check_labels,
    check_other_containers,
    check_peers_in,
    check_placement,
    check_pod_annotations,
    check_pods,
    check_policy_dns,
    check_security,
    check_variable_references,
    check_volume_names,
    check_volumes,
    exceptions_of_pod_args,
    notes_of_pod_args,
    rules_of_images,
)
from ..workload.resolvers import check_resolvers
from ..workload.security import check_host_ports
from .args import CompletionMode, JobArgs, JobSpec, RestartPolicy, is_job_label, rules_with
from .elsewhere import NAMES
from .objects import each_object
from .plan import JobPlan, plan_job, plan_pods
from .policies import check_failure_policy, check_success_policy

__all__ = ["exceptions_of", "notes_of", "parse_job"]

ONLY_WITH_SCHEDULE = define(
    "only-with-schedule", "Only a job with a schedule has this setting.", allowed="with {field}"
)
UNKNOWN_CONTAINER = define(
    "unknown-container-of-policy", "The job's pods have no container {value}.", allowed="one of {known}"
)
NOT_WITH_SCHEDULE = define(
    "not-with-schedule",
    "Pulumi doesn't wait for the runs of a schedule, so this has no effect.",
    allowed="without {field}",
)
AFTER_OUTSIDE_STACK = define(
    "after-outside-stack",
    "Only a stack knows the services by name.",
    allowed="only in stack files",
    hint="Remove it, and pass the services as `depends_on` in the resource options of the job.",
)
AFTER_WITH_SCHEDULE = define(
    "after-with-schedule", "The runs of a schedule don't wait for services.", allowed="without {field}"
)
ROLLS_WITH_SCHEDULE = define(
    "rolls-with-schedule",
    "Each run of a schedule reads its ConfigMaps when it starts, so this has no effect.",
    allowed="without {field}",
)
BEFORE_OUTSIDE_STACK = define(
    "before-outside-stack",
    "Only a stack knows the services by name.",
    allowed="only in stack files",
    hint="Remove it, and pass the job as `depends_on` in the resource options of the service.",
)
BEFORE_SUSPENDED = define(
    "before-with-suspend", "A suspended job is never complete, so the services would wait forever."
)
INDEXED_WITHOUT_COMPLETIONS = define(
    "indexed-without-completions",
    "An indexed job has a number of indexes.",
    allowed="with {field}",
    hint="Set {field}.",
)
ONLY_INDEXED = define("only-indexed", "Only an indexed job has this setting.", allowed="with {field} as {mode}")
MAX_FAILED_WITHOUT_LIMIT = define(
    "max-failed-indexes-without-limit", "Without {field}, no index fails by itself.", allowed="with {field}"
)
MORE_FAILED_THAN_INDEXES = define(
    "max-failed-indexes-too-large", "{value} is more than the {completions} indexes.", allowed="at most {completions}"
)
INDEXED_TOO_LARGE = define(
    "indexed-job-too-large",
    "{value} is more than Kubernetes accepts for an indexed job.",
    allowed="at most {most}",
)
TOO_LARGE_FOR_INDEXES = define(
    "too-large-for-indexes",
    "{value} is more than Kubernetes accepts with more than {indexes} indexes that fail on their own.",
    allowed="at most {most}",
)
MAX_FAILED_REQUIRED = define(
    "max-failed-indexes-required",
    "With more than {most} indexes that fail on their own, Kubernetes requires {field}.",
    allowed="with {field}, at most {largest}",
    hint="Set {field}.",
)
EXTRA_RESTART_POLICY = define(
    "restart-policy-in-extra", "{field} sets the restart policy of a job.", allowed="the argument {field}"
)

_SCHEDULED = (
    "time_zone",
    "concurrency_policy",
    "starting_deadline_seconds",
    "successful_jobs_history_limit",
    "failed_jobs_history_limit",
)
_MOST_INDEXES = 100_000
"""The limit of `parallelism` and `max_failed_indexes` of indexed jobs (pkg/apis/batch/validation)."""
_FEWER = 10_000
"""The limit of both if there are more indexes than that, and each can fail on its own."""

_CRON_JOB_SUFFIX = 11
"""The controller of CronJobs appends a hyphen and a number to the name of each Job."""
_GENERATED_SUFFIX = 9
"""Pulumi appends a hyphen and eight characters to a name that it generates."""

_rules_for = rules_of_images(rules_with)


def parse_job(name: str, args: Any, problems: Problems, at: Location = ROOT, hooks: Optional[Hooks] = None) -> JobSpec:
    """The parsed arguments of the Job called `name`; what's wrong is reported in `problems`."""
    # The name of a component isn't among its arguments; in a stack, it is their key.
    named = at or ROOT / "name"
    if reason := dns_label(name):
        problems.reject(named, name, reason, is_key=bool(at))
    rules = _rules_for(args, problems.style)
    spec = parse(JobSpec, JobArgs, args, rules, problems, at, hooks)
    if reason is None:
        problems.run(_check_name, name, named, spec)
    name = object_name(name, spec)
    for rule in _RULES:
        problems.run(rule, spec)
    problems.run(check_other_containers, name, spec)
    problems.run(_check_container_of_policy, name, spec)
    problems.run(check_variable_references, name, spec)
    problems.run(check_extra_items, name, spec)
    if not at:
        # A stack has DNS servers for all of its jobs, so its own rules do this.
        problems.run(check_resolvers, spec)
    if reason is None:
        plan = plan_job(name, spec)
        problems.run(check_pods, spec, lambda: plan_pods(plan, {}))
        problems.run(_check_limits, plan)
    return spec


def _check_limits(plan: JobPlan, problems: Problems) -> None:
    check_limits(plan.spec, partial(each_object, plan), problems, partial(_source_of, plan))


def _source_of(plan: JobPlan, described: ObjectSpec, part: Part) -> Location:
    """The argument that most of a part of an object is from."""
    spec = plan.spec
    if part is Part.ANNOTATIONS:
        is_annotated = described.key == SERVICE_ACCOUNT and spec.identity is not None
        return spec.identity.at / "annotations" if is_annotated and spec.identity else spec.at
    return heaviest(spec, ("pod_annotations", "extra") if part is Part.POD_ANNOTATIONS else ())


def _check_name(name: str, named: Location, spec: JobSpec, problems: Problems) -> None:
    """Report a name that leaves no room for what is appended to it. The result labels pods, and names those with an
    index, which are labels of at most 63 characters."""
    appended = _CRON_JOB_SUFFIX if spec.is_scheduled else _GENERATED_SUFFIX
    completions = spec.completions
    if spec.completion_mode is CompletionMode.INDEXED and isinstance(completions, int):
        appended += len(f"-{completions - 1}")
    most = LABEL_NAME_LENGTH - appended
    # The runs of a schedule have names of the CronJob's. Pulumi generates that of a Job from the Pulumi name.
    own = spec.name if spec.is_scheduled else None
    value, at, is_key = (name, named, bool(spec.at)) if own is None else (own, spec.at / "name", False)
    if len(value) > most:
        reason = Reason(NAME_TOO_LONG, {"excess": len(value) - most, "most": most}, value[:most].rstrip("-"))
        problems.reject(at, value, reason, is_key=is_key)


def _check_schedule(spec: JobSpec, problems: Problems) -> None:
    schedule = Field("schedule")
    if spec.is_scheduled:
        for field, is_set in (("before", bool(spec.before)), ("ready_timeout", spec.ready_timeout is not None)):
            if is_set:
                where = spec.at / field
                problems.report(NOT_WITH_SCHEDULE, where, field=schedule, fix=Remove(where))
        if spec.after:
            where = spec.at / "after"
            problems.report(AFTER_WITH_SCHEDULE, where, field=schedule, fix=Remove(where))
        if spec.roll_on_change:
            where = spec.at / "roll_on_change"
            problems.report(ROLLS_WITH_SCHEDULE, where, field=schedule, fix=Remove(where))
        return
    for field in _SCHEDULED:
        if getattr(spec, field) is not None:
            where = spec.at / field
            problems.report(ONLY_WITH_SCHEDULE, where, field=schedule, fix=Remove(where))


def _check_roll_on_change(spec: JobSpec, problems: Problems) -> None:
    if not spec.is_scheduled:
        check_roll_on_change(spec, problems)


def _check_before(spec: JobSpec, problems: Problems) -> None:
    where = spec.at / "before"
    if spec.after and not spec.at:
        problems.report(AFTER_OUTSIDE_STACK, spec.at / "after", fix=Remove(spec.at / "after"))
    if spec.before and not spec.at:
        problems.report(BEFORE_OUTSIDE_STACK, where)
    if spec.before and spec.suspend:
        problems.report(BEFORE_SUSPENDED, where, fix=Remove(spec.at / "suspend"))


def _check_policies(spec: JobSpec, problems: Problems) -> None:
    failure, success = spec.pod_failure_policy, spec.success_policy
    if failure is not None:
        restarts = None if spec.restart_policy is RestartPolicy.NEVER else spec.at / "restart_policy"
        has_limit = spec.backoff_limit_per_index is not None
        check_failure_policy(failure, restarts=restarts, has_index_limit=has_limit, problems=problems)
    if success is not None:
        is_indexed = spec.completion_mode is CompletionMode.INDEXED
        completions = spec.completions if isinstance(spec.completions, int) else None
        check_success_policy(success, is_indexed=is_indexed, completions=completions, problems=problems)


def _check_container_of_policy(name: str, spec: JobSpec, problems: Problems) -> None:
    """Report rules for exit codes of a container that the pods don't have."""
    others = [container.name for container in (*spec.sidecars, *spec.init_containers)]
    added = listed(mapped(mapped(spec.extra).get("spec")).get("containers"))
    known = [spec.container_name_for(name), *others, *(str(mapped(each).get("name")) for each in added)]
    for rule in () if spec.pod_failure_policy is None else spec.pod_failure_policy.rules:
        codes = rule.on_exit_codes
        if codes is not None and codes.container_name is not None and codes.container_name not in known:
            where, close = codes.at / "container_name", nearest(codes.container_name, known)
            fix = None if close is None else Set(where, close)
            problems.report(UNKNOWN_CONTAINER, where, value=codes.container_name, known=known, fix=fix)


def _check_indexes(spec: JobSpec, problems: Problems) -> None:
    if spec.completion_mode is not CompletionMode.INDEXED:
        for field, value in (
            ("backoff_limit_per_index", spec.backoff_limit_per_index),
            ("max_failed_indexes", spec.max_failed_indexes),
        ):
            if value is not None:
                where, mode = spec.at / field, Field("completion_mode")
                problems.report(ONLY_INDEXED, where, field=mode, mode=CompletionMode.INDEXED, fix=Remove(where))
        return
    if spec.completions is None:
        where = spec.at / "completion_mode"
        problems.report(INDEXED_WITHOUT_COMPLETIONS, where, field=Field("completions"))
    _check_most(spec, "parallelism", spec.parallelism, problems)
    _check_failed_indexes(spec, problems)


def _check_most(spec: JobSpec, field: str, value: Any, problems: Problems) -> None:
    if isinstance(value, int) and value > _MOST_INDEXES:
        where, fix = spec.at / field, Set(spec.at / field, _MOST_INDEXES)
        problems.report(INDEXED_TOO_LARGE, where, value=value, most=_MOST_INDEXES, fix=fix)


def _check_failed_indexes(spec: JobSpec, problems: Problems) -> None:
    failed, completions, where = spec.max_failed_indexes, spec.completions, spec.at / "max_failed_indexes"
    if failed is not None and spec.backoff_limit_per_index is None:
        problems.report(MAX_FAILED_WITHOUT_LIMIT, where, field=Field("backoff_limit_per_index"), fix=Remove(where))
    elif isinstance(failed, int) and isinstance(completions, int) and failed > completions:
        fix = Set(where, completions)
        problems.report(MORE_FAILED_THAN_INDEXES, where, value=failed, completions=completions, fix=fix)
    elif not isinstance(completions, int) or completions <= _MOST_INDEXES or spec.backoff_limit_per_index is None:
        _check_most(spec, "max_failed_indexes", failed, problems)
    else:
        _check_many_indexes(spec, problems)


def _check_many_indexes(spec: JobSpec, problems: Problems) -> None:
    """Report what Kubernetes requires of more indexes than it can list."""
    if spec.max_failed_indexes is None:
        field: Any = Field("max_failed_indexes")
        where = spec.at / "completions"
        problems.report(MAX_FAILED_REQUIRED, where, most=_MOST_INDEXES, largest=_FEWER, field=field)
    for name, value in (("parallelism", spec.parallelism), ("max_failed_indexes", spec.max_failed_indexes)):
        # Kubernetes has another limit for any number of indexes, which is reported.
        is_reported = name == "parallelism" and isinstance(value, int) and value > _MOST_INDEXES
        if isinstance(value, int) and value > _FEWER and not is_reported:
            at, fix = spec.at / name, Set(spec.at / name, _FEWER)
            problems.report(TOO_LARGE_FOR_INDEXES, at, value=value, most=_FEWER, indexes=_MOST_INDEXES, fix=fix)


def _check_peers(spec: JobSpec, problems: Problems) -> None:
    problems.run(check_peers_in, spec, "allow_to", spec.allow_to)
    problems.run(check_policy_dns, spec)


def _check_host_network(spec: JobSpec, problems: Problems) -> None:
    check_host_network(spec, {spec.at / "allow_to": spec.allow_to}, problems)


def _check_sidecar_ports(spec: JobSpec, problems: Problems) -> None:
    check_container_ports({}, {}, spec.sidecars, problems)
    if spec.security is not None:
        sidecars = {sidecar.port: sidecar.at / "port" for sidecar in spec.sidecars if sidecar.port is not None}
        check_host_ports(spec.security, sidecars, problems)


def _check_extra(spec: JobSpec, problems: Problems) -> None:
    problems.run(check_extra, spec, NAMES)
    extra = mapped(spec.extra)
    pod, at = mapped(extra.get("spec")), spec.at / "extra"
    if "restartPolicy" in pod:
        where, to = at.join((Key("spec"), Key("restartPolicy"))), spec.at / "restart_policy"
        problems.report(EXTRA_RESTART_POLICY, where, field=Field("restart_policy"), fix=Move(where, to))
    for key in mapped(mapped(extra.get("metadata")).get("labels")):
        if is_job_label(key):
            where = at.join((Key("metadata"), Key("labels"), Key(key)))
            problems.report(RESERVED_LABEL, where, value=key, fix=Remove(where))


_RULES: Sequence[Callable[[JobSpec, Problems], None]] = (
    _check_schedule,
    _check_before,
    _check_indexes,
    _check_policies,
    check_environment,
    check_identity,
    check_security,
    _check_sidecar_ports,
    check_placement,
    check_volumes,
    check_volume_names,
    _check_roll_on_change,
    _check_peers,
    _check_host_network,
    check_labels,
    check_pod_annotations,
    _check_extra,
)


def notes_of(spec: JobSpec, style: KeyStyle = KeyStyle.PYTHON) -> Sequence[Problem]:
    """What the user must add for a valid job to work, and Portico can't."""
    return notes_of_pod_args(spec, "Job", style)


def exceptions_of(plan: JobPlan) -> list[SecurityException]:
    """What of a Job is less strict than the secure default."""
    return list(exceptions_of_pod_args(plan.spec, lambda: plan_pods(plan, {})))
