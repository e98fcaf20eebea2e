"""Values of arguments, for readers."""

from collections.abc import Sequence
from typing import Any

import pulumi

__all__ = ["LATER", "text_of", "texts_of"]

LATER = "[known later]"
"""Stands for a value that is secret, or that is known only during the deployment."""


def text_of(value: Any) -> str:
    """A value for readers."""
    return LATER if isinstance(value, pulumi.Output) else str(value)


def texts_of(values: Sequence[Any]) -> tuple[str, ...]:
    """Values for readers."""
    return tuple(map(text_of, values))
