"""Names and forms of other tools (Kubernetes, Helm charts, Compose, Docker), and where Portico has the same.

Each args type has one table of them beside its spec (`spec(..., elsewhere=...)`). The message about a name, its fix,
and the docs come from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..untyped import Unchecked
from .codes import Code, define
from .location import FieldPath, Key
from .similar_names import folded

__all__ = [
    "FOREIGN_FORM",
    "NAME_ELSEWHERE",
    "NAME_IN_EXTRA",
    "NAME_OF_COMPONENT",
    "NAME_UNSUPPORTED",
    "SET_BY_PORTICO",
    "SWITCHED_ON",
    "Beside",
    "Convert",
    "Elsewhere",
    "Form",
    "Table",
    "Values",
    "automatic",
    "component",
    "extra",
    "field_of",
    "form",
    "holder",
    "in_container",
    "moved_to",
    "of_kind",
    "several",
    "steps_of",
    "switch_of_kind",
    "switched_off",
    "table",
    "unsupported",
]

NAME_ELSEWHERE = define(
    "name-elsewhere", "Unknown argument {name}. Portico has it as {fields}.", allowed="{fields}", hint="Set {fields}."
)
NAME_OF_COMPONENT = define(
    "name-of-component",
    "Unknown argument {name}. Portico has it as {fields} of {component}.",
    allowed="{fields} of {component}",
    hint="Set {fields} of {component}.",
)
NAME_IN_EXTRA = define(
    "name-in-extra",
    "Portico has no argument for {name}.",
    allowed="{fields}, in the form of Kubernetes",
    hint="Set {fields}. Portico doesn't check what is in `extra`.",
)
SET_BY_PORTICO = define("set-by-portico", "Portico sets {name} itself.", hint="Remove it.")
NAME_UNSUPPORTED = define("name-unsupported", "Portico doesn't support {name}.", hint="Remove it.")
FOREIGN_FORM = define(
    "foreign-form",
    "{name} has the form of another tool, such as Kubernetes.",
    allowed="{expected}",
    hint="Set {fields}.",
)

Steps = tuple[str, ...]
"""The way from the args of a table to a field: names in snake_case, and `Key`s of the user."""

Values = Mapping[Steps, Any]
"""The values that replace another tool's, by the way to their fields."""


@dataclass(frozen=True)
class Beside:
    """What is around a value: the other arguments, in any tool's names."""

    given: Unchecked
    """The arguments, by the names that the user wrote."""
    name: str = ""
    """The name that the user gave the component; empty if it isn't known."""

    def get(self, name: str) -> Any:
        """The value of a name, however its words are separated; None if it isn't set."""
        return next((value for key, value in self.given.items() if folded(str(key)) == folded(name)), None)


Convert = Callable[[Any, Beside], Optional[Values]]
"""Returns the values that mean the same; None if Portico can't express the value, or not without a decision. A value of
ABSENT removes what is there."""


@dataclass(frozen=True)
class Elsewhere:
    """Where Portico has what another tool has under a name."""

    code: Code
    fields: Sequence[str] = ()
    """The fields that have the same meaning, each as the dotted way from these args (or from those of `component`)."""
    component: str = ""
    """The component whose fields they are, as the field of a stack that has such components. `services` within a
    service is the service itself."""
    convert: Optional[Convert] = None
    """What the fix sets; None if the value moves as it is, or there is no fix."""
    is_moved: bool = False
    """Whether the value moves as it is, if it has the right form."""
    kind: str = ""
    """The kind of workload that has the name, if it isn't a service."""
    spread: Optional[Callable[[Any], Optional[Unchecked]]] = None
    """Returns the arguments that are in the value, by the names of the other tool; None if there are none."""


@dataclass(frozen=True)
class Form:
    """Another form of a field's value."""

    fits: Callable[[Any], Any]
    """Whether a value has the form."""
    convert: Convert
    """The values that mean the same."""
    fields: Sequence[str]
    """The fields that have the same meaning, for values that the fix can't express."""


@dataclass(frozen=True)
class Table:
    """The names and forms of other tools for one args type."""

    names: Mapping[str, Elsewhere]
    """Names as the other tools write them."""
    forms: Mapping[str, Sequence[Form]]
    """Forms of the args type's own fields."""
    by_folded: Mapping[str, Elsewhere]
    """Names regardless of how words are separated."""
    manifest: Optional[Callable[[Any], Optional[Unchecked]]] = None
    """Returns the arguments that are in a manifest, by the names of Kubernetes; None if there are none."""
    text: Optional[Callable[[str], Optional[Values]]] = None
    """The values that a text in place of the arguments means; None if it means none."""
    others: Optional[Callable[[str, Any], Optional[Elsewhere]]] = None
    """Where Portico has any other name with a value; None if it has none."""

    def find(self, name: Any) -> Optional[Elsewhere]:
        """Where Portico has a name."""
        return self.by_folded.get(folded(name)) if isinstance(name, str) else None


def table(
    *groups: Mapping[str, Elsewhere],
    forms: Optional[Mapping[str, Sequence[Form]]] = None,
    manifest: Optional[Callable[[Any], Optional[Unchecked]]] = None,
    text: Optional[Callable[[str], Optional[Values]]] = None,
    others: Optional[Callable[[str, Any], Optional[Elsewhere]]] = None,
) -> Table:
    """A table of names; a later group overrides those before."""
    names = {name: where for group in groups for name, where in group.items()}
    return Table(names, forms or {}, {folded(name): where for name, where in names.items()}, manifest, text, others)


def steps_of(path: str) -> Steps:
    """The steps of a dotted way. Those after an @ are keys of the user."""
    own, *keys = path.split("@")
    return (*own.split("."), *map(Key, keys))


def field_of(path: str) -> FieldPath:
    """A dotted way, as a message shows it."""
    return FieldPath(steps_of(path))


def moved_to(field: str, convert: Optional[Callable[[Any], Any]] = None) -> Elsewhere:
    """A name for a field. Its value moves as it is, or `convert` makes the field's of it, or None."""
    if convert is None:
        return Elsewhere(NAME_ELSEWHERE, (field,), is_moved=True)
    function = convert

    def values(value: Any, _: Beside) -> Optional[Values]:
        made = function(value)
        return None if made is None else {steps_of(field): made}

    return Elsewhere(NAME_ELSEWHERE, (field,), convert=values)


def several(*fields: str, convert: Optional[Convert] = None) -> Elsewhere:
    """A name for what several fields do; without `convert`, there is no fix."""
    return Elsewhere(NAME_ELSEWHERE, fields, convert=convert)


def holder(spread: Callable[[Any], Optional[Unchecked]], *fields: str) -> Elsewhere:
    """A name that holds arguments, as `template` and `containers` of Kubernetes do."""
    return Elsewhere(NAME_ELSEWHERE, fields, spread=spread)


def component(name: str, *fields: str) -> Elsewhere:
    """A name for fields of another component, by the field of a stack that has such components."""
    return Elsewhere(NAME_OF_COMPONENT, fields, name)


def extra(name: str) -> Elsewhere:
    """A field of the pods' spec without an argument of its own."""
    return Elsewhere(NAME_IN_EXTRA, (f"extra@spec@{name}",), is_moved=True)


def in_container(name: str) -> Elsewhere:
    """A field of the container without an argument of its own."""

    def convert(value: Any, beside: Beside) -> Optional[Values]:
        # The application's container has the name of the service.
        if not beside.name:
            return None
        return {steps_of("extra@spec@containers"): [{"name": beside.name, name: value}]}

    return Elsewhere(NAME_IN_EXTRA, (f"extra@spec@containers@{name}",), convert=convert)


def automatic(*values: Any) -> Elsewhere:
    """What Portico sets itself. The fix removes these values, which change nothing; ... stands for any value."""

    def convert(value: Any, _: Beside) -> Optional[Values]:
        return {} if ... in values or value in values else None

    return Elsewhere(SET_BY_PORTICO, convert=convert)


SWITCHED_ON = automatic(True)  # noqa: FBT003  # a value, not a switch
"""A switch for what setting the field switches on."""


def of_kind(kind: str) -> Elsewhere:
    """A field of another kind of workload than services."""
    return Elsewhere(NAME_UNSUPPORTED, kind=kind)


def switch_of_kind(kind: str) -> Elsewhere:
    """A switch for another kind of object. The fix removes one that is off."""

    return Elsewhere(NAME_UNSUPPORTED, convert=switched_off, kind=kind)


def switched_off(value: Any, _: Beside) -> Optional[Values]:
    """Nothing, if a switch is off."""
    return {} if value is False or (isinstance(value, Mapping) and value.get("enabled") is False) else None


def unsupported(*values: Any) -> Elsewhere:
    """What Portico doesn't support. The fix removes these values, which change nothing."""

    def convert(value: Any, _: Beside) -> Optional[Values]:
        return {} if value in values else None

    return Elsewhere(NAME_UNSUPPORTED, convert=convert)


def form(fits: Callable[[Any], Any], convert: Convert, *fields: str) -> Form:
    """A form of a field's value."""
    return Form(fits, convert, fields)
