"""The choices that a load balancer owned by Pulumi has: kinds, protocols, policies, by AWS's own words."""

from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

__all__ = [
    "AwsAlgorithm",
    "AwsAlgorithmLike",
    "AwsAlpnPolicy",
    "AwsAlpnPolicyLike",
    "AwsBalancerKind",
    "AwsBalancerKindLike",
    "AwsBindingController",
    "AwsBindingControllerLike",
    "AwsClientCertificateMode",
    "AwsClientCertificateModeLike",
    "AwsDesyncMode",
    "AwsDesyncModeLike",
    "AwsForwardedFor",
    "AwsForwardedForLike",
    "AwsFrameOptions",
    "AwsFrameOptionsLike",
    "AwsListenerProtocol",
    "AwsListenerProtocolLike",
    "AwsTargetProtocol",
    "AwsTargetProtocolLike",
    "AwsTlsPolicy",
    "AwsTlsPolicyLike",
    "AwsVersion",
    "AwsVersionLike",
]


class AwsBalancerKind(str, Enum):
    """What kind of load balancer it is. Maps to `load_balancer_type`."""

    APPLICATION = "application"
    """An Application Load Balancer: HTTP, with routes by host and path."""

    NETWORK = "network"
    """A Network Load Balancer: TCP, UDP and TLS, one target (or several by weight) for each port."""


if TYPE_CHECKING:
    AwsBalancerKindLike: TypeAlias = AwsBalancerKind | Literal["application", "network"]
else:
    AwsBalancerKindLike = AwsBalancerKind


class AwsListenerProtocol(str, Enum):
    """What clients speak to a listener. Maps to `protocol`."""

    HTTP = "http"
    """HTTP in plain text; Application Load Balancers."""

    HTTPS = "https"
    """HTTP over TLS that ends at the load balancer; Application Load Balancers."""

    TCP = "tcp"
    """TCP; Network Load Balancers."""

    TLS = "tls"
    """TLS that ends at the load balancer; Network Load Balancers."""

    UDP = "udp"
    """UDP; Network Load Balancers."""

    TCP_UDP = "tcp-udp"
    """TCP and UDP on one port, as DNS has it; Network Load Balancers."""


if TYPE_CHECKING:
    AwsListenerProtocolLike: TypeAlias = AwsListenerProtocol | Literal["http", "https", "tcp", "tls", "udp", "tcp-udp"]
else:
    AwsListenerProtocolLike = AwsListenerProtocol


class AwsTargetProtocol(str, Enum):
    """What the load balancer speaks to targets. Maps to the target group's `protocol`."""

    HTTP = "http"
    """HTTP in plain text; Application Load Balancers."""

    HTTPS = "https"
    """HTTP over TLS, whose certificate is not looked at; Application Load Balancers."""

    TCP = "tcp"
    """TCP; Network Load Balancers."""

    TLS = "tls"
    """TLS, whose certificate is not looked at; Network Load Balancers."""

    UDP = "udp"
    """UDP; Network Load Balancers."""

    TCP_UDP = "tcp-udp"
    """TCP and UDP on one port; Network Load Balancers."""


if TYPE_CHECKING:
    AwsTargetProtocolLike: TypeAlias = AwsTargetProtocol | Literal["http", "https", "tcp", "tls", "udp", "tcp-udp"]
else:
    AwsTargetProtocolLike = AwsTargetProtocol


class AwsVersion(str, Enum):
    """Which HTTP the load balancer speaks to targets. Maps to `protocol_version`."""

    HTTP1 = "http1"
    """HTTP/1.1, whatever clients speak."""

    HTTP2 = "http2"
    """HTTP/2."""

    GRPC = "grpc"
    """gRPC, with health by gRPC status."""


if TYPE_CHECKING:
    AwsVersionLike: TypeAlias = AwsVersion | Literal["http1", "http2", "grpc"]
else:
    AwsVersionLike = AwsVersion


class AwsTlsPolicy(str, Enum):
    """Which TLS versions and ciphers are spoken (AWS documentation, "Security policies"). Maps to `ssl_policy`."""

    PQ = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    """TLS 1.2 and 1.3, forward secrecy, and key exchange that a quantum computer does not break; what AWS
    recommends."""

    PQ_TLS13 = "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09"
    """The same, TLS 1.3 alone."""

    PQ_FIPS = "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09"
    """TLS 1.2 and 1.3 by a library that is validated by FIPS 140."""

    PQ_FIPS_TLS13 = "ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09"
    """The same, TLS 1.3 alone."""

    RESTRICTED = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    """TLS 1.2 and 1.3 with forward secrecy, without post-quantum key exchange."""

    TLS13 = "ELBSecurityPolicy-TLS13-1-3-2021-06"
    """TLS 1.3 alone, without post-quantum key exchange."""

    WIDE = "ELBSecurityPolicy-TLS13-1-2-2021-06"
    """TLS 1.2 and 1.3 with CBC ciphers too, for old clients."""


if TYPE_CHECKING:
    AwsTlsPolicyLike: TypeAlias = (
        AwsTlsPolicy
        | Literal[
            "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
            "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
            "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09",
            "ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09",
            "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
            "ELBSecurityPolicy-TLS13-1-3-2021-06",
            "ELBSecurityPolicy-TLS13-1-2-2021-06",
        ]
    )
else:
    AwsTlsPolicyLike = AwsTlsPolicy


class AwsDesyncMode(str, Enum):
    """What is done about requests that could be read in two ways. Maps to `desync_mitigation_mode`."""

    DEFENSIVE = "defensive"
    """Ambiguous ones are let through, each on a connection of its own; dangerous ones are refused."""

    STRICTEST = "strictest"
    """Whatever does not keep to the standard is refused."""

    MONITOR = "monitor"
    """All are let through, and counted."""


if TYPE_CHECKING:
    AwsDesyncModeLike: TypeAlias = AwsDesyncMode | Literal["defensive", "strictest", "monitor"]
else:
    AwsDesyncModeLike = AwsDesyncMode


class AwsForwardedFor(str, Enum):
    """What targets receive as `X-Forwarded-For`. Maps to `xff_header_processing_mode`."""

    APPEND = "append"
    """What the client sends, and then the client's address. A target can trust only the last address."""

    PRESERVE = "preserve"
    """What the client sends, unchanged: it can claim to be any client."""

    REMOVE = "remove"
    """Nothing."""


if TYPE_CHECKING:
    AwsForwardedForLike: TypeAlias = AwsForwardedFor | Literal["append", "preserve", "remove"]
else:
    AwsForwardedForLike = AwsForwardedFor


class AwsAlpnPolicy(str, Enum):
    """Which version of HTTP the TLS handshake negotiates. Maps to `alpn_policy`."""

    HTTP1_ONLY = "HTTP1Only"
    """HTTP/1.1 and HTTP/1.0."""

    HTTP2_ONLY = "HTTP2Only"
    """HTTP/2."""

    HTTP2_OPTIONAL = "HTTP2Optional"
    """HTTP/1.1 if the client supports it, else HTTP/2."""

    HTTP2_PREFERRED = "HTTP2Preferred"
    """HTTP/2 if the client supports it, else HTTP/1.1."""

    NONE = "None"
    """The handshake doesn't negotiate a version."""


if TYPE_CHECKING:
    AwsAlpnPolicyLike: TypeAlias = (
        AwsAlpnPolicy | Literal["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"]
    )
else:
    AwsAlpnPolicyLike = AwsAlpnPolicy


class AwsBindingController(str, Enum):
    """What reads TargetGroupBindings in the cluster: each controller has an API group of its own."""

    LOAD_BALANCER_CONTROLLER = "load-balancer-controller"
    """The AWS Load Balancer Controller (2.6 and newer): `elbv2.k8s.aws/v1beta1`."""

    AUTO_MODE = "auto-mode"
    """EKS Auto Mode: `eks.amazonaws.com/v1`."""

    @property
    def api_version(self) -> str:
        """The API group and version of its TargetGroupBindings."""
        return "eks.amazonaws.com/v1" if self is AwsBindingController.AUTO_MODE else "elbv2.k8s.aws/v1beta1"


if TYPE_CHECKING:
    AwsBindingControllerLike: TypeAlias = AwsBindingController | Literal["load-balancer-controller", "auto-mode"]
else:
    AwsBindingControllerLike = AwsBindingController


class AwsAlgorithm(str, Enum):
    """How a target is chosen. Maps to `load_balancing_algorithm_type`."""

    ROUND_ROBIN = "round_robin"
    """In turn."""

    LEAST_OUTSTANDING = "least_outstanding_requests"
    """The one with the fewest requests under way."""

    RANDOM = "weighted_random"
    """At random, and less often one with unusual responses (anomaly mitigation)."""


if TYPE_CHECKING:
    AwsAlgorithmLike: TypeAlias = AwsAlgorithm | Literal["round_robin", "least_outstanding_requests", "weighted_random"]
else:
    AwsAlgorithmLike = AwsAlgorithm


class AwsClientCertificateMode(str, Enum):
    """What is done with clients' certificates. Maps to `mutual_authentication.mode`."""

    VERIFY = "verify"
    """A client without one that the trust store vouches for is refused."""

    PASSTHROUGH = "passthrough"
    """They are handed to the target, in a header, unchecked."""


if TYPE_CHECKING:
    AwsClientCertificateModeLike: TypeAlias = AwsClientCertificateMode | Literal["verify", "passthrough"]
else:
    AwsClientCertificateModeLike = AwsClientCertificateMode


class AwsFrameOptions(str, Enum):
    """Whether pages may be shown inside others. Maps to the header X-Frame-Options."""

    DENY = "DENY"
    """Nowhere."""

    SAME_ORIGIN = "SAMEORIGIN"
    """On the site's own pages."""


if TYPE_CHECKING:
    AwsFrameOptionsLike: TypeAlias = AwsFrameOptions | Literal["DENY", "SAMEORIGIN"]
else:
    AwsFrameOptionsLike = AwsFrameOptions
