"""How the path of a route is compared with a request's."""

from enum import Enum

__all__ = ["PathType"]


class PathType(str, Enum):
    """How a route's path is compared with a request's."""

    PREFIX = "Prefix"
    """The request's path is the route's, or is below it: /foo matches /foo, /foo/ and /foo/bar, but not /foobar."""

    EXACT = "Exact"
    """The request's path is the route's, character by character."""
