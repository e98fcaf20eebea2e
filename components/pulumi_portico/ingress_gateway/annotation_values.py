"""The rules of the values of raw annotations: what the controllers' parsers accept, without what ends a directive.

Both controllers print most values into nginx's configuration, and many of them without quotes. So each rule is a set of
characters, or of values, that can't end the directive or name a variable that nginx doesn't know. Where a parser
accepts a value with which nginx fails to reload, the rule is narrower than the parser.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Optional

from ..args.codes import define
from ..args.parse import Rule
from ..args.problems import Reason
from ..args.values import cidr

__all__ = [
    "boolean",
    "choice",
    "cidrs",
    "items",
    "matching",
    "next_upstream",
    "number",
    "safe_text",
    "size",
    "text_or_json",
    "words_among",
]

INVALID_VALUE = define(
    "invalid-annotation-value",
    "{value} isn't a valid value of this annotation.",
    allowed="{expected}",
)
UNSAFE_TEXT = define(
    "unsafe-annotation-text",
    "{value} could become part of a controller's configuration, because Portico doesn't know this annotation.",
    allowed="at most {most} characters, without control characters, backslashes, and {characters}",
)

VARIABLE_HOST = define(
    "variable-in-host-of-unknown-url",
    "The host of {url} has a variable, which a client could choose, and Portico doesn't know this annotation.",
    allowed="URLs whose hosts have no variables",
)

_MOST = 1_000
_VARIABLE_HOST = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,32}://[^\s/?]{0,256}\$[^\s/?]{0,256}")
_UNSAFE = ";{}#\"'\\`"
_BOOLEANS = ("true", "false")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_LONGEST_SIZE = 12


def matching(pattern: str, expected: str) -> Rule:
    """Text that matches a pattern as a whole; `expected` describes it."""
    compiled = re.compile(pattern, re.ASCII)

    def rule(value: Any) -> Optional[Reason]:
        fits = len(str(value)) <= _MOST and compiled.fullmatch(str(value))
        return None if fits else Reason(INVALID_VALUE, {"expected": expected})

    return rule


def choice(*values: str) -> Rule:
    """One of a few words."""

    def rule(value: Any) -> Optional[Reason]:
        return None if value in values else Reason(INVALID_VALUE, {"expected": list(values)})

    return rule


boolean = choice(*_BOOLEANS)
"""True or false. The controllers also accept other forms, such as `1`."""


def number(least: int = 0, most: int = 1_000_000_000) -> Rule:
    """A whole number."""
    expected = f"a whole number from {least} to {most}"

    def rule(value: Any) -> Optional[Reason]:
        text = str(value)
        fits = re.fullmatch(r"[0-9]{1,10}", text) is not None and least <= int(text) <= most
        return None if fits else Reason(INVALID_VALUE, {"expected": expected})

    return rule


def size(units: str = "km", *, least: int = 1, zero: bool = False) -> Rule:
    """A size in bytes, or with a unit; `zero` is whether 0 switches the setting off."""
    listed = " or ".join(units)
    expected = f"a number of bytes, or a number followed by {listed}, of at least {least} bytes"
    expected += ", or 0" if zero else ""
    pattern = re.compile(rf"([0-9]{{1,{_LONGEST_SIZE}}})([{units}]?)", re.IGNORECASE | re.ASCII)

    def rule(value: Any) -> Optional[Reason]:
        found = pattern.fullmatch(str(value))
        if found is not None:
            total = int(found[1]) * _UNITS[found[2].lower()]
            if least <= total <= 1 << 40 or (zero and total == 0):
                return None
        return Reason(INVALID_VALUE, {"expected": expected})

    return rule


def items(rule_of_item: Rule, expected: str) -> Rule:
    """A list whose items are separated by commas."""

    def rule(value: Any) -> Optional[Reason]:
        text = str(value)
        fits = all(rule_of_item(item.strip(" ")) is None for item in text.split(","))
        return None if fits else Reason(INVALID_VALUE, {"expected": expected})

    return rule


cidrs = items(cidr, "CIDR blocks separated by commas, such as 10.0.0.0/8,2001:db8::/32")
"""Ranges of addresses."""


def words_among(values: Sequence[str]) -> Rule:
    """Different words, separated by spaces."""

    def rule(value: Any) -> Optional[Reason]:
        given = str(value).split(" ")
        fits = set(given) <= set(values) and len(set(given)) == len(given)
        return None if fits else Reason(INVALID_VALUE, {"expected": f"words separated by spaces: {', '.join(values)}"})

    return rule


next_upstream = words_among(
    (
        "error",
        "timeout",
        "invalid_header",
        "http_500",
        "http_502",
        "http_503",
        "http_504",
        "http_403",
        "http_404",
        "http_429",
        "non_idempotent",
        "off",
    )
)
"""When a request goes to the next pod: what nginx's `proxy_next_upstream` accepts."""


def safe_text(value: Any) -> Optional[Reason]:
    """The text of an annotation that Portico doesn't know: nothing that ends or starts a directive of nginx, and no URL
    whose host is a variable, which a client could choose."""
    text = str(value)
    if found := _VARIABLE_HOST.search(text):
        return Reason(VARIABLE_HOST, {"url": found[0]})
    if len(text) <= _MOST and text.isprintable() and not set(text) & set(_UNSAFE):
        return None
    characters = [character for character in _UNSAFE if character != "\\"]
    return Reason(UNSAFE_TEXT, {"most": _MOST, "characters": characters})


def text_or_json(value: Any) -> Optional[Reason]:
    """One line of text, or JSON."""
    text = str(value)
    if text.isprintable():
        return None
    try:
        json.loads(text)
    except ValueError:
        return Reason(INVALID_VALUE, {"expected": "text without control characters, or JSON"})
    return None
