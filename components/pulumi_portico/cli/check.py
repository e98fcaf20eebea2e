"""`portico check`: is the stack right?"""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import typer

from ..amounts import count
from ..errors import ArgumentError, Problem
from .exits import Exit
from .options import FolderOption, JsonOption, StackOption

if TYPE_CHECKING:
    from .project import Stack

__all__ = ["check"]

_KINDS = {
    "services": "service",
    "gateways": "gateway",
    "load_balancers": "load balancer",
    "aws_load_balancers": "AWS load balancer",
}


def check(stack: StackOption = None, folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """Check a stack: its file, and what would be made of it.

    Says every problem at once, with file, line and column, what is allowed and the likely fix. Nothing is registered,
    and neither engine nor cluster is asked. Leaves with 1 where the stack is wrong.
    """
    from .project import locate_stack

    located = locate_stack(stack, folder)
    try:
        found = located.load()
        _build(found)
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
        "aws_load_balancers": len(found.plan.aws_load_balancers),
    }
    if as_json:
        _write_json({"version": 1, "stack": found.name, "right": True, "problems": [], **counts})
        return
    said = [count(number, _KINDS[what]) for what, number in counts.items() if number]
    sys.stdout.write(f'Stack "{found.name}" is right: {", ".join(said) or "nothing is in it"}.\n')


def _build(stack: "Stack") -> None:
    """Build the stack, which finds the problems that only the values of Outputs show."""
    from ..aws_load_balancer.resources import is_available
    from .rendering.recorder import recorded

    # AwsLoadBalancers can't be built without the package pulumi-aws. Their arguments are checked already.
    buildable = stack if is_available() else replace(stack, plan=replace(stack.plan, aws_load_balancers={}))
    recorded(buildable)


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
