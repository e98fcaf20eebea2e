"""`portico check`: checks a stack, and fixes it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ..args.problems import ArgumentError, Problem
from ..pluralize import pluralize
from .console import write
from .exits import Exit
from .options import FolderOption, JsonOption, StackOption

if TYPE_CHECKING:
    from ..stack import StackPlan
    from .project import LocatedStack

__all__ = ["check"]

_VERSION = 2
_REASONS = (
    "--fix doesn't change secrets, files outside of the folder of the stack files, or what only some aliases of a "
    "value need, and it waits for you to solve other problems first."
)
_KINDS = {
    "services": "service",
    "jobs": "job",
    "gateways": "gateway",
    "load_balancers": "load balancer",
    "aws_load_balancers": "AWS load balancer",
}


def check(
    stack: StackOption = None,
    folder: FolderOption = None,
    as_json: JsonOption = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Apply the fixes to the stack file and its base files, and check again.")
    ] = False,
) -> None:
    """Check a stack: its file, the base files that it extends, and what the stack would create.

    Prints every problem with its file, line, and column, what's allowed, and the fix if one is known. With --fix,
    applies the fixes and keeps everything else in the files as it is. Notes say what you must add for a valid stack to
    work, and what differs between controllers. The exit code is 1 if the stack is invalid.
    """
    from .project import locate_stack

    located = locate_stack(stack, folder)
    fixed: Sequence[Problem] = ()
    plan: Optional[StackPlan] = None
    error: Optional[ArgumentError] = None
    if fix:
        fixed, plan, error = _fix(located, as_json=as_json)
    else:
        try:
            plan = located.load().plan
        except ArgumentError as invalid:
            error = invalid
    if as_json:
        _write_json(located.name, plan, error, fixed if fix else None)
    elif error is not None:
        raise error
    elif plan is not None:
        parts = [pluralize(number, _KINDS[kind]) for kind, number in _counts(plan).items() if number]
        write(f"Stack `{located.name}` is valid: {', '.join(parts) or 'it is empty'}.\n")
        for note in _notes(plan):
            write(f"Note: {note}\n")
    if error is not None:
        raise typer.Exit(Exit.FAILED)


def _fix(
    located: "LocatedStack", *, as_json: bool
) -> "tuple[Sequence[Problem], Optional[StackPlan], Optional[ArgumentError]]":
    """Apply the fixes, and report each."""
    from .fixing.fixes import fix_stack
    from .fixing.writing import write_files

    fixed = fix_stack(located.name, located.folder)
    write_files(fixed.texts)
    if not as_json:
        for problem in fixed.applied:
            write(f"{problem.place}: {problem.path}: {problem.fix}\n")
        write(_summary(fixed.applied, fixed.texts))
        left = sum(1 for problem in fixed.error.problems if problem.edits) if fixed.error else 0
        if left:
            write(f"{pluralize(left, 'fix', 'es')} can't be applied: {_REASONS}\n")
    return fixed.applied, fixed.plan, fixed.error


def _summary(applied: Sequence[Problem], texts: Mapping[Path, str]) -> str:
    from ..stack.files import shown_path

    if not applied:
        return "No fix applies.\n"
    return f"Fixed {pluralize(len(applied), 'problem')} in {', '.join(map(shown_path, texts))}.\n"


def _notes(plan: "StackPlan") -> Sequence[Problem]:
    return [*plan.notes, *plan.differences]


def _counts(plan: "StackPlan") -> dict[str, int]:
    return {kind: len(getattr(plan, kind)) for kind in _KINDS}


def _write_json(
    stack: str, plan: "Optional[StackPlan]", error: Optional[ArgumentError], fixed: Optional[Sequence[Problem]]
) -> None:
    problems: Sequence[Problem] = error.problems if error is not None else ()
    value: dict[str, Any] = {
        "version": _VERSION,
        "stack": stack,
        "valid": plan is not None,
        "problems": [problem.as_data() for problem in problems],
        **({"fixed": [problem.as_data() for problem in fixed]} if fixed is not None else {}),
        "notes": [note.as_data() for note in (_notes(plan) if plan is not None else ())],
        **(_counts(plan) if plan is not None else {}),
    }
    write(json.dumps(value, indent=2) + "\n")
