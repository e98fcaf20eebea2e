"""A request of a client, parsed from the command's arguments."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import SplitResult, urlsplit

import pulumi

from .reasons import (
    INVALID_CLIENT,
    INVALID_HEADER,
    INVALID_METHOD,
    INVALID_PORT,
    INVALID_URL,
    NO_HOST,
    PORT_REQUIRED,
    UNSUPPORTED_SCHEME,
    InvalidRequest,
)

__all__ = ["Request", "is_in_none", "is_within", "parse_request"]

_PORTS = {"http": 80, "https": 443, "grpc": 443}
_SCHEMES = (*_PORTS, "tcp", "tls", "udp")


@dataclass(frozen=True)
class Request:
    """A request of a client."""

    scheme: str
    host: str
    """In lowercase, without a port."""
    port: int
    path: str
    query: str = ""
    """Without a question mark."""
    method: str = "GET"
    client: Optional[str] = None
    """The client's address; None if it isn't known."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """By name in lowercase."""

    @property
    def is_secure(self) -> bool:
        """Whether the client uses TLS."""
        return self.scheme in ("https", "grpc", "tls")

    @property
    def is_http(self) -> bool:
        """Whether it's HTTP, with a method and a path."""
        return self.scheme in _PORTS

    @property
    def protocol(self) -> str:
        """The transport protocol: TCP or UDP."""
        return "UDP" if self.scheme == "udp" else "TCP"

    @property
    def url_host(self) -> str:
        """The host as URLs contain it."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def authority(self) -> str:
        """The host, with the port if it isn't the scheme's default."""
        return self.url_host if _PORTS.get(self.scheme) == self.port else f"{self.url_host}:{self.port}"

    @property
    def target(self) -> str:
        """The path and the query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.authority}{self.target if self.is_http else ''}"

    def __str__(self) -> str:
        return f"{self.method} {self.url}" if self.is_http else self.url


def parse_request(url: str, method: str, client: Optional[str], headers: Sequence[str]) -> Request:
    """The request of a URL. Raises `InvalidRequest`."""
    # Like curl, which assumes http.
    parts = _split(url if "://" in url else f"http://{url}")
    if parts.scheme not in _SCHEMES:
        raise InvalidRequest(UNSUPPORTED_SCHEME, scheme=parts.scheme, known=_SCHEMES)
    if not parts.hostname:
        raise InvalidRequest(NO_HOST)
    port = _port(parts)
    if not re.fullmatch(r"[A-Z][A-Z-]*", method):
        raise InvalidRequest(INVALID_METHOD, method=method)
    return Request(
        parts.scheme,
        parts.hostname.removesuffix("."),
        port,
        parts.path or "/",
        parts.query,
        method,
        client if client is None else _address(client),
        _by_name(headers),
    )


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise InvalidRequest(INVALID_URL) from error


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise InvalidRequest(INVALID_PORT) from error
    known = port if port is not None else _PORTS.get(parts.scheme)
    if known is None:
        raise InvalidRequest(PORT_REQUIRED, scheme=parts.scheme, example=f"{parts.scheme}://{parts.hostname}:5432")
    if known == 0:
        raise InvalidRequest(INVALID_PORT)
    return known


def _address(client: str) -> str:
    try:
        ipaddress.ip_address(client)
    except ValueError as error:
        raise InvalidRequest(INVALID_CLIENT, client=client) from error
    return client


def _by_name(headers: Sequence[str]) -> dict[str, str]:
    by_name: dict[str, str] = {}
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise InvalidRequest(INVALID_HEADER)
        by_name[name.strip().lower()] = value.strip()
    return by_name


def is_in_none(client: str, ranges: Sequence[Any]) -> bool:
    """Whether an address is certainly in none of the ranges: all of them are known."""
    return not is_within(client, ranges) and not any(isinstance(range_, pulumi.Output) for range_ in ranges)


def is_within(client: str, ranges: Sequence[Any]) -> bool:
    """Whether an address is in one of the ranges that are known."""
    address = ipaddress.ip_address(client)
    for range_ in ranges:
        if isinstance(range_, pulumi.Output):
            continue
        try:
            network = ipaddress.ip_network(range_)
        except (TypeError, ValueError):
            # The placeholder of a secret.
            continue
        if address.version == network.version and address in network:
            return True
    return False
