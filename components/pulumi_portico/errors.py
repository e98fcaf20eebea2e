"""What modules that still describe problems as sentences use. It goes with the last of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .args.display import value_text
from .args.location import KeyStyle
from .args.problems import ArgumentError, PorticoError, Problems, nearest

__all__ = [
    "ArgumentError",
    "LegacyProblem",
    "PorticoError",
    "Problem",
    "Problems",
    "Refusal",
    "nearest",
    "write_nearest",
]


class Refusal(NamedTuple):
    """Why a rule refuses a value; the caller adds where the value stood."""

    wrong: str
    allowed: str
    fix: str = ""


@dataclass(frozen=True)
class LegacyProblem:
    """One argument that is not as it must be."""

    path: str
    value: str
    wrong: str
    allowed: str
    fix: str = ""
    place: str = ""

    def __str__(self) -> str:
        wrong = f"{self.value} {self.wrong}" if self.value else self.wrong
        lines = [": ".join(part for part in (self.place, self.path, wrong) if part)]
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


Problem = LegacyProblem


def shown(value: Any) -> str:
    """A value as a message shows it."""
    return value_text(value, KeyStyle.PYTHON)


def write_nearest(name: str, known: Iterable[str]) -> str:
    """The fix that names the closest known spelling; empty where none is close."""
    close = nearest(name, known)
    return f"write {close}" if close else ""
