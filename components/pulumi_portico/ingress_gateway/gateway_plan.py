"""What follows from a gateway's arguments before anything is registered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Optional, Union

import pulumi

from ..args.location import Key, Location
from ..args.names import object_name
from ..args.problems import Unavailable, available
from ..lifecycle.objects import ObjectSpec
from ..networking.network_policies import PeerSpec
from ..networking.ports import ServicePort
from ..networking.selectors import PodOwner
from ..networking.target import TargetSpec
from ..public_load_balancer.platforms import module_of
from .args import IngressGatewaySpec, IngressRoutesSpec
from .client_addresses import HiddenClients, hidden_clients
from .compile_input import AddressWait
from .controller_module import ControllerModule
from .front_door import PORTS, SERVICE, FrontDoor, plan_front_door
from .gateway_state import GatewayFacts, GatewayState, with_others
from .install.installation import InstallationSpec
from .install.installer import Installer, selector_of
from .install.objects import InstallPlan
from .install.settings import GatewaySettingsSpec, HstsSpec
from .reference import EVERY_HOST, GatewayReferenceSpec
from .route_objects import route_objects
from .route_set import RouteSet
from .tls import HostTlsSpec

__all__ = [
    "PORTS",
    "AddedRoutes",
    "GatewayPlan",
    "GatewayRoutes",
    "address_wait",
    "class_of",
    "component_name",
    "identity_of",
    "identity_of_reference",
    "installer_of",
    "is_on_host_network",
    "may_install",
    "namespace_of",
    "peers_of_controller",
    "plan_added_routes",
    "plan_gateway",
    "plan_routes",
    "route_objects_of",
]


@dataclass(frozen=True)
class GatewayPlan:
    """A gateway, with every default set. An invalid argument ends only the rules that need it."""

    name: str
    spec: IngressGatewaySpec
    state: Optional[GatewayState] = None
    """What other components of the program have added to the gateway."""

    @property
    def installer(self) -> Optional[Installer]:
        """The installer of the controller; None if Portico doesn't install it."""
        return installer_of(self.spec)

    @property
    def class_name(self) -> pulumi.Input[str]:
        """The IngressClass."""
        return class_of(self.name, self.spec)

    @property
    def namespace(self) -> pulumi.Input[str]:
        """The namespace of the controller."""
        return namespace_of(self.name, self.spec)

    @property
    def creates_namespace(self) -> bool:
        """Whether the gateway creates the namespace of its controller."""
        return self.installer is not None and self.spec.namespace is None

    @cached_property
    def routes(self) -> "GatewayRoutes":
        """The gateway's own routes."""
        return plan_routes(self.name, self.spec, self.state)

    @property
    def wait(self) -> AddressWait:
        """How the deployment waits for the routes."""
        publishes_address = _publishes_address(self.spec, self.installer)
        return address_wait(self.spec.module, publishes_address, self.spec.ready_timeout)

    @property
    def peers(self) -> Optional[Sequence[PeerSpec]]:
        """Where the controller's connections come from; None if that isn't known."""
        if self.installer is not None and not is_on_host_network(self.spec):
            return [PeerSpec(namespace=self.namespace, selector=self.selector)]
        return peers_of_controller(self.name, self.spec)

    @property
    def identity(self) -> Any:
        """What tells it apart from other gateways of the cluster."""
        return identity_of(self.name, self.spec)

    @cached_property
    def listed_headers(self) -> frozenset[str]:
        """The headers that routes can add to responses, if the controller must have them listed."""
        return _listed_headers(self.spec)

    @cached_property
    def front_door(self) -> Optional[FrontDoor]:
        """What's in front of the controller; None if Portico doesn't install it."""
        if self.installer is None:
            return None
        return plan_front_door(self.name, self.namespace, self.selector, self.spec)

    @cached_property
    def installation(self) -> Optional[InstallPlan]:
        """How the controller is installed; None if Portico doesn't install it."""
        installer, front_door = self.installer, self.front_door
        return None if installer is None or front_door is None else _plan_installation(self, installer, front_door)

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
        return {} if self.installer is None else {port.name: port for port in PORTS}

    @property
    def drain(self) -> int:
        """Seconds that a terminating pod of the controller continues to accept connections."""
        return (self.spec.installation or InstallationSpec()).drain


def installer_of(spec: IngressGatewaySpec) -> Optional[Installer]:
    """The installer of the gateway's controller; None if Portico doesn't install it."""
    return None if spec.install is False else spec.module.installer


def is_on_host_network(spec: IngressGatewaySpec) -> bool:
    """Whether the controller's pods have the addresses of their nodes."""
    return spec.installation is not None and spec.installation.host_network


def may_install(spec: IngressGatewaySpec) -> bool:
    """Whether Portico installs the gateway's controller, or can, because the controller is invalid."""
    return available(lambda: installer_of(spec) is not None, None) is not False and spec.install is not False


def class_of(name: str, spec: IngressGatewaySpec) -> pulumi.Input[str]:
    """The IngressClass of the gateway called `name`."""
    if spec.class_name is not None:
        return spec.class_name
    default = available(lambda: spec.module.default_class, None)
    return object_name(name, spec) if default is None else default


def namespace_of(name: str, spec: IngressGatewaySpec) -> pulumi.Input[str]:
    """The namespace of the controller of the gateway called `name`."""
    return object_name(name, spec) if spec.namespace is None else spec.namespace


def identity_of(name: str, spec: IngressGatewaySpec) -> Any:
    """What tells a gateway apart from others: its class, or its Gateway, whose class can have several."""
    if not available(lambda: spec.module.has_gateway, None):
        return class_of(name, spec)
    return _gateway_identity(object_name(name, spec), namespace_of(name, spec))


def identity_of_reference(gateway: GatewayReferenceSpec) -> Any:
    """What tells the gateway of a reference apart from others."""
    if not available(lambda: gateway.module.has_gateway, None):
        return gateway.own_class
    if gateway.name is None:
        # It's required, which is reported.
        raise Unavailable(gateway.at / "name")
    return _gateway_identity(gateway.name, gateway.own_namespace)


def _gateway_identity(name: str, namespace: Any) -> Any:
    return f"{namespace}/{name}" if isinstance(namespace, str) else namespace


def peers_of_controller(name: str, spec: IngressGatewaySpec) -> Optional[Sequence[PeerSpec]]:
    """Where the connections come from of a controller that Portico doesn't install; None if that isn't known."""
    if spec.controller_peers is not None:
        return spec.controller_peers
    return spec.module.peers(object_name(name, spec), namespace_of(name, spec))


def _plan_installation(plan: GatewayPlan, installer: Installer, front_door: FrontDoor) -> InstallPlan:
    spec = plan.spec
    return InstallPlan(
        name=plan.name,
        installer=installer,
        namespace=plan.namespace,
        # The rules reject a class whose name isn't plain.
        class_name=spec.class_name if isinstance(spec.class_name, str) else plan.name,
        service=SERVICE,
        installation=spec.installation or InstallationSpec(),
        settings=spec.settings or GatewaySettingsSpec(),
        labels=spec.labels,
        proxy_sources=front_door.proxy_sources if front_door.proxy_protocol else (),
        peers=front_door.peers,
        empty_hosts=spec.default_backend is not None or any(route.host is None for route in spec.routes),
        custom_resources=spec.crds is not None,
        crds_path=None if spec.crds is None else spec.crds.path,
        response_headers=sorted(plan.listed_headers),
    )


def _listed_headers(spec: IngressGatewaySpec) -> frozenset[str]:
    if not spec.module.declares_response_headers:
        return frozenset()
    own = (header for route in spec.routes for header in route.response_headers or {})
    return frozenset([*own, *spec.response_headers])


def _publishes_address(spec: IngressGatewaySpec, installer: Optional[Installer]) -> bool:
    if spec.publishes_address is not None:
        return spec.publishes_address
    exposure = spec.exposure
    has_address = installer is None or (exposure is not None and module_of(exposure.platform).assigns_address)
    return has_address or spec.module.publishes_address_without_load_balancer


def address_wait(module: ControllerModule, publishes_address: bool, timeout: int) -> AddressWait:
    """How the deployment waits until the controller serves a route."""
    return AddressWait(publishes_address, timeout, module.wait_condition, module.title)


@dataclass(frozen=True, kw_only=True)
class GatewayRoutes(RouteSet):
    """A gateway's own routes."""

    spec: IngressGatewaySpec

    @property
    def module(self) -> ControllerModule:
        """The controller's module."""
        return self.spec.module

    @property
    def gateway_name(self) -> Any:
        """The name of the Gateway object, if the controller has one."""
        return self.name

    @property
    def owns_gateway(self) -> bool:
        """Whether the component creates the Gateway object, if the controller has one."""
        return True

    @property
    def route_namespaces(self) -> Sequence[pulumi.Input[str]]:
        """The namespaces whose routes other components can add."""
        return self.spec.route_namespaces

    @property
    def accepted_namespaces(self) -> Optional[frozenset[str]]:
        """The namespaces whose routes the gateway accepts; None if it accepts all, or if they are known only later."""
        if not self.module.has_gateway:
            return None
        targets = (route.namespace for route in self.all_routes if route.target is not None)
        found = [self.namespace, *self.route_namespaces, *targets]
        known = frozenset(namespace for namespace in found if isinstance(namespace, str))
        return None if any(isinstance(namespace, pulumi.Output) for namespace in found) else known

    @property
    def class_name(self) -> Any:
        """The IngressClass."""
        return class_of(self.name, self.spec)

    @property
    def namespace(self) -> Any:
        """The gateway's namespace."""
        return namespace_of(self.name, self.spec)

    @property
    def https_redirect(self) -> Optional[bool]:
        """Whether requests without TLS are redirected; None for the default."""
        return self.spec.https_redirect

    @property
    def default_backend(self) -> Optional[TargetSpec]:
        """The target of requests that no route matches."""
        return self.spec.default_backend

    @property
    def custom_resources(self) -> bool:
        """Whether the cluster has the definitions of the controller's own resources."""
        return self.spec.crds is not None

    @property
    def multi_label_wildcards(self) -> bool:
        """Whether a wildcard may match several labels."""
        return self.spec.multi_label_wildcards

    @property
    def is_installed(self) -> bool:
        """Whether Portico configures the controller, or can."""
        return may_install(self.spec)

    @property
    def hsts(self) -> Optional[HstsSpec]:
        """The HSTS header of hosts with a certificate; None if there is none."""
        return None if self.spec.settings is None else self.spec.settings.hsts

    @property
    def hidden_clients(self) -> Sequence[HiddenClients]:
        """What hides the clients' addresses from the controller."""
        return hidden_clients(self.spec)


@dataclass(frozen=True, kw_only=True)
class AddedRoutes(RouteSet):
    """The routes that an IngressRoutes adds to a gateway."""

    spec: IngressRoutesSpec
    facts: Optional[GatewayFacts]
    """What this program knows of the gateway; None if another program has it."""

    @property
    def module(self) -> ControllerModule:
        """The controller's module."""
        return self.spec.gateway.module

    @property
    def gateway_name(self) -> Any:
        """The name of the Gateway object, if the controller has one."""
        return self.spec.gateway.name

    @property
    def known_namespaces(self) -> Optional[frozenset[str]]:
        """The namespaces whose routes the gateway accepts; None if that isn't known."""
        return self.facts.route_namespaces if self.facts else None

    @property
    def class_name(self) -> Any:
        """The IngressClass."""
        return self.spec.gateway.own_class

    @property
    def namespace(self) -> Any:
        """The gateway's namespace."""
        return self.spec.gateway.own_namespace

    @property
    def tls_of_gateway(self) -> Mapping[str, HostTlsSpec]:
        """The certificates that the gateway has already."""
        certificates = {host: HostTlsSpec(secret=secret) for host, secret in self.spec.gateway.certificates.items()}
        return {**(self.facts.tls if self.facts else {}), **certificates}

    @property
    def default_backend(self) -> Optional[TargetSpec]:
        """The target of requests that no route matches."""
        return self.facts.default_backend if self.facts else None

    @property
    def custom_resources(self) -> bool:
        """Whether the cluster has the definitions of the controller's own resources."""
        return self.spec.gateway.custom_resources

    @property
    def multi_label_wildcards(self) -> bool:
        """Whether a wildcard may match several labels."""
        return self.spec.gateway.multi_label_wildcards

    @property
    def is_installed(self) -> bool:
        """Whether Portico configures the controller, as far as this program knows."""
        return self.facts.is_installed if self.facts else False

    @property
    def hsts(self) -> Optional[HstsSpec]:
        """The HSTS header of hosts with a certificate; None if there is none, or if it isn't known."""
        return self.facts.hsts if self.facts else None

    @property
    def hidden_clients(self) -> Sequence[HiddenClients]:
        """What hides the clients' addresses from the controller. Only the gateway's own arguments can be changed."""
        return [replace(cause, fix=()) for cause in self.facts.hidden_clients] if self.facts else ()


def plan_gateway(name: str, spec: IngressGatewaySpec, state: Optional[GatewayState] = None) -> GatewayPlan:
    """The plan of the gateway called `name`; `state` is what other components of the program have added to it."""
    return GatewayPlan(object_name(name, spec), spec, state)


def plan_routes(name: str, spec: IngressGatewaySpec, state: Optional[GatewayState] = None) -> GatewayRoutes:
    """The gateway's own routes; `state` is what other components of the program have added."""
    own = object_name(name, spec)
    return with_others(GatewayRoutes(name=own, spec=spec), state, component_name(own))


def component_name(name: str) -> str:
    """How problems call the gateway."""
    return f'IngressGateway "{name}"'


def plan_added_routes(name: str, spec: IngressRoutesSpec, state: GatewayState) -> AddedRoutes:
    """The routes that the IngressRoutes called `name` adds to a gateway; `state` is what this program knows of it."""
    own = object_name(name, spec)
    routes = AddedRoutes(name=own, spec=spec, facts=state.facts)
    listed = frozenset("" if host == EVERY_HOST else host for host in spec.gateway.hosts)
    return with_others(routes, state, f'IngressRoutes "{own}"', listed)


def peers_of(gateway: GatewayReferenceSpec) -> Optional[Sequence[PeerSpec]]:
    """Where the connections of a gateway's controller come from, as far as its reference says. Portico installs the
    controllers of gateways that stacks export."""
    if gateway.controller_peers is None and gateway.module.has_gateway and gateway.name is not None:
        return gateway.module.peers(gateway.name, gateway.own_namespace)
    if gateway.controller_peers is None and gateway.stack is not None and gateway.name is not None:
        return [PeerSpec(namespace=gateway.own_namespace, selector=selector_of(gateway.name))]
    return gateway.controller_peers


def route_objects_of(plan: GatewayPlan, hosts_elsewhere: Mapping[str, str], first: Sequence[str]) -> list[ObjectSpec]:
    """The objects of the gateway's own routes; `first` are the keys of what they come after."""
    return route_objects(plan.routes, plan.peers or (), plan.wait, first, hosts_elsewhere)
