"""kgateway: a data plane of its own for each Gateway."""

from ..conformance import Report, named
from ..implementation import ImplementationModule, pods_of_gateway

__all__ = ["MODULE"]


MODULE = ImplementationModule(
    name="kgateway",
    title="kgateway",
    controller_name="kgateway.dev/kgateway",
    class_name="kgateway",
    peers=pods_of_gateway,
    reports=(
        Report(
            version="2.4",
            gateway_api="1.6",
            date="2026-09-21",
            path="v1.6/kgateway/v2.4.5-report.yaml",
            supported=named(
                "BackendTLSPolicy BackendTLSPolicySANValidation GatewayBackendClientCertificate "
                "GatewayFrontendClientCertificateValidation GatewayHTTPListenerIsolation "
                "GatewayInfrastructurePropagation GatewayStaticAddresses GRPCRoute HTTPRoute303RedirectStatusCode "
                "HTTPRoute307RedirectStatusCode HTTPRoute308RedirectStatusCode HTTPRouteBackendProtocolH2C "
                "HTTPRouteBackendProtocolWebSocket HTTPRouteBackendRequestHeaderModification HTTPRouteBackendTimeout "
                "HTTPRouteCORS HTTPRouteHostRewrite HTTPRouteMethodMatching HTTPRoutePathRedirect "
                "HTTPRoutePathRewrite HTTPRoutePortRedirect HTTPRouteQueryParamMatching HTTPRouteRequestMirror "
                "HTTPRouteRequestTimeout HTTPRouteResponseHeaderModification HTTPRouteRetry HTTPRouteSchemeRedirect "
                "ListenerSet TCPRoute TLSRoute"
            ),
        ),
    ),
)
"""kgateway."""
