"""Sends requests to a gateway's listeners on loopback."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import ipaddress
import socket
import ssl
import struct
import tempfile
import time
from collections.abc import Generator
from dataclasses import replace
from functools import cache

from tests.gateway_api.messages import Request, Response

_ADDRESS = "127.0.0.1"
_LARGEST = 1 << 16
_SET_ADDRESS, _SET_MASK, _GET_FLAGS, _SET_FLAGS = 0x8916, 0x891C, 0x8913, 0x8914
_UP = 1


def send(request: Request) -> Response:
    """Send one request on a connection of its own."""
    started = time.monotonic()
    try:
        if request.scheme in ("grpc", "grpcs"):
            from tests.gateway_api import grpc_calls

            response = grpc_calls.call(request, f"{_ADDRESS}:{request.listener_port}")
        elif request.scheme == "udp":
            response = _udp(request)
        else:
            response = _stream(request)
    except (OSError, http.client.HTTPException) as error:
        response = Response(error=f"{type(error).__name__}: {error}")
    return replace(response, seconds=time.monotonic() - started)


def _udp(request: Request) -> Response:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(request.timeout)
        client.bind((request.source, 0))
        client.connect((_ADDRESS, request.listener_port))
        client.send(request.body)
        return _echoed(client.recv(_LARGEST))


def _stream(request: Request) -> Response:
    with _connected(request) as plain:
        if request.before:
            plain.sendall(request.before)
        if request.scheme not in ("https", "tls"):
            return _exchange(plain, request)
        name = request.host if request.server_name is None else request.server_name
        with _context(request.client_certificate).wrap_socket(plain, server_hostname=name or None) as secured:
            response = _exchange(secured, request)
            certificate = ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"")
        return replace(response, certificate=certificate)


@contextlib.contextmanager
def _connected(request: Request) -> Generator[socket.socket]:
    _own(request.source)
    with socket.create_connection(
        (_ADDRESS, request.listener_port), request.timeout, (request.source, 0)
    ) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


@cache
def _context(client_certificate: tuple[str, str] | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    if client_certificate is not None:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pair:
            pair.write("".join(client_certificate))
            pair.flush()
            context.load_cert_chain(pair.name)
    return context


def _exchange(connection: socket.socket, request: Request) -> Response:
    if request.scheme in ("tcp", "tls"):
        connection.sendall(request.body)
        return _echoed(connection.recv(_LARGEST))
    lines = [f"{request.method} {request.target} HTTP/1.1", f"Host: {request.host}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if not any(name.lower() in ("connection", "upgrade") for name, _ in request.headers):
        lines.append("Connection: close")
    if request.chunked:
        lines.append("Transfer-Encoding: chunked")
    elif request.body:
        lines.append(f"Content-Length: {len(request.body)}")
    connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        # A gateway may reject a body before all of it has arrived.
        connection.sendall(_chunks(request.body) if request.chunked else request.body)
    received = http.client.HTTPResponse(connection, method=request.method)
    received.begin()
    headers: dict[str, list[str]] = {}
    for name, value in received.getheaders():
        headers.setdefault(name.lower(), []).append(value)
    return Response(received.status, headers, received.read(), headers.get("x-served-by", [""])[0])


def _chunks(body: bytes) -> bytes:
    pieces = [body[start : start + _LARGEST] for start in range(0, len(body), _LARGEST)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def _echoed(body: bytes) -> Response:
    """A backend without HTTP starts with its name. No bytes mean that the connection was closed."""
    if not body:
        return Response(error="the connection was closed")
    service, _, rest = body.partition(b" ")
    return Response(body=rest, service=service.decode())


@cache
def _own(address: str) -> None:
    """Make an address outside 127.0.0.0/8 this network namespace's own, so that a client can have it."""
    if not ipaddress.ip_address(address).is_loopback:
        own_network(address, "255.255.255.255")


def own_network(address: str, mask: str) -> None:
    """Make all addresses of a network the namespace's own."""
    _ALIASES.append(address)
    name = f"lo:{len(_ALIASES)}".encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for command, value in ((_SET_ADDRESS, address), (_SET_MASK, mask)):
            packed = struct.pack("16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(value))
            fcntl.ioctl(control, command, packed)


_ALIASES: list[str] = []


def bring_loopback_up() -> None:
    """A new network namespace has its loopback device down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.unpack("16sH", fcntl.ioctl(control, _GET_FLAGS, struct.pack("16sH", b"lo", 0))[:18])[1]
        if not flags & _UP:
            fcntl.ioctl(control, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))
