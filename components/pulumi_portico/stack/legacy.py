"""Adapts the components that have no `parse_*` function yet. It goes with the last of them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from ..args.codes import Code
from ..args.location import Key, KeyStyle, Location, location_text
from ..args.problems import Edit, Move, Problem
from ..errors import LegacyProblem

__all__ = ["ported", "relocated"]

UNPORTED = Code("unported", "{text}", "{allowed}", "{fix}")


def ported(problem: Any, at: Location, args: Any) -> Problem:
    """A problem of a component that reports some of its problems as sentences."""
    path = location_text(at, KeyStyle.STACK)
    return relocated(problem, path, at, args) if isinstance(problem, LegacyProblem) else problem


def relocated(problem: Any, path: str, at: Location, args: Any) -> Problem:
    """The problem at its location in the stack."""
    """A problem whose location is text that starts with a path, at the location of the component."""
    if isinstance(problem, LegacyProblem):
        text = f"{problem.value} {problem.wrong}" if problem.value else problem.wrong
        params = {"text": text, "allowed": problem.allowed, "fix": problem.fix}
        return Problem(UNPORTED, _location(problem.path, path, at, args), params, value=problem.value)

    def moved(location: Location) -> Location:
        first = str(location[0]) if location else path
        return _location(first, path, at, args).join(location[1:])

    edits = tuple(_moved_edit(edit, moved) for edit in problem.edits)
    return replace(problem, location=moved(problem.location), edits=edits)


def _moved_edit(edit: Edit, moved: Callable[[Location], Location]) -> Edit:
    if isinstance(edit, Move):
        return Move(moved(edit.location), moved(edit.to))
    return replace(edit, location=moved(edit.location))


def _location(text: str, path: str, at: Location, args: Any) -> Location:
    """The location that a path such as `portico:services.api.args[0]` names; keys can contain its separators."""
    location, rest, value = at, text.removeprefix(path), args
    while rest:
        step: Any
        if rest.startswith("["):
            number, _, rest = rest[1:].partition("]")
            step = int(number)
        else:
            rest = rest.removeprefix(".")
            keys = list(map(str, cast("Mapping[Any, Any]", value))) if isinstance(value, Mapping) else []
            fits = [key for key in keys if rest.startswith(key) and rest[len(key) :][:1] in ("", ".", "[")]
            step = Key(max(fits, key=len) if fits else rest.partition(".")[0].partition("[")[0] or rest)
            rest = rest[len(step) :]
        location = location / step
        value = _below(value, step)
    return location


def _below(value: Any, step: Any) -> Any:
    if isinstance(step, int):
        items = cast("list[Any]", value) if isinstance(value, list) else []
        return items[step] if step < len(items) else None
    return cast("Mapping[str, Any]", value).get(step) if isinstance(value, Mapping) else None
