"""The value that connects components: a Service, and one of its ports."""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias, cast

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import moved_to, table, unsupported
from ..args.location import Field as FieldName
from ..args.names import dns_label, label_key, label_value, port_name, port_number, service_name
from ..args.parse import Field, Rules
from ..args.problems import Problems
from ..args.spec import Spec, spec
from ..args.units import SECONDS
from ..args.values import whole_number

__all__ = ["RULES", "Protocol", "ProtocolLike", "Target", "TargetIfAny", "TargetSpec", "check_tcp", "spec_of_target"]


class Protocol(str, Enum):
    """The transport protocol of a port."""

    TCP = "TCP"
    """TCP, and everything that runs over it."""

    UDP = "UDP"
    """UDP, such as DNS queries."""

    SCTP = "SCTP"
    """SCTP, if the cluster's network supports it."""


if TYPE_CHECKING:
    ProtocolLike: TypeAlias = Protocol | Literal["TCP", "UDP", "SCTP"]
else:
    ProtocolLike = Protocol


class Target(TypedDict):
    """A port of a Service, for routes and load balancers.

    `WebService.target` is one. Write one by hand for a Service that Portico doesn't manage.
    """

    service: pulumi.Input[str]
    """The name of the Service."""

    namespace: pulumi.Input[str]
    """The namespace of the Service and its pods."""

    port: NotRequired[pulumi.Input[int]]
    """The number (1 to 65535) of the Service's port. Set this or `port_name`."""

    port_name: NotRequired[pulumi.Input[str]]
    """The name of the Service's port. Set this or `port`."""

    target_port: NotRequired[pulumi.Input[int]]
    """The port (1 to 65535) that the pods listen on. A load balancer needs it because it has a Service of its own, and
    NetworkPolicies need it because they match the pods' ports. Required with `selector` and `port_name`. Default:
    `port`."""

    protocol: NotRequired[ProtocolLike]
    """The transport protocol of the port. Plain. Default: TCP."""

    selector: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The labels by which the Service selects its pods: whatever sends requests to the target opens these pods. A load
    balancer needs them because it has a Service of its own."""

    ready: NotRequired[pulumi.Input[str]]
    """An Output that is known when the Service is ready. Whatever routes to the target is created after the resources
    that the Output comes from, and deleted before them. `WebService.target` sets it. Default: the target exists."""

    drain: NotRequired[int]
    """Seconds (0 to 3600) that a terminating pod continues to serve requests. Load balancers derive their delays from
    it. Plain."""

    network_policy: NotRequired[bool]
    """Whether a NetworkPolicy allows the connections of what leads to the target. Set it to false for pods that no
    other NetworkPolicy selects: Kubernetes rejects every connection that none of the policies of a pod allows. Plain.
    Default: true."""


_NAMES_OF_TARGET = table(
    {
        "name": moved_to("service"),
        "serviceName": moved_to("service"),
        "number": moved_to("port"),
        "servicePort": moved_to("port"),
        "weight": unsupported(),
    }
)
"""Other tools' names for the fields of `Target`."""


if TYPE_CHECKING:
    # Few components have no target, and a route without one is rejected with a message: programs needn't check for
    # None.
    TargetIfAny: TypeAlias = Target
else:
    TargetIfAny = Optional[Target]


@spec(Target, elsewhere=_NAMES_OF_TARGET)
class TargetSpec(Spec):
    """A parsed `Target`."""

    service: pulumi.Input[str]
    namespace: pulumi.Input[str]
    port: Optional[pulumi.Input[int]] = None
    port_name: Optional[pulumi.Input[str]] = None
    target_port: Optional[pulumi.Input[int]] = None
    protocol: Protocol = Protocol.TCP
    selector: Optional[Mapping[str, pulumi.Input[str]]] = None
    ready: Optional[pulumi.Input[str]] = None
    drain: Optional[int] = None
    network_policy: bool = True

    @property
    def has_policy(self) -> bool:
        """Whether a NetworkPolicy allows the connections of what leads to the target."""
        return bool(self.selector) and self.network_policy

    @property
    def pod_port(self) -> Optional[pulumi.Input[int]]:
        """The number of the port that the pods listen on; None if the target only names the Service's port."""
        return self.port if self.target_port is None else self.target_port


def spec_of_target(target: Target) -> TargetSpec:
    """The spec of a target that a component made, which is valid."""
    return TargetSpec(**cast("dict[str, Any]", target))


NOT_TCP = define(
    "target-not-tcp",
    "Requests reach a target over TCP, and this port of it is {protocol}.",
    allowed="a TCP port",
    hint="Set {port} or {port_name} to a TCP port. For {protocol}, use a load balancer of its own.",
)


def check_tcp(target: TargetSpec, problems: Problems) -> None:
    """Report a target of HTTP requests that listens on another protocol than TCP."""
    if target.protocol is not Protocol.TCP:
        fields: dict[str, Any] = {name: FieldName(name) for name in ("port", "port_name")}
        problems.report(NOT_TCP, target.at, protocol=target.protocol, **fields)


RULES: Rules = {
    Target: {
        "service": Field(service_name),
        "namespace": Field(dns_label),
        "port": Field(port_number),
        "port_name": Field(port_name),
        "target_port": Field(port_number),
        "drain": Field(whole_number(0, 3600, SECONDS)),
        "selector": Field(keys=label_key, items=label_value),
    }
}
"""What the fields of a target must satisfy."""
