"""How work grows with the size of its input, as counts of calls: unlike seconds, they are the same on each machine."""

import cProfile
from collections.abc import Callable
from typing import Any


def calls_of(function: Callable[[], Any]) -> int:
    """The number of calls of Python and C functions that a call of `function` makes."""
    profile = cProfile.Profile(subcalls=False)
    profile.runcall(function)
    return sum(entry.callcount for entry in profile.getstats())
