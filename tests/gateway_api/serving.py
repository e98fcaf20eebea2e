"""Serves manifests with the real Envoy Gateway and the real Envoy, and sends requests through them. Needs no root.

    with serve(manifests, folder=tmp_path) as gateway:
        response = gateway.request("app.example.com", "/orders")
        assert (response.status, response.service) == (200, "shop/orders:80")
        assert response.backend.header("x-forwarded-proto") == "http"

Each `serve` has an Envoy Gateway of its own in a network namespace of its own, so that tests run beside each other,
ports are those of the manifests, and nothing listens on the machine's addresses. A namespace needs root, or a Linux
that lets users create them, as most do.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.gateway_api.file_mode import file_mode
from tests.gateway_api.messages import Behavior, Request, Response, Setup
from tests.gateway_api.statuses import Statuses, read_rejections, read_statuses
from tests.support import ROOT
from tools import build, wheels
from tools.pki import create_pki, issue


def why_not() -> str | None:
    """Why no gateway can run here, in one line; None where it can."""
    if reason := wheels.why_not("envoy"):
        return reason
    return "this user can't create network namespaces: root can" if _launcher() is None else None


@cache
def _launcher() -> tuple[str, ...] | None:
    """The command that starts another one in a network namespace of its own."""
    for options in (("--user", "--map-root-user", "--net"), ("--net",)):
        command = ("unshare", *options)
        with contextlib.suppress(FileNotFoundError):
            if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
                return command
    return None


class Certificates:
    """An authority, and the certificates that it issues to listeners and backends."""

    def __init__(self, folder: Path) -> None:
        create_pki(folder, {"client": ("client", "")}, ["localhost"])
        self.folder = folder

    @property
    def ca(self) -> str:
        return (self.folder / "ca.crt").read_text()

    @property
    def client(self) -> tuple[str, str]:
        """A client's certificate and key."""
        return (self.folder / "client.crt").read_text(), (self.folder / "client.key").read_text()

    def secret(self, namespace: str, name: str, hosts: Sequence[str]) -> dict[str, Any]:
        """The Secret of a listener for these hosts."""
        certificate, key = issue(self.folder, hosts)
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"namespace": namespace, "name": name},
            "stringData": {"tls.crt": certificate, "tls.key": key},
        }


@dataclass(frozen=True)
class ServedGateway:
    """A running Envoy Gateway, its Envoy, and the backends."""

    folder: Path
    certificates: Certificates
    connection: Connection

    def request(self, host: str, target: str = "/", *, mirrored: bool = False, **fields: Any) -> Response:
        """Send one request. `messages.Request` lists the fields.

        :param mirrored: Wait for a copy of the request to arrive at another backend.
        """
        return self.call("request", _request(host, target, fields), mirrored=mirrored)

    def requests(self, host: str, target: str = "/", *, count: int, at_once: int = 4, **fields: Any) -> list[Response]:
        """Send the same request many times."""
        return self.call("requests", [_request(host, target, fields)] * count, at_once)

    def send_all(self, requests: Sequence[Request], *, at_once: int = 1) -> list[Response]:
        """Send different requests. The responses don't include what backends received."""
        return self.call("requests", list(requests), at_once)

    @property
    def statuses(self) -> Statuses:
        """The status that Envoy Gateway wrote to each object."""
        return read_statuses(self.log)

    @property
    def rejections(self) -> list[str]:
        """What Envoy didn't accept from Envoy Gateway. The statuses are as if it had."""
        return read_rejections(self.log)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def envoy_configuration(self) -> list[Any]:
        """What each Envoy's administration returns as its configuration."""
        return self.call("configuration")

    def call(self, name: str, *args: Any, **options: Any) -> Any:
        self.connection.send((name, args, options))
        succeeded, value = self.connection.recv()
        if not succeeded:
            raise AssertionError(f"{value}\nThe end of the log:\n{self.log[-6000:]}")
        return value


def _request(host: str, target: str, fields: Mapping[str, Any]) -> Request:
    headers = fields.get("headers", ())
    pairs = tuple(headers.items()) if isinstance(headers, Mapping) else tuple(headers)
    rest: dict[str, Any] = {**fields, "headers": pairs}
    return Request(host, target, **rest)


@contextlib.contextmanager
def serve(
    manifests: Sequence[Mapping[str, Any]],
    *,
    folder: Path,
    certificates: Certificates | None = None,
    behaviors: Mapping[str, Behavior] | None = None,
    without_endpoints: Sequence[str] = (),
    accepted: bool = True,
) -> Generator[ServedGateway]:
    """Serve manifests while the block runs.

    :param manifests: As they are applied to a cluster. Kinds that no gateway reads are ignored.
    :param folder: An empty folder.
    :param certificates: What issued the certificates in the manifests, for backends with TLS as well.
    :param behaviors: What backends do other than respond with 200, by `namespace/service:port`.
    :param without_endpoints: Services with no pods, as `namespace/service:port`.
    :param accepted: Whether Envoy Gateway and Envoy must accept everything, and resolve every reference.
    """
    certificates = certificates or Certificates(folder / "pki")
    files = file_mode(manifests, ca=certificates.ca, behaviors=behaviors or {}, without_endpoints=without_endpoints)
    (folder / "manifests").mkdir()
    for number, document in enumerate(files.documents):
        # Envoy Gateway loads only one GatewayClass and one EnvoyProxy from a file.
        (folder / "manifests" / f"{number:04}.yaml").write_text(json.dumps(document))
    setup = Setup(
        folder=str(folder),
        pki=str(certificates.folder),
        program=str(build.bin_dir("envoy-gateway") / "envoy-gateway"),
        envoy=str(wheels.program("envoy")),
        envoy_version=wheels.version("envoy"),
        backends=files.backends,
        gateways=files.gateways,
        ports=files.ports,
        marker=files.marker,
    )
    with start_agent(setup) as (connection, _process):
        served = ServedGateway(folder, certificates, connection)
        served.call("start")
        if accepted:
            problems = [*served.statuses.problems(manifests), *served.rejections]
            assert not problems, "\n".join(problems)
        yield served


@contextlib.contextmanager
def start_agent(setup: Setup) -> Generator[tuple[Connection, int]]:
    """Start the process in a network namespace of its own: the connection to it, and its ID."""
    launcher = _launcher()
    assert launcher is not None, why_not()
    ours, theirs = socket.socketpair()
    command = [*launcher, sys.executable, "-m", "tests.gateway_api.agent", str(theirs.fileno())]
    process = subprocess.Popen(
        command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=_environment()
    )
    theirs.close()
    connection = Connection(ours.detach())
    try:
        connection.send(setup)
        yield connection, process.pid
    finally:
        connection.close()
        process.wait()


def _environment() -> dict[str, str]:
    proxies = ("http_proxy", "https_proxy", "all_proxy")
    return {name: value for name, value in os.environ.items() if name.lower() not in proxies}
