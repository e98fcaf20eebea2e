"""How wide a text is at most, in whichever font the reader's system has.

The advance widths are the greater of Verdana's and DejaVu Sans's, the widest that a browser falls back to, in em.
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
# The widest of what is left: ligatures of two letters, full-width signs.
_OTHER = 1.6


@dataclass(frozen=True)
class Style:
    """How a kind of text is set."""

    size: float
    """The size of the font, in pixels."""
    mono: bool = False
    """Whether all characters are of one width."""
    bold: bool = False
    """Whether it is bold."""
    indent: float = 0
    """How far it stands in from the edge of its box, beyond the usual."""


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
"""How each kind of text is set."""


def clean(text: str) -> str:
    """The text without what is not seen, and what could turn its order around; line breaks stay."""
    return "".join("\ufffd" if it != "\n" and _is_unseen(it) else it for it in text)


def _is_unseen(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "CM" or category in ("Zl", "Zp")


def width(text: str, style: str) -> float:
    """How wide the text is at most, in pixels."""
    set_in = STYLES[style]
    return sum(_advance(it, set_in) for it in text) * set_in.size


def _advance(character: str, style: Style) -> float:
    if style.mono:
        return _MONO if character.isascii() or character in "…·→" else _OTHER
    regular = _SANS.get(character, _OTHER)
    return max(regular * 1.2, regular + 0.09) if style.bold else regular


def shortened(text: str, style: str, room: float) -> str:
    """The text, or as much of its two ends as there is room for: names differ at either."""
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
