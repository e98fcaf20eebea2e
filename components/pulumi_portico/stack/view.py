"""What a stack means to its readers, as data: what is public, which request goes where, and who can connect to whom.

`portico explain` and `portico diagram` render it. Nothing here is a sentence.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional, Union

from ..args.exceptions import SecurityException
from ..args.problems import Problem
from ..ingress_gateway.routes import PathType
from ..lifecycle.cost import Estimate
from ..load_balancers import Scope

__all__ = [
    "ActionView",
    "BackendView",
    "BalancerView",
    "Cost",
    "ExceptionView",
    "GatewayView",
    "JobView",
    "LinkKind",
    "LinkView",
    "ObjectView",
    "PeerKind",
    "PeerView",
    "PortView",
    "RedirectView",
    "ReplicasView",
    "RouteView",
    "ServiceView",
    "SourceKind",
    "SourceView",
    "StackView",
    "TlsTermination",
    "Total",
    "UrlView",
]


class PeerKind(str, Enum):
    """What one end of a connection is."""

    SERVICE = "service"
    """A service of the stack."""

    JOB = "job"
    """A job of the stack."""

    GATEWAY = "gateway"
    """A gateway of the stack."""

    LOAD_BALANCER = "load-balancer"
    """A load balancer of the stack."""

    EXTERNAL_SERVICE = "external-service"
    """A Kubernetes Service that the stack doesn't create."""

    TARGET_GROUP = "target-group"
    """A target of a load balancer on AWS that isn't a Kubernetes Service, such as instances."""

    PODS = "pods"
    """Pods by labels: those that the stack doesn't create, or many services of the stack together."""

    ADDRESSES = "addresses"
    """A range of addresses."""

    ANYONE = "anyone"
    """Whatever can connect, because no NetworkPolicy restricts the service at the other end."""


@dataclass(frozen=True)
class PeerView:
    """One end of a connection."""

    kind: PeerKind
    name: str = ""
    """The name in the stack, or the name of the Service; the key of a target group. Empty for the other kinds."""
    namespace: str = ""
    """The namespace of what the stack doesn't create; empty if it's the namespace of the other end."""
    any_namespace: bool = False
    """Whether the pods can be in any namespace."""
    labels: tuple[tuple[str, str], ...] = ()
    """The labels of the pods, by key; empty for every pod."""
    cidr: str = ""
    """The addresses, in CIDR notation."""
    cidr_except: tuple[str, ...] = ()
    """The addresses within `cidr` that are excluded."""


@dataclass(frozen=True)
class PortView:
    """One port."""

    number: Optional[int]
    """None if only the deployment knows it."""
    protocol: str
    """TCP, UDP, or SCTP."""
    name: str = ""
    """Empty if it has none."""


class SourceKind(str, Enum):
    """What a load balancer accepts connections from."""

    ADDRESSES = "addresses"
    """A range of addresses, in CIDR notation."""

    NAMED = "named"
    """Something that the platform has a name for, such as a prefix list."""

    PRIVATE_NETWORK = "private-network"
    """The platform's private network, because an internal load balancer lists no sources."""

    FURTHER_CLIENTS = "further-clients"
    """Clients that connect in another way, such as through AWS PrivateLink, whatever their address is."""

    EXISTING_RULES = "existing-rules"
    """Whatever an existing load balancer accepts; the stack doesn't manage it."""


@dataclass(frozen=True)
class SourceView:
    """What a load balancer accepts connections from."""

    kind: SourceKind
    value: str = ""
    """The range, the name, or what the further clients are."""
    type: str = ""
    """What the platform calls a named source, such as `prefix list`."""


class TlsTermination(str, Enum):
    """Where TLS terminates."""

    LOAD_BALANCER = "load-balancer"
    """At the load balancer."""

    GATEWAY = "gateway"
    """At the gateway behind the load balancer."""

    SERVICE = "service"
    """At the service behind the load balancer."""

    NONE = "none"
    """Clients don't use TLS."""


@dataclass(frozen=True)
class BackendView:
    """Where a route sends requests."""

    peer: PeerView
    port: Optional[Union[int, str]] = None
    """The number or the name of the port; None if it isn't known."""
    weight: Optional[int] = None
    """The share of the requests; None if the route has one backend, or if only the deployment knows it."""


@dataclass(frozen=True)
class RedirectView:
    """Where a route redirects clients. A part that is empty stays as in the request."""

    scheme: str = ""
    host: str = ""
    port: Optional[int] = None
    path: str = ""


@dataclass(frozen=True)
class ActionView:
    """What happens to requests: backends receive them, clients are redirected, or a fixed response ends them."""

    backends: tuple[BackendView, ...] = ()
    """Where requests go: one backend, or several by weight."""
    redirect: Optional[RedirectView] = None
    status: Optional[int] = None
    """The status of a fixed response."""


@dataclass(frozen=True)
class RouteView:
    """One row of the table of hosts and paths."""

    entry: PeerView
    """The gateway or the load balancer that has the route."""
    host: str
    """Empty for every host."""
    path: str
    """`/` for every path; empty if only the port decides."""
    path_type: Optional[PathType]
    """None if there is no path."""
    scheme: str
    """How clients connect: http, https, grpc, tcp, udp, or tls."""
    action: ActionView
    client_port: Optional[int] = None
    """The port that clients connect to; None for a gateway, whose ports are 80 and 443."""
    conditions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What else the request must have, such as a method, with the values that match."""


@dataclass(frozen=True)
class UrlView:
    """A URL that reaches a service from outside the cluster."""

    scheme: str
    entry: str
    """The name of the gateway or the load balancer that clients connect to."""
    host: str = ""
    """Empty if it's the address of the entry, which only the deployment knows."""
    port: Optional[int] = None
    """None if it's the scheme's default."""
    path: str = ""


@dataclass(frozen=True)
class BalancerView:
    """One load balancer that the platform bills."""

    name: str
    """The component's name in the stack: the gateway's, if it's the load balancer of a gateway."""
    kind: str
    """What its platform calls it, such as `Network Load Balancer`."""
    platform: str
    """The platform that creates it; `aws` for a load balancer that Pulumi owns."""
    scope: Scope
    sources: tuple[SourceView, ...]
    """What it accepts connections from."""
    ports: tuple[PortView, ...]
    """What it listens on."""
    tls: TlsTermination
    targets: tuple[PeerView, ...]
    """The gateways and services behind it."""
    load_balancers: int
    """How many load balancers the platform bills for it."""
    public_addresses: int
    """How many public addresses the platform bills for it."""
    estimate: Estimate
    """What it costs, apart from usage."""
    component: str
    """The field of the stack that has the component: `gateways` if it's the load balancer of a gateway."""
    is_scope_certain: bool = True
    """Whether the load balancer has the scope for sure. If not, it can be on the internet."""
    opens_nodes: bool = False
    """Whether there is no load balancer: every node accepts the connections, at ports of its own."""
    are_sources_certain: bool = True
    """Whether something enforces the sources for sure. If not, everyone who reaches it can connect."""

    @property
    def may_be_on_internet(self) -> bool:
        """Whether clients on the internet reach the load balancer, or can, because its scope isn't certain."""
        return self.scope is Scope.INTERNET or not self.is_scope_certain


@dataclass(frozen=True)
class GatewayView:
    """One ingress gateway."""

    name: str
    controller: str
    """The controller that serves its routes."""
    installed: bool
    """Whether the stack installs the controller."""
    tls_hosts: tuple[str, ...]
    """The hosts whose TLS terminates at the gateway."""
    load_balancers: tuple[str, ...]
    """The names of the load balancers in front of it; its own name for its own load balancer."""
    stack: str = ""
    """The other stack that has it; empty if this stack does, or if none is named."""


@dataclass(frozen=True)
class ReplicasView:
    """How many pods a service has."""

    count: Optional[int] = None
    """The number of pods, or the least number if there is autoscaling. None if only the deployment knows it, and for
    one pod per node."""
    maximum: Optional[int] = None
    """The largest number of pods."""
    is_autoscaled: bool = False
    is_per_node: bool = False
    """Whether every node has one pod."""
    is_external: bool = False
    """Whether something outside of the stack sets the number."""


@dataclass(frozen=True)
class ServiceView:
    """One service."""

    name: str
    kind: str
    """Deployment, StatefulSet, DaemonSet, or ReplicaSet."""
    replicas: ReplicasView
    image: str
    ports: tuple[PortView, ...]
    """The ports of its Service."""
    urls: tuple[UrlView, ...]
    """Where clients outside the cluster reach it; empty if they can't."""


@dataclass(frozen=True)
class JobView:
    """One job."""

    name: str
    kind: str
    """Job or CronJob."""
    image: str
    schedule: str
    """When it runs; empty if it runs once."""
    time_zone: str
    """The time zone of the schedule; empty if there is none."""
    suspended: bool
    """Whether no pods run."""
    before: tuple[str, ...]
    """The services whose new version waits for it."""
    after: tuple[str, ...] = ()
    """The services whose new version it waits for."""


class LinkKind(str, Enum):
    """Why a connection is possible."""

    TARGET = "target"
    """The source is a gateway or a load balancer, and sends requests to the target."""

    NETWORK_POLICY = "network-policy"
    """The NetworkPolicies at both ends allow it."""

    UNRESTRICTED = "unrestricted"
    """No NetworkPolicy restricts the service at one end."""


@dataclass(frozen=True)
class LinkView:
    """Who can connect to whom."""

    kind: LinkKind
    source: PeerView
    target: PeerView
    ports: tuple[PortView, ...] = ()
    """The open ports of the target's pods; empty for every port."""


@dataclass(frozen=True)
class ExceptionView:
    """A setting of the stack that is less strict than the secure default."""

    exception: SecurityException
    value: Any
    """The value of the setting; None if it isn't set. It's for display only: it can contain Outputs."""


@dataclass(frozen=True)
class RecordView:
    """The DNS record of a host."""

    host: str
    entries: tuple[str, ...]
    """The gateways and load balancers whose address it is; several if any of them will do."""
    target: str = ""
    """What it points to in place of an address, as the stack sets it for external-dns."""
    is_created: bool = False
    """Whether the stack creates the record itself."""


@dataclass(frozen=True)
class PrerequisiteView:
    """Something that must exist before the stack does."""

    kind: str
    """A kind of Kubernetes, `CustomResourceDefinition`, `API`, or what it is outside of the cluster."""
    name: str
    namespace: str
    """Empty for what is in no namespace."""
    used_by: tuple[str, ...]
    """The components that refer to it, as the stack file names them."""
    optional: bool
    """Whether the pods start without it."""


@dataclass(frozen=True)
class Cost:
    """A monthly cost."""

    amount: float
    currency: str
    """As three letters."""


@dataclass(frozen=True)
class Total:
    """What several load balancers cost together, apart from usage."""

    load_balancers: int
    public_addresses: int
    monthly: tuple[Cost, ...]
    """What the load balancers whose price is known cost per month, by currency."""
    without_price: int = 0
    """How many load balancers have no known price."""


@dataclass(frozen=True)
class ObjectView:
    """An object that the stack has beside its components."""

    kind: str
    name: str
    namespace: str = ""
    """Empty for an object of the whole cluster."""
    used_by: tuple[str, ...] = ()
    """The components that refer to it, or that it is part of, by name."""


@dataclass(frozen=True)
class StackView:
    """A stack, as its readers see it."""

    stack: str
    namespace: str
    """The stack's namespace."""
    balancers: tuple[BalancerView, ...]
    """Every load balancer that is billed, by name."""
    gateways: tuple[GatewayView, ...]
    """Every gateway, by name."""
    routes: tuple[RouteView, ...]
    """Every route, by entry, host, and path."""
    services: tuple[ServiceView, ...]
    """Every service, by name."""
    links: tuple[LinkView, ...]
    """Who can connect to whom, including load balancers and gateways, by source and target."""
    exceptions: tuple[ExceptionView, ...]
    """Every exception to the secure defaults, by location."""
    notes: tuple[Problem, ...]
    """What the user must add for the stack to work, and Portico can't."""
    total: Total
    """What the load balancers cost together, which can be less than the sum of their separate costs."""
    jobs: tuple[JobView, ...] = ()
    """Every job, by name."""
    objects: tuple[ObjectView, ...] = ()
    """The objects that the stack has beside its components, by kind and name, apart from its namespace."""
    is_namespace_existing: bool = False
    """Whether the namespace exists, so that the stack neither creates nor deletes it."""
    records: tuple[RecordView, ...] = ()
    """What each host must point to, by host."""
    prerequisites: tuple[PrerequisiteView, ...] = ()
    """What must exist before the stack does, by kind, name, and namespace."""
