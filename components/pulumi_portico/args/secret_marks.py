"""Mappings by which other programs mark a secret. Portico would pass them on, with the value in plain text."""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast

from .codes import define
from .location import Key, Location
from .problems import Problems

__all__ = ["check_secret_marks", "report_secret_mark", "secret_mark_of"]

SECRET_MARK = define(
    "secret-mark",
    "Nothing reads {mark} here, so the value would be stored and shown in plain text.",
    allowed="a value that is encrypted in the stack file, or a secret Output in a program",
    hint="Encrypt the value itself with pulumi config set --secret --path, or pass pulumi.Output.secret(value).",
)

_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi's engine marks secrets, assets, and others (pulumi/pulumi, sdk/go/common/resource/sig)."""
_YAML_FUNCTION = "fn::secret"
"""How Pulumi YAML and Pulumi ESC mark a secret."""
_STACK_FILE = "secure"
"""How stack files mark a secret: only there, and only as a mapping of this one key."""
_WORDS = ("true", "false", "yes", "no")
"""Values of labels that aren't secrets."""


def secret_mark_of(mapping: Mapping[Any, Any]) -> Optional[str]:
    """The key that marks a mapping as a secret; None if none does."""
    return next((str(key) for key in mapping if str(key).lower() in (_SIGNATURE, _YAML_FUNCTION)), None)


def report_secret_mark(mark: str, at: Location, problems: Problems) -> None:
    """Report a mapping that is marked as a secret. Its values are in no message."""
    problems.report(SECRET_MARK, at, secret=True, mark=mark)


def check_secret_marks(value: Any, at: Location, problems: Problems) -> None:
    """Report the mappings within a value of any shape that are marked as a secret."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        mark = secret_mark_of(fields) or (_STACK_FILE if _is_encrypted(fields) else None)
        if mark is not None:
            report_secret_mark(mark, at, problems)
            return
        for key, item in fields.items():
            check_secret_marks(item, at / Key(str(key)), problems)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(cast("Sequence[Any]", value)):
            check_secret_marks(item, at / index, problems)


def _is_encrypted(fields: Mapping[Any, Any]) -> bool:
    """Whether a mapping is one of stack files. A label or a node can have a key of the same name."""
    value = fields.get(_STACK_FILE)
    return len(fields) == 1 and isinstance(value, str) and value.lower() not in _WORDS
