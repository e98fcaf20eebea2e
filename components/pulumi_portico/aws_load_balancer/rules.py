"""The rules that Elastic Load Balancing's API has for names, hosts, paths and headers.

Sources: the AWS API reference of Elastic Load Balancing v2 (CreateLoadBalancer, CreateTargetGroup,
RuleCondition), and the user guides' pages on quotas and listener rules.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Optional

from ..args.codes import define
from ..args.location import Field
from ..args.problems import ABSENT, Reason
from ..args.values import Rule, normal_path, some

__all__ = [
    "address",
    "arn",
    "header_name",
    "host_name",
    "not_empty",
    "route_host",
    "route_path",
    "tag_count",
    "tag_key",
    "tag_value",
]

INVALID_HOST = define(
    "invalid-alb-host-name",
    "{value} isn't a host name.",
    allowed="a DNS name in lowercase, such as shop.example.com or *.example.com, at most {most} characters",
)
INVALID_ROUTE_HOST = define(
    "invalid-route-host", "AWS has no rules for the host {value}.", allowed="only letters after the last dot"
)
ROUTE_WILDCARD = define(
    "route-path-wildcard",
    "{value} has a wildcard.",
    allowed="a path without wildcards; it matches by whole elements",
)
INVALID_ROUTE_PATH = define(
    "invalid-alb-route-path",
    "{value} isn't the path of a route.",
    allowed="a slash, then letters, digits and _-.$/~\"'@:+&, at most {most} characters",
)
HOST_HEADER = define(
    "host-header", "A route matches the header Host by its {field}.", allowed="any other header", hint="Set {field}."
)
INVALID_HEADER_NAME = define(
    "invalid-alb-header-name", "{value} isn't the name of a header.", allowed="letters, digits, and hyphens, at most 40"
)
INVALID_ARN = define("invalid-arn", "{value} isn't the ARN of {what}.", allowed="arn:aws:{service}:...")
NOT_PRIVATE = define("not-a-private-address", "{value} isn't a private IPv4 address.", allowed="an address of {ranges}")

TOO_MANY_TAGS = define("too-many-tags", "There are {count} tags.", allowed="at most {most} tags")
RESERVED_TAG = define("reserved-tag", "AWS reserves the tag {value}.", allowed="keys that don't begin with aws:")
INVALID_TAG = define(
    "invalid-tag",
    "{value} isn't valid in a tag.",
    allowed="{least} to {most} letters, digits, spaces, and characters of _ . : / = + - @",
)

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
_HOST_LENGTH = 128
_PATH_LENGTH = 128
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(\*\.)?({_LABEL}\.)+{_LABEL}")


def host_name(value: str) -> Optional[Reason]:
    """A host's name, as certificates and DNS have it; its first label may be `*`."""
    if _HOST.fullmatch(value) and len(value) <= _HOST_LENGTH:
        return None
    lower = value.lower()
    usable = lower != value and _HOST.fullmatch(lower) and len(lower) <= _HOST_LENGTH
    return Reason(INVALID_HOST, {"most": _HOST_LENGTH}, lower if usable else ABSENT)


def route_host(value: str) -> Optional[Reason]:
    """The host that a route is for (RuleCondition, `host-header`: 128 characters at most; user guide, "Host
    conditions": nothing but letters after the last dot, so that no top-level domain in Punycode can be told)."""
    reason = host_name(value)
    if reason is None and not value.rpartition(".")[2].isalpha():
        return Reason(INVALID_ROUTE_HOST)
    return reason


def route_path(value: str) -> Optional[Reason]:
    """The path that a route is for (RuleCondition, `path-pattern`: 128 characters; `*` and `?` are wildcards there)."""
    if "*" in value or "?" in value:
        prefix = value.rstrip("*?/") or "/"
        return Reason(ROUTE_WILDCARD, {}, prefix if _is_usable(prefix) else ABSENT)
    if _is_route_path(value):
        # Clients resolve these elements, so no request matches.
        return normal_path(value)
    rooted = f"/{value}"
    return Reason(INVALID_ROUTE_PATH, {"most": _PATH_LENGTH - 2}, rooted if _is_usable(rooted) else ABSENT)


def _is_usable(value: str) -> bool:
    return _is_route_path(value) and normal_path(value) is None


def _is_route_path(value: str) -> bool:
    # A prefix is sent with `/*` behind it.
    characters = re.fullmatch(r"/[A-Za-z0-9_.$/~\"'@:+&-]*", value)
    return characters is not None and len(value) <= _PATH_LENGTH - 2


def header_name(value: str) -> Optional[Reason]:
    """A header that a route looks at (RuleCondition, `http-header`: 40 characters, no wildcards, not Host)."""
    if value.lower() == "host":
        return Reason(HOST_HEADER, {"field": Field("host")})
    if re.fullmatch(r"[A-Za-z0-9!#$%&'+.^_`|~-]{1,40}", value):
        return None
    return Reason(INVALID_HEADER_NAME)


def arn(service: str, what: str) -> Rule:
    """The rule of an ARN of one service."""

    def rule(value: str) -> Optional[Reason]:
        if re.fullmatch(rf"arn:[a-z-]+:{service}:[a-z0-9-]*:[0-9]*:.+", value):
            return None
        return Reason(INVALID_ARN, {"what": what, "service": service})

    return rule


_MOST_TAGS, _TAG_KEY_LENGTH, _TAG_VALUE_LENGTH = 50, 128, 256
_TAG = re.compile(r"[\w .:/=+@-]*")
"""Sources: API reference, Tag and AddTags; user guide, "Tag restrictions"."""


def tag_count(value: Mapping[str, object]) -> Optional[Reason]:
    """The tags of a resource."""
    return Reason(TOO_MANY_TAGS, {"count": len(value), "most": _MOST_TAGS}) if len(value) > _MOST_TAGS else None


def tag_key(value: str) -> Optional[Reason]:
    """The key of a tag."""
    if value.lower().startswith("aws:"):
        return Reason(RESERVED_TAG)
    if value and len(value) <= _TAG_KEY_LENGTH and _TAG.fullmatch(value):
        return None
    return Reason(INVALID_TAG, {"least": 1, "most": _TAG_KEY_LENGTH})


def tag_value(value: str) -> Optional[Reason]:
    """The value of a tag."""
    if len(value) <= _TAG_VALUE_LENGTH and _TAG.fullmatch(value):
        return None
    return Reason(INVALID_TAG, {"least": 0, "most": _TAG_VALUE_LENGTH})


not_empty = some()
"""A list or mapping that says something."""


def address(value: str) -> Optional[Reason]:
    """An address that a target may have (CreateTargetGroup: of the VPC, RFC 1918, or RFC 6598; or IPv6)."""
    try:
        known = ipaddress.ip_address(value)
    except ValueError:
        known = None
    if isinstance(known, ipaddress.IPv6Address) and "%" not in value:
        return None
    if known is not None and any(known in ipaddress.ip_network(block) for block in _PRIVATE):
        return None
    return Reason(NOT_PRIVATE, {"ranges": list(_PRIVATE)})
