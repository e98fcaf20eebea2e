"""What the targets of a stack lead to."""

from collections.abc import Iterable
from typing import Any, Optional

import pulumi

from ...aws_load_balancer.binding import pod_ports_of
from ...aws_load_balancer.target_group import AwsTargetPlan, AwsTargetSpec
from ...networking.network_policies import PodPort
from ...networking.ports import ServicePort
from ...networking.target import TargetSpec
from ...public_load_balancer.args import PublicLoadBalancerSpec
from ...public_load_balancer.balancer import pod_ports
from ...public_load_balancer.plan import request_of
from ..plan import StackPlan
from ..view import BackendView, PeerKind, PeerView, PortView
from .values import text_of

__all__ = [
    "aws_backend",
    "aws_open_ports",
    "backend_of",
    "balancer_open_ports",
    "known_number",
    "open_ports",
    "peer_of",
    "port_views",
    "service_port",
]


def peer_of(plan: StackPlan, target: TargetSpec) -> PeerView:
    """What a target leads to."""
    destination = plan.destination(target)
    if destination is not None:
        return PeerView(PeerKind(destination.kind), destination.name)
    name, namespace = text_of(target.service), text_of(target.namespace)
    return PeerView(PeerKind.EXTERNAL_SERVICE, name, "" if namespace == plan.namespace else namespace)


def backend_of(plan: StackPlan, target: TargetSpec) -> BackendView:
    """Where a target leads to, with the port of the Service."""
    reference = plan.reference(target)
    if reference is not None:
        return BackendView(peer_of(plan, target), reference.port.number)
    return BackendView(peer_of(plan, target), known_number(target.port_name if target.port is None else target.port))


def service_port(plan: StackPlan, target: TargetSpec) -> Optional[ServicePort]:
    """The port that a target leads to, if the stack creates it."""
    destination = plan.destination(target)
    return None if destination is None else destination.port


def open_ports(plan: StackPlan, target: TargetSpec) -> tuple[PortView, ...]:
    """The ports of a target's pods that whatever sends requests to the target connects to."""
    port = service_port(plan, target)
    if port is not None:
        return (PortView(port.target, port.protocol),)
    number, protocol = target.pod_port, target.protocol.value
    # Only a Service that the stack doesn't create knows which port its name stands for.
    name = text_of(target.port_name or "") if number is None else ""
    return (PortView(known_number(number), protocol, name),)


def aws_backend(plan: StackPlan, key: str, given: AwsTargetSpec) -> BackendView:
    """Where a target of a load balancer on AWS leads to."""
    if given.target is not None:
        return backend_of(plan, given.target)
    return BackendView(PeerView(PeerKind.TARGET_GROUP, key), given.port)


def balancer_open_ports(spec: PublicLoadBalancerSpec) -> tuple[PortView, ...]:
    """The ports of a target's pods that are open to a load balancer of a platform."""
    return port_views(pod_ports(request_of(spec)))


def aws_open_ports(target: AwsTargetPlan) -> tuple[PortView, ...]:
    """The ports of a target that are open to its load balancer on AWS."""
    service = target.spec.target
    if service is not None:
        return port_views(pod_ports_of(target, service).pairs)
    if target.port is None:
        return ()
    return port_views([(port, transport.upper()) for transport, port in target.open_ports])


def port_views(ports: Iterable[PodPort]) -> tuple[PortView, ...]:
    """The ports of pods, for readers."""
    return tuple(PortView(known_number(number), protocol) for number, protocol in ports)


def known_number(value: Any) -> Optional[int]:
    """A number; None if only the deployment knows it."""
    return None if isinstance(value, pulumi.Output) else value
