"""What the targets of a stack lead to."""

from typing import Any, Optional

import pulumi

from ...aws_load_balancer.choices import AwsBalancerKind
from ...aws_load_balancer.target_group import AwsTargetSpec
from ...networking.ports import ServicePort
from ...networking.target import TargetSpec
from ..plan import StackPlan
from ..view import BackendView, PeerKind, PeerView, PortView
from .aws import protocols_of
from .destinations import text_of

__all__ = ["aws_backend", "aws_open_ports", "backend_of", "known_number", "open_ports", "peer_of", "service_port"]


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
    return BackendView(peer_of(plan, target), _known(target.port_name if target.port is None else target.port))


def service_port(plan: StackPlan, target: TargetSpec) -> Optional[ServicePort]:
    """The port that a target leads to, if the stack creates it."""
    destination = plan.destination(target)
    return None if destination is None else destination.port


def open_ports(plan: StackPlan, target: TargetSpec) -> tuple[PortView, ...]:
    """The ports of a target's pods that are open to whatever sends requests to the target; empty for every port."""
    port = service_port(plan, target)
    if port is not None:
        return (PortView(port.target, port.protocol),)
    number = target.pod_port
    return () if number is None else (PortView(known_number(number), target.protocol.value),)


def aws_backend(plan: StackPlan, key: str, given: AwsTargetSpec) -> BackendView:
    """Where a target of a load balancer on AWS leads to."""
    if given.target is not None:
        return backend_of(plan, given.target)
    return BackendView(PeerView(PeerKind.TARGET_GROUP, key), given.port)


def aws_open_ports(plan: StackPlan, kind: AwsBalancerKind, given: AwsTargetSpec) -> tuple[PortView, ...]:
    """The ports of a target that are open to a load balancer on AWS of this kind."""
    if given.target is not None:
        return open_ports(plan, given.target)
    if given.port is None:
        return ()
    return tuple(PortView(given.port, protocol) for protocol in protocols_of(given.protocol_for(kind)))


def known_number(value: Any) -> Optional[int]:
    """A number; None if only the deployment knows it."""
    return None if isinstance(value, pulumi.Output) else value


def _known(value: Any) -> Any:
    return None if isinstance(value, pulumi.Output) else value
