"""Traefik Proxy: one data plane for all Gateways of its class."""

from ..conformance import Report, named
from ..implementation import ImplementationModule

__all__ = ["MODULE"]

MODULE = ImplementationModule(
    name="traefik",
    title="Traefik",
    controller_name="traefik.io/gateway-controller",
    reports=(
        Report(
            version="3.7",
            gateway_api="1.6",
            date="2026-07-30",
            path="v1.6/traefik-traefik/experimental-v3.7.10-default-report.yaml",
            supported=named(
                "BackendTLSPolicy GRPCRoute HTTPRoute303RedirectStatusCode HTTPRoute307RedirectStatusCode "
                "HTTPRoute308RedirectStatusCode HTTPRouteBackendProtocolH2C HTTPRouteBackendProtocolWebSocket "
                "HTTPRouteBackendRequestHeaderModification HTTPRouteHostRewrite HTTPRouteMethodMatching "
                "HTTPRoutePathRedirect HTTPRoutePathRewrite HTTPRoutePortRedirect HTTPRouteQueryParamMatching "
                "HTTPRouteResponseHeaderModification HTTPRouteSchemeRedirect TLSRoute"
            ),
        ),
    ),
    peers_hint="Its data plane is the Traefik Deployment, whose namespace and labels your installation chooses.",
)
"""Traefik."""
