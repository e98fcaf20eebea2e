"""What a program registered, and the ways to look at it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, cast

from ..args.similar_names import nearest
from ..lifecycle.ownership import without_owner
from ..untyped import Properties
from .wire import off_the_wire, unwrapped

__all__ = ["Recording", "Registration", "registration_of"]


@dataclass(frozen=True)
class Registration:
    """One resource as the program registers it, before any provider receives it."""

    urn: str
    """The URN that the mocks gave it."""
    type: str
    """Its type token, such as `kubernetes:apps/v1:Deployment`."""
    name: str
    """Its Pulumi name."""
    parent: Optional[str]
    """The URN of its parent; None for the stack's own children."""
    custom: bool
    """Whether a provider makes it; False for a component."""
    inputs: Properties
    """What it was given. Secrets are `Secret`s; what a preview cannot know is `pulumi.output.UNKNOWN`."""
    dependencies: frozenset[str]
    """The URNs of the resources that it depends on: those of `depends_on`, and those that its inputs come from."""
    property_dependencies: Mapping[str, frozenset[str]]
    """The URNs that each input comes from."""
    aliases: tuple[Mapping[str, str], ...]
    """What it was called before: each a `urn`, or what of `name`, `type` and `parentUrn` was different."""
    protect: bool
    """Whether the engine refuses to delete it."""
    replace_on_changes: tuple[str, ...]
    """The inputs whose change replaces it."""
    ignore_changes: tuple[str, ...]
    """The inputs whose change is ignored."""
    delete_before_replace: bool
    """Whether its replacement waits for its end."""
    provider: str
    """The provider of its options; empty for the default one."""
    request: Any = field(repr=False, compare=False)
    """The raw `RegisterResourceRequest`, for all else."""

    @property
    def edges(self) -> frozenset[str]:
        """The URNs of all resources that it depends on, by `depends_on` or by an input."""
        return self.dependencies.union(*self.property_dependencies.values())

    def manifest(self) -> dict[str, Any]:
        """The Kubernetes object, as plain dictionaries; secrets unwrapped.

        As `portico render` prints it, it has no annotations of the stack that owns it; `inputs` has them.
        """
        return without_owner(unwrapped(self.inputs))


@dataclass(frozen=True)
class Recording:
    """What a program registered."""

    registrations: Sequence[Registration]
    """Every resource but the stack, ordered by URN."""
    outputs: Mapping[str, Properties]
    """What each component registered as its outputs, by the component's Pulumi name; secrets unwrapped."""
    exports: Mapping[str, Any]
    """What the program exported; secrets unwrapped."""
    value: Any
    """What the program returned: an Output, or one inside a list or mapping, as its value."""
    preview: Optional["Recording"] = None
    """The same program's preview; None where this is it."""

    def all(self, kind: str) -> list[Registration]:
        """The resources of a kind: `Deployment`, or a whole type token."""
        return [
            registration
            for registration in self.registrations
            if kind in (registration.type, registration.type.rpartition(":")[2])
        ]

    def one(self, kind: str, name: Optional[str] = None) -> Registration:
        """The one resource of a kind; with a name, the one of that Pulumi name or Kubernetes name.

        Raises LookupError, which lists what there is, where there is none or more than one.
        """
        found = [
            registration
            for registration in self.all(kind)
            if name is None or name in (registration.name, _object_name(registration))
        ]
        if len(found) == 1:
            return found[0]
        there = [f"{registration.type.rpartition(':')[2]} {registration.name}" for registration in self.registrations]
        wanted = f"{kind} {name}" if name else kind
        close = nearest(wanted, there)
        count = f"{len(found)} resources are" if found else "no resource is"
        hint = f" (did you mean {close}?)" if close and not found else ""
        raise LookupError(f"{count} {wanted}{hint}; registered: {', '.join(there) or 'nothing'}")

    def manifest(self, kind: str, name: Optional[str] = None) -> dict[str, Any]:
        """The one Kubernetes object of a kind (and name), as plain dictionaries."""
        return self.one(kind, name).manifest()

    def before(self, registration: Registration) -> frozenset[str]:
        """The URNs of everything that is created before a resource and deleted after it: all that it depends on,
        directly or through others."""
        by_urn = {known.urn: known for known in self.registrations}
        found: set[str] = set()
        pending = [registration]
        while pending:
            new = pending.pop().edges - found
            found |= new
            pending += [by_urn[urn] for urn in new if urn in by_urn]
        return frozenset(found)

    def manifests(self) -> list[dict[str, Any]]:
        """Every Kubernetes object, as plain dictionaries, ordered by URN."""
        return [
            registration.manifest()
            for registration in self.registrations
            if registration.type.startswith("kubernetes:") and registration.custom
        ]


def registration_of(urn: str, request: Any) -> Registration:
    """A raw `RegisterResourceRequest`, taken apart."""
    parent = request.parent if request.parent and "pulumi:pulumi:Stack::" not in request.parent else None
    return Registration(
        urn=urn,
        type=request.type,
        name=request.name,
        parent=parent,
        custom=request.custom,
        inputs=off_the_wire(request.object),
        dependencies=frozenset(request.dependencies),
        property_dependencies={
            key: frozenset(dependencies.urns)
            for key, dependencies in request.propertyDependencies.items()
            if dependencies.urns
        },
        aliases=tuple(_alias(alias) for alias in request.aliases),
        protect=request.protect,
        replace_on_changes=tuple(request.replaceOnChanges),
        ignore_changes=tuple(request.ignoreChanges),
        delete_before_replace=request.deleteBeforeReplace,
        provider=request.provider,
        request=request,
    )


def _alias(alias: Any) -> Mapping[str, str]:
    if alias.urn:
        return {"urn": alias.urn}
    parts = {part: getattr(alias.spec, part) for part in ("name", "type", "parentUrn", "stack", "project")}
    return {part: value for part, value in parts.items() if value}


def _object_name(registration: Registration) -> Any:
    metadata = registration.inputs.get("metadata")
    return cast("Properties", metadata).get("name") if isinstance(metadata, Mapping) else None
