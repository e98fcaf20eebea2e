"""`portico render`: what a stack makes, as plain text."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from .exits import Exit
from .options import FolderOption, StackOption

if TYPE_CHECKING:
    from .rendering.folder import Changes
    from .rendering.manifests import Rendered

__all__ = ["render"]

_AWS_FILE = "aws/resources.yaml"
"""In a folder of its own, as kubectl takes every .yaml file of a folder for manifests."""
_MADE_UP = "# Pulumi makes up a name for it; this one is made from what it is for.\n"


def render(
    stack: StackOption = None,
    folder: FolderOption = None,
    output: Annotated[
        Optional[Path],
        typer.Option("--output", "-o", metavar="DIR", help="Write a file for each object, and say what changed."),
    ] = None,
    only_check: Annotated[
        bool,
        typer.Option("--check", help="With --output: write nothing, and leave with 1 where anything would change."),
    ] = False,
    aws: Annotated[bool, typer.Option("--aws", help="Print the AWS resources instead of the manifests.")] = False,
) -> None:
    """Print what a stack makes: Kubernetes manifests that `kubectl apply` takes; with --aws, its AWS resources.

    Neither engine nor cluster nor cloud is asked. The same stack renders to the same bytes. Secrets are placeholders.
    """
    from .project import find_stack
    from .rendering.aws import aws_resources_of
    from .rendering.manifests import manifests_of
    from .rendering.recorder import recorded

    if only_check and output is None:
        raise typer.BadParameter("wants a folder to check", param_hint="--check")
    if aws and output is not None:
        raise typer.BadParameter("is printed; a folder gets everything anyway", param_hint="--aws")
    found = find_stack(stack, folder)
    recording = recorded(found)
    manifests, resources = manifests_of(recording), aws_resources_of(recording)
    if output is not None:
        _to_folder(output, found.name, manifests, resources, only_check=only_check)
        return
    if aws:
        from .rendering.yaml_text import yaml_text

        sys.stdout.write(yaml_text(resources))
        return
    sys.stdout.write("---\n".join(map(_document, manifests)))
    if resources:
        sys.stderr.write(f"portico: and {len(resources)} AWS resources, which --aws prints\n")


def _document(it: "Rendered") -> str:
    from .rendering.yaml_text import yaml_text

    return (_MADE_UP if it.made_up else "") + yaml_text(it.manifest)


def _to_folder(
    output: Path, stack: str, manifests: "list[Rendered]", resources: list[dict[str, Any]], *, only_check: bool
) -> None:
    from .rendering.folder import compare, file_names, mark_of, write
    from .rendering.yaml_text import yaml_text

    mark = mark_of(stack)
    files: dict[str, str] = {name: mark + _document(it) for name, it in file_names(manifests)}
    if resources:
        files[_AWS_FILE] = mark + yaml_text(resources)
    changes = compare(output, files, stack)
    if not only_check:
        write(output, files, changes)
    _say(changes, output, files, only_check=only_check)
    if only_check and changes.any:
        raise typer.Exit(Exit.FAILED)


def _say(changes: "Changes", output: Path, files: Mapping[str, str], *, only_check: bool) -> None:
    would = "would be " if only_check else ""
    for what, names in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)):
        for name in names:
            sys.stdout.write(f"{would}{what}: {output / name}\n")
    sys.stdout.write(f"{len(files)} files in {output}, {len(changes.same)} of them as they were\n")
