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
from ..load_balancers import ClientIp
from ..networking.network_policies import PeerSpec, build_ingress, build_network_policy
from ..networking.target import Protocol, TargetSpec
from ..register import SKIP_AWAIT
from ..untyped import Properties
from .choices import AwsBalancerKind, AwsBindingController
from .target_group import AwsTargetPlan

__all__ = [
    "IMMUTABLE",
    "PodPorts",
    "binding_options",
    "build_binding",
    "build_node_service",
    "build_policy",
    "pod_ports_of",
]

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
    node_port: Optional[int] = None
    """The port of the nodes that leads to the pods, if nodes are the targets."""

    @property
    def target_pairs(self) -> list[tuple[Any, str]]:
        """Each port of the targets with its protocol: of the pods, or of their nodes."""
        if self.node_port is None:
            return self.pairs
        return [*self._pairs_of(self.node_port), *self._health_pairs]

    @property
    def pairs(self) -> list[tuple[Any, str]]:
        """Each port of the pods with its protocol."""
        pairs = self._pairs_of(self.target.pod_port)
        # Health checks of nodes reach the pods at their own port, or end at the nodes.
        return [*pairs, *self._health_pairs] if self.node_port is None else pairs

    def _pairs_of(self, port: Any) -> list[tuple[Any, str]]:
        return [(port, transport.upper()) for transport in self.transports]

    @property
    def _health_pairs(self) -> list[tuple[Any, str]]:
        return [] if self.health_port is None else [(self.health_port, Protocol.TCP.value)]


def binding_options(name: str, component: str) -> Options:
    """How the TargetGroupBinding of a component is registered."""
    return Options(replace_on_changes=IMMUTABLE, hooks=lambda _parent: on_no_target(name, component))


def pod_ports_of(target: AwsTargetPlan, service: TargetSpec) -> PodPorts:
    """The ports of a target's pods that its load balancer connects to."""
    return PodPorts(service, target.transports, target.health_port, target.spec.node_port)


def build_binding(
    metadata: Properties,
    ports: PodPorts,
    target_group: Any,
    controller: AwsBindingController,
    *,
    security_group: Any = None,
    ranges: Sequence[Any] = (),
    node_service: Any = None,
    is_ipv6: bool = False,
) -> Properties:
    """The TargetGroupBinding of a Service's port. The security groups of its nodes or pods allow the load balancer's
    security group; without one, its addresses. With the name of a `node_service`, its nodes join the group."""
    target = ports.target
    allowed = [{"protocol": protocol, "port": port} for port, protocol in ports.target_pairs]
    sources: list[Properties] = [{"ipBlock": {"cidr": cidr}} for cidr in ranges]
    if security_group is not None:
        sources = [{"securityGroup": {"groupID": security_group}}]
    return {
        "apiVersion": controller.api_version,
        "kind": "TargetGroupBinding",
        "metadata": dict(metadata),
        "spec": {
            "targetGroupARN": target_group,
            "targetType": "ip" if node_service is None else "instance",
            **({"ipAddressType": "ipv6"} if is_ipv6 else {}),
            "serviceRef": _service_reference(target) if node_service is None else {"name": node_service, "port": _PORT},
            "networking": {"ingress": [{"from": sources, "ports": allowed}]},
        },
    }


_PORT = "traffic"
"""The name of the port of a Service of type NodePort."""


def _service_reference(target: TargetSpec) -> Properties:
    return {"name": target.service, "port": target.port_name if target.port is None else target.port}


def build_node_service(metadata: Properties, target: AwsTargetPlan, service: TargetSpec) -> Properties:
    """The Service of type NodePort whose nodes join a target group. Its name is generated."""
    # With Local, connections keep the client's address, and nodes without pods fail the health checks.
    local = target.kind is AwsBalancerKind.NETWORK and target.client_ip is ClientIp.PRESERVE
    port = {"port": service.pod_port, "targetPort": service.pod_port, "nodePort": target.spec.node_port}
    names = {"tcp": _PORT, "udp": _PORT} if len(target.transports) == 1 else {"tcp": _PORT, "udp": f"{_PORT}-udp"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        # Its nodes are ready before its pods are.
        "metadata": {**metadata, "annotations": {SKIP_AWAIT: "true"}},
        "spec": {
            "type": "NodePort",
            "externalTrafficPolicy": "Local" if local else "Cluster",
            "selector": dict(service.selector or {}),
            "ports": [
                {"name": names[transport], "protocol": transport.upper(), **port} for transport in target.transports
            ],
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
