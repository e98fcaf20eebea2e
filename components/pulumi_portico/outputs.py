"""Values that may be known only later."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import pulumi

__all__ = ["applied", "combined", "joined", "words"]


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
    """A text of parts that may be known only later."""
    return joined(parts, "")
