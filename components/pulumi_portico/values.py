"""The numbers, paths, addresses and references that Kubernetes takes, as rules.

A rule is a function that takes a value and answers None, or why it refuses the value.
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional

from .errors import Refusal, write_nearest

__all__ = [
    "Placeholder",
    "Rule",
    "WholeNumber",
    "cidr",
    "field_path",
    "file_path",
    "http_path",
    "image_reference",
    "image_rule",
    "mebibytes",
    "number",
    "quantity",
    "resource_field",
    "some",
    "variable_name",
    "whole_number",
]

Rule = Callable[[Any], Optional[Refusal]]


class Placeholder(str):
    """Text that stands for a value which only the engine knows: no rule is applied to it."""

    __slots__ = ()


_NAME_LENGTH = 253
_PATH_LENGTH = 126

# The grammar of a reference, from the distribution project's `reference` package:
# an optional registry host, path components, then a tag, a digest, or both.
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?"
)


def some(allowed: str = "one or more", fix: str = "leave it out") -> Rule:
    """A list or mapping that holds something."""

    def rule(value: Any) -> Optional[Refusal]:
        return None if value else Refusal("holds none", allowed, fix)

    return rule


@dataclass(frozen=True)
class WholeNumber:
    """The rule of a whole number between two bounds, both included."""

    least: int
    most: Optional[int]
    what: str
    """What the message calls it."""

    def __call__(self, value: Any) -> Optional[Refusal]:
        """Why it is not one, if it is not."""
        if value >= self.least and (self.most is None or value <= self.most):
            return None
        span = f"{self.least} or more" if self.most is None else f"{self.least} to {self.most}"
        return Refusal(f"is not {self.what or 'in range'}", f"a whole number, {span}")


def whole_number(least: int, most: Optional[int] = None, what: str = "") -> WholeNumber:
    """A whole number between two bounds, both included; ``what`` names it in the message."""
    return WholeNumber(least, most, what)


def number(least: float, what: str = "") -> Rule:
    """A number from a bound on; ``what`` names it in the message."""

    def rule(value: Any) -> Optional[Refusal]:
        return None if value >= least else Refusal(f"is not {what or 'in range'}", f"a number, {least:g} or more")

    return rule


def quantity(value: float) -> str:
    """A number as the API server writes it, so that what is read back is what was sent: in thousandths where it is
    not whole."""
    thousandths = round(value * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def mebibytes(size: int) -> str:
    """A size in MiB as the API server writes it."""
    for unit in ("Mi", "Gi"):
        if size % 1024:
            return f"{size}{unit}"
        size //= 1024
    return f"{size}Ti"


def variable_name(value: str) -> Optional[Refusal]:
    """The name of an environment variable, which may be the key of a Secret too."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", value) and len(value) <= _NAME_LENGTH:
        return None
    return Refusal("does not fit a variable's name", "letters, digits, underscores, dots and hyphens, no digit first")


_FIELD_PATH = re.compile(
    r"metadata\.(name|namespace|uid|(labels|annotations)\['[^'\x00-\x1f]+'\])"
    r"|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?)"
)


def field_path(value: str) -> Optional[Refusal]:
    """A field of the pod that a variable may hold (the downward API)."""
    if _FIELD_PATH.fullmatch(value):
        return None
    allowed = (
        "metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], metadata.annotations['KEY'], "
        "spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP, status.podIPs"
    )
    fix = write_nearest(value, allowed.split(", "))
    return Refusal("is no field of a pod that a variable can hold", allowed, fix)


def resource_field(value: str) -> Optional[Refusal]:
    """A resource of the container that a variable may hold (the downward API)."""
    allowed = [f"{kind}.{of}" for kind in ("limits", "requests") for of in ("cpu", "memory", "ephemeral-storage")]
    if value in allowed:
        return None
    return Refusal("is no resource that a variable can hold", ", ".join(allowed), write_nearest(value, allowed))


_FILE_PATH = re.compile(r"(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)+")


def file_path(value: str) -> Optional[Refusal]:
    """A place in the container's file system: absolute, below the root, without detours."""
    if _FILE_PATH.fullmatch(value) and len(value) <= _PATH_LENGTH:
        return None
    slash = f"/{value}".rstrip("/").replace("//", "/")
    fix = f'write "{slash}"' if slash != value and _FILE_PATH.fullmatch(slash) else ""
    return Refusal(
        "is not a path in the container",
        "an absolute path below /, of letters, digits, dots, hyphens and underscores, without . and .., "
        f"{_PATH_LENGTH} characters at most",
        fix,
    )


_HTTP_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")


def http_path(value: str) -> Optional[Refusal]:
    """The path, and the query if any, of an HTTP request (RFC 3986)."""
    if _HTTP_PATH.fullmatch(value):
        return None
    fix = f'write "/{value}"' if _HTTP_PATH.fullmatch(f"/{value}") else ""
    return Refusal("is not an HTTP path", "a slash, then letters, digits and what a URL takes unescaped", fix)


def image_rule(*, latest: bool = False, digest: bool = False) -> Rule:
    """A container image that names its version: by tag, by digest, or both.

    ``latest`` lets in the tag ``latest`` and none at all; ``digest`` wants a digest.
    """
    allowed = "[registry/]repository:tag, [registry/]repository@sha256:digest, or both"
    if digest:
        allowed = "[registry/]repository[:tag]@sha256:digest"

    def rule(value: str) -> Optional[Refusal]:
        match = _IMAGE.fullmatch(value)
        if match is None:
            return Refusal("is not an image reference", allowed)
        if match["digest"]:
            return None
        if digest:
            return Refusal("names no digest", allowed, "add the digest that the registry shows, behind an @")
        if latest or match["tag"] not in (None, "latest"):
            return None
        told = f'write a version, such as "{value.removesuffix(":latest")}:1.2.3"'
        if match["tag"] is None:
            return Refusal("names no version", allowed, told)
        return Refusal('has the tag "latest", so that what runs is not what was reviewed', allowed, told)

    return rule


image_reference = image_rule()
"""A container image that names its version by a tag other than ``latest``, by digest, or both."""


def cidr(value: str) -> Optional[Refusal]:
    """A range of addresses, IPv4 or IPv6: its first address, a slash, and how many bits they share."""
    allowed = "addresses in CIDR notation, such as 10.0.0.0/8 or 2001:db8::/32"
    try:
        # Python takes 10.0.0.0/255.0.0.0 and a bare address too; Kubernetes takes neither.
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return Refusal("is not a range of addresses", allowed)
    if str(network) == value:
        return None
    wrong = "has no length of its prefix" if "/" not in value else "is not written as its first address and a length"
    return Refusal(wrong, allowed, f'write "{network}"')
