"""What the scripts say on the terminal: progress, one-line failures, tables."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import NoReturn

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

console = Console(stderr=True, highlight=False, soft_wrap=True)
output = Console(highlight=False)

# How often a long step says that it lives where there is no terminal to redraw.
_HEARTBEAT_SECONDS = 30


class Progress:
    """One long step: a redrawn line on a terminal, a line now and then elsewhere."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._status: Status | None = None
        self._started = self._said = time.monotonic()

    def __enter__(self) -> Progress:
        if console.is_terminal:
            self._status = console.status(self._title)
            self._status.start()
        else:
            console.print(f"{self._title} ...")
        return self

    def update(self, detail: str) -> None:
        now = time.monotonic()
        line = f"{self._title}: {detail}, {now - self._started:.0f} s"
        if self._status is not None:
            self._status.update(line)
        elif now - self._said >= _HEARTBEAT_SECONDS:
            self._said = now
            console.print(f"  {line}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
        if kind is None:
            console.print(f"[green]✓[/] {self._title} [dim]({time.monotonic() - self._started:.0f} s)[/]")


class Failure(Exception):
    """A failure whose message is for the person at the terminal, without a traceback."""


def fail(message: str) -> NoReturn:
    raise Failure(message)


def main_guard(main: Callable[[], None]) -> Callable[[], int]:
    """Turn failures and Ctrl-C into one line and an exit status."""

    @functools.wraps(main)
    def guarded() -> int:
        try:
            main()
        except Failure as failure:
            console.print(f"[red]✗[/] {escape(str(failure))}")
            return 1
        except KeyboardInterrupt:
            console.print("[yellow]interrupted[/]; run it again to go on from here")
            return 130
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141
        return 0

    return guarded


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    drawn = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*row)
    output.print(drawn)
