"""The objects of a stack, without registering any."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..ingress_gateway.front_door import SERVICE
from ..lifecycle.objects import ObjectSpec, Ref
from ..networking.target import TargetSpec
from .own_parts import all_own_objects
from .parts import AWS_LOAD_BALANCERS, GATEWAYS, KINDS, Kind
from .plan import StackPlan
from .references import GATEWAY, with_targets

__all__ = ["ComponentObjects", "objects_of"]


@dataclass(frozen=True)
class ComponentObjects:
    """The objects of one component, or of the stack itself."""

    type: str
    """The component's type token; empty for the stack itself."""
    name: str
    objects: Sequence[ObjectSpec]

    def outside_key(self, key: str) -> str:
        """The key by which other components refer to one of the objects."""
        return f"{self.type}/{self.name}/{key}"


def objects_of(plan: StackPlan) -> Iterator[ComponentObjects]:
    """The objects of the stack itself, and of each of its components."""
    yield ComponentObjects("", plan.namespace, all_own_objects(plan.own, plan.pod_security))
    for kind in KINDS:
        for name, objects in kind.objects(_specs_of(plan, kind)):
            yield ComponentObjects(kind.type, name, objects)


def _specs_of(plan: StackPlan, kind: Kind) -> Mapping[str, Any]:
    """The parsed arguments of the stack's components of a kind, by name."""
    specs: Mapping[str, Any] = getattr(plan, kind.field)
    if kind is not AWS_LOAD_BALANCERS:
        return specs
    return {name: with_targets(spec, partial(_named_service, plan)) for name, spec in specs.items()}


def _named_service(plan: StackPlan, target: TargetSpec) -> TargetSpec:
    """The target with the name of a gateway's Service, which Pulumi generates."""
    reference = plan.reference(target)
    if reference is None or reference.kind != GATEWAY:
        return target
    name: Any = Ref(ComponentObjects(GATEWAYS.type, reference.name, ()).outside_key(SERVICE))
    return dataclasses.replace(target, service=name)
