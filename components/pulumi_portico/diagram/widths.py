"""The largest width of a text, in any font of the reader's system.

The advance widths, in em, are the larger of those of Verdana and DejaVu Sans, the widest fallback fonts of browsers.
"""

import unicodedata
from dataclasses import dataclass

__all__ = ["STYLES", "Style", "clean", "shortened", "width"]

_WIDTHS = {
    0.30: "'il",
    0.40: " .,jft",
    0.46: '!"()-/:;[]\\|rIJ·',
    0.56: "csz?",
    0.64: "abdeghknopquvxy0123456789EFLPTY$*_`{}",
    0.70: "ABCKRSVXZ",
    0.79: "DGHNOQU&",
    0.88: "w#+<=>^~M→",
    1.08: "mW@%…",
}
_SANS = {character: size for size, characters in _WIDTHS.items() for character in characters}
_MONO = 0.61
# The widest of the other characters: ligatures of two letters, and full-width signs.
_OTHER = 1.6


@dataclass(frozen=True)
class Style:
    """The font of a kind of text."""

    size: float
    """The font size, in pixels."""
    mono: bool = False
    """Whether all characters have the same width."""
    bold: bool = False
    """Whether it's bold."""
    indent: float = 0
    """The indentation, in pixels."""


STYLES = {
    "title": Style(19, bold=True),
    "name": Style(14, bold=True, indent=21),
    "detail": Style(12),
    "mono": Style(11.5, mono=True),
    "host": Style(12.5, bold=True),
    "path": Style(11.5, mono=True, indent=8),
    "port": Style(11.5, mono=True),
    "warning": Style(12, bold=True, indent=17),
    "column": Style(12, bold=True),
}
"""The font of each kind of text."""


def clean(text: str) -> str:
    """The text without invisible characters and characters that change its direction. Line breaks stay."""
    return "".join("\ufffd" if character != "\n" and _is_invisible(character) else character for character in text)


def _is_invisible(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "CM" or category in ("Zl", "Zp")


def width(text: str, style: str) -> float:
    """The largest width of the text, in pixels."""
    font = STYLES[style]
    return sum(_advance(character, font) for character in text) * font.size


def _advance(character: str, style: Style) -> float:
    if style.mono:
        return _MONO if character.isascii() or character in "…·→" else _OTHER
    regular = _SANS.get(character, _OTHER)
    return max(regular * 1.2, regular + 0.09) if style.bold else regular


def shortened(text: str, style: str, room: float) -> str:
    """The text, or as much of its two ends as fits, because names differ at either end."""
    if width(text, style) <= room:
        return text
    kept = len(text)
    while kept > 0:
        kept -= 1
        head = text[: (kept + 1) // 2]
        tail = text[len(text) - kept // 2 :]
        if width(short := f"{head}…{tail}", style) <= room:
            return short
    return ""
