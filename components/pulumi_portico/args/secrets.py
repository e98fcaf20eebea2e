"""Values that a stack file holds encrypted."""

from dataclasses import dataclass, field
from typing import Optional

__all__ = ["Placeholder", "Secret"]


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
