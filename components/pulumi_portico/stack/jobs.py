"""The jobs of a stack before its services."""

from collections.abc import Iterator, Mapping

from ..args.codes import define
from ..args.location import KeyStyle
from ..args.problems import Problem, Problems, Set
from ..job.args import JobSpec
from .parts import JobPart, ServicePart

__all__ = ["check_before", "notes_on_jobs", "predecessors_of"]

UNKNOWN_SERVICE_AFTER_JOB = define(
    "unknown-service-after-job", "The stack has no service {value}.", allowed="{known}", hint="Name a service."
)
CONNECTS_TO_LATER_SERVICE = define(
    "job-connects-to-later-service",
    "The job runs before the service {service} is created or changed. On the first deployment, it can't connect to it.",
    hint="If the job needs the service, remove it from {before}.",
)


def check_before(job: JobPart, services: Mapping[str, ServicePart], problems: Problems) -> None:
    """Report names in `before` that no service of the stack has."""
    known = problems.names(services)
    for index, name in enumerate(job.spec.before):
        if name not in services:
            where, close = job.spec.at / "before" / index, known.nearest(name)
            fix = None if close is None else Set(where, close)
            problems.report(UNKNOWN_SERVICE_AFTER_JOB, where, value=name, known=known.listed, fix=fix)


def notes_on_jobs(jobs: Mapping[str, JobSpec]) -> Iterator[Problem]:
    """Notes on jobs that connect to a service that waits for them."""
    notes = Problems("Job", style=KeyStyle.STACK)
    for spec in jobs.values():
        for index, peer in enumerate(spec.allow_to):
            if isinstance(peer.service, str) and peer.namespace is None and peer.service in spec.before:
                where, before = spec.at / "allow_to" / index, spec.at / "before"
                notes.report(CONNECTS_TO_LATER_SERVICE, where, service=peer.service, before=before)
    yield from notes.found


def predecessors_of(jobs: Mapping[str, JobSpec]) -> tuple[Mapping[str, list[str]], Mapping[str, str]]:
    """The jobs that each job comes after, and the job that each service comes after, by name.

    Several jobs before one service run one after the other, by name, because a stack file's mappings have no order. So
    a service depends on one job, however many run before it.
    """
    last: dict[str, str] = {}
    of_jobs: dict[str, list[str]] = {}
    for name in sorted(jobs):
        services = jobs[name].before
        of_jobs[name] = sorted({last[service] for service in services if service in last})
        last.update(dict.fromkeys(services, name))
    return of_jobs, last
