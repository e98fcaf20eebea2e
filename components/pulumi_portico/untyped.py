"""Names for mappings whose fields others define: Kubernetes, a resource's provider, or the template of a message.

Everything that Portico's users write has a spec instead (`args/spec.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

__all__ = ["Data", "Manifest", "Parameters", "Properties", "Unchecked", "listed", "mapped"]

Data = Mapping[str, Any]
"""An object of JSON output."""

Manifest = Mapping[str, Any]
"""A Kubernetes object or a part of one, with the field names of the Kubernetes API."""

Parameters = Mapping[str, Any]
"""The values that a template of a message shows, by name."""

Properties = Mapping[str, Any]
"""The inputs or outputs of a resource, with the field names of its provider or of the cloud's API."""

Unchecked = Mapping[str, Any]
"""A mapping of a user's file or program, by its keys, before `args/parse.py` checks it."""


def mapped(value: Any) -> Unchecked:
    """The value as a mapping; empty if it isn't one, which its own check reports."""
    return cast("Unchecked", value) if isinstance(value, Mapping) else {}


def listed(value: Any) -> Sequence[Any]:
    """The value as a list; empty if it isn't one, which its own check reports."""
    return cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else ()
