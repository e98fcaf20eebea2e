"""Azure Application Gateway for Containers. Its report is of an older version of Gateway API."""

from ..conformance import Report, named
from ..implementation import ImplementationModule

__all__ = ["MODULE"]

MODULE = ImplementationModule(
    name="azure-agc",
    title="Azure Application Gateway for Containers",
    controller_name="alb.networking.azure.io/alb-controller",
    class_name="azure-alb-external",
    reports=(
        Report(
            version="1.7",
            gateway_api="1.2",
            date="2025-07-18",
            path="v1.2.1/azure-application-gateway-for-containers/standard-v1.2.1-default-report.yaml",
            supported=named(
                "GRPCRoute HTTPRouteHostRewrite HTTPRouteMethodMatching HTTPRoutePathRedirect HTTPRoutePathRewrite "
                "HTTPRoutePortRedirect HTTPRouteQueryParamMatching HTTPRouteResponseHeaderModification "
                "HTTPRouteSchemeRedirect"
            ),
        ),
    ),
    peers_hint="Requests come from the delegated subnet of the gateway.",
)
"""Azure Application Gateway for Containers."""
