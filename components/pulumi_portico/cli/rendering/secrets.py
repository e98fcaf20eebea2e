"""Keeps secret values out of what is written."""

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, cast

import pulumi
from pulumi.output import UNKNOWN

from ...outputs import ensure_event_loop
from ...testing.wire import Secret
from ...untyped import mapped

__all__ = ["PLACEHOLDER", "masked", "settled"]

PLACEHOLDER = "[secret]"
"""What is written in place of a secret value."""


def masked(value: Any) -> Any:
    """The value with a placeholder for each secret in it, and for what nobody has decrypted."""
    if isinstance(value, Secret):
        return _hidden(value.value)
    if value is UNKNOWN or value == UNKNOWN:
        return PLACEHOLDER
    if isinstance(value, Mapping):
        return {key: masked(item) for key, item in mapped(value).items()}
    return [masked(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


def _hidden(value: Any) -> Any:
    # The keys of a Secret are visible to whoever can list it, and are its documentation.
    if isinstance(value, Secret):
        return _hidden(value.value)
    if isinstance(value, Mapping):
        return {key: _hidden(item) for key, item in mapped(value).items()}
    return [_hidden(item) for item in cast("list[Any]", value)] if isinstance(value, list) else PLACEHOLDER


def settled(value: Any) -> Any:
    """The value with Outputs replaced by their values, and secrets masked. Pulumi's runtime isn't started."""
    if not _has_outputs(value):
        return _plain(value)
    ensure_event_loop()
    return masked(asyncio.get_event_loop().run_until_complete(_settle(value)))


def _has_outputs(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_outputs, mapped(value).values()))
    if isinstance(value, (list, tuple)):
        return any(map(_has_outputs, cast("Sequence[Any]", value)))
    return isinstance(value, pulumi.Output) or inspect.isawaitable(value)


async def _settle(value: Any) -> Any:
    if isinstance(value, pulumi.Output):
        output = cast("pulumi.Output[Any]", value)
        known = await _settle(await output.future(with_unknowns=True))
        return Secret(known) if await output.is_secret() else known
    if inspect.isawaitable(value):
        return await _settle(await value)
    if isinstance(value, Mapping):
        return {key: await _settle(item) for key, item in mapped(value).items()}
    if isinstance(value, (list, tuple)):
        return [await _settle(item) for item in cast("Sequence[Any]", value)]
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in mapped(value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in cast("Sequence[Any]", value)]
    if isinstance(value, Enum):
        return _plain(value.value)
    # Pulumi's protocol has one type of numbers.
    return int(value) if isinstance(value, float) and value.is_integer() else value
