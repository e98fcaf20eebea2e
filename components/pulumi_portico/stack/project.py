"""The Pulumi project of a stack: its file, and the settings in it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Optional, cast

import yaml

__all__ = ["PROJECT_FILES", "project_file", "settings_of"]

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")
"""The names of a project's file."""


def project_file(folders: Iterable[Path]) -> Optional[Path]:
    """The project's file in the first of the folders that has one; None if none has."""
    files = (folder / name for folder in folders for name in PROJECT_FILES)
    return next(filter(Path.is_file, files), None)


def settings_of(file: Path) -> Mapping[str, Any]:
    """The settings of a project's file; empty if it isn't a mapping. Raises `yaml.YAMLError` if it isn't YAML."""
    read: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    return cast("Mapping[str, Any]", read) if isinstance(read, Mapping) else {}
