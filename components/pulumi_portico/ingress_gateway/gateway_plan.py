"""What follows from a gateway's arguments before anything is registered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ..args.location import KeyStyle, location_text
from ..args.shapes import as_written, camel_case
from ..networking.network_policies import PeerSpec
from ..networking.ports import ServicePort
from ..public_load_balancer.platform_module import Request
from .args import IngressGatewaySpec
from .controller_module import Controller
from .front_door import PORTS, SERVICE, FrontDoor, plan_front_door
from .gateway_state import GatewayState
from .install.installation import InstallationSpec, drain_of
from .install.installer import Installer, selector_of
from .install.installers import installer_for
from .install.objects import InstallPlan
from .install.settings import GatewaySettingsSpec
from .reference import EVERY_HOST
from .registration import Waiting
from .routing import Routing

__all__ = [
    "PORTS",
    "GatewayPlan",
    "class_of",
    "controller_of",
    "custom_of",
    "installer_of",
    "installs",
    "plan_gateway",
    "plan_routing",
    "reference_routing",
    "request_of",
    "routing_of",
]


@dataclass(frozen=True)
class GatewayPlan:
    """A gateway, with every default set."""

    name: str
    spec: IngressGatewaySpec
    class_name: pulumi.Input[str]
    namespace: pulumi.Input[str]
    creates_namespace: bool
    routing: Routing
    waiting: Waiting
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
    return None if spec.install is False else installer_for(spec.controller.value)


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
        routing=plan_routing(name, spec, state),
        waiting=Waiting(_publishes_address(spec, installer), spec.ready_timeout),
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
        empty_hosts=spec.default_backend is not None or any("host" not in route for route in spec.routes),
        custom_resources=spec.crds is not None,
        crds_path=None if spec.crds is None else spec.crds.path,
        response_headers=sorted(headers),
    )


def _listed_headers(spec: IngressGatewaySpec) -> frozenset[str]:
    installer = installer_for(spec.controller.value)
    if installer is None or not installer.lists_response_headers:
        return frozenset()
    own = (header for route in spec.routes for header in route.get("response_headers", {}))
    return frozenset([*own, *spec.response_headers])


def _publishes_address(spec: IngressGatewaySpec, installer: Optional[Installer]) -> bool:
    if spec.publishes_address is not None:
        return spec.publishes_address
    return spec.upstream is None or installer is None or installer.publishes_any_service


def plan_routing(
    name: str,
    spec: IngressGatewaySpec,
    state: Optional[GatewayState] = None,
    style: KeyStyle = KeyStyle.PYTHON,
) -> Routing:
    """The gateway's own routes; `state` is what other components of the program have added."""
    me = f'IngressGateway "{name}"'
    prefix = location_text(spec.at, style)
    return Routing(
        name=name,
        controller=spec.controller.value,
        class_name=name if spec.class_name is None else spec.class_name,
        namespace=name if spec.namespace is None else spec.namespace,
        routes=spec.routes,
        prefix=f"{prefix}." if prefix else "",
        spelling=as_written if style is KeyStyle.PYTHON else camel_case,
        tls=spec.tls,
        known_hosts=hosts_of_others(state, me),
        rooted_hosts=rooted_by_others(state, me),
        taken=exact_of_others(state, me),
        https_redirect=spec.https_redirect,
        default_backend=spec.default_backend,
        labels=spec.labels,
        annotations=spec.annotations,
        custom_resources=spec.crds is not None,
        any_depth=spec.multi_label_wildcards,
    )


# What follows serves the stack modules until they are ported, except what it says of other components' routes.


def controller_of(args: Mapping[str, Any]) -> str:
    """The controller that is meant."""
    return args.get("controller", Controller.F5_NGINX.value)


def installs(args: Mapping[str, Any]) -> bool:
    """Whether the controller is installed."""
    return args.get("install", installer_for(controller_of(args)) is not None)


def class_of(name: str, args: Mapping[str, Any]) -> Any:
    """The IngressClass."""
    return args.get("class_name", name)


def custom_of(args: Mapping[str, Any]) -> bool:
    """Whether the controller's own resources are there."""
    return bool(args.get("crds"))


def request_of(args: Mapping[str, Any]) -> Request:
    """What is asked of the platform."""
    return Request(args["exposure"], PORTS, drain_of(args.get("installation", {})))


def routing_of(
    name: str,
    args: Mapping[str, Any],
    namespace: Any,
    prefix: str = "",
    spelling: Callable[[str], str] = as_written,
    state: Optional[GatewayState] = None,
    me: str = "",
) -> Routing:
    """The gateway's own routes; ``state`` is what others have added."""
    return Routing(
        name=name,
        controller=controller_of(args),
        class_name=class_of(name, args),
        namespace=namespace,
        routes=args.get("routes", []),
        prefix=prefix,
        spelling=spelling,
        tls=args.get("tls", {}),
        known_hosts=hosts_of_others(state, me),
        rooted_hosts=rooted_by_others(state, me),
        taken=exact_of_others(state, me),
        https_redirect=args.get("https_redirect"),
        default_backend=args.get("default_backend"),
        labels=args.get("labels", {}),
        annotations=args.get("annotations", {}),
        custom_resources=custom_of(args),
        any_depth=args.get("multi_label_wildcards", False),
    )


def reference_routing(name: str, args: Mapping[str, Any], state: GatewayState, me: str) -> Routing:
    """The routes that are added to a gateway by its reference."""
    gateway = args["gateway"]
    facts = state.facts
    known: dict[str, Mapping[str, Any]] = dict(facts.tls) if facts else {}
    known.update({host: {"secret": secret} for host, secret in gateway.get("certificates", {}).items()})
    return Routing(
        name=name,
        controller=gateway["controller"],
        class_name=gateway["class_name"],
        namespace=gateway["namespace"],
        routes=args["routes"],
        tls=args.get("tls", {}),
        known_tls=known,
        known_hosts=hosts_of_others(state, me) | _named(gateway.get("hosts", [])),
        rooted_hosts=rooted_by_others(state, me),
        taken=exact_of_others(state, me),
        default_backend=facts.default_backend if facts else None,
        labels=args.get("labels", {}),
        annotations=args.get("annotations", {}),
        custom_resources=gateway.get("custom_resources", False),
        any_depth=gateway.get("wildcards_any_depth", False),
    )


def _named(hosts: Sequence[str]) -> frozenset[str]:
    return frozenset("" if host == EVERY_HOST else host for host in hosts)


def hosts_of_others(state: Optional[GatewayState], me: str) -> frozenset[str]:
    """The hosts that other components of the program have added first."""
    return frozenset(host for host, owner in state.hosts.items() if owner.component != me) if state else frozenset()


def rooted_by_others(state: Optional[GatewayState], me: str) -> frozenset[str]:
    """The hosts of whose every path they have a route."""
    if state is None:
        return frozenset()
    return frozenset(host for (host, path), owner in state.prefixes.items() if path == "/" and owner.component != me)


def exact_of_others(state: Optional[GatewayState], me: str) -> frozenset[tuple[str, str]]:
    """The exact routes that they have added."""
    return frozenset(it for it, owner in state.exact.items() if owner.component != me) if state else frozenset()
