"""Makes the view of a stack from its plan."""

from ..objects import objects_of
from ..plan import StackPlan
from ..prerequisites import prerequisites_of
from ..view import PrerequisiteView, StackView
from .balancers import balancers_of, total_of
from .exceptions import exceptions_of
from .jobs import jobs_of
from .links import links_of
from .objects import own_objects_of
from .records import records_of
from .routes import routes_of
from .services import gateways_of, services_of

__all__ = ["view_of"]


def view_of(plan: StackPlan) -> StackView:
    """What the stack means to its readers: load balancers, gateways, routes, services, jobs, links, and exceptions."""
    billed, routes = balancers_of(plan), routes_of(plan)
    balancers = tuple(balancer.view for balancer in billed)
    gateways = gateways_of(plan, balancers)
    components = list(objects_of(plan))
    return StackView(
        stack=plan.stack,
        namespace=plan.namespace,
        balancers=balancers,
        gateways=gateways,
        routes=routes,
        services=services_of(plan, routes),
        jobs=jobs_of(plan),
        links=links_of(plan),
        exceptions=exceptions_of(plan, balancers),
        notes=tuple(plan.notes),
        objects=own_objects_of(plan, components),
        is_namespace_existing=plan.own.namespace.existing,
        records=records_of(plan, gateways, routes),
        prerequisites=tuple(
            PrerequisiteView(one.kind, one.name, one.namespace, one.used_by, one.optional)
            for one in prerequisites_of(plan, components)
        ),
        total=total_of((balancer.billing, balancer.price, balancer.view.estimate.billable) for balancer in billed),
    )
