"""Which stack owns an object, so that no other stack takes it over by accident.

Each object that Portico registers has an annotation whose value is its stack. If two stacks apply the same object, the
values differ, and the API server rejects the second one as a conflict before it changes anything. The API server's
error names the field manager of the first one, so that has the name of the stack too.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, cast

import pulumi

from ..ordering import detached
from ..untyped import Manifest, Properties, mapped

__all__ = [
    "FIELD_MANAGER",
    "KEEP_FIELD_MANAGER",
    "OWNER",
    "PATCH_FORCE",
    "changes_owner",
    "field_manager",
    "is_of_kubernetes",
    "is_patch",
    "owned",
    "owner",
    "with_owner_reference",
    "without_owner",
]

OWNER = "portico.dev/stack"
"""The annotation with the stack that owns the object."""

FIELD_MANAGER = "pulumi.com/patchFieldManager"
"""The annotation from which the Kubernetes provider takes the object's field manager."""

PATCH_FORCE = "pulumi.com/patchForce"
"""The annotation that has the provider take fields over from whoever has set them."""

KEEP_FIELD_MANAGER = f'metadata.annotations["{FIELD_MANAGER}"]'
"""Its path, for `ignore_changes`."""

_OWNER_REFERENCES = "ownerReferences"
"""The field with the objects whose deletion deletes an object."""

_STACK_TYPE = "pulumi:pulumi:Stack$"
"""What the mocks begin the types of a URN with; the engine leaves it out."""
_LONGEST = 128
"""The API server accepts field managers of up to so many characters."""


def changes_owner(annotation: str) -> bool:
    """Whether an annotation makes Pulumi override what others own, or changes whom the object belongs to."""
    return annotation in (PATCH_FORCE, FIELD_MANAGER) or annotation.startswith("portico.dev/")


def is_patch(api_version: str, kind: str) -> bool:
    """Whether a resource of the kind changes an object that another resource creates. Pulumi has such kinds, and only
    for the groups of Kubernetes itself."""
    return kind.endswith("Patch") and is_of_kubernetes(api_version)


def is_of_kubernetes(api_version: str) -> bool:
    """Whether an API version is of a group of Kubernetes itself, or of its projects."""
    group, slash, _ = api_version.rpartition("/")
    return not slash or "." not in group or group.endswith(".k8s.io")


def owner() -> str:
    """The stack that the program runs for: its organization, project, and name."""
    # Mocks have no organization. Pulumi's default is the one of backends without organizations.
    organization = pulumi.get_organization() or "organization"
    return f"{organization}/{pulumi.get_project()}/{pulumi.get_stack()}"


def field_manager(stack: str, resource: str) -> str:
    """The field manager of an object that a stack creates as a resource: the same in every run, and no other one's.

    Two resources with one field manager would delete each other's fields.
    """
    name = f"portico:{stack}"
    suffix = f":{hashlib.sha256(f'{stack} {resource}'.encode()).hexdigest()[:8]}"
    return name[: _LONGEST - len(suffix)] + suffix


def owned(manifest: Manifest, name: str, opts: pulumi.ResourceOptions) -> tuple[Manifest, pulumi.ResourceOptions]:
    """The manifest and the options of an object that the program's stack owns; `name` is its Pulumi name.

    A patch stays as it is: another resource has the object, and owns it.
    """
    if is_patch(manifest["apiVersion"], manifest["kind"]):
        return manifest, opts
    metadata: Manifest = manifest["metadata"]
    annotations: Manifest = metadata.get("annotations") or {}
    stack = owner()
    own = {FIELD_MANAGER: _manager(stack, manifest, name, opts), **annotations, OWNER: stack}
    if FIELD_MANAGER not in annotations:
        # An object keeps the field manager that created it. With a new one, every field that changes in the same update
        # would conflict with the old one: after an upgrade from a version without owners, or a rename of the stack.
        kept = pulumi.ResourceOptions(ignore_changes=[KEEP_FIELD_MANAGER])
        opts = pulumi.ResourceOptions.merge(opts, kept)
    return {**manifest, "metadata": {**metadata, "annotations": own}}, opts


def with_owner_reference(manifest: Properties, owning: Properties, uid: pulumi.Output[Any]) -> Properties:
    """The manifest of an object that Kubernetes deletes together with another one of the same namespace."""
    reference = {"apiVersion": owning["apiVersion"], "kind": owning["kind"], "name": owning["metadata"]["name"]}
    # Mocks assign no identity.
    references = uid.apply(lambda known: [{**reference, "uid": known}] if known else [])
    return {**manifest, "metadata": {**manifest["metadata"], _OWNER_REFERENCES: references}}


def _manager(stack: str, manifest: Manifest, name: str, opts: pulumi.ResourceOptions) -> pulumi.Input[str]:
    """The field manager of an object of a component."""
    if opts.retain_on_delete and "name" in manifest["metadata"]:
        # An object that stays when its resource goes may be another resource's next, in the same stack.
        return field_manager(stack, str(manifest["metadata"]["name"]))
    parent, resource = opts.parent, f"{manifest['kind']} {name}"
    if parent is None:
        return field_manager(stack, f" {resource}")
    # Only the URN says which components the component is in: two with one name can be in different ones.
    return detached(parent.urn).apply(lambda urn: field_manager(stack, f"{_component(urn)} {resource}"))


def _component(urn: str) -> str:
    """The types of a component and of those that it is in, and its name."""
    _, _, types, name = urn.split("::", 3)
    return f"{types.removeprefix(_STACK_TYPE)} {name}"


def without_owner(manifest: Manifest) -> dict[str, Any]:
    """A registered manifest as the component lists it, and `portico render` prints it."""
    metadata: Any = manifest.get("metadata")
    annotations: Any = cast("Manifest", metadata).get("annotations") if isinstance(metadata, Mapping) else None
    if not isinstance(annotations, Mapping) or OWNER not in annotations:
        return dict(manifest)
    kept = {key: value for key, value in mapped(annotations).items() if key not in (OWNER, FIELD_MANAGER)}
    own = ("annotations", _OWNER_REFERENCES)
    rest = {key: value for key, value in cast("Manifest", metadata).items() if key not in own}
    return {**manifest, "metadata": {**rest, **({"annotations": kept} if kept else {})}}
