"""EKS Auto Mode: an Application Load Balancer for each Gateway. It has published no report; it is based on AWS Load
Balancer Controller."""

from dataclasses import replace

from . import aws

__all__ = ["MODULE"]

MODULE = replace(
    aws.MODULE,
    name="eks-auto",
    title="EKS Auto Mode",
    controller_name="eks.amazonaws.com/gateway-alb",
    reports=tuple(
        replace(report, version="1.36", supported=report.supported - {"ListenerSet"}) for report in aws.MODULE.reports
    ),
)
"""EKS Auto Mode."""
