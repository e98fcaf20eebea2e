"""Reasons as data: why a request is forwarded, redirected, or rejected, and why a route does or doesn't match it.

Each kind of reason has a code, and a template that is rendered when somebody reads it. The codes begin with `trace-`,
because the registry has the codes of problems, too.
"""

from dataclasses import dataclass, field
from typing import Any

from ...args.codes import Code, define
from ...args.display import as_data, parameter_text
from ...args.location import KeyStyle
from ...untyped import Data, Parameters

__all__ = ["InvalidRequest", "RouteReason"]


@dataclass(frozen=True)
class RouteReason:
    """One reason."""

    code: Code
    params: Parameters = field(default_factory=dict[str, Any])
    """What the code's template names."""

    @property
    def text(self) -> str:
        """The reason as a sentence."""
        return self.code.message.format(
            **{name: parameter_text(value, KeyStyle.STACK) for name, value in self.params.items()}
        )

    def as_data(self) -> Data:
        """The reason for programs."""
        params = {name: as_data(value, KeyStyle.STACK) for name, value in self.params.items()}
        return {"code": self.code.name, "params": params, "text": self.text}


class InvalidRequest(ValueError):
    """What isn't a request that can be traced."""

    def __init__(self, code: Code, **params: Any) -> None:
        self.reason = RouteReason(code, params)
        super().__init__(self.reason.text)


# What becomes of a request.

FORWARDED = define("trace-forwarded", "{backend} receives the request.")
REWRITTEN = define("trace-rewritten", "{backend} receives the request with the path {path}.")
DEFAULT_BACKEND = define(
    "trace-default-backend", "No route matches, so the default backend {backend} receives the request."
)
PORT_FORWARDED = define("trace-port-forwarded", "{backend} receives all connections to port {port}.")
WEIGHTED = define("trace-forwarded-by-weight", "One of {backends} receives the request, by weight.")

ROUTE_REDIRECTS = define("trace-route-redirects", "The route redirects to {location} ({status}).")
HTTPS_REDIRECT = define("trace-https-redirect", "The gateway redirects requests without TLS to {location} ({status}).")
HTTPS_REDIRECT_LOOP = define(
    "trace-https-redirect-loop",
    "TLS terminates before the gateway and {field} isn't set, so the gateway redirects every request to the same URL, "
    "{location} ({status}).",
)
APP_ROOT_REDIRECT = define("trace-app-root-redirect", "The gateway redirects / to the app root {location} ({status}).")
LOAD_BALANCER_REDIRECTS = define(
    "trace-load-balancer-redirects", "The load balancer redirects to {location} ({status})."
)

NO_ROUTE_FOR_HOST = define(
    "trace-no-route-for-host",
    "No route matches the host {host} and there is no default backend, so {controller} responds with {status}.",
)
NO_ROUTE_FOR_PATH = define(
    "trace-no-route-for-path",
    "No route of {host} matches the path {path} and there is no default backend, so {controller} responds with "
    "{status}.",
)
PATH_REJECTED = define(
    "trace-path-rejected", "The path {path} can't be normalized, so {controller} responds with {status}."
)
SOURCE_REJECTED = define(
    "trace-client-not-allowed", "{client} isn't in the route's allowed sources, so the gateway responds with {status}."
)
SOURCE_DENIED = define(
    "trace-client-denied", "{client} is in the route's denied sources, so the gateway responds with {status}."
)
FIXED_RESPONSE = define("trace-fixed-response", "The load balancer responds with {status}.")

CLIENT_BLOCKED = define(
    "trace-client-blocked", "{client} isn't in the allowed sources of {name}, so the client can't connect."
)
PORT_CLOSED = define("trace-port-closed", "Nothing listens on port {port}/{protocol}.")
NOT_HTTP = define("trace-not-http", "A gateway serves only HTTP, and {scheme} isn't HTTP.")
OTHER_SCHEME = define("trace-other-scheme", "Port {port} of {name} serves {serves}, not {scheme}.")
HOST_NOT_SERVED = define("trace-host-not-served", "{name} serves only {hosts}.")
NO_CERTIFICATE = define(
    "trace-no-certificate-for-host", "The gateway has no certificate for {host}, so clients reject the connection."
)

# What else holds.

NO_RULE_MATCHES = define("trace-default-action", "No rule matches, so the default action of the listener applies.")
REQUIRES_DNS = define("trace-requires-dns-record", "Clients connect only if DNS resolves {host} to its address.")
REQUIRES_SOURCE = define("trace-requires-allowed-source", "The route accepts only clients in {sources}.")
REJECTS_SOURCE = define("trace-rejects-denied-source", "The route rejects clients in {sources}.")
REQUIRES_BASIC_AUTH = define("trace-requires-basic-auth", "The route requires a user name and a password.")

# Why a route receives the request, or why not.

EXACT_MATCH = define(
    "trace-exact-path-matches", "Its path is the request's, and no host that matches is more specific."
)
PREFIX_MATCH = define(
    "trace-longest-prefix-matches", "Its prefix is the longest that matches, and no host that matches is more specific."
)
OTHER_HOST = define("trace-other-host", "It matches another host: {host}.")
OTHER_LABELS = define(
    "trace-wildcard-matches-one-label", "{pattern} matches one label before {suffix}, and {host} has {labels}."
)
LESS_SPECIFIC_HOST = define(
    "trace-less-specific-host", "The routes of {deciding} take precedence, because this host is more specific."
)
UNREADABLE_PATH = define("trace-unreadable-path", "The request's path can't be normalized.")
OTHER_PATH = define("trace-other-path", "It matches another path: {path}.")
EXACT_PATH_DIFFERS = define("trace-exact-path-differs", "It matches only the exact path {path}.")
PATH_TOO_DEEP = define("trace-path-too-deep", "Its path {path} is below the request's path {requested}.")
ELEMENT_DIFFERS = define(
    "trace-path-element-differs",
    "Prefixes match whole path elements, and {path} ends within an element of {requested}.",
)
EXACT_PATH_WINS = define("trace-exact-path-wins", "It matches too, but the exact path {better} takes precedence.")
LONGER_PREFIX_WINS = define("trace-longer-prefix-wins", "It matches too, but the prefix {better} is longer.")

# Why a rule or a port of a load balancer receives the request, or why not.

FIRST_RULE = define("trace-first-rule-matches", "It's the first rule that matches, with priority {priority}.")
LATER_RULE = define("trace-earlier-rule-wins", "It matches too, but its priority {priority} comes later.")
OTHER_METHOD = define("trace-other-method", "It matches only the methods {methods}.")
OTHER_SOURCE = define("trace-other-source", "It matches only clients in {sources}, and {client} isn't one.")
UNKNOWN_SOURCE = define("trace-unknown-source", "It matches only clients in {sources}. To try one, use --from.")
OTHER_HEADER = define("trace-other-header", "It requires the header {header} with one of these values: {values}.")
OTHER_QUERY = define(
    "trace-other-query", "It requires the query parameter {parameter} with one of these values: {values}."
)
PORT_MATCHES = define("trace-port-matches", "It listens on the request's port.")
OTHER_PORT = define("trace-other-port", "The request is for port {port}/{protocol}.")

# What isn't a request.

UNSUPPORTED_SCHEME = define("trace-unsupported-scheme", "{scheme} isn't a supported scheme: {known}.")
INVALID_URL = define("trace-invalid-url", "The URL isn't valid.")
NO_HOST = define("trace-url-without-host", "The URL has no host.")
PORT_REQUIRED = define("trace-port-required", "The scheme {scheme} requires a port, such as {example}.")
INVALID_PORT = define("trace-invalid-url-port", "The port isn't a number from 1 to 65535.")
INVALID_METHOD = define("trace-invalid-method", "{method} isn't a method. Write it in uppercase letters, such as GET.")
INVALID_CLIENT = define("trace-invalid-client-address", "{client} isn't an IP address.")
INVALID_HEADER = define("trace-invalid-request-header", "A header is written as NAME: VALUE.")
