"""The exceptions that Portico raises, and the collector that reports every problem at once.

    PorticoError            anything that Portico refuses or cannot do
    └── ArgumentError       arguments that a component does not take

All of them are Pulumi ``RunError``s: `pulumi up` prints their message and no traceback.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional, cast

import pulumi

__all__ = ["ArgumentError", "PorticoError", "Problem", "Problems", "Refusal", "nearest", "write_nearest"]


_LINE = 80


class Refusal(NamedTuple):
    """Why a rule refuses a value; the caller adds where the value stood."""

    wrong: str
    """What is wrong with the value, as a clause: ``is not a port number``."""
    allowed: str
    """What would be taken instead."""
    fix: str = ""
    """The likely correction, where one can be told."""


@dataclass(frozen=True)
class Problem:
    """One argument that is not as it must be."""

    path: str
    """Where the value stands in the arguments, such as ``ports.http.port``; empty of a file as a whole."""
    value: str
    """The value as it was written; empty where there is none, ``[secret]`` where it must not be shown."""
    wrong: str
    """What is wrong with it."""
    allowed: str
    """What is allowed there."""
    fix: str = ""
    """The likely correction."""
    place: str = ""
    """Where the file says so, as file, line and column; empty where no file is known."""

    def __str__(self) -> str:
        wrong = f"{self.value} {self.wrong}" if self.value else self.wrong
        lines = [": ".join(part for part in (self.place, self.path, wrong) if part)]
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class PorticoError(pulumi.RunError):
    """Anything that Portico refuses or cannot do."""


class ArgumentError(PorticoError):
    """Arguments that a component does not take: every problem of one component, at once.

    Not a ValueError: Pulumi wraps one of those that an Output raises into a message of its own,
    which prints every sibling value, secrets included.
    """

    problems: tuple[Problem, ...]
    """The problems, in the order of the arguments."""

    def __init__(self, subject: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = "a problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        body = "\n".join("  " + line for problem in self.problems for line in str(problem).splitlines())
        super().__init__(f"{subject} has {count}:\n{body}")


@dataclass
class Problems:
    """Collects the problems of one component, so that all of them are reported together."""

    subject: str
    """Whose arguments these are, such as ``WebService "api"``."""
    found: list[Problem] = field(default_factory=list["Problem"])

    def add(self, path: str, value: Any, refusal: Refusal, *, show: bool = True) -> None:
        """Note that ``value`` at ``path`` is refused; ``show=False`` keeps the value out of the message."""
        if not show:
            # A fix quotes what it corrects.
            refusal = refusal._replace(fix="")
        self.found.append(Problem(path, shown(value) if show else "[secret]", *refusal))

    def note(self, path: str, refusal: Refusal) -> None:
        """Note what is wrong at ``path`` as a whole, where no single value is."""
        self.found.append(Problem(path, "", *refusal))

    def missing(self, path: str, allowed: str) -> None:
        """Note that nothing stands at ``path``, where something must."""
        self.note(path, Refusal("is missing", allowed))

    def unknown(self, path: str, known: Iterable[str]) -> None:
        """Note an argument that does not exist, with the nearest one that does."""
        names = sorted(known)
        key = path.rpartition(".")[2]
        fix = write_nearest(key, names) or "leave it out"
        self.note(path, Refusal("is no argument here", ", ".join(names), fix))

    def raise_if_any(self) -> None:
        """Raise one `ArgumentError` with all that was noted, if anything was."""
        if self.found:
            raise ArgumentError(self.subject, self.found)


def shown(value: Any) -> str:
    """A value as a message shows it: as it would be written, and never longer than a line."""
    text = _written(value)
    # A control character in a value must not reach the terminal raw.
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
    return text if len(text) <= _LINE else text[: _LINE - 4] + " ..."


def _written(value: Any) -> str:
    if isinstance(value, pulumi.Output):
        return "an Output"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        return f"{{{', '.join(f'{_written(key)}: {_written(it)}' for key, it in fields.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_written, cast('Sequence[Any]', value)))}]"
    return repr(value)


def nearest(name: str, known: Iterable[str]) -> Optional[str]:
    """The known spelling closest to ``name``, also across camelCase, snake_case and kebab-case; None where none is."""
    folded = {_fold(candidate): candidate for candidate in known}
    close = difflib.get_close_matches(_fold(name), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def write_nearest(name: str, known: Iterable[str]) -> str:
    """The fix that names the closest known spelling; empty where none is close."""
    close = nearest(name, known)
    return f"write {close}" if close else ""


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
