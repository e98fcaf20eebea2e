"""A load balancer that Pulumi owns: AWS's own resources, which clusters join by target groups."""

from .args import AwsExisting, AwsLoadBalancer, AwsQuotas, AwsSource
from .choices import (
    AwsAlgorithm,
    AwsBalancerKind,
    AwsClientCertificateMode,
    AwsDesyncMode,
    AwsFrameOptions,
    AwsListenerProtocol,
    AwsTargetProtocol,
    AwsTlsPolicy,
    AwsVersion,
)
from .hosts import AwsHost
from .listener import AwsClientCertificates, AwsListener, AwsPriorities, AwsResponseHeaders, AwsTrustBundle
from .logs import AwsLogs
from .routes import AwsFixedResponse, AwsRedirect, AwsRoute
from .target_binding import TargetBinding, TargetBindingArgs
from .target_group import AwsHealthCheck, AwsTarget

__all__ = [
    "AwsAlgorithm",
    "AwsBalancerKind",
    "AwsClientCertificateMode",
    "AwsClientCertificates",
    "AwsDesyncMode",
    "AwsExisting",
    "AwsFixedResponse",
    "AwsFrameOptions",
    "AwsHealthCheck",
    "AwsHost",
    "AwsListener",
    "AwsListenerProtocol",
    "AwsLoadBalancer",
    "AwsLogs",
    "AwsPriorities",
    "AwsQuotas",
    "AwsRedirect",
    "AwsResponseHeaders",
    "AwsRoute",
    "AwsSource",
    "AwsTarget",
    "AwsTargetProtocol",
    "AwsTlsPolicy",
    "AwsTrustBundle",
    "AwsVersion",
    "TargetBinding",
    "TargetBindingArgs",
]
