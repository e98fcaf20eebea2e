"""Pulumi's project of a stack: its file, and what that says."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Optional, cast

import yaml

__all__ = ["PROJECTS", "project_file", "settings_of"]

PROJECTS = ("Pulumi.yaml", "Pulumi.yml")
"""What Pulumi calls a project's file."""


def project_file(folders: Iterable[Path]) -> Optional[Path]:
    """The project's file in the first of the folders that has one; None where none has."""
    files = (folder / name for folder in folders for name in PROJECTS)
    return next(filter(Path.is_file, files), None)


def settings_of(file: Path) -> Mapping[str, Any]:
    """What a project's file says; nothing where it is no mapping. Raises `yaml.YAMLError` where it is no YAML."""
    read: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    return cast("Mapping[str, Any]", read) if isinstance(read, Mapping) else {}
