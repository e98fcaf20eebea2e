"""The ports of a Service, resolved: number, target port, protocol, and the URL of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from .target import Protocol

__all__ = ["DEFAULT_PORTS", "HTTP", "HTTP_PORT", "ServicePort", "main_port"]

HTTP = "http"
"""The name of the default port."""

HTTP_PORT = 80
"""The default port of an `http:` URL, and so the default of `service_port`."""

DEFAULT_PORTS: Mapping[str, int] = {HTTP: HTTP_PORT, "https": 443}
"""The port that a URL need not name, by its scheme."""


@dataclass(frozen=True)
class ServicePort:
    """A port of a Service, with every default set."""

    name: str
    target: int
    """The port that the pods listen on."""
    number: int
    """The port that clients of the Service use."""
    protocol: str = Protocol.TCP.value
    app_protocol: Optional[str] = None
    container: str = ""
    """The sidecar that listens on it; empty for the application."""
    host_port: Optional[int] = None
    """The port of the node that leads to it."""
    rank: int = field(default=0, compare=False)
    """Its place among the ports: the default port has the lowest one."""

    @property
    def scheme(self) -> str:
        """The scheme of the port's URL: from `app_protocol`, else from the name, else from the protocol."""
        if self.app_protocol in DEFAULT_PORTS:
            return str(self.app_protocol)
        known = [scheme for scheme in DEFAULT_PORTS if self.name.partition("-")[0] == scheme]
        return known[0] if known and self.protocol == Protocol.TCP.value else self.protocol.lower()

    @property
    def uses_tls(self) -> bool:
        """Whether the pods expect TLS on the port."""
        return self.scheme == "https" or self.app_protocol == "kubernetes.io/wss"

    def url(self, host: str) -> str:
        """The port's URL on a host."""
        number = "" if DEFAULT_PORTS.get(self.scheme) == self.number else f":{self.number}"
        return f"{self.scheme}://{host}{number}"


def main_port(ports: Mapping[str, ServicePort]) -> Optional[ServicePort]:
    """The default port: the one of the lowest rank. Among equals, it's `http`, else the first TCP port by name."""
    return min(ports.values(), key=_order, default=None)


def _order(port: ServicePort) -> tuple[int, bool, bool, str]:
    return port.rank, port.name != HTTP, port.protocol != Protocol.TCP.value, port.name
