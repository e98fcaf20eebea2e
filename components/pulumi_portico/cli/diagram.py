"""`portico diagram`: the picture of a stack."""

from pathlib import Path
from typing import Annotated

import typer

from .console import usage_error, write
from .exits import Exit
from .options import FolderOption, StackOption

__all__ = ["diagram"]

_ENDINGS = (".html", ".svg")


def diagram(
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to: FILE.svg, or FILE.html, a page with tables below.",
        ),
    ],
    stack: StackOption = None,
    folder: FolderOption = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Write nothing, and leave with 1 where FILE is not what it would be.")
    ] = False,
) -> None:
    """Draw a stack: who may connect, load balancers, gateways with their routes, services, and who may talk to whom.

    The file needs nothing beside itself: no script, no font, no network. It is read on light and on dark screens. The
    same stack is drawn to the same bytes. Neither engine nor cluster nor cloud is asked.
    """
    from ..diagram import draw_page, draw_svg
    from ..stack.views import view_of
    from .project import find_stack

    if output.suffix not in _ENDINGS:
        raise usage_error(f'"{output}" ends in neither of {" and ".join(_ENDINGS)}', option="--output")
    view = view_of(find_stack(stack, folder).plan)
    text = draw_svg(view) if output.suffix == ".svg" else draw_page(view)
    if only_check:
        _compare(output, text)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise usage_error(f"{output} cannot be written: {error.strerror}", option="--output") from error
    write(f"{output}\n")


def _compare(output: Path, text: str) -> None:
    there = output.read_bytes() if output.is_file() else None
    if there == text.encode():
        return
    write(f"{output} {'is missing' if there is None else 'shows another state of the stack'}\n")
    raise typer.Exit(Exit.FAILED)
