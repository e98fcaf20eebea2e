"""Where the subcommands write."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["stderr", "stdout"]

_WIDTH = 100
"""Columns where nobody says how many there are: a file, a pipe, a log."""


def stdout() -> "Console":
    """What the command answers. Plain where it is no terminal, and where NO_COLOR is set."""
    return _console(error=False)


def stderr() -> "Console":
    """What there is to say beside it."""
    return _console(error=True)


def _console(*, error: bool) -> "Console":
    import os
    import sys

    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    unknown = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(stderr=error, highlight=False, width=_WIDTH if unknown else None, emoji=False, markup=False)
