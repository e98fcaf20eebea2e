"""Other words for the choices of fields: what other tools, and people, call the same."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Optional, TypeVar

from .similar_names import folded

__all__ = ["choice_of", "synonyms"]

E = TypeVar("E", bound=Enum)

_BY_TYPE: dict[type[Enum], Mapping[str, Any]] = {}


def synonyms(choices: type[E], words: Mapping[E, str]) -> None:
    """Register other words for choices, separated by spaces. Each means one choice and nothing else."""
    found = {folded(word): choice for choice, texts in words.items() for word in texts.split()}
    _BY_TYPE[choices] = {**_BY_TYPE.get(choices, {}), **found}


def choice_of(choices: type[Enum], text: str) -> Optional[str]:
    """The choice that a text means, however its words are separated; None if it means none."""
    own = {folded(str(choice.value)): choice for choice in choices}
    found = own.get(folded(text)) or _BY_TYPE.get(choices, {}).get(folded(text))
    return None if found is None else found.value
