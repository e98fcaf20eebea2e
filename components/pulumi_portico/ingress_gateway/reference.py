"""A gateway, as routes of another component, program, or stack refer to it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.names import dns_label, dns_subdomain, service_name
from ..args.parse import Field, Rules
from ..args.problems import Reason, Unavailable
from ..args.spec import Spec, spec
from ..networking.network_policies import Peer, PeerSpec
from .controller_module import ControllerModule
from .controllers import Controller, ControllerLike, module_of_controller
from .gateway_api.conformance import EXTENDED
from .gateway_api.implementations import Implementation, ImplementationLike
from .resolved_routes import EVERY_HOST
from .text_rules import any_host, header_name
from .text_rules import host as host_name

__all__ = ["EVERY_HOST", "IMPLEMENTATION_FIELDS", "RULES", "GatewayReference", "GatewayReferenceSpec", "peer_args"]


INVALID_STACK_NAME = define(
    "invalid-stack-name",
    "{value} isn't the full name of a stack.",
    allowed="ORGANIZATION/PROJECT/STACK; of a backend without organizations, organization/PROJECT/STACK",
)


def _stack_name(value: str) -> Optional[Reason]:
    parts = value.split("/")
    is_valid = len(parts) == len(("organization", "project", "stack")) and all(parts) and value.isprintable()
    return None if is_valid and " " not in value else Reason(INVALID_STACK_NAME)


class GatewayReference(TypedDict):
    """A gateway, as `IngressRoutes` refers to it: `IngressGateway.reference`. For a gateway of another program, write
    it by hand, or with what that program exports."""

    controller: ControllerLike
    """The controller of the class. Plain."""

    implementation: NotRequired[ImplementationLike]
    """The implementation of Gateway API that serves the class. Plain. Required for gateway-api."""

    implementation_version: NotRequired[str]
    """The version of the implementation, such as 1.9. Plain. Default: the newest that Portico knows."""

    supported_features: NotRequired[Sequence[str]]
    """What the implementation supports in addition to what Portico knows of it, by the names in reports of conformance,
    such as HTTPRoutePathRewrite. Plain. Default: none."""

    stack: NotRequired[str]
    """The stack that has the gateway, as `ORGANIZATION/PROJECT/STACK`. A preview and an update read what it exports of
    the gateway, and fail if the reference differs from it or a route repeats one of the gateway's. Plain. Requires
    `name`. Default: the gateway is known only by the other fields."""

    name: NotRequired[str]
    """The gateway's name: in `stack`, or of the Gateway object (Gateway API). Plain. Default: none."""

    class_name: NotRequired[pulumi.Input[str]]
    """The IngressClass. If it's plain, it identifies the gateway in this program, whose routes no other component may
    repeat. Default: `name`."""

    namespace: NotRequired[pulumi.Input[str]]
    """The gateway's namespace, which has its certificates. Default: `name`."""

    hosts: NotRequired[Sequence[str]]
    """The hosts that another program adds first, with their certificates; * is for routes without a host. On F5 NGINX
    Ingress Controller, only one component creates a host's master Ingress. Plain. Default: the hosts that other
    components of this program add."""

    certificates: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The Secrets of the gateway's certificates, by host or wildcard, in its namespace. Keys are plain. Default: those
    of this program's gateway."""

    routes: NotRequired[pulumi.Input[Sequence[str]]]
    """The routes that other programs have added, as the gateway's `routes` output lists them. A route that repeats one
    fails the deployment. Default: those of this program."""

    controller_peers: NotRequired[Sequence[Peer]]
    """Where the controller's connections come from: its pods, or addresses. The targets' pods accept connections from
    them. Its length is plain. Default: those of this program's gateway."""

    custom_resources: NotRequired[bool]
    """Whether the cluster has the definitions of the controller's own resources (F5 NGINX Ingress Controller). Plain.
    Default: false."""

    multi_label_wildcards: NotRequired[bool]
    """Whether a wildcard host can match several labels. Plain. Default: false."""

    response_headers: NotRequired[Sequence[str]]
    """The names of the headers that routes can add to responses, if the controller must have them listed
    (ingress-nginx). Plain. Default: those that this program's gateway lists."""

    publishes_address: NotRequired[bool]
    """Whether the controller writes its address into an Ingress; the deployment then waits for it. Plain. Default:
    true."""


@spec(
    GatewayReference,
    renamed={
        "reached_from": "controller_peers",
        "wildcards_any_depth": "multi_label_wildcards",
        "reports_address": "publishes_address",
    },
)
class GatewayReferenceSpec(Spec):
    """A parsed `GatewayReference`."""

    controller: Controller
    implementation: Optional[Implementation] = None
    implementation_version: Optional[str] = None
    supported_features: Sequence[str] = ()
    stack: Optional[str] = None
    name: Optional[str] = None
    class_name: Optional[pulumi.Input[str]] = None
    namespace: Optional[pulumi.Input[str]] = None
    hosts: Sequence[str] = ()
    certificates: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    routes: pulumi.Input[Sequence[str]] = ()
    controller_peers: Optional[Sequence[PeerSpec]] = None
    custom_resources: bool = False
    multi_label_wildcards: bool = False
    response_headers: Sequence[str] = ()
    publishes_address: bool = True

    @property
    def module(self) -> ControllerModule:
        """Everything that Portico knows about the controller, with its implementation."""
        return module_of_controller(self)

    @property
    def own_class(self) -> pulumi.Input[str]:
        """The IngressClass."""
        return self._or_name("class_name")

    @property
    def own_namespace(self) -> pulumi.Input[str]:
        """The gateway's namespace."""
        return self._or_name("namespace")

    def _or_name(self, field: str) -> pulumi.Input[str]:
        value: Optional[pulumi.Input[str]] = getattr(self, field)
        found = self.name if value is None else value
        if found is None:
            # It's required, which is reported.
            raise Unavailable(self.at / field)
        return found


INVALID_VERSION = define("invalid-implementation-version", "{value} isn't a version.", allowed="a version such as 1.9")
UNKNOWN_FEATURE = define(
    "unknown-conformance-feature",
    "{value} isn't a feature of Gateway API that Portico knows.",
    allowed="one of {features}",
)
_VERSION = re.compile(r"[0-9]{1,4}\.[0-9]{1,6}(\.[0-9A-Za-z.+-]+)?")


def _implementation_version(value: str) -> Optional[Reason]:
    return None if _VERSION.fullmatch(value) else Reason(INVALID_VERSION)


def _conformance_feature(value: str) -> Optional[Reason]:
    return None if value in EXTENDED else Reason(UNKNOWN_FEATURE, {"features": sorted(EXTENDED)})


IMPLEMENTATION_FIELDS = {
    "implementation_version": Field(_implementation_version),
    "supported_features": Field(items=_conformance_feature),
}
"""What the fields of an implementation of Gateway API must satisfy."""

RULES: Rules = {
    GatewayReference: {
        **IMPLEMENTATION_FIELDS,
        "stack": Field(_stack_name),
        "name": Field(service_name),
        "class_name": Field(dns_subdomain),
        "namespace": Field(dns_label),
        "hosts": Field(items=any_host),
        "certificates": Field(keys=host_name, items=dns_subdomain),
        "response_headers": Field(items=header_name),
    }
}
"""What the fields must satisfy beyond their types."""


def peer_args(peer: PeerSpec) -> Peer:
    """A peer as arguments have it, for the references of other components."""
    args: Peer = {}
    if peer.service is not None:
        args["service"] = peer.service
    if peer.selector is not None:
        args["selector"] = peer.selector
    if peer.namespace is not None:
        args["namespace"] = peer.namespace
    if peer.any_namespace:
        args["any_namespace"] = True
    if peer.cidr is not None:
        args["cidr"] = peer.cidr
    if peer.cidr_except:
        args["cidr_except"] = list(peer.cidr_except)
    if peer.ports:
        args["ports"] = list(peer.ports)
    if peer.protocol is not None:
        args["protocol"] = peer.protocol
    return args
