"""`portico explain`: what a stack means to its readers."""

import json

from .console import write
from .options import FolderOption, JsonOption, StackOption

__all__ = ["explain"]


def explain(stack: StackOption = None, folder: FolderOption = None, as_json: JsonOption = False) -> None:
    """Show what is public, which request goes where, what it costs, and the exceptions to the secure defaults.

    Compares the stack with the alternatives: one gateway, and a load balancer for each service.
    """
    from ..stack.views import view_of
    from .explanation import print_explanation
    from .mechanisms import mechanisms_of
    from .project import find_stack

    plan = find_stack(stack, folder).plan
    view = view_of(plan)
    mechanisms = mechanisms_of(plan, view)
    if as_json:
        from .explanation_data import explanation_data

        write(json.dumps(explanation_data(view, mechanisms), indent=2) + "\n")
        return
    from .console import stdout

    print_explanation(stdout(), view, mechanisms)
