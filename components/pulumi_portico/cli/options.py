"""The options that every subcommand has."""

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["FolderOption", "JsonOption", "StackOption"]

StackOption = Annotated[
    Optional[str],
    typer.Option(
        "--stack",
        "-s",
        metavar="STACK",
        help="The stack: STACK of Pulumi.STACK.yaml. Default: the only one there is.",
        show_default=False,
    ),
]

FolderOption = Annotated[
    Optional[Path],
    typer.Option(
        "--folder",
        metavar="FOLDER",
        help="The folder of the stack files. Default: stackConfigDir of the nearest Pulumi.yaml, upwards from here.",
        show_default=False,
    ),
]

JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")]
