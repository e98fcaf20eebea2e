"""Lists of items with names, as other tools have them, in place of mappings by name."""

from dataclasses import replace
from typing import Any

from ..args.codes import define
from ..args.concealment import concealed
from ..args.location import Key, Location
from ..args.problems import Problems, Set
from .source_map import Node, holds_secret, plain

__all__ = ["by_name"]

NAMES_IN_LIST = define(
    "names-in-list",
    "{at} is a mapping, and the key of each item is its name.",
    allowed="a mapping of names",
    hint="Write each item below its name, as {item}.",
)


def by_name(node: Node, at: Location, problems: Problems) -> Node:
    """A mapping of the items of a list by their names, which is reported; anything else as it is."""
    items = node.items
    names = [_name_of(item) for item in items]
    if not items or None in names or len(set(names)) < len(names):
        return node
    named = {str(name): _without_name(item) for name, item in zip(names, items, strict=True)}
    for index, name in enumerate(named):
        problems.written[at / Key(name)] = at / index
    meant = replace(node, value=named)
    value = plain(meant)
    is_shown = not holds_secret(node) and concealed(value) is value
    params: dict[str, Any] = {"at": at, "item": at / Key("NAME")}
    problems.report(NAMES_IN_LIST, at, fix=Set(at, value) if is_shown else None, **params)
    return meant


def _name_of(item: Node) -> Any:
    """The name of an item; None if it has none."""
    name = item.fields.get("name")
    return name.value if name is not None and isinstance(name.value, str) else None


def _without_name(item: Node) -> Node:
    return replace(item, value={key: value for key, value in item.fields.items() if key != "name"})
