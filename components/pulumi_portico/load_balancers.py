"""The terms that every load balancer of the library shares: who can reach it, and what its targets see of clients."""

import re
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

from .args.codes import define
from .args.names import NAME_TOO_LONG
from .args.parse import Rule
from .args.problems import ABSENT, Reason
from .args.synonyms import synonyms

__all__ = [
    "EVERYONE",
    "NAME_LENGTH",
    "PRIVATE_ADDRESSES",
    "ClientIp",
    "ClientIpLike",
    "IpAddressType",
    "IpAddressTypeLike",
    "Scope",
    "ScopeLike",
    "bucket_name",
    "former_address_family",
    "http_or_grpc_codes",
    "load_balancer_name",
    "resource_id",
    "status_codes",
    "tls_policy_name",
]

PRIVATE_ADDRESSES: Sequence[str] = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""The ranges of private networks (RFC 1918, RFC 6598, RFC 4193). No client on the internet connects from them."""

EVERYONE: Sequence[str] = ("0.0.0.0/0", "::/0")
"""Every address."""

NAME_LENGTH = 32
"""The longest name of a load balancer, target group, or trust store (CreateLoadBalancer, `Name`)."""

_RESERVED_PREFIX = "internal-"

INVALID_LOAD_BALANCER_NAME = define(
    "invalid-load-balancer-name",
    "{value} isn't a valid name for a load balancer.",
    allowed="letters, digits, and hyphens, starting and ending with a letter or digit, at most {most} characters",
)
RESERVED_LOAD_BALANCER_NAME = define(
    "reserved-load-balancer-name",
    "AWS reserves names that start with {prefix}, such as {value}.",
    allowed="any other name",
)
INVALID_ID = define("invalid-aws-id", "{value} isn't the ID of {what}.", allowed="an ID such as {example}")
INVALID_BUCKET_NAME = define(
    "invalid-bucket-name",
    "{value} isn't the name of a bucket.",
    allowed="letters, digits, hyphens, dots, and underscores, at most {most} characters",
)
INVALID_TLS_POLICY = define(
    "invalid-tls-policy",
    "{value} isn't the name of a security policy.",
    allowed="letters, digits, and hyphens, at most {most} characters, such as {example}",
)
INVALID_CODES = define(
    "invalid-codes",
    "{value} isn't a list of HTTP or gRPC status codes.",
    allowed="codes and ranges of codes, such as 200-399 or 200,204; for gRPC, from 0 to 99",
)
INVALID_STATUS_CODES = define(
    "invalid-status-codes",
    "{value} isn't a list of HTTP status codes.",
    allowed="codes and ranges of codes from 100 to 599, such as 200-399 or 200,204",
)


class Scope(str, Enum):
    """Who can reach the load balancer."""

    INTERNET = "internet"
    """Clients on the internet, if `allowed_sources` includes their address."""

    INTERNAL = "internal"
    """Clients in the platform's private network, and in networks that are connected to it."""


if TYPE_CHECKING:
    ScopeLike: TypeAlias = Scope | Literal["internet", "internal"]
else:
    ScopeLike = Scope


synonyms(Scope, {Scope.INTERNET: "public external internet-facing", Scope.INTERNAL: "private"})


class ClientIp(str, Enum):
    """What the pods see of the client's address."""

    PRESERVE = "preserve"
    """Connections reach the pods from the client's own address."""

    PROXY_PROTOCOL = "proxy-protocol"
    """The load balancer sends the client's address ahead of the client's data, in the PROXY protocol. The pods must
    read it."""

    HIDE = "hide"
    """Nothing: connections reach the pods from the load balancer or from a node. This spreads connections most
    evenly."""


if TYPE_CHECKING:
    ClientIpLike: TypeAlias = ClientIp | Literal["preserve", "proxy-protocol", "hide"]
else:
    ClientIpLike = ClientIp


class IpAddressType(str, Enum):
    """Which IP addresses the load balancer has."""

    IPV4 = "ipv4"
    """Only IPv4."""

    IPV6 = "ipv6"
    """Only IPv6."""

    DUALSTACK = "dualstack"
    """IPv4 and IPv6."""


if TYPE_CHECKING:
    IpAddressTypeLike: TypeAlias = IpAddressType | Literal["ipv4", "ipv6", "dualstack"]
else:
    IpAddressTypeLike = IpAddressType


_FORMER_ADDRESS_FAMILIES = {"IPv4": IpAddressType.IPV4, "IPv6": IpAddressType.IPV6, "dual": IpAddressType.DUALSTACK}


def former_address_family(value: Any) -> tuple[str, Any]:
    """`address_family`, as arguments had it formerly, by the name and the value that it has today."""
    known = _FORMER_ADDRESS_FAMILIES.get(value) if isinstance(value, str) else None
    return "ip_address_type", value if known is None else known.value


def load_balancer_name(value: str) -> Optional[Reason]:
    """The name of a load balancer, as AWS allows it. No other platform has such a name."""
    unreserved = re.sub(rf"^({_RESERVED_PREFIX})+", "", value)
    slug = re.sub(r"[^A-Za-z0-9-]+", "-", unreserved).strip("-")[:NAME_LENGTH].rstrip("-")
    if value.startswith(_RESERVED_PREFIX):
        return Reason(RESERVED_LOAD_BALANCER_NAME, {"prefix": _RESERVED_PREFIX}, slug or ABSENT)
    if len(value) > NAME_LENGTH:
        return Reason(NAME_TOO_LONG, {"excess": len(value) - NAME_LENGTH, "most": NAME_LENGTH}, slug or ABSENT)
    if re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", value):
        return None
    return Reason(INVALID_LOAD_BALANCER_NAME, {"most": NAME_LENGTH}, slug or ABSENT)


def status_codes(value: str) -> Optional[Reason]:
    """A list of HTTP status codes, and of ranges of them."""
    return None if _is_list_of("[1-5][0-9]{2}", value) else Reason(INVALID_STATUS_CODES)


def http_or_grpc_codes(value: str) -> Optional[Reason]:
    """A list of HTTP status codes or of gRPC's codes, and of ranges of them."""
    return None if _is_list_of("[0-9]{1,3}", value) else Reason(INVALID_CODES)


def _is_list_of(code: str, value: str) -> bool:
    item = f"{code}(-{code})?"
    return re.fullmatch(f"{item}(,{item})*", value) is not None


_ID_LENGTH = 255
"""The longest ID in the models of AWS's APIs, such as mwaa's `SecurityGroupId`; EC2's own model has no length."""


def resource_id(prefix: str, what: str) -> Rule:
    """The rule of an ID of EC2."""
    pattern = re.compile(rf"{prefix}-[0-9a-z-]+")

    def rule(value: str) -> Optional[Reason]:
        if len(value) <= _ID_LENGTH and pattern.fullmatch(value):
            return None
        return Reason(INVALID_ID, {"what": what, "example": f"{prefix}-0123456789abcdef0"})

    return rule


_BUCKET_LENGTH = 255
_BUCKET = re.compile(r"[a-zA-Z0-9.\-_]+")
"""What AWS's SDK accepts (botocore.handlers, `VALID_BUCKET`); old buckets have such names."""


def bucket_name(value: str) -> Optional[Reason]:
    """The name of an S3 bucket."""
    if len(value) <= _BUCKET_LENGTH and _BUCKET.fullmatch(value):
        return None
    return Reason(INVALID_BUCKET_NAME, {"most": _BUCKET_LENGTH})


_POLICY_LENGTH = 100
_POLICY = re.compile(r"[A-Za-z0-9-]+")


def tls_policy_name(value: str) -> Optional[Reason]:
    """The name of a load balancer's security policy.

    The models of Elastic Load Balancing have no pattern, so this is that of AWS Transfer's `SecurityPolicyName`.
    """
    if len(value) <= _POLICY_LENGTH and _POLICY.fullmatch(value):
        return None
    return Reason(INVALID_TLS_POLICY, {"most": _POLICY_LENGTH, "example": "ELBSecurityPolicy-TLS13-1-2-2021-06"})
