"""A gateway, as routes of another component, program or stack name it."""

from collections.abc import Mapping, Sequence
from typing import Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import dns_label, dns_subdomain
from ..checks import Field, Rules
from ..errors import Refusal
from ..networking.network_policies import Peer
from .controller_module import Controller
from .texts import header_name
from .texts import host as host_name

__all__ = ["EVERY_HOST", "RULES", "GatewayReference", "route_text"]


class GatewayReference(TypedDict):
    """A gateway, as `IngressRoutes` names it: `IngressGateway.reference()` answers one; for a gateway of another
    program, write it by hand, or with what that program exports."""

    controller: Controller
    """The controller of the class. Plain."""

    class_name: pulumi.Input[str]
    """The IngressClass. A plain one finds the gateway in this program, whose routes no other may repeat."""

    namespace: pulumi.Input[str]
    """The gateway's namespace, which its certificates are in."""

    hosts: NotRequired[Sequence[str]]
    """The hosts that somebody else adds first, with their certificates, * standing for routes without a host: of F5
    NGINX Ingress Controller, one component makes a host's master Ingress. Plain. Default: those that this program's
    other components add."""

    certificates: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The Secrets of certificates that the gateway has, by host or wildcard, in its namespace. Keys are plain. Default:
    those that this program's gateway has."""

    routes: NotRequired[pulumi.Input[Sequence[str]]]
    """The routes that others have added, as the gateway's `routes` output lists them. One that is repeated fails the
    deployment. Default: those of this program."""

    reached_from: NotRequired[Sequence[Peer]]
    """Where the controller's connections come from: its pods, or addresses. The targets' pods are opened to them. Its
    length is plain. Default: this program's gateway knows."""

    custom_resources: NotRequired[bool]
    """Whether the controller's own resources are there (F5 NGINX Ingress Controller). Plain. Default: false."""

    wildcards_any_depth: NotRequired[bool]
    """Whether a wildcard may stand for several labels. Plain. Default: false."""

    response_headers: NotRequired[Sequence[str]]
    """The names of the headers that routes may add to responses, where the controller asks for them ahead
    (ingress-nginx). Plain. Default: those that this program's gateway lists."""

    reports_address: NotRequired[bool]
    """Whether the controller writes its address into an Ingress, which the deployment waits for. Plain. Default:
    true."""


EVERY_HOST = "*"
"""How lists of hosts name routes without one."""


def _known_host(value: str) -> Optional[Refusal]:
    return None if value == EVERY_HOST else host_name(value)


RULES: Rules = {
    GatewayReference: {
        "class_name": Field(dns_subdomain),
        "namespace": Field(dns_label),
        "hosts": Field(items=_known_host),
        "certificates": Field(keys=host_name, items=dns_subdomain),
        "response_headers": Field(items=header_name),
    }
}
"""What the fields must satisfy beyond their types."""


def route_text(host: str, path: str, path_type: str) -> str:
    """A route, as the `routes` output lists it."""
    return f"{host or EVERY_HOST} {path_type} {path}"
