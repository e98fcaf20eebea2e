"""Problems in tests: as data, never as sentences."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from pulumi_portico import ArgumentError
from pulumi_portico.args.location import Key, KeyStyle, Location, field_text
from pulumi_portico.args.problems import Edit, Move, Problem, Remove, Set
from pulumi_portico.stack import check_stack


def problems_of(rejected: Callable[[], Any]) -> list[Problem]:
    """The problems for which a call rejects its arguments."""
    with pytest.raises(ArgumentError) as caught:
        rejected()
    return list(caught.value.problems)


def problems_of_stack(config: Any) -> list[Problem]:
    """The problems of a stack; none if it's valid."""
    try:
        check_stack("dev", config)
    except ArgumentError as error:
        return list(error.problems)
    return []


def assert_problem(problems: Sequence[Problem], code: str, *location: Any, **params: Any) -> Problem:
    """The one problem with this code at this location; its parameters include these."""
    found = [problem for problem in problems if problem.code.name == code and tuple(problem.location) == location]
    there = [(problem.code.name, tuple(problem.location)) for problem in problems]
    assert len(found) == 1, f"no {code} at {location}: {there}"
    for name, value in params.items():
        assert found[0].params[name] == value
    return found[0]


def applied(edits: Sequence[Edit], args: Any, style: KeyStyle = KeyStyle.PYTHON) -> Any:
    """The arguments after the edits."""
    changed = copy.deepcopy(args)
    for edit in edits:
        if isinstance(edit, Set):
            _put(changed, edit.location, edit.value, style)
        elif isinstance(edit, Remove):
            _take(changed, edit.location, style)
        else:
            assert isinstance(edit, Move)
            _put(changed, edit.to, _take(changed, edit.location, style), style)
    return changed


def _step(step: Any, style: KeyStyle) -> Any:
    return step if isinstance(step, (int, Key)) else field_text(step, style)


def _holder(args: Any, location: Location, style: KeyStyle) -> Any:
    for step in location.parent:
        at = _step(step, style)
        args = args.setdefault(at, {}) if isinstance(args, dict) else args[at]
    return args


def _put(args: Any, location: Location, value: Any, style: KeyStyle) -> None:
    _holder(args, location, style)[_step(location[-1], style)] = value


def _take(args: Any, location: Location, style: KeyStyle) -> Any:
    holder: Any = _holder(args, location, style)
    return holder.pop(_step(location[-1], style))


def identities(problems: Sequence[Problem]) -> set[tuple[str, Location]]:
    """What the problems are, and where."""
    return {(problem.code.name, problem.location) for problem in problems}


def moved_by(edits: Sequence[Edit], location: Location) -> Location:
    """Where a location is after the edits: a value that is moved takes along what is wrong with it."""
    for edit in edits:
        if not isinstance(edit, Move):
            continue
        if location.is_within(edit.location):
            location = edit.to.join(location[len(edit.location) :])
        elif edit.location[:1] == ("defaults",) and location[:1] == ("services",):
            # A service has the defaults, and what is wrong with them.
            within = moved_by([edit], Location(("defaults", *location[2:])))
            location = Location(location[:2]).join(within[1:])
    return location


def assert_fixed(problem: Problem, before: Sequence[Problem], after: Sequence[Problem]) -> None:
    """After a problem's edits, it is gone, and there is no problem that wasn't there before."""
    identity = (problem.code.name, problem.location)
    assert identity not in identities(after), f"the fix of {identity} doesn't fix it: {problem.edits}"
    expected = {(name, moved_by(problem.edits, location)) for name, location in identities(before)}
    news = identities(after) - identities(before) - expected
    assert not news, f"the fix of {identity}, {problem.edits}, makes {news}"


def assert_fixes_work(check: Callable[[Any], Sequence[Problem]], args: Mapping[str, Any]) -> int:
    """Apply the edits of each problem in turn and check again: that problem is gone, and there is no new one.

    Returns the number of problems with edits.
    """
    before = check(args)
    fixable = [problem for problem in before if problem.edits]
    for problem in fixable:
        assert_fixed(problem, before, check(applied(problem.edits, args, problem.style)))
    return len(fixable)
