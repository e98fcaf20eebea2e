"""Serves the stack modules and the command until they are ported."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from .matching import host_of, path_of, path_type_of
from .resolved_routes import ResolvedHost as HostEntry
from .routes import PathType

__all__ = ["Entry", "HostEntry", "entry_of"]


@dataclass(frozen=True)
class Entry:
    """A route as a mapping, by what it matches."""

    host: str
    path: str
    path_type: str
    args: Mapping[str, Any]

    @property
    def exact(self) -> bool:
        """Whether it matches only its path itself."""
        return self.path_type == PathType.EXACT.value

    @property
    def target(self) -> Mapping[str, Any]:
        """Where requests go; empty if it redirects."""
        return self.args.get("target", {})

    @property
    def rewrite(self) -> Optional[str]:
        """What replaces the path."""
        rewrite = self.args.get("rewrite")
        return rewrite if rewrite is None or self.exact else str(rewrite).rstrip("/")

    def of(self, group: str) -> Mapping[str, Any]:
        """The settings of a group; empty if there are none."""
        return self.args.get(group, {})


def entry_of(route: Mapping[str, Any]) -> Entry:
    """The entry of a route."""
    return Entry(host_of(route), path_of(route), path_type_of(route), route)
