"""The output streams of the subcommands."""

import re
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["stderr", "stdout"]

_WIDTH = 100
"""The columns of a file, a pipe, or a log."""


def stdout() -> "Console":
    """The standard output. It has no colors if it isn't a terminal, or if NO_COLOR is set."""
    return _console(error=False)


def stderr() -> "Console":
    """The standard error."""
    return _console(error=True)


class _Trimmed:
    """A stream without trailing spaces, which a terminal doesn't show but a file keeps."""

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
    options: dict[str, Any] = {"highlight": False, "emoji": False, "markup": False}
    if stream.isatty():
        return Console(file=stream, **options)
    width = os.environ.get("COLUMNS", "")
    return Console(file=cast("Any", _Trimmed(stream)), width=int(width) if width.isdecimal() else _WIDTH, **options)
