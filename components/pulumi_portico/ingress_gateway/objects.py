"""The objects of a gateway, in an order in which each comes after those that it needs."""

from collections.abc import Sequence

from ..lifecycle.objects import ObjectSpec
from ..namespace import build_namespace
from .front_door import front_door_objects
from .gateway_plan import GatewayPlan
from .install.objects import installation_objects

__all__ = ["NAMESPACE", "objects_of"]

NAMESPACE = "namespace"
"""The key of the namespace that the gateway creates."""


def objects_of(plan: GatewayPlan) -> list[ObjectSpec]:
    """The namespace, the front door, and the controller, if Portico installs it."""
    if plan.installation is None or plan.front_door is None:
        return []
    namespace: list[ObjectSpec] = []
    if plan.creates_namespace:
        namespace = [ObjectSpec(NAMESPACE, build_namespace(plan.name, plan.spec.labels))]
    first: Sequence[str] = [created.key for created in namespace]
    return [
        *namespace,
        *front_door_objects(plan.front_door, first),
        *installation_objects(plan.installation, first),
    ]
