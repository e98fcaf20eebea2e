"""Which route receives a request: what every controller is compiled to, and what the tests compare it with."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Optional, TypeVar

from .routes import PathType, Route

__all__ = [
    "RouteTable",
    "canonical_path",
    "comparable",
    "match_route",
    "matches_host",
    "matches_path",
]

R = TypeVar("R")
M = TypeVar("M", bound=Route)

_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass
class _Paths(Generic[R]):
    """The routes of a host, by path."""

    exact: dict[str, R] = field(default_factory=dict[str, Any])
    prefixes: dict[str, R] = field(default_factory=dict[str, Any])


class RouteTable(Generic[R]):
    """Routes by host and path. A look-up takes as long as the path has elements, however many routes there are.

    :param multi_label_wildcards: Whether a wildcard host matches several labels, not exactly one.
    """

    def __init__(self, *, multi_label_wildcards: bool = False) -> None:
        self._multi_label_wildcards = multi_label_wildcards
        self._hosts: dict[str, _Paths[R]] = {}

    def add(self, host: str, path: str, path_type: PathType, route: R) -> None:
        """Add a route; of two that match the same, the first remains."""
        paths = self._hosts.setdefault(host, _Paths())
        kept = paths.exact if path_type is PathType.EXACT else paths.prefixes
        kept.setdefault(path, route)

    def match(self, host: str, path: str) -> Optional[R]:
        """The route that receives a request; None if the default backend does."""
        canonical, deciding = canonical_path(path), self.deciding_host(host)
        if canonical is None or deciding is None:
            return None
        paths = self._hosts[deciding]
        if canonical in paths.exact:
            return paths.exact[canonical]
        prefix = canonical
        while prefix:
            if prefix in paths.prefixes:
                return paths.prefixes[prefix]
            prefix = prefix.rpartition("/")[0]
        return paths.prefixes.get("/")

    def deciding_host(self, host: str) -> Optional[str]:
        """The most specific host that matches a request's, as routes name it: only its routes can receive the request.
        Empty for the routes without a host; None if no route's host matches."""
        patterns = _patterns_of(_host_name(host), multi_label_wildcards=self._multi_label_wildcards)
        return next((pattern for pattern in patterns if pattern in self._hosts), None)


def _patterns_of(host: str, *, multi_label_wildcards: bool) -> Iterator[str]:
    """The hosts of routes that match a request's host, the most specific one first."""
    yield host
    label, _, rest = host.partition(".")
    while label and rest:
        yield f"*.{rest}"
        if not multi_label_wildcards:
            break
        label, _, rest = rest.partition(".")
    yield ""


def match_route(routes: Iterable[M], host: str, path: str) -> Optional[M]:
    """The route that receives a request, as it was written; None if the default backend receives it.

    The most specific host that has a route decides alone: a request that none of its paths match goes to no other
    host's routes.

    :param routes: Any number of `Route`s, in any order.
    :param host: The request's Host header or `:authority`; a port is ignored.
    :param path: The request's path; a query is ignored. A path in another form, such as %61 for a, // for / or /b/../a
        for /a, is compared as nginx understands it.
    """
    table: RouteTable[M] = RouteTable()
    for route in routes:
        path_type = PathType(route.get("path_type", PathType.PREFIX))
        table.add(*comparable(route.get("host"), route.get("path", "/"), path_type), path_type, route)
    return table.match(host, path)


def comparable(host: Optional[str], path: str, path_type: PathType) -> tuple[str, str]:
    """A route's host and path, as requests are compared with them: the host is empty if the route has none. A slash at
    the end of a prefix means nothing: /foo/ matches what /foo does."""
    return (host or "").lower(), path.rstrip("/") or "/" if path_type is PathType.PREFIX else path


def matches_host(pattern: str, host: str, *, multi_label_wildcards: bool = False) -> bool:
    """Whether a route's host matches a request's."""
    return pattern in _patterns_of(_host_name(host), multi_label_wildcards=multi_label_wildcards)


def matches_path(path_type: PathType, pattern: str, path: str) -> bool:
    """Whether a route's path matches a request's, both in the form in which they are compared."""
    if path_type is PathType.EXACT or path == pattern:
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
