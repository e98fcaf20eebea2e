"""Exceptions: settings that are less strict than the secure default, as data. They are allowed, and reported."""

from dataclasses import dataclass, field
from typing import Any

from ..untyped import Parameters
from .codes import Code
from .display import parameter_text
from .location import KeyStyle, Location, location_text

__all__ = ["SecurityException", "exception_kind", "exception_texts"]


def exception_kind(name: str, meaning: str) -> Code:
    """A kind of exception: its name, and a template of what it allows. It isn't registered: it is no problem."""
    return Code(name, meaning)


@dataclass(frozen=True)
class SecurityException:
    """One setting that is less strict than the secure default."""

    kind: Code
    location: Location
    """Where the setting is in the arguments."""
    params: Parameters = field(default_factory=dict[str, Any])
    """What the kind's template names."""

    def meaning(self, style: KeyStyle = KeyStyle.PYTHON) -> str:
        """What it allows, as a sentence."""
        return self.kind.message.format(**{name: parameter_text(value, style) for name, value in self.params.items()})


def exception_texts(found: list[SecurityException], at: Location) -> dict[str, str]:
    """The sentence of each exception, by the path of its setting in the arguments that are at `at`. A setting that the
    arguments have from their stack has its path in the stack."""
    return {_path_in(at, exception.location): exception.meaning() for exception in found}


def _path_in(at: Location, location: Location) -> str:
    own = location[len(at) :] if location.is_within(at) else location
    return location_text(Location(own), KeyStyle.PYTHON)
