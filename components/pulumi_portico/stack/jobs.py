"""The jobs of a stack before its services."""

from collections.abc import Mapping

from ..args.codes import define
from ..args.problems import Problems, Set
from ..job.args import JobSpec
from .parts import JobPart, ServicePart

__all__ = ["check_before", "predecessors_of"]

UNKNOWN_SERVICE_AFTER_JOB = define(
    "unknown-service-after-job", "The stack has no service {value}.", allowed="{known}", hint="Name a service."
)


def check_before(job: JobPart, services: Mapping[str, ServicePart], problems: Problems) -> None:
    """Report names in `before` that no service of the stack has."""
    known = problems.names(services)
    for index, name in enumerate(job.spec.before):
        if name not in services:
            where, close = job.spec.at / "before" / index, known.nearest(name)
            fix = None if close is None else Set(where, close)
            problems.report(UNKNOWN_SERVICE_AFTER_JOB, where, value=name, known=known.listed, fix=fix)


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
