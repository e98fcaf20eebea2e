"""Forms of values that other tools have."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, cast

from ..untyped import Unchecked, mapped

__all__ = ["has_names", "is_list", "is_mapping", "is_text", "items_of", "list_of", "one_item", "only_item"]


def is_text(value: Any) -> bool:
    """Whether a value is text."""
    return isinstance(value, str)


def is_mapping(value: Any) -> bool:
    """Whether a value is a mapping."""
    return isinstance(value, Mapping)


def is_list(value: Any) -> bool:
    """Whether a value is a list, as Kubernetes and Compose have it where Portico has a mapping."""
    return isinstance(value, (list, tuple))


def has_names(*names: str) -> Callable[[Any], bool]:
    """Whether a value is a mapping with one of these names."""
    return lambda value: bool(mapped(value).keys() & set(names))


def items_of(value: Any) -> Sequence[Unchecked]:
    """The items of a list of mappings; empty if it has others."""
    items = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else ()
    return [mapped(item) for item in items] if all(isinstance(item, Mapping) for item in items) else []


def one_item(value: Any) -> Optional[Sequence[Any]]:
    """A text as a list of it."""
    if isinstance(value, str):
        return [value]
    return cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else None


def list_of(value: Any) -> Any:
    """The items of a text that separates them by commas."""
    return [item.strip() for item in value.split(",")] if isinstance(value, str) else value


def only_item(value: Any) -> Any:
    """The only item of a list."""
    items = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else ()
    return items[0] if len(items) == 1 else None
