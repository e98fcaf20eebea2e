"""The registry of platforms.

To add a platform, add a member here and a module beside this one: its name is the platform's, with underscores, and it
defines `MODULE`. The module declares everything about the platform; nothing else names it.
"""

from collections.abc import Iterator
from enum import Enum
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ..args.synonyms import synonyms

if TYPE_CHECKING:
    from .platform_module import PlatformModule

__all__ = ["Platform", "PlatformLike", "all_platforms", "module_of"]


class Platform(str, Enum):
    """What creates the load balancer: the controller that reads the Service."""

    # A literal Enum, because Pulumi reads the docstrings of the members from the source.

    AWS_CONTROLLER = "aws-controller"
    """The AWS Load Balancer Controller (2.6 and newer), installed in the cluster: a Network Load Balancer."""

    EKS_AUTO_MODE = "eks-auto-mode"
    """The controller of EKS Auto Mode: a Network Load Balancer."""

    AWS_LEGACY = "aws-legacy"
    """The AWS cloud controller manager, without the AWS Load Balancer Controller: a Network Load Balancer. What
    `client_ip` sets requires version 1.34 or newer."""

    GKE = "gke"
    """Google Kubernetes Engine: a passthrough Network Load Balancer."""

    AZURE = "azure"
    """Azure Kubernetes Service: the cluster's Standard Load Balancer."""

    NODE_PORT = "node-port"
    """Nothing: a Service of type NodePort. Every node accepts connections at the same ports, and you point clients, or
    a load balancer outside of Kubernetes, to the nodes."""

    GENERIC = "generic"
    """Any other cluster, such as one with MetalLB: the fields that Kubernetes itself defines, and raw annotations."""


if TYPE_CHECKING:
    PlatformLike: TypeAlias = (
        Platform | Literal["aws-controller", "eks-auto-mode", "aws-legacy", "gke", "azure", "node-port", "generic"]
    )
else:
    PlatformLike = Platform


synonyms(
    Platform,
    {
        Platform.GKE: "gcp google google-cloud",
        Platform.AZURE: "aks microsoft",
        Platform.GENERIC: "bare-metal on-premises metallb kind minikube k3s digitalocean hetzner openstack",
    },
)


@cache
def module_of(platform: Platform) -> "PlatformModule":
    """The module of a platform."""
    # Loaded when it is needed: modules are built on `Exposure`, which has a field of type `Platform`.
    module: Any = import_module(f"{__package__}.{platform.value.replace('-', '_')}")
    declared: PlatformModule = module.MODULE
    if declared.name != platform.value:
        raise ValueError(f"{module.__name__} declares the platform {declared.name}, not {platform.value}")
    return declared


def all_platforms() -> "Iterator[PlatformModule]":
    """The modules of all platforms, in the order of the registry."""
    return (module_of(platform) for platform in Platform)
