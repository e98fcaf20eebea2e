"""The one way in which values and text from outside reach a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, cast

import pulumi

from .concealment import HIDDEN, concealed, shown_key, shown_text
from .location import Field, Key, KeyStyle, Location, field_text, location_text
from .secrets import Secret
from .similar_names import SomeNames

__all__ = [
    "LINE",
    "as_data",
    "cut_data",
    "escaped",
    "escaped_lines",
    "parameter_text",
    "shown_location",
    "shown_path",
    "shown_resource",
    "value_text",
]

LINE = 80
"""The most characters of a value, or of one key of a location, that a message shows."""
_PARAMETER = 400
"""The most characters of a parameter. The longest valid key, that of an annotation, has 317."""
_YAML_CONSTANTS = {"None": "null", "True": "true", "False": "false"}


def escaped(text: str) -> str:
    """Text whose control characters and other unprintable characters are escape sequences."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def escaped_lines(text: str) -> str:
    """Text of several lines whose other control characters and unprintable characters are escape sequences."""
    return "\n".join(map(escaped, text.split("\n")))


def value_text(value: Any, style: KeyStyle) -> str:
    """A value as the reader would write it, on one line and cut to its length."""
    return _cut(escaped(_written(value, style)))


def shown_resource(resource: pulumi.Resource) -> str:
    """A resource as messages name it, such as `WebService "api"`."""
    return f'{type(resource).__name__} "{shown_text(resource.pulumi_resource_name)}"'


def _cut(text: str, most: int = LINE) -> str:
    return text if len(text) <= most else text[: most - 4] + " ..."


def shown_location(location: Location, most: int = LINE) -> Location:
    """A location without secrets in its keys, each of which is cut to its length."""
    steps = [
        Key(_cut(shown_key(location, index), most)) if isinstance(step, Key) else step
        for index, step in enumerate(location)
    ]
    return type(location)(steps)


def shown_path(location: Location, style: KeyStyle) -> str:
    """A location as messages show it."""
    return location_text(shown_location(location), style)


def _written(value: Any, style: KeyStyle) -> str:
    if isinstance(value, Secret):
        return HIDDEN
    if isinstance(value, pulumi.Output):
        # Only secrets become Outputs in a stack.
        return HIDDEN if style is KeyStyle.STACK else "an Output"
    if isinstance(value, Enum):
        return _written(value.value, style)
    if isinstance(value, str):
        return f'"{shown_text(value)}"'
    if isinstance(value, Mapping):
        given = cast("Mapping[Any, Any]", concealed(value))
        return f"{{{', '.join(f'{_written(key, style)}: {_written(item, style)}' for key, item in given.items())}}}"
    if is_dataclass(value) and not isinstance(value, type):
        return _written(_fields_of(value, style), style)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_written(item, style) for item in cast('Sequence[Any]', value))}]"
    try:
        text = shown_resource(value) if isinstance(value, pulumi.Resource) else repr(value)
    except ValueError:
        # Python writes no whole number of thousands of digits.
        text = "a number of thousands of digits"
    return text if style is KeyStyle.PYTHON else _YAML_CONSTANTS.get(text, text)


def _fields_of(arguments: Any, style: KeyStyle) -> dict[str, Any]:
    """The fields of parsed arguments that the reader would write: those that differ from their defaults."""
    given = ((each, getattr(arguments, each.name, None)) for each in fields(arguments) if each.name != "at")
    return {field_text(each.name, style): value for each, value in given if value not in (None, (), each.default)}


def parameter_text(value: Any, style: KeyStyle) -> str:
    """A parameter of a message: a location or a field in the reader's key style, a list with commas, text as it is."""
    if isinstance(value, Location):
        return f"`{escaped(shown_path(value, style))}`"
    if isinstance(value, Field):
        return f"`{field_text(value, style)}`"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return _cut(escaped(shown_text(value)), _PARAMETER)
    if isinstance(value, (list, tuple, set, frozenset)):
        items = list(cast("Iterable[Any]", value))
        items = sorted(items) if isinstance(value, (set, frozenset)) else items
        more = [f"and {value.more} more"] if isinstance(value, SomeNames) and value.more else []
        return ", ".join([*(parameter_text(item, style) for item in items), *more]) or "none"
    return value_text(value, style)


def as_data(value: Any, style: KeyStyle) -> Any:
    """A parameter or a value as JSON has it, in the reader's key style."""
    if isinstance(value, Location):
        steps = shown_location(value, _PARAMETER)
        return [step if isinstance(step, int) else field_text(step, style) for step in steps]
    if isinstance(value, Field):
        return field_text(value, style)
    if isinstance(value, (Secret, pulumi.Output)):
        return value_text(value, style)
    if isinstance(value, Enum):
        value = value.value
    elif is_dataclass(value) and not isinstance(value, type):
        value = _fields_of(value, style)
    if isinstance(value, Mapping):
        return {str(key): as_data(item, style) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [as_data(item, style) for item in cast("Iterable[Any]", value)]
        return sorted(items) if isinstance(value, (set, frozenset)) else items
    if isinstance(value, str):
        return shown_text(value)
    return value if value is None or isinstance(value, (int, float, bool)) else value_text(value, style)


def cut_data(data: Any, most: int = _PARAMETER) -> Any:
    """Data of a problem whose texts are cut to a length, that of parameters by default."""
    if isinstance(data, str):
        return _cut(data, most)
    if isinstance(data, Mapping):
        items = cast("Mapping[str, Any]", data)
        return {_cut(key, most): cut_data(item, most) for key, item in items.items()}
    return [cut_data(item, most) for item in cast("list[Any]", data)] if isinstance(data, list) else data
