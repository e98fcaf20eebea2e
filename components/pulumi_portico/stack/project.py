"""The Pulumi project of a stack: its file, and the settings in it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

import yaml

from ..args.problems import PorticoError
from ..untyped import Unchecked, mapped
from .yaml_errors import detail_of

__all__ = ["PROJECT_FILES", "is_file", "is_folder", "project_file", "settings_of"]

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")
"""The names of a project's file."""


def project_file(folders: Iterable[Path]) -> Optional[Path]:
    """The project's file in the first of the folders that has one; None if none has."""
    files = (folder / name for folder in folders for name in PROJECT_FILES)
    return next(filter(is_file, files), None)


def is_file(path: Path) -> bool:
    """Whether a file is there. No file system has one with a name that's too long."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def settings_of(file: Path) -> Unchecked:
    """The settings of a project's file; empty if it isn't a mapping. Raises `PorticoError` if it can't be read."""
    try:
        read: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PorticoError(f"{file} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise PorticoError(f"{file} isn't UTF-8.") from error
    except yaml.YAMLError as error:
        raise PorticoError(f"{file} isn't valid YAML: {_detail(error)}.") from error
    except RecursionError as error:
        raise PorticoError(f"{file} nests values too deeply.") from error
    except ValueError as error:
        # A date or a number that Python can't hold.
        raise PorticoError(f"{file} has a date or a number that can't be read.") from error
    return mapped(read)


def _detail(error: yaml.YAMLError) -> str:
    """What's wrong, and where. The whole message quotes the file."""
    mark: Optional[yaml.Mark] = getattr(error, "problem_mark", None)
    problem = detail_of(error) if mark else "it has a character that YAML doesn't allow"
    return f"{problem}, line {mark.line + 1}, column {mark.column + 1}" if mark else problem
