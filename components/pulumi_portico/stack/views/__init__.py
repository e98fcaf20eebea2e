"""Makes the view of a stack from its plan."""

from collections.abc import Iterator

from ...args.names import object_name
from ...ingress_gateway.gateway_plan import namespace_of
from ...web_service.additional_services import names_of_additional_services
from ..own_parts import all_own_objects
from ..plan import StackPlan
from ..prerequisites import prerequisites_of
from ..view import ObjectView, PrerequisiteView, StackView
from .balancers import balancers_of, total_of
from .exceptions import exceptions_of
from .jobs import jobs_of
from .links import links_of
from .records import records_of
from .routes import routes_of
from .services import gateways_of, services_of
from .values import text_of

__all__ = ["view_of"]


def view_of(plan: StackPlan) -> StackView:
    """What the stack means to its readers: load balancers, gateways, routes, services, jobs, links, and exceptions."""
    billed, routes = balancers_of(plan), routes_of(plan)
    balancers = tuple(balancer.view for balancer in billed)
    gateways = gateways_of(plan, balancers)
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
        objects=tuple(_own_objects(plan)),
        is_namespace_existing=plan.own.namespace.existing,
        records=records_of(plan, gateways, routes),
        prerequisites=tuple(
            PrerequisiteView(one.kind, one.name, one.namespace, one.used_by, one.optional)
            for one in prerequisites_of(plan)
        ),
        total=total_of((balancer.billing, balancer.price, balancer.view.estimate.billable) for balancer in billed),
    )


def _monitors(plan: StackPlan) -> Iterator[ObjectView]:
    for name, service in plan.services.items():
        if service.monitoring is not None:
            monitored = plan.service_plans[name].name
            yield ObjectView(service.monitoring.kind.value, monitored, text_of(service.namespace))
    for name, gateway in plan.gateways.items():
        monitoring = gateway.installation and gateway.installation.monitoring
        if monitoring is not None:
            namespace = text_of(namespace_of(name, gateway))
            yield ObjectView(monitoring.kind.value, object_name(name, gateway), namespace)


def _own_objects(plan: StackPlan) -> Iterator[ObjectView]:
    objects = [described.manifest for described in all_own_objects(plan.own, plan.pod_security) if described.key]
    views = [
        ObjectView(
            manifest["kind"], str(manifest["metadata"]["name"]), str(manifest["metadata"].get("namespace") or "")
        )
        for manifest in objects
    ]
    for service in plan.services.values():
        namespace = text_of(service.namespace)
        views += [ObjectView("Service", name, namespace) for name, _ in names_of_additional_services(service)]
    views += _monitors(plan)
    yield from sorted(views, key=lambda view: (view.kind, view.name, view.namespace))
