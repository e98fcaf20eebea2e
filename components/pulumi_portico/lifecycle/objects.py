"""The one list of objects of a component: what it registers, and what `portico render` prints.

A builder returns a list of `ObjectSpec`s: plain descriptions, in an order in which each object comes after those that
it needs. `register_objects` registers them with Pulumi; `manifests_of` returns them without Pulumi.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Optional, cast

import pulumi

from ..ordering import WIDTH, Dependency, after, detached
from ..outputs import Computed, Ref, Text, combined, words
from ..register import name_of, register
from ..untyped import Manifest, Properties
from .ownership import with_owner_reference

__all__ = [
    "ListedObject",
    "ObjectSpec",
    "Options",
    "Ref",
    "gathered",
    "manifests_of",
    "register_objects",
    "resolved",
    "value_of",
]


@dataclass(frozen=True)
class Options:
    """How Pulumi registers an object, apart from its parent and its dependencies."""

    timeout: Optional[int] = None
    """Seconds that creating or updating the object can take."""
    create_timeout: Optional[int] = None
    """Seconds that creating the object can take, if nothing updates it."""
    delete_before_replace: Optional[bool] = None
    retain_on_delete: Optional[bool] = None
    kept_with: Optional[str] = None
    """The key of an object with which Kubernetes deletes it. Pulumi doesn't: after a replacement, the old object stays
    for the revisions of a workload that refer to it."""
    ignore_changes: Sequence[str] = ()
    replace_on_changes: Sequence[str] = ()
    replacement_trigger: Any = None
    """A value whose change replaces the object."""
    aliases: Sequence[str] = ()
    """What the object's Pulumi name ended in, in earlier releases."""
    hooks: Optional[Callable[[Any], Optional[pulumi.ResourceHookBinding]]] = None
    """Makes the object's hooks when it is registered, for its parent: None for an object of the stack itself."""
    annotations_of_past: Optional[Callable[..., Awaitable[Any]]] = None
    """Returns the annotations, from those of the manifest, for the parent: what depends on the last deployment."""
    annotations_in_preview: Optional[Callable[[Manifest], Awaitable[Any]]] = None
    """Returns the annotations for a preview, from those for the update. A preview sends the object to the API server,
    which still has what a hook or the engine removes before the update."""


@dataclass(frozen=True)
class ObjectSpec:
    """One object of a component: a Kubernetes object, or a subclass's resource of a cloud."""

    is_kubernetes: ClassVar[bool] = True
    """Whether it is a Kubernetes object, which has a name."""

    key: str
    """What identifies it within the component; its Pulumi name ends in it, unless `suffix` is set."""
    manifest: Manifest
    """The object, as Kubernetes has it; of a cloud's resource, its properties. Leaves can be Outputs and `Ref`s."""
    after: Sequence[str] = ()
    """The keys of the objects that must exist before it, and until it is deleted, apart from those that it refers to.
    Keep it short: what a listed object comes after needn't be listed."""
    options: Options = field(default_factory=Options)
    ready: Sequence[Any] = ()
    """Outputs that are known when what it leads to is ready: it comes after the resources that they come from."""
    suffix: Optional[str] = None
    """What its Pulumi name ends in, if several objects of the component have the same name; empty for the component's
    own name."""

    def resource_name(self, component: str) -> str:
        """The Pulumi name, if the component is called `component`."""
        suffix = self.key if self.suffix is None else self.suffix
        return f"{component}-{suffix}" if suffix else component

    def register(self, name: str, manifest: Properties, options: pulumi.ResourceOptions) -> Any:
        """Register it under a Pulumi name, with the manifest whose references are resolved."""
        past = self.options.annotations_of_past
        of_past = None if past is None else partial(past, parent=options.parent)
        return register(manifest, name, options, self.options.annotations_in_preview, of_past)


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
    parent: Optional[pulumi.Resource],
    first: Sequence[Dependency] = (),
    outside: Optional[Mapping[str, pulumi.Resource]] = None,
) -> dict[str, Any]:
    """Register the objects of the component called `name`, or of the stack itself, and return the resources by key.

    All of them come after `first`: what the component's options depend on, for example. `outside` has resources that
    aren't in the list, by the keys that the objects' `after` names them by.
    """
    registered: dict[str, Any] = dict(outside or {})
    manifests: dict[str, Properties] = {}
    for described in objects:
        manifest = resolved(described.manifest, lambda ref: value_of(registered[ref.key], ref))
        if (owner := described.options.kept_with) is not None:
            manifest = with_owner_reference(manifest, manifests[owner], _uid_of(registered[owner]))
        manifests[described.key] = manifest
        options = _resource_options(described.options, parent)
        if described.options.aliases:
            options.aliases = [pulumi.Alias(name=f"{name}-{suffix}") for suffix in described.options.aliases]
        options.depends_on = [registered[key] for key in described.after] or list(first)
        options.depends_on += [dependency for output in described.ready for dependency in after(output)]
        registered[described.key] = described.register(described.resource_name(name), manifest, options)
    return registered


def _uid_of(resource: Any) -> pulumi.Output[Any]:
    # Without a dependency: another identity changes a field, and replaces nothing.
    return detached(cast("pulumi.Output[Any]", resource.metadata).apply(lambda metadata: metadata.uid))


def value_of(resource: Any, ref: Ref) -> pulumi.Output[Any]:
    """The value that a reference to the resource stands for."""
    value = _output_of(resource, ref.output) if ref.output else name_of(resource)
    return detached(value) if ref.is_detached else value


def _output_of(resource: Any, steps: Sequence[Any]) -> pulumi.Output[Any]:
    if isinstance(resource, pulumi.Output):
        # The result of a function of the provider.
        return cast("pulumi.Output[Any]", resource).apply(partial(_part, steps))
    # Not from_input: it makes plain mappings of typed values.
    output: pulumi.Output[Any] = getattr(resource, steps[0])
    return output.apply(partial(_part, steps[1:])) if len(steps) > 1 else output


def _part(steps: Sequence[Any], value: Any) -> Any:
    for step in steps:
        value = value[step] if isinstance(step, int) else getattr(value, step)
    return value


def _resource_options(options: Options, parent: Optional[pulumi.Resource]) -> pulumi.ResourceOptions:
    made = pulumi.ResourceOptions(
        parent=parent,
        delete_before_replace=options.delete_before_replace,
        retain_on_delete=True if options.kept_with else options.retain_on_delete,
        ignore_changes=list(options.ignore_changes) or None,
        replace_on_changes=list(options.replace_on_changes) or None,
        hooks=options.hooks(parent) if options.hooks else None,
    )
    if options.timeout is not None:
        seconds = f"{options.timeout}s"
        made.custom_timeouts = pulumi.CustomTimeouts(create=seconds, update=seconds)
    elif options.create_timeout is not None:
        made.custom_timeouts = pulumi.CustomTimeouts(create=f"{options.create_timeout}s")
    if options.replacement_trigger is not None:
        made.replacement_trigger = options.replacement_trigger
    return made


@dataclass(frozen=True)
class ListedObject:
    """An object of the list, whose references are resolved."""

    spec: ObjectSpec
    name: str
    """Its Pulumi name."""
    manifest: Properties


def manifests_of(
    name: str,
    objects: Iterable[ObjectSpec],
    generated: Callable[[str, Manifest], str],
    output_of: Optional[Callable[[ListedObject, Ref], Any]] = None,
    outside: Optional[Mapping[str, ListedObject]] = None,
) -> list[ListedObject]:
    """The objects of the component called `name` in their order, without registering any.

    `generated` makes the name of an object whose name Pulumi would generate, from its Pulumi name and its manifest;
    `output_of` returns what stands for an output of a cloud's resource. `outside` has objects of other components, by
    the keys that the objects refer to them by. Outputs stay leaves.
    """
    listed: dict[str, ListedObject] = {}

    def value_for(ref: Ref) -> Any:
        one = listed[ref.key] if ref.key in listed or outside is None else outside[ref.key]
        if not ref.output:
            return one.manifest["metadata"]["name"]
        assert output_of is not None, "only components with resources of a cloud refer to outputs"
        return output_of(one, ref)

    for described in objects:
        full = described.resource_name(name)
        manifest: dict[str, Any] = resolved(described.manifest, value_for)
        if described.is_kubernetes:
            metadata = dict(manifest["metadata"])
            if "name" not in metadata:
                metadata["name"] = generated(full, manifest)
            manifest = {**manifest, "metadata": metadata}
        listed[described.key] = ListedObject(described, full, manifest)
    return list(listed.values())


def resolved(value: Any, value_for: Callable[[Ref], Any]) -> Any:
    """A manifest, or a part of one, with the values that its `Ref`s stand for."""
    if isinstance(value, Ref):
        return value_for(value)
    if isinstance(value, Text):
        return words(*(resolved(part, value_for) for part in value.parts))
    if isinstance(value, Computed):
        return combined([resolved(part, value_for) for part in value.parts], value.function)
    if isinstance(value, Mapping):
        return {key: resolved(item, value_for) for key, item in cast("Manifest", value).items()}
    if isinstance(value, (list, tuple)):
        return [resolved(item, value_for) for item in cast("Sequence[Any]", value)]
    return value
