"""What several compilers share: defaults that are the same on every controller, and values as annotations have them."""

from collections.abc import Mapping
from typing import Any, Optional, cast

import pulumi

from ..outputs import applied, combined
from .resolved_routes import ResolvedRoute
from .route_settings import RateLimitSpec, Scheme
from .routes import PathType

__all__ = [
    "COOKIE",
    "CORS_HEADERS",
    "CORS_MAX_AGE",
    "CORS_METHODS",
    "EXACT",
    "HTTPS_REDIRECT_CODE",
    "IMPLEMENTATION_SPECIFIC",
    "PREFIX",
    "REALM",
    "REDIRECT_CODE",
    "REJECTED",
    "burst_of",
    "htpasswd",
    "redirect_parts",
    "timeouts_of",
]

COOKIE = "route"
REALM = "Sign in"
HTTPS_REDIRECT_CODE = 308
"""The status that redirects requests without TLS, on every controller."""

REDIRECT_CODE = 302
REJECTED = 429
"""Too Many Requests (RFC 6585)."""

CORS_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")
CORS_HEADERS = ("Authorization", "Content-Type")
CORS_MAX_AGE = 1728000

EXACT, PREFIX, IMPLEMENTATION_SPECIFIC = PathType.EXACT.value, PathType.PREFIX.value, "ImplementationSpecific"
"""The path types of an Ingress."""

_HOUR = 3600
_BURST = 5


def timeouts_of(route: ResolvedRoute) -> dict[str, Any]:
    """The timeouts that the route sets, in seconds, by name."""
    timeouts, default = route.spec.timeouts, _HOUR if route.spec.websocket else None
    if timeouts is None:
        return {} if default is None else {"read": default, "send": default}
    read = default if timeouts.read is None else timeouts.read
    send = default if timeouts.send is None else timeouts.send
    values = {"connect": timeouts.connect, "read": read, "send": send}
    return {name: value for name, value in values.items() if value is not None}


def burst_of(limit: RateLimitSpec) -> Any:
    """How many requests can arrive at once."""
    return limit.burst if limit.burst is not None else applied(limit.requests, lambda count: _BURST * count)


def htpasswd(users: Mapping[str, pulumi.Input[str]]) -> Any:
    """The users and the hashes of their passwords, as nginx reads them. Secret, even if the hashes aren't."""
    names = sorted(users)
    lines = combined(
        [users[name] for name in names],
        lambda hashes: "".join(f"{name}:{known}\n" for name, known in zip(names, hashes, strict=True)),
    )
    return cast("Any", pulumi.Output.secret(lines))


def redirect_parts(route: ResolvedRoute) -> tuple[str, Optional[str], Optional[str]]:
    """Where a redirect leads: the scheme, the host, and the path; None for those of the request."""
    redirect = route.spec.redirect
    scheme = (redirect.scheme if redirect else None) or Scheme.HTTPS
    host = redirect.host if redirect else None
    if host is None and route.host and not route.host.startswith("*."):
        host = route.host
    return scheme.value, host, redirect.path if redirect else None
