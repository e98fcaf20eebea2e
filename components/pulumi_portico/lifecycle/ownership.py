"""Which stack owns an object, so that no other stack takes it over by accident.

Each object that Portico registers has an annotation whose value is its stack. If two stacks apply the same object, the
values differ, and the API server rejects the second one as a conflict before it changes anything. The API server's
error names the field manager of the first one, so that has the name of the stack too.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Any, Optional, cast

import pulumi

from ..args.codes import define
from ..args.problems import PorticoError
from ..ordering import detached
from ..untyped import Manifest, mapped
from .replacement import Finding

__all__ = [
    "FIELD_MANAGER",
    "KEEP_FIELD_MANAGER",
    "OWNER",
    "field_manager",
    "owned",
    "owner",
    "reject_if_owned_by_another",
    "without_owner",
]

OWNER = "portico.dev/stack"
"""The annotation with the stack that owns the object."""

FIELD_MANAGER = "pulumi.com/patchFieldManager"
"""The annotation from which the Kubernetes provider takes the object's field manager."""

KEEP_FIELD_MANAGER = f'metadata.annotations["{FIELD_MANAGER}"]'
"""Its path, for `ignore_changes`."""

_STACK_TYPE = "pulumi:pulumi:Stack$"
"""What the mocks begin the types of a URN with; the engine leaves it out."""
_LONGEST = 128
"""The API server accepts field managers of up to so many characters."""
_FORCE = "PULUMI_K8S_ENABLE_PATCH_FORCE"
"""The environment variable that makes the Kubernetes provider override conflicts."""

OWNED_BY_ANOTHER_STACK = define(
    "owned-by-another-stack",
    "{kind} {name} exists already, and the stack {other} owns it. This stack is {own}.",
    hint="Set another name or namespace, or remove the object from one of the stacks. To move it, see "
    "docs/ownership.md.",
)

Lookup = Callable[[str], Any]
"""Reads the object with an ID from the cluster, as a resource."""


def is_patch(kind: str) -> bool:
    """Whether a resource of the kind changes an object that another resource creates."""
    return kind.endswith("Patch")


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
    if is_patch(manifest["kind"]):
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


def _manager(stack: str, manifest: Manifest, name: str, opts: pulumi.ResourceOptions) -> pulumi.Input[str]:
    """The field manager of an object of a component."""
    if opts.retain_on_delete:
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
    rest = {key: value for key, value in cast("Manifest", metadata).items() if key != "annotations"}
    return {**manifest, "metadata": {**rest, **({"annotations": kept} if kept else {})}}


def reject_if_owned_by_another(resource: Any, kind: str, lookup: Lookup) -> None:
    """Fail a preview that would create an object of another stack.

    The Kubernetes provider overrides conflicts when it previews a new object, so that only an update has them.
    """
    if not pulumi.runtime.is_dry_run() or is_patch(kind) or os.environ.get(_FORCE) == "true":
        return

    async def look() -> None:
        # A resource of the stack's state has an ID in a preview too, unless it's replaced.
        if await resource.id.is_known() or not await resource.metadata.is_known():
            return
        metadata: Manifest = await resource.metadata.future() or {}
        if not _text(metadata, "resource_version", "resourceVersion"):
            # Only an object that exists has a version.
            return
        name = "/".join(filter(None, (_text(metadata, "namespace"), _text(metadata, "name"))))
        live: Manifest = await lookup(name).metadata.future() or {}
        annotations: Mapping[str, str] = live.get("annotations") or {}
        other = annotations.get(OWNER, owner())
        if other != owner():
            params = {"kind": kind, "name": name, "other": other, "own": owner()}
            raise PorticoError(Finding(OWNED_BY_ANOTHER_STACK, params).text)

    # The program waits for Outputs.
    pulumi.Output.from_input(look())


def _text(metadata: Manifest, name: str, api_name: Optional[str] = None) -> str:
    """A field of an object's metadata; that of a kind that the SDK doesn't know has the API's names."""
    # The SDK's own types warn of the API's names.
    names = [name, api_name] if api_name and metadata.__class__ is dict else [name]
    return next((str(metadata[key]) for key in names if metadata.get(key)), "")
