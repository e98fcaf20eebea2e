"""How large a box is, and where in it its lines stand."""

from math import ceil

from .graph import Box, Edge, Line
from .widths import STYLES, width

__all__ = ["GLOBE", "LOCK", "PADDING", "anchor", "box_height", "box_width", "line_middle", "line_rooms", "line_tops"]

PADDING = 12
"""The room between a box's edge and its text."""
LOCK = 17
"""The room of the sign that TLS ends."""
GLOBE = 20
"""The room of the sign that the internet reaches a box."""
_ABOVE = 9
_LINE = 18
_HEAD_LINE = 21
# What a host's routes keep from those of the host before.
_BEFORE_A_HOST = 8
# Between a line at the left and what stands at the right of it.
_BETWEEN = 14
_LEAST_WIDTH = 110
# Of text in general, and of names, which tell boxes apart.
_MOST_WIDTH = {
    "source": (220, 260),
    "balancer": (300, 300),
    "gateway": (360, 360),
    "service": (205, 280),
    "elsewhere": (220, 280),
}


def line_tops(box: Box) -> list[float]:
    """How far below the top of the box each of its lines begins, and at last where they end."""
    tops: list[float] = []
    down = float(_ABOVE)
    for line in box.lines:
        down += _BEFORE_A_HOST if line.style == "host" else 0
        tops.append(down)
        down += _line_height(line)
    return [*tops, down]


def line_middle(box: Box, number: int) -> float:
    """How far below the top of the box the middle of a line is."""
    return line_tops(box)[number] + _line_height(box.lines[number]) / 2


def _line_height(line: Line) -> float:
    return _HEAD_LINE if line.style in ("name", "host") else _LINE


def box_height(box: Box) -> float:
    """How high the box is."""
    return line_tops(box)[-1] + _ABOVE


def box_width(box: Box) -> float:
    """How wide the box wants to be: as wide as its text, up to what its kind may be."""
    most, most_for_a_name = _MOST_WIDTH[box.kind]
    needed = (min(_needed(box, it), most_for_a_name if it.style == "name" else most) for it in box.lines)
    return ceil(max(_LEAST_WIDTH, *needed))


def line_rooms(box: Box, line: Line, wide: float) -> tuple[float, float]:
    """How much room the texts at the left and at the right of a line have where the box is so wide."""
    room = wide - 2 * PADDING - _signs(box, line)
    if not line.right:
        return room, 0
    room -= _BETWEEN
    # Where both are long, each has half.
    right = min(width(line.right, "port"), max(room / 2, room - width(line.text, line.style)))
    return room - right, right


def _needed(box: Box, line: Line) -> float:
    right = width(line.right, "port") + _BETWEEN if line.right else 0
    return width(line.text, line.style) + right + _signs(box, line) + 2 * PADDING


def _signs(box: Box, line: Line) -> float:
    globe = GLOBE if box.public and line.style == "name" else 0
    return STYLES[line.style].indent + (LOCK if line.lock else 0) + globe


def anchor(box: Box, edge: Edge, begins: bool) -> float:
    """How far below the top of the box the edge touches it."""
    # Links touch it beside the second line, requests beside the name: they stay apart.
    number = edge.line if begins and edge.line is not None else int(edge.kind == "link")
    return line_middle(box, min(number, len(box.lines) - 1))
