"""`portico diagram`: draws a stack."""

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
            help="The file to write: FILE.svg for a picture, FILE.html for a page with tables.",
        ),
    ],
    stack: StackOption = None,
    folder: FolderOption = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Don't write FILE. Exit with 1 if it's missing or out of date.")
    ] = False,
) -> None:
    """Draw a stack: sources, load balancers, gateways with their routes, services, and who can connect to whom.

    The file is self-contained: it needs no script, font, or network. It supports light and dark screens. The same stack
    always gives the same bytes. The command doesn't contact the Pulumi engine, a cluster, or a cloud.
    """
    from ..diagram import draw_page, draw_svg
    from ..stack.views import view_of
    from .project import find_stack

    if output.suffix not in _ENDINGS:
        raise usage_error(f'"{output}" must end in {" or ".join(_ENDINGS)}', option="--output")
    view = view_of(find_stack(stack, folder).plan)
    text = draw_svg(view) if output.suffix == ".svg" else draw_page(view)
    if only_check:
        _compare(output, text)
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise usage_error(f"can't write {output}: {error.strerror}", option="--output") from error
    write(f"{output}\n")


def _compare(output: Path, text: str) -> None:
    written = output.read_bytes() if output.is_file() else None
    if written == text.encode():
        return
    write(f"{output} is {'missing' if written is None else 'out of date'}\n")
    raise typer.Exit(Exit.FAILED)
