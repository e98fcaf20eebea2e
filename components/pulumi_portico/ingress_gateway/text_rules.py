"""The rules of the texts of a route: each place accepts the characters that it needs, and no others.

These texts become part of nginx's configuration. No set includes control characters, double quotes, braces,
backslashes, or `$`, and only header values, which both controllers' templates quote, can have semicolons and single
quotes. So no text can end the directive that it is in, or name a variable (the ingress-nginx vulnerabilities
CVE-2021-25742, CVE-2023-5043, CVE-2025-24514, and CVE-2026-3288 were such texts).
"""

import re
from collections.abc import Callable
from typing import Any, Optional
from urllib.parse import unquote

from ..args.codes import Code, define
from ..args.names import dns_label
from ..args.parse import Rule
from ..args.problems import ABSENT, Reason
from ..args.values import normal_path

__all__ = [
    "any_host",
    "cookie_name",
    "cookie_path",
    "escaped_path",
    "header_name",
    "header_text",
    "host",
    "http_method",
    "nginx_path",
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
_WILDCARD_LABELS = 2

_PATH = re.compile(r"/[A-Za-z0-9._~:@/+,=!()-]*")
_REWRITE = re.compile(r"/[A-Za-z0-9._~:/-]*")
_REDIRECT = re.compile(r"/[A-Za-z0-9._~:/?=&-]*")
_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_HEADER_TEXT = re.compile(r"[A-Za-z0-9 ._~:/?#@!&()*+,=%|<>\[\]^;'-]*")
_TEXT = re.compile(r"[A-Za-z0-9 ._~:/-]+")
_ORIGIN = re.compile(r"\*|https?://(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
_HASH = re.compile(r"\$(apr1|5|6)\$[A-Za-z0-9./$=]+|\{SSHA\}[A-Za-z0-9+/=]+")
_PATTERN_CHARACTERS = frozenset("*[]|^$")

_READ_BY_NGINX = re.compile(
    r"^/etc/|/root|/var|/etc/(passwd|shadow|group|nginx|ingress-controller)|_by_lua", re.IGNORECASE
)
"""Both controllers look for these in a path and reject the whole Ingress. Sources: F5 NIC 5.5.4,
`internal/k8s/validation.go` (illegalKeywordFmt); ingress-nginx 1.15.1, `internal/ingress/inspector/rules.go`."""

_HOST_ALLOWED = (
    "a DNS name in lowercase letters, such as shop.example.com, or *.example.com for exactly one more label in front"
)
INVALID_HOST = define("invalid-host-name", "{value} isn't a host name.", allowed=_HOST_ALLOWED)
HOST_IS_ADDRESS = define("host-is-address", "{value} is an IP address, and routes match names.", allowed=_HOST_ALLOWED)
MISPLACED_WILDCARD = define(
    "misplaced-wildcard", "{value} has a wildcard that isn't its first label.", allowed=_HOST_ALLOWED
)
WILDCARD_TOO_WIDE = define(
    "wildcard-too-wide",
    "{value} covers a whole top-level domain.",
    allowed="a wildcard in front of at least two labels",
)
WILDCARD_ALONE = define(
    "wildcard-alone",
    "{value} isn't a host name.",
    allowed=_HOST_ALLOWED,
    hint="For a route that matches every host, remove the host.",
)
INVALID_SERVER_NAME = define(
    "invalid-server-name", "{value} isn't a host name.", allowed="a DNS name in lowercase letters, without a wildcard"
)
_PATH_ALLOWED = "a slash, then letters, digits, and the characters {characters}, at most {most} characters"
INVALID_ROUTE_PATH = define("invalid-route-path", "{value} isn't a valid path of a route.", allowed=_PATH_ALLOWED)
PATH_IS_PATTERN = define(
    "path-is-pattern",
    "{value} looks like a pattern, and the path of a route is plain text.",
    allowed=_PATH_ALLOWED,
    hint="Write the path without the pattern: a route of type Prefix also matches every path below it.",
)
PATH_IS_ENCODED = define(
    "path-is-encoded",
    "{value} is percent-encoded, and controllers compare paths after they decode them.",
    allowed=_PATH_ALLOWED,
)
PATH_REJECTED = define(
    "path-rejected-by-controllers",
    "{value} contains {text}, and the controller rejects every route whose path does.",
    allowed="any other path",
    hint="Serve it at another path, and set rewrite to this one.",
)
INVALID_REWRITE = define("invalid-rewrite-path", "{value} isn't a valid rewritten path.", allowed=_PATH_ALLOWED)
INVALID_REDIRECT_PATH = define("invalid-redirect-path", "{value} isn't a valid redirect path.", allowed=_PATH_ALLOWED)
INVALID_HEADER_NAME = define(
    "invalid-header-name",
    "{value} isn't a valid header name.",
    allowed="letters, digits, and hyphens, starting with a letter",
)
INVALID_HEADER_TEXT = define(
    "invalid-header-value",
    "{value} isn't a valid header value.",
    allowed="letters, digits, spaces, and punctuation, without double quotes, braces, backslashes, and $",
)
INVALID_REALM = define(
    "invalid-realm", "{value} isn't a valid realm.", allowed="letters, digits, spaces, and the characters - . _ ~ : /"
)
INVALID_COOKIE_NAME = define(
    "invalid-cookie-name",
    "{value} isn't a valid cookie name.",
    allowed="letters, digits, dots, hyphens, and underscores",
)
INVALID_COOKIE_PATH = define(
    "invalid-cookie-path",
    "{value} isn't a valid path of a cookie.",
    allowed="a slash, then letters, digits, and the characters - . _ ~ : @ /",
    hint="Set the cookie's path to one above.",
)
INVALID_METHOD = define(
    "invalid-http-method", "{value} isn't a valid HTTP method.", allowed="capital letters, such as GET"
)
INVALID_USER_NAME = define(
    "invalid-user-name",
    "{value} isn't a valid user name.",
    allowed="letters, digits, and the characters . _ @ + -, without a colon",
)
INVALID_CERTIFICATE = define(
    "invalid-pem-certificate",
    "{value} isn't a certificate in PEM.",
    allowed="one or more blocks of -----BEGIN CERTIFICATE-----, base64, -----END CERTIFICATE-----",
)
INVALID_PRIVATE_KEY = define(
    "invalid-pem-private-key",
    "{value} isn't a private key in PEM.",
    allowed="-----BEGIN PRIVATE KEY-----, base64, -----END PRIVATE KEY-----",
)
INVALID_PASSWORD_HASH = define(
    "invalid-password-hash",
    "{value} isn't a password hash.",
    allowed="a hash that starts with $apr1$, $5$, $6$, or {scheme}",
    hint="Create one with `openssl passwd -6`.",
)
INVALID_ORIGIN = define(
    "invalid-origin",
    "{value} isn't an origin.",
    allowed="http:// or https://, a host, and optionally a port; or * for every origin",
)


_HAS_PATH = re.compile("[^:/]/+[^/]")


def host(value: str) -> Optional[Reason]:
    """The host of a route: a DNS name, or a wildcard for its first label."""
    code = _wrong_host(value)
    if code is None:
        return None
    if value == "*":
        return Reason(WILDCARD_ALONE)
    if _HAS_PATH.search(value):
        # Only the author knows what becomes of the path of a URL.
        return Reason(code)
    bare = re.split("[/:]", value.rpartition("://")[2].rstrip("."))[0].lower()
    return Reason(code, suggestion=bare if bare != value and _wrong_host(bare) is None else ABSENT)


def any_host(value: str) -> Optional[Reason]:
    """The host of a route, or * for every host."""
    return None if value == "*" else host(value)


def _wrong_host(value: str) -> Optional[Code]:
    labels = value.removeprefix("*.").split(".")
    if "*" in value.removeprefix("*."):
        return MISPLACED_WILDCARD
    if all(label.isdigit() for label in labels):
        return HOST_IS_ADDRESS
    if len(value) > _HOST_LENGTH or any(dns_label(label) for label in labels):
        return INVALID_HOST
    if value.startswith("*.") and len(labels) < _WILDCARD_LABELS:
        return WILDCARD_TOO_WIDE
    return None


def server_name(value: str) -> Optional[Reason]:
    """The name in a server's certificate."""
    return None if "*" not in value and _wrong_host(value) is None else Reason(INVALID_SERVER_NAME)


def _path(pattern: re.Pattern[str], code: Code, characters: str) -> Callable[[str], Optional[Reason]]:
    params = {"characters": characters, "most": _PATH_LENGTH}

    def accepts(value: str) -> bool:
        return bool(pattern.fullmatch(value)) and len(value) <= _PATH_LENGTH and normal_path(value) is None

    def rule(value: str) -> Optional[Reason]:
        if accepts(value):
            return None
        if not pattern.fullmatch(value) or len(value) > _PATH_LENGTH:
            absolute = f"/{value}"
            return Reason(code, params, absolute if accepts(absolute) else ABSENT)
        return normal_path(value)

    return rule


_any_path = _path(_PATH, INVALID_ROUTE_PATH, "- . _ ~ : @ / + , = ! ( )")


def route_path(value: str) -> Optional[Reason]:
    """The path of a route, as it is once a request's path is decoded: no pattern, and nothing that a controller
    rejects."""
    if reason := _any_path(value):
        if "%" in value:
            decoded = unquote(value)
            usable = _any_path(decoded) is None
            return Reason(PATH_IS_ENCODED, _any_path_params(), decoded if usable else ABSENT)
        if not set(value) & _PATTERN_CHARACTERS:
            return reason
        plain = _PATTERN_END.sub("", value) or "/"
        return Reason(PATH_IS_PATTERN, _any_path_params(), plain if _any_path(plain) is None else ABSENT)
    return None


_PATTERN_END = re.compile(r"(?:/|\(/\|\$\)|\(\?:/\|\$\))?(?:\*|\.\*|\(\.\*\))\$?$")
"""The end of a pattern that matches every path below one, as other tools write it."""


def nginx_path(value: str) -> Optional[Reason]:
    """The path of a route, as both controllers of nginx accept it."""
    found = _READ_BY_NGINX.search(value)
    return Reason(PATH_REJECTED, {"text": found[0]}) if found else None


def cookie_path(value: str) -> Optional[Reason]:
    """The path below which browsers send a cookie. It has only characters that no controller rejects."""
    return route_path(value) or (None if _REWRITE.fullmatch(value.replace("@", "")) else Reason(INVALID_COOKIE_PATH))


def escaped_path(path: str) -> str:
    """The regular expression that matches the path of a route."""
    return re.sub(r"[.+()]", r"\\\g<0>", path)


def _any_path_params() -> dict[str, Any]:
    return {"characters": "- . _ ~ : @ / + , = ! ( )", "most": _PATH_LENGTH}


rewrite_path = _path(_REWRITE, INVALID_REWRITE, "- . _ ~ : /")
"""The path that replaces a route's: what both controllers accept unquoted. They can send a request on to the paths that
they reject as a route's."""

redirect_path = _path(_REDIRECT, INVALID_REDIRECT_PATH, "- . _ ~ : / ? = &")
"""The path, and the query if any, that a redirect leads to."""


def header_name(value: str) -> Optional[Reason]:
    """The name of an HTTP header."""
    if _TOKEN.fullmatch(value):
        return None
    slug = re.sub(r"[^A-Za-z0-9-]+", "-", value).strip("-")
    return Reason(INVALID_HEADER_NAME, suggestion=slug if _TOKEN.fullmatch(slug) else ABSENT)


def _matching(pattern: re.Pattern[str], code: Code) -> Rule:
    def rule(value: Any) -> Optional[Reason]:
        return None if pattern.fullmatch(value) else Reason(code)

    return rule


header_text = _matching(_HEADER_TEXT, INVALID_HEADER_TEXT)
"""The value of an HTTP header."""

plain_text = _matching(_TEXT, INVALID_REALM)
"""A few words that a browser shows."""

cookie_name = _matching(re.compile(r"[A-Za-z0-9._-]+"), INVALID_COOKIE_NAME)
"""The name of a cookie."""

_METHOD = re.compile(r"[A-Z]+")


def http_method(value: str) -> Optional[Reason]:
    """An HTTP method."""
    if _METHOD.fullmatch(value):
        return None
    return Reason(INVALID_METHOD, suggestion=value.upper() if _METHOD.fullmatch(value.upper()) else ABSENT)


user_name = _matching(re.compile(r"[A-Za-z0-9._@+-]+"), INVALID_USER_NAME)
"""A user's name, which precedes the colon in a file of users."""

pem_certificate = _matching(
    re.compile(r"\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+"), INVALID_CERTIFICATE
)
"""One or more certificates, in PEM."""


def pem_private_key(value: str) -> Optional[Reason]:
    """A private key in PEM."""
    return None if "-----BEGIN " in value and "PRIVATE KEY-----" in value else Reason(INVALID_PRIVATE_KEY)


def password_hash(value: str) -> Optional[Reason]:
    """The hash of a password, in a form that nginx accepts on every platform."""
    # A template has no braces of its own.
    return None if _HASH.fullmatch(value) else Reason(INVALID_PASSWORD_HASH, {"scheme": "{SSHA}"})


def origin(value: str) -> Optional[Reason]:
    """A site whose pages can use a route: scheme, host, and port, as a browser sends it."""
    if _ORIGIN.fullmatch(value):
        return None
    scheme = "" if "://" in value else "https://"
    bare = f"{scheme}{value.rstrip('/')}"
    return Reason(INVALID_ORIGIN, suggestion=bare if bare != value and _ORIGIN.fullmatch(bare) else ABSENT)
