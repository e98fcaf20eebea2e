"""The objects that a stack has beside its components, and the components that use them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from ...args.names import object_name
from ...ingress_gateway.gateway_plan import namespace_of
from ...untyped import Manifest
from ...web_service.additional_services import names_of_additional_services
from ..objects import ComponentObjects
from ..own_parts import all_own_objects
from ..plan import StackPlan
from ..prerequisites import references_of
from ..view import ObjectView
from .values import text_of

__all__ = ["own_objects_of"]

_Identity = tuple[str, str, str]
"""A kind, a name, and a namespace."""


def own_objects_of(plan: StackPlan, components: Iterable[ComponentObjects]) -> tuple[ObjectView, ...]:
    """The objects beside the components, apart from the namespace, by kind and name; `components` are those of the
    plan."""
    objects = [described.manifest for described in all_own_objects(plan.own, plan.pod_security) if described.key]
    users = _users(components)
    views = [ObjectView(*identity, used_by=users.get(identity, ())) for identity in map(_identity, objects)]
    views += _of_services(plan)
    views += _of_gateways(plan)
    return tuple(sorted(views, key=lambda view: (view.kind, view.name, view.namespace)))


def _identity(manifest: Manifest) -> _Identity:
    metadata = manifest["metadata"]
    return str(manifest["kind"]), str(metadata["name"]), str(metadata.get("namespace") or "")


def _users(components: Iterable[ComponentObjects]) -> Mapping[_Identity, tuple[str, ...]]:
    """The components whose objects refer to an object, by name."""
    found: dict[_Identity, set[str]] = defaultdict(set)
    for component in components:
        # The stack itself has no type.
        if component.type:
            for _, (kind, name, namespace, _, _) in references_of(component):
                found[kind, name, namespace].add(component.name)
    return {identity: tuple(sorted(names)) for identity, names in found.items()}


def _of_services(plan: StackPlan) -> Iterator[ObjectView]:
    """The further Services and the monitors."""
    for key, service in plan.services.items():
        namespace, users = text_of(service.namespace), (key,)
        for name, _ in names_of_additional_services(service):
            yield ObjectView("Service", name, namespace, users)
        if service.monitoring is not None:
            yield ObjectView(service.monitoring.kind.value, plan.service_plans[key].name, namespace, users)


def _of_gateways(plan: StackPlan) -> Iterator[ObjectView]:
    """The monitors of controllers."""
    for key, gateway in plan.gateways.items():
        monitoring = None if gateway.installation is None else gateway.installation.monitoring
        if monitoring is not None:
            namespace = text_of(namespace_of(key, gateway))
            yield ObjectView(monitoring.kind.value, object_name(key, gateway), namespace, (key,))
