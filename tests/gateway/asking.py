"""A request to a gateway, and what came back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A request, as the echo server's `probe` takes it (tools/go/echo-server/probe.go says what each field means)."""

    url: str
    kind: str = "http"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: str = ""
    body_size: int = 0
    chunked: bool = False
    http2: bool = False
    connect_to: str = ""
    """Where to connect instead of the URL's host; what sends it knows where."""
    source: str = ""
    ca: str = ""
    server_name: str = ""
    timeout: float = 10
    group: str = ""
    messages: Sequence[str] = ()
    pause: float = 0


@dataclass(frozen=True)
class Told:
    """What came back."""

    status: int
    headers: Mapping[str, Sequence[str]]
    body: str
    protocol: str
    names: Sequence[str]
    tls: str
    messages: Sequence[str]
    code: str
    error: str
    begun: float
    elapsed: float

    @property
    def json(self) -> Any:
        """What the pod tells of the request that reached it; nothing where no pod has answered."""
        first = self.body.partition("\n")[0]
        try:
            told = json.loads(first)
        except ValueError:
            return {}
        return told if isinstance(told, dict) and "hostname" in told else {}

    @property
    def pod(self) -> str:
        """The pod that has answered; empty where none has."""
        return self.json.get("hostname") or self.header("pod")

    @property
    def service(self) -> str:
        """The Deployment of the pod that has answered, which its Service is called like."""
        return self.pod.rsplit("-", 2)[0]

    def header(self, name: str) -> str:
        """The header's value, however it is written; empty where there is none."""
        return ", ".join(value for it, values in self.headers.items() if it.lower() == name.lower() for value in values)

    def got(self, name: str) -> str:
        """The value of a header that the pod got; empty where it got none."""
        sent: Mapping[str, Sequence[str]] = self.json.get("headers", {})
        return ", ".join(value for it, values in sent.items() if it.lower() == name.lower() for value in values)
