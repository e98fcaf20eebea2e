"""Where a stack's program runs, which is what the files that its arguments name are beside of."""

from dataclasses import replace
from pathlib import Path
from typing import Optional

from .located import Node
from .project import project_file, settings_of

__all__ = ["with_files"]


def with_files(tree: Node, folder: Path) -> Node:
    """The stack with the files that it names called by their whole names; ``folder`` is that of the stack's file.

    The engine runs a program in its own folder. Without the engine, the working directory may be any.
    """
    program = _program_of(folder.absolute())
    gateways = tree.fields.get("gateways")
    if program is None or gateways is None or not isinstance(gateways.value, dict):
        return tree
    below = {name: _at(it, ("crds", "path"), program) for name, it in gateways.fields.items()}
    return replace(tree, value={**tree.fields, "gateways": replace(gateways, value=below)})


def _at(node: Node, path: tuple[str, ...], program: Path) -> Node:
    """The node with the file at ``path`` below it called by its whole name, where there is one."""
    if not path:
        return replace(node, value=str(program / node.value)) if type(node.value) is str else node
    key, *rest = path
    below = node.fields.get(key)
    return node if below is None else replace(node, value={**node.fields, key: _at(below, tuple(rest), program)})


def _program_of(folder: Path) -> Optional[Path]:
    """The folder of the project's program: that of its Pulumi.yaml, or what this calls `main`; None where none is."""
    file = project_file([folder, *folder.parents])
    if file is None:
        return None
    main = file.parent / str(settings_of(file).get("main") or "")
    return main if main.is_dir() else main.parent
