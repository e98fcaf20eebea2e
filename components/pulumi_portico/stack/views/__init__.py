"""Makes the view of a stack: what a plan means to whoever reads it."""

from ..plan import StackPlan
from ..view import NoteView, StackView
from .balancers import balancers_of
from .exceptions import exceptions_of
from .links import links_of
from .routes import routes_of
from .services import gateways_of, services_of

__all__ = ["view_of"]


def view_of(plan: StackPlan) -> StackView:
    """What the stack means: its balancers, gateways, routes, services, links and exceptions, as plain values."""
    balancers, routes = balancers_of(plan), routes_of(plan)
    return StackView(
        stack=plan.stack,
        namespace=plan.namespace,
        balancers=balancers,
        gateways=gateways_of(plan, balancers),
        routes=routes,
        services=services_of(plan, routes),
        links=links_of(plan, balancers),
        exceptions=exceptions_of(plan, balancers),
        notes=tuple(NoteView(note.path, note.message, note.fix) for note in plan.notes),
    )
