"""Permissions of files in volumes: octal text, as `chmod` and the docs of Kubernetes have them.

YAML and JSON have no octal numbers that every reader reads alike, so a mode is text.
"""

import re
from typing import Any, Optional

from ..args.codes import define
from ..args.parse import Field
from ..args.problems import ABSENT, Reason

__all__ = ["DEFAULT_MODE", "FILE_MODE", "mode_number", "octal_mode"]

DEFAULT_MODE = 0o644
"""The permissions of the files of a ConfigMap or a Secret, unless a volume sets others."""

_LARGEST = 0o777
_MODE = re.compile("0?[0-7]{3}")

INVALID_FILE_MODE = define(
    "invalid-file-mode", "{value} isn't a file mode.", allowed='three octal digits as text, such as "0555" or "0440"'
)


def octal_mode(value: Any) -> Optional[str]:
    """A mode as octal text, from the number that Kubernetes has; None for anything else."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return f"{value:04o}" if is_number and 0 <= value <= _LARGEST else None


def mode_number(mode: str) -> int:
    """A mode as the number that Kubernetes has."""
    return int(mode, 8)


def _file_mode(value: str) -> Optional[Reason]:
    return None if _MODE.fullmatch(value) else Reason(INVALID_FILE_MODE)


def _number(value: Any) -> Optional[Reason]:
    """A number: 420 and 0644 are the same mode in Kubernetes' JSON and YAML."""
    mode = octal_mode(value)
    return Reason(INVALID_FILE_MODE, suggestion=ABSENT if mode is None else mode)


FILE_MODE = Field(_file_mode, other_type=_number)
"""The rule of a mode."""
