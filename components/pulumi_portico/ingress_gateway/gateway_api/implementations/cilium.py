"""Cilium: an Envoy on each node."""

from ..conformance import Report, named
from ..implementation import ImplementationModule

__all__ = ["MODULE"]

MODULE = ImplementationModule(
    name="cilium",
    title="Cilium",
    controller_name="io.cilium/gateway-controller",
    class_name="cilium",
    reports=(
        Report(
            version="1.20",
            gateway_api="1.6",
            date="2026-07-31",
            path="v1.6/cilium/standard-v1.20.0-default-report.yaml",
            supported=named(
                "BackendTLSPolicy GatewayHTTPListenerIsolation GatewayInfrastructurePropagation "
                "GatewayStaticAddresses GRPCRoute HTTPRoute303RedirectStatusCode HTTPRoute307RedirectStatusCode "
                "HTTPRoute308RedirectStatusCode HTTPRouteBackendProtocolH2C HTTPRouteBackendProtocolWebSocket "
                "HTTPRouteBackendRequestHeaderModification HTTPRouteBackendTimeout HTTPRouteCORS HTTPRouteHostRewrite "
                "HTTPRouteMethodMatching HTTPRoutePathRedirect HTTPRoutePathRewrite HTTPRoutePortRedirect "
                "HTTPRouteQueryParamMatching HTTPRouteRequestMirror HTTPRouteRequestTimeout "
                "HTTPRouteResponseHeaderModification HTTPRouteSchemeRedirect ListenerSet TCPRoute TLSRoute UDPRoute"
            ),
        ),
    ),
    peers_hint="Its data plane has the identity reserved:ingress, which no NetworkPolicy can select. Create a "
    "CiliumNetworkPolicy with `fromEntities: [ingress]`.",
)
"""Cilium."""
