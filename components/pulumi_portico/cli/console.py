"""Where the subcommands write."""

import re
from typing import TYPE_CHECKING, Any, TextIO, cast

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


class _Trimmed:
    """A stream that gets no spaces at the end of lines, which a terminal does not show and a file does."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(re.sub(r" +(?=\n|$)", "", text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _console(*, error: bool) -> "Console":
    import os
    import sys

    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    told: dict[str, Any] = {"highlight": False, "emoji": False, "markup": False}
    if stream.isatty():
        return Console(file=stream, **told)
    width = os.environ.get("COLUMNS", "")
    return Console(file=cast("Any", _Trimmed(stream)), width=int(width) if width.isdecimal() else _WIDTH, **told)
