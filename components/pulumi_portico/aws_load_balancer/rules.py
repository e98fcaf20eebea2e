"""The rules that Elastic Load Balancing's API has for names, hosts, paths and headers.

Sources: the AWS API reference of Elastic Load Balancing v2 (CreateLoadBalancer, CreateTargetGroup,
RuleCondition), and the user guides' pages on quotas and listener rules.
"""

import ipaddress
import re
from typing import Optional

from ..errors import Refusal
from ..values import Rule, some

__all__ = [
    "address",
    "arn",
    "header_name",
    "host_name",
    "not_empty",
    "resource_id",
    "route_host",
    "route_path",
]

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
_HOST_LENGTH = 128
_PATH_LENGTH = 128
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(\*\.)?({_LABEL}\.)+{_LABEL}")


def host_name(value: str) -> Optional[Refusal]:
    """A host's name, as certificates and DNS have it; its first label may be `*`."""
    if _HOST.fullmatch(value) and len(value) <= _HOST_LENGTH:
        return None
    fix = f'write "{value.lower()}"' if value != value.lower() and _HOST.fullmatch(value.lower()) else ""
    allowed = "a DNS name in lower case, such as shop.example.com or *.example.com, 128 characters at most"
    return Refusal("is not a host's name", allowed, fix)


def route_host(value: str) -> Optional[Refusal]:
    """The host that a route is for (RuleCondition, `host-header`: 128 characters at most; user guide, "Host
    conditions": nothing but letters after the last dot, so that no top-level domain in Punycode can be told)."""
    refusal = host_name(value)
    if refusal is None and not value.rpartition(".")[2].isalpha():
        return Refusal("is a host that AWS's rules cannot be for", "letters alone after the last dot")
    return refusal


def route_path(value: str) -> Optional[Refusal]:
    """The path that a route is for (RuleCondition, `path-pattern`: 128 characters; `*` and `?` are wildcards there)."""
    allowed = "a slash, then letters, digits and _-.$/~\"'@:+&, 126 characters at most"
    if "*" in value or "?" in value:
        fix = f'write "{value.rstrip("*?/") or "/"}": a path is a prefix, by whole elements, unless exact is true'
        return Refusal("holds a wildcard, which a route does not take", allowed, fix)
    # A prefix is told with `/*` behind it.
    if re.fullmatch(r"/[A-Za-z0-9_.$/~\"'@:+&-]*", value) and len(value) <= _PATH_LENGTH - 2 and "//" not in value:
        return None
    return Refusal("is not a path of a route", allowed, "" if value.startswith("/") else f'write "/{value}"')


def header_name(value: str) -> Optional[Refusal]:
    """A header that a route looks at (RuleCondition, `http-header`: 40 characters, no wildcards, not Host)."""
    if value.lower() == "host":
        return Refusal("is matched as the route's host", "any other header", "write it as host")
    if re.fullmatch(r"[A-Za-z0-9!#$%&'+.^_`|~-]{1,40}", value):
        return None
    return Refusal("is not the name of a header", "letters, digits and hyphens, 40 characters at most")


def arn(service: str, what: str) -> Rule:
    """The rule of an ARN of one service."""

    def rule(value: str) -> Optional[Refusal]:
        if re.fullmatch(rf"arn:[a-z-]+:{service}:[a-z0-9-]*:[0-9]*:.+", value):
            return None
        return Refusal(f"is not the ARN of {what}", f"an ARN of {what}: arn:aws:{service}:...")

    return rule


def resource_id(prefix: str, what: str) -> Rule:
    """The rule of an id of EC2."""

    def rule(value: str) -> Optional[Refusal]:
        if re.fullmatch(rf"{prefix}-[0-9a-z-]+", value):
            return None
        return Refusal(f"is not the id of {what}", f"an id of {what}, such as {prefix}-0123456789abcdef0")

    return rule


not_empty = some()
"""A list or mapping that says something."""


def address(value: str) -> Optional[Refusal]:
    """An IPv4 address that a target may have (CreateTargetGroup: of the VPC, RFC 1918 or RFC 6598)."""
    try:
        known = ipaddress.IPv4Address(value)
    except ValueError:
        known = None
    if known is not None and any(known in ipaddress.ip_network(it) for it in _PRIVATE):
        return None
    return Refusal("is not a private IPv4 address", f"an address of {', '.join(_PRIVATE)}")
