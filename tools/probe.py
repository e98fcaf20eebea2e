"""HTTP requests from inside a node's namespaces: run there as a program, told what to ask on its input.

The standard library alone, and this file alone: nothing else of the project is imported inside.
The input is one JSON document, ``{"requests": [...]}`` or ``{"load": {...}}``; the output is one
JSON line for each answer, or one with the load's counts.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

_MAX_BODY = 4 << 20
_MAX_ERRORS = 20
_FIRST_FAILURE = 400


@dataclass(frozen=True)
class Request:
    """One request, on a connection of its own."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: str | None = None
    # Where to connect instead of the URL's host, which stays the request's Host and the TLS server name.
    connect_to: str | None = None
    # A file with the certificate authority that an https URL is checked by, instead of the system's.
    ca: str | None = None
    # For connecting, and for each wait for more of the answer.
    timeout: float = 5


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or an error."""

    url: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: str = ""
    error: str | None = None
    elapsed: float = 0

    @property
    def ok(self) -> bool:
        """Whether it is an answer, and a good one."""
        return self.status is not None and self.status < _FIRST_FAILURE

    @property
    def json(self) -> Any:
        """The body as JSON; the echo server answers in it."""
        return json.loads(self.body)


@dataclass
class Load:
    """Many equal requests for some time, and what came of them."""

    request: Request
    seconds: float
    concurrency: int = 4
    rate: float = 40
    keep_alive: bool = False
    ok: int = 0
    failed: int = 0
    slowest: float = 0
    # How often each pod, and each version of the echo server, answered.
    hostnames: dict[str, int] = field(default_factory=dict[str, int])
    versions: dict[str, int] = field(default_factory=dict[str, int])
    # The first few failures, with the second they came in.
    errors: list[str] = field(default_factory=list[str])


def connect(request: Request) -> http.client.HTTPConnection:
    """A connection for the request, to wherever it is to go."""
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    raw = socket.create_connection((request.connect_to or host, port), request.timeout)
    connection = http.client.HTTPConnection(host, port, timeout=request.timeout)
    try:
        # Given its socket, it does not connect by itself; and needs no other class for TLS.
        connection.sock = (
            ssl.create_default_context(cafile=request.ca).wrap_socket(raw, server_hostname=host) if secure else raw
        )
    except OSError:
        raw.close()
        raise
    return connection


def ask(request: Request, connection: http.client.HTTPConnection | None = None) -> Answer:
    """Send the request, on ``connection`` or on one of its own; a failure is an answer too."""
    started = time.monotonic()
    parts = urlsplit(request.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    mine: http.client.HTTPConnection | None = None
    try:
        if connection is None:
            connection = mine = connect(request)
        headers = {"Host": parts.netloc, **({"Connection": "close"} if mine else {}), **request.headers}
        connection.request(request.method, target, request.body, headers)
        response = connection.getresponse()
        body = response.read(_MAX_BODY).decode(errors="replace")
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(request.url, response.status, fields, body, None, time.monotonic() - started)
    except (OSError, http.client.HTTPException) as error:
        why = f"{type(error).__name__}: {error}"
        return Answer(request.url, error=why, elapsed=time.monotonic() - started)
    finally:
        if mine is not None:
            mine.close()


class _Loader:
    """Threads that send a load's requests and count the answers."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._hostnames: Counter[str] = Counter()
        self._versions: Counter[str] = Counter()

    def run(self) -> Load:
        workers = [threading.Thread(target=self._work, args=(index,)) for index in range(self.load.concurrency)]
        for worker in workers:
            worker.start()
        self.stop.wait(self.load.seconds)
        self.stop.set()
        for worker in workers:
            worker.join()
        self.load.hostnames, self.load.versions = dict(self._hostnames), dict(self._versions)
        return self.load

    def _work(self, index: int) -> None:
        interval = self.load.concurrency / self.load.rate
        due = self._started + interval * index / self.load.concurrency
        connection: http.client.HTTPConnection | None = None
        while not self.stop.wait(max(0, due - time.monotonic())):
            # From the schedule, not from the last answer, so that slow answers do not thin the load;
            # but what was missed while one was slow is not sent in a burst.
            due = max(due + interval, time.monotonic())
            if self.load.keep_alive and connection is None:
                with contextlib.suppress(OSError):  # asking without one fails the same way, and is counted
                    connection = connect(self.load.request)
            answer = ask(self.load.request, connection)
            if connection is not None and (not answer.ok or answer.headers.get("connection", "").lower() == "close"):
                connection.close()
                connection = None
            self._count(answer)
        if connection is not None:
            connection.close()

    def _count(self, answer: Answer) -> None:
        with self._lock:
            self.load.slowest = max(self.load.slowest, answer.elapsed)
            if answer.ok:
                self.load.ok += 1
                with contextlib.suppress(ValueError, TypeError, KeyError):  # another server's answer
                    told = answer.json
                    self._hostnames[told["hostname"]] += 1
                    self._versions[told["version"]] += 1
                return
            self.load.failed += 1
            if len(self.load.errors) < _MAX_ERRORS:
                when = time.monotonic() - self._started
                self.load.errors.append(f"{when:.1f} s: {answer.error or f'status {answer.status}'}")


def main() -> None:
    """Do what the document on the input says."""
    plan = json.load(sys.stdin)
    if "load" in plan:
        request = Request(**plan["load"].pop("request"))
        loader = _Loader(Load(request, **plan["load"]))
        # Asked to end early, it still says what it counted.
        signal.signal(signal.SIGTERM, lambda _number, _frame: loader.stop.set())
        print("started", flush=True)
        print(json.dumps(asdict(loader.run())), flush=True)
        return
    for request in plan["requests"]:
        print(json.dumps(asdict(ask(Request(**request)))), flush=True)


if __name__ == "__main__":
    main()
