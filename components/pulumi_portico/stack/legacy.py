"""Adapts the components that have no `parse_*` function yet. It goes with the last of them."""

import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from ..args.codes import Code
from ..args.location import Key, KeyStyle, Location, camel_case, location_text
from ..args.parse import INVALID, Hooks
from ..args.problems import Edit, Move, Problem, Problems
from ..args.shapes import Shape, is_args, is_generic, shapes_of, take_apart
from ..errors import LegacyProblem
from ..networking.target import Target, TargetSpec

__all__ = ["adapted", "ported", "relocated"]

UNPORTED = Code("unported", "{text}", "{allowed}", "{fix}")
_STAND_IN = {"service": "unknown", "namespace": "unknown", "port": 80, "target_port": 80, "drain": 0}

Check = Callable[..., Any]


def adapted(check: Check, args_type: Any) -> Callable[[str, Any, Problems, Location, Hooks], Any]:
    """A `parse_*` function from a `check_*` function."""

    def parse(name: str, args: Any, problems: Problems, at: Location, hooks: Hooks) -> Any:
        path = location_text(at, KeyStyle.STACK)
        own = Problems(problems.subject, style=KeyStyle.CAMEL)
        read = _with_targets(Shape(args_type, later=False), args, at, hooks)
        checked = check(name, read, own, path, camel_case)
        problems.found += [relocated(problem, path, at, args) for problem in own.found]
        return checked

    return parse


def _with_targets(shape: Shape, value: Any, at: Location, hooks: Hooks) -> Any:
    if shape.type is Target and value is not None:
        read = hooks[Target](value, at) if Target in hooks else value
        return _stand_in(value, at) if read is INVALID else read
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        if is_args(shape.type):
            names = {camel_case(name): (name, below) for name, below in shapes_of(shape.type).items()}
            return {
                key: _with_targets(names[key][1], item, at / names[key][0], hooks) if key in names else item
                for key, item in fields.items()
            }
        if is_generic(shape.type, Mapping):
            below = take_apart(typing.get_args(shape.type)[1])
            return {key: _with_targets(below, item, at / Key(key), hooks) for key, item in fields.items()}
    if isinstance(value, list) and is_generic(shape.type, Sequence):
        below = take_apart(typing.get_args(shape.type)[0])
        items = cast("list[Any]", value)
        return [_with_targets(below, item, at / index, hooks) for index, item in enumerate(items)]
    return value


def _stand_in(value: Any, at: Location) -> TargetSpec:
    service = cast("Any", value).get("service") if isinstance(value, Mapping) else None
    label = service[:1] if isinstance(service, str) and service else "a"
    return TargetSpec(at=at, selector={"unknown": label}, **cast("Any", _STAND_IN))


def ported(problem: Any, at: Location, args: Any) -> Problem:
    """A problem of a component that reports some of its problems as sentences."""
    path = location_text(at, KeyStyle.STACK)
    return relocated(problem, path, at, args) if isinstance(problem, LegacyProblem) else problem


def relocated(problem: Any, path: str, at: Location, args: Any) -> Problem:
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
            keys = [str(key) for key in value] if isinstance(value, Mapping) else []
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
