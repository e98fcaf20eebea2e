"""Values with their positions: what stack files and the engine's configuration are read into."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Optional, cast

from ..args.location import Key, Location, Step, camel_case
from ..args.secrets import Secret
from ..untyped import mapped

__all__ = [
    "AmbiguousScalar",
    "Node",
    "Place",
    "first_step",
    "holds_secret",
    "is_within",
    "node_at",
    "overlay",
    "place_of",
    "plain",
    "secrets_in",
    "with_positions",
]


@dataclass(frozen=True)
class Place:
    """A position in a file."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class AmbiguousScalar(str):
    """Text that other YAML readers read as another type. The reader of the file reports it."""

    __slots__ = ()


@dataclass(frozen=True)
class Node:
    """A value, and the positions of the value and its key."""

    value: Any
    """A scalar, a `Secret`, a mapping of keys to nodes, or a list of nodes."""
    place: Optional[Place] = None
    key: Optional[Place] = None
    """The position of its key, if it has one."""

    @property
    def fields(self) -> Mapping[str, "Node"]:
        """The nodes of a mapping; empty for anything else."""
        return cast("Mapping[str, Node]", self.value) if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list["Node"]:
        """The nodes of a list; empty for anything else."""
        return cast("list[Node]", self.value) if isinstance(self.value, list) else []

    @property
    def is_scalar(self) -> bool:
        """Whether the value is neither a mapping nor a list."""
        return not isinstance(self.value, (dict, list))

    def below(self) -> Iterator["Node"]:
        """The node, and every node within it."""
        yield self
        for node in (*self.fields.values(), *self.items):
            yield from node.below()


def plain(node: Node) -> Any:
    """The value without positions; secrets stay `Secret`s."""
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.fields.items()}
    return [plain(item) for item in node.items] if isinstance(node.value, list) else node.value


def overlay(base: Optional[Node], top: Node) -> Node:
    """`base` overridden by `top`: mappings are merged key by key, all else is replaced. A null removes its key."""
    if base is None or not isinstance(base.value, dict) or not isinstance(top.value, dict):
        return top
    merged = dict(base.fields)
    for key, node in top.fields.items():
        below = merged.get(key)
        if below is not None and node.value is None:
            del merged[key]
        else:
            merged[key] = overlay(below, node)
    return replace(top, value=merged)


def with_positions(value: Any, source: Optional[Node], *, is_secret: bool) -> Node:
    """The engine's value with the positions of the file's, as far as the file has the same.

    `is_secret` is whether the engine treats the value as secret: text in it that isn't in the file can be the secret.
    """
    place, key = (source.place, source.key) if source is not None else (None, None)
    if source is not None and isinstance(source.value, AmbiguousScalar):
        # It's reported as the file has it, not as the engine converts it.
        return source
    if isinstance(value, Mapping):
        fields = source.fields if source is not None else dict[str, Node]()
        given = mapped(value)
        # The engine orders keys by name.
        names = [*(name for name in fields if name in given), *(name for name in given if name not in fields)]
        nodes = {name: with_positions(given[name], fields.get(name), is_secret=is_secret) for name in names}
        return Node(nodes, place, key)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        known: list[Optional[Node]] = [*source.items] if source is not None else []
        sources = known if len(known) == len(items) else [None] * len(items)
        pairs = zip(items, sources, strict=True)
        return Node([with_positions(item, one, is_secret=is_secret) for item, one in pairs], place, key)
    if source is not None and isinstance(source.value, Secret) and isinstance(value, str):
        return Node(Secret(value), place, key)
    if source is not None and type(source.value) is type(value) and source.value == value:
        return Node(value, place, key)
    return Node(Secret(value, certain=False)) if is_secret and isinstance(value, str) else Node(value)


def is_within(node: Node, value: Any) -> bool:
    """Whether the engine's value has everything that the file has."""
    if isinstance(node.value, dict):
        return isinstance(value, Mapping) and all(
            is_within(item, mapped(value).get(key)) for key, item in node.fields.items()
        )
    if isinstance(node.value, list):
        items = cast("list[Any]", value) if isinstance(value, list) else []
        return len(items) == len(node.items) and all(map(is_within, node.items, items))
    return isinstance(node.value, (Secret, AmbiguousScalar)) or node.value == value


def first_step(node: Node, step: Step) -> Optional[Node]:
    """The node that one step of a location leads to; None if there is none."""
    if isinstance(step, int):
        return node.items[step] if 0 <= step < len(node.items) else None
    return node.fields.get(step if isinstance(step, Key) else camel_case(step))


def node_at(node: Node, location: Location) -> tuple[Node, Location]:
    """The node at a location, or the last one on the way to it, and the steps that lead to nothing."""
    for index, step in enumerate(location):
        below = first_step(node, step)
        if below is None:
            return node, Location(location[index:])
        node = below
    return node, Location()


def place_of(node: Node, location: Location, *, of_value: bool) -> Optional[Place]:
    """The position of the value at a location, or of its key; if there is none, of what it is missing from."""
    found, rest = node_at(node, location)
    return found.place if found.key is None or (of_value and found.is_scalar and not rest) else found.key


def holds_secret(node: Node) -> bool:
    """Whether the value is secret, or a value within it."""
    return any(isinstance(below.value, Secret) for below in node.below())


def secrets_in(node: Node) -> frozenset[str]:
    """The texts within the value that the engine treats as secret, as far as they are decrypted."""
    secrets = (below.value for below in node.below() if isinstance(below.value, Secret))
    return frozenset(secret.value for secret in secrets if secret.value)
