"""`Job`: what it registers, what it rejects, and why it fails."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pulumi_portico import Job, WebService
from pulumi_portico.args.location import Key
from pulumi_portico.args.problems import Problem, Problems, Set
from pulumi_portico.job.plan import plan_job
from pulumi_portico.job.schedule import schedule_rule, time_zone_rule
from pulumi_portico.job.validation import exceptions_of, parse_job
from pulumi_portico.lifecycle.deployed import Deployed
from pulumi_portico.lifecycle.job_failures import failures_of_jobs, job_is_gone
from pulumi_portico.lifecycle.job_reruns import RUNS_AFTER, rerun_of
from pulumi_portico.lifecycle.kubectl import Kubectl
from pulumi_portico.outputs import ensure_event_loop
from pulumi_portico.stack import build, check_stack
from pulumi_portico.stack.jobs import predecessors_of
from pulumi_portico.stack.objects import objects_of
from pulumi_portico.stack.plan import StackPlan
from pulumi_portico.stack.view import LinkKind, LinkView, PeerKind, PeerView
from pulumi_portico.stack.view_text import run_text
from pulumi_portico.stack.views import view_of
from pulumi_portico.testing import Recording, record

from tests.examples import examples
from tests.kubernetes_limits import CRON_JOB, JOB
from tests.problems import assert_fixes_work, assert_problem, problems_of
from tests.support import ROOT
from tools import stack_schema

IMAGE = "registry.example.com/team/app:1.4.2"


def job(name: str = "migrate", **args: Any) -> Recording:
    all_args: Any = {"image": IMAGE, **args}
    return record(lambda: Job(name, all_args))


def problems_with(name: str = "migrate", **args: Any) -> list[Problem]:
    ensure_event_loop()
    problems = Problems(f'Job "{name}"')
    parse_job(name, {"image": IMAGE, **args}, problems)
    return problems.found


def manifest(recorded: Recording, kind: str = "Job") -> dict[str, Any]:
    (found,) = (found for found in recorded.manifests() if found["kind"] == kind)
    return found


def plan(**parts: Any) -> StackPlan:
    return check_stack("dev", {"namespace": "shop", **parts})


WEB = {"image": IMAGE, "port": 8080}
MIGRATE = {"image": IMAGE}


# What it registers.


def test_an_image_is_enough() -> None:
    recorded = job()
    assert sorted(found["kind"] for found in recorded.manifests()) == ["Job", "NetworkPolicy", "ServiceAccount"]
    built = manifest(recorded)
    assert built["metadata"]["labels"] == {"app.kubernetes.io/name": "migrate"}
    spec = built["spec"]
    assert spec["backoffLimit"] == 3
    pod = spec["template"]["spec"]
    assert (pod["restartPolicy"], pod["serviceAccountName"]) == ("Never", "migrate")
    assert "topologySpreadConstraints" not in pod
    (container,) = pod["containers"]
    assert "lifecycle" not in container
    assert "ports" not in container


def test_nothing_can_connect_to_the_pods() -> None:
    policy = manifest(job(allow_to=[{"service": "db"}]), "NetworkPolicy")["spec"]
    assert policy.get("ingress", []) == []
    assert policy["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "migrate"}}
    assert {"app.kubernetes.io/name": "db"} in [
        peer.get("podSelector", {}).get("matchLabels") for rule in policy["egress"] for peer in rule["to"]
    ]


def test_a_replaced_job_is_deleted_first_and_one_that_failed_runs_again() -> None:
    (registration,) = (found for found in job().registrations if found.type == "kubernetes:batch/v1:Job")
    assert registration.request.deleteBeforeReplace
    assert registration.request.replaceOnChanges[0] == "spec.template"
    assert manifest(job())["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}
    # Its name is generated, so that a preview finds no older object of the name.
    assert "name" not in registration.inputs["metadata"]


def test_every_change_runs_a_job_with_a_ttl_again() -> None:
    recorded = job(ttl_seconds_after_finished=60)
    (registration,) = (found for found in recorded.registrations if found.type == "kubernetes:batch/v1:Job")
    assert list(registration.request.replaceOnChanges)[:2] == ["spec", "metadata.labels"]


def test_a_suspended_job_is_not_awaited() -> None:
    built = manifest(job(suspend=True))
    assert built["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}
    assert built["spec"]["suspend"] is True


def test_all_fields_reach_the_job() -> None:
    args: dict[str, Any] = {**JOB, "ready_timeout": 30}
    spec = manifest(job(**args))["spec"]
    names = ("parallelism", "completions", "completionMode", "backoffLimit", "backoffLimitPerIndex", "maxFailedIndexes")
    assert [spec[name] for name in names] == [2, 4, "Indexed", 5, 1, 2]
    assert (spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (600, 60)
    assert spec["template"]["spec"]["restartPolicy"] == "OnFailure"


def test_all_fields_reach_the_cron_job() -> None:
    args: dict[str, Any] = dict(CRON_JOB)
    built = manifest(job(**args), "CronJob")
    assert built["metadata"]["name"] == "migrate"
    spec = built["spec"]
    assert (spec["schedule"], spec["timeZone"]) == (CRON_JOB["schedule"], "Europe/Berlin")
    names = ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit", "suspend")
    assert [spec[name] for name in names] == [60, 5, 5, True]
    assert spec["concurrencyPolicy"] == "Replace"
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 1


def test_a_schedule_skips_a_run_while_the_previous_one_runs_and_has_a_time_zone() -> None:
    spec = manifest(job(schedule="@daily"), "CronJob")["spec"]
    assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Etc/UTC")


def test_each_index_has_its_own_limit() -> None:
    spec = manifest(job(completion_mode="Indexed", completions=3, backoff_limit_per_index=1))["spec"]
    assert "backoffLimit" not in spec


def test_outputs() -> None:
    found: list[Any] = []
    known: Any = {
        "image": IMAGE,
        "namespace": "shop",
        "identity": {"token": True},
        "allow_to": [{"cidr": "10.0.0.0/8"}],
    }

    def program() -> None:
        made = Job("migrate", known)
        pulumi.Output.all(made.service_account, made.namespace, made.exceptions).apply(found.extend)

    record(program)
    # A preview runs the program too.
    account, namespace, exceptions = found[-3:]
    assert (account, namespace, list(exceptions)) == ("migrate", "shop", ["identity.token"])


def test_secrets_are_in_a_secret_of_their_own() -> None:
    recorded = job(secret_env={"TOKEN": "hunter2"})
    assert manifest(recorded, "Secret")["stringData"] == {"TOKEN": "hunter2"}
    assert "hunter2" not in json.dumps(manifest(recorded))


def test_runs_of_a_schedule_keep_the_secrets_of_their_time() -> None:
    for args, is_kept in (({"schedule": "@daily"}, True), ({}, False)):
        recorded = job(secret_env={"TOKEN": "a"}, **args)
        (secret,) = (found for found in recorded.registrations if found.type == "kubernetes:core/v1:Secret")
        assert bool(secret.request.retainOnDelete) is is_kept


def test_a_loosened_pod_is_an_exception() -> None:
    ensure_event_loop()
    problems = Problems("Job")
    spec = parse_job("migrate", {"image": IMAGE, "security": {"allow_root": True, "user": 0}}, problems)
    assert problems.found == []
    locations = {tuple(exception.location) for exception in exceptions_of(plan_job("migrate", spec))}
    assert locations == {("security", "allow_root"), ("security", "user")}


# What it rejects.

INDEXED = {"completion_mode": "Indexed", "completions": 3}
MANY = {"completion_mode": "Indexed", "completions": 100_001, "backoff_limit_per_index": 1}
EXTRA_SPEC = ("extra", Key("spec"))
EXTRA_LABELS = ("extra", Key("metadata"), Key("labels"))
REJECTED: Mapping[str, tuple[dict[str, Any], str, tuple[Any, ...]]] = {
    "time zone without schedule": ({"time_zone": "Etc/UTC"}, "only-with-schedule", ("time_zone",)),
    "concurrency without schedule": (
        {"concurrency_policy": "Allow"},
        "only-with-schedule",
        ("concurrency_policy",),
    ),
    "history without schedule": (
        {"failed_jobs_history_limit": 1},
        "only-with-schedule",
        ("failed_jobs_history_limit",),
    ),
    "timeout of a schedule": (
        {"schedule": "@daily", "ready_timeout": 60},
        "not-with-schedule",
        ("ready_timeout",),
    ),
    "after in a program": ({"after": ["web"]}, "after-outside-stack", ("after",)),
    "after with schedule": ({"schedule": "@daily", "after": ["web"]}, "after-with-schedule", ("after",)),
    "runs for changes, scheduled": (
        {"schedule": "@daily", "roll_on_change": True, "env_from": [{"config_map_ref": {"name": "a"}}]},
        "rolls-with-schedule",
        ("roll_on_change",),
    ),
    "runs for changes, without any": ({"roll_on_change": True}, "nothing-to-roll-for", ("roll_on_change",)),
    "before in a program": ({"before": ["web"]}, "before-outside-stack", ("before",)),
    "before, suspended": ({"before": ["web"], "suspend": True}, "before-with-suspend", ("before",)),
    "indexed without completions": (
        {"completion_mode": "Indexed"},
        "indexed-without-completions",
        ("completion_mode",),
    ),
    "limit per index, not indexed": (
        {"backoff_limit_per_index": 1},
        "only-indexed",
        ("backoff_limit_per_index",),
    ),
    "failed indexes, not indexed": ({"max_failed_indexes": 1}, "only-indexed", ("max_failed_indexes",)),
    "failed indexes without limit": (
        {**INDEXED, "max_failed_indexes": 1},
        "max-failed-indexes-without-limit",
        ("max_failed_indexes",),
    ),
    "more failed than indexes": (
        {**INDEXED, "backoff_limit_per_index": 1, "max_failed_indexes": 4},
        "max-failed-indexes-too-large",
        ("max_failed_indexes",),
    ),
    "too parallel": ({**INDEXED, "parallelism": 100_001}, "indexed-job-too-large", ("parallelism",)),
    "many indexes without failed ones": (MANY, "max-failed-indexes-required", ("completions",)),
    "many indexes, too parallel": (
        {**MANY, "max_failed_indexes": 10, "parallelism": 10_001},
        "too-large-for-indexes",
        ("parallelism",),
    ),
    "restart policy in extra": (
        {"extra": {"spec": {"restartPolicy": "OnFailure"}}},
        "restart-policy-in-extra",
        (*EXTRA_SPEC, Key("restartPolicy")),
    ),
    "label of Kubernetes": ({"labels": {"job-name": "a"}}, "reserved-label", ("labels", Key("job-name"))),
    "label of Kubernetes in extra": (
        {"extra": {"metadata": {"labels": {"controller-uid": "a"}}}},
        "reserved-label",
        (*EXTRA_LABELS, Key("controller-uid")),
    ),
    "label of the selector": (
        {"labels": {"app.kubernetes.io/name": "a"}},
        "label-in-selector",
        ("labels", Key("app.kubernetes.io/name")),
    ),
    "host network": (
        {"security": {"host_network": True}},
        "network-policy-on-host-network",
        ("security", "host_network"),
    ),
    "peers without policy": (
        {"network_policy": False, "allow_to": [{"service": "db"}]},
        "network-policy-turned-off",
        ("allow_to",),
    ),
    "no pods": ({"parallelism": 0}, "too-small", ("parallelism",)),
    "deadline of a run": (
        {"schedule": "@daily", "starting_deadline_seconds": 9},
        "too-small",
        ("starting_deadline_seconds",),
    ),
    "schedule with time zone": (
        {"schedule": "TZ=UTC 0 0 * * *"},
        "schedule-with-time-zone",
        ("schedule",),
    ),
    "unknown time zone": (
        {"schedule": "@daily", "time_zone": "europe/berlin"},
        "unknown-time-zone",
        ("time_zone",),
    ),
    "unpinned image": ({"image": "app"}, "image-without-version", ("image",)),
    "undefined volume": (
        {"init_containers": [{"name": "a", "image": "a:1", "mounts": {"data": "/data"}}]},
        "unknown-volume",
        ("init_containers", 0, "mounts", Key("data")),
    ),
}


@pytest.mark.parametrize(("args", "code", "location"), REJECTED.values(), ids=REJECTED)
def test_what_is_rejected_has_a_location_and_a_fix_that_works(
    args: dict[str, Any], code: str, location: tuple[Any, ...]
) -> None:
    assert_problem(problems_with(**args), code, *location)
    assert_fixes_work(lambda changed: problems_with(**changed), {"image": IMAGE, **args})


@pytest.mark.parametrize(
    ("most", "args"),
    [
        (54, {}),
        (52, {"schedule": "@daily"}),
        (52, {"completion_mode": "Indexed", "completions": 10}),
        (50, {"completion_mode": "Indexed", "completions": 101}),
        (50, {"schedule": "@daily", "completion_mode": "Indexed", "completions": 10}),
    ],
)
def test_a_name_has_room_for_what_is_appended_to_it(most: int, args: dict[str, Any]) -> None:
    assert problems_with("a" * most, **args) == []
    problem = assert_problem(problems_with("a" * (most + 1), **args), "name-too-long", "name")
    assert problem.params["most"] == most


def test_a_job_has_no_ports() -> None:
    assert_problem(problems_with(port=8080), "name-unsupported", "port")


def test_a_manifest_in_place_of_arguments_becomes_a_job() -> None:
    container = {"name": "a", "image": IMAGE, "args": ["migrate"]}
    template = {"spec": {"restartPolicy": "OnFailure", "containers": [container]}}
    pasted = {"apiVersion": "batch/v1", "kind": "Job", "spec": {"backoffLimit": 2, "template": template}}
    (problem,) = problems_of(lambda: plan(jobs={"migrate": pasted}))
    assert problem.code.name == "kubernetes-manifest"
    (edit,) = problem.edits
    assert isinstance(edit, Set)
    fixed = check_stack("dev", {"namespace": "shop", "jobs": {"migrate": edit.value}}).jobs["migrate"]
    assert (fixed.image, fixed.args, fixed.backoff_limit) == (IMAGE, ("migrate",), 2)
    assert fixed.restart_policy.value == "OnFailure"


def test_a_schedule_of_a_service_names_the_component() -> None:
    (problem,) = problems_of(lambda: plan(services={"web": {**WEB, "schedule": "@daily"}}))
    assert problem.code.name == "name-of-component"
    assert problem.params["component"] == ("jobs",)


# Schedules.

VALID = ("* * * * *", "0 0 29 2 *", "0 0 31 2,3 *", "*/15 0-6,20 ? JAN-dec/2 mon,5", "0 0 31 2 mon", "5/10 * * * *") + (
    "@yearly",
    "@annually",
    "@monthly",
    "@weekly",
    "@daily",
    "@midnight",
    "@hourly",
    "@every 1h30m",
    "0 0 1 1 0",
)
INVALID = {
    "": "invalid-schedule",
    "* * * *": "invalid-schedule",
    "* * * * * *": "invalid-schedule",
    "@reboot": "invalid-schedule",
    "@every": "invalid-schedule",
    "@every 5": "invalid-schedule",
    "60 * * * *": "invalid-schedule-field",
    "* 24 * * *": "invalid-schedule-field",
    "* * 0 * *": "invalid-schedule-field",
    "* * * 13 *": "invalid-schedule-field",
    "* * * * 7": "invalid-schedule-field",
    "5-1 * * * *": "invalid-schedule-field",
    "*/0 * * * *": "invalid-schedule-field",
    "1,,2 * * * *": "invalid-schedule-field",
    "a * * * *": "invalid-schedule-field",
    "*-5 * * * *": "invalid-schedule-field",
    "0 0 30 2 *": "schedule-never",
    "0 0 31 4,6 ?": "schedule-never",
    "CRON_TZ=UTC * * * * *": "schedule-with-time-zone",
}


@pytest.mark.parametrize("schedule", VALID)
def test_valid_schedules(schedule: str) -> None:
    assert schedule_rule(schedule) is None


@pytest.mark.parametrize(("schedule", "code"), INVALID.items())
def test_invalid_schedules(schedule: str, code: str) -> None:
    reason = schedule_rule(schedule)
    assert reason is not None
    assert reason.code.name == code
    (problem,) = problems_with(schedule=schedule)
    assert problem.location == ("schedule",)


@settings(max_examples=examples(300))
@given(st.text("0123456789*?-/, @ehms", max_size=24))
def test_every_text_is_a_schedule_or_rejected(text: str) -> None:
    schedule_rule(text)


def test_time_zones() -> None:
    assert time_zone_rule("Europe/Berlin") is None
    assert time_zone_rule("UTC") is None
    for name in ("Local", "localtime", "", "../etc", "Europe/Berlin "):
        assert time_zone_rule(name) is not None
    reason = time_zone_rule("europe/berlin")
    assert reason is not None
    assert reason.suggestion == "Europe/Berlin"


# In a stack.


def test_a_service_comes_after_the_one_job_before_it() -> None:
    jobs = {name: {**MIGRATE, "before": ["web"]} for name in ("b", "a", "c")}
    recorded = record(lambda: build(plan(services={"web": WEB, "other": WEB}, jobs=jobs)))
    by_urn = {found.urn: found for found in recorded.registrations}

    def jobs_before(kind: str, name: str) -> list[str]:
        (registration,) = (
            found for found in recorded.registrations if found.type.endswith(f":{kind}") and found.name == name
        )
        names = (by_urn[urn] for urn in registration.request.dependencies if urn in by_urn)
        return [found.name for found in names if found.type == "kubernetes:batch/v1:Job"]

    # One after the other, by name; the service comes after the last one.
    assert jobs_before("ServiceAccount", "web-service-account") == ["c"]
    assert jobs_before("ServiceAccount", "c-service-account") == ["b"]
    assert jobs_before("ServiceAccount", "b-service-account") == ["a"]
    assert jobs_before("ServiceAccount", "a-service-account") == []
    assert jobs_before("ServiceAccount", "other-service-account") == []


def test_a_job_comes_after_the_workload_of_each_service_that_it_waits_for() -> None:
    # The name of a job says nothing about when it's created.
    jobs = {"a-post": {**MIGRATE, "after": ["web", "db"]}, "b-pre": {**MIGRATE, "before": ["web"]}}
    services = {"web": WEB, "db": {**WEB, "kind": "StatefulSet"}, "other": WEB}
    recorded = record(lambda: build(plan(services=services, jobs=jobs)))
    names = {found.urn: (found.type.rpartition(":")[2], found.name) for found in recorded.registrations}

    def before(kind: str, name: str) -> set[tuple[str, str]]:
        (found,) = (one for one in recorded.registrations if names[one.urn] == (kind, name))
        return {names[urn] for urn in found.request.dependencies if urn in names}

    workloads = {("Deployment", "web-deployment"), ("StatefulSet", "db-stateful-set")}
    assert workloads <= before("ServiceAccount", "a-post-service-account")
    assert ("Job", "b-pre") in before("ServiceAccount", "web-service-account")
    (view,) = (one for one in view_of(plan(services=services, jobs=jobs)).jobs if one.name == "a-post")
    assert run_text(view) == "once, after db, web"


@pytest.mark.parametrize(
    ("jobs", "steps"),
    [
        ({"a": {"before": ["web"], "after": ["web"]}}, ["web", "a"]),
        (
            {"a": {"before": ["web"], "after": ["api"]}, "b": {"before": ["api"], "after": ["web"]}},
            ["web", "b", "api", "a"],
        ),
        # Jobs before one service run by name.
        ({"a": {"before": ["web"], "after": ["api"]}, "b": {"before": ["web", "api"]}}, ["b", "api", "a"]),
    ],
)
def test_a_job_does_not_wait_for_itself(jobs: dict[str, Any], steps: list[str]) -> None:
    all_jobs = {name: {**MIGRATE, **job} for name, job in jobs.items()}
    found = problems_of(lambda: plan(services={"web": WEB, "api": WEB}, jobs=all_jobs))
    assert_problem(found, "job-cycle", "jobs", Key("a"), "after", steps=steps)
    assert len(found) == 1


def test_a_job_comes_after_no_unknown_service() -> None:
    found = problems_of(lambda: plan(services={"web": WEB}, jobs={"migrate": {**MIGRATE, "after": ["wbe"]}}))
    assert assert_problem(found, "unknown-service-after-job", "jobs", Key("migrate"), "after", 0).edits


def test_predecessors_of_jobs_have_no_cycle() -> None:
    known = plan(
        services=dict.fromkeys(("web", "api"), WEB),
        jobs={"b": {**MIGRATE, "before": ["web", "api"]}, "a": {**MIGRATE, "before": ["api"]}, "c": MIGRATE},
    )
    of_jobs, of_services = predecessors_of(known.jobs)
    assert of_jobs == {"a": [], "b": ["a"], "c": []}
    assert of_services == {"api": "b", "web": "b"}


def test_a_job_waits_for_no_unknown_service() -> None:
    found = problems_of(lambda: plan(services={"web": WEB}, jobs={"migrate": {**MIGRATE, "before": ["wbe"]}}))
    problem = assert_problem(found, "unknown-service-after-job", "jobs", Key("migrate"), "before", 0)
    assert problem.edits


def test_a_job_is_not_named_like_a_service() -> None:
    found = problems_of(lambda: plan(services={"web": WEB}, jobs={"web": MIGRATE}))
    assert_problem(found, "job-named-like-service", "jobs", Key("web"))


def test_jobs_have_the_namespace_and_the_dns_of_the_stack() -> None:
    known = plan(jobs={"migrate": MIGRATE}, dns={"servers": [{"cidr": "10.0.0.10/32"}]})
    assert known.jobs["migrate"].namespace == "shop"
    assert known.jobs["migrate"].dns is not None


def test_the_policies_at_both_ends_must_allow_a_connection() -> None:
    database: dict[str, Any] = {"image": IMAGE, "ports": {"sql": {"port": 5432}}}
    migrate = {**MIGRATE, "allowTo": [{"service": "db"}]}
    found = problems_of(lambda: plan(services={"db": database}, jobs={"migrate": migrate}))
    assert_problem(found, "peer-does-not-allow-from", "jobs", Key("migrate"), "allow_to", 0, "service")
    database["allowFrom"] = [{"service": "migrate"}]
    links = view_of(plan(services={"db": database}, jobs={"migrate": migrate})).links
    ends = PeerView(PeerKind.JOB, "migrate"), PeerView(PeerKind.SERVICE, "db")
    assert [(link.source, link.target) for link in links if link.kind is LinkKind.NETWORK_POLICY] == [ends]
    assert isinstance(links[0], LinkView)


def test_pods_of_jobs_are_admitted_by_the_namespace() -> None:
    migrate = {**MIGRATE, "security": {"hostNetwork": True}, "networkPolicy": False}
    found = problems_of(lambda: plan(jobs={"migrate": migrate}))
    assert_problem(found, "violates-pod-security", "jobs", Key("migrate"), "security", "host_network")


def test_readers_see_when_jobs_run() -> None:
    jobs = {
        "migrate": {**MIGRATE, "before": ["web"], "networkPolicy": False},
        "report": {**MIGRATE, "schedule": "@daily", "timeZone": "Europe/Berlin"},
        "seed": {**MIGRATE, "suspend": True},
    }
    view = view_of(plan(services={"web": WEB}, jobs=jobs))
    assert [(each.name, run_text(each)) for each in view.jobs] == [
        ("migrate", "once, before web"),
        ("report", "@daily (Europe/Berlin)"),
        ("seed", "suspended"),
    ]
    locations = [tuple(each.exception.location) for each in view.exceptions]
    assert locations == [("jobs", Key("migrate"), "network_policy")]
    assert view.exceptions[0].value is False


def test_render_lists_what_the_component_registers() -> None:
    values = {"migrate": {**MIGRATE, "secretEnv": {"A": "b"}}, "report": {**MIGRATE, "schedule": "@daily"}}
    listed = [
        (part.name, described.manifest["kind"])
        for part in objects_of(plan(jobs=values))
        for described in part.objects
        if part.type == "portico:index:Job"
    ]
    recorded = record(lambda: build(plan(jobs=values)))
    registered = [(found.parent_name, found.type.rpartition(":")[2]) for found in _children(recorded)]
    assert sorted(listed) == sorted(registered)


class _Child:
    def __init__(self, parent_name: str, type_: str) -> None:
        self.parent_name, self.type = parent_name, type_


def _children(recorded: Recording) -> list[_Child]:
    names = {found.urn: found.name for found in recorded.registrations if found.type == "portico:index:Job"}
    return [
        _Child(names[found.request.parent], found.type)
        for found in recorded.registrations
        if found.request.parent in names
    ]


def test_a_program_passes_the_job_as_a_dependency() -> None:
    def program() -> None:
        migrate = Job("migrate", {"image": IMAGE})
        WebService("web", {"image": IMAGE, "port": 8080}, pulumi.ResourceOptions(depends_on=[migrate]))

    recorded = record(program)
    (account,) = (found for found in recorded.registrations if found.name == "web-service-account")
    assert any(urn.endswith("Job::migrate") for urn in account.request.dependencies)


# Why it fails.


def status(**fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": "migrate-1"}, "status": fields}


def condition(kind: str, reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": "True", "reason": reason, "message": message}


def test_a_failed_job_reports_its_reason() -> None:
    failed = status(conditions=[condition("Failed", "DeadlineExceeded", "Job was active too long")])
    (found,) = failures_of_jobs([failed])
    assert (found.code.name, found.params["reason"]) == ("job-failed", "DeadlineExceeded")
    assert "Job was active too long" in found.text


def test_a_job_that_takes_too_long_reports_how_far_it_is() -> None:
    (found,) = failures_of_jobs([status(active=2, failed=1, conditions=[])])
    assert found.code.name == "job-not-complete"
    assert (found.params["active"], found.params["succeeded"], found.params["failed"]) == (2, 0, 1)


def test_a_complete_job_reports_nothing() -> None:
    assert failures_of_jobs([status(conditions=[condition("Complete")])]) == []


def test_a_job_that_is_gone_is_explained() -> None:
    found = job_is_gone("migrate", "update", ['jobs.batch "migrate-1" not found'])
    assert found is not None
    assert found.code.name == "job-gone"
    assert job_is_gone("migrate", "create", ["not found"]) is None
    assert job_is_gone("migrate", "update", ["forbidden"]) is None


# The docs.

PAGE = (ROOT / "docs" / "jobs.md").read_text()


def test_the_stack_of_the_page_is_valid_and_fits_the_schema() -> None:
    (text,) = re.findall(r"(?<=```yaml\n)# stacks/\S+\n(.*?)(?=```)", PAGE, re.S)
    file = yaml.safe_load(text)
    schema = Draft7Validator(json.loads(stack_schema.FILE.read_text()))
    assert list(schema.iter_errors(file)) == []
    values = {key.removeprefix("portico:"): value for key, value in file["config"].items()}
    assert sorted(check_stack("jobs", values).jobs) == ["migrate", "report"]


def with_failure_rule(**rule: Any) -> dict[str, Any]:
    return {"pod_failure_policy": {"rules": [{"action": "FailJob", **rule}]}}


def test_a_job_fails_at_once_with_some_exit_codes_and_ignores_evictions() -> None:
    rules = [
        {"action": "FailJob", "on_exit_codes": {"operator": "In", "values": [43, 42], "container_name": "migrate"}},
        {"action": "Ignore", "on_pod_conditions": [{"type": "DisruptionTarget"}]},
    ]
    recorded = job(pod_failure_policy={"rules": rules})
    assert manifest(recorded)["spec"]["podFailurePolicy"] == {
        "rules": [
            {
                "action": "FailJob",
                "onExitCodes": {"containerName": "migrate", "operator": "In", "values": [42, 43]},
            },
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        ]
    }


def test_an_indexed_job_succeeds_without_every_index() -> None:
    policy = {"rules": [{"succeeded_indexes": "0,2-4", "succeeded_count": 2}]}
    recorded = job(completion_mode="Indexed", completions=5, success_policy=policy)
    assert manifest(recorded)["spec"]["successPolicy"] == {
        "rules": [{"succeededIndexes": "0,2-4", "succeededCount": 2}]
    }


EXIT = {"on_exit_codes": {"operator": "In", "values": [1]}}


@pytest.mark.parametrize(
    ("args", "code", "location"),
    [
        ({**with_failure_rule(**EXIT), "restart_policy": "OnFailure"}, "failure-policy-with-restarts", ()),
        (with_failure_rule(), "failure-rule-without-cause", ("rules", 0)),
        (
            with_failure_rule(**EXIT, on_pod_conditions=[{"type": "DisruptionTarget"}]),
            "mutually-exclusive",
            ("rules", 0, "on_pod_conditions"),
        ),
        (with_failure_rule(**EXIT, action="FailIndex"), "fail-index-without-limit", ("rules", 0, "action")),
        (
            with_failure_rule(on_exit_codes={"operator": "In", "values": [0]}),
            "success-is-no-failure",
            ("rules", 0, "on_exit_codes", "values", 0),
        ),
        (
            with_failure_rule(on_exit_codes={"operator": "NotIn", "values": [3, 3]}),
            "repeated-exit-code",
            ("rules", 0, "on_exit_codes", "values", 1),
        ),
        (
            with_failure_rule(on_pod_conditions=[{"type": "DisruptionTarget", "status": "yes"}]),
            "invalid-condition-status",
            ("rules", 0, "on_pod_conditions", 0, "status"),
        ),
        (
            with_failure_rule(on_exit_codes={"operator": "In", "values": [1], "container_name": "migrat"}),
            "unknown-container-of-policy",
            ("rules", 0, "on_exit_codes", "container_name"),
        ),
        ({"pod_failure_policy": {"rules": []}}, "too-many-policy-rules", ("rules",)),
    ],
)
def test_a_failure_policy_that_the_api_server_rejects(args: Any, code: str, location: tuple[Any, ...]) -> None:
    assert_problem(problems_with(**args), code, "pod_failure_policy", *location)


@pytest.mark.parametrize(
    ("args", "code", "location"),
    [
        ({"success_policy": {"rules": [{"succeeded_count": 1}]}}, "success-policy-without-indexes", ()),
        (
            {"completion_mode": "Indexed", "completions": 3, "success_policy": {"rules": [{}]}},
            "empty-success-rule",
            ("rules", 0),
        ),
        (
            {
                "completion_mode": "Indexed",
                "completions": 3,
                "success_policy": {"rules": [{"succeeded_indexes": "0,2-3"}]},
            },
            "success-index-out-of-range",
            ("rules", 0, "succeeded_indexes"),
        ),
        (
            {
                "completion_mode": "Indexed",
                "completions": 3,
                "success_policy": {"rules": [{"succeeded_indexes": "0-1", "succeeded_count": 3}]},
            },
            "success-count-out-of-range",
            ("rules", 0, "succeeded_count"),
        ),
        (
            {
                "completion_mode": "Indexed",
                "completions": 3,
                "success_policy": {"rules": [{"succeeded_indexes": "3-1"}]},
            },
            "invalid-indexes",
            ("rules", 0, "succeeded_indexes"),
        ),
    ],
)
def test_a_success_policy_that_the_api_server_rejects(args: Any, code: str, location: tuple[Any, ...]) -> None:
    assert_problem(problems_with(**args), code, "success_policy", *location)


class Answers(Kubectl):
    """kubectl for a cluster that returns this text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        object.__setattr__(self, "context", text)

    async def run(self, *arguments: str) -> str:
        assert "metadata.name=migrate-1" in arguments
        return self.context


@pytest.mark.parametrize(
    ("condition", "answer", "before", "expected"),
    [
        # It failed, and doesn't exist anymore.
        ("Failed", '{"items": []}', "", "migrate-1"),
        # It exists, so the provider replaces it.
        ("Failed", '{"items": [{}]}', "", ""),
        # Nothing is known of the cluster.
        ("Failed", "", "", ""),
        ("Failed", "", "migrate-0", "migrate-0"),
        # It's complete, and what it ran after stays.
        ("Complete", '{"items": []}', "", ""),
        ("Complete", '{"items": []}', "migrate-0", "migrate-0"),
    ],
)
def test_a_job_runs_again_only_if_it_failed_and_is_gone(
    condition: str, answer: str, before: str, expected: str
) -> None:
    metadata = {"name": "migrate-1", "namespace": "shop", "annotations": {RUNS_AFTER: before} if before else {}}
    outputs = {"metadata": metadata, "status": {"conditions": [{"type": condition, "status": "True"}]}}
    deployed = Deployed("urn:pulumi:test::p::portico:index:Job$kubernetes:batch/v1:Job::migrate", outputs)
    assert asyncio.run(rerun_of(deployed, Answers(answer))) == expected
