"""A route: which requests, by host and path, go to which Service, and how the gateway processes them.

Routes are independent of the controller: a compiler makes each controller behave as they say, or rejects them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.elsewhere import component, form, moved_to, several, table, unsupported
from ..args.forms import only_item
from ..args.spec import Spec, spec
from ..networking.conversions import (
    from_backend,
    from_backend_name,
    from_backend_refs,
    from_http,
    from_matches,
    from_url,
    is_url_with_path,
)
from ..networking.path_type import PathType, PathTypeLike
from ..networking.target import Target, TargetSpec
from .route_settings import (
    BackendProtocol,
    BackendProtocolLike,
    BackendTls,
    BackendTlsSpec,
    BasicAuth,
    BasicAuthSpec,
    Buffering,
    BufferingSpec,
    Cors,
    CorsSpec,
    LoadBalancing,
    LoadBalancingLike,
    RateLimit,
    RateLimitSpec,
    Redirect,
    RedirectSpec,
    SessionPersistence,
    SessionPersistenceSpec,
    Timeouts,
    TimeoutsSpec,
)

if TYPE_CHECKING:
    from .resolved_routes import ResolvedRoute

__all__ = ["PathType", "Route", "RouteSpec"]


class Route(TypedDict):
    """Requests, by host and path, and the Service that receives them.

    If several routes match a request, the one with the most specific host receives it: an exact host before a wildcard,
    a wildcard before no host. Among those, an exact path comes before a prefix, and a longer prefix before a shorter
    one. `match_route` returns the one.
    """

    target: NotRequired[Target]
    """The Service that receives the requests: `WebService.target`, or one that you write by hand. Required unless the
    route redirects."""

    host: NotRequired[str]
    """The host name of the request, such as shop.example.com; *.example.com matches exactly one more label in front.
    Plain. Default: every host that no other route names."""

    path: NotRequired[str]
    """The path of the request, such as /api. Plain. Default: /."""

    path_type: NotRequired[PathTypeLike]
    """How the path is compared. Plain. Default: Prefix."""

    rewrite: NotRequired[str]
    """What replaces `path` before the gateway sends the request on: with path /api and rewrite /v2, /api/users becomes
    /v2/users. Plain. Default: the path stays as it is."""

    redirect: NotRequired[Redirect]
    """Redirect the client instead of sending the request on. Default: none."""

    app_root: NotRequired[str]
    """The path that a browser that requests / itself is redirected to, such as /login. Only for a route of path /.
    Plain. Default: none."""

    timeouts: NotRequired[Timeouts]
    """How long the gateway waits for the target. Default: the gateway's timeouts."""

    body_size: NotRequired[pulumi.Input[int]]
    """The largest request body in MiB (0 or more); 0 sets no limit. The gateway rejects a larger one with 413. Default:
    the gateway's limit."""

    buffering: NotRequired[Buffering]
    """Whether the gateway collects bodies before it sends them on. Default: both requests and responses."""

    websocket: NotRequired[bool]
    """Whether a connection can become a WebSocket. If you set it to true, both sides can also be silent for an hour.
    Plain. Default: true if the target speaks HTTP/1.1."""

    protocol: NotRequired[BackendProtocolLike]
    """The protocol that the target speaks. Plain. Default: HTTP."""

    backend_tls: NotRequired[BackendTls]
    """How the gateway verifies the certificate of a target that speaks TLS. Default: it doesn't."""

    session_persistence: NotRequired[SessionPersistence]
    """Keep a client with one pod, by a cookie. Default: any pod."""

    load_balancing: NotRequired[LoadBalancingLike]
    """How the gateway chooses a pod. Plain. Default: round-robin."""

    rate_limit: NotRequired[RateLimit]
    """How many requests a client can send. Default: no limit."""

    cors: NotRequired[Cors]
    """Which pages of other sites can use the route. Default: none."""

    allowed_sources: NotRequired[Sequence[pulumi.Input[str]]]
    """The client addresses that the route accepts, in CIDR notation; it rejects others with 403. Its length is plain.
    Default: all."""

    denied_sources: NotRequired[Sequence[pulumi.Input[str]]]
    """The client addresses that the route rejects with 403, in CIDR notation. Its length is plain. Default: none."""

    basic_auth: NotRequired[BasicAuth]
    """Require a user name and a password. Default: none."""

    request_headers: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Headers that the target receives, instead of those that the client sent under these names. Keys are plain.
    Default: none."""

    response_headers: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Headers that the gateway adds to the target's responses. Keys are plain. Default: none."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The controller's own annotations, for what has no field. Keys are plain. Rejected: those that a field writes,
    those that change what a field sets (such as `satisfy` and `canary`), those of another controller, those that
    contain nginx configuration (snippets), and values that the controller's own rules don't allow. Default: none."""


class _Resolvable(Spec):
    """A spec that keeps what it resolves to, so that it's resolved once, however many ask."""

    __slots__ = ("resolution",)

    resolution: "ResolvedRoute"
    """Set by `resolve_route`, and nowhere else."""


_NAMES_OF_ROUTE = table(
    {
        "backend": several("target", convert=from_backend),
        "service": several("target", convert=from_backend_name),
        "serviceName": several("target", convert=from_backend_name),
        "backendRefs": several("target", convert=from_backend_refs),
        "paths": component("gateways", "routes.path"),
        "http": several("path", "path_type", "target", convert=from_http),
        "hosts": component("gateways", "routes.host"),
        "hostname": moved_to("host"),
        "hostnames": moved_to("host", only_item),
        "matches": several("path", "path_type", convert=from_matches),
        "filters": several("redirect", "rewrite", "request_headers", "response_headers"),
        "rewriteTarget": moved_to("rewrite"),
        "timeout": several("timeouts"),
        "clientMaxBodySize": moved_to("body_size"),
        "whitelist": moved_to("allowed_sources"),
        "allowlist": moved_to("allowed_sources"),
        "denylist": moved_to("denied_sources"),
        "websockets": moved_to("websocket"),
        "headers": several("request_headers", "response_headers"),
        "tls": component("gateways", "tls"),
        "secretName": component("gateways", "tls"),
        "ingressClassName": component("gateways", "class_name"),
        "weight": unsupported(),
    },
    forms={"host": (form(is_url_with_path, from_url, "host", "path"),)},
)
"""Other tools' names for the fields of `Route`."""


@spec(Route, renamed={"session_affinity": "session_persistence"}, elsewhere=_NAMES_OF_ROUTE)
class RouteSpec(_Resolvable):
    """A parsed `Route`. A field that is None requests nothing of the controller."""

    target: Optional[TargetSpec] = None
    host: Optional[str] = None
    path: str = "/"
    path_type: PathType = PathType.PREFIX
    rewrite: Optional[str] = None
    redirect: Optional[RedirectSpec] = None
    app_root: Optional[str] = None
    timeouts: Optional[TimeoutsSpec] = None
    body_size: Optional[pulumi.Input[int]] = None
    buffering: Optional[BufferingSpec] = None
    websocket: Optional[bool] = None
    protocol: Optional[BackendProtocol] = None
    backend_tls: Optional[BackendTlsSpec] = None
    session_persistence: Optional[SessionPersistenceSpec] = None
    load_balancing: Optional[LoadBalancing] = None
    rate_limit: Optional[RateLimitSpec] = None
    cors: Optional[CorsSpec] = None
    allowed_sources: Optional[Sequence[pulumi.Input[str]]] = None
    denied_sources: Optional[Sequence[pulumi.Input[str]]] = None
    basic_auth: Optional[BasicAuthSpec] = None
    request_headers: Optional[Mapping[str, pulumi.Input[str]]] = None
    response_headers: Optional[Mapping[str, pulumi.Input[str]]] = None
    annotations: Optional[Mapping[str, pulumi.Input[str]]] = None
