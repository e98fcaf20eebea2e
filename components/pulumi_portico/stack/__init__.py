"""A stack file, built: what the root program runs for every environment.

The stack's configuration holds, under `portico:`, the same arguments as the components take in Python, in camelCase.
It is checked whole before anything is registered.
"""

from .args import StackArgs, StackTarget
from .build import BuiltStack, build, build_stack
from .plan import StackPlan, check_stack, load_stack

__all__ = [
    "BuiltStack",
    "StackArgs",
    "StackPlan",
    "StackTarget",
    "build",
    "build_stack",
    "check_stack",
    "load_stack",
]
