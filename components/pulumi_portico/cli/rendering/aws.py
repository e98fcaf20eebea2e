"""The AWS resources of a recording, with the references between them as text."""

from collections.abc import Mapping
from typing import Any, cast

from ...testing.recording import Recording
from ...untyped import Properties
from .secrets import masked

__all__ = ["aws_resources_of"]


def aws_resources_of(recording: Recording) -> list[dict[str, Any]]:
    """Every AWS resource: its type, its name and its inputs, ordered by type and name."""
    resources = [
        {"type": resource.type, "name": resource.name, "inputs": _ordered(masked(resource.inputs))}
        for resource in recording.registrations
        if resource.type.startswith("aws:") and resource.custom
    ]
    return sorted(resources, key=lambda resource: (resource["type"], resource["name"]))


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Properties", value)
        return {key: _ordered(fields[key]) for key in sorted(fields) if fields[key] is not None}
    return [_ordered(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value
