"""What `portico explain --json` prints."""

from collections.abc import Sequence
from typing import Any

from ..stack.view import StackView
from .mechanisms import Mechanism
from .view_data import fields_data, view_data

__all__ = ["explanation_data"]


def explanation_data(view: StackView, mechanisms: Sequence[Mechanism]) -> dict[str, Any]:
    """The view of a stack and its alternatives."""
    return {"version": 1, **fields_data(view), "mechanisms": [view_data(mechanism) for mechanism in mechanisms]}
