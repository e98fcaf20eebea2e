"""What modules that have no specs yet use to check arguments. It goes with the last of them."""

from collections.abc import Callable
from typing import Any

from .args.location import Key, KeyStyle, Location
from .args.parse import Field, Parser, Rules
from .args.problems import Problems
from .args.shapes import as_written, camel_case

__all__ = ["Field", "Rules", "check"]


def check(
    args_type: type,
    args: Any,
    rules: Rules,
    problems: Problems,
    path: str = "",
    spelling: Callable[[str], str] = as_written,
) -> dict[str, Any]:
    """Check ``args`` against ``args_type`` and ``rules``, noting what is wrong in ``problems``."""
    if spelling is camel_case and problems.style is KeyStyle.PYTHON:
        problems.style = KeyStyle.CAMEL
    style = KeyStyle.PYTHON if spelling is as_written else KeyStyle.CAMEL
    at = Location((Key(path),) if path else ())
    return Parser(rules, problems, style).arguments(args_type, args, at)
