"""Keeps secret values out of what is written."""

from collections.abc import Mapping
from typing import Any, cast

from pulumi.output import UNKNOWN

from ...testing.wire import Secret

__all__ = ["PLACEHOLDER", "masked"]

PLACEHOLDER = "[secret]"
"""What is written in place of a secret value."""


def masked(value: Any) -> Any:
    """The value with a placeholder for each secret in it, and for what nobody has decrypted."""
    if isinstance(value, Secret):
        return _hidden(value.value)
    if value is UNKNOWN or value == UNKNOWN:
        return PLACEHOLDER
    if isinstance(value, Mapping):
        return {key: masked(it) for key, it in cast("Mapping[str, Any]", value).items()}
    return [masked(it) for it in cast("list[Any]", value)] if isinstance(value, list) else value


def _hidden(value: Any) -> Any:
    # What a secret mapping's keys are is seen in the cluster by whoever may list it: they tell what there is.
    if isinstance(value, Secret):
        return _hidden(value.value)
    if isinstance(value, Mapping):
        return {key: _hidden(it) for key, it in cast("Mapping[str, Any]", value).items()}
    return [_hidden(it) for it in cast("list[Any]", value)] if isinstance(value, list) else PLACEHOLDER
