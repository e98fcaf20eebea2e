"""What joins a Service's pods to a target group: a TargetGroupBinding, and a policy that lets the load balancer in.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.

The AWS Load Balancer Controller (2.6 and newer) reads the binding; its documentation, "TargetGroupBinding".
"""

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ..networking.network_policies import PeerSpec, build_ingress, build_network_policy
from ..networking.target import Protocol

__all__ = ["FROZEN", "build_binding", "build_policy"]

FROZEN: Sequence[str] = ("spec.targetGroupARN", "spec.targetType", "spec.vpcID", "spec.ipAddressType")
"""What the controller's webhook lets nobody change, so that a change makes another binding."""


def build_binding(
    metadata: Mapping[str, Any],
    target: Mapping[str, Any],
    target_group: Any,
    *,
    security_group: Any = None,
    ranges: Sequence[Any] = (),
    carriers: Sequence[str] = ("tcp",),
    health_port: Optional[int] = None,
) -> dict[str, Any]:
    """The TargetGroupBinding of a Service's port; its nodes' or pods' security groups let the load balancer in, by its
    own security group or by its addresses."""
    port = target.get("target_port", target.get("port"))
    # A pod's port whose number is not known is every port of it, to the load balancer alone.
    ports = [{"protocol": it.upper(), **({} if port is None else {"port": port})} for it in carriers]
    if health_port is not None:
        ports.append({"protocol": Protocol.TCP.value, "port": health_port})
    sources: list[dict[str, Any]] = [{"ipBlock": {"cidr": it}} for it in ranges]
    if security_group is not None:
        sources = [{"securityGroup": {"groupID": security_group}}]
    return {
        "apiVersion": "elbv2.k8s.aws/v1beta1",
        "kind": "TargetGroupBinding",
        "metadata": dict(metadata),
        "spec": {
            "targetGroupARN": target_group,
            "targetType": "ip",
            "serviceRef": {"name": target["service"], "port": target.get("port", target.get("port_name"))},
            "networking": {"ingress": [{"from": sources, "ports": ports}]},
        },
    }


def build_policy(
    metadata: Mapping[str, Any],
    target: Mapping[str, Any],
    ranges: Sequence[str],
    *,
    carriers: Sequence[str] = ("tcp",),
    health_port: Optional[int] = None,
) -> Optional[dict[str, Any]]:
    """The NetworkPolicy that lets the load balancer in at the pods; none where they are not known by their labels."""
    selector = target.get("selector")
    if not selector:
        return None
    port = target.get("target_port", target.get("port"))
    ports = [(port, it.upper()) for it in carriers]
    if health_port is not None:
        ports.append((health_port, Protocol.TCP.value))
    rules = build_ingress([PeerSpec(cidr=it) for it in ranges], ports)
    together = {**rules[0], "from": [peer for rule in rules for peer in rule["from"]]}
    return build_network_policy(metadata, selector, [together])
