"""What an args type says of itself: each field's type, and whether it takes an Output."""

import types
import typing
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, Union

import pulumi

from .._typing import NotRequired, Required
from .location import camel_case

__all__ = [
    "Shape",
    "camel_case",
    "is_args",
    "is_enum",
    "is_generic",
    "plain_fields",
    "required_fields",
    "shapes_of",
    "take_apart",
]

_WRAPPERS = (NotRequired, Required)
_UNIONS = (Union, types.UnionType)


@dataclass(frozen=True)
class Shape:
    """A field's type, taken apart."""

    type: Any
    """The type without `NotRequired`, `Optional` and `Input` around it."""
    later: bool
    """Whether an Output is taken."""


@cache
def shapes_of(args_type: type) -> Mapping[str, Shape]:
    """Each field of an args type, in its order."""
    # pulumi.Input[X] is Union[X, Awaitable[X], "Output[T]"], its last option still a string.
    hints = typing.get_type_hints(args_type, localns={"Output": pulumi.Output, "T": Any}, include_extras=True)
    return {name: take_apart(hint) for name, hint in hints.items()}


@cache
def required_fields(args_type: Any) -> tuple[str, ...]:
    """The fields that must be given, in their order."""
    return tuple(name for name in shapes_of(args_type) if name in args_type.__required_keys__)


def take_apart(hint: Any) -> Shape:
    """A field's type as its annotation gives it, taken apart."""
    if typing.get_origin(hint) in _WRAPPERS:
        return take_apart(typing.get_args(hint)[0])
    if typing.get_origin(hint) in _UNIONS:
        later = False
        rest: list[Any] = []
        for option in typing.get_args(hint):
            origin = typing.get_origin(option) or option
            if isinstance(origin, type) and issubclass(origin, (pulumi.Output, Awaitable)):
                later = True
            elif option is not type(None):
                rest.append(option)
        if len(rest) != 1:
            raise TypeError(f"{hint}: a field of an args type holds one type, or one type as an Input")
        return Shape(rest[0], later)
    return Shape(hint, later=False)


def plain_fields(args_type: type) -> frozenset[str]:
    """The fields that take no Output, because a resource's identity or the number of resources depends on them."""
    return frozenset(name for name, shape in shapes_of(args_type).items() if not shape.later)


def is_enum(typ: Any) -> bool:
    """Whether it is a class of choices."""
    return isinstance(typ, type) and issubclass(typ, Enum)


def is_generic(typ: Any, base: type) -> bool:
    """Whether it is a `Sequence[...]` or `Mapping[...]`, as `base` says."""
    origin = typing.get_origin(typ)
    return isinstance(origin, type) and issubclass(origin, base)


def is_args(typ: Any) -> bool:
    """Whether it is a TypedDict."""
    return hasattr(typ, "__required_keys__")
