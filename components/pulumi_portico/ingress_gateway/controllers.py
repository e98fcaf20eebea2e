"""The registry of controllers.

To add a controller, add a member here, and a module or package beside this one: its name is the controller's, with
underscores, and it defines `MODULE`. The module declares everything about the controller; nothing else names it.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Optional, Protocol, TypeAlias

from ..args.location import Location
from ..args.problems import Unavailable
from ..args.synonyms import synonyms
from .controller_module import ControllerModule
from .gateway_api.implementations import Implementation

__all__ = ["CONTROLLERS", "DEFAULT_CONTROLLER", "Controller", "ControllerLike", "all_modules", "module_of_controller"]


class Controller(str, Enum):
    """The controller that serves the routes."""

    # A literal Enum, because Pulumi reads the docstrings of the members from the source.

    F5_NGINX = "f5-nginx"
    """F5 NGINX Ingress Controller (docker.io/nginx/nginx-ingress), open source edition."""

    INGRESS_NGINX = "ingress-nginx"
    """The community's ingress-nginx: retired in March 2026, and no longer receives security fixes. For clusters that
    still have it."""

    GENERIC = "generic"
    """Any other class that the cluster has, including those of cloud platforms: what the Ingress object itself can
    express, and your own annotations."""

    GATEWAY_API = "gateway-api"
    """Gateway API, by an implementation that the cluster has."""

    @property
    def module(self) -> ControllerModule:
        """Everything that Portico knows about it."""
        return CONTROLLERS[self.value]


if TYPE_CHECKING:
    ControllerLike: TypeAlias = Controller | Literal["f5-nginx", "ingress-nginx", "generic", "gateway-api"]
else:
    ControllerLike = Controller


synonyms(
    Controller,
    {
        Controller.F5_NGINX: "nginx-ingress nginx-inc nginx.org",
        Controller.INGRESS_NGINX: "k8s.io/ingress-nginx kubernetes-ingress-nginx",
        Controller.GENERIC: "alb traefik haproxy contour kong istio gce",
    },
)


def _load(controller: Controller) -> ControllerModule:
    module = import_module(f"{__package__}.{controller.value.replace('-', '_')}")
    declared: ControllerModule = module.MODULE
    if declared.name != controller.value:
        raise ValueError(f"{module.__name__} declares the controller {declared.name}, not {controller.value}")
    return declared


CONTROLLERS: Mapping[str, ControllerModule] = {controller.value: _load(controller) for controller in Controller}
"""The module of each controller, by the value of the field `controller`."""

DEFAULT_CONTROLLER = next(iter(Controller))
"""The default of the field `controller`: the first one of the registry."""


class _Choice(Protocol):
    """A controller, and the implementation that it needs."""

    @property
    def controller(self) -> Controller: ...

    @property
    def implementation(self) -> Optional[Implementation]: ...

    @property
    def implementation_version(self) -> Optional[str]: ...

    @property
    def supported_features(self) -> Sequence[str]: ...

    @property
    def at(self) -> Location: ...


def module_of_controller(chosen: _Choice) -> ControllerModule:
    """Everything that Portico knows about a controller, with its implementation. Raises `Unavailable` if it needs one
    that isn't set."""
    module = chosen.controller.module
    if module.variant is None:
        return module
    if chosen.implementation is None:
        raise Unavailable(chosen.at / "implementation")
    return module.variant(chosen.implementation.value, chosen.implementation_version, tuple(chosen.supported_features))


@cache
def all_modules() -> Sequence[ControllerModule]:
    """The modules of all controllers; of a controller with implementations, those of the implementations."""
    found: list[ControllerModule] = []
    for module in CONTROLLERS.values():
        if module.variant is None:
            found.append(module)
        else:
            found += [module.variant(implementation.value, None, ()) for implementation in Implementation]
    return found
