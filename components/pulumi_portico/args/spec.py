"""Specs: the typed values that parsing returns, one frozen dataclass for each args type.

An args type (a TypedDict) is what callers write; its spec is what builders read. The fields are the same. A field whose
value is invalid, or required and missing, isn't set: reading it raises `Unavailable`, which ends the rule that needs it
and no other one.
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Optional, TypeVar, Union

from .._typing import dataclass_transform
from ..untyped import Unchecked
from .elsewhere import Table
from .location import ROOT, Location
from .problems import Unavailable, available
from .shapes import required_fields, shapes_of

__all__ = [
    "Changed",
    "Renamed",
    "Spec",
    "attempt",
    "changed_fields",
    "defaults_of",
    "elsewhere_of",
    "renamed_fields",
    "require_readable",
    "spec",
    "spec_for",
    "tables_of_elsewhere",
    "withdraw",
]


UNAVAILABLE: Any = object()
"""In place of the value of a field: the field isn't set."""

V = TypeVar("V")


def attempt(read: Callable[[], V]) -> V:
    """The value of a field of a new spec. If a value that it needs is unavailable, the field is unavailable too."""
    return available(read, UNAVAILABLE)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """The parsed arguments of one args type."""

    at: Location = dataclasses.field(default=ROOT, compare=False, repr=False)
    """Where the arguments are."""

    def __post_init__(self) -> None:
        """Leave out the fields whose values aren't available."""
        for field in dataclasses.fields(self):
            if getattr(self, field.name) is UNAVAILABLE:
                object.__delattr__(self, field.name)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # Only a slot that isn't set gets here.
            if name.startswith("__"):
                raise AttributeError(name)
            if name not in type(self).__dataclass_fields__:
                raise AttributeError(f"{type(self).__name__} has no field {name}")
            raise Unavailable(self.at / name)


def require_readable(spec: Spec) -> None:
    """Raise `Unavailable` if the arguments aren't a mapping, so that it isn't known which fields are set."""
    for name in defaults_of(type(spec)):
        if available(partial(getattr, spec, name), UNAVAILABLE) is not UNAVAILABLE:
            return
    raise Unavailable(spec.at)


def withdraw(spec: Spec, field: str) -> None:
    """Make a field unavailable whose value a rule rejects, and that nothing can build from."""
    object.__delattr__(spec, field)


S = TypeVar("S", bound=Spec)

Renamed = Mapping[str, Union[str, Callable[[Any], tuple[str, Any]]]]
"""The fields' former names. Each maps to the name today, or to a function that returns the name and the value today."""

_SPECS: dict[type, type[Spec]] = {}
_RENAMED: dict[type, Renamed] = {}

Changed = Mapping[str, Callable[[Any], Optional[Unchecked]]]
"""The fields whose values had another form. Each function returns the fields that a value of that form sets today, or
None for any other value."""

_CHANGED: dict[type, Changed] = {}
_ELSEWHERE: dict[type, Table] = {}


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(dataclasses.field,))
def spec(
    args_type: Any,
    *,
    renamed: Optional[Renamed] = None,
    changed: Optional[Changed] = None,
    elsewhere: Optional[Table] = None,
) -> Callable[[type[S]], type[S]]:
    """Make a class the spec of an args type: a frozen dataclass with the same fields.

    Fields that the args type doesn't require have a default, which is the documented one.
    """

    def declare(cls: type[S]) -> type[S]:
        made: Any = dataclasses.dataclass(frozen=True, slots=True, kw_only=True)(cls)
        fields = {field.name: field for field in dataclasses.fields(made) if field.name != "at"}
        if fields.keys() != shapes_of(args_type).keys():
            difference = sorted(fields.keys() ^ shapes_of(args_type).keys())
            raise TypeError(f"{made.__name__} and {args_type.__name__} differ in {', '.join(difference)}")
        for name, field in fields.items():
            has_default = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
            if has_default == (name in required_fields(args_type)):
                raise TypeError(f"{made.__name__}.{name} must have a default exactly if it isn't required")
        _SPECS[args_type] = made
        _RENAMED[args_type] = renamed or {}
        _CHANGED[args_type] = changed or {}
        if elsewhere is not None:
            _ELSEWHERE[args_type] = elsewhere
        return made

    return declare


def spec_for(args_type: Any) -> type[Spec]:
    """The spec of an args type."""
    return _SPECS[args_type]


@cache
def defaults_of(made: type[Spec]) -> Mapping[str, Callable[[], Any]]:
    """What makes the default of each field; None for a field that is required."""
    found: dict[str, Callable[[], Any]] = {}
    for field in dataclasses.fields(made):
        if field.name == "at":
            continue
        if field.default_factory is not dataclasses.MISSING:
            found[field.name] = field.default_factory
        else:
            default = None if field.default is dataclasses.MISSING else field.default
            found[field.name] = partial(_same, default)
    return found


def _same(value: Any) -> Any:
    return value


def changed_fields(args_type: Any) -> Changed:
    """The fields of an args type whose values had another form."""
    return _CHANGED.get(args_type, {})


def elsewhere_of(args_type: Any) -> Optional[Table]:
    """The names and forms of other tools for an args type, if it has any."""
    return _ELSEWHERE.get(args_type)


def tables_of_elsewhere() -> Mapping[str, Table]:
    """The names and forms of other tools for every args type that has any, by the type's name."""
    return {args_type.__name__: table for args_type, table in _ELSEWHERE.items()}


def renamed_fields(args_type: Any) -> Renamed:
    """The former names of the fields of an args type."""
    return _RENAMED.get(args_type, {})
