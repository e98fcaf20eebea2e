"""Where a check stands in the arguments, and the checks that are made of tables."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from ...errors import Problems, Refusal, write_nearest

__all__ = ["Place", "a_kind", "alone", "known_key", "only_for", "plain"]


@dataclass(frozen=True)
class Place:
    """A place in the arguments."""

    problems: Problems
    path: str
    spelling: Callable[[str], str]

    def field(self, name: str) -> "Place":
        """A field, by its own name."""
        return replace(self, path=f"{self.path}.{self.spelling(name)}" if self.path else self.spelling(name))

    def key(self, name: str) -> "Place":
        """A key that the caller chose."""
        return replace(self, path=f"{self.path}.{name}")

    def item(self, at: int) -> "Place":
        """An item of a list."""
        return replace(self, path=f"{self.path}[{at}]")

    def note(self, wrong: str, allowed: str, fix: str = "") -> None:
        """Note what is wrong here as a whole."""
        self.problems.note(self.path, Refusal(wrong, allowed, fix))

    def add(self, value: Any, wrong: str, allowed: str, fix: str = "") -> None:
        """Note that the value here is refused."""
        self.problems.add(self.path, value, Refusal(wrong, allowed, fix))


def only_for(place: Place, given: Mapping[str, Any], fields: Iterable[str], wrong: str, allowed: str) -> None:
    """Note each of the fields that is given, as it means nothing here."""
    for name in fields:
        if name in given:
            place.field(name).note(wrong, allowed, "leave it out")


def alone(place: Place, given: Mapping[str, Any], fields: Iterable[str], *, required: bool) -> list[str]:
    """Note where several of the fields are given, or none of which one is required; answers those that are."""
    names = list(fields)
    found = [name for name in names if name in given]
    told = ", ".join(place.spelling(name) for name in names)
    for name in found[1:]:
        place.field(name).note(f"stands beside {place.spelling(found[0])}", f"one of {told}", "leave one of them out")
    if required and not found:
        place.note("says not where what comes in goes", f"one of {told}")
    return found


def known_key(place: Place, key: str, known: Iterable[str], what: str) -> bool:
    """Note a key that names nothing."""
    names = sorted(known)
    if key in names:
        return True
    place.add(key, f"is none of {what}", ", ".join(names) or "none is there", write_nearest(key, names))
    return False


def plain(value: Any) -> bool:
    """Whether it is known now."""
    return not isinstance(value, pulumi.Output)


def a_kind(kind: str) -> str:
    """A kind of load balancer, in a sentence."""
    return f"{'an' if kind.startswith('a') else 'a'} {kind} load balancer"
