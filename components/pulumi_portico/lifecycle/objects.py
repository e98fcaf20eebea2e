"""The one list of objects of a component: what it registers, and what `portico render` prints.

A builder returns a list of `ObjectSpec`s: plain descriptions, in an order in which each object comes after those that
it needs. `register_objects` registers them with Pulumi; `manifests_of` returns them without Pulumi.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional, cast

import pulumi

from ..ordering import WIDTH, Dependency, after, detached
from ..outputs import Ref, Text, words
from ..register import name_of, register
from ..untyped import Manifest

__all__ = ["ObjectSpec", "Options", "Ref", "gathered", "manifests_of", "register_objects", "resolved"]


@dataclass(frozen=True)
class Options:
    """How Pulumi registers an object, apart from its parent and its dependencies."""

    timeout: Optional[int] = None
    """Seconds that creating or updating the object can take."""
    delete_before_replace: Optional[bool] = None
    retain_on_delete: Optional[bool] = None
    ignore_changes: Sequence[str] = ()
    replace_on_changes: Sequence[str] = ()
    replacement_trigger: Any = None
    """A value whose change replaces the object."""
    hooks: Optional[Callable[[], Optional[pulumi.ResourceHookBinding]]] = None
    """Makes the object's hooks when it is registered."""


@dataclass(frozen=True)
class ObjectSpec:
    """One object of a component."""

    key: str
    """What identifies it within the component; its Pulumi name ends in it."""
    manifest: Manifest
    """The object, as Kubernetes has it. Leaves can be Outputs and `Ref`s."""
    after: Sequence[str] = ()
    """The keys of the objects that must exist before it, and until it is deleted, apart from those that it refers to.
    Keep it short: what a listed object comes after needn't be listed."""
    options: Options = field(default_factory=Options)
    ready: Sequence[Any] = ()
    """Outputs that are known when what it leads to is ready: it comes after the resources that they come from."""


def gathered(objects: Sequence[ObjectSpec], first: Sequence[str] = ()) -> list[ObjectSpec]:
    """The objects in an order in which the last one comes after all others, each directly after at most a few.

    They form a tree, whose leaves come after `first`; so whoever needs all of them comes after the last one.
    """
    ordered: list[ObjectSpec] = []
    for index in reversed(range(len(objects))):
        below = [child.key for child in objects[WIDTH * index + 1 : WIDTH * (index + 1) + 1]]
        described = objects[index]
        ordered.append(replace(described, after=[*described.after, *(below or first)]))
    return ordered


def register_objects(
    name: str,
    objects: Iterable[ObjectSpec],
    parent: pulumi.Resource,
    first: Sequence[Dependency] = (),
    outside: Optional[Mapping[str, pulumi.Resource]] = None,
) -> dict[str, Any]:
    """Register the objects of the component called `name`, and return the resources by key.

    All of them come after `first`: what the component's options depend on, for example. `outside` has resources that
    aren't in the list, by the keys that the objects' `after` names them by.
    """
    registered: dict[str, Any] = dict(outside or {})
    for described in objects:
        manifest = resolved(described.manifest, lambda ref: _name(registered[ref.key], ref))
        options = _resource_options(described.options, parent)
        options.depends_on = [registered[key] for key in described.after] or list(first)
        options.depends_on += [dependency for output in described.ready for dependency in after(output)]
        full = f"{name}-{described.key}" if described.key else name
        registered[described.key] = register(manifest, full, options)
    return registered


def _name(resource: Any, ref: Ref) -> pulumi.Output[str]:
    return detached(name_of(resource)) if ref.is_detached else name_of(resource)


def _resource_options(options: Options, parent: pulumi.Resource) -> pulumi.ResourceOptions:
    made = pulumi.ResourceOptions(
        parent=parent,
        delete_before_replace=options.delete_before_replace,
        retain_on_delete=options.retain_on_delete,
        ignore_changes=list(options.ignore_changes) or None,
        replace_on_changes=list(options.replace_on_changes) or None,
        hooks=options.hooks() if options.hooks else None,
    )
    if options.timeout is not None:
        seconds = f"{options.timeout}s"
        made.custom_timeouts = pulumi.CustomTimeouts(create=seconds, update=seconds)
    if options.replacement_trigger is not None:
        made.replacement_trigger = options.replacement_trigger
    return made


def manifests_of(
    name: str, objects: Iterable[ObjectSpec], generated: Callable[[str, Manifest], str]
) -> list[tuple[str, dict[str, Any]]]:
    """The Pulumi name and the manifest of each object, without registering any.

    `generated` makes the name of an object whose name Pulumi would generate, from its Pulumi name and its manifest.
    Outputs stay leaves.
    """
    names: dict[str, str] = {}
    made: list[tuple[str, dict[str, Any]]] = []
    for described in objects:
        full = f"{name}-{described.key}" if described.key else name
        manifest = resolved(described.manifest, lambda ref: names[ref.key])
        metadata = dict(manifest["metadata"])
        if "name" not in metadata:
            metadata["name"] = generated(full, manifest)
        names[described.key] = metadata["name"]
        made.append((full, {**manifest, "metadata": metadata}))
    return made


def resolved(value: Any, name_for: Callable[[Ref], Any]) -> Any:
    """A manifest, or a part of one, whose `Ref`s are the names of the objects."""
    if isinstance(value, Ref):
        return name_for(value)
    if isinstance(value, Text):
        return words(*(resolved(part, name_for) for part in value.parts))
    if isinstance(value, Mapping):
        return {key: resolved(item, name_for) for key, item in cast("Manifest", value).items()}
    if isinstance(value, (list, tuple)):
        return [resolved(item, name_for) for item in cast("Sequence[Any]", value)]
    return value
