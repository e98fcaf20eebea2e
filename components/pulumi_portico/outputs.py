"""Values that may be known only later."""

import asyncio
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Union, cast

import pulumi

__all__ = ["Computed", "Ref", "Text", "applied", "combined", "ensure_event_loop", "joined", "words"]


@dataclass(frozen=True)
class Ref:
    """A leaf of a manifest: an output of another object of the same list, or its name, which Pulumi generates."""

    key: str
    """The key of the other object."""
    is_detached: bool = False
    """Whether the value carries no dependency: the object that refers to it comes after the other one in another
    way."""
    output: tuple[Union[str, int], ...] = ()
    """The output of a cloud's resource: its name, then the way to a part of it. Empty for the name of a Kubernetes
    object."""


@dataclass(frozen=True)
class Text:
    """A leaf of a manifest: text with the names of other objects in it."""

    parts: tuple[Any, ...]
    """Text, Outputs, and `Ref`s."""


@dataclass(frozen=True)
class Computed:
    """A leaf of a manifest: what a function returns for the values of other leaves."""

    function: Callable[[Sequence[Any]], Any]
    parts: tuple[Any, ...]
    """Plain values, Outputs, and `Ref`s."""


def applied(value: Any, function: Callable[[Any], Any]) -> Any:
    """What ``function`` makes of a value: at once where it is plain, else as an Output."""
    return cast("pulumi.Output[Any]", value).apply(function) if isinstance(value, pulumi.Output) else function(value)


def combined(values: Sequence[Any], function: Callable[[Sequence[Any]], Any]) -> Any:
    """What ``function`` makes of the values: at once where all are plain, else as an Output."""
    if any(isinstance(value, pulumi.Output) for value in values):
        return pulumi.Output.all(*values).apply(function)
    return function(values)


def joined(values: Iterable[Any], separator: str = ",") -> Any:
    """The values in one text."""
    return combined(list(values), lambda known: separator.join(map(str, known)))


def words(*parts: Any) -> Any:
    """A text of parts that may be known only later, the names of other objects among them."""
    return Text(parts) if any(isinstance(part, (Ref, Text)) for part in parts) else joined(parts, "")


def ensure_event_loop() -> None:
    """Give this thread an event loop, where it has none: an Output needs one as soon as it's created.

    `record` does this itself; a test that makes an Output outside of it calls this first.
    """
    with warnings.catch_warnings():
        # Python 3.12 and 3.13 make a loop and complain; 3.14 refuses.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            asyncio.get_event_loop()
        except RuntimeError:
            asyncio.set_event_loop(asyncio.new_event_loop())
