"""Where a value is in the arguments, as data: rendered in the reader's key style once, at the edge."""

from collections.abc import Iterable
from enum import Enum
from typing import Union

__all__ = [
    "ROOT",
    "Field",
    "FieldPath",
    "Key",
    "KeyStyle",
    "Location",
    "Step",
    "camel_case",
    "field_text",
    "location_text",
]


class Field(str):
    """The name of a field in a message's parameters. It is rendered in the reader's key style."""

    __slots__ = ()


class Key(str):
    """A key that the user chose, such as a service's name or a label. It is rendered as it is written."""

    __slots__ = ()


Step = Union[str, int]
"""One step of a location: a field's name (snake_case), a `Key`, or the index of an item."""


class Location(tuple[Step, ...]):
    """The way from the arguments as a whole to one value: `location / "routes" / 0 / "path"`."""

    __slots__ = ()

    def __truediv__(self, step: Step) -> "Location":
        return Location((*self, step))

    def join(self, steps: Iterable[Step]) -> "Location":
        """The location that is these steps further."""
        return type(self)((*self, *steps))

    @property
    def parent(self) -> "Location":
        """The location of what holds the value."""
        return Location(self[:-1])

    def is_within(self, other: "Location") -> bool:
        """Whether the location is the other one, or below it."""
        return self[: len(other)] == tuple(other)


class FieldPath(Location):
    """The way from the arguments of any component of a kind to a field. It is rendered without the component."""

    __slots__ = ()


ROOT = Location()
"""The arguments as a whole."""


class KeyStyle(Enum):
    """How the reader writes field names."""

    PYTHON = "python"
    """snake_case, in Python programs."""

    CAMEL = "camel"
    """camelCase, in the other languages."""

    STACK = "stack"
    """camelCase, in a stack file, where the first key starts with `portico:`."""


def camel_case(name: str) -> str:
    """A field's name as stack files and the other languages write it."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def field_text(name: str, style: KeyStyle) -> str:
    """A field's name in the reader's key style."""
    return name if isinstance(name, Key) or style is KeyStyle.PYTHON else camel_case(name)


def location_text(location: Location, style: KeyStyle) -> str:
    """A location as the reader writes it, such as `services.api.ports.http.servicePort`."""
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + field_text(step, style)
    is_absolute = style is KeyStyle.STACK and not isinstance(location, FieldPath)
    return f"portico:{text}" if text and is_absolute else text
