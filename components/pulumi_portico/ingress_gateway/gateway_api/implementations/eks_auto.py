"""EKS Auto Mode: an Application Load Balancer for each Gateway. It has published no report; it is based on AWS Load
Balancer Controller."""

from ..conformance import Report, named
from ..implementation import ImplementationModule

__all__ = ["MODULE"]

MODULE = ImplementationModule(
    name="eks-auto",
    title="EKS Auto Mode",
    controller_name="eks.amazonaws.com/gateway-alb",
    reports=(
        Report(
            version="1.36",
            gateway_api="1.6",
            date="2026-07-24",
            path="v1.6/aws-load-balancer-controller/conformance-report.yaml",
            supported=named("HTTPRouteMethodMatching HTTPRoutePortRedirect"),
            missing=frozenset({"HTTPRouteRequestHeaderModification", "HTTPSListener"}),
        ),
    ),
    peers_hint="Requests come from the subnets of the load balancer.",
)
"""EKS Auto Mode."""
