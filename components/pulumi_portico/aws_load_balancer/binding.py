"""What joins a Service's pods to a target group: a TargetGroupBinding, and a NetworkPolicy that allows the load
balancer to connect to them.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.

The AWS Load Balancer Controller (2.6 and newer) reads the binding; its documentation, "TargetGroupBinding".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..lifecycle.hooks import on_no_target
from ..lifecycle.objects import Options
from ..networking.network_policies import PeerSpec, build_ingress, build_network_policy
from ..networking.target import Protocol, TargetSpec
from ..untyped import Properties
from .choices import AwsBindingController
from .target_group import AwsTargetPlan

__all__ = ["IMMUTABLE", "PodPorts", "binding_options", "build_binding", "build_policy", "pod_ports_of"]

IMMUTABLE: Sequence[str] = ("spec.targetGroupARN", "spec.targetType", "spec.vpcID", "spec.ipAddressType")
"""What the controller's webhook allows nobody to change. A change replaces the binding."""


@dataclass(frozen=True)
class PodPorts:
    """The ports of a target's pods that the load balancer connects to."""

    target: TargetSpec
    transports: Sequence[str] = ("tcp",)
    """The transport protocols of the target's port."""
    health_port: Optional[int] = None
    """The port of health checks, if it is another one."""

    @property
    def pairs(self) -> list[tuple[Any, str]]:
        """Each port with its protocol."""
        ports: list[tuple[Any, str]] = [(self.target.pod_port, transport.upper()) for transport in self.transports]
        return ports if self.health_port is None else [*ports, (self.health_port, Protocol.TCP.value)]


def binding_options(name: str, component: str) -> Options:
    """How the TargetGroupBinding of a component is registered."""
    return Options(replace_on_changes=IMMUTABLE, hooks=lambda _parent: on_no_target(name, component))


def pod_ports_of(target: AwsTargetPlan, service: TargetSpec) -> PodPorts:
    """The ports of a target's pods that its load balancer connects to."""
    return PodPorts(service, target.transports, target.health_port)


def build_binding(
    metadata: Properties,
    ports: PodPorts,
    target_group: Any,
    controller: AwsBindingController,
    *,
    security_group: Any = None,
    ranges: Sequence[Any] = (),
) -> Properties:
    """The TargetGroupBinding of a Service's port. The security groups of its nodes or pods allow the load balancer's
    security group; without one, its addresses."""
    target = ports.target
    allowed = [{"protocol": protocol, "port": port} for port, protocol in ports.pairs]
    sources: list[Properties] = [{"ipBlock": {"cidr": cidr}} for cidr in ranges]
    if security_group is not None:
        sources = [{"securityGroup": {"groupID": security_group}}]
    return {
        "apiVersion": controller.api_version,
        "kind": "TargetGroupBinding",
        "metadata": dict(metadata),
        "spec": {
            "targetGroupARN": target_group,
            "targetType": "ip",
            "serviceRef": {"name": target.service, "port": target.port_name if target.port is None else target.port},
            "networking": {"ingress": [{"from": sources, "ports": allowed}]},
        },
    }


def build_policy(metadata: Properties, ports: PodPorts, ranges: Sequence[str]) -> Optional[Properties]:
    """The NetworkPolicy that allows the load balancer to connect to the pods; None if their labels aren't known, or no
    NetworkPolicy applies to them."""
    selector = ports.target.selector
    if not selector or not ports.target.network_policy:
        return None
    rules = build_ingress([PeerSpec(cidr=cidr) for cidr in ranges], ports.pairs)
    together = {**rules[0], "from": [peer for rule in rules for peer in rule["from"]]}
    return build_network_policy(metadata, selector, [together])
