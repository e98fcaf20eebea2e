"""The AWS resources of a recording, with the references between them as text."""

from collections.abc import Mapping
from typing import Any, cast

from ...testing.recording import Recording
from .secrets import masked

__all__ = ["aws_resources_of"]


def aws_resources_of(recording: Recording) -> list[dict[str, Any]]:
    """Every AWS resource: its type, its name and its inputs, ordered by type and name."""
    made = [it for it in recording.registrations if it.type.startswith("aws:") and it.custom]
    found = [{"type": it.type, "name": it.name, "inputs": _ordered(masked(it.inputs))} for it in made]
    return sorted(found, key=lambda it: (it["type"], it["name"]))


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        given = cast("Mapping[str, Any]", value)
        return {key: _ordered(given[key]) for key in sorted(given) if given[key] is not None}
    return [_ordered(it) for it in cast("list[Any]", value)] if isinstance(value, list) else value
