"""The registry of controllers.

To add a controller, add a member here, and a module or package beside this one: its name is the controller's, with
underscores, and it defines `MODULE`. The module declares everything about the controller; nothing else names it.
"""

from collections.abc import Mapping
from enum import Enum
from importlib import import_module

from ..args.synonyms import synonyms
from .controller_module import ControllerModule

__all__ = ["CONTROLLERS", "DEFAULT_CONTROLLER", "Controller"]


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

    @property
    def module(self) -> ControllerModule:
        """Everything that Portico knows about it."""
        return CONTROLLERS[self.value]


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
