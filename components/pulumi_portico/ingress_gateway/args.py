"""What an `IngressGateway` and an `IngressRoutes` take."""

from collections.abc import Mapping, Sequence

import pulumi

from .._typing import NotRequired, TypedDict
from ..lifecycle.cost import Price
from ..network_policy import Peer
from ..public_load_balancer.exposure import Exposure
from ..target import Target
from .controller_module import Controller
from .install.crds import Crds
from .install.installation import Installation
from .install.settings import GatewaySettings
from .reference import GatewayReference
from .routes import Route
from .tls import HostTls

__all__ = ["Behind", "IngressGatewayArgs", "IngressRoutesArgs"]


class Behind(TypedDict):
    """What stands in front of a gateway that has no load balancer of its own: an AwsLoadBalancer that
    leads to its `target()`, say, or nothing but the cluster's own pods."""

    sources: NotRequired[Sequence[pulumi.Input[str]]]
    """The addresses that may connect to it, in CIDR notation, beside those that what leads to it lets in. Its length is
    plain. Default: none."""

    proxy_protocol: NotRequired[bool]
    """Whether they write the client's address ahead by the PROXY protocol; it is believed of `sources` alone. Plain.
    Default: false."""


class IngressGatewayArgs(TypedDict):
    """What an `IngressGateway` takes: how far it is exposed; everything else has a default."""

    exposure: NotRequired[Exposure]
    """How far it is exposed, and how the load balancer in front of it is set. This, `behind`, or `install` false."""

    behind: NotRequired[Behind]
    """That it has no load balancer of its own, and what stands in front of it instead."""

    controller: NotRequired[Controller]
    """The ingress controller that keeps the routes. Plain. Default: f5-nginx."""

    install: NotRequired[bool]
    """Whether the controller is installed. Plain. Default: true; false for a generic class, which the cluster has."""

    class_name: NotRequired[pulumi.Input[str]]
    """The IngressClass. Plain where the controller is installed. Needed where it is not. Default: the gateway's name.
    Maps to `ingressClassName`."""

    namespace: NotRequired[pulumi.Input[str]]
    """A namespace that exists already, for the controller and the certificates. Needed where the controller is not
    installed. Default: one is made with the gateway's name, which lets in restricted pods alone."""

    routes: NotRequired[Sequence[Route]]
    """Which requests go where. Its length is plain; its order says nothing. Default: none; others add them by
    `IngressRoutes`."""

    tls: NotRequired[Mapping[str, HostTls]]
    """The certificates, by the host that each is for, or by a wildcard such as *.example.com for all hosts below it
    that have none of their own. Keys are plain. Default: none."""

    https_redirect: NotRequired[bool]
    """Whether requests without TLS are sent to the same address with it; where it is written as true, every host must
    have TLS. Plain. Default: true where a host has TLS."""

    default_backend: NotRequired[Target]
    """What answers requests that no route takes. Default: the controller, with 404."""

    wildcards_any_depth: NotRequired[bool]
    """Whether a wildcard host may stand for several labels, as F5 NGINX Ingress Controller has it. Plain. Default:
    false: a wildcard host is refused there."""

    settings: NotRequired[GatewaySettings]
    """What holds for all routes: TLS versions, logs, limits, timeouts. For a controller that is installed."""

    installation: NotRequired[Installation]
    """How the controller runs: as what, how often, where. For a controller that is installed."""

    crds: NotRequired[Crds]
    """Whether the definitions of the controller's own resources are in the cluster (F5 NGINX Ingress Controller).
    Default: they are not, and what needs them is refused."""

    reached_from: NotRequired[Sequence[Peer]]
    """Where the connections of a controller that is not installed come from: its pods, or addresses. The targets' pods
    are opened to them. Needed where a target has a selector; an empty list opens nothing. Its length is plain."""

    response_headers: NotRequired[Sequence[str]]
    """The names of more headers that others' routes may add to responses: ingress-nginx asks for them ahead. Plain.
    Default: those of the gateway's own routes."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the Ingress, for a generic class. Keys are plain. Default: none."""

    reports_address: NotRequired[bool]
    """Whether the controller writes its address into an Ingress; the deployment waits for that then. Plain. Default:
    true, but false for F5 NGINX Ingress Controller without a load balancer of its own."""

    ready_within: NotRequired[int]
    """Seconds (1 to 3600) that the load balancer, and then each route, has to get an address, before the deployment
    fails and says why. Plain. Default: 600."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels put on every object. Keys are plain. Default: none."""

    price: NotRequired[Price]
    """What the platform asks for the load balancer, for the estimate of what it costs. Plain. Default: its list price
    in the United States."""


class IngressRoutesArgs(TypedDict):
    """What an `IngressRoutes` takes: a gateway, and routes."""

    gateway: GatewayReference
    """The gateway that they are added to: `IngressGateway.reference()`, or one written by hand."""

    routes: Sequence[Route]
    """Which requests go where. Its length is plain; its order says nothing."""

    tls: NotRequired[Mapping[str, HostTls]]
    """The certificates of hosts that the gateway has none for, by the host that each is for. The Secrets are in the
    gateway's namespace. Keys are plain. Default: none."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the Ingress, for a generic class. Keys are plain. Default: none."""

    ready_within: NotRequired[int]
    """Seconds (1 to 3600) that each route has to get an address, before the deployment fails and says why. Plain.
    Default: 600."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels put on every object. Keys are plain. Default: none."""
