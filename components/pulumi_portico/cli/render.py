"""`portico render`: what a stack creates, as plain text."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from .exits import Exit
from .options import FolderOption, StackOption

if TYPE_CHECKING:
    from .rendering.folder import Changes
    from .rendering.manifests import RenderedObject

__all__ = ["render"]

_AWS_FILE = "aws/resources.yaml"
"""In a folder of its own: kubectl reads every .yaml file of a folder as manifests."""
_GENERATED = "# Pulumi makes up a name for it; this one is made from what it is for.\n"


def render(
    stack: StackOption = None,
    folder: FolderOption = None,
    output: Annotated[
        Optional[Path],
        typer.Option("--output", "-o", metavar="DIR", help="Write a file for each object, and print what changed."),
    ] = None,
    only_check: Annotated[
        bool,
        typer.Option("--check", help="With --output: write nothing; the exit code is 1 if anything would change."),
    ] = False,
    aws: Annotated[bool, typer.Option("--aws", help="Print the AWS resources instead of the manifests.")] = False,
) -> None:
    """Print what a stack creates: Kubernetes manifests for `kubectl apply`; with --aws, its AWS resources.

    The same stack always renders to the same bytes. Secrets are placeholders.
    """
    from .project import find_stack
    from .rendering.aws import aws_resources_of
    from .rendering.manifests import rendered_objects

    if only_check and output is None:
        raise typer.BadParameter("requires --output", param_hint="--check")
    if aws and output is not None:
        raise typer.BadParameter("excludes --output, which writes the AWS resources too", param_hint="--aws")
    found = find_stack(stack, folder)
    manifests, resources = rendered_objects(found), aws_resources_of(found)
    if output is not None:
        _to_folder(output, found.name, manifests, resources, only_check=only_check)
        return
    if aws:
        from .rendering.yaml_text import yaml_text

        sys.stdout.write(yaml_text(resources))
        return
    sys.stdout.write("---\n".join(map(_document, manifests)))
    if resources:
        sys.stderr.write(f"portico: {len(resources)} AWS resources aren't printed; use --aws\n")


def _document(rendered: "RenderedObject") -> str:
    from .rendering.yaml_text import yaml_text

    return (_GENERATED if rendered.generated else "") + yaml_text(rendered.manifest)


def _to_folder(
    output: Path, stack: str, manifests: "list[RenderedObject]", resources: list[dict[str, Any]], *, only_check: bool
) -> None:
    from .rendering.folder import compare, file_names, mark_of, write
    from .rendering.yaml_text import yaml_text

    mark = mark_of(stack)
    files: dict[str, str] = {name: mark + _document(rendered) for name, rendered in file_names(manifests)}
    if resources:
        files[_AWS_FILE] = mark + yaml_text(resources)
    changes = compare(output, files, stack)
    if not only_check:
        write(output, files, changes)
    _report(changes, output, files, only_check=only_check)
    if only_check and changes.any:
        raise typer.Exit(Exit.FAILED)


def _report(changes: "Changes", output: Path, files: Mapping[str, str], *, only_check: bool) -> None:
    would = "would be " if only_check else ""
    for what, names in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)):
        for name in names:
            sys.stdout.write(f"{would}{what}: {output / name}\n")
    sys.stdout.write(f"{len(files)} files in {output}, {len(changes.same)} of them unchanged\n")
