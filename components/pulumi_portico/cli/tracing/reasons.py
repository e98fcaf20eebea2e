"""Why a route does not take a request, by the rules of `match_route`."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, Optional

from ...ingress_gateway.matching import (
    canonical_path,
    host_of,
    match_route,
    path_of,
    path_type_of,
    takes_host,
    takes_path,
)
from ...ingress_gateway.routes import PathType

__all__ = ["Kind", "Reason", "decisive_host", "reason_against"]

Route = Mapping[str, Any]


class Kind(str, Enum):
    """What kind of reason it is."""

    HOST = "host"
    """It is for another host."""

    LABELS = "labels"
    """Its wildcard stands for another number of labels."""

    SHADOWED = "shadowed"
    """A more specific host has routes, and decides alone."""

    PATH = "path"
    """Its path is another one."""

    ELEMENT = "element"
    """Its path ends within an element of the request's."""

    LONGER = "longer"
    """Its path goes on beyond the request's."""

    EXACT = "exact"
    """It takes its very path alone."""

    BEATEN = "beaten"
    """It fits, and another one fits better."""

    UNREADABLE = "unreadable"
    """The request's path has no form that could be compared."""


class Reason(NamedTuple):
    """Why a route does not take a request."""

    kind: Kind
    text: str


def decisive_host(routes: Sequence[Route], host: str) -> Optional[str]:
    """The host whose routes alone decide on a request; None where no route is for it."""
    hosts = {host_of(it) for it in routes if takes_host(host_of(it), host)}
    # The same route at every host, so that the match is by host alone.
    found = match_route([{"host": it, "path": "/"} for it in hosts], host, "/")
    return None if found is None else str(found["host"])


def reason_against(route: Route, chosen: Optional[Route], decisive: Optional[str], host: str, path: str) -> Reason:
    """Why ``route`` does not take a request that ``chosen`` takes, or none; ``decisive`` is the host that decides."""
    pattern, where = host_of(route), canonical_path(path)
    if where is None:
        return Reason(Kind.UNREADABLE, "the path cannot be read")
    if not takes_host(pattern, host):
        return _by_host(pattern, host)
    if pattern != decisive:
        wide = "it is for every host" if not pattern else f"it is for {pattern}"
        return Reason(Kind.SHADOWED, f"{wide}, and {decisive} has routes of its own, which decide alone")
    if not takes_path(path_type_of(route), path_of(route), where):
        return _by_path(path_type_of(route), path_of(route), where)
    better = path_of(chosen) if chosen is not None else ""
    if chosen is not None and path_type_of(chosen) == PathType.EXACT.value:
        return Reason(Kind.BEATEN, "it fits too, and an exact path comes before a prefix")
    return Reason(Kind.BEATEN, f"it fits too, and {better} is longer")


def _by_host(pattern: str, host: str) -> Reason:
    if pattern.startswith("*.") and host.endswith(pattern[1:]):
        return Reason(Kind.LABELS, f"{pattern} stands for one label before {pattern[2:]}, and {host} has more")
    if pattern.startswith("*.") and host == pattern[2:]:
        return Reason(Kind.LABELS, f"{pattern} stands for one label before {host}, and there is none")
    return Reason(Kind.HOST, f"it is for another host: {pattern}")


def _by_path(path_type: str, pattern: str, path: str) -> Reason:
    if path_type == PathType.EXACT.value:
        return Reason(Kind.EXACT, f"it takes {pattern} alone, letter by letter")
    if pattern.startswith(f"{path.rstrip('/')}/"):
        return Reason(Kind.LONGER, f"its path, {pattern}, goes on beyond {path}")
    if path.startswith(pattern):
        return Reason(Kind.ELEMENT, f"{pattern} is compared element by element, and ends within one of {path}")
    return Reason(Kind.PATH, f"its path is another one: {pattern}")
