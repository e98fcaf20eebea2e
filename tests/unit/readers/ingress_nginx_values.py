"""The annotations of ingress-nginx v1.15.1, their risks, and which values its validation lets through.

internal/ingress/annotations/*/main.go, and parser/validators.go beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tests.unit.readers import nginx
from tests.unit.readers.nginx import go_bool

Check = Callable[[str], bool]
RISKS = ("Low", "Medium", "High", "Critical")


def _whole(pattern: str, *, spaces: bool = True) -> Check:
    """A validator: the whole value fits; with ``spaces`` false, spaces are left out first."""
    compiled = re.compile(pattern)

    def check(value: str) -> bool:
        text = value if spaces else value.replace(" ", "")
        return compiled.search(text) is not None and "\n" not in text and "\r" not in text

    return check


def _one_of(*choices: str, any_case: bool = False) -> Check:
    return lambda value: (value.strip().lower() if any_case else value.strip()) in choices


def _integer(value: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", value) is not None


def _boolean(value: str) -> bool:
    return go_bool(value) is not None


def _networks(value: str) -> bool:
    try:
        nginx.let_in("192.0.2.1", [it.strip() for it in value.split(",")], [])
    except ValueError:
        return False
    return True


_ALPHANUMERIC = r"\-\.\_\~a-zA-Z0-9\/:"
_PATH = rf"^/?[{_ALPHANUMERIC}\/\$]*\Z"
_URL = rf"^[{_ALPHANUMERIC},:?&=]*\Z"
_BASIC = rf"^[/{_ALPHANUMERIC}]*\Z"
_SERVER = rf"^[/{_ALPHANUMERIC}^$\[\]\(\)\{{\}}*+?|&=\\]*\Z"
_SIZE = r"(?i)^\d+[bkmg]?\Z"

KNOWN: Mapping[str, tuple[str, Check]] = {
    **dict.fromkeys(
        (
            "auth-tls-verify-depth",
            "canary-weight",
            "canary-weight-total",
            "cors-max-age",
            "limit-burst-multiplier",
            "limit-connections",
            "limit-rate",
            "limit-rate-after",
            "limit-rpm",
            "limit-rps",
            "permanent-redirect-code",
            "proxy-buffers-number",
            "proxy-connect-timeout",
            "proxy-next-upstream-timeout",
            "proxy-next-upstream-tries",
            "proxy-read-timeout",
            "proxy-send-timeout",
            "proxy-ssl-verify-depth",
            "temporal-redirect-code",
        ),
        ("Low", _integer),
    ),
    **dict.fromkeys(
        (
            "canary",
            "cors-allow-credentials",
            "enable-access-log",
            "enable-cors",
            "from-to-www-redirect",
            "relative-redirects",
            "service-upstream",
            "session-cookie-change-on-failure",
            "session-cookie-conditional-samesite-none",
            "session-cookie-secure",
            "ssl-passthrough",
            "ssl-redirect",
            "use-port-in-redirects",
            "use-regex",
        ),
        ("Low", _boolean),
    ),
    **dict.fromkeys(("force-ssl-redirect", "preserve-trailing-slash"), ("Medium", _boolean)),
    **dict.fromkeys(("allowlist-source-range", "denylist-source-range"), ("Medium", _networks)),
    **dict.fromkeys(("whitelist-source-range",), ("Medium", _networks)),
    **dict.fromkeys(("limit-allowlist", "limit-whitelist"), ("Low", _networks)),
    **dict.fromkeys(("app-root", "rewrite-target"), ("Medium", _whole(_PATH))),
    **dict.fromkeys(("x-forwarded-prefix",), ("Medium", _whole(_PATH, spaces=False))),
    **dict.fromkeys(("permanent-redirect", "temporal-redirect"), ("Medium", _whole(_URL))),
    **dict.fromkeys(
        ("proxy-cookie-path", "proxy-redirect-from", "proxy-redirect-to", "session-cookie-path"),
        ("Medium", _whole(_URL, spaces=False)),
    ),
    **dict.fromkeys(
        ("auth-secret", "auth-tls-secret", "custom-headers", "proxy-ssl-secret", "session-cookie-domain"),
        ("Medium", _whole(_BASIC, spaces=False)),
    ),
    "session-cookie-name": ("Medium", _whole(_BASIC, spaces=False)),
    **dict.fromkeys(("proxy-ssl-name", "server-alias"), ("High", _whole(_SERVER))),
    "upstream-vhost": ("Low", _whole(_SERVER)),
    "upstream-hash-by": ("High", _whole(r"^[A-Za-z0-9\-_{}$ .]*\Z", spaces=False)),
    "proxy-body-size": ("Medium", _whole(_SIZE, spaces=False)),
    **dict.fromkeys(
        ("client-body-buffer-size", "proxy-buffer-size", "proxy-busy-buffers-size", "proxy-max-temp-file-size"),
        ("Low", _whole(_SIZE, spaces=False)),
    ),
    **dict.fromkeys(
        ("proxy-buffering", "proxy-request-buffering", "proxy-ssl-server-name", "proxy-ssl-verify"),
        ("Low", _one_of("on", "off")),
    ),
    "proxy-http-version": ("Low", _one_of("1.0", "1.1")),
    "cors-allow-headers": ("Medium", _whole(r"^[A-Za-z0-9-_, ]*\Z", spaces=False)),
    "cors-allow-methods": ("Medium", _whole(r"^([A-Za-z]+,?\s?)+\Z", spaces=False)),
    "cors-allow-origin": (
        "Medium",
        _whole(r"^((((([a-z]+://)?(\*\.)?[A-Za-z0-9\-.]*(:\d+)?,?)|null)+)|\*)?\Z", spaces=False),
    ),
    "cors-expose-headers": ("Medium", _whole(r"^(([A-Za-z0-9\-\_]+|\*),?\s?)+\Z", spaces=False)),
    "affinity": ("Low", _one_of("cookie")),
    "affinity-mode": ("Medium", _one_of("balanced", "persistent")),
    "session-cookie-expires": ("Medium", _whole(r"(^0|-?[1-9]\d*\Z)", spaces=False)),
    "session-cookie-max-age": ("Medium", _whole(r"(^0|-?[1-9]\d*\Z)")),
    "session-cookie-samesite": ("Low", _one_of("none", "lax", "strict", any_case=True)),
    "load-balance": (
        "Low",
        _one_of("round_robin", "chash", "chashsubset", "sticky_balanced", "sticky_persistent", "ewma"),
    ),
    "auth-type": ("Low", _whole("basic|digest", spaces=False)),
    "auth-realm": ("Medium", _whole(rf"^[/{_ALPHANUMERIC} ]*\Z")),
    "auth-secret-type": ("Low", _whole("auth-file|auth-map", spaces=False)),
    "backend-protocol": ("Low", _one_of("auto_http", "http", "https", "grpc", "grpcs", "fcgi", any_case=True)),
    "proxy-ssl-protocols": ("Low", _whole(r"^(TLSv1\.2|TLSv1\.3| )*\Z", spaces=False)),
    "proxy-ssl-ciphers": ("Medium", _whole(r"^[A-Za-z0-9\+:\_\-!]*\Z", spaces=False)),
    "proxy-next-upstream": ("Medium", _whole(r"^[a-z0-9_ ]+\Z")),
    "default-backend": ("Low", _whole(r"^[a-z]([-a-z0-9]*[a-z0-9])?\Z")),
}
