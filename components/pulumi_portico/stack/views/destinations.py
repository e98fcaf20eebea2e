"""Where a target of a stack leads to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ...networking.ports import ServicePort
from ...networking.target import TargetSpec
from ..plan import StackPlan

__all__ = ["LATER", "Destination", "destination_of", "ports_open", "text_of", "texts_of"]

LATER = "[known later]"
"""What is shown of a value that only a deployment knows, or that is secret."""


@dataclass(frozen=True)
class Destination:
    """A service or gateway of the stack, or a Service that is not its own."""

    kind: str
    """service, gateway or other."""
    name: str
    """Its name in the stack; of another one, the Service's, with its namespace where that is another one."""
    port: str
    """The port of it, by number or name."""
    chosen: Optional[ServicePort] = None
    """The port of it, where the stack makes it."""


def destination_of(plan: StackPlan, target: TargetSpec) -> Destination:
    """Where a target leads to."""
    reference = plan.reference(target)
    if reference is None:
        return _outside(plan, target)
    return Destination(reference.kind, reference.name, str(reference.port.number), reference.port)


def _outside(plan: StackPlan, target: TargetSpec) -> Destination:
    """Where a target with a namespace leads to, which can be a service of the stack all the same."""
    name, namespace = text_of(target.service), text_of(target.namespace)
    port = text_of(target.port if target.port is not None else target.port_name or "")
    args = plan.services.get(name)
    if args is not None and text_of(args.namespace or plan.namespace) == namespace:
        return Destination("service", name, port)
    return Destination("other", name if namespace == plan.namespace else f"{name}.{namespace}", port)


def ports_open(plan: StackPlan, target: TargetSpec) -> tuple[str, ...]:
    """The ports of the pods that whatever leads to a target can connect to."""
    destination = destination_of(plan, target)
    if destination.chosen is not None:
        return (f"{destination.chosen.target}/{destination.chosen.protocol}",)
    port = target.target_port if target.target_port is not None else target.port
    return () if port is None else (f"{text_of(port)}/{target.protocol.value}",)


def text_of(value: Any) -> str:
    """A value as it is shown."""
    return LATER if isinstance(value, pulumi.Output) else str(value)


def texts_of(values: Sequence[Any]) -> tuple[str, ...]:
    """Values as they are shown."""
    return tuple(map(text_of, values))
