"""The order of the jobs and the services of a stack."""

from collections.abc import Iterator, Mapping, Sequence

from ..args.codes import define
from ..args.location import Field, KeyStyle
from ..args.problems import Problem, Problems, Set
from ..job.args import JobSpec
from .parts import JobPart, ServicePart

__all__ = ["check_order", "notes_on_jobs", "predecessors_of"]

UNKNOWN_SERVICE_AFTER_JOB = define(
    "unknown-service-after-job", "The stack has no service {value}.", allowed="{known}", hint="Name a service."
)
CONNECTS_TO_LATER_SERVICE = define(
    "job-connects-to-later-service",
    "The job runs before the service {service} is created or changed. On the first deployment, it can't connect to it.",
    hint="If the job needs the service, remove it from {before}.",
)


JOB_CYCLE = define(
    "job-cycle",
    "The job would wait for itself: {steps} come one after the other.",
    allowed="services that don't wait for the job, in any way",
    hint="Remove a service from {fields} of one of these jobs.",
)

_Node = tuple[str, str]
"""`_JOB` or `_SERVICE`, and a name."""
_JOB, _SERVICE = "job", "service"


def check_order(jobs: Mapping[str, JobPart], services: Mapping[str, ServicePart], problems: Problems) -> None:
    """Report names that no service of the stack has, and jobs that would wait for themselves."""
    usable = {name: part for name, part in jobs.items() if part.usable}
    for job in usable.values():
        for field in ("before", "after"):
            problems.run(_check_names, job, field, services)
    problems.run(_check_cycles, usable)


def _check_names(job: JobPart, field: str, services: Mapping[str, ServicePart], problems: Problems) -> None:
    known = problems.names(services)
    names: Sequence[str] = getattr(job.spec, field)
    for index, name in enumerate(names):
        if name not in services:
            where, close = job.spec.at / field / index, known.nearest(name)
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


def _check_cycles(jobs: Mapping[str, JobPart], problems: Problems) -> None:
    specs = {name: part.spec for name, part in jobs.items()}
    waits = _waits(specs)
    reported: set[_Node] = set()
    for name in sorted(specs):
        cycle = _cycle_of((_JOB, name), waits)
        if cycle and not reported & {*cycle}:
            reported |= {*cycle}
            where = specs[name].at / ("after" if specs[name].after else "before")
            fields = [Field("before"), Field("after")]
            problems.report(JOB_CYCLE, where, steps=[node[1] for node in cycle], fields=fields)


def _waits(jobs: Mapping[str, JobSpec]) -> Mapping[_Node, Sequence[_Node]]:
    """What each job and service waits for."""
    of_jobs, of_services = predecessors_of(jobs)
    found: dict[_Node, list[_Node]] = {(_SERVICE, name): [(_JOB, job)] for name, job in of_services.items()}
    for name, spec in jobs.items():
        found[_JOB, name] = [*((_JOB, job) for job in of_jobs[name]), *((_SERVICE, each) for each in spec.after)]
    return found


def _cycle_of(start: _Node, waits: Mapping[_Node, Sequence[_Node]]) -> list[_Node]:
    """The nodes from which one comes back to the first one, in the order in which they would run; empty if there is no
    way back."""
    paths: list[list[_Node]] = [[start]]
    seen: set[_Node] = set()
    for path in paths:
        for node in waits.get(path[0], ()):
            if node == start:
                return path
            if node not in seen:
                seen.add(node)
                paths.append([node, *path])
    return []


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
