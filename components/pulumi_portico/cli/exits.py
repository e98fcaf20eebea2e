"""The exit codes of the command, for scripts."""

from enum import IntEnum

__all__ = ["Exit"]


class Exit(IntEnum):
    """The exit codes of every subcommand."""

    OK = 0
    """The stack is valid, or what the command checks is true."""
    FAILED = 1
    """The stack is invalid, or what the command checks is false."""
    USAGE = 2
    """An option, the name of a stack, or a folder is invalid."""
