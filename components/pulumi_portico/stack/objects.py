"""The objects of a stack, without registering any."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..lifecycle.objects import ObjectSpec
from ..namespace import build_namespace
from .parts import KINDS, Kind
from .plan import StackPlan

__all__ = ["ComponentObjects", "components_of", "objects_of"]


@dataclass(frozen=True)
class ComponentObjects:
    """The objects of one component, or of the stack itself."""

    type: str
    """The component's type token; empty for the stack itself."""
    name: str
    objects: Sequence[ObjectSpec]


def objects_of(plan: StackPlan) -> Iterator[ComponentObjects]:
    """The objects of each component of the stack whose kind has one list of objects, and of the stack itself."""
    yield ComponentObjects("", plan.namespace, [ObjectSpec("", build_namespace(plan.namespace, {}))])
    for kind in KINDS:
        if kind.objects is not None:
            for name, objects in kind.objects(components_of(plan, kind)):
                yield ComponentObjects(kind.type, name, objects)


def components_of(plan: StackPlan, kind: Kind) -> dict[str, Any]:
    """The parsed arguments of a stack's components of a kind, by name."""
    return dict(getattr(plan, kind.field))
