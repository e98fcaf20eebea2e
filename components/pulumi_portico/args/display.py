"""The one way in which values and text from outside reach a terminal."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, cast

import pulumi

from .location import Field, KeyStyle, Location, field_text, location_text
from .secrets import Secret

__all__ = ["as_data", "escaped", "escaped_lines", "parameter_text", "value_text"]

_LINE = 80
_YAML_CONSTANTS = {"None": "null", "True": "true", "False": "false"}


def escaped(text: str) -> str:
    """Text whose control characters and other unprintable characters are escape sequences."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def escaped_lines(text: str) -> str:
    """Text of several lines whose other control characters and unprintable characters are escape sequences."""
    return "\n".join(map(escaped, text.split("\n")))


def value_text(value: Any, style: KeyStyle) -> str:
    """A value as the reader would write it, on one line and cut to its length."""
    text = escaped(_written(value, style))
    return text if len(text) <= _LINE else text[: _LINE - 4] + " ..."


def _written(value: Any, style: KeyStyle) -> str:
    if isinstance(value, Secret):
        return "[secret]"
    if isinstance(value, pulumi.Output):
        # Only secrets become Outputs in a stack.
        return "[secret]" if style is KeyStyle.STACK else "an Output"
    if isinstance(value, Enum):
        return _written(value.value, style)
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        return f"{{{', '.join(f'{_written(key, style)}: {_written(item, style)}' for key, item in fields.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_written(item, style) for item in cast('Sequence[Any]', value))}]"
    try:
        text = repr(value)
    except ValueError:
        # Python writes no whole number of thousands of digits.
        text = "a number of thousands of digits"
    return text if style is KeyStyle.PYTHON else _YAML_CONSTANTS.get(text, text)


def parameter_text(value: Any, style: KeyStyle) -> str:
    """A parameter of a message: a location or a field in the reader's key style, a list with commas, text as it is."""
    if isinstance(value, Location):
        return f"`{escaped(location_text(value, style))}`"
    if isinstance(value, Field):
        return f"`{field_text(value, style)}`"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        items = list(cast("Iterable[Any]", value))
        items = sorted(items) if isinstance(value, (set, frozenset)) else items
        return ", ".join(parameter_text(item, style) for item in items) or "none"
    return value_text(value, style)


def as_data(value: Any, style: KeyStyle) -> Any:
    """A parameter or a value as JSON has it, in the reader's key style."""
    if isinstance(value, Location):
        return [step if isinstance(step, int) else field_text(step, style) for step in value]
    if isinstance(value, Field):
        return field_text(value, style)
    if isinstance(value, (Secret, pulumi.Output)):
        return value_text(value, style)
    if isinstance(value, Enum):
        return as_data(value.value, style)
    if isinstance(value, Mapping):
        return {str(key): as_data(item, style) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [as_data(item, style) for item in cast("Iterable[Any]", value)]
        return sorted(items) if isinstance(value, (set, frozenset)) else items
    return value if value is None or isinstance(value, (str, int, float, bool)) else value_text(value, style)
