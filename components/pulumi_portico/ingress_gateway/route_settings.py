"""The groups of settings of a `Route`, and their specs."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.elsewhere import SWITCHED_ON, moved_to, several, table
from ..args.forms import list_of
from ..args.spec import Spec, spec

__all__ = [
    "BackendProtocol",
    "BackendProtocolLike",
    "BackendTls",
    "BackendTlsSpec",
    "BasicAuth",
    "BasicAuthSpec",
    "Buffering",
    "BufferingSpec",
    "Cors",
    "CorsSpec",
    "LoadBalancing",
    "LoadBalancingLike",
    "Per",
    "PerLike",
    "RateLimit",
    "RateLimitSpec",
    "Redirect",
    "RedirectSpec",
    "SameSite",
    "SameSiteLike",
    "Scheme",
    "SchemeLike",
    "SessionPersistence",
    "SessionPersistenceSpec",
    "Timeouts",
    "TimeoutsSpec",
]


class Scheme(str, Enum):
    """The scheme that a URL starts with."""

    HTTP = "http"
    """Without TLS."""

    HTTPS = "https"
    """With TLS."""


if TYPE_CHECKING:
    SchemeLike: TypeAlias = Scheme | Literal["http", "https"]
else:
    SchemeLike = Scheme


class Redirect(TypedDict):
    """The URL that a redirect leads to. Parts that aren't set stay as the client requested them."""

    scheme: NotRequired[SchemeLike]
    """The scheme. Plain. Default: https."""

    host: NotRequired[str]
    """The host name, such as www.example.com. Plain. Default: the host of the request."""

    path: NotRequired[str]
    """The path, which replaces the whole path and query. Plain. Default: the path and the query of the request."""

    keep_query: NotRequired[bool]
    """Whether the query of the request stays if `path` is set: true on Gateway API, and false on the other controllers.
    Plain. Default: false."""

    code: NotRequired[int]
    """The status code: 301 or 308 for permanent redirects, which browsers cache; 302 or 307 for temporary ones. With
    307 and 308, the client keeps the method and the body. Plain. Default: 302."""


_NAMES_OF_REDIRECT = table(
    {
        "statusCode": moved_to("code"),
        "status": moved_to("code"),
        "hostname": moved_to("host"),
        "permanent": moved_to("code", lambda value: (301 if value else 302) if isinstance(value, bool) else None),
    }
)
"""Other tools' names for the fields of `Redirect`."""


@spec(Redirect, elsewhere=_NAMES_OF_REDIRECT)
class RedirectSpec(Spec):
    """A parsed `Redirect`."""

    scheme: Optional[Scheme] = None
    host: Optional[str] = None
    path: Optional[str] = None
    keep_query: Optional[bool] = None
    code: Optional[int] = None


class Timeouts(TypedDict):
    """How long the gateway waits for the target."""

    connect: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 75) to open a connection; nginx never waits longer. Default: that of the gateway, 5."""

    read: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) between two reads of a response. Default: that of the gateway, 60; 3600 if `websocket` is set
    to true."""

    send: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) between two writes of a request. Default: that of the gateway, 60; 3600 if `websocket` is set
    to true."""


_NAMES_OF_TIMEOUTS = table(
    {
        "request": several("read", "send"),
        "backendRequest": moved_to("read"),
        "proxyRead": moved_to("read"),
        "proxySend": moved_to("send"),
        "proxyConnect": moved_to("connect"),
    }
)
"""Other tools' names for the fields of `Timeouts`."""


@spec(Timeouts, elsewhere=_NAMES_OF_TIMEOUTS)
class TimeoutsSpec(Spec):
    """Parsed `Timeouts`."""

    connect: Optional[pulumi.Input[int]] = None
    read: Optional[pulumi.Input[int]] = None
    send: Optional[pulumi.Input[int]] = None


class Buffering(TypedDict):
    """Whether the gateway collects bodies before it sends them on: pods don't wait for slow clients, but clients don't
    see a response while it's created."""

    requests: NotRequired[bool]
    """Whether it buffers the body of a request. Plain. Default: true."""

    responses: NotRequired[bool]
    """Whether it buffers the body of a response. Set it to false for streams, such as server-sent events. Plain.
    Default: true."""


@spec(Buffering)
class BufferingSpec(Spec):
    """A parsed `Buffering`. None is true, too, but requests nothing of the controller."""

    requests: Optional[bool] = None
    responses: Optional[bool] = None


class BackendProtocol(str, Enum):
    """The protocol that a target speaks."""

    HTTP = "HTTP"
    """HTTP/1.1."""

    HTTPS = "HTTPS"
    """HTTP/1.1 over TLS."""

    GRPC = "GRPC"
    """gRPC: HTTP/2 without TLS."""

    GRPCS = "GRPCS"
    """gRPC over TLS."""

    @property
    def is_grpc(self) -> bool:
        """Whether the target speaks gRPC."""
        return self in (BackendProtocol.GRPC, BackendProtocol.GRPCS)

    @property
    def uses_tls(self) -> bool:
        """Whether the target speaks TLS."""
        return self in (BackendProtocol.HTTPS, BackendProtocol.GRPCS)


if TYPE_CHECKING:
    BackendProtocolLike: TypeAlias = BackendProtocol | Literal["HTTP", "HTTPS", "GRPC", "GRPCS"]
else:
    BackendProtocolLike = BackendProtocol


class BackendTls(TypedDict):
    """How the gateway verifies the certificate of a target that speaks TLS."""

    ca_certificate: pulumi.Input[str]
    """The certificates of the accepted issuers, in PEM."""

    server_name: NotRequired[pulumi.Input[str]]
    """The name that the certificate must be for. The gateway also sends it as SNI. Default: the Service's DNS name."""


@spec(BackendTls)
class BackendTlsSpec(Spec):
    """A parsed `BackendTls`."""

    ca_certificate: pulumi.Input[str]
    server_name: Optional[pulumi.Input[str]] = None


class SameSite(str, Enum):
    """Whether a browser sends a cookie with requests that another site causes."""

    STRICT = "Strict"
    """Never."""

    LAX = "Lax"
    """If the user follows a link."""

    NONE = "None"
    """Always; browsers then require a secure cookie."""


if TYPE_CHECKING:
    SameSiteLike: TypeAlias = SameSite | Literal["Strict", "Lax", "None"]
else:
    SameSiteLike = SameSite


class SessionPersistence(TypedDict):
    """A cookie that keeps a client with one pod while that pod runs."""

    cookie: NotRequired[str]
    """The name of the cookie. Plain. Default: route."""

    max_age: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) until the cookie expires. Default: it expires when the browser closes."""

    path: NotRequired[str]
    """The path below which browsers send it. Plain. Default: the route's own."""

    same_site: NotRequired[SameSiteLike]
    """Whether browsers send it with requests of other sites. Plain. Default: Lax."""

    secure: NotRequired[bool]
    """Whether browsers send it only over TLS. Plain. Default: true if the host has TLS."""


@spec(SessionPersistence)
class SessionPersistenceSpec(Spec):
    """A parsed `SessionPersistence`."""

    cookie: Optional[str] = None
    max_age: Optional[pulumi.Input[int]] = None
    path: Optional[str] = None
    same_site: Optional[SameSite] = None
    secure: Optional[bool] = None


class LoadBalancing(str, Enum):
    """How the gateway chooses a pod for a request."""

    ROUND_ROBIN = "round-robin"
    """One after the other."""

    LEAST_CONNECTIONS = "least-connections"
    """The one with the fewest active requests."""

    FASTEST = "fastest"
    """The better of two by their recent response time (an exponentially weighted moving average)."""

    CLIENT_ADDRESS = "client-address"
    """The same for each client, by its address."""

    REQUEST_URI = "request-uri"
    """The same for each path and query."""


if TYPE_CHECKING:
    LoadBalancingLike: TypeAlias = (
        LoadBalancing | Literal["round-robin", "least-connections", "fastest", "client-address", "request-uri"]
    )
else:
    LoadBalancingLike = LoadBalancing


class Per(str, Enum):
    """The period that a rate refers to."""

    SECOND = "second"
    """A second."""

    MINUTE = "minute"
    """A minute."""


if TYPE_CHECKING:
    PerLike: TypeAlias = Per | Literal["second", "minute"]
else:
    PerLike = Per


class RateLimit(TypedDict):
    """How many requests one client, by its address, can send to one replica of the controller. It rejects more with
    429."""

    requests: NotRequired[pulumi.Input[int]]
    """The number of requests (1 or more) per period. Required unless `connections` is set."""

    per: NotRequired[PerLike]
    """The period. Plain. Default: second."""

    burst: NotRequired[pulumi.Input[int]]
    """How many requests (1 or more) can arrive at once before the gateway rejects any. Default: five times
    `requests`."""

    connections: NotRequired[pulumi.Input[int]]
    """How many requests (1 or more) can be active at once. Default: any number."""


_NAMES_OF_RATE_LIMIT = table(
    {
        "rps": moved_to("requests"),
        "rpm": several("requests", "per"),
        "rate": moved_to("requests"),
        "unit": moved_to("per"),
    }
)
"""Other tools' names for the fields of `RateLimit`."""


@spec(RateLimit, elsewhere=_NAMES_OF_RATE_LIMIT)
class RateLimitSpec(Spec):
    """A parsed `RateLimit`."""

    requests: Optional[pulumi.Input[int]] = None
    per: Optional[Per] = None
    burst: Optional[pulumi.Input[int]] = None
    connections: Optional[pulumi.Input[int]] = None


class Cors(TypedDict):
    """Which pages of other sites can use the route (cross-origin resource sharing)."""

    origins: Sequence[str]
    """The sites, such as https://shop.example.com, or https://*.example.com for one more label; * alone for every site.
    Plain."""

    methods: NotRequired[Sequence[str]]
    """The methods that they can use. Plain. Default: GET, PUT, POST, DELETE, PATCH and OPTIONS."""

    headers: NotRequired[Sequence[str]]
    """The headers that they can send. Plain. Default: those that a plain form can send, Authorization, and
    Content-Type."""

    expose_headers: NotRequired[Sequence[str]]
    """The headers of a response that they can read. Plain. Default: those that every page can read."""

    credentials: NotRequired[bool]
    """Whether browsers send cookies; not with an origin of *. Plain. Default: false."""

    max_age: NotRequired[int]
    """Seconds (0 or more) for which a browser caches the response. Plain. Default: 1728000."""


_NAMES_OF_CORS = table(
    {
        "allowOrigins": moved_to("origins"),
        "allowOrigin": moved_to("origins", list_of),
        "allowMethods": moved_to("methods"),
        "allowHeaders": moved_to("headers"),
        "allowCredentials": moved_to("credentials"),
        "enabled": SWITCHED_ON,
    }
)
"""Other tools' names for the fields of `Cors`."""


@spec(Cors, elsewhere=_NAMES_OF_CORS)
class CorsSpec(Spec):
    """A parsed `Cors`."""

    origins: Sequence[str]
    methods: Optional[Sequence[str]] = None
    headers: Optional[Sequence[str]] = None
    expose_headers: Optional[Sequence[str]] = None
    credentials: Optional[bool] = None
    max_age: Optional[int] = None


class BasicAuth(TypedDict):
    """Require a user name and a password, over TLS."""

    users: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The users, by name, each with the hash of a password as `htpasswd` or `openssl passwd` creates it: $apr1$, $5$,
    $6$ or {SSHA}. Kept secret. Names are plain. Set this or `secret`."""

    secret: NotRequired[pulumi.Input[str]]
    """A Secret in the target's namespace with the users in the controller's format: key `auth` for ingress-nginx, type
    nginx.org/htpasswd and key `htpasswd` for F5 NIC."""

    realm: NotRequired[str]
    """The text that a browser shows with its prompt. Plain. Default: Sign in."""


@spec(BasicAuth)
class BasicAuthSpec(Spec):
    """A parsed `BasicAuth`."""

    users: Optional[Mapping[str, pulumi.Input[str]]] = None
    secret: Optional[pulumi.Input[str]] = None
    realm: Optional[str] = None
