"""Registers a component's objects, those of its routes among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from ..lifecycle.objects import ObjectSpec, register_objects
from ..ordering import Dependency
from ..register import name_of
from .gateway_state import GatewayState
from .route_objects import address_holders
from .route_set import RouteSet
from .tls import HostTlsSpec

__all__ = ["Registered", "hosts_elsewhere", "register_with_routes"]


@dataclass(frozen=True)
class Registered:
    """The objects of a component, once they are registered."""

    resources: Mapping[str, Any]
    """The resources, by key."""
    address_holders: Sequence[Any]
    """The Ingresses that the controller writes its address into, those of hosts first."""

    def certificates(self, routes: RouteSet) -> dict[str, HostTlsSpec]:
        """The component's own certificates, by the names of their Secrets."""
        return routes.certificates({key: name_of(self.resources[key]) for key, _ in routes.own_certificates()})


def hosts_elsewhere(routes: RouteSet, state: GatewayState) -> Mapping[str, str]:
    """The keys of the Ingresses of hosts that other components have added before, by host."""
    return {host: f"host-elsewhere-{host}" for host in routes.hosts if host in state.host_resources}


def register_with_routes(
    name: str,
    routes: RouteSet,
    state: GatewayState,
    parent: pulumi.Resource,
    objects: Sequence[ObjectSpec],
    first: Sequence[Dependency] = (),
) -> Registered:
    """Register the objects of a component, and keep the Ingresses of its hosts for the routes of other components.

    All of them come after `first`.
    """
    outside = {key: state.host_resources[host] for host, key in hosts_elsewhere(routes, state).items()}
    resources = register_objects(name, objects, parent, first, outside)
    for name_of_host, host in routes.hosts.items():
        if host.object_key in resources:
            state.host_resources.setdefault(name_of_host, resources[host.object_key])
    return Registered(resources, [resources[key] for key in address_holders(objects)])
