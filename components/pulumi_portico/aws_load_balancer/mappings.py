"""Parsed arguments as mappings of plain values, for the builders until they take specs."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

from ..args.spec import Spec
from ..lifecycle.cost import PriceSpec
from ..networking.target import TargetSpec

__all__ = ["mapping_of"]


def mapping_of(value: Any) -> Any:
    """A spec as a mapping of what is set; enum members as their values, tuples as lists."""
    # A stack finds the targets that it resolves by their type.
    if isinstance(value, Spec) and not isinstance(value, (PriceSpec, TargetSpec)):
        names = [name for name in type(value).__dataclass_fields__ if name != "at"]
        found = {name: getattr(value, name) for name in names}
        return {name: mapping_of(item) for name, item in found.items() if item is not None}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: mapping_of(item) for key, item in cast("Mapping[str, Any]", value).items()}
    return [mapping_of(item) for item in cast("tuple[Any, ...]", value)] if isinstance(value, tuple) else value
