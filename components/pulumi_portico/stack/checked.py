"""One component of a stack, once its own arguments are checked."""

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Checked", "Components", "right"]


class Checked(NamedTuple):
    """A component's checked arguments, targets written out."""

    path: str
    """Where its arguments stand."""
    args: Mapping[str, Any]
    good: bool
    """Whether nothing is wrong with them."""
    reachable: bool
    """Whether nothing is wrong with what a target tells of them."""


Components = Mapping[str, Checked]
"""The components of a kind, by name."""


def right(components: Components) -> Components:
    """Those that have no problems of their own, whose arguments others may look into."""
    return {name: it for name, it in components.items() if it.good}
