"""The settings of an `Exposure` that several platforms support: health checks, TLS, and access logs."""

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.elsewhere import SWITCHED_ON, moved_to, table
from ..args.names import port_name, port_number
from ..args.parse import Field, Rules
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import http_path, whole_number
from ..load_balancers import bucket_name, status_codes, tls_policy_name
from .annotation_text import LIST, without_separators

__all__ = [
    "NODE_PORT",
    "RULES",
    "AccessLogs",
    "AccessLogsSpec",
    "AlpnPolicy",
    "AlpnPolicyLike",
    "BalancerTls",
    "BalancerTlsSpec",
    "HealthCheck",
    "HealthCheckSpec",
    "HealthProtocol",
    "HealthProtocolLike",
]


class HealthProtocol(str, Enum):
    """How a load balancer checks the health of a target."""

    TCP = "tcp"
    """Whether the port accepts connections."""

    HTTP = "http"
    """An HTTP request."""

    HTTPS = "https"
    """An HTTPS request. The load balancer doesn't verify the certificate."""


if TYPE_CHECKING:
    HealthProtocolLike: TypeAlias = HealthProtocol | Literal["tcp", "http", "https"]
else:
    HealthProtocolLike = HealthProtocol


class HealthCheck(TypedDict):
    """How the load balancer checks the health of a target.

    If `client_ip` is preserve and the targets are nodes (everywhere except AWS ip targets), each node reports the
    health of its own pods, and you can't choose protocol, port, and path.
    """

    protocol: NotRequired[HealthProtocolLike]
    """The protocol of the check. Plain. Default: http if there is a path, else tcp."""

    path: NotRequired[pulumi.Input[str]]
    """The path of the HTTP or HTTPS request. Default: /."""

    port: NotRequired[int]
    """The port (1 to 65535) to check: of the pods for AWS ip targets, of the nodes for instance targets. Plain.
    Default: the port that connections go to. Required for UDP on AWS."""

    interval: NotRequired[pulumi.Input[int]]
    """Seconds between two checks. AWS: 5 to 300. Azure: 5 or more. Default: the platform's default."""

    timeout: NotRequired[pulumi.Input[int]]
    """Seconds to wait for a response. AWS: 2 to 120. Default: the platform's default."""

    healthy: NotRequired[pulumi.Input[int]]
    """The number of successful checks in a row after which a target is healthy. AWS: 2 to 10. Default: the platform's
    default."""

    unhealthy: NotRequired[pulumi.Input[int]]
    """The number of failed checks in a row after which a target is unhealthy. AWS: 2 to 10. Azure: 2 or more. Default:
    the platform's default."""

    success_codes: NotRequired[pulumi.Input[str]]
    """The HTTP status codes of a successful check, such as 200-399 or 200,204. Default: the platform's default."""

    node_port: NotRequired[int]
    """The port of the nodes (30000 to 32767) where each node reports the health of its own pods, if `client_ip` is
    preserve. Kubernetes assigns ports up to 30085 to other Services only if no other port is free. Plain; a change
    replaces the load balancer. Default: Kubernetes picks one. Maps to `healthCheckNodePort`."""


_NAMES_OF_HEALTH_CHECK = table(
    {
        "healthyThreshold": moved_to("healthy"),
        "unhealthyThreshold": moved_to("unhealthy"),
        "failureThreshold": moved_to("unhealthy"),
        "successThreshold": moved_to("healthy"),
        "intervalSeconds": moved_to("interval"),
        "periodSeconds": moved_to("interval"),
        "timeoutSeconds": moved_to("timeout"),
        "matcher": moved_to("success_codes"),
        "healthCheckNodePort": moved_to("node_port"),
        "enabled": SWITCHED_ON,
    }
)
"""Other tools' names for the fields of `HealthCheck`."""


@spec(HealthCheck, elsewhere=_NAMES_OF_HEALTH_CHECK)
class HealthCheckSpec(Spec):
    """A parsed `HealthCheck`."""

    protocol: Optional[HealthProtocol] = None
    path: Optional[pulumi.Input[str]] = None
    port: Optional[int] = None
    interval: Optional[pulumi.Input[int]] = None
    timeout: Optional[pulumi.Input[int]] = None
    healthy: Optional[pulumi.Input[int]] = None
    unhealthy: Optional[pulumi.Input[int]] = None
    success_codes: Optional[pulumi.Input[str]] = None
    node_port: Optional[int] = None


class AlpnPolicy(str, Enum):
    """Which version of HTTP the TLS handshake negotiates."""

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
    AlpnPolicyLike: TypeAlias = (
        AlpnPolicy | Literal["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"]
    )
else:
    AlpnPolicyLike = AlpnPolicy


class BalancerTls(TypedDict):
    """TLS that terminates at the load balancer, with certificates from AWS Certificate Manager."""

    certificates: Sequence[pulumi.Input[str]]
    """The ARNs of the certificates in AWS Certificate Manager. Clients that don't send a host name get the first one.
    Its length is plain."""

    ports: NotRequired[Sequence[str]]
    """The names of the ports that use TLS. Plain. Default: every TCP port."""

    policy: NotRequired[pulumi.Input[str]]
    """The security policy: TLS versions and ciphers. Default: the one that AWS recommends,
    ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09. The default of AWS's API is from 2016."""

    alpn: NotRequired[AlpnPolicyLike]
    """Which version of HTTP the TLS handshake negotiates. Plain. Default: none."""

    encrypt_to_pods: NotRequired[bool]
    """Whether the load balancer also uses TLS to the pods. It doesn't verify their certificates. Plain. Default:
    false."""


@spec(BalancerTls)
class BalancerTlsSpec(Spec):
    """A parsed `BalancerTls`."""

    certificates: Sequence[pulumi.Input[str]]
    ports: Optional[Sequence[str]] = None
    policy: Optional[pulumi.Input[str]] = None
    alpn: Optional[AlpnPolicy] = None
    encrypt_to_pods: Optional[bool] = None


class AccessLogs(TypedDict):
    """Where the load balancer writes a log of its connections."""

    bucket: pulumi.Input[str]
    """The S3 bucket. Its policy must allow the load balancer to write."""

    prefix: NotRequired[pulumi.Input[str]]
    """The folder of the logs in the bucket. Default: none."""


@spec(AccessLogs)
class AccessLogsSpec(Spec):
    """A parsed `AccessLogs`."""

    bucket: pulumi.Input[str]
    prefix: Optional[pulumi.Input[str]] = None


# Each platform has limits of its own.
_SECONDS = Field(whole_number(1, what=SECONDS, is_suggested=False))
_CHECKS = Field(whole_number(1, what="a number of checks", is_suggested=False))
NODE_PORT = whole_number(30000, 32767, "a port of Kubernetes' node port range")
"""The rule of a port of the nodes: the default range of the API server."""

RULES: Rules = {
    HealthCheck: {
        "path": Field(http_path),
        "port": Field(port_number),
        "interval": _SECONDS,
        "timeout": _SECONDS,
        "healthy": _CHECKS,
        "unhealthy": _CHECKS,
        "success_codes": Field(status_codes),
        "node_port": Field(NODE_PORT),
    },
    BalancerTls: {"certificates": LIST, "ports": Field(items=port_name), "policy": Field(tls_policy_name)},
    AccessLogs: {
        "bucket": Field(bucket_name),
        "prefix": Field(without_separators("the name of a folder")),
    },
}
"""What the fields of the settings must satisfy, whatever the platform."""
