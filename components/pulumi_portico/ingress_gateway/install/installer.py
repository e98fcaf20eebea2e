"""What a controller's installer declares: everything about running the controller in a cluster.

The module of each controller that Portico can install has an `Installer`; `installers.py` lists them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ...args.problems import Problems
from ...networking.network_policies import NAME_LABEL
from ...untyped import Manifest
from .arguments import KnownArgument
from .config_map import ConfigMapInput
from .installation import InstallationSpec
from .rbac import Rights, RightsInput
from .settings import ForwardedFor, GatewaySettingsSpec
from .webhook import Webhook

__all__ = ["Installer", "ProgramInput", "http_probe", "lease_of", "selector_of"]

_USER = 101


@dataclass(frozen=True)
class ProgramInput:
    """What a controller's program arguments follow from."""

    name: str
    """The gateway's name, which its ConfigMap has too."""
    class_name: str
    service: Any
    """The name of the front door's Service."""
    namespace: Any
    """The controller's namespace."""
    served_namespaces: Optional[Sequence[str]] = None
    """The namespaces whose routes it serves, apart from its own; None for all."""
    empty_hosts: bool = False
    """Whether a route matches every host."""
    custom_resources: bool = False
    metrics: bool = True
    webhook: bool = False
    ipv6: bool = True
    """Whether it listens on IPv6 addresses."""
    drain: int = 0
    """Seconds that a terminating pod continues to accept connections."""


@dataclass(frozen=True)
class Installer:
    """How Portico installs a controller."""

    version: str
    """The version of the controller that the image, the arguments, and the rights are for."""
    image: str
    arguments: Callable[[ProgramInput], list[Any]]
    """The arguments of its program."""
    data: Callable[[ConfigMapInput], dict[str, Any]]
    """The data of its ConfigMap."""
    rights: Callable[[RightsInput], Rights]
    class_controller: Callable[[str], str]
    """The controller that its IngressClass names, by the name of the class."""
    ports: Mapping[str, int]
    """The ports of its container, by name."""
    metrics_port: int
    known_arguments: Mapping[str, KnownArgument]
    """Every argument of its program that this version has, by its name without hyphens."""
    probes: Manifest
    pre_stop: Callable[[int], Manifest]
    """The handler that drains a pod in the given number of seconds; empty for none."""
    extra_grace: int
    """Seconds that a pod can need to stop in addition to its drain and shutdown."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    user: int = _USER
    group: int = _USER
    writable: Mapping[str, str] = field(default_factory=dict[str, str])
    """The folders that it writes to, by the names of their volumes; empty if it needs a writable root file system."""
    copied: str = ""
    """A folder of the image that the first of them starts with."""
    webhook: Optional[Webhook] = None
    """Its admission webhook, if it has one."""
    warning: str = ""
    """What to warn of whenever it is installed, as a sentence about the controller."""
    forwarded_for: ForwardedFor = ForwardedFor.REPLACE
    """What targets receive as `X-Forwarded-For` if a client sends one and nobody's headers are trusted."""
    checks: Sequence[Callable[[GatewaySettingsSpec, InstallationSpec, Problems], None]] = ()
    """The rules of the settings that it doesn't support."""


def http_probe(path: str, port: int, *, period: int, failures: int) -> dict[str, Any]:
    """A probe that sends an HTTP request."""
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": period, "failureThreshold": failures}


def lease_of(name: str) -> str:
    """The Lease by which the pods of a gateway elect the one that writes addresses."""
    return f"{name}-leader"


def selector_of(name: str) -> dict[str, str]:
    """The labels of a gateway's controller pods."""
    return {NAME_LABEL: name, "app.kubernetes.io/component": "ingress-controller"}
