"""`portico check`: is the stack right?"""

import json
import sys
from collections.abc import Mapping
from typing import Any

import typer

from ..amounts import count
from ..errors import ArgumentError, Problem
from .exits import Exit
from .options import FolderOption, JsonOption, StackOption

__all__ = ["check"]


def check(stack: StackOption = None, folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """Check a stack: its file, and what would be made of it.

    Says every problem at once, with file, line and column, what is allowed and the likely fix. Nothing is registered,
    and neither engine nor cluster is asked. Leaves with 1 where the stack is wrong.
    """
    from .project import locate_stack
    from .rendering.recorder import recorded

    located = locate_stack(stack, folder)
    try:
        found = located.load()
        # What only an Output's value shows is wrong is shown by building it.
        recorded(found)
    except ArgumentError as error:
        if not as_json:
            raise
        _write_json(
            {"version": 1, "stack": located.name, "right": False, "problems": list(map(_plain, error.problems))}
        )
        raise typer.Exit(Exit.WRONG) from error
    counts = {
        "services": len(found.plan.services),
        "gateways": len(found.plan.gateways),
        "load_balancers": len(found.plan.load_balancers),
    }
    if as_json:
        _write_json({"version": 1, "stack": found.name, "right": True, "problems": [], **counts})
        return
    said = [count(number, what.replace("_", " ").removesuffix("s")) for what, number in counts.items() if number]
    sys.stdout.write(f'Stack "{found.name}" is right: {", ".join(said) or "nothing is in it"}.\n')


def _plain(problem: Problem) -> Mapping[str, Any]:
    return {
        "place": problem.place,
        "path": problem.path,
        "value": problem.value,
        "wrong": problem.wrong,
        "allowed": problem.allowed,
        "fix": problem.fix,
    }


def _write_json(value: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
