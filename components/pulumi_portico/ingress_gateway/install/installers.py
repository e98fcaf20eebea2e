"""Every controller that Portico can install, by name."""

from collections.abc import Mapping
from typing import Any, Optional

from ..f5_nginx.installer import INSTALLER as F5_NGINX
from ..ingress_nginx.installer import INSTALLER as INGRESS_NGINX
from .config_map import ConfigMapInput
from .installer import Installer

__all__ = ["INSTALLERS", "build_data", "installer_for"]

INSTALLERS: Mapping[str, Installer] = {"f5-nginx": F5_NGINX, "ingress-nginx": INGRESS_NGINX}
"""A controller that isn't here can't be installed: only its IngressClass can be used."""


def installer_for(controller: str) -> Optional[Installer]:
    """The installer of a controller; None if Portico can't install it."""
    return INSTALLERS.get(controller)


def build_data(installer: Installer, given: ConfigMapInput) -> dict[str, Any]:
    """The data of the controller's ConfigMap."""
    return dict(sorted(installer.data(given).items()))
