"""The jobs of a stack."""

from ...job.plan import JobPlan
from ..plan import StackPlan
from ..view import JobView
from .values import text_of

__all__ = ["jobs_of"]


def jobs_of(plan: StackPlan) -> tuple[JobView, ...]:
    """Every job of the stack, by name."""
    return tuple(_job(job) for _, job in sorted(plan.job_plans.items()))


def _job(plan: JobPlan) -> JobView:
    spec = plan.spec
    return JobView(
        name=plan.name,
        kind=plan.kind,
        image=text_of(spec.image),
        schedule="" if spec.schedule is None else text_of(spec.schedule),
        time_zone="" if spec.schedule is None else text_of(plan.time_zone),
        suspended=spec.suspend,
        before=tuple(sorted(set(spec.before))),
        after=tuple(sorted(set(spec.after))),
    )
