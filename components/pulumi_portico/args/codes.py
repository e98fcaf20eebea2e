"""The registry of problem codes: what each means, as a template, and nothing about any one problem."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from types import MappingProxyType

__all__ = ["Code", "all_codes", "define"]


@dataclass(frozen=True)
class Code:
    """A kind of problem. Its templates name the problem's parameters in braces; `{value}` is the rejected value."""

    name: str
    """What programs know it by, such as `port-out-of-range`."""
    message: str
    """What's wrong, as a sentence."""
    allowed: str = ""
    """What's allowed instead; empty if the message says it."""
    hint: str = ""
    """The fix in words, if no change of one value fixes the problem; left out if it names a parameter without value."""

    @cached_property
    def hint_params(self) -> frozenset[str]:
        """The parameters that the hint names."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.hint) if name)

    def __str__(self) -> str:
        return self.name


_CODES: dict[str, Code] = {}


def define(name: str, message: str, *, allowed: str = "", hint: str = "") -> Code:
    """Register a code. Each name is registered once."""
    if name in _CODES:
        raise ValueError(f"the problem code {name} is registered twice")
    code = _CODES[name] = Code(name, message, allowed, hint)
    return code


def all_codes() -> Mapping[str, Code]:
    """Every code that the imported modules have registered, by name."""
    return MappingProxyType(_CODES)
