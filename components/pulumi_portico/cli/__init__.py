"""The `portico` command: what a stack is, said before anything runs.

Needs the extra `cli` (`pip install "pulumi-portico[cli]"`); the library itself never imports it.
"""

import gc
import sys

__all__ = ["main"]

_INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ends: 128, and the number of the signal."""

_EXTRA = ("rich", "typer")
"""What the extra holds beside what Pulumi needs anyway, by the names that Python imports it by."""


def main() -> None:
    """Run the command line, and leave with its exit code."""
    # The SDKs are some hundred thousand objects that stay: looking for garbage among them takes a fifth of the time.
    gc.disable()
    try:
        from .app import app
        from .console import prepare

        prepare()
        app(prog_name="portico")
    except KeyboardInterrupt:
        # While modules are imported. Later, the command line handles it.
        sys.exit(_INTERRUPTED)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write(
            f'portico: {error.name} is not installed, which the command needs: pip install "pulumi-portico[cli]"\n'
        )
        sys.exit(2)
