"""Google Kubernetes Engine: an application load balancer of Google Cloud for each Gateway."""

from ..conformance import Report, named
from ..implementation import ImplementationModule

__all__ = ["MODULE"]

MODULE = ImplementationModule(
    name="gke",
    title="GKE Gateway",
    controller_name="networking.gke.io/gateway",
    reports=(
        Report(
            version="1.36",
            gateway_api="1.6",
            date="2026-07-23",
            path="v1.6/gke-gateway/v1.6.0-gke-report.yaml",
            supported=named(
                "BackendTLSPolicy BackendTLSPolicySANValidation GatewayBackendClientCertificate "
                "GatewayFrontendClientCertificateValidation HTTPRouteHostRewrite HTTPRoutePathRedirect "
                "HTTPRouteQueryParamMatching HTTPRouteRequestMirror HTTPRouteResponseHeaderModification "
                "HTTPRouteSchemeRedirect"
            ),
        ),
    ),
    peers_hint="Health checks come from 35.191.0.0/16 and 130.211.0.0/22, and so do requests of global load balancers. "
    "Those of regional ones come from your proxy-only subnet.",
)
"""GKE Gateway."""
