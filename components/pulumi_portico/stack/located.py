"""Values that know where they were written: what stack files and the engine's configuration are read into."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Optional, cast

from ..args.secrets import Secret

__all__ = [
    "Doubtful",
    "Node",
    "Place",
    "Secret",
    "first_step",
    "is_within",
    "laid_over",
    "node_at",
    "place_of",
    "placed",
    "plain",
]


@dataclass(frozen=True)
class Place:
    """Where something stands in a file."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Doubtful(str):
    """Text that other readers of YAML take for something else, and that is refused."""

    __slots__ = ()


@dataclass(frozen=True)
class Node:
    """A value, and where it and its key stand."""

    value: Any
    """A scalar, a `Secret`, a mapping of names to nodes, or a list of nodes."""
    place: Optional[Place] = None
    key: Optional[Place] = None
    """Where its key stands, where it has one."""

    @property
    def fields(self) -> Mapping[str, "Node"]:
        """The nodes below a mapping; none below anything else."""
        return cast("Mapping[str, Node]", self.value) if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list["Node"]:
        """The nodes of a list; none of anything else."""
        return cast("list[Node]", self.value) if isinstance(self.value, list) else []


def plain(node: Node) -> Any:
    """The value without its places; secrets stay `Secret`s."""
    if isinstance(node.value, dict):
        return {key: plain(it) for key, it in node.fields.items()}
    return [plain(it) for it in node.items] if isinstance(node.value, list) else node.value


def laid_over(base: Optional[Node], more: Node) -> Node:
    """``base`` with ``more`` laid over it: mappings key by key, all else replaced. A null takes its key out."""
    if base is None or not isinstance(base.value, dict) or not isinstance(more.value, dict):
        return more
    both = dict(base.fields)
    for key, it in more.fields.items():
        below = both.get(key)
        if below is not None and it.value is None:
            del both[key]
        else:
            both[key] = laid_over(below, it)
    return replace(more, value=both)


def placed(value: Any, like: Optional[Node], *, sealed: bool) -> Node:
    """The engine's value with the places of the file's, as far as the file says the same.

    ``sealed`` is whether the engine holds it secret: text in it that is not in the file may be what is secret.
    """
    place, key = (like.place, like.key) if like is not None else (None, None)
    if like is not None and isinstance(like.value, Doubtful):
        # It is refused as it was written, and not once more as what the engine made of it.
        return like
    if isinstance(value, Mapping):
        fields = like.fields if like is not None else dict[str, Node]()
        given = cast("Mapping[str, Any]", value).items()
        return Node({name: placed(it, fields.get(name), sealed=sealed) for name, it in given}, place, key)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        known: list[Optional[Node]] = [*like.items] if like is not None else []
        below = known if len(known) == len(items) else [None] * len(items)
        return Node([placed(it, one, sealed=sealed) for it, one in zip(items, below, strict=True)], place, key)
    if like is not None and isinstance(like.value, Secret) and isinstance(value, str):
        return Node(Secret(value), place, key)
    if like is not None and type(like.value) is type(value) and like.value == value:
        return Node(value, place, key)
    return Node(Secret(value, certain=False)) if sealed and isinstance(value, str) else Node(value)


def is_within(node: Node, value: Any) -> bool:
    """Whether the engine's value holds all that the file says."""
    if isinstance(node.value, dict):
        return isinstance(value, Mapping) and all(
            is_within(it, cast("Mapping[str, Any]", value).get(key)) for key, it in node.fields.items()
        )
    if isinstance(node.value, list):
        items = cast("list[Any]", value) if isinstance(value, list) else []
        return len(items) == len(node.items) and all(map(is_within, node.items, items))
    return isinstance(node.value, (Secret, Doubtful)) or node.value == value


def node_at(node: Node, path: str) -> tuple[Node, str]:
    """The node at a path such as `services.api.args[0]`, or the last one on the way to it, with the rest of the way.

    Keys may hold what separates them in a path: hosts, labels, file names.
    """
    while path:
        below = dict(enumerate(node.items)) if path.startswith("[") else node.fields
        key, rest = first_step(path, below)
        if key is None:
            break
        node, path = below[key], rest
    return node, path


def first_step(path: str, there: Collection[Any]) -> tuple[Any, str]:
    """The key or number that a path goes on with, of those that are there, and the rest of the path; None and the path
    where it is none of them. Keys may hold what separates them in a path."""
    if path.startswith("["):
        number, _, rest = path[1:].partition("]")
        return (int(number), rest) if number.isdecimal() and int(number) in there else (None, path)
    told = path.removeprefix(".")
    for key in sorted(there, key=len, reverse=True):
        if told.startswith(key) and told[len(key) :][:1] in ("", ".", "["):
            return key, told[len(key) :]
    return None, path


def place_of(node: Node, path: str, *, of_value: bool) -> Optional[Place]:
    """Where it stands: the value or its key; where there is none, what it is missing from."""
    at, rest = node_at(node, path)
    scalar = not isinstance(at.value, (dict, list))
    return at.place if at.key is None or (of_value and scalar and not rest) else at.key
