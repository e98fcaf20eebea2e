"""References to environment variables, `$(NAME)`, as Kubernetes reads them.

Kubernetes expands a reference to a variable that comes before it in `env`, and leaves any other one as it is. `$$` is a
`$`, so `$$(NAME)` is no reference. Source: `Expand` of Kubernetes (third_party/forked/golang/expansion).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..args.secrets import Placeholder
from ..untyped import Manifest

__all__ = ["REFERENCE", "ReferenceGraph", "in_order", "reference_graph", "references_in"]

REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\)|.)", re.DOTALL)
"""What starts with a `$`. Its group is what a reference names, if it is one."""


def references_in(value: Any) -> Iterator[str]:
    """What a text refers to, in order. What isn't known yet refers to nothing."""
    if isinstance(value, str) and not isinstance(value, Placeholder):
        for match in REFERENCE.finditer(value):
            if match[1]:
                yield match[1]


@dataclass(frozen=True)
class ReferenceGraph:
    """Which variables refer to which."""

    references: Mapping[str, Sequence[str]]
    """What each variable refers to, if that is one of them."""
    referring: Mapping[str, Sequence[str]]
    """The variables that refer to each one."""

    def ordered(self, names: Iterable[str]) -> Sequence[str]:
        """The variables, each after those that it refers to, except in cycles."""
        ordered, seen = list[str](), set[str]()
        for name in names:
            # No recursion, because a chain can be long.
            path = [(name, iter(self.references[name]))] if name not in seen else []
            seen.add(name)
            while path:
                current, left = path[-1]
                reference = next((reference for reference in left if reference not in seen), None)
                if reference is None:
                    ordered.append(current)
                    path.pop()
                else:
                    seen.add(reference)
                    path.append((reference, iter(self.references[reference])))
        return ordered

    def depending_on(self, names: Iterable[str]) -> set[str]:
        """The variables that refer to some others, directly or not."""
        found, left = set[str](), list(names)
        while left:
            for name in self.referring.get(left.pop(), ()):
                if name not in found:
                    found.add(name)
                    left.append(name)
        return found

    def cycle(self, name: str) -> Sequence[str]:
        """The variables through which a variable refers to itself, itself first; empty if it doesn't."""
        origins, left = dict[str, str](), [name]
        for current in left:
            for reference in self.references[current]:
                if reference == name:
                    return self._way(current, origins)
                if reference not in origins:
                    origins[reference] = current
                    left.append(reference)
        return []

    @staticmethod
    def _way(name: str, origins: Mapping[str, str]) -> Sequence[str]:
        way = [name]
        while way[-1] in origins:
            way.append(origins[way[-1]])
        return way[::-1]

    def cyclic_groups(self) -> Iterator[Sequence[str]]:
        """The variables that refer to each other in circles: a group for those that have variables in common."""
        # Kosaraju's algorithm for strongly connected components.
        seen = set[str]()
        for name in reversed(self.ordered(self.references)):
            group, left = list[str](), [name]
            while left:
                current = left.pop()
                if current not in seen:
                    seen.add(current)
                    group.append(current)
                    left += self.referring.get(current, ())
            if len(group) > 1 or (group and name in self.references[name]):
                yield group


def reference_graph(values: Mapping[str, Any]) -> ReferenceGraph:
    """The references of variables by their names and values."""
    references = {name: sorted(set(references_in(value)) & values.keys()) for name, value in values.items()}
    referring: dict[str, list[str]] = {}
    for name, others in references.items():
        for other in others:
            referring.setdefault(other, []).append(name)
    return ReferenceGraph(references, referring)


_FIRST = (-1, False)
"""The rank of variables that refer to nothing that isn't known yet."""


def in_order(variables: Sequence[Manifest]) -> list[Manifest]:
    """The variables of a container, each after those that it refers to, and otherwise in the same order.

    Values that aren't known yet can refer to any other one. So they keep their order, come after all that don't refer
    to them, and before those that do.
    """
    by_name = {str(variable["name"]): variable for variable in variables}
    if len(by_name) != len(variables):
        return list(variables)
    values = {name: variable.get("value") for name, variable in by_name.items()}
    graph = reference_graph(values)
    late = [name for name, value in values.items() if value is not None and not isinstance(value, str)]
    ranks: dict[str, tuple[int, bool]] = {}
    for rank, name in enumerate(late):
        ranks[name] = (rank, False)
        ranks.update(dict.fromkeys(graph.depending_on([name]), (rank, True)))
    return [by_name[name] for name in graph.ordered(sorted(values, key=lambda name: ranks.get(name, _FIRST)))]
