"""Values that a stack file holds encrypted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional, cast

from .location import Field, Location

__all__ = ["Placeholder", "Secret", "redacted", "texts_of"]

_SHORT = 3
"""A shorter secret is only hidden if it's the whole of a text: its characters are in every text."""


@dataclass(frozen=True)
class Secret:
    """A value that the stack file holds encrypted."""

    value: Optional[str] = field(default=None, repr=False)
    """The value; None if nobody has decrypted it."""
    certain: bool = True
    """Whether the file marks this value itself as secret; False if the engine says so of something around it."""

    def __repr__(self) -> str:
        return "[secret]"


class Placeholder(str):
    """Text in place of a value that only the engine knows. No rule applies to it."""

    __slots__ = ()


def texts_of(value: Any) -> list[str]:
    """The texts that a secret value must not appear as: its own, and those of the values in it."""
    if isinstance(value, Secret):
        return texts_of(value.value)
    if isinstance(value, Mapping):
        return [text for item in cast("Mapping[Any, Any]", value).values() for text in texts_of(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in cast("Sequence[Any]", value) for text in texts_of(item)]
    # None, true, and false are in every text.
    return [] if value is None or value == "" or isinstance(value, bool) else [str(value)]


def redacted(value: Any, secrets: Collection[str]) -> Any:
    """The value itself, or what stands for it if one of the secrets is in it, or it is a part of one of them."""
    if isinstance(value, (Location, Field)):
        return value
    if isinstance(value, str):
        return Secret() if any(_shows(value, text) for text in secrets) else value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Secret() if str(value) in secrets else value
    if isinstance(value, Mapping):
        fields = cast("Mapping[Any, Any]", value)
        changed: Any = {key: redacted(item, secrets) for key, item in fields.items()}
        return changed if any(changed[key] is not item for key, item in fields.items()) else fields
    if isinstance(value, (list, tuple)):
        items = cast("Sequence[Any]", value)
        changed = [redacted(item, secrets) for item in items]
        return changed if any(one is not other for one, other in zip(changed, items, strict=True)) else items
    return value


def _shows(text: str, secret: str) -> bool:
    """Whether a text shows a secret, or a part of it that is long enough to matter."""
    if text == secret:
        return True
    return (len(secret) >= _SHORT and secret in text) or (len(text) > _SHORT and text in secret)
