"""What a changed program would have AWS change, and the comparison that says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ...untyped import Properties
from ..recording import Registration
from .kinds import Kind

__all__ = ["Changes", "Difference", "difference", "old_urns", "trigger_of"]


@dataclass
class Changes:
    """What an update does to AWS, by the resources' Pulumi names; what stays the same is left out."""

    created: set[str] = field(default_factory=set[str])
    updated: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Each with the inputs that change in place."""
    replaced: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Each with the inputs that make another one of it; `replacement_trigger` where the program alone asks for it."""
    deleted: set[str] = field(default_factory=set[str])


@dataclass(frozen=True)
class Difference:
    """What differs between a resource and its new registration."""

    changed: frozenset[str]
    """The inputs that differ."""
    renewing: frozenset[str]
    """What of it makes another resource."""
    delete_first: bool
    """Whether the old one goes before the new one is made."""


def difference(kind: Kind, old: Properties, new: Properties, registration: Registration, trigger: str) -> Difference:
    """What differs, as the provider and the engine see it.

    An input that is given with what is AWS's default anyway, and was not given before, counts as changed.
    """
    ignored = {path.partition(".")[0].partition("[")[0] for path in registration.ignore_changes}
    changed = {
        key
        for key in {*old, *new} - ignored
        if _plain(old.get(key), ordered=key in kind.ordered) != _plain(new.get(key), ordered=key in kind.ordered)
    }
    renewing = changed & set(kind.replaced_by)
    if kind.replaced_if is not None:
        renewing |= kind.replaced_if(old, new) & changed
    by_provider = bool(renewing)
    renewing |= {
        key for key in changed if key in registration.replace_on_changes or "*" in registration.replace_on_changes
    }
    if trigger != trigger_of(registration) and not renewing:
        renewing = {"replacement_trigger"}
    # pulumi-terraform-bridge, nameRequiresDeleteBeforeReplace: where a name is given, and stays, two cannot be there.
    name = kind.named_by
    named = name is not None and new.get(name) is not None and new.get(name) == old.get(name)
    return Difference(
        frozenset(changed), frozenset(renewing), registration.delete_before_replace or (by_provider and named)
    )


def trigger_of(registration: Registration) -> str:
    """What its program has it replaced by, beside its inputs."""
    return str(registration.request.replacement_trigger) if registration.request.HasField("replacement_trigger") else ""


def _plain(value: Any, *, ordered: bool = False) -> Any:
    """A value to compare: without order, as the provider's types of lists are sets but for a few."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in cast("Properties", value).items() if item is not None}
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [_plain(item) for item in cast("Sequence[Any]", value)]
        return items if ordered else sorted(items, key=repr)
    return value


def old_urns(registration: Registration) -> list[str]:
    """The URNs that a resource has or may have had: its own, and those of its aliases."""
    head, kinds = _parts(registration.urn)
    found = [registration.urn]
    for alias in registration.request.aliases:
        if alias.urn:
            found.append(alias.urn)
            continue
        spec = alias.spec
        within = kinds.rpartition("$")[0]
        if spec.noParent:
            within = "pulumi:pulumi:Stack"
        elif spec.parentUrn:
            within = _parts(spec.parentUrn)[1].rpartition("$")[2]
        found.append(f"{head}::{within}${spec.type or registration.type}::{spec.name or registration.name}")
    return found


def _parts(urn: str) -> tuple[str, str]:
    """Of a URN, the stack and project, and the types."""
    stack, project, kinds, _ = urn.split("::", 3)
    return f"{stack}::{project}", kinds
