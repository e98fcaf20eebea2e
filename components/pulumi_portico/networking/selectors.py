"""Components whose selectors find each other's pods, and the pods that targets select.

The Service, the workload, the NetworkPolicy, and the PodDisruptionBudget of a component select pods by the same labels.
If the pods of another component in the namespace have those labels too, they get requests that aren't for them, both
policies allow and restrict them, and an eviction that two budgets apply to fails forever.

A target that is written by hand has a selector of its own: a load balancer's Service and the NetworkPolicy of whatever
sends requests to the target select pods by it. It exposes the component that has these pods.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, Optional, Union

import pulumi

from ..args.codes import define
from ..args.location import Field, Key, Location
from ..args.problems import Problems, Remove, Set

__all__ = [
    "Overlap",
    "PodOwner",
    "SelectorIndex",
    "TargetPods",
    "known_labels",
    "report_overlaps",
    "report_target",
    "report_targets_of",
    "selects",
]

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
TARGET_SELECTS_SEVERAL = define(
    "target-selects-several",
    "This target selects pods by {labels}, and {owners} have pods with those labels. So requests can reach all of "
    "them, and a policy opens all of them.",
    allowed="labels that only the pods of one component have",
    hint="Add a label that only the pods of one of them have.",
)
TARGET_SELECTS_OTHER = define(
    "target-selects-other-pods",
    "{owner} has the Service {service}, and its pods don't have the labels {labels}. So a policy opens other pods, or "
    "none.",
    allowed="the labels by which the Service selects its pods",
)
TARGET_SELECTS_PART = define(
    "target-selects-part",
    "The Service {service} sends requests to every pod of {owner}, and only some of the pods have the label {labels}. "
    "So the policy opens only those.",
    allowed="labels that all of its pods have",
)
SELECTED_BY_TARGET = define(
    "pods-selected-by-target",
    "The target of {target} selects pods by {labels}. {owners} have pods with those labels, and these pods have them "
    "too. So requests can reach all of them, and a policy opens all of them.",
    allowed="pods without one of those labels",
    hint="Change one of the labels, here or at the target, or set another namespace.",
)

_OF_POD_CONTROLLERS = frozenset({"controller-revision-hash", "pod-template-generation", "pod-template-hash"})
"""Labels that the controllers of workloads add to pods. Their values aren't known."""

_POD_NAME, _POD_INDEX = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"
"""Labels that select one pod of a StatefulSet."""

_OF_SOME_PODS = _OF_POD_CONTROLLERS | {_POD_NAME, _POD_INDEX}


@dataclass(frozen=True)
class PodOwner:
    """A component with pods, as far as its labels are known."""

    name: Union[Location, str]
    """What messages call it. It identifies the component."""
    namespace: Any
    """The namespace of the pods; None for that of the provider."""
    at: Location
    """Where its arguments are."""
    selector: Mapping[str, pulumi.Input[str]]
    """The labels by which it selects pods."""
    labels: Mapping[str, pulumi.Input[str]]
    """The labels of its pods, the selector included."""
    sources: Mapping[str, Location]
    """Where the arguments set a label of the pods, unless it is one by default."""
    selector_at: Location
    """Where the arguments set the selector; the arguments themselves if it's the default one."""
    service: str = ""
    """The name of its Service; empty if it has none, or if Pulumi generates the name."""
    stateful_set: str = ""
    """The name of its StatefulSet; empty if its pods have another controller."""


@dataclass(frozen=True)
class TargetPods:
    """The pods that a target selects, as far as its labels are known."""

    name: Union[Location, str]
    """The component that sends requests to the target, as messages call it."""
    namespace: Any
    """The namespace of the pods."""
    service: Any
    """The name of the Service that the target names."""
    selector: Mapping[str, pulumi.Input[str]]
    """The labels by which it selects pods."""
    at: Location
    """Where the target is in the arguments."""
    has_own_service: bool = False
    """Whether requests come through a Service with this selector, in place of the Service that the target names."""


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
    by_service: dict[Any, PodOwner] = field(default_factory=dict[Any, PodOwner])
    """The component that has each Service."""
    targets: dict[Optional[_Label], dict[Any, TargetPods]] = field(
        default_factory=dict[Optional[_Label], dict[Any, TargetPods]]
    )
    """The targets, by a label that their pods have; None for those that name none."""

    def overlaps(self, owner: PodOwner) -> Iterator[Overlap]:
        for label in known_labels(owner.labels):
            for other in self.by_selector.get(label, {}).values():
                if _selects(other, owner):
                    yield Overlap(other, owner)
        rarest = self._rarest(owner, self.by_label)
        for other in self.by_label.get(rarest, {}).values() if rarest else ():
            if _selects(owner, other):
                yield Overlap(owner, other)

    def selected(self, target: TargetPods) -> Iterator[PodOwner]:
        """The components whose pods a target selects, or some of whose pods it does."""
        labels = _common_labels(target)
        found = [self.by_label.get(label, {}) for label in labels]
        candidates = min(found, key=len).values() if found else [owner for owner, _ in self.owners.values()]
        return (owner for owner in candidates if selects(target.selector, owner))

    def add_target(self, target: TargetPods) -> None:
        label = next(iter(_common_labels(target)), None)
        self.targets.setdefault(label, {})[target.name, target.at] = target

    def targets_of(self, owner: PodOwner) -> Iterator[TargetPods]:
        """The targets that select a component's pods."""
        for label in (None, *known_labels(owner.labels)):
            yield from (target for target in self.targets.get(label, {}).values() if selects(target.selector, owner))

    def add(self, owner: PodOwner) -> None:
        self._remove(owner.name)
        if owner.service:
            self.by_service[owner.service] = owner
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


def known_labels(labels: Mapping[str, pulumi.Input[str]]) -> Iterator[_Label]:
    """The labels whose values are known now."""
    return ((key, value) for key, value in labels.items() if isinstance(value, str))


def _common_labels(target: TargetPods) -> list[_Label]:
    """The labels that all pods of a component have if the target selects some of them."""
    return [label for label in known_labels(target.selector) if label[0] not in _OF_SOME_PODS]


def selects(selector: Mapping[str, pulumi.Input[str]], owner: PodOwner, *, unknown: bool = False) -> bool:
    """Whether a selector selects a component's pods, or some of them. `unknown` is whether it does if a value isn't
    known yet."""
    return all(_has(owner, key, value, unknown=unknown) for key, value in selector.items())


def _has(owner: PodOwner, key: str, value: Any, *, unknown: bool) -> bool:
    """Whether some of a component's pods have a label."""
    if key == _POD_NAME:
        name, _, index = str(value).rpartition("-")
        return name != "" and name == owner.stateful_set and index.isdecimal()
    if key == _POD_INDEX:
        return owner.stateful_set != ""
    if key in _OF_POD_CONTROLLERS:
        return True
    label = owner.labels.get(key)
    if isinstance(label, str) and isinstance(value, str):
        return label == value
    return unknown and label is not None


def _selects(one: PodOwner, other: PodOwner) -> bool:
    return one.name != other.name and all(other.labels.get(key) == value for key, value in known_labels(one.selector))


@dataclass
class SelectorIndex:
    """The components of a stack or a program that have pods. To add one takes as long as it has labels."""

    namespaces: dict[Any, _Namespace] = field(default_factory=dict[Any, _Namespace])

    def overlaps(self, owner: PodOwner) -> Iterator[Overlap]:
        """Whose pods a component selects, and who selects its own."""
        namespace = self._namespace_of(owner)
        return iter(()) if namespace is None else namespace.overlaps(owner)

    def add(self, owner: PodOwner) -> None:
        """Add a component, in place of one of the same name."""
        if _is_known(owner.namespace):
            self.namespaces.setdefault(owner.namespace, _Namespace()).add(owner)

    def selected(self, target: TargetPods) -> list[PodOwner]:
        """The components whose pods a target selects, or some of whose pods it does."""
        namespace = self._namespace_of(target)
        return [] if namespace is None else list(namespace.selected(target))

    def named(self, target: TargetPods) -> Optional[PodOwner]:
        """The component that has the Service that a target names."""
        namespace = self._namespace_of(target)
        return None if namespace is None else namespace.by_service.get(target.service)

    def add_target(self, target: TargetPods) -> None:
        """Add a target, in place of the same one."""
        if _is_known(target.namespace):
            self.namespaces.setdefault(target.namespace, _Namespace()).add_target(target)

    def targets_of(self, owner: PodOwner) -> Iterator[TargetPods]:
        """The targets that select a component's pods."""
        namespace = self._namespace_of(owner)
        return iter(()) if namespace is None else namespace.targets_of(owner)

    def _namespace_of(self, part: Union[PodOwner, TargetPods]) -> Optional[_Namespace]:
        return self.namespaces.get(part.namespace) if _is_known(part.namespace) else None


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
    labels = _label_texts(overlap.selecting.selector)
    if overlap.selecting is new:
        other = overlap.selected.name
        problems.report(SELECTS_OTHER, where, other=other, labels=labels, selector=Field("selector"))
    else:
        fix = Remove(where) if where in new.sources.values() and _is_removable(where, new) else None
        problems.report(SELECTED_BY_OTHER, where, other=overlap.selecting.name, labels=labels, fix=fix)


def report_target(target: TargetPods, index: SelectorIndex, problems: Problems) -> None:
    """Report a target that selects the pods of several components, or not those of the Service that it names."""
    if not target.selector or not all(isinstance(value, str) for value in target.selector.values()):
        return
    where, labels = target.at / "selector", _label_texts(target.selector)
    selected, named = index.selected(target), index.named(target)
    if named is not None and not selects(target.selector, named, unknown=True):
        fix = Set(where, {Key(key): value for key, value in named.selector.items()}) if _is_plain(named) else None
        params: dict[str, Any] = {"owner": named.name, "service": target.service, "labels": labels}
        problems.report(TARGET_SELECTS_OTHER, where, fix=fix, **params)
    elif len(selected) > 1:
        owners = [owner.name for owner in selected[:_MOST]]
        problems.report(TARGET_SELECTS_SEVERAL, where, labels=labels, owners=owners)
    elif named is not None and not target.has_own_service:
        _report_part(target, named, problems)


def _report_part(target: TargetPods, named: PodOwner, problems: Problems) -> None:
    where = target.at / "selector"
    some = {key: value for key, value in target.selector.items() if key in _OF_SOME_PODS}
    if some:
        fix = [Remove(where / Key(key)) for key in some] if len(some) < len(target.selector) else None
        params: dict[str, Any] = {"owner": named.name, "service": target.service, "labels": _label_texts(some)}
        problems.report(TARGET_SELECTS_PART, where / Key(min(some)), fix=fix, **params)


def report_targets_of(new: PodOwner, index: SelectorIndex, problems: Problems) -> None:
    """Report targets that select the pods of `new`, and those of another component too."""
    reported: set[Location] = set()
    for target in islice(index.targets_of(new), _MOST):
        owners = [owner.name for owner in index.selected(target) if owner.name != new.name]
        written = [new.sources[key] for key in target.selector if key in new.sources]
        where = written[0] if written else new.at
        if owners and where not in reported:
            reported.add(where)
            params: dict[str, Any] = {"target": target.name, "owners": owners[:_MOST]}
            problems.report(SELECTED_BY_TARGET, where, labels=_label_texts(target.selector), **params)


def _label_texts(labels: Mapping[str, pulumi.Input[str]]) -> list[str]:
    return [f"{key}: {value}" for key, value in sorted(labels.items())]


def _is_plain(owner: PodOwner) -> bool:
    return all(isinstance(value, str) for value in owner.selector.values())
