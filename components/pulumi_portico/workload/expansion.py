"""References to environment variables, `$(NAME)`, as Kubernetes reads them.

Kubernetes expands a reference to a variable that comes before it in `env`, and leaves any other one as it is. `$$` is a
`$`, so `$$(NAME)` is no reference. Source: `Expand` of Kubernetes (third_party/forked/golang/expansion).
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ..args.secrets import Placeholder
from ..untyped import Manifest

__all__ = ["REFERENCE", "in_order", "references_in", "refers_to"]

REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\)|.)", re.DOTALL)
"""What starts with a `$`. Its group is what a reference names, if it is one."""


def references_in(value: Any) -> Iterator[str]:
    """What a text refers to, in order. What isn't known yet refers to nothing."""
    if isinstance(value, str) and not isinstance(value, Placeholder):
        for match in REFERENCE.finditer(value):
            if match[1]:
                yield match[1]


def in_order(variables: Sequence[Manifest]) -> list[Manifest]:
    """The variables of a container, each after those that it refers to, and otherwise in the same order.

    Values that aren't known yet can refer to any other one, so they come after all that don't refer to them.
    """
    by_name = {str(variable["name"]): variable for variable in variables}
    if len(by_name) != len(variables):
        return list(variables)
    values = {name: variable.get("value") for name, variable in by_name.items()}
    late = {name for name, value in values.items() if value is not None and not isinstance(value, str)}
    last = {name for name in values if name in late or refers_to(name, late, values)}
    ordered: dict[str, Manifest] = {}

    def add(name: str, path: frozenset[str]) -> None:
        if name not in ordered and name not in path:
            for reference in sorted(set(references_in(values[name]))):
                if reference in values:
                    add(reference, path | {name})
            ordered[name] = by_name[name]

    for name in sorted(values, key=last.__contains__):
        add(name, frozenset())
    return list(ordered.values())


def refers_to(name: str, targets: Collection[str], values: Mapping[str, Any]) -> bool:
    """Whether a variable refers to one of the targets, directly or not."""
    seen, left = {name}, [name]
    while left:
        for reference in references_in(values.get(left.pop())):
            if reference in targets:
                return True
            if reference in values and reference not in seen:
                seen.add(reference)
                left.append(reference)
    return False
