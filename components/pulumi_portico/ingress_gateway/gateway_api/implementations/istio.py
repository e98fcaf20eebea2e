"""Istio: a data plane of its own for each Gateway."""

from ..conformance import Report, named
from ..implementation import ImplementationModule, pods_of_gateway

__all__ = ["MODULE"]


MODULE = ImplementationModule(
    name="istio",
    title="Istio",
    controller_name="istio.io/gateway-controller",
    class_name="istio",
    peers=pods_of_gateway,
    reports=(
        Report(
            version="1.31",
            gateway_api="1.6",
            date="2026-09-10",
            path="v1.6/istio-istio/1.31.0-default-report.yaml",
            supported=named(
                "BackendTLSPolicy BackendTLSPolicySANValidation GatewayFrontendClientCertificateValidation "
                "GatewayHTTPListenerIsolation GatewayInfrastructurePropagation GatewayStaticAddresses GRPCRoute "
                "HTTPRoute303RedirectStatusCode HTTPRoute307RedirectStatusCode HTTPRoute308RedirectStatusCode "
                "HTTPRouteBackendProtocolH2C HTTPRouteBackendProtocolWebSocket "
                "HTTPRouteBackendRequestHeaderModification HTTPRouteBackendTimeout HTTPRouteCORS HTTPRouteHostRewrite "
                "HTTPRouteMethodMatching HTTPRoutePathRedirect HTTPRoutePathRewrite HTTPRoutePortRedirect "
                "HTTPRouteQueryParamMatching HTTPRouteRequestMirror HTTPRouteRequestTimeout "
                "HTTPRouteResponseHeaderModification HTTPRouteRetry HTTPRouteSchemeRedirect ListenerSet TCPRoute "
                "TLSRoute"
            ),
        ),
    ),
)
"""Istio."""
