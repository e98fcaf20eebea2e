"""The ports of a Service, with every default filled in: what is offered, where it leads, and the URL that names it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from .target import Protocol

__all__ = ["DEFAULT_PORTS", "HTTP", "HTTP_PORT", "ServicePort", "main_port"]

HTTP = "http"
"""The name of the port that is meant where none is named."""

HTTP_PORT = 80
"""The port that an `http:` URL need not name, and so the default of `service_port`."""

DEFAULT_PORTS: Mapping[str, int] = {HTTP: HTTP_PORT, "https": 443}
"""The port that a URL need not name, by its scheme."""


@dataclass(frozen=True)
class ServicePort:
    """A port with every default filled in."""

    name: str
    target: int
    number: int
    protocol: str = Protocol.TCP.value
    app_protocol: Optional[str] = None

    @property
    def scheme(self) -> str:
        """What a URL of the port begins with: by the hint, else by the name, else by the transport."""
        if self.app_protocol in DEFAULT_PORTS:
            return str(self.app_protocol)
        known = [scheme for scheme in DEFAULT_PORTS if self.name.partition("-")[0] == scheme]
        return known[0] if known and self.protocol == Protocol.TCP.value else self.protocol.lower()

    def url(self, host: str) -> str:
        """The port's URL on a host."""
        number = "" if DEFAULT_PORTS.get(self.scheme) == self.number else f":{self.number}"
        return f"{self.scheme}://{host}{number}"


def main_port(ports: Mapping[str, ServicePort]) -> Optional[ServicePort]:
    """The port that is meant where none is named: `http`, else the first TCP port by name, else the first."""
    if HTTP in ports:
        return ports[HTTP]
    return min(ports.values(), key=lambda it: (it.protocol != Protocol.TCP.value, it.name), default=None)
