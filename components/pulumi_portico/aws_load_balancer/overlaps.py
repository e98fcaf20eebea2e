"""Finds rules that can match the same request, without comparing each rule with each other one."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Generic, TypeVar

from .priorities import Match, closed_conditions

__all__ = ["OverlapIndex"]

T = TypeVar("T")

_Part = tuple[str, bool]
"""A host, or a path and whether it's exact."""


class OverlapIndex(Generic[T]):
    """Items by what they match.

    Two rules overlap only if the host of one is that of the other or includes it, and so for their paths. So each item
    has a key for its host and its path themselves, and one for each wider host and path that includes them.
    """

    def __init__(self) -> None:
        self._items: dict[tuple[tuple[bool, _Part], ...], _Group[T]] = defaultdict(_Group)

    def add(self, match: Match, item: T) -> None:
        """Add an item, by what it matches."""
        for key in product(*(_keys(parts) for parts in _parts(match))):
            self._items[key].add(match, item)

    def near(self, match: Match) -> Iterator[T]:
        """The items that can match a request that `match` does too: their hosts and their paths overlap, and one
        condition isn't apart. Others can be. An item can come twice."""
        for key in product(*(_keys_of_others(parts) for parts in _parts(match))):
            if group := self._items.get(key):
                yield from group.near(match)


class _Group(Generic[T]):
    """Items of one key, by the values of one condition of each."""

    def __init__(self) -> None:
        self._open: list[T] = []
        """Those without a condition whose values keep rules apart."""
        self._by_value: dict[str, dict[str, list[T]]] = defaultdict(lambda: defaultdict(list))
        """The others, by the name of the condition and each of its values."""

    def add(self, match: Match, item: T) -> None:
        name, values = next(closed_conditions(match), ("", ()))
        for value in values:
            self._by_value[name][value].append(item)
        if not values:
            self._open.append(item)

    def near(self, match: Match) -> Iterator[T]:
        yield from self._open
        closed = dict(closed_conditions(match))
        for name, by_value in self._by_value.items():
            for value in closed.get(name, by_value):
                yield from by_value.get(value, ())


def _keys(parts: Sequence[_Part]) -> list[tuple[bool, _Part]]:
    """The keys of a host or path: itself, and below each one that includes it."""
    own, *wider = parts
    return [(True, own), *((False, part) for part in wider)]


def _keys_of_others(parts: Sequence[_Part]) -> list[tuple[bool, _Part]]:
    """The keys of the hosts or paths that overlap one: what's below it, itself, and each one that includes it."""
    return [(False, parts[0]), *((True, part) for part in parts)]


def _parts(match: Match) -> tuple[Sequence[_Part], Sequence[_Part]]:
    return [(host, True) for host in _hosts(match.host)], list(_paths(match))


def _hosts(host: str) -> list[str]:
    """The host, and those that include it, up to every host."""
    if not host:
        return [""]
    labels = host.removeprefix("*.").split(".")
    first = 0 if host.startswith("*.") else 1
    wildcards = [f"*.{'.'.join(labels[start:])}" for start in range(first, len(labels))]
    return [*([] if host.startswith("*.") else [host]), *wildcards, ""]


def _paths(match: Match) -> Iterator[_Part]:
    """The path, and the prefixes that include it, up to the root."""
    path = match.path
    if match.exact:
        yield path, True
    if path != "/":
        yield path, False
        for end in range(len(path) - 1, 0, -1):
            if path[end] == "/":
                yield path[:end], False
    yield "/", False
