"""Where the targets of a stack lead to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ...networking.ports import ServicePort
from ...networking.target import TargetSpec
from ..plan import StackPlan

__all__ = ["LATER", "OTHER", "Destination", "destination_of", "text_of", "texts_of"]

LATER = "[known later]"
"""Stands for a value that is secret, or that is known only during the deployment."""

OTHER = "other"
"""The kind of a destination that the stack doesn't create."""


@dataclass(frozen=True)
class Destination:
    """A service or a gateway of the stack, or a Service that the stack doesn't create."""

    kind: str
    """`SERVICE`, `GATEWAY`, or `OTHER`."""
    name: str
    """The name in the stack; for another Service, its name, with its namespace if that isn't the stack's."""
    port: str
    """The number or the name of the Service's port; empty if it isn't known."""
    chosen: Optional[ServicePort] = None
    """The port, if the stack creates it."""

    @property
    def text(self) -> str:
        """The destination with its port, such as `api:80`."""
        return f"{self.name}:{self.port}" if self.port else self.name


def destination_of(plan: StackPlan, target: TargetSpec) -> Destination:
    """Where a target leads to."""
    port = text_of(target.port if target.port is not None else target.port_name or "")
    known = plan.destination(target)
    if known is not None:
        return Destination(known.kind, known.name, port, known.port)
    name, namespace = text_of(target.service), text_of(target.namespace)
    return Destination(OTHER, name if namespace == plan.namespace else f"{name}.{namespace}", port)


def text_of(value: Any) -> str:
    """A value for readers."""
    return LATER if isinstance(value, pulumi.Output) else str(value)


def texts_of(values: Sequence[Any]) -> tuple[str, ...]:
    """Values for readers."""
    return tuple(map(text_of, values))
