"""What follows from a gateway's arguments before anything is registered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Optional, Union

import pulumi

from ..args.location import Key, Location
from ..args.problems import Unavailable
from ..lifecycle.objects import ObjectSpec
from ..networking.network_policies import PeerSpec
from ..networking.ports import ServicePort
from ..networking.selectors import PodOwner
from .args import IngressGatewaySpec, IngressRoutesSpec
from .client_addresses import HiddenClients, hidden_clients
from .compile_input import AddressWait
from .controller_module import ControllerModule
from .front_door import PORTS, SERVICE, FrontDoor, plan_front_door
from .gateway_state import GatewayState, with_others
from .install.installation import InstallationSpec
from .install.installer import Installer, selector_of
from .install.objects import InstallPlan
from .install.settings import GatewaySettingsSpec
from .reference import EVERY_HOST
from .route_objects import route_objects
from .route_set import RouteSet
from .tls import HostTlsSpec

__all__ = [
    "PORTS",
    "GatewayPlan",
    "address_wait",
    "component_name",
    "installer_of",
    "plan_added_routes",
    "plan_gateway",
    "plan_routes",
    "route_objects_of",
]


@dataclass(frozen=True)
class GatewayPlan:
    """A gateway, with every default set."""

    name: str
    spec: IngressGatewaySpec
    class_name: pulumi.Input[str]
    namespace: pulumi.Input[str]
    creates_namespace: bool
    routes: RouteSet
    wait: AddressWait
    """How the deployment waits for the routes."""
    peers: Optional[Sequence[PeerSpec]]
    """Where the controller's connections come from; None if that isn't known."""
    listed_headers: frozenset[str]
    """The headers that routes can add to responses, if the controller must have them listed."""
    front_door: Optional[FrontDoor] = None
    """What's in front of the controller; None if Portico doesn't install it."""
    installation: Optional[InstallPlan] = None
    """How the controller is installed; None if Portico doesn't install it."""

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels of the controller's pods."""
        return selector_of(self.name)

    def pod_owner(self, name: Union[Location, str]) -> PodOwner:
        """The gateway's controller as what selects pods, and has some; `name` is what messages call it."""
        at = self.spec.at
        labels = {**self.spec.labels, **self.selector}
        sources = {key: at / "labels" / Key(key) for key in self.spec.labels}
        return PodOwner(name, self.namespace, at, self.selector, labels, sources, at)

    @property
    def ports(self) -> Mapping[str, ServicePort]:
        """The ports of the front door, by name; none if Portico doesn't install the controller."""
        return {} if self.installation is None else {port.name: port for port in PORTS}

    @property
    def drain(self) -> int:
        """Seconds that a terminating pod of the controller continues to accept connections."""
        return (self.spec.installation or InstallationSpec()).drain


def installer_of(spec: IngressGatewaySpec) -> Optional[Installer]:
    """The installer of the gateway's controller; None if Portico doesn't install it."""
    return None if spec.install is False else spec.controller.module.installer


def may_install(spec: IngressGatewaySpec) -> bool:
    """Whether Portico installs the gateway's controller, or can, because the controller is invalid."""
    try:
        return installer_of(spec) is not None
    except Unavailable:
        return spec.install is not False


def plan_gateway(name: str, spec: IngressGatewaySpec, state: Optional[GatewayState] = None) -> GatewayPlan:
    """The plan of the gateway called `name`; `state` is what other components of the program have added to it."""
    installer = installer_of(spec)
    namespace = name if spec.namespace is None else spec.namespace
    front_door = None if installer is None else plan_front_door(name, namespace, selector_of(name), spec)
    headers = _listed_headers(spec)
    peers = spec.controller_peers
    if installer is not None:
        peers = [PeerSpec(namespace=namespace, selector=selector_of(name))]
    return GatewayPlan(
        name=name,
        spec=spec,
        class_name=name if spec.class_name is None else spec.class_name,
        namespace=namespace,
        creates_namespace=installer is not None and spec.namespace is None,
        routes=plan_routes(name, spec, state),
        wait=address_wait(spec.controller.module, _publishes_address(spec, installer), spec.ready_timeout),
        peers=peers,
        listed_headers=headers,
        front_door=front_door,
        installation=None
        if installer is None or front_door is None
        else _plan_installation(name, namespace, spec, installer, front_door, headers),
    )


def _plan_installation(
    name: str,
    namespace: pulumi.Input[str],
    spec: IngressGatewaySpec,
    installer: Installer,
    front_door: FrontDoor,
    headers: frozenset[str],
) -> InstallPlan:
    return InstallPlan(
        name=name,
        installer=installer,
        namespace=namespace,
        # The rules reject a class whose name isn't plain.
        class_name=spec.class_name if isinstance(spec.class_name, str) else name,
        service=SERVICE,
        installation=spec.installation or InstallationSpec(),
        settings=spec.settings or GatewaySettingsSpec(),
        labels=spec.labels,
        proxy_sources=front_door.proxy_sources if front_door.proxy_protocol else (),
        peers=front_door.peers,
        empty_hosts=spec.default_backend is not None or any(route.host is None for route in spec.routes),
        custom_resources=spec.crds is not None,
        crds_path=None if spec.crds is None else spec.crds.path,
        response_headers=sorted(headers),
    )


def _listed_headers(spec: IngressGatewaySpec) -> frozenset[str]:
    if not spec.controller.module.declares_response_headers:
        return frozenset()
    own = (header for route in spec.routes for header in route.response_headers or {})
    return frozenset([*own, *spec.response_headers])


def _publishes_address(spec: IngressGatewaySpec, installer: Optional[Installer]) -> bool:
    if spec.publishes_address is not None:
        return spec.publishes_address
    has_balancer = spec.upstream is None or installer is None
    return has_balancer or spec.controller.module.publishes_address_without_load_balancer


def address_wait(module: ControllerModule, publishes_address: bool, timeout: int) -> AddressWait:
    """How the deployment waits until the controller serves a route."""
    return AddressWait(publishes_address, timeout, module.wait_condition, module.title)


def plan_routes(name: str, spec: IngressGatewaySpec, state: Optional[GatewayState] = None) -> RouteSet:
    """The gateway's own routes; `state` is what other components of the program have added."""
    routes = RouteSet(
        name=name,
        known_module=_module_of(spec),
        class_name=name if spec.class_name is None else spec.class_name,
        namespace=name if spec.namespace is None else spec.namespace,
        specs=spec.routes,
        at=spec.at,
        tls=spec.tls,
        dns_records=spec.dns_records,
        https_redirect=spec.https_redirect,
        default_backend=spec.default_backend,
        labels=spec.labels,
        annotations=spec.annotations,
        custom_resources=spec.crds is not None,
        multi_label_wildcards=spec.multi_label_wildcards,
        is_installed=may_install(spec),
        hsts=None if spec.settings is None else spec.settings.hsts,
        hidden_clients=_hidden_clients(spec),
    )
    return with_others(routes, state, component_name(name))


def _module_of(spec: IngressGatewaySpec) -> Optional[ControllerModule]:
    """The controller's module; None if the controller is invalid, because some rules of routes don't need it."""
    try:
        return spec.controller.module
    except Unavailable:
        return None


def _hidden_clients(spec: IngressGatewaySpec) -> Sequence[HiddenClients]:
    try:
        return hidden_clients(spec)
    except Unavailable:
        return ()


def component_name(name: str) -> str:
    """How problems call the gateway."""
    return f'IngressGateway "{name}"'


def plan_added_routes(name: str, spec: IngressRoutesSpec, state: GatewayState) -> RouteSet:
    """The routes that the IngressRoutes called `name` adds to a gateway; `state` is what this program knows of it."""
    gateway, facts = spec.gateway, state.facts
    certificates = {host: HostTlsSpec(secret=secret) for host, secret in gateway.certificates.items()}
    routes = RouteSet(
        name=name,
        known_module=gateway.controller.module,
        class_name=gateway.class_name,
        namespace=gateway.namespace,
        specs=spec.routes,
        at=spec.at,
        tls=spec.tls,
        dns_records=spec.dns_records,
        tls_of_gateway={**(facts.tls if facts else {}), **certificates},
        default_backend=facts.default_backend if facts else None,
        labels=spec.labels,
        annotations=spec.annotations,
        custom_resources=gateway.custom_resources,
        multi_label_wildcards=gateway.multi_label_wildcards,
        is_installed=facts.is_installed if facts else False,
        hsts=facts.hsts if facts else None,
        # Only the gateway's own arguments can be changed.
        hidden_clients=[replace(cause, fix=()) for cause in facts.hidden_clients] if facts else (),
    )
    listed = frozenset("" if host == EVERY_HOST else host for host in gateway.hosts)
    return with_others(routes, state, f'IngressRoutes "{name}"', listed)


def route_objects_of(plan: GatewayPlan, hosts_elsewhere: Mapping[str, str], first: Sequence[str]) -> list[ObjectSpec]:
    """The objects of the gateway's own routes; `first` are the keys of what they come after."""
    return route_objects(plan.routes, plan.peers or (), plan.wait, first, hosts_elsewhere)
