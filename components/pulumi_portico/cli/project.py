"""Where a project's stacks are, and which there are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import typer
import yaml

from ..errors import write_nearest
from ..stack import StackPlan, load_stack
from ..stack.project import PROJECTS, project_file, settings_of

__all__ = ["Found", "Stack", "find_stack", "locate_stack"]


@dataclass(frozen=True)
class Stack:
    """A stack that was found, and its checked plan."""

    name: str
    project: str
    """The name of the Pulumi project that it is of."""
    plan: StackPlan


@dataclass(frozen=True)
class Found:
    """A stack's file, before it is read."""

    name: str
    project: str
    folder: Path

    def load(self) -> Stack:
        """The stack. Raises `ArgumentError` with every problem of it, where it is wrong."""
        return Stack(self.name, self.project, load_stack(self.name, self.folder))


def find_stack(name: Optional[str], folder: Optional[Path]) -> Stack:
    """The stack of this name; None stands for the only one there is.

    Raises `typer.BadParameter` where there is no such folder or stack, and `ArgumentError` with every problem of one
    that is wrong.
    """
    return locate_stack(name, folder).load()


def locate_stack(name: Optional[str], folder: Optional[Path]) -> Found:
    """Where the stack is. Raises `typer.BadParameter` where there is no such folder or stack."""
    start = (folder or Path.cwd()).absolute()
    project = project_file([start, *start.parents])
    settings: Mapping[str, Any] = _settings(project) if project is not None else {}
    if folder is None:
        if project is None:
            raise typer.BadParameter(
                f"no {PROJECTS[0]} from here upwards: say where the stacks are", param_hint="--folder"
            )
        folder = project.parent / str(settings.get("stackConfigDir") or ".")
    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is no folder", param_hint="--folder")
    return Found(_chosen(name, _names(folder), folder), str(settings.get("name") or "portico"), folder)


def _names(folder: Path) -> list[str]:
    # Pulumi takes both spellings.
    files = [it for ending in ("yaml", "yml") for it in folder.glob(f"Pulumi.*.{ending}")]
    return sorted({it.name.removeprefix("Pulumi.").rpartition(".")[0] for it in files})


def _chosen(name: Optional[str], names: list[str], folder: Path) -> str:
    there = ", ".join(names)
    if not names:
        raise typer.BadParameter(f"{folder} holds no Pulumi.STACK.yaml", param_hint="--folder")
    if name is None:
        if len(names) > 1:
            raise typer.BadParameter(f"which stack? There are {there}", param_hint="--stack")
        return names[0]
    if name not in names:
        fix = write_nearest(name, names)
        said = f"there is no stack {name} in {folder}; there are {there}{f' ({fix})' if fix else ''}"
        raise typer.BadParameter(said, param_hint="--stack")
    return name


def _settings(project: Path) -> Mapping[str, Any]:
    try:
        return settings_of(project)
    except yaml.YAMLError as error:
        raise typer.BadParameter(f"{project} is no YAML: {error}", param_hint="--folder") from error
