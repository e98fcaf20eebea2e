"""The output streams of the subcommands. What they write passes through here, so no control character of a stack file
reaches a terminal."""

import errno
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Optional, TextIO, cast

import typer

from ..args.display import escaped, escaped_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = [
    "discard",
    "finish",
    "prepare",
    "shown",
    "stderr",
    "stdout",
    "usage_error",
    "write",
    "write_error",
    "writes_unicode",
]

_WIDTH = 100
"""The columns of a file, a pipe, or a log."""


def prepare() -> None:
    """Make the standard streams fit for every text, and for a caller that has closed them."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Writing to it fails like to any other closed file, with an error that `finish` reports.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDONLY), "w"))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def finish() -> Optional[str]:
    """Write what is still buffered. Returns why that isn't possible; an empty text if nobody reads it."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        return discard(error)
    return None


def discard(error: OSError) -> str:
    """Drop what can't be written. Returns why it can't; an empty text if nobody reads it, which is no error."""
    _drop(sys.stdout)
    _drop(sys.stderr)
    return "" if error.errno == errno.EPIPE else f"the output can't be written: {error.strerror}"


def _drop(stream: TextIO) -> None:
    try:
        stream.flush()
    except OSError:
        # Otherwise, Python reports the same error again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write(text: str) -> None:
    """Write text to the standard output."""
    sys.stdout.write(escaped_lines(text))


def write_error(text: str) -> None:
    """Write text to the standard error."""
    sys.stderr.write(escaped_lines(text))


def writes_unicode() -> bool:
    """Whether the standard output can have any character."""
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")


def shown(text: str, style: str = "") -> "Text":
    """Text as a part of what a console prints."""
    from rich.text import Text

    return Text(escaped_lines(text), style=style)


def usage_error(text: str, option: Optional[str] = None) -> typer.BadParameter:
    """An error of an option or an argument."""
    return typer.BadParameter(escaped(text), param_hint=option)


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
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    options: dict[str, Any] = {"highlight": False, "emoji": False, "markup": False}
    if stream.isatty():
        made = Console(file=stream, **options)
    else:
        width = os.environ.get("COLUMNS", "")
        columns = int(width) if width.isdecimal() else _WIDTH
        made = Console(file=cast("Any", _Trimmed(stream)), width=columns, **options)
    made.on_broken_pipe = _reraise
    return made


def _reraise() -> None:
    # Rich exits with 1 by itself. `discard` knows better.
    raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
