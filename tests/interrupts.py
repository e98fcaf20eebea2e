"""Ctrl-C for the processes that tests start."""

import signal
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def interruptible() -> Generator[None]:
    """Let the processes that start here be interrupted.

    A background job of a shell, which CI can be, ignores Ctrl-C and passes that on. It doesn't pass a handler on.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
