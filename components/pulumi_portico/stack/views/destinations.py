"""Where a target of a stack leads to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ...service_ports import ServicePort
from ..plan import StackPlan
from ..references import is_reference, reached

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


def destination_of(plan: StackPlan, target: Mapping[str, Any]) -> Destination:
    """Where a target leads to, by name or written out."""
    if not is_reference(target):
        return _written_out(plan, target)
    kind, name, port = reached(target, plan.services, plan.gateways)
    return Destination(kind, name, str(port.number) if port else "", port)


def _written_out(plan: StackPlan, target: Mapping[str, Any]) -> Destination:
    name, namespace = text_of(target["service"]), text_of(target["namespace"])
    port = text_of(target.get("port", target.get("port_name", "")))
    args = plan.services.get(name)
    if args is not None and text_of(args.get("namespace", plan.namespace)) == namespace:
        return Destination("service", name, port)
    return Destination("other", name if namespace == plan.namespace else f"{name}.{namespace}", port)


def ports_open(plan: StackPlan, target: Mapping[str, Any]) -> tuple[str, ...]:
    """The ports of the pods that whatever leads to a target is let in at."""
    destination = destination_of(plan, target)
    if destination.chosen is not None:
        return (f"{destination.chosen.target}/{destination.chosen.protocol}",)
    port = target.get("target_port", target.get("port"))
    return () if port is None else (f"{text_of(port)}/{target.get('protocol', 'TCP')}",)


def text_of(value: Any) -> str:
    """A value as it is shown."""
    return LATER if isinstance(value, pulumi.Output) else str(value)


def texts_of(values: Sequence[Any]) -> tuple[str, ...]:
    """Values as they are shown."""
    return tuple(map(text_of, values))
