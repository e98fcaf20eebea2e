"""A request, as one writes it."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import SplitResult, urlsplit

import pulumi

__all__ = ["Request", "is_outside", "is_within", "parse_request"]

_PORTS = {"http": 80, "https": 443, "grpc": 443}
_SCHEMES = (*_PORTS, "tcp", "tls", "udp")


@dataclass(frozen=True)
class Request:
    """A request of a client."""

    scheme: str
    host: str
    """In lower case, without a port."""
    port: int
    path: str
    query: str = ""
    """Without a question mark."""
    method: str = "GET"
    client: Optional[str] = None
    """The client's address; None where it is not said."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """By name in lower case."""

    @property
    def secure(self) -> bool:
        """Whether it is sent with TLS."""
        return self.scheme in ("https", "grpc", "tls")

    @property
    def transport(self) -> str:
        """TCP or UDP."""
        return "UDP" if self.scheme == "udp" else "TCP"

    @property
    def url_host(self) -> str:
        """The host as URLs have it."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def authority(self) -> str:
        """The host, with the port where it is not the scheme's own."""
        return self.url_host if _PORTS.get(self.scheme) == self.port else f"{self.url_host}:{self.port}"

    @property
    def target(self) -> str:
        """The path and the query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def http(self) -> bool:
        """Whether it is HTTP, with a method and a path."""
        return self.scheme in _PORTS

    @property
    def url(self) -> str:
        """The whole URL."""
        return f"{self.scheme}://{self.authority}{self.target if self.http else ''}"

    def __str__(self) -> str:
        return f"{self.method} {self.url}" if self.http else self.url


def parse_request(url: str, method: str, client: Optional[str], headers: Sequence[str]) -> Request:
    """The request of a URL. Raises ValueError, which says what is wrong."""
    # As curl has it.
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"{parts.scheme} is no scheme that is followed: {', '.join(_SCHEMES)}")
    if not parts.hostname:
        raise ValueError(f"{url} names no host")
    port = _port(parts)
    if not re.fullmatch(r"[A-Z][A-Z-]*", method):
        raise ValueError(f"{method} is no method: write it in capitals, such as GET")
    if client is not None:
        ipaddress.ip_address(client)
    return Request(
        parts.scheme,
        parts.hostname.removesuffix("."),
        port,
        parts.path or "/",
        parts.query,
        method,
        client,
        _named(headers),
    )


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{parts.netloc}: a port is a number from 1 to 65535") from error
    known = port if port is not None else _PORTS.get(parts.scheme)
    if not known:
        raise ValueError(f"{parts.scheme} wants a port, such as {parts.scheme}://{parts.hostname}:5432")
    return known


def _named(headers: Sequence[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for it in headers:
        name, colon, value = it.partition(":")
        if not colon or not name.strip():
            raise ValueError(f"{it} is no header: write NAME: VALUE")
        named[name.strip().lower()] = value.strip()
    return named


def is_outside(client: str, ranges: Sequence[Any]) -> bool:
    """Whether an address is in none of the ranges for certain: each of them is known."""
    return not is_within(client, ranges) and not any(isinstance(it, pulumi.Output) for it in ranges)


def is_within(client: str, ranges: Sequence[Any]) -> bool:
    """Whether an address is in one of the ranges; what is no range, or is known later, is in none."""
    address = ipaddress.ip_address(client)
    for it in ranges:
        if isinstance(it, pulumi.Output):
            continue
        try:
            network = ipaddress.ip_network(it)
        except (TypeError, ValueError):
            continue
        if address.version == network.version and address in network:
            return True
    return False
