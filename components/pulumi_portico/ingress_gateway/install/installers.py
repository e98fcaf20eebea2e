"""Every controller that Portico can install, by name: derived from the registry of controllers."""

from collections.abc import Mapping
from typing import Any

from ..controllers import CONTROLLERS
from .config_map import ConfigMapInput
from .installer import Installer

__all__ = ["INSTALLERS", "build_data"]

INSTALLERS: Mapping[str, Installer] = {
    name: module.installer for name, module in CONTROLLERS.items() if module.installer is not None
}
"""A controller that isn't here can't be installed: only its IngressClass can be used."""


def build_data(installer: Installer, given: ConfigMapInput) -> dict[str, Any]:
    """The data of the controller's ConfigMap."""
    return dict(sorted(installer.data(given).items()))
