"""The objects of a gateway, in an order in which each comes after those that it needs."""

from collections.abc import Mapping, Sequence
from typing import Optional

from ..lifecycle.objects import ObjectSpec
from ..namespace import build_namespace
from ..pod_security import PodSecurityLevel
from .front_door import front_door_objects
from .gateway_plan import GatewayPlan, is_on_host_network, route_objects_of
from .install.objects import CONTROLLER, installation_objects

__all__ = ["NAMESPACE", "installed_objects", "objects_of"]

NAMESPACE = "namespace"
"""The key of the namespace that the gateway creates."""


def objects_of(plan: GatewayPlan, hosts_elsewhere: Optional[Mapping[str, str]] = None) -> list[ObjectSpec]:
    """The controller and what's in front of it, if Portico installs it, and the gateway's own routes.

    `hosts_elsewhere` are the keys of the Ingresses of hosts that other components have added before.
    """
    first = [] if plan.installation is None else [CONTROLLER]
    return [*installed_objects(plan), *route_objects_of(plan, hosts_elsewhere or {}, first)]


def installed_objects(plan: GatewayPlan) -> list[ObjectSpec]:
    """The controller and what's in front of it; nothing if Portico doesn't install it."""
    if plan.installation is None or plan.front_door is None:
        return []
    namespace: list[ObjectSpec] = []
    if plan.creates_namespace:
        on_host = is_on_host_network(plan.spec)
        level = PodSecurityLevel.PRIVILEGED if on_host else PodSecurityLevel.RESTRICTED
        namespace = [ObjectSpec(NAMESPACE, build_namespace(plan.name, plan.spec.labels, level))]
    first: Sequence[str] = [created.key for created in namespace]
    return [
        *namespace,
        *front_door_objects(plan.front_door, first),
        *installation_objects(plan.installation, first),
    ]
