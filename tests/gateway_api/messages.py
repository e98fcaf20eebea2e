"""What the tests and the processes in the network namespace send each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Scheme = Literal["http", "https", "grpc", "grpcs", "tcp", "tls", "udp"]
Protocol = Literal["http", "https", "h2c", "grpc", "grpcs", "tcp", "tls", "udp"]
PORTS: Mapping[str, int] = {"http": 80, "grpc": 80, "https": 443, "grpcs": 443}


@dataclass(frozen=True)
class Behavior:
    """What a backend does other than answer each request with status 200. It's for services such as an authorizer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0
    """Seconds before the response."""
    unless_header: tuple[str, str] | None = None
    """A header's name, and a text in its value: requests that have it get status 200 at once."""
    accepted_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Headers of the response to a request with that header."""


@dataclass(frozen=True)
class Backend:
    """A recording server for one port of a Service."""

    service: str
    """`namespace/name:port`."""
    protocol: Protocol
    address_port: int
    names: Sequence[str] = ()
    """The names in the certificate of a server that speaks TLS."""
    behavior: Behavior | None = None
    address: str = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """A request. The target and the headers go out letter by letter."""

    host: str
    target: str = "/"
    scheme: Scheme = "http"
    method: str = "GET"
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    chunked: bool = False
    port: int | None = None
    """The listener's port; by default, that of the scheme."""
    server_name: str | None = None
    """The server name of the TLS handshake; by default, the host."""
    source: str = "127.0.0.1"
    client_certificate: tuple[str, str] | None = None
    """A certificate and its key, in PEM."""
    ca: str = ""
    """The authority that a `grpcs` client trusts, in PEM. Other clients accept any certificate, and report it."""
    before: bytes = b""
    """What to send before anything else, such as a PROXY protocol header."""
    timeout: float = 10

    @property
    def listener_port(self) -> int:
        return self.port or PORTS[self.scheme]


@dataclass(frozen=True)
class Seen:
    """A request as a backend received it."""

    service: str
    method: str = ""
    target: str = ""
    host: str = ""
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """By name in lower case."""
    body: bytes = b""
    server_name: str = ""

    def header(self, name: str) -> str:
        return ", ".join(self.headers.get(name.lower(), ()))


@dataclass(frozen=True)
class Response:
    """What came back, and which requests reached backends meanwhile."""

    status: int = 0
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """By name in lower case."""
    body: bytes = b""
    service: str = ""
    """The backend that served the request, as `namespace/name:port`; empty if none did."""
    seen: Sequence[Seen] = ()
    certificate: str = ""
    """The server's certificate, in PEM."""
    code: str = ""
    """The status of a gRPC call, such as `OK`."""
    error: str = ""
    """Why there is no response, such as a connection that was reset."""
    seconds: float = 0

    def header(self, name: str) -> str:
        return ", ".join(self.headers.get(name.lower(), ()))

    @property
    def closed(self) -> bool:
        """Whether the connection ended with no response, and before any backend received anything."""
        return (self.status, self.body, self.seen) == (0, b"", ()) and bool(self.error)

    @property
    def backend(self) -> Seen:
        """The request as the serving backend received it."""
        found = [seen for seen in self.seen if seen.service == self.service]
        assert len(found) == 1, f"{self.service!r} served the request, and these received one: {self.seen}"
        return found[0]


@dataclass(frozen=True)
class Setup:
    """What the agent runs."""

    folder: str
    pki: str
    program: str
    envoy: str
    envoy_version: str
    backends: Sequence[Backend]
    gateways: int
    ports: Sequence[tuple[str, int]]
    """Each listener's protocol, `tcp` or `udp`, and port."""
    marker: str
    """A text that Envoy's configuration contains once it's complete."""
