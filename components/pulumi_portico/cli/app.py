"""The command line: its subcommands, and what becomes of what they raise."""

import importlib
import sys
from importlib.util import find_spec
from typing import Any

import typer
from typer.core import TyperGroup

from ..errors import PorticoError
from .check import check
from .exits import Exit
from .explain import explain
from .render import render
from .route import route

__all__ = ["app"]


class _Group(TyperGroup):
    """The subcommands. What Portico refuses is printed as it is said, and nothing else of it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except PorticoError as error:
            sys.stderr.write(f"{error}\n")
            raise typer.Exit(Exit.WRONG) from error


app = typer.Typer(
    cls=_Group,
    name="portico",
    help="What a Pulumi stack of Portico is: checked, rendered and explained before anything runs.",
    epilog="Exit codes: 0 all is well, 1 the stack is wrong, 2 the command was called wrongly.",
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
