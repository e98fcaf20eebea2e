"""`portico explain`: what a stack means to whoever reads it."""

import json
import sys
from dataclasses import asdict
from typing import Any

from .options import FolderOption, JsonOption, StackOption

__all__ = ["explain"]


def explain(stack: StackOption = None, folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """Say what of a stack is public and to whom, what leads where, what it costs, and what is looser than the default.

    Shows the same services under the other mechanism too: a gateway against a load balancer for each.
    """
    from ..stack.views import view_of
    from .explanation import print_explanation
    from .mechanisms import mechanisms_of, total_of
    from .project import find_stack

    plan = find_stack(stack, folder).plan
    view, total = view_of(plan), None
    total, mechanisms = total_of(plan, view), mechanisms_of(plan, view)
    if not as_json:
        from .console import stdout

        print_explanation(stdout(), view, total, mechanisms)
        return
    told: dict[str, Any] = {"version": 1, **asdict(view), "total": asdict(total)}
    told["mechanisms"] = [asdict(it) for it in mechanisms]
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
