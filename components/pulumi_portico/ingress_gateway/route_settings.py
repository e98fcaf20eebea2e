"""The groups of settings that a `Route` holds."""

from collections.abc import Mapping, Sequence
from enum import Enum

import pulumi

from .._typing import NotRequired, TypedDict

__all__ = [
    "BackendProtocol",
    "BackendTls",
    "BasicAuth",
    "Buffering",
    "Cors",
    "LoadBalancing",
    "Per",
    "RateLimit",
    "Redirect",
    "SameSite",
    "Scheme",
    "SessionPersistence",
    "Timeouts",
]


class Scheme(str, Enum):
    """What a URL begins with."""

    HTTP = "http"
    """Without TLS."""

    HTTPS = "https"
    """With TLS."""


class Redirect(TypedDict):
    """Another address that the client is sent to. What is not said stays as it was asked for."""

    scheme: NotRequired[Scheme]
    """http or https. Plain. Default: https where a host is named, else what was asked by."""

    host: NotRequired[str]
    """The host name, such as www.example.com. Plain. Default: the one asked for."""

    path: NotRequired[str]
    """The path, which takes the place of the whole path and query. Plain. Default: the path and the query asked for."""

    code: NotRequired[int]
    """The status: 301 or 308 for good, which browsers keep; 302 or 307 for now. With 307 and 308 the client keeps the
    method and the body. Plain. Default: 302."""


class Timeouts(TypedDict):
    """How long the target may take."""

    connect: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 75) to take a connection; nginx never waits longer. Default: that of the gateway, 5."""

    read: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) of silence while the gateway waits for more of an answer. Default: that of the gateway, 60;
    3600 where `websocket` is true."""

    send: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) for which it may take no more of a request. Default: that of the gateway, 60; 3600 where
    `websocket` is true."""


class Buffering(TypedDict):
    """Whether bodies are collected before they go on: it keeps pods from waiting for slow clients, and clients from
    seeing an answer while it is made."""

    requests: NotRequired[bool]
    """Whether a request's body is. Plain. Default: true."""

    responses: NotRequired[bool]
    """Whether a response's is. Plain; false for streams, such as server-sent events. Default: true."""


class BackendProtocol(str, Enum):
    """What a target speaks."""

    HTTP = "HTTP"
    """HTTP/1.1."""

    HTTPS = "HTTPS"
    """HTTP/1.1 over TLS."""

    GRPC = "GRPC"
    """gRPC: HTTP/2 without TLS."""

    GRPCS = "GRPCS"
    """gRPC over TLS."""


class BackendTls(TypedDict):
    """How the certificate of a target that speaks TLS is checked."""

    ca_certificate: pulumi.Input[str]
    """The certificates, in PEM, of who may have issued it."""

    server_name: NotRequired[pulumi.Input[str]]
    """The name that it must be for, which is asked for by SNI too. Default: the Service's DNS name."""


class SameSite(str, Enum):
    """Whether a browser sends a cookie along with requests that another site made it send."""

    STRICT = "Strict"
    """Never."""

    LAX = "Lax"
    """When a link is followed."""

    NONE = "None"
    """Always; a browser wants the cookie to be secure then."""


class SessionPersistence(TypedDict):
    """A cookie that keeps a client with one pod, as long as that lives."""

    cookie: NotRequired[str]
    """The cookie's name. Plain. Default: route."""

    max_age: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) that it lasts. Default: until the browser is closed."""

    path: NotRequired[str]
    """The path below which browsers send it. Plain. Default: the route's own."""

    same_site: NotRequired[SameSite]
    """Whether other sites' requests carry it. Plain. Default: Lax."""

    secure: NotRequired[bool]
    """Whether browsers send it over TLS alone. Plain. Default: true where the host has TLS."""


class LoadBalancing(str, Enum):
    """How a pod is chosen for a request."""

    ROUND_ROBIN = "round-robin"
    """One after the other."""

    LEAST_CONNECTIONS = "least-connections"
    """The one with the fewest requests under way."""

    FASTEST = "fastest"
    """The better of two, by how long it took of late (an exponentially weighted moving average)."""

    CLIENT_ADDRESS = "client-address"
    """The same for each client, by its address."""

    REQUEST_URI = "request-uri"
    """The same for each path and query."""


class Per(str, Enum):
    """The time that a rate is counted over."""

    SECOND = "second"
    """A second."""

    MINUTE = "minute"
    """A minute."""


class RateLimit(TypedDict):
    """How often one client, by its address, may ask one replica of the controller. More is answered with 429."""

    requests: NotRequired[pulumi.Input[int]]
    """How many requests (1 or more) in the time. Needed unless there is `connections`."""

    per: NotRequired[Per]
    """That time. Plain. Default: second."""

    burst: NotRequired[pulumi.Input[int]]
    """How many requests (1 or more) may come at once before any is turned away. Default: five times `requests`."""

    connections: NotRequired[pulumi.Input[int]]
    """How many requests (1 or more) may be under way at once. Default: any number."""


class Cors(TypedDict):
    """Which other sites' pages may use the route (cross-origin resource sharing)."""

    origins: Sequence[str]
    """The sites, such as https://shop.example.com, or https://*.example.com for one more label; * alone for every one.
    Plain."""

    methods: NotRequired[Sequence[str]]
    """The methods that they may use. Plain. Default: GET, PUT, POST, DELETE, PATCH and OPTIONS."""

    headers: NotRequired[Sequence[str]]
    """The headers that they may send. Plain. Default: those that a plain form can, Authorization and Content-Type."""

    expose_headers: NotRequired[Sequence[str]]
    """The headers of an answer that they may read. Plain. Default: those that every page may."""

    credentials: NotRequired[bool]
    """Whether cookies go along; not with an origin of *. Plain. Default: false."""

    max_age: NotRequired[int]
    """Seconds (0 or more) for which a browser need not ask again. Plain. Default: 1728000."""


class BasicAuth(TypedDict):
    """Ask for a user name and a password, over TLS alone."""

    users: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The users, by name, each with the hash of a password as `htpasswd` or `openssl passwd` make it: $apr1$, $5$, $6$
    or {SSHA}. Kept secret. Names are plain. This or `secret`."""

    secret: NotRequired[pulumi.Input[str]]
    """A Secret, in the target's namespace, that holds them as the controller wants it: key `auth` for ingress-nginx,
    type nginx.org/htpasswd and key `htpasswd` for F5 NIC."""

    realm: NotRequired[str]
    """What a browser shows beside the question. Plain. Default: Sign in."""
