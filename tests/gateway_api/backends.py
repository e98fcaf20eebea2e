"""Recording servers on loopback: HTTP/1.1, gRPC, TCP, and UDP, with and without TLS."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.gateway_api.messages import Backend, Behavior, Seen
from tools.pki import issue

_WEBSOCKET_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LARGEST = 1 << 16


class Backends:
    """The servers of one test, and the requests that they received."""

    def __init__(self, pki: Path) -> None:
        self._pki = pki
        self._seen: list[Seen] = []
        self._lock = threading.Lock()

    def start(self, backend: Backend) -> None:
        if backend.protocol == "udp":
            _thread(lambda: self._serve_udp(backend))
            return
        if backend.protocol in ("grpc", "grpcs"):
            self._serve_grpc(backend)
            return
        secured = backend.protocol in ("https", "tls")
        context = self._tls(backend) if secured else None
        handle = self._tcp if backend.protocol in ("tcp", "tls") else self._http
        listener = socket.create_server((backend.address, backend.address_port), backlog=256)
        _thread(lambda: _accept(listener, context, lambda connection: handle(connection, backend)))

    def take(self) -> list[Seen]:
        """The requests since the last call."""
        with self._lock:
            seen, self._seen = self._seen, []
        return seen

    def _record(self, seen: Seen) -> None:
        with self._lock:
            self._seen.append(seen)

    def _tls(self, backend: Backend) -> ssl.SSLContext:
        certificate, key = issue(self._pki, backend.names or ["localhost"])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pair:
            pair.write(certificate + key)
            pair.flush()
            context.load_cert_chain(pair.name)
        context.set_alpn_protocols(["http/1.1"])

        def keep_name(secured: Any, name: str | None, _context: ssl.SSLContext) -> None:
            secured.portico_server_name = name or ""

        context.sni_callback = keep_name
        return context

    def _serve_udp(self, backend: Backend) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind((backend.address, backend.address_port))
            while True:
                body, sender = server.recvfrom(_LARGEST)
                self._record(Seen(backend.service, body=body))
                server.sendto(backend.service.encode() + b" " + body, sender)

    def _tcp(self, connection: socket.socket, backend: Backend) -> None:
        """Answer each piece with the service's name and the piece."""
        name = getattr(connection, "portico_server_name", "")
        while body := connection.recv(_LARGEST):
            self._record(Seen(backend.service, body=body, server_name=name))
            connection.sendall(backend.service.encode() + b" " + body)

    def _http(self, connection: socket.socket, backend: Backend) -> None:
        name = getattr(connection, "portico_server_name", "")
        with connection.makefile("rb") as stream:
            while seen := _read_request(stream, backend.service, name):
                self._record(seen)
                if seen.header("upgrade").lower() == "websocket":
                    _upgrade(connection, stream, seen)
                    return
                _respond(connection, seen, backend.behavior)

    def _serve_grpc(self, backend: Backend) -> None:
        from tests.gateway_api import grpc_calls

        pair = issue(self._pki, backend.names or ["localhost"]) if backend.protocol == "grpcs" else None
        grpc_calls.serve(backend, self._record, pair)


def _accept(listener: socket.socket, context: ssl.SSLContext | None, handle: Callable[[socket.socket], None]) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _thread(lambda accepted=connection: _handle(accepted, context, handle))


def _handle(connection: socket.socket, context: ssl.SSLContext | None, handle: Callable[[socket.socket], None]) -> None:
    # A client may leave at any time, and a TLS handshake may fail: both are what some tests cause.
    with contextlib.suppress(OSError), connection:
        if context is None:
            handle(connection)
            return
        with context.wrap_socket(connection, server_side=True) as secured:
            handle(secured)


def _read_request(stream: Any, service: str, server_name: str) -> Seen | None:
    """Read a request; None at the end of the connection."""
    line = stream.readline(_LARGEST)
    if not line.strip():
        return None
    method, target, _version = line.decode("latin-1").rstrip("\r\n").split(" ", 2)
    headers: dict[str, list[str]] = {}
    while (field := stream.readline(_LARGEST).decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = field.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    body = b""
    if "chunked" in headers.get("transfer-encoding", []):
        while size := int(stream.readline(_LARGEST).split(b";")[0], 16):
            body += stream.read(size)
            stream.readline(_LARGEST)
        stream.readline(_LARGEST)
    elif length := headers.get("content-length"):
        body = stream.read(int(length[0]))
    host = ", ".join(headers.get("host", []))
    return Seen(service, method, target, host, headers, body, server_name)


def _respond(connection: socket.socket, seen: Seen, behavior: Behavior | None) -> None:
    status, headers = 200, {"Content-Type": "text/plain", "X-Served-By": seen.service}
    if behavior is not None:
        name, text = behavior.unless_header or ("", "")
        if name and text in seen.header(name):
            headers.update(behavior.accepted_headers)
        else:
            time.sleep(behavior.delay)
            status = behavior.status
            headers.update(behavior.headers)
    body = seen.service.encode()
    headers["Content-Length"] = str(len(body))
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    connection.sendall("\r\n".join(lines).encode("latin-1") + (b"" if seen.method == "HEAD" else body))


def _upgrade(connection: socket.socket, stream: Any, seen: Seen) -> None:
    """Accept a WebSocket, then send back the bytes that arrive."""
    digest = hashlib.sha1((seen.header("sec-websocket-key") + _WEBSOCKET_KEY).encode()).digest()
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": base64.b64encode(digest).decode(),
        "X-Served-By": seen.service,
    }
    lines = ["HTTP/1.1 101 Switching Protocols", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    connection.sendall("\r\n".join(lines).encode("latin-1"))
    while piece := stream.read1(_LARGEST):
        connection.sendall(piece)


def _thread(run: Callable[[], None]) -> None:
    threading.Thread(target=run, daemon=True).start()
