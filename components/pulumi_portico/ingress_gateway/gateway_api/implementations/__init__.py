"""The registry of implementations of Gateway API.

To add one, add a member here, and a module in this package: its name is the implementation's, with underscores, and it
defines `MODULE`. Nothing else names an implementation.
"""

from collections.abc import Mapping
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Literal, TypeAlias

from ..implementation import ImplementationModule

__all__ = ["IMPLEMENTATIONS", "Implementation", "ImplementationLike"]


class Implementation(str, Enum):
    """The implementation of Gateway API that serves a GatewayClass."""

    # A literal Enum, because Pulumi reads the docstrings of the members from the source.

    ENVOY_GATEWAY = "envoy-gateway"
    """Envoy Gateway."""

    NGINX_GATEWAY_FABRIC = "nginx-gateway-fabric"
    """NGINX Gateway Fabric, open source edition."""

    ISTIO = "istio"
    """Istio."""

    CILIUM = "cilium"
    """Cilium."""

    TRAEFIK = "traefik"
    """Traefik Proxy."""

    KGATEWAY = "kgateway"
    """kgateway."""

    GKE = "gke"
    """Google Kubernetes Engine: an application load balancer of Google Cloud."""

    AWS = "aws"
    """AWS Load Balancer Controller: an Application Load Balancer."""

    EKS_AUTO = "eks-auto"
    """EKS Auto Mode: an Application Load Balancer."""

    AZURE_APP_ROUTING = "azure-app-routing"
    """The application routing add-on of AKS, which is based on Istio."""

    AZURE_AGC = "azure-agc"
    """Azure Application Gateway for Containers."""

    OTHER = "other"
    """Any other one: what the core of Gateway API has, and the features that you declare."""

    @property
    def module(self) -> ImplementationModule:
        """Everything that Portico knows about it."""
        return IMPLEMENTATIONS[self.value]


if TYPE_CHECKING:
    ImplementationLike: TypeAlias = (
        Implementation
        | Literal[
            "envoy-gateway",
            "nginx-gateway-fabric",
            "istio",
            "cilium",
            "traefik",
            "kgateway",
            "gke",
            "aws",
            "eks-auto",
            "azure-app-routing",
            "azure-agc",
            "other",
        ]
    )
else:
    ImplementationLike = Implementation


def _load(implementation: Implementation) -> ImplementationModule:
    module = import_module(f"{__package__}.{implementation.value.replace('-', '_')}")
    declared: ImplementationModule = module.MODULE
    if declared.name != implementation.value:
        raise ValueError(f"{module.__name__} declares {declared.name}, not {implementation.value}")
    return declared


IMPLEMENTATIONS: Mapping[str, ImplementationModule] = {
    implementation.value: _load(implementation) for implementation in Implementation
}
"""The module of each implementation, by the value of the field `implementation`."""
