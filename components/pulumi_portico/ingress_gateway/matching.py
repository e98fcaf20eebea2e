"""Which route takes a request: what every controller is compiled to, and what the tests hold it against."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Optional, TypeVar

from .routes import PathType

__all__ = ["canonical_path", "host_of", "match_route", "path_of", "path_type_of", "takes_host", "takes_path"]

R = TypeVar("R", bound=Mapping[str, Any])

_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")


def match_route(routes: Iterable[R], host: str, path: str) -> Optional[R]:
    """The route that takes a request, as it was given, or None, where the default backend answers.

    The most specific host that has a route decides alone: what it has no path for goes to no other host's routes.

    :param routes: Any number of `Route`s, in any order, under the names that Python or a stack file gives their fields.
    :param host: The request's Host header or `:authority`; a port is left aside.
    :param path: The request's path; a query is left aside. What is written in another way, as %61 for a, // for / or
        /b/../a for /a, is compared as nginx understands it.
    """
    asked, where = _asked_host(host), canonical_path(path)
    if where is None:
        return None
    all_of = list(routes)
    hosts = {host_of(route) for route in all_of}
    chosen = max((it for it in hosts if takes_host(it, asked)), key=_specificity, default=None)
    here = [route for route in all_of if host_of(route) == chosen]
    taking = [route for route in here if takes_path(path_type_of(route), path_of(route), where)]
    return max(taking, key=_rank, default=None)


def _specificity(pattern: str) -> tuple[bool, bool]:
    return pattern != "", not pattern.startswith("*.")


def _rank(route: Mapping[str, Any]) -> tuple[bool, int]:
    return path_type_of(route) == PathType.EXACT.value, len(path_of(route))


def host_of(route: Mapping[str, Any]) -> str:
    """The route's host, as requests are compared with it; empty where it has none."""
    return str(route.get("host") or "").lower()


def path_of(route: Mapping[str, Any]) -> str:
    """The route's path. What stands behind a prefix's last element says nothing: /foo/ takes what /foo does."""
    path = str(route.get("path") or "/")
    return path.rstrip("/") or "/" if path_type_of(route) == PathType.PREFIX.value else path


def path_type_of(route: Mapping[str, Any]) -> str:
    """How the route's path is compared."""
    given = route.get("path_type") or route.get("pathType") or PathType.PREFIX
    return given.value if isinstance(given, PathType) else str(given)


def takes_host(pattern: str, host: str) -> bool:
    """Whether a route's host takes a request's; a wildcard stands for one label."""
    if not pattern.startswith("*."):
        return pattern in ("", host)
    label, _, rest = host.partition(".")
    return label != "" and rest == pattern[2:]


def takes_path(path_type: str, pattern: str, path: str) -> bool:
    """Whether a route's path takes a request's."""
    if path_type == PathType.EXACT.value or path == pattern:
        return path == pattern
    return path.startswith(pattern if pattern == "/" else f"{pattern}/")


def _asked_host(host: str) -> str:
    """The host name of a Host header: in lower case, without a port and the root's dot."""
    name = host.lower()
    if not name.startswith("["):
        name = name.partition(":")[0]
    return name.removesuffix(".")


def canonical_path(path: str) -> Optional[str]:
    """A path as nginx compares it: decoded, slashes merged, `.` and `..` resolved; None where it has no such form
    (nginx answers 400).

    Source: nginx's `ngx_http_parse_complex_uri`, with `merge_slashes` on, which is its default.
    """
    wanted = re.split(r"[?#]", path, maxsplit=1)[0]
    if not wanted.startswith("/") or _BROKEN.search(wanted) or "\0" in (decoded := _decoded(wanted)):
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
    # Bytes that are no UTF-8 stay apart from each other, so that no two paths become one.
    raw = _ESCAPED.sub(lambda it: chr(int(it[1], 16)), path.encode("utf-8").decode("latin-1"))
    return raw.encode("latin-1").decode("utf-8", errors="surrogateescape")
