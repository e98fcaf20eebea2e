"""Views of a stack as JSON has them."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, cast

from ..args.display import as_data
from ..args.location import KeyStyle
from ..args.problems import Problem
from ..lifecycle.cost import Estimate, estimate_data
from ..stack.view import ExceptionView, PeerView, RouteView
from ..stack.view_text import exception_meaning, exception_path
from ..untyped import Data
from .losses import Loss

__all__ = ["fields_data", "view_data"]

_PAIRS = ("labels", "conditions")
"""The fields with pairs of names and values, which JSON has as objects."""

_NOTE_FIELDS = ("code", "path", "params", "message", "fix")


def view_data(value: Any) -> Any:
    """A view, or a part of one, as data."""
    if isinstance(value, ExceptionView):
        return _exception_data(value)
    if isinstance(value, Estimate):
        return estimate_data(value)
    if isinstance(value, Problem):
        return {name: value.as_data()[name] for name in _NOTE_FIELDS}
    if isinstance(value, tuple):
        return [view_data(item) for item in cast("tuple[Any, ...]", value)]
    return fields_data(value) if is_dataclass(value) else as_data(value, KeyStyle.STACK)


def fields_data(value: Any) -> dict[str, Any]:
    """The fields of a view as data."""
    if isinstance(value, Loss):
        return {"code": value.code.name, "params": as_data(value.params, KeyStyle.STACK), "text": value.text}
    named = {field.name: getattr(value, field.name) for field in fields(value)}
    found = {name: _pairs(item) if name in _PAIRS else view_data(item) for name, item in named.items()}
    if isinstance(value, PeerView):
        # Few of the fields apply to one kind.
        return {name: item for name, item in found.items() if item}
    if isinstance(value, RouteView):
        # What happens to the requests is a part of the row.
        action = found.pop("action")
        return {**found, **action}
    return found


def _pairs(pairs: Sequence[tuple[str, Any]]) -> Data:
    return {name: view_data(value) for name, value in pairs}


def _exception_data(exception: ExceptionView) -> Data:
    return {
        "code": exception.exception.kind.name,
        "path": exception_path(exception),
        "params": as_data(exception.exception.params, KeyStyle.STACK),
        "value": exception.value,
        "meaning": exception_meaning(exception),
    }
