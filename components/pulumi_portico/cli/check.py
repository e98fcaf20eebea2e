"""`portico check`: checks a stack, and fixes it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ..args.problems import ArgumentError, Problem
from ..pluralize import pluralize
from .console import usage_error, write
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
    "routes": "addition to another stack's gateway",
    "load_balancers": "load balancer",
    "aws_load_balancers": "AWS load balancer",
}
_OWN_KINDS = {"config_maps": "ConfigMap", "secrets": "Secret", "claims": "claim", "manifests": "manifest"}
"""What a stack has beside its components."""


def check(
    stack: StackOption = None,
    folder: FolderOption = None,
    as_json: JsonOption = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Apply the fixes to the stack file and its base files, and check again.")
    ] = False,
    prerequisites: Annotated[
        bool, typer.Option("--prerequisites", help="List what must exist before the stack does, in place of the check.")
    ] = False,
    context: Annotated[
        Optional[str],
        typer.Option(
            "--context",
            metavar="CONTEXT",
            help="With --prerequisites: look up each one in the cluster of this context of kubectl.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check a stack: its file, the base files that it extends, and what the stack would create.

    Prints every problem with its file, line, and column, what's allowed, and the fix if one is known. With --fix,
    applies the fixes and keeps everything else in the files as it is. Notes say what you must add for a valid stack to
    work, and what differs between controllers. The exit code is 1 if the stack is invalid.

    With --fix, manifests of Kubernetes, a Compose file, or the values of a Helm chart in place of the stack file become
    a stack file. Its comments say what to decide; what Portico doesn't create is in a file of manifests beside it.

    --prerequisites lists the objects, classes, issuers, definitions, and accounts that the stack refers to and doesn't
    create. With --context, it reads the cluster, without the data of any object, and says which exist. The exit code
    is then 1 if one is missing that isn't optional.
    """
    from .project import locate_stack

    located = locate_stack(stack, folder)
    if prerequisites or context is not None:
        _list_prerequisites(located, context, as_json=as_json, is_listed=prerequisites, fix=fix)
        return
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
        counts = {**_counts(plan), **{kind: len(getattr(plan.own, kind)) for kind in _OWN_KINDS}}
        names = {**_KINDS, **_OWN_KINDS}
        parts = [pluralize(number, names[kind]) for kind, number in counts.items() if number]
        write(f"Stack `{located.name}` is valid: {', '.join(parts) or 'it is empty'}.\n")
        for note in _notes(plan):
            write(f"Note: {note}\n")
    if error is not None:
        raise typer.Exit(Exit.FAILED)


def _list_prerequisites(
    located: "LocatedStack", context: Optional[str], *, as_json: bool, is_listed: bool, fix: bool
) -> None:
    if not is_listed:
        raise usage_error("--context needs --prerequisites", option="--context")
    if fix:
        raise usage_error("--prerequisites changes nothing; leave out --fix", option="--fix")
    from ..stack.prerequisites import prerequisites_of
    from .prerequisites import Status, in_cluster, write_prerequisites

    found = prerequisites_of(located.load().plan)
    statuses = None if context is None else in_cluster(found, context)
    write_prerequisites(located.name, found, statuses, as_json=as_json)
    pairs = zip(found, statuses or (), strict=False)
    if any(status is Status.MISSING and not one.optional for one, status in pairs):
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
            # What converts a whole file has no edits.
            change = f"{problem.path}: {problem.fix}" if problem.edits else f"Converted: {problem.message}"
            write(f"{problem.place}: {change}\n")
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
