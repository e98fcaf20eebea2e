"""A route: which requests, by host and path, go to which Service, and what happens to them on the way.

Routes say nothing of the controller that keeps them: a compiler makes each controller behave as they say, or
refuses.
"""

from collections.abc import Mapping, Sequence
from enum import Enum

import pulumi

from .._typing import NotRequired, TypedDict
from ..networking.target import Target
from .route_settings import (
    BackendProtocol,
    BackendTls,
    BasicAuth,
    Buffering,
    Cors,
    LoadBalancing,
    RateLimit,
    Redirect,
    SessionPersistence,
    Timeouts,
)

__all__ = ["PathType", "Route"]


class PathType(str, Enum):
    """How a route's path is compared with a request's."""

    PREFIX = "Prefix"
    """The request's path is the route's, or goes on below it: /foo takes /foo, /foo/ and /foo/bar, but not /foobar."""

    EXACT = "Exact"
    """The request's path is the route's, letter by letter."""


class Route(TypedDict):
    """Requests, by host and path, and the Service that they go to.

    Of several routes that fit, the one whose host is the most specific takes the request: the exact host before a
    wildcard, a wildcard before none. Among those an exact path comes before a prefix, and a longer prefix before a
    shorter one. `match_route` tells which.
    """

    target: NotRequired[Target]
    """Where requests go: a WebService's `target()`, or one written by hand. Needed unless the route redirects."""

    host: NotRequired[str]
    """The host name that was asked for, such as shop.example.com; *.example.com stands for exactly one more label in
    front. Plain. Default: every host that no other route names."""

    path: NotRequired[str]
    """The path that was asked for, such as /api. Plain. Default: /."""

    path_type: NotRequired[PathType]
    """How the path is compared. Plain. Default: Prefix."""

    rewrite: NotRequired[str]
    """What takes the place of `path` before the request goes on: with path /api and rewrite /v2, /api/users becomes
    /v2/users. Plain. Default: the path stays as it is."""

    redirect: NotRequired[Redirect]
    """Answer with another address instead of sending the request on. Default: none."""

    app_root: NotRequired[str]
    """Where a browser that asks for / itself is sent, such as /login. For a route of path / alone. Plain. Default:
    nowhere."""

    timeouts: NotRequired[Timeouts]
    """How long the target may take. Default: that of the gateway."""

    body_size: NotRequired[pulumi.Input[int]]
    """The largest request body in MiB (0 or more); 0 sets no limit. A larger one is answered with 413. Default: that of
    the gateway."""

    buffering: NotRequired[Buffering]
    """Whether bodies are collected before they go on. Default: both ways."""

    websocket: NotRequired[bool]
    """Whether a connection may become a WebSocket. Written out as true, it also lets both sides be silent for an hour.
    Plain. Default: true, where the target speaks HTTP/1.1."""

    protocol: NotRequired[BackendProtocol]
    """What the target speaks. Plain. Default: HTTP."""

    backend_tls: NotRequired[BackendTls]
    """How the target's certificate is checked, where it speaks TLS. Default: not at all."""

    session_affinity: NotRequired[SessionPersistence]
    """Keep a client with one pod, by a cookie. Default: any pod."""

    load_balancing: NotRequired[LoadBalancing]
    """How a pod is chosen. Plain. Default: round-robin."""

    rate_limit: NotRequired[RateLimit]
    """How often a client may ask. Default: as often as it likes."""

    cors: NotRequired[Cors]
    """Which other sites' pages may use the route. Default: none is told that it may."""

    allowed_sources: NotRequired[Sequence[pulumi.Input[str]]]
    """The clients' addresses that are let in, in CIDR notation; others are answered with 403. Its length is plain.
    Default: all."""

    denied_sources: NotRequired[Sequence[pulumi.Input[str]]]
    """The clients' addresses that are kept out, in CIDR notation, with 403. Its length is plain. Default: none."""

    basic_auth: NotRequired[BasicAuth]
    """Ask for a user name and a password. Default: not."""

    request_headers: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Headers that the target gets, in place of what the client sent under these names. Keys are plain. Default:
    none."""

    response_headers: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Headers that are added to what the target answers. Keys are plain. Default: none."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The controller's own annotations, for what has no field here. Keys are plain; one that a field writes, one of
    another controller, and one that holds configuration of nginx (a snippet) are refused. Default: none."""
