"""The process in the network namespace: it runs Envoy Gateway and the backends, and sends the requests.

Everything that listens or connects is in this process or below it, so nothing is seen outside the namespace. It ends,
and ends what it started, when the test closes its end of the connection.

    python -m tests.gateway_api.agent DESCRIPTOR
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import yaml

from tests.gateway_api.backends import Backends
from tests.gateway_api.messages import Request, Response, Setup
from tests.gateway_api.sending import bring_loopback_up, own_network, send
from tests.gateway_api.statuses import read_rejections

_START_SECONDS = 60
_REJECTED = re.compile(r'failed to reload resources initially\t\{.*"error": (".*")\}')
_STOP_SECONDS = 10
# Backends record a mirrored request after the client has its response.
_MIRROR_SECONDS = 0.3


class Agent:
    """Envoy Gateway in file mode, and the backends of its routes."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._folder = Path(setup.folder)
        self._backends = Backends(Path(setup.pki))
        self._gateway: subprocess.Popen[bytes] | None = None

    def start_backends(self) -> None:
        """Start the backends, each at its address."""
        bring_loopback_up()
        for backend in self._setup.backends:
            self._backends.start(backend)

    def start(self) -> None:
        """Start the backends and Envoy Gateway, and wait until all is served."""
        self.start_backends()
        configuration = self._write_configuration()
        with (self._folder / "log").open("wb") as log:
            certificates = [self._setup.program, "certgen", "--local", "--config-home", str(self._folder / "config")]
            subprocess.run(certificates, check=True, stdout=log, stderr=log, timeout=_START_SECONDS)
            self._gateway = subprocess.Popen(
                # It ends with this process, whatever ends that.
                ["setpriv", "--pdeathsig", "TERM", self._setup.program, "server", "--config-path", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def request(self, request: Request, *, mirrored: bool = False) -> Response:
        """Send a request, and add what backends received meanwhile."""
        self._backends.take()
        response = send(request)
        if mirrored:
            time.sleep(_MIRROR_SECONDS)
        return replace(response, seen=tuple(self._backends.take()))

    def requests(self, requests: Sequence[Request], at_once: int) -> list[Response]:
        """Send many requests. Their responses say nothing of what backends received."""
        with ThreadPoolExecutor(at_once) as pool:
            responses = list(pool.map(send, requests))
        self._backends.take()
        return responses

    def own_pods(self) -> None:
        """Make the addresses of the cluster's pods this namespace's own."""
        bring_loopback_up()
        own_network("10.244.0.1", "255.255.0.0")

    def are_open(self, ports: Sequence[tuple[str, int]]) -> bool:
        """Whether the gateway listens on all ports, each with its protocol."""
        return all(_is_open(protocol, port) for protocol, port in ports)

    def configuration(self) -> list[object]:
        """The whole configuration of each Envoy."""
        return [_get(address, "/config_dump") for address in self._administrations()]

    def stop(self) -> None:
        if self._gateway is None:
            return
        self._gateway.terminate()
        try:
            self._gateway.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._gateway.kill()
            self._gateway.wait()

    def _write_configuration(self) -> Path:
        folder = self._folder
        executable = folder / "data" / "envoy-versions" / self._setup.envoy_version / "bin" / "envoy"
        executable.parent.mkdir(parents=True)
        executable.symlink_to(self._setup.envoy)
        homes = {"configHome": "config", "dataHome": "data", "stateHome": "state", "runtimeDir": "run"}
        host = {name: str(folder / path) for name, path in homes.items()}
        custom = {
            "resource": {"type": "File", "file": {"paths": [str(folder / "manifests")]}},
            "infrastructure": {"type": "Host", "host": host},
        }
        configuration = {
            "apiVersion": "gateway.envoyproxy.io/v1alpha1",
            "kind": "EnvoyGateway",
            "gateway": {"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"},
            "provider": {"type": "Custom", "custom": custom},
            "extensionApis": {"enableBackend": True},
        }
        path = folder / "envoy-gateway.yaml"
        path.write_text(yaml.safe_dump(configuration))
        return path

    def _wait(self) -> None:
        """Wait until each Envoy has the whole configuration, and each listener is open."""
        end = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            assert self._gateway is not None
            if self._gateway.poll() is not None:
                raise RuntimeError(f"Envoy Gateway ended with status {self._gateway.returncode}")
            if rejected := _REJECTED.search((self._folder / "log").read_text(errors="replace")):
                raise RuntimeError(f"Envoy Gateway rejects a manifest: {json.loads(rejected[1])}")
            if time.monotonic() > end:
                raise TimeoutError(f"the gateway isn't ready after {_START_SECONDS} seconds")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        addresses = self._administrations()
        if len(addresses) < self._setup.gateways:
            return False
        if read_rejections((self._folder / "log").read_text(errors="replace")):
            return True  # It doesn't get any further. The test decides what that means.
        try:
            dumps = [_get(address, "/config_dump") for address in addresses]
        except OSError:
            return False
        complete = all(_is_complete(dump, self._setup.marker) for dump in dumps)
        return complete and all(_is_open(protocol, port) for protocol, port in self._setup.ports)

    def _administrations(self) -> list[str]:
        """The address of each Envoy's administration."""
        found = [path.read_text().strip() for path in sorted((self._folder / "run").rglob("admin-address.txt"))]
        return [address for address in found if address]


def _get(address: str, path: str) -> object:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://{address}{path}", timeout=5) as got:
        return json.load(got)


def _is_complete(dump: object, marker: str) -> bool:
    """Whether Envoy has the marker's route and the routes of each listener, and waits for nothing."""
    text = json.dumps(dump)
    needed = set(re.findall(r'"route_config_name": "([^"]+)"', text))
    present = set(re.findall(r'"route_config": \{"@type": "[^"]+", "name": "([^"]+)"', text))
    return marker in text and '"warming_state"' not in text and needed <= present


def _is_open(protocol: str, port: int) -> bool:
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        if protocol != "udp":
            return probe.connect_ex(("127.0.0.1", port)) == 0
        # Without SO_REUSEPORT, a port that another socket has can't be bound.
        with contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return False
        return True


def main(descriptor: int) -> None:
    """Run the calls that arrive, until the test closes the connection."""
    with Connection(descriptor) as connection, contextlib.suppress(EOFError):
        agent = Agent(connection.recv())
        try:
            while True:
                name, args, options = connection.recv()
                try:
                    connection.send((True, getattr(agent, name)(*args, **options)))
                except Exception:
                    connection.send((False, traceback.format_exc()))
        finally:
            agent.stop()


if __name__ == "__main__":
    # So that the test alone decides about an interrupt at the terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert threading.current_thread() is threading.main_thread()
    main(int(sys.argv[1]))
