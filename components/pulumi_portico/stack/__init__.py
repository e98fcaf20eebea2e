"""Stack files: one for each environment, which the root program builds.

A stack's configuration has, below `portico:`, the same arguments as the components in Python, in camelCase. It's
checked as a whole before anything is registered.
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
