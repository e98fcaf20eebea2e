"""Finds a project's stacks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..args.similar_names import nearest
from ..stack import StackPlan, load_stack
from ..stack.project import PROJECT_FILES, is_folder, project_file, settings_of
from ..untyped import Unchecked
from .console import usage_error

__all__ = ["LocatedStack", "Stack", "find_stack", "locate_stack"]


@dataclass(frozen=True)
class Stack:
    """A stack with its checked plan."""

    name: str
    project: str
    """The name of the stack's Pulumi project."""
    plan: StackPlan


@dataclass(frozen=True)
class LocatedStack:
    """A stack before its file is read."""

    name: str
    project: str
    """The name of the stack's Pulumi project."""
    folder: Path
    """The folder of the stack file."""

    def load(self) -> Stack:
        """The stack with its plan. Raises `ArgumentError` with every problem."""
        return Stack(self.name, self.project, load_stack(self.name, self.folder))


def find_stack(name: Optional[str], folder: Optional[Path]) -> Stack:
    """The stack of this name with its plan; without a name, the only stack.

    Raises `typer.BadParameter` if there is no such folder or stack, and `ArgumentError` with the stack's problems.
    """
    return locate_stack(name, folder).load()


def locate_stack(name: Optional[str], folder: Optional[Path]) -> LocatedStack:
    """The stack of this name; without a name, the only stack. Raises `typer.BadParameter` if there is none."""
    start = (folder or Path.cwd()).absolute()
    project = project_file([start, *start.parents])
    settings: Unchecked = settings_of(project) if project is not None else {}
    if folder is None:
        if project is None:
            raise usage_error(
                f"no {PROJECT_FILES[0]} in this folder or above it; name the folder of the stack files",
                option="--folder",
            )
        folder = project.parent / str(settings.get("stackConfigDir") or ".")
    if not is_folder(folder):
        raise usage_error(f"{folder} isn't a folder", option="--folder")
    return LocatedStack(_chosen(name, _names(folder), folder), str(settings.get("name") or "portico"), folder)


def _names(folder: Path) -> list[str]:
    # Pulumi supports both suffixes.
    files = [file for suffix in ("yaml", "yml") for file in folder.glob(f"Pulumi.*.{suffix}")]
    return sorted({file.name.removeprefix("Pulumi.").rpartition(".")[0] for file in files})


def _chosen(name: Optional[str], names: list[str], folder: Path) -> str:
    known = ", ".join(names)
    if not names:
        raise usage_error(f"{folder} has no Pulumi.STACK.yaml", option="--folder")
    if name is None:
        if len(names) > 1:
            raise usage_error(f"choose one of {known}", option="--stack")
        return names[0]
    if name not in names:
        close = nearest(name, names)
        hint = f"; did you mean {close}?" if close else ""
        raise usage_error(f"{folder} has no stack {name}, only {known}{hint}", option="--stack")
    return name
