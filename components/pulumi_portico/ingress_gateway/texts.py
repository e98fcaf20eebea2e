"""What may stand in the texts of a route: each place takes the characters that it needs, and no others.

What is written here ends up in nginx's configuration. Control characters, quotes, braces, semicolons, backslashes and
`$` are in none of these sets, so that no text can end the directive that it stands in or name a variable (the
ingress-nginx vulnerabilities CVE-2021-25742, CVE-2023-5043, CVE-2025-24514, CVE-2026-3288 were such texts).
"""

import re
from typing import Any, Optional

from ..args.names import dns_label
from ..args.values import Rule
from ..errors import Refusal

__all__ = [
    "cookie_name",
    "header_name",
    "header_text",
    "host",
    "http_method",
    "origin",
    "password_hash",
    "pem_certificate",
    "pem_private_key",
    "plain_text",
    "redirect_path",
    "rewrite_path",
    "route_path",
    "server_name",
    "user_name",
]

_HOST_LENGTH = 253
_PATH_LENGTH = 512
_LABELS = 2

_PATH = re.compile(r"/[A-Za-z0-9._~:@/-]*")
_REWRITE = re.compile(r"/[A-Za-z0-9._~:/-]*")
_REDIRECT = re.compile(r"/[A-Za-z0-9._~:/?=&-]*")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_HEADER_TEXT = re.compile(r"[A-Za-z0-9 ._~:/?#@!&()*+,=%|<>\[\]^-]*")
_TEXT = re.compile(r"[A-Za-z0-9 ._~:/-]+")
_ORIGIN = re.compile(r"\*|https?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_HASH = re.compile(r"\$(apr1|5|6)\$[A-Za-z0-9./$=]+|\{SSHA\}[A-Za-z0-9+/=]+")

_READ_BY_NGINX = re.compile(
    r"^/etc/|/root|/var|/etc/(passwd|shadow|group|nginx|ingress-controller)|_by_lua", re.IGNORECASE
)
"""Both controllers look for these in a path and turn the whole Ingress away. Sources: F5 NIC 5.5.4,
`internal/k8s/validation.go` (illegalKeywordFmt); ingress-nginx 1.15.1, `internal/ingress/inspector/rules.go`."""


def host(value: str) -> Optional[Refusal]:
    """The host of a route: a DNS name, or a wildcard for its first label."""
    wrong = _wrong_host(value)
    if wrong is None:
        return None
    fix = f'write "{value.lower()}"' if value != value.lower() and _wrong_host(value.lower()) is None else ""
    if "://" in value or "/" in value or ":" in value:
        bare = re.split(r"[/:]", value.rpartition("://")[2])[0].lower()
        fix = f'write "{bare}"' if _wrong_host(bare) is None else ""
    if value == "*":
        fix = "for every host that has no routes of its own, leave the route's host out"
    return Refusal(
        wrong, "a DNS name in lower case, such as shop.example.com, or *.example.com for one more label in front", fix
    )


def _wrong_host(value: str) -> Optional[str]:
    labels = value.removeprefix("*.").split(".")
    if "*" in value.removeprefix("*."):
        return "has a wildcard elsewhere than as its first label"
    if all(label.isdigit() for label in labels):
        return "is an address, and routes go by names"
    if len(value) > _HOST_LENGTH or any(dns_label(label) for label in labels):
        return "does not fit a host name"
    if value.startswith("*.") and len(labels) < _LABELS:
        return "stands for a whole top-level domain"
    return None


def server_name(value: str) -> Optional[Refusal]:
    """The name in a server's certificate."""
    if "*" not in value and _wrong_host(value) is None:
        return None
    return Refusal("does not fit a host name", "a DNS name in lower case, without a wildcard")


def _path(pattern: re.Pattern[str], what: str, characters: str) -> Rule:
    allowed = f"a slash, then letters, digits and {characters}, {_PATH_LENGTH} characters at most"

    def rule(value: str) -> Optional[Refusal]:
        if not pattern.fullmatch(value) or len(value) > _PATH_LENGTH:
            fix = f'write "/{value}"' if pattern.fullmatch(f"/{value}") else ""
            return Refusal(f"does not fit {what}", allowed, fix)
        segments = value.partition("?")[0].split("/")
        if "//" in value or "." in segments or ".." in segments:
            tidy = "/".join(it for it in value.split("/") if it not in ("", ".", ".."))
            wrong = "holds an empty element, . or .., which no request is left with"
            return Refusal(wrong, "plain elements between single slashes", f'write "/{tidy}"')
        return None

    return rule


_any_path = _path(_PATH, "a route's path", "- . _ ~ : @ /")


def route_path(value: str) -> Optional[Refusal]:
    """The path of a route, as it is once a request's is decoded; no pattern, and nothing that a controller rejects."""
    if refusal := _any_path(value):
        if "%" in value:
            return refusal
        if set(value) & set("*()[]|^$"):
            return refusal
        return refusal
    if found := _READ_BY_NGINX.search(value):
        wrong = f'holds "{found[0]}", for which the controllers turn a route away'
        return Refusal(wrong, "any other path", "serve it below another path, and set rewrite to this one")
    return None


rewrite_path = _path(_REWRITE, "a path to go on with", "- . _ ~ : /")
"""The path that takes the place of a route's: what both controllers take unquoted. They can send a request on to the
paths that they turn away as a route's."""

redirect_path = _path(_REDIRECT, "a path to send a client to", "- . _ ~ : / ? = &")
"""The path, and the query if any, of another address."""


def header_name(value: str) -> Optional[Refusal]:
    """The name of an HTTP header."""
    if _TOKEN.fullmatch(value):
        return None
    slug = re.sub(r"[^A-Za-z0-9-]+", "-", value).strip("-")
    fix = f'write "{slug}"' if _TOKEN.fullmatch(slug) else ""
    return Refusal("does not fit a header's name", "letters, digits and hyphens, a letter first", fix)


def _matching(pattern: re.Pattern[str], wrong: str, allowed: str) -> Rule:
    def rule(value: Any) -> Optional[Refusal]:
        return None if pattern.fullmatch(value) else Refusal(wrong, allowed)

    return rule


header_text = _matching(
    _HEADER_TEXT,
    "does not fit a header's value",
    "letters, digits, spaces and punctuation, without quotes, semicolons, braces, backslashes and $",
)
"""The value of an HTTP header."""

plain_text = _matching(_TEXT, "does not fit what a browser shows", "letters, digits, spaces and - . _ ~ : /")
"""A few words that a browser shows."""

cookie_name = _matching(
    re.compile(r"[A-Za-z0-9._-]+"), "does not fit a cookie's name", "letters, digits, dots, hyphens and underscores"
)
"""The name of a cookie."""

http_method = _matching(re.compile(r"[A-Z]+"), "does not fit an HTTP method", "capital letters, such as GET")
"""An HTTP method."""

user_name = _matching(
    re.compile(r"[A-Za-z0-9._@+-]+"), "does not fit a user's name", "letters, digits and . _ @ + -, without a colon"
)
"""A user's name, as it stands in front of the colon in a file of users."""

pem_certificate = _matching(
    re.compile(r"\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+"),
    "is no certificate in PEM",
    "-----BEGIN CERTIFICATE-----, base64, -----END CERTIFICATE-----, once or more",
)
"""One certificate or more, in PEM."""


def pem_private_key(value: str) -> Optional[Refusal]:
    """A private key in PEM."""
    if "-----BEGIN " in value and "PRIVATE KEY-----" in value:
        return None
    return Refusal("is no private key in PEM", "-----BEGIN PRIVATE KEY-----, base64, -----END PRIVATE KEY-----")


def password_hash(value: str) -> Optional[Refusal]:
    """The hash of a password, in a form that nginx takes on every platform."""
    if _HASH.fullmatch(value):
        return None
    allowed = "$apr1$..., $5$..., $6$... or {SSHA}..."
    return Refusal("is no hash of a password", allowed, "make one with openssl passwd -6")


def origin(value: str) -> Optional[Refusal]:
    """A site whose pages may use a route: scheme, host and port, as a browser sends it."""
    if _ORIGIN.fullmatch(value):
        return None
    scheme = "" if "://" in value else "https://"
    bare = f"{scheme}{value.rstrip('/')}"
    fix = f'write "{bare}"' if bare != value and _ORIGIN.fullmatch(bare) else ""
    return Refusal("is no origin", "http:// or https://, a host and, if any, a port; or *", fix)
