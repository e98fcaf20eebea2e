"""Merge what a user adds in Kubernetes' own words into what was built."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast

from .untyped import mapped

__all__ = ["merged"]


def merged(base: Any, more: Any) -> Any:
    """``base`` with ``more`` laid over it, as Kubernetes merges a patch.

    Mappings are merged key by key, and a None takes its key out. Lists of named items (containers,
    volumes, variables) are merged by name; every other list is replaced.
    """
    if isinstance(more, Mapping):
        below, above = mapped(base), mapped(cast("Any", more))
        both = {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}
        return {key: value for key, value in both.items() if value is not None}
    if isinstance(base, list) and isinstance(more, list):
        known, added = _by_name(cast("list[Any]", base)), _by_name(cast("list[Any]", more))
        if known and added:
            return list({**known, **{name: merged(known.get(name), item) for name, item in added.items()}}.values())
    return cast("Any", more)


def _by_name(items: Sequence[Any]) -> dict[str, Any]:
    """The items by name; none where one has no name, or two the same."""
    named = {name: item for item in items if (name := _name_of(mapped(item))) is not None}
    return named if len(named) == len(items) else {}


def _name_of(item: Mapping[str, Any]) -> Optional[str]:
    """What an item of a list is known by. A volume can be mounted at several paths."""
    name = item.get("mountPath", item.get("name"))
    return None if name is None else str(name)
