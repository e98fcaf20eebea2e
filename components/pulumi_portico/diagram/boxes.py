"""The size of a box, and the positions of its lines."""

from math import ceil

from .graph import Box, Edge, Line
from .widths import STYLES, width

__all__ = ["GLOBE", "LOCK", "PADDING", "anchor", "box_height", "box_width", "line_middle", "line_rooms", "line_tops"]

PADDING = 12
"""The space between a box's edge and its text, in pixels."""
LOCK = 17
"""The width of the sign that TLS terminates."""
GLOBE = 20
"""The width of the sign that a box is reachable from the internet."""
_ABOVE = 9
_LINE = 18
_HEAD_LINE = 21
# The space above a host and its routes.
_BEFORE_HOST = 8
# The space between the texts at the left and at the right of a line.
_BETWEEN = 14
_MINIMUM_WIDTH = 110
# The largest widths by the kind of box: of text, and of names, which identify boxes.
_MAXIMUM_WIDTHS = {
    "source": (220, 260),
    "balancer": (300, 300),
    "gateway": (360, 360),
    "service": (205, 280),
    "elsewhere": (220, 280),
    "objects": (300, 300),
}


def line_tops(box: Box) -> list[float]:
    """The distance from the top of the box to the top of each line, and to the bottom of the last one."""
    tops: list[float] = []
    down = float(_ABOVE)
    for line in box.lines:
        down += _BEFORE_HOST if line.style == "host" else 0
        tops.append(down)
        down += _line_height(line)
    return [*tops, down]


def line_middle(box: Box, number: int) -> float:
    """The distance from the top of the box to the middle of a line."""
    return line_tops(box)[number] + _line_height(box.lines[number]) / 2


def _line_height(line: Line) -> float:
    return _HEAD_LINE if line.style in ("name", "host") else _LINE


def box_height(box: Box) -> float:
    """The height of the box."""
    return line_tops(box)[-1] + _ABOVE


def box_width(box: Box) -> float:
    """The width of the box: that of its text, up to the maximum of its kind."""
    maximum, maximum_of_name = _MAXIMUM_WIDTHS[box.kind]
    needed = (min(_needed(box, line), maximum_of_name if line.style == "name" else maximum) for line in box.lines)
    return ceil(max(_MINIMUM_WIDTH, *needed))


def line_rooms(box: Box, line: Line, wide: float) -> tuple[float, float]:
    """The space for the texts at the left and at the right of a line in a box of this width."""
    room = wide - 2 * PADDING - _signs(box, line)
    if not line.right:
        return room, 0
    room -= _BETWEEN
    # If both are long, each gets half.
    right = min(width(line.right, "port"), max(room / 2, room - width(line.text, line.style)))
    return room - right, right


def _needed(box: Box, line: Line) -> float:
    right = width(line.right, "port") + _BETWEEN if line.right else 0
    return width(line.text, line.style) + right + _signs(box, line) + 2 * PADDING


def _signs(box: Box, line: Line) -> float:
    globe = GLOBE if box.public and line.style == "name" else 0
    return STYLES[line.style].indent + (LOCK if line.lock else 0) + globe


def anchor(box: Box, edge: Edge, starts: bool) -> float:
    """The distance from the top of the box to the end of an edge."""
    # Links end at the second line and requests at the name, so they don't overlap.
    number = edge.line if starts and edge.line is not None else int(edge.kind == "link")
    return line_middle(box, min(number, len(box.lines) - 1))
