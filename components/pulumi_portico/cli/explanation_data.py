"""What `portico explain --json` prints."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, cast

from ..args.display import as_data
from ..args.location import KeyStyle
from ..args.problems import Problem
from ..lifecycle.cost import Estimate, estimate_data
from ..stack.view import ExceptionView, PeerView, StackView
from ..stack.view_text import exception_meaning, exception_path
from ..untyped import Data
from .losses import Loss
from .mechanisms import Mechanism

__all__ = ["explanation_data"]

_PAIRS = ("labels", "conditions")
"""The fields with pairs of names and values, which JSON has as objects."""

_NOTE_FIELDS = ("code", "path", "params", "message", "fix")


def explanation_data(view: StackView, mechanisms: Sequence[Mechanism]) -> dict[str, Any]:
    """The view of a stack and its alternatives."""
    return {"version": 1, **_fields_of(view), "mechanisms": [_data(mechanism) for mechanism in mechanisms]}


def _data(value: Any) -> Any:
    if isinstance(value, ExceptionView):
        return _exception_data(value)
    if isinstance(value, Estimate):
        return estimate_data(value)
    if isinstance(value, Problem):
        return {name: value.as_data()[name] for name in _NOTE_FIELDS}
    if isinstance(value, Loss):
        return {"code": value.code.name, "params": as_data(value.params, KeyStyle.STACK), "text": value.text}
    if isinstance(value, PeerView):
        # Few of the fields apply to one kind.
        return {name: item for name, item in _fields_of(value).items() if item}
    if is_dataclass(value):
        return _fields_of(value)
    if isinstance(value, tuple):
        return [_data(item) for item in cast("tuple[Any, ...]", value)]
    return as_data(value, KeyStyle.STACK)


def _fields_of(value: Any) -> dict[str, Any]:
    found = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: _pairs(item) if name in _PAIRS else _data(item) for name, item in found.items()}


def _pairs(pairs: Sequence[tuple[str, Any]]) -> Data:
    return {name: _data(value) for name, value in pairs}


def _exception_data(exception: ExceptionView) -> Data:
    return {
        "code": exception.exception.kind.name,
        "path": exception_path(exception),
        "params": as_data(exception.exception.params, KeyStyle.STACK),
        "value": exception.value,
        "meaning": exception_meaning(exception),
    }
