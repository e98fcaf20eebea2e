"""NGINX Gateway Fabric: a data plane of its own for each Gateway."""

from ....args.codes import define
from ....args.problems import Problems
from ...compile_input import CompileInput
from ...resolved_routes import ResolvedRoute
from ..conformance import Report, named
from ..implementation import ImplementationModule, pods_of_gateway

__all__ = ["MODULE"]

DECODED_REWRITE = define(
    "nginx-gateway-fabric-decodes-rewrites",
    "NGINX Gateway Fabric decodes the path of a request before it replaces a prefix: the target would receive %2F as a "
    "slash, and nothing of what follows %3F.",
    allowed="the rewrite of an exact path, or no rewrite",
    hint="Serve the prefix in the application, or choose another implementation.",
)


def check(component: CompileInput, problems: Problems) -> None:
    """Report what NGINX Gateway Fabric doesn't do safely (seen with 2.6.7)."""
    for route in component.routes:
        problems.run(_check_rewrite, route)


def _check_rewrite(route: ResolvedRoute, problems: Problems) -> None:
    if route.rewrite is not None and not route.exact:
        problems.report(DECODED_REWRITE, route.at / "rewrite", value=route.spec.rewrite)


MODULE = ImplementationModule(
    name="nginx-gateway-fabric",
    title="NGINX Gateway Fabric",
    controller_name="gateway.nginx.org/nginx-gateway-controller",
    class_name="nginx",
    peers=pods_of_gateway,
    check=check,
    reports=(
        Report(
            version="2.7",
            gateway_api="1.6",
            date="2026-09-02",
            path="v1.6/nginx-nginx-gateway-fabric/experimental-2.7.0-default-report.yaml",
            supported=named(
                "BackendTLSPolicy GatewayBackendClientCertificate GatewayFrontendClientCertificateValidation "
                "GatewayHTTPListenerIsolation GatewayHTTPSListenerDetectMisdirectedRequests "
                "GatewayInfrastructurePropagation GatewayStaticAddresses GRPCRoute HTTPRoute303RedirectStatusCode "
                "HTTPRoute307RedirectStatusCode HTTPRoute308RedirectStatusCode HTTPRouteBackendProtocolH2C "
                "HTTPRouteBackendProtocolWebSocket HTTPRouteCORS HTTPRouteHostRewrite HTTPRouteMethodMatching "
                "HTTPRoutePathRedirect HTTPRoutePathRewrite HTTPRoutePortRedirect HTTPRouteQueryParamMatching "
                "HTTPRouteRequestMirror HTTPRouteResponseHeaderModification HTTPRouteSchemeRedirect ListenerSet "
                "TCPRoute TLSRoute UDPRoute"
            ),
        ),
    ),
)
"""NGINX Gateway Fabric, open source edition."""
