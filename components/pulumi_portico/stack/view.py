"""What a stack means to whoever reads it: what is public, which request reaches what, who may talk to whom.

Plain values only: `portico explain` writes them down, and `portico diagram` draws them.
"""

from dataclasses import dataclass
from typing import Optional

from ..lifecycle.cost import Estimate

__all__ = [
    "BalancerView",
    "DefaultException",
    "GatewayView",
    "LinkView",
    "NoteView",
    "RouteView",
    "ServiceView",
    "StackView",
]


@dataclass(frozen=True)
class RouteView:
    """One row of the table of hosts and paths."""

    entry: str
    """The gateway or load balancer that keeps the route, by its name in the stack."""
    host: str
    """The host; empty where it is for every host."""
    path: str
    """The path; `/` for all of them; empty where requests are told apart by port alone."""
    path_type: str
    """Exact or Prefix; empty where there is no path."""
    leads_to: str
    """The service or gateway that answers, by its name in the stack; the Service's name where the stack has none; or
    what is done instead, such as `redirect to https://example.com`."""
    port: str
    """The port of it that is reached, by number or name; empty where nothing is reached."""
    scheme: str
    """How a client writes it: http, https, grpc, tcp, udp or tls."""
    client_port: str = ""
    """The port that clients connect to, by number; empty for a gateway's, which are 80 and 443."""
    conditions: str = ""
    """What else a request must have, such as `methods=POST`; empty where host and path are all."""


@dataclass(frozen=True)
class BalancerView:
    """One load balancer that is billed."""

    name: str
    """The component's name in the stack: a gateway's, where it is the front door of one."""
    kind: str
    """What it is, as its platform calls it, such as `Network Load Balancer`."""
    platform: str
    """The platform that makes it, or `aws` for one that Pulumi owns."""
    scope: str
    """internet or internal."""
    sources: tuple[str, ...]
    """The addresses that may connect, in CIDR notation."""
    ports: tuple[str, ...]
    """What it listens on, each as `443/TCP`."""
    tls: str
    """Where TLS ends: `here`, `gateway`, `service` or `nowhere`."""
    leads_to: tuple[str, ...]
    """The gateways and services behind it, by their names in the stack."""
    load_balancers: int
    """How many load balancers the platform bills for it."""
    public_addresses: int
    """How many public addresses the platform bills for it."""
    estimate: Estimate
    """What it costs, apart from usage."""

    @property
    def monthly_cost(self) -> Optional[float]:
        """What it costs per month, in the estimate's currency; None if no price is known."""
        return self.estimate.monthly


@dataclass(frozen=True)
class GatewayView:
    """One ingress gateway."""

    name: str
    """Its name in the stack."""
    controller: str
    """Which controller keeps its routes."""
    installed: bool
    """Whether the stack installs the controller."""
    tls_hosts: tuple[str, ...]
    """The hosts that it ends TLS for."""
    behind: tuple[str, ...]
    """The load balancers that lead to it, by their names in the stack; its own name where it has one of its own."""


@dataclass(frozen=True)
class ServiceView:
    """One service."""

    name: str
    """Its name in the stack."""
    kind: str
    """Deployment, StatefulSet, DaemonSet or ReplicaSet."""
    replicas: str
    """How many pods it has, such as `3`, `2 to 10`, or `one a node`."""
    image: str
    """The image that its pods run."""
    ports: tuple[str, ...]
    """The ports of its Service, each as `http 80/TCP`."""
    urls: tuple[str, ...]
    """Where it is reached from outside; empty where it is not."""


@dataclass(frozen=True)
class LinkView:
    """Who may talk to whom."""

    source: str
    """A service, gateway or load balancer by its name in the stack; or what else it is, such as `10.0.0.0/8` or
    `app=prometheus`."""
    target: str
    """The same, of the one that is talked to."""
    ports: tuple[str, ...]
    """The ports that are open between them, each as `8080/TCP`; empty for all."""


@dataclass(frozen=True)
class DefaultException:
    """One exception to the secure defaults that the stack makes."""

    path: str
    """Where it stands in the stack file, such as `portico:services.api.security.readOnlyRootFilesystem`."""
    value: str
    """What is written there."""
    meaning: str
    """What it lets happen that does not by default."""


@dataclass(frozen=True)
class NoteView:
    """Something that the user must add for the stack to work, and that Portico can't."""

    path: str
    """The setting that needs it, such as `portico:services.api.identity.token`."""
    message: str
    """Why the setting doesn't work without it."""
    fix: str
    """What to add."""


@dataclass(frozen=True)
class StackView:
    """A stack, as it is read."""

    stack: str
    """The stack's name."""
    namespace: str
    """The namespace that it makes."""
    balancers: tuple[BalancerView, ...]
    """Every load balancer that is billed, by name."""
    gateways: tuple[GatewayView, ...]
    """Every gateway, by name."""
    routes: tuple[RouteView, ...]
    """Every route, by entry, host and path."""
    services: tuple[ServiceView, ...]
    """Every service, by name."""
    links: tuple[LinkView, ...]
    """Who may talk to whom, balancers and gateways included, by source and target."""
    exceptions: tuple[DefaultException, ...]
    """Every exception to the secure defaults, by path."""
    notes: tuple[NoteView, ...]
    """What the user must add for the stack to work, by service."""
