"""What the command leaves with, for scripts."""

from enum import IntEnum

__all__ = ["Exit"]


class Exit(IntEnum):
    """The exit codes of every subcommand."""

    RIGHT = 0
    """All is well."""
    WRONG = 1
    """The stack is wrong, or what was asked to hold does not."""
    USAGE = 2
    """The command was called wrongly: an option, the name of a stack, a folder."""
