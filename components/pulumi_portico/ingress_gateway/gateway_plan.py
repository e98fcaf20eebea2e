"""What follows from checked arguments before anything is registered."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from ..args.shapes import as_written
from ..networking.ports import ServicePort
from ..public_load_balancer.platform_module import Request
from .controller_module import Controller
from .gateway_state import GatewayState
from .install.installation import drain_of
from .reference import EVERY_HOST
from .routing import Routing

__all__ = [
    "PORTS",
    "class_of",
    "controller_of",
    "custom_of",
    "installs",
    "reference_routing",
    "request_of",
    "routing_of",
]

PORTS = (ServicePort("http", 80, 80), ServicePort("https", 443, 443))
"""What the front door offers, and the controller's containers listen on."""


def controller_of(args: Mapping[str, Any]) -> str:
    """The controller that is meant."""
    return args.get("controller", Controller.F5_NGINX.value)


def installs(args: Mapping[str, Any]) -> bool:
    """Whether the controller is installed."""
    return args.get("install", controller_of(args) != Controller.GENERIC.value)


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
        any_depth=args.get("wildcards_any_depth", False),
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
