"""AWS Load Balancer Controller: an Application Load Balancer for each Gateway."""

from ..conformance import CERTIFICATES, REQUEST_HEADERS, Report, named
from ..implementation import ImplementationModule

__all__ = ["MODULE"]

MODULE = ImplementationModule(
    name="aws",
    title="AWS Load Balancer Controller",
    controller_name="gateway.k8s.aws/alb",
    reports=(
        Report(
            version="3.5",
            gateway_api="1.6",
            date="2026-07-24",
            path="v1.6/aws-load-balancer-controller/conformance-report.yaml",
            supported=named("HTTPRouteMethodMatching HTTPRoutePortRedirect ListenerSet"),
            missing=frozenset({REQUEST_HEADERS, CERTIFICATES}),
        ),
    ),
    peers_hint="Requests come from the subnets of the load balancer.",
)
"""AWS Load Balancer Controller."""
