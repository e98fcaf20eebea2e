"""The rules of values: numbers, paths, images, addresses.

A rule takes a value and returns None, or the `Reason` why it rejects the value.
"""

import ipaddress
import math
import re
from dataclasses import dataclass
from typing import Any, Optional, Union

from .codes import define
from .parse import Rule
from .problems import ABSENT, Reason
from .secrets import Placeholder
from .units import Unit

__all__ = [
    "IMAGE_TAG_LATEST",
    "IMAGE_WITHOUT_VERSION",
    "LARGEST_GIB",
    "LARGEST_INT32",
    "LARGEST_MIB",
    "Number",
    "Placeholder",
    "Rule",
    "WholeNumber",
    "cidr",
    "data_key",
    "file_path",
    "http_path",
    "image_reference",
    "image_rule",
    "ip_address",
    "ip_network",
    "mebibytes",
    "normal_path",
    "number",
    "printable",
    "quantity",
    "some",
    "variable_name",
    "whole_number",
]

OUT_OF_RANGE = define("out-of-range", "{value} is out of range.", allowed="{what} from {least} to {most}")
SIZE_IN_BYTES = define(
    "size-in-bytes", "{value} is a size in bytes. The unit is always {unit}.", allowed="{what} from {least} to {most}"
)
TOO_SMALL = define("too-small", "{value} is too small.", allowed="{what}, at least {least}")
NOT_FINITE = define("not-finite", "{value} isn't a finite number.", allowed="{what}, at least {least}")
EMPTY = define("empty", "{value} is empty.", allowed="{what}")
INVALID_VARIABLE_NAME = define(
    "invalid-variable-name",
    "{value} isn't the name of an environment variable.",
    allowed="letters, digits, underscores, dots, and hyphens, not starting with a digit, at most {most} characters",
)
INVALID_FILE_PATH = define(
    "invalid-file-path",
    "{value} isn't a path in the container.",
    allowed="an absolute path below /, of letters, digits, dots, hyphens, and underscores, without . and .. elements, "
    "at most {most} characters",
)
INVALID_DATA_KEY = define(
    "invalid-data-key",
    "{value} isn't a key of a Secret or a ConfigMap.",
    allowed="letters, digits, dots, hyphens, and underscores, not starting with two dots, at most {most} characters",
)
PATH_NOT_NORMAL = define(
    "path-not-normalized",
    "{value} has an empty, . or .. element, which programs resolve before they compare a path.",
    allowed="elements separated by single slashes",
)
CONTROL_IN_PATH = define(
    "control-character-in-path",
    "{value} has an encoded control character, which servers reject.",
    allowed="without %00 to %1F, and %7F",
)
INVALID_HTTP_PATH = define(
    "invalid-http-path",
    "{value} isn't an HTTP path.",
    allowed="a slash, then letters, digits, and the characters that a URL allows unescaped",
)
INVALID_IMAGE = define("invalid-image", "{value} isn't an image reference.", allowed="{allowed}")
IMAGE_WITHOUT_DIGEST = define(
    "image-without-digest",
    "{value} has no digest.",
    allowed="{allowed}",
    hint="Add @ and the digest that the registry shows.",
)
IMAGE_WITHOUT_VERSION = define(
    "image-without-version", "{value} has no version.", allowed="{allowed}", hint='Add a version, such as "{example}".'
)
IMAGE_TAG_LATEST = define(
    "image-tag-latest",
    'The tag "latest" of {value} can change after review.',
    allowed="{allowed}",
    hint='Set a version, such as "{example}".',
)
UNPRINTABLE = define(
    "unprintable-text", "{value} has a character that can't be printed.", allowed="letters, digits, and punctuation"
)
INVALID_CIDR = define(
    "invalid-cidr", "{value} isn't an address range.", allowed="a CIDR block, such as 10.0.0.0/8 or 2001:db8::/32"
)
CIDR_IS_MAPPED = define(
    "cidr-is-ipv4-mapped",
    "{value} is an IPv4 range in an IPv6 form, which Kubernetes rejects.",
    allowed=INVALID_CIDR.allowed,
)
CIDR_WITHOUT_LENGTH = define("cidr-without-length", "{value} has no prefix length.", allowed=INVALID_CIDR.allowed)
CIDR_WITH_HOST_BITS = define(
    "cidr-with-host-bits", "{value} isn't the first address of its range.", allowed=INVALID_CIDR.allowed
)

LARGEST_INT32 = 2**31 - 1
"""The largest number of most of the fields of the Kubernetes API: their OpenAPI format is int32."""

LARGEST_MIB = 2**25 - 1
"""The largest size in MiB of memory or of a node's disk: no node has 32 TiB for one container. A larger number is of
bytes, which Kubernetes reads without a unit."""

LARGEST_GIB = 2**24 - 1
"""The largest size in GiB of storage, 16 EiB. A larger number is of bytes."""

_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+")
"""The characters of an address. A scope ID (`fe80::1%eth0`) has others, any at all."""

_MAPPED_LENGTH = 96
"""The length of the prefix of IPv4-mapped addresses, ::ffff:0:0/96."""

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


def some(what: str = "at least one item") -> Rule:
    """A list or mapping that isn't empty; `what` says what it holds."""

    def rule(value: Any) -> Optional[Reason]:
        return None if value else Reason(EMPTY, {"what": what})

    return rule


@dataclass(frozen=True)
class WholeNumber:
    """The rule of a whole number between two bounds, both included."""

    least: int
    most: int
    what: str
    """What the number is, such as `a number of seconds`."""
    is_suggested: bool = True
    """Whether the fix is to set the nearest number. It isn't if other rules may reject that one."""
    unit: Optional[Unit] = None
    """The unit, if it has one."""

    def __call__(self, value: Any) -> Optional[Reason]:
        """Why it is out of range, if it is."""
        if self.least <= value <= self.most:
            return None
        is_suggested, params = self.is_suggested, {"what": self.what, "least": self.least}
        size = None if self.unit is None or value < self.least else self.unit.number_of_bytes(value)
        if size is not None and self.unit is not None and self.least <= size <= self.most:
            return Reason(SIZE_IN_BYTES, {**params, "most": self.most, "unit": self.unit.name}, size)
        if self.most < LARGEST_INT32:
            suggestion = self.least if value < self.least else self.most
            return Reason(OUT_OF_RANGE, {**params, "most": self.most}, suggestion if is_suggested else ABSENT)
        if value < self.least:
            return Reason(TOO_SMALL, params, self.least if is_suggested else ABSENT)
        # Nobody means the largest number that a computer can store.
        return Reason(OUT_OF_RANGE, {**params, "most": self.most})


def whole_number(
    least: int, most: int = LARGEST_INT32, what: Union[str, Unit] = "a whole number", *, is_suggested: bool = True
) -> WholeNumber:
    """A whole number between two bounds, both included; `what` is its unit, or says what it is."""
    if isinstance(what, Unit):
        return WholeNumber(least, most, what.what, is_suggested, what)
    return WholeNumber(least, most, what, is_suggested)


@dataclass(frozen=True)
class Number:
    """The rule of a number from a bound on."""

    least: float
    what: str
    """What the number is."""
    unit: Optional[Unit] = None
    """The unit, if it has one."""

    def __call__(self, value: Any) -> Optional[Reason]:
        """Why it is out of range, if it is."""
        params = {"what": self.what, "least": self.least}
        if math.isinf(value) or math.isnan(value):
            return Reason(NOT_FINITE, params)
        return None if value >= self.least else Reason(TOO_SMALL, params, self.least)


def number(least: float, what: Union[str, Unit] = "a number") -> Number:
    """A number from a bound on; `what` is its unit, or says what it is."""
    return Number(least, what.what, what) if isinstance(what, Unit) else Number(least, what)


def printable(value: str) -> Optional[Reason]:
    """Text of one line without control characters."""
    return None if value.isprintable() else Reason(UNPRINTABLE)


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


def variable_name(value: str) -> Optional[Reason]:
    """The name of an environment variable, which can also be the key of a Secret."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", value) and len(value) <= _NAME_LENGTH:
        return None
    return Reason(INVALID_VARIABLE_NAME, {"most": _NAME_LENGTH})


_DATA_KEY = re.compile(r"(?!\.$|\.\.)[A-Za-z0-9._-]+")


def data_key(value: str) -> Optional[Reason]:
    """A key of a Secret or a ConfigMap."""
    if _DATA_KEY.fullmatch(value) and len(value) <= _NAME_LENGTH:
        return None
    return Reason(INVALID_DATA_KEY, {"most": _NAME_LENGTH})


_FILE_PATH = re.compile(r"(/(?!\.\.?(/|$))[A-Za-z0-9._-]+)+")


def file_path(value: str) -> Optional[Reason]:
    """A path in the container's file system: absolute, below the root, without . and .. elements."""
    if _FILE_PATH.fullmatch(value) and len(value) <= _PATH_LENGTH:
        return None
    absolute = f"/{value}".rstrip("/").replace("//", "/")
    usable = absolute != value and _FILE_PATH.fullmatch(absolute) and len(absolute) <= _PATH_LENGTH
    return Reason(INVALID_FILE_PATH, {"most": _PATH_LENGTH}, absolute if usable else ABSENT)


def node_path(value: str) -> Optional[Reason]:
    """A path in the file system of a node; `/` is all of it."""
    return None if value == "/" else file_path(value)


_HTTP_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*")
_ENCODED_DOT = re.compile("%2e", re.IGNORECASE)
_ENCODED_CONTROL = re.compile("%([01][0-9a-f]|7f)", re.IGNORECASE)


def normal_path(value: str) -> Optional[Reason]:
    """A path, and the query if any, without empty, `.` and `..` elements: clients, load balancers, and controllers
    resolve them, each in its own way. Without control characters too."""
    if _ENCODED_CONTROL.search(value):
        return Reason(CONTROL_IN_PATH)
    normal = _normalized(value)
    return None if normal == value else Reason(PATH_NOT_NORMAL, suggestion=normal)


def _normalized(value: str) -> str:
    path, question_mark, query = value.partition("?")
    kept: list[str] = []
    elements = path.split("/")[1:]
    decoded = [_ENCODED_DOT.sub(".", element) for element in elements]
    for element, plain in zip(elements, decoded, strict=True):
        if plain == "..":
            kept = kept[:-1]
        elif plain not in ("", "."):
            kept.append(element)
    end = "/" if kept and decoded[-1] in ("", ".", "..") else ""
    return f"/{'/'.join(kept)}{end}{question_mark}{query}"


def http_path(value: str) -> Optional[Reason]:
    """The path, and the query if any, of an HTTP request (RFC 3986)."""
    if _HTTP_PATH.fullmatch(value):
        return normal_path(value)
    rooted = f"/{value}"
    usable = _HTTP_PATH.fullmatch(rooted) and normal_path(rooted) is None
    return Reason(INVALID_HTTP_PATH, suggestion=rooted if usable else ABSENT)


def image_rule(*, latest: bool = False, digest: bool = False) -> Rule:
    """A container image that names its version: by tag, by digest, or both.

    `latest` allows the tag `latest` and no tag; `digest` requires a digest.
    """
    allowed = "[registry/]repository:tag, [registry/]repository@sha256:digest, or both"
    if digest:
        allowed = "[registry/]repository[:tag]@sha256:digest"

    def rule(value: str) -> Optional[Reason]:
        match = _IMAGE.fullmatch(value)
        if match is None:
            return Reason(INVALID_IMAGE, {"allowed": allowed})
        if match["digest"]:
            return None
        if digest:
            return Reason(IMAGE_WITHOUT_DIGEST, {"allowed": allowed})
        if latest or match["tag"] not in (None, "latest"):
            return None
        code = IMAGE_WITHOUT_VERSION if match["tag"] is None else IMAGE_TAG_LATEST
        return Reason(code, {"allowed": allowed, "example": f"{value.removesuffix(':latest')}:1.2.3"})

    return rule


image_reference = image_rule()
"""A container image that names its version by a tag other than `latest`, by digest, or both."""


def cidr(value: str) -> Optional[Reason]:
    """A range of addresses, IPv4 or IPv6: its first address, a slash, and the length of the prefix.

    As strict as the API server can be (`k8s.io/apimachinery/pkg/util/validation`, IsValidCIDR): some fields accept
    more for the sake of old objects. The text becomes part of controllers' configuration, so no other text is a range.
    """
    network = ip_network(value)
    if network is None:
        return Reason(INVALID_CIDR)
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is not None:
        length = network.prefixlen - _MAPPED_LENGTH
        ipv4 = str(ipaddress.ip_network(f"{mapped}/{length}", strict=False)) if length >= 0 else ABSENT
        return Reason(CIDR_IS_MAPPED, suggestion=ipv4)
    text = str(network)
    if text == value:
        return None
    return Reason(CIDR_WITHOUT_LENGTH if "/" not in value else CIDR_WITH_HOST_BITS, suggestion=text)


def ip_network(value: str) -> Optional[Union[ipaddress.IPv4Network, ipaddress.IPv6Network]]:
    """The range of addresses that a text is; None if it isn't one."""
    if not _ADDRESS.fullmatch(value.partition("/")[0]):
        return None
    try:
        # Python also accepts 10.0.0.0/255.0.0.0 and a bare address; Kubernetes accepts neither.
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None


def ip_address(value: str) -> Optional[Union[ipaddress.IPv4Address, ipaddress.IPv6Address]]:
    """The address that a text is; None if it isn't one, or is one that only a single machine can use."""
    if not _ADDRESS.fullmatch(value):
        return None
    try:
        return ipaddress.ip_address(value)
    except ValueError:
        return None
