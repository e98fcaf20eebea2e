"""Names for mappings whose fields others define: Kubernetes, a resource's provider, or the template of a message.

Everything that Portico's users write has a spec instead (`args/spec.py`).
"""

from collections.abc import Mapping
from typing import Any

__all__ = ["Manifest", "Parameters", "Properties"]

Manifest = Mapping[str, Any]
"""A Kubernetes object or a part of one, with the field names of the Kubernetes API."""

Parameters = Mapping[str, Any]
"""The values that a template of a message shows, by name."""

Properties = Mapping[str, Any]
"""The inputs or outputs of a resource, with the field names of its provider or of the cloud's API."""
