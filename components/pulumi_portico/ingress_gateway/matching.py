"""Which route receives a request: what every controller is compiled to, and what the tests compare it with."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Optional, TypeVar

from .routes import PathType

__all__ = [
    "RouteTable",
    "canonical_path",
    "comparable_path",
    "host_of",
    "match_route",
    "path_of",
    "path_type_of",
    "takes_host",
    "takes_path",
]

R = TypeVar("R")
M = TypeVar("M", bound=Mapping[str, Any])

_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass
class _Paths(Generic[R]):
    """The routes of a host, by path."""

    exact: dict[str, R] = field(default_factory=dict[str, Any])
    prefixes: dict[str, R] = field(default_factory=dict[str, Any])


class RouteTable(Generic[R]):
    """Routes by host and path. A look-up takes as long as the path has elements, however many routes there are."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Paths[R]] = {}

    def add(self, host: str, path: str, path_type: PathType, route: R) -> None:
        """Add a route; of two that match the same, the first remains."""
        paths = self._hosts.setdefault(host, _Paths())
        kept = paths.exact if path_type is PathType.EXACT else paths.prefixes
        kept.setdefault(path, route)

    def match(self, host: str, path: str) -> Optional[R]:
        """The route that receives a request; None if the default backend does."""
        canonical = canonical_path(path)
        paths = self._paths_of(_host_name(host))
        if canonical is None or paths is None:
            return None
        if canonical in paths.exact:
            return paths.exact[canonical]
        prefix = canonical
        while prefix:
            if prefix in paths.prefixes:
                return paths.prefixes[prefix]
            prefix = prefix.rpartition("/")[0]
        return paths.prefixes.get("/")

    def _paths_of(self, host: str) -> Optional[_Paths[R]]:
        """The routes of the most specific host, which decides alone."""
        label, _, rest = host.partition(".")
        patterns = (host, f"*.{rest}" if label and rest else "", "")
        return next((self._hosts[pattern] for pattern in patterns if pattern in self._hosts), None)


def match_route(routes: Iterable[M], host: str, path: str) -> Optional[M]:
    """The route that receives a request, as it was written; None if the default backend receives it.

    The most specific host that has a route decides alone: a request that none of its paths match goes to no other
    host's routes.

    :param routes: Any number of `Route`s, in any order, with field names as in Python or in a stack file.
    :param host: The request's Host header or `:authority`; a port is ignored.
    :param path: The request's path; a query is ignored. A path in another form, such as %61 for a, // for / or /b/../a
        for /a, is compared as nginx understands it.
    """
    table: RouteTable[M] = RouteTable()
    for route in routes:
        table.add(host_of(route), path_of(route), PathType(path_type_of(route)), route)
    return table.match(host, path)


def host_of(route: Mapping[str, Any]) -> str:
    """The route's host, as requests are compared with it; empty if it has none."""
    return str(route.get("host") or "").lower()


def path_of(route: Mapping[str, Any]) -> str:
    """The route's path. A slash at the end of a prefix means nothing: /foo/ matches what /foo does."""
    return comparable_path(str(route.get("path") or "/"), PathType(path_type_of(route)))


def comparable_path(path: str, path_type: PathType) -> str:
    """A route's path, as requests are compared with it."""
    return path.rstrip("/") or "/" if path_type is PathType.PREFIX else path


def path_type_of(route: Mapping[str, Any]) -> str:
    """How the route's path is compared."""
    path_type = route.get("path_type") or route.get("pathType") or PathType.PREFIX
    return path_type.value if isinstance(path_type, PathType) else str(path_type)


def takes_host(pattern: str, host: str) -> bool:
    """Whether a route's host matches a request's; a wildcard matches one label."""
    if not pattern.startswith("*."):
        return pattern in ("", host)
    label, _, rest = host.partition(".")
    return label != "" and rest == pattern[2:]


def takes_path(path_type: str, pattern: str, path: str) -> bool:
    """Whether a route's path matches a request's."""
    if path_type == PathType.EXACT.value or path == pattern:
        return path == pattern
    return path.startswith(pattern if pattern == "/" else f"{pattern}/")


def _host_name(host: str) -> str:
    """The host name of a Host header: in lowercase, without a port and the root's dot."""
    name = host.lower()
    if not name.startswith("["):
        name = name.partition(":")[0]
    return name.removesuffix(".")


def canonical_path(path: str) -> Optional[str]:
    """A path as nginx compares it: decoded, slashes merged, `.` and `..` resolved; None if it has no such form (nginx
    responds with 400).

    Source: nginx's `ngx_http_parse_complex_uri`, with `merge_slashes` on, which is its default.
    """
    requested = re.split(r"[?#]", path, maxsplit=1)[0]
    if not requested.startswith("/") or _BROKEN.search(requested) or "\0" in (decoded := _decoded(requested)):
        return None
    kept: list[str] = []
    segments = decoded.split("/")[1:]
    for segment in segments:
        if segment == "..":
            if not kept:
                return None
            kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    below = segments[-1] in ("", ".", "..") and kept
    return "/" + "/".join(kept) + ("/" if below else "")


def _decoded(path: str) -> str:
    # Bytes that aren't UTF-8 stay different from each other, so that no two paths become one.
    raw = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), path.encode("utf-8").decode("latin-1"))
    return raw.encode("latin-1").decode("utf-8", errors="surrogateescape")
