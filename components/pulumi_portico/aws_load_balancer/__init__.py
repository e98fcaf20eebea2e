"""`AwsLoadBalancer`: a load balancer that Pulumi owns, made of AWS's own resources."""

from .args import AwsExisting, AwsLoadBalancerArgs, AwsQuotas, AwsSource
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
from .component import AwsLoadBalancer
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
    "AwsLoadBalancerArgs",
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
