"""The registry of controllers. To add one, write its module and add one line, with its description, to `Controller`."""

from collections.abc import Mapping
from enum import Enum

from . import f5_nginx, generic, ingress_nginx
from .controller_module import ControllerModule

__all__ = ["CONTROLLERS", "DEFAULT_CONTROLLER", "Controller"]


class Controller(str, Enum):
    """The controller that serves the routes."""

    _value_: str
    module: ControllerModule
    """Everything that Portico knows about it."""

    def __new__(cls, module: ControllerModule) -> "Controller":
        """A member for a controller's module. Its value is the controller's name."""
        member = str.__new__(cls, module.name)
        member._value_ = module.name
        member.module = module
        return member

    F5_NGINX = f5_nginx.MODULE
    """F5 NGINX Ingress Controller (docker.io/nginx/nginx-ingress), open source edition."""

    INGRESS_NGINX = ingress_nginx.MODULE
    """The community's ingress-nginx: retired in March 2026, and no longer receives security fixes. For clusters that
    still have it."""

    GENERIC = generic.MODULE
    """Any other class that the cluster has, including those of cloud platforms: what the Ingress object itself can
    express, and your own annotations."""


CONTROLLERS: Mapping[str, ControllerModule] = {controller.value: controller.module for controller in Controller}
"""The module of each controller, by the value of the field `controller`."""

DEFAULT_CONTROLLER = Controller.F5_NGINX
"""The default of the field `controller`."""
