"""The folder of a stack's program: relative paths in the stack's values are relative to it."""

from dataclasses import replace
from pathlib import Path
from typing import Optional

from ..args.location import Location
from .project import is_folder, project_file, settings_of
from .source_map import Node

__all__ = ["is_file_path", "with_files"]

_FILE = ("crds", "path")
"""The field of a gateway that is the path of a file."""


def with_files(tree: Node, folder: Path) -> Node:
    """The stack with absolute paths of files; `folder` is that of the stack file.

    The engine runs a program in the program's own folder. Without the engine, the working directory can be any.
    """
    program = _program_of(folder.absolute())
    gateways = tree.fields.get("gateways")
    if program is None or gateways is None or not isinstance(gateways.value, dict):
        return tree
    below = {name: _absolute(gateway, _FILE, program) for name, gateway in gateways.fields.items()}
    return replace(tree, value={**tree.fields, "gateways": replace(gateways, value=below)})


def is_file_path(location: Location) -> bool:
    """Whether `with_files` changes the value at a location."""
    return location[:1] == ("gateways",) and location[2:] == _FILE


def _absolute(node: Node, path: tuple[str, ...], program: Path) -> Node:
    if not path:
        return replace(node, value=str(program / node.value)) if type(node.value) is str else node
    key, *rest = path
    below = node.fields.get(key)
    return node if below is None else replace(node, value={**node.fields, key: _absolute(below, tuple(rest), program)})


def _program_of(folder: Path) -> Optional[Path]:
    """The folder of the project's program: that of its Pulumi.yaml, or what this has as `main`; None without one."""
    file = project_file([folder, *folder.parents])
    if file is None:
        return None
    main = file.parent / str(settings_of(file).get("main") or "")
    return main if is_folder(main) else main.parent
