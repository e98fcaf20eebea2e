"""The arguments of an `IngressGateway` and an `IngressRoutes`."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.elsewhere import SWITCHED_ON, automatic, form, holder, moved_to, several, table
from ..args.forms import is_list, one_item
from ..args.spec import Spec, spec
from ..lifecycle.cost import Price, PriceSpec
from ..networking.conversions import (
    client_ip_of,
    from_default_backend,
    from_rules,
    from_tls,
    ingress_of,
    ingress_spec,
    is_backend,
)
from ..networking.network_policies import Peer, PeerSpec
from ..networking.target import Target, TargetSpec
from ..public_load_balancer.exposure import Exposure, ExposureSpec
from ..workload.conversions import names_of
from .compile_input import READY_TIMEOUT
from .controller_module import ControllerModule
from .controllers import DEFAULT_CONTROLLER, Controller, ControllerLike, module_of_controller
from .dns_records import DnsRecord, DnsRecordSpec
from .gateway_api.implementations import Implementation, ImplementationLike
from .install.crds import Crds, CrdsSpec
from .install.installation import Installation, InstallationSpec
from .install.settings import GatewaySettings, GatewaySettingsSpec
from .reference import GatewayReference, GatewayReferenceSpec
from .routes import Route, RouteSpec
from .tls import HostTls, HostTlsSpec

__all__ = [
    "IngressGatewayArgs",
    "IngressGatewaySpec",
    "IngressRoutesArgs",
    "IngressRoutesSpec",
    "Upstream",
    "UpstreamSpec",
    "targets_of",
]


class Upstream(TypedDict):
    """What's in front of a gateway that has no load balancer of its own: for example, an `AwsLoadBalancer` that leads
    to the gateway's `target`, or only the cluster's own pods."""

    sources: NotRequired[Sequence[pulumi.Input[str]]]
    """The addresses that can connect to the gateway, in CIDR notation, in addition to the load balancers that lead to
    it. Its length is plain. Default: none."""

    proxy_protocol: NotRequired[bool]
    """Whether they send the client's address by the PROXY protocol. The gateway trusts only `sources` to do so. Plain.
    Default: false."""


@spec(Upstream)
class UpstreamSpec(Spec):
    """A parsed `Upstream`."""

    sources: Sequence[pulumi.Input[str]] = ()
    proxy_protocol: bool = False


class IngressGatewayArgs(TypedDict):
    """The arguments of an `IngressGateway`. Only `exposure` is required."""

    name: NotRequired[str]
    """What the objects are called, apart from the Pulumi name, so that the same gateway can be in two clusters of one
    program. Plain. Default: the Pulumi name; in a stack, the key."""

    exposure: NotRequired[Exposure]
    """Who can reach the gateway, and the load balancer in front of it. Set this or `upstream`, or set `install` to
    false."""

    upstream: NotRequired[Upstream]
    """What's in front of the gateway if it has no load balancer of its own."""

    controller: NotRequired[ControllerLike]
    """The ingress controller that serves the routes. Plain. Default: f5-nginx."""

    implementation: NotRequired[ImplementationLike]
    """The implementation of Gateway API that serves the class. Plain. Required for gateway-api, and only for it."""

    implementation_version: NotRequired[str]
    """The version of the implementation, such as 1.9. Plain. Default: the newest that Portico knows."""

    supported_features: NotRequired[Sequence[str]]
    """What the implementation supports in addition to what Portico knows of it, by the names in reports of conformance,
    such as HTTPRoutePathRewrite. Plain. Default: none."""

    route_namespaces: NotRequired[Sequence[pulumi.Input[str]]]
    """The namespaces whose routes other components and stacks can add to the gateway, in addition to those of its own
    routes (Gateway API). Its length is plain. Default: none."""

    install: NotRequired[bool]
    """Whether Portico installs the controller. Plain. Default: true; false for a generic class, which the cluster
    has."""

    class_name: NotRequired[pulumi.Input[str]]
    """The IngressClass, or the GatewayClass (Gateway API). Plain if Portico installs the controller. Required if it
    doesn't, unless the implementation has one of its own. Default: the gateway's name. Maps to `ingressClassName`, and
    to `gatewayClassName`."""

    namespace: NotRequired[pulumi.Input[str]]
    """An existing namespace for the controller and the certificates. Required if Portico doesn't install the
    controller. Default: a new namespace with the gateway's name, which allows only restricted pods."""

    routes: NotRequired[Sequence[Route]]
    """Which requests go where. Its length is plain; its order has no meaning. Default: none; `IngressRoutes` can add
    some."""

    tls: NotRequired[Mapping[str, HostTls]]
    """The certificates, by host, or by a wildcard such as *.example.com for all hosts below it that have none of their
    own. Keys are plain. Default: none."""

    dns_records: NotRequired[Mapping[str, DnsRecord]]
    """How external-dns publishes the hosts of the routes, by host. Keys are plain. Default: every host points to the
    gateway's address."""

    https_redirect: NotRequired[bool]
    """Whether requests without TLS are redirected to the same URL with TLS. If set to true, every host must have TLS.
    Plain. Default: true for the hosts that have TLS."""

    default_backend: NotRequired[Target]
    """What responds to requests that no route matches. Default: the controller, with 404."""

    multi_label_wildcards: NotRequired[bool]
    """Whether a wildcard host can match several labels, as on F5 NGINX Ingress Controller. Plain. Default: false,
    which rejects wildcard hosts there."""

    settings: NotRequired[GatewaySettings]
    """Settings for all routes: TLS versions, logs, limits, timeouts. Only if Portico installs the controller."""

    installation: NotRequired[Installation]
    """How the controller runs: its workload, size, and placement. Only if Portico installs the controller."""

    crds: NotRequired[Crds]
    """Where the CustomResourceDefinitions of the controller's own resources come from (F5 NGINX Ingress Controller).
    Default: nowhere, which rejects routes that need them."""

    controller_peers: NotRequired[Sequence[Peer]]
    """Where the connections of a controller that Portico doesn't install come from: its pods, or addresses. The
    targets' pods accept connections from them. Required if a target has a selector; an empty list allows none. Its
    length is plain."""

    response_headers: NotRequired[Sequence[str]]
    """The names of more headers that routes of `IngressRoutes` can add to responses: ingress-nginx must have them
    listed. Plain. Default: those of the gateway's own routes."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the Ingress of a generic class. Keys are plain. Default: none."""

    publishes_address: NotRequired[bool]
    """Whether the controller writes its address into an Ingress; the deployment then waits for it. Plain. Default:
    true, but false for F5 NGINX Ingress Controller without a load balancer of its own."""

    ready_timeout: NotRequired[int]
    """Seconds (1 to 3600) that the load balancer, and then each route, can take to get an address before the deployment
    fails. Plain. Default: 600."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels of every object. Keys are plain. Default: none."""

    price: NotRequired[Price]
    """The platform's price for the load balancer, for the cost estimate. Plain. Default: its list price in the United
    States."""


_NAMES_OF_INGRESS_GATEWAY_ARGS = table(
    {
        "ingressClassName": moved_to("class_name"),
        "ingressClass": moved_to("class_name"),
        "class": moved_to("class_name"),
        "gatewayClassName": moved_to("class_name"),
        "rules": several("routes", convert=from_rules),
        "paths": several("routes"),
        "hosts": several("routes"),
        "host": several("routes.host"),
        "backend": several("default_backend", convert=from_default_backend),
        "listeners": several("tls", "exposure"),
        "hostnames": several("routes.host"),
        "parentRefs": automatic(...),
        "service": several("exposure", "routes.target"),
        "loadBalancer": several("exposure"),
        "loadBalancerSourceRanges": moved_to("exposure.allowed_sources"),
        "loadBalancerIP": moved_to("exposure.static_addresses", one_item),
        "externalTrafficPolicy": moved_to("exposure.client_ip", client_ip_of),
        "loadBalancerClass": moved_to("exposure.load_balancer_class"),
        "type": several("exposure"),
        "replicas": moved_to("installation.replicas"),
        "replicaCount": moved_to("installation.replicas"),
        "autoscaling": moved_to("installation.autoscaling"),
        "resources": moved_to("installation.resources"),
        "image": several("installation.image"),
        "imagePullSecrets": moved_to("installation.pull_secrets", names_of),
        "pullSecrets": moved_to("installation.pull_secrets"),
        "args": several("installation.arguments"),
        "extraArgs": several("installation.arguments"),
        "hostNetwork": moved_to("installation.host_network"),
        "nodeSelector": moved_to("installation.placement.node_selector"),
        "tolerations": moved_to("installation.placement.tolerations"),
        "affinity": moved_to("installation.placement.affinity"),
        "config": several("settings"),
        "configMap": several("settings"),
        "enabled": SWITCHED_ON,
        "apiVersion": automatic(...),
        "metadata": several("labels", "namespace"),
        "spec": holder(ingress_spec, "routes", "tls"),
    },
    forms={
        "default_backend": (form(is_backend, from_default_backend),),
        "tls": (form(is_list, from_tls),),
    },
    manifest=ingress_of,
)
"""Other tools' names for the fields of `IngressGatewayArgs`."""


@spec(
    IngressGatewayArgs,
    renamed={
        "behind": "upstream",
        "reached_from": "controller_peers",
        "wildcards_any_depth": "multi_label_wildcards",
        "reports_address": "publishes_address",
        "ready_within": "ready_timeout",
    },
    elsewhere=_NAMES_OF_INGRESS_GATEWAY_ARGS,
)
class IngressGatewaySpec(Spec):
    """Parsed `IngressGatewayArgs`."""

    name: Optional[str] = None
    exposure: Optional[ExposureSpec] = None
    upstream: Optional[UpstreamSpec] = None
    controller: Controller = DEFAULT_CONTROLLER
    implementation: Optional[Implementation] = None
    implementation_version: Optional[str] = None
    supported_features: Sequence[str] = ()
    route_namespaces: Sequence[pulumi.Input[str]] = ()
    install: Optional[bool] = None
    class_name: Optional[pulumi.Input[str]] = None
    namespace: Optional[pulumi.Input[str]] = None
    routes: Sequence[RouteSpec] = ()
    tls: Mapping[str, HostTlsSpec] = field(default_factory=dict[str, HostTlsSpec])
    dns_records: Mapping[str, DnsRecordSpec] = field(default_factory=dict[str, DnsRecordSpec])
    https_redirect: Optional[bool] = None
    default_backend: Optional[TargetSpec] = None
    multi_label_wildcards: bool = False
    settings: Optional[GatewaySettingsSpec] = None
    installation: Optional[InstallationSpec] = None
    crds: Optional[CrdsSpec] = None
    controller_peers: Optional[Sequence[PeerSpec]] = None
    response_headers: Sequence[str] = ()
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    publishes_address: Optional[bool] = None
    ready_timeout: int = READY_TIMEOUT
    labels: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    price: Optional[PriceSpec] = None

    @property
    def module(self) -> ControllerModule:
        """Everything that Portico knows about the controller, with its implementation."""
        return module_of_controller(self)


def targets_of(spec: IngressGatewaySpec) -> Sequence[TargetSpec]:
    """The targets of a gateway's own routes, and its default backend."""
    targets = [*(route.target for route in spec.routes), spec.default_backend]
    return [target for target in targets if target is not None]


class IngressRoutesArgs(TypedDict):
    """The arguments of an `IngressRoutes`: a gateway, and routes."""

    name: NotRequired[str]
    """What the objects are called, apart from the Pulumi name, so that the same routes can be in two clusters of one
    program. Plain. Default: the Pulumi name; in a stack, the key."""

    gateway: GatewayReference
    """The gateway that serves the routes: `IngressGateway.reference`, or a reference that you write by hand."""

    routes: Sequence[Route]
    """Which requests go where. Its length is plain; its order has no meaning."""

    tls: NotRequired[Mapping[str, HostTls]]
    """The certificates of hosts for which the gateway has none, by host. The Secrets are in the gateway's namespace.
    Keys are plain. Default: none."""

    dns_records: NotRequired[Mapping[str, DnsRecord]]
    """How external-dns publishes the hosts that no other component of the program has added before, by host. Keys are
    plain. Default: every host points to the gateway's address."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the Ingress of a generic class. Keys are plain. Default: none."""

    ready_timeout: NotRequired[int]
    """Seconds (1 to 3600) that each route can take to get an address before the deployment fails. Plain. Default:
    600."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels of every object. Keys are plain. Default: none."""


@spec(IngressRoutesArgs, renamed={"ready_within": "ready_timeout"})
class IngressRoutesSpec(Spec):
    """Parsed `IngressRoutesArgs`."""

    gateway: GatewayReferenceSpec
    routes: Sequence[RouteSpec]
    name: Optional[str] = None
    tls: Mapping[str, HostTlsSpec] = field(default_factory=dict[str, HostTlsSpec])
    dns_records: Mapping[str, DnsRecordSpec] = field(default_factory=dict[str, DnsRecordSpec])
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    ready_timeout: int = READY_TIMEOUT
    labels: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
