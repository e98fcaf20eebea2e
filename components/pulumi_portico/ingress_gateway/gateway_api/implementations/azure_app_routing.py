"""The application routing add-on of AKS: Istio's data plane. It has published no report; what Istio's has, without the
experimental channel."""

from ..conformance import Report, named
from ..implementation import ImplementationModule, pods_of_gateway

__all__ = ["MODULE"]


MODULE = ImplementationModule(
    name="azure-app-routing",
    title="AKS application routing",
    controller_name=None,
    class_name="approuting-istio",
    peers=pods_of_gateway,
    reports=(
        Report(
            version="1.36",
            gateway_api="1.5",
            date="2026-09-10",
            path="v1.6/istio-istio/1.31.0-default-report.yaml",
            supported=named(
                "BackendTLSPolicy GatewayHTTPListenerIsolation GatewayInfrastructurePropagation GRPCRoute "
                "HTTPRoute303RedirectStatusCode HTTPRoute307RedirectStatusCode HTTPRoute308RedirectStatusCode "
                "HTTPRouteBackendProtocolH2C HTTPRouteBackendProtocolWebSocket "
                "HTTPRouteBackendRequestHeaderModification HTTPRouteBackendTimeout HTTPRouteHostRewrite "
                "HTTPRouteMethodMatching HTTPRoutePathRedirect HTTPRoutePathRewrite HTTPRoutePortRedirect "
                "HTTPRouteQueryParamMatching HTTPRouteRequestMirror HTTPRouteRequestTimeout "
                "HTTPRouteResponseHeaderModification HTTPRouteSchemeRedirect TLSRoute"
            ),
        ),
    ),
)
"""The application routing add-on of AKS."""
