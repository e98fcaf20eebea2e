"""`portico render`: what a stack creates, as plain text."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from .console import usage_error, write, write_error, writes_unicode
from .exits import Exit
from .options import FolderOption, StackOption

if TYPE_CHECKING:
    from .rendering.folder import Changes, Owner
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
    from .rendering.folder import Owner
    from .rendering.manifests import rendered_objects

    if only_check and output is None:
        raise usage_error("requires --output", option="--check")
    if aws and output is not None:
        raise usage_error("excludes --output, which writes the AWS resources too", option="--aws")
    found = find_stack(stack, folder)
    manifests, resources = rendered_objects(found), aws_resources_of(found)
    if output is not None:
        _to_folder(output, Owner(found.project, found.name), manifests, resources, only_check=only_check)
        return
    if aws:
        from .rendering.yaml_text import yaml_text

        write(yaml_text(resources, ascii_only=not writes_unicode()))
        return
    ascii_only = not writes_unicode()
    write("---\n".join(_document(rendered, ascii_only=ascii_only) for rendered in manifests))
    if resources:
        write_error(f"portico: {len(resources)} AWS resources aren't printed; use --aws\n")


def _document(rendered: "RenderedObject", *, ascii_only: bool = False) -> str:
    from .rendering.yaml_text import yaml_text

    return (_GENERATED if rendered.generated else "") + yaml_text(rendered.manifest, ascii_only=ascii_only)


def _to_folder(
    output: Path,
    owner: "Owner",
    manifests: "list[RenderedObject]",
    resources: list[dict[str, Any]],
    *,
    only_check: bool,
) -> None:
    from .rendering.folder import compare, file_names, mark_of, write_files
    from .rendering.yaml_text import yaml_text

    mark = mark_of(owner)
    files: dict[str, str] = {name: mark + _document(rendered) for name, rendered in file_names(manifests)}
    if resources:
        files[_AWS_FILE] = mark + yaml_text(resources)
    changes = compare(output, files, owner, _AWS_FILE)
    if not only_check:
        write_files(output, files, changes)
    _report(changes, output, files, only_check=only_check)
    if only_check and changes.any:
        raise typer.Exit(Exit.FAILED)


def _report(changes: "Changes", output: Path, files: Mapping[str, str], *, only_check: bool) -> None:
    would = "would be " if only_check else ""
    for what, names in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)):
        for name in names:
            write(f"{would}{what}: {output / name}\n")
    write(f"{len(files)} files in {output}, {len(changes.same)} of them unchanged\n")
