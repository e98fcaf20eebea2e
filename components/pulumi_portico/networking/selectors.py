"""Components whose selectors find each other's pods.

The Service, the workload, the NetworkPolicy, and the PodDisruptionBudget of a component select pods by the same labels.
If the pods of another component in the namespace have those labels too, they get requests that aren't for them, both
policies allow and restrict them, and an eviction that two budgets apply to fails forever.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, Optional, Union

from ..args.codes import define
from ..args.location import Field, Location
from ..args.problems import Problems, Remove

__all__ = ["Overlap", "PodOwner", "SelectorIndex", "known_labels", "report_overlaps"]

SELECTED_BY_OTHER = define(
    "pods-selected-by-other",
    "{other} selects pods by {labels} in the same namespace, and these pods have those labels too. So requests for it "
    "reach these pods, and its policies and its disruption budget apply to them.",
    allowed="labels by which no other component in the namespace selects pods",
    hint="Change one of the labels, here or there, or set another namespace.",
)
SELECTS_OTHER = define(
    "selects-pods-of-other",
    "This selects pods by {labels}, and {other} in the same namespace has pods with those labels. So requests reach "
    "them too, and policies and disruption budgets apply to them.",
    allowed="labels that only the pods of this component have",
    hint="Set another {selector}, or another namespace.",
)


@dataclass(frozen=True)
class PodOwner:
    """A component with pods, as far as its labels are known."""

    name: Union[Location, str]
    """What messages call it. It identifies the component."""
    namespace: Any
    """The namespace of the pods; None for that of the provider."""
    at: Location
    """Where its arguments are."""
    selector: Mapping[str, Any]
    """The labels by which it selects pods."""
    labels: Mapping[str, Any]
    """The labels of its pods, the selector included."""
    sources: Mapping[str, Location]
    """Where the arguments set a label of the pods, unless it is one by default."""
    selector_at: Location
    """Where the arguments set the selector; the arguments themselves if it's the default one."""


class Overlap(NamedTuple):
    """A component whose selector finds the pods of another one."""

    selecting: PodOwner
    selected: PodOwner


_Label = tuple[str, str]

_MOST = 100
"""How many overlaps of one component are looked at: if all components have one selector, each overlaps with each."""


@dataclass
class _Namespace:
    """The components of one namespace, by their labels."""

    by_selector: dict[_Label, dict[Any, PodOwner]] = field(default_factory=dict[_Label, dict[Any, PodOwner]])
    """Each component, by the label of its selector that the fewest others have."""
    by_label: dict[_Label, dict[Any, PodOwner]] = field(default_factory=dict[_Label, dict[Any, PodOwner]])
    """Each component, by every label of its pods."""
    owners: dict[Any, tuple[PodOwner, Optional[_Label]]] = field(
        default_factory=dict[Any, "tuple[PodOwner, Optional[_Label]]"]
    )
    """Each component by its name, with the label of its selector by which it's found."""

    def overlaps(self, owner: PodOwner) -> Iterator[Overlap]:
        for label in known_labels(owner.labels):
            for other in self.by_selector.get(label, {}).values():
                if _selects(other, owner):
                    yield Overlap(other, owner)
        rarest = self._rarest(owner, self.by_label)
        for other in self.by_label.get(rarest, {}).values() if rarest else ():
            if _selects(owner, other):
                yield Overlap(owner, other)

    def add(self, owner: PodOwner) -> None:
        self._remove(owner.name)
        rarest = self._rarest(owner, self.by_selector)
        self.owners[owner.name] = owner, rarest
        if rarest is not None:
            self.by_selector.setdefault(rarest, {})[owner.name] = owner
        for label in known_labels(owner.labels):
            self.by_label.setdefault(label, {})[owner.name] = owner

    def _remove(self, name: Any) -> None:
        before, rarest = self.owners.pop(name, (None, None))
        if rarest is not None:
            del self.by_selector[rarest][name]
        for label in known_labels(before.labels) if before else ():
            del self.by_label[label][name]

    @staticmethod
    def _rarest(owner: PodOwner, among: Mapping[_Label, Mapping[Any, PodOwner]]) -> Optional[_Label]:
        labels = list(known_labels(owner.selector))
        # A selector with a value that isn't known yet selects nothing yet.
        if not labels or len(labels) < len(owner.selector):
            return None
        return min(labels, key=lambda label: len(among.get(label, {})))


def known_labels(labels: Mapping[str, Any]) -> Iterator[_Label]:
    """The labels whose values are known now."""
    return ((key, value) for key, value in labels.items() if isinstance(value, str))


def _selects(one: PodOwner, other: PodOwner) -> bool:
    return one.name != other.name and all(other.labels.get(key) == value for key, value in known_labels(one.selector))


@dataclass
class SelectorIndex:
    """The components of a stack or a program that have pods. To add one takes as long as it has labels."""

    namespaces: dict[Any, _Namespace] = field(default_factory=dict[Any, _Namespace])

    def overlaps(self, owner: PodOwner) -> Iterator[Overlap]:
        """Whose pods a component selects, and who selects its own."""
        namespace = self.namespaces.get(owner.namespace) if _is_known(owner.namespace) else None
        return iter(()) if namespace is None else namespace.overlaps(owner)

    def add(self, owner: PodOwner) -> None:
        """Add a component, in place of one of the same name."""
        if _is_known(owner.namespace):
            self.namespaces.setdefault(owner.namespace, _Namespace()).add(owner)


def _is_known(namespace: Any) -> bool:
    """Whether a namespace is known, or is that of the provider. Any other one can be any namespace."""
    return namespace is None or isinstance(namespace, str)


def report_overlaps(overlaps: Iterable[Overlap], new: PodOwner, problems: Problems) -> None:
    """Report overlaps of `new` with other components, at the arguments of `new`; one for each of its labels."""
    reported: set[Location] = set()
    for overlap in islice(overlaps, _MOST):
        where = _location(overlap, new)
        if where not in reported:
            reported.add(where)
            _report(overlap, new, where, problems)


def _location(overlap: Overlap, new: PodOwner) -> Location:
    if overlap.selecting is new:
        return new.selector_at
    written = [new.sources[key] for key in overlap.selecting.selector if key in new.sources]
    # A label that only describes the pods can go; a selector is frozen.
    return next((at for at in written if _is_removable(at, new)), written[0] if written else new.at)


def _is_removable(at: Location, new: PodOwner) -> bool:
    return new.selector_at == new.at or not at.is_within(new.selector_at)


def _report(overlap: Overlap, new: PodOwner, where: Location, problems: Problems) -> None:
    labels = [f"{key}: {value}" for key, value in sorted(overlap.selecting.selector.items())]
    if overlap.selecting is new:
        other = overlap.selected.name
        problems.report(SELECTS_OTHER, where, other=other, labels=labels, selector=Field("selector"))
    else:
        fix = Remove(where) if where in new.sources.values() and _is_removable(where, new) else None
        problems.report(SELECTED_BY_OTHER, where, other=overlap.selecting.name, labels=labels, fix=fix)
