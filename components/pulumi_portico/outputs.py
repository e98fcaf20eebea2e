"""Values that may be known only later."""

from collections.abc import Callable
from typing import Any, cast

import pulumi

__all__ = ["applied"]


def applied(value: Any, function: Callable[[Any], Any]) -> Any:
    """What ``function`` makes of a value: at once where it is plain, else as an Output."""
    return cast("pulumi.Output[Any]", value).apply(function) if isinstance(value, pulumi.Output) else function(value)
