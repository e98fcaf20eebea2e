"""`AwsLoadBalancer`: a load balancer that Pulumi owns, made of AWS's own resources."""

from .args import AwsExisting, AwsLoadBalancerArgs, AwsQuotas, AwsSource
from .authentication import AwsAuthentication, AwsCognito, AwsOidc, AwsUnauthenticated
from .choices import (
    AwsAlgorithm,
    AwsAlpnPolicy,
    AwsBalancerKind,
    AwsBindingController,
    AwsClientCertificateMode,
    AwsDesyncMode,
    AwsForwardedFor,
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
from .private_link import AwsPrivateLink
from .routes import AwsFixedResponse, AwsRedirect, AwsRoute
from .target_binding import TargetBinding, TargetBindingArgs
from .target_group import AwsHealthCheck, AwsTarget

__all__ = [
    "AwsAlgorithm",
    "AwsAlpnPolicy",
    "AwsAuthentication",
    "AwsBalancerKind",
    "AwsBindingController",
    "AwsClientCertificateMode",
    "AwsClientCertificates",
    "AwsCognito",
    "AwsDesyncMode",
    "AwsExisting",
    "AwsFixedResponse",
    "AwsForwardedFor",
    "AwsFrameOptions",
    "AwsHealthCheck",
    "AwsHost",
    "AwsListener",
    "AwsListenerProtocol",
    "AwsLoadBalancer",
    "AwsLoadBalancerArgs",
    "AwsLogs",
    "AwsOidc",
    "AwsPriorities",
    "AwsPrivateLink",
    "AwsQuotas",
    "AwsRedirect",
    "AwsResponseHeaders",
    "AwsRoute",
    "AwsSource",
    "AwsTarget",
    "AwsTargetProtocol",
    "AwsTlsPolicy",
    "AwsTrustBundle",
    "AwsUnauthenticated",
    "AwsVersion",
    "TargetBinding",
    "TargetBindingArgs",
]
