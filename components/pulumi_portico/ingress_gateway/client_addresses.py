"""The settings of routes that depend on the client's address, and whether the controller sees it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from ..args.codes import Code, define
from ..args.location import Field, Key, Location
from ..args.problems import Edit, Problems, Unavailable
from ..load_balancers import ClientIp
from ..public_load_balancer.exposure_checks import preserving_edits
from ..public_load_balancer.platform_module import Request
from ..public_load_balancer.platforms import module_of
from ..untyped import Parameters
from .args import IngressGatewaySpec
from .controller_module import ControllerModule
from .front_door import exposure_request
from .route_settings import LoadBalancing
from .routes import RouteSpec

__all__ = [
    "HiddenClients",
    "check_client_addresses",
    "dependent_settings",
    "hidden_by_balancer",
    "hidden_clients",
    "trusts_a_header",
]

CLIENT_ADDRESS_HIDDEN = define(
    "client-address-hidden",
    "{field} depends on the client's address, and {client_ip} is hide, so the gateway sees the address of the load "
    "balancer or of a node.",
    allowed="only if {client_ip} is preserve or proxy-protocol",
    hint="Set {client_ip} to preserve or proxy-protocol.",
)


@dataclass(frozen=True)
class HiddenClients:
    """Why the controller doesn't see the clients' addresses."""

    code: Code
    """The code of the problem of each setting that depends on them; `field` is its parameter."""
    params: Parameters
    """The further parameters of the code."""
    fix: Sequence[Edit] = field(default=())


def hidden_clients(spec: IngressGatewaySpec) -> Sequence[HiddenClients]:
    """What hides the clients' addresses from the gateway's controller, as far as its own arguments determine it. A
    controller that Portico doesn't install has a front door of its own."""
    request = exposure_request(spec)
    if request is None or spec.install is False or spec.module.installer is None or trusts_a_header(spec):
        return ()
    return hidden_by_balancer(request)


def trusts_a_header(spec: IngressGatewaySpec) -> bool:
    """Whether the controller learns the client's address from a header."""
    return spec.settings is not None and bool(spec.settings.forwarded_from)


def hidden_by_balancer(request: Request) -> Sequence[HiddenClients]:
    """How a load balancer hides the clients' addresses from its targets."""
    if module_of(request.exposure.platform).client_ip(request) is not ClientIp.HIDE:
        return ()
    params = {"client_ip": request.at / "client_ip"}
    return (HiddenClients(CLIENT_ADDRESS_HIDDEN, params, preserving_edits(request)),)


def check_client_addresses(
    module: ControllerModule, routes: Sequence[RouteSpec], hidden: Sequence[HiddenClients], problems: Problems
) -> None:
    """Report the settings that would treat all clients of a load balancer or of a node as one."""
    for cause in hidden:
        for route in routes:
            for location in dependent_settings(module, route):
                named: dict[str, Any] = {"field": Field(location[-1]), **cause.params}
                problems.report(cause.code, location, fix=cause.fix, **named)


def dependent_settings(module: ControllerModule, route: RouteSpec) -> Iterator[Location]:
    """Where a route's settings are that depend on the client's address. Invalid ones are reported already."""
    for name in ("allowed_sources", "denied_sources", "rate_limit"):
        if _value(route, name) is not None:
            yield route.at / name
    if _value(route, "load_balancing") is LoadBalancing.CLIENT_ADDRESS:
        yield route.at / "load_balancing"
    annotations: Mapping[str, pulumi.Input[str]] = _value(route, "annotations") or {}
    for key in annotations:
        if key in module.client_address_annotations:
            yield route.at / "annotations" / Key(key)


def _value(route: RouteSpec, name: str) -> Any:
    try:
        return getattr(route, name)
    except Unavailable:
        return None
