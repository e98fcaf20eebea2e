"""The Kubernetes objects of one Pulumi program's components by name, so that no two components create the same one.

The engine accepts two components that create the same object if their Pulumi names or parents differ, and the API
server rejects the second one only in an update. Components with different providers don't know each other's objects:
the providers can be of different clusters. Neither do programs; `ownership.py` is about those.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource

from ..args.codes import define
from ..args.location import Location
from ..args.problems import Problems
from ..args.similar_names import SomeNames
from ..untyped import Manifest
from .claims import kubernetes_provider_of, stack
from .objects import ObjectSpec
from .ownership import is_patch

__all__ = ["ObjectName", "claim_objects", "names_of", "report_same_objects", "shared_names"]

SAME_OBJECTS = define(
    "same-objects",
    "{owner} creates {objects} too.",
    allowed="each object in one component",
    hint="Give one of them another name or namespace. If they are in different clusters, set the provider of each.",
)

_MOST = 4
"""The most objects that a message names."""


class ObjectName(NamedTuple):
    """What identifies an object in its cluster."""

    group: str
    kind: str
    namespace: Any
    """None for an object without one, and for one in the namespace of its provider."""
    name: Any

    @property
    def is_known(self) -> bool:
        """Whether no part of it is an Output."""
        return isinstance(self.name, str) and isinstance(self.namespace, (str, type(None)))

    def __str__(self) -> str:
        return f"{self.kind} {self.name if self.namespace is None else f'{self.namespace}/{self.name}'}"


class _Claimant(NamedTuple):
    """A component that creates an object."""

    subject: str
    parent: Optional[int]
    """The identity of the resource that it's in; None in a component provider, which creates a component again in each
    deployment."""
    title: str


_BY_STACK: WeakKeyDictionary[Any, dict[Any, dict[ObjectName, _Claimant]]] = WeakKeyDictionary()


def names_of(objects: Sequence[ObjectSpec]) -> Iterator[ObjectName]:
    """The names of the objects of a component, without those that Pulumi generates.

    Without the objects that stay when the component goes, such as a controller's definitions: another component of the
    program can have them as well.
    """
    for described in objects:
        manifest = described.manifest
        if (
            not described.is_kubernetes
            or is_patch(manifest["apiVersion"], manifest["kind"])
            or described.options.retain_on_delete
        ):
            continue
        metadata: Manifest = manifest["metadata"]
        name, namespace = metadata.get("name"), metadata.get("namespace")
        if all(isinstance(part, (str, pulumi.Output)) for part in (name, namespace or "")) and name is not None:
            yield ObjectName(manifest["apiVersion"].rpartition("/")[0], manifest["kind"], namespace, name)


def shared_names(names: Sequence[ObjectName], others: Sequence[ObjectName]) -> list[ObjectName]:
    """The objects of a component that another one creates too, as far as their names are known."""
    known = {name for name in others if name.is_known}
    return [name for name in names if name.is_known and name in known]


def report_same_objects(at: Location, owner: Any, names: Sequence[ObjectName], problems: Problems) -> None:
    """Report objects that another component, the owner, creates too."""
    shown = SomeNames(map(str, names[:_MOST]))
    shown.more = max(0, len(names) - _MOST)
    problems.report(SAME_OBJECTS, at, owner=owner, objects=shown)


def claim_objects(
    subject: str, objects: Sequence[ObjectSpec], at: Location, opts: Optional[pulumi.ResourceOptions]
) -> None:
    """Claim the objects of a component, which messages call `subject`, and whose arguments are at a location.

    Raises `ArgumentError` if another component of the program creates one of them. A name that isn't known yet is
    claimed when it's known.
    """
    claimed = _BY_STACK.setdefault(stack(), {}).setdefault(kubernetes_provider_of(opts), {})
    claimant = _claimant(subject, opts)
    names = list(names_of(objects))
    _claim([name for name in names if name.is_known], claimed, claimant, at)
    later: dict[tuple[int, int], list[ObjectName]] = {}
    for name in names:
        if not name.is_known:
            later.setdefault((id(name.namespace), id(name.name)), []).append(name)
    for alike in later.values():
        # The program waits for Outputs.
        pulumi.Output.from_input(_claim_later(alike, claimed, claimant, at))


async def _claim_later(
    names: Sequence[ObjectName], claimed: dict[ObjectName, _Claimant], claimant: _Claimant, at: Location
) -> None:
    """Claim objects of one name and namespace, as soon as both are known."""
    parts = [pulumi.Output.from_input(part) for part in (names[0].namespace, names[0].name)]
    if not all([await part.is_known() for part in parts]):
        return
    known = [await part.future() for part in parts]
    if any([await part.is_secret() for part in parts]):
        # No message may show them, and the API server rejects the second one.
        return
    _claim([name._replace(namespace=known[0], name=known[1]) for name in names], claimed, claimant, at)


def _claim(
    names: Sequence[ObjectName], claimed: dict[ObjectName, _Claimant], claimant: _Claimant, at: Location
) -> None:
    problems = Problems(claimant.title)
    for owner, objects in _owners(names, claimed, claimant).items():
        report_same_objects(at, owner.title, objects, problems)
    problems.raise_if_any()
    claimed.update(dict.fromkeys(names, claimant))


def _owners(
    names: Sequence[ObjectName], claimed: Mapping[ObjectName, _Claimant], claimant: _Claimant
) -> Mapping[_Claimant, list[ObjectName]]:
    """The other components that create some of the objects, each with those."""
    found: dict[_Claimant, list[ObjectName]] = {}
    for name in names:
        owner = claimed.get(name)
        if owner is not None and owner[:2] != claimant[:2]:
            found.setdefault(owner, []).append(name)
    return found


def _claimant(subject: str, opts: Optional[pulumi.ResourceOptions]) -> _Claimant:
    root = get_root_resource()
    if root is None:
        return _Claimant(subject, None, subject)
    parent = opts.parent if opts is not None and opts.parent is not None else root
    # Two components of one name can be in different ones.
    within = "" if parent is root else f' in {_type_name(parent)} "{parent.pulumi_resource_name}"'
    return _Claimant(subject, id(parent), subject + within)


def _type_name(resource: pulumi.Resource) -> str:
    return resource.pulumi_resource_type.rpartition(":")[2]
