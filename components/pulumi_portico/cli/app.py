"""The command line: its subcommands, and how their errors are printed."""

import importlib
from importlib.util import find_spec
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from ..args.problems import PorticoError
from .check import check
from .console import discard, finish, write_error
from .exits import Exit
from .explain import explain
from .render import render
from .route import route

__all__ = ["app"]


class _Group(TyperGroup):
    """The subcommands. An error of Portico is printed without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
        except PorticoError as error:
            write_error(f"{error}\n")
            raise typer.Exit(Exit.FAILED) from error
        except OSError as error:
            # Commands report errors of files. Only a stream that can't be written is left.
            _exit_unwritten(discard(error))
        if (reason := finish()) is not None:
            _exit_unwritten(reason)
        return result


def _exit_unwritten(reason: str) -> NoReturn:
    if not reason:
        # `portico explain | head -1` isn't an error.
        raise typer.Exit(Exit.OK)
    write_error(f"portico: {reason}\n")
    raise typer.Exit(Exit.FAILED)


app = typer.Typer(
    cls=_Group,
    name="portico",
    help="Inspect a stack offline, without the Pulumi engine or a cloud. Only check --context contacts a cluster.",
    epilog="Exit codes: 0 valid, 1 invalid, 2 wrong options.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(check)
app.command()(render)
app.command()(explain)
app.command()(route)
if find_spec(f"{__package__}.diagram") is not None:
    app.command()(importlib.import_module(f"{__package__}.diagram").diagram)
