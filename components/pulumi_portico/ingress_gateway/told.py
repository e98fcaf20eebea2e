"""What more than one compiler tells: defaults that are the same everywhere, and values as annotations write them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Optional, cast

import pulumi

from ..outputs import applied
from .compilation import Entry
from .route_settings import BackendProtocol, Scheme
from .routes import PathType

__all__ = [
    "COOKIE",
    "CORS_HEADERS",
    "CORS_MAX_AGE",
    "CORS_METHODS",
    "REALM",
    "REDIRECT_CODE",
    "REJECTED",
    "burst_of",
    "combined",
    "htpasswd",
    "is_grpc",
    "joined",
    "over_tls",
    "redirect_parts",
    "takes_websockets",
    "timeouts_of",
    "words",
]

COOKIE = "route"
REALM = "Sign in"
REDIRECT_CODE = 302
REJECTED = 429
"""Too Many Requests (RFC 6585)."""

CORS_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")
CORS_HEADERS = ("Authorization", "Content-Type")
CORS_MAX_AGE = 1728000

_HOUR = 3600
_BURST = 5


def combined(values: Sequence[Any], function: Callable[[Sequence[Any]], Any]) -> Any:
    """What ``function`` makes of the values: at once where all are plain, else as an Output."""
    if any(isinstance(value, pulumi.Output) for value in values):
        return pulumi.Output.all(*values).apply(function)
    return function(values)


def joined(values: Iterable[Any], separator: str = ",") -> Any:
    """The values in one text."""
    return combined(list(values), lambda known: separator.join(map(str, known)))


def words(*parts: Any) -> Any:
    """A text of parts that may be known only later."""
    return joined(parts, "")


def is_grpc(entry: Entry) -> bool:
    """Whether the target speaks gRPC."""
    return entry.args.get("protocol") in (BackendProtocol.GRPC.value, BackendProtocol.GRPCS.value)


def over_tls(entry: Entry) -> bool:
    """Whether the target speaks TLS."""
    return entry.args.get("protocol") in (BackendProtocol.HTTPS.value, BackendProtocol.GRPCS.value)


def takes_websockets(entry: Entry) -> bool:
    """Whether a connection may become a WebSocket."""
    return not is_grpc(entry) and entry.args.get("websocket", True)


def timeouts_of(entry: Entry) -> dict[str, Any]:
    """The timeouts that the route sets, in seconds."""
    given = dict(entry.of("timeouts"))
    if entry.args.get("websocket"):
        given.setdefault("read", _HOUR)
        given.setdefault("send", _HOUR)
    return given


def burst_of(limit: Mapping[str, Any]) -> Any:
    """How many requests may come at once."""
    return limit["burst"] if "burst" in limit else applied(limit["requests"], lambda count: _BURST * count)


def htpasswd(users: Mapping[str, Any]) -> Any:
    """The users and the hashes of their passwords, as nginx reads them. Secret, however they were given."""
    names = sorted(users)
    lines = combined(
        [users[name] for name in names],
        lambda hashes: "".join(f"{name}:{known}\n" for name, known in zip(names, hashes, strict=True)),
    )
    return cast("Any", pulumi.Output.secret(lines))


def redirect_parts(entry: Entry) -> tuple[str, Optional[str], Optional[str]]:
    """Where a redirect leads: the scheme, the host and the path; None for those that were asked for."""
    redirect = entry.of("redirect")
    host = redirect.get("host")
    if host is None and entry.host and not entry.host.startswith("*."):
        host = entry.host
    return redirect.get("scheme", Scheme.HTTPS.value), host, redirect.get("path")


EXACT, PREFIX, OWN = PathType.EXACT.value, PathType.PREFIX.value, "ImplementationSpecific"
