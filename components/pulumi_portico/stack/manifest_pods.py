"""The pods that a stack's raw manifests create or select, together with those of its components."""

from collections.abc import Iterator, Mapping
from typing import Any, Union

from ..args.codes import define
from ..args.location import Location
from ..args.problems import Problems, available
from ..networking.selectors import PodOwner, SelectorIndex, report_overlaps, selects
from ..pod_security import pods_of
from ..untyped import Manifest, mapped
from .conflicts import Parts
from .manifests import StackManifest
from .parts import GatewayPart, PodsPart

__all__ = ["check_budgets", "check_pods_of_manifest"]

SECOND_BUDGET = define(
    "second-disruption-budget",
    "{other} has a disruption budget for these pods too, and an eviction of pods with two budgets always fails.",
    allowed="one disruption budget for each pod",
    hint="Remove this one, or change its selector.",
)


def check_pods_of_manifest(manifest: StackManifest, namespace: str, index: SelectorIndex, problems: Problems) -> None:
    """Report a manifest whose pods have the labels by which a component selects its own. `namespace` is that of the
    stack."""
    for _, pod in pods_of(manifest.content):
        owner = PodOwner(
            name=manifest.at,
            namespace=_namespace_of(manifest, namespace),
            at=manifest.at,
            selector={},
            labels=mapped(mapped(pod.get("metadata")).get("labels")),
            # A fix would have to change the selector of the workload too.
            sources={},
            selector_at=manifest.at,
        )
        report_overlaps(index.overlaps(owner), owner, problems)


def check_budgets(parts: Parts, identities: Mapping[tuple[str, ...], Location], problems: Problems) -> None:
    """Report a manifest's disruption budget for pods of a component that has one. `identities` are the objects of the
    stack's components, each with its component."""
    with_budget = [place for identity, place in identities.items() if identity[1] == "PodDisruptionBudget"]
    budgets = [manifest for manifest in parts.own.manifests if manifest.kind == "PodDisruptionBudget"]
    for owner in _owners(parts) if budgets and with_budget else ():
        for budget in budgets:
            is_near = owner.at in with_budget and _namespace_of(budget, parts.namespace) == owner.namespace
            if is_near and _selects(mapped(budget.content.get("spec")), owner):
                problems.report(SECOND_BUDGET, budget.at, other=owner.at)


def _owners(parts: Parts) -> Iterator[PodOwner]:
    for part in (*parts.services.values(), *parts.gateways.values()):
        if part.usable and not (isinstance(part, GatewayPart) and not part.installs):
            yield from available(lambda part=part: _owner_of(part), ())


def _owner_of(part: Union[PodsPart, GatewayPart]) -> tuple[PodOwner, ...]:
    return (part.pod_owner(),)


def _selects(spec: Manifest, owner: PodOwner) -> bool:
    """Whether the selector of a budget selects a component's pods, as far as its labels decide it."""
    selector: Any = spec.get("selector")
    if not isinstance(selector, Mapping) or mapped(selector).get("matchExpressions"):
        return False
    # An empty selector selects every pod.
    return selects(mapped(mapped(selector).get("matchLabels")), owner)


def _namespace_of(manifest: StackManifest, namespace: str) -> Any:
    return mapped(manifest.content.get("metadata")).get("namespace") or namespace
