"""How the path of a route is compared with a request's."""

from enum import Enum
from typing import TYPE_CHECKING, Literal, TypeAlias

__all__ = ["PathType", "PathTypeLike"]


class PathType(str, Enum):
    """How a route's path is compared with a request's."""

    PREFIX = "Prefix"
    """The request's path is the route's, or is below it: /foo matches /foo, /foo/ and /foo/bar, but not /foobar."""

    EXACT = "Exact"
    """The request's path is the route's, character by character."""


if TYPE_CHECKING:
    PathTypeLike: TypeAlias = PathType | Literal["Prefix", "Exact"]
else:
    PathTypeLike = PathType
