"""Boxes, edges, and signs as SVG elements."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Optional

from .boxes import LOCK, PADDING, line_middle, line_rooms, line_tops
from .graph import EdgeKind, Line
from .layout import PlacedBox, PlacedEdge
from .widths import STYLES, clean, shortened

__all__ = ["draw_box", "draw_edge", "draw_sign", "draw_text", "element", "number", "tip"]

# The paths of signs of 14 by 14 pixels.
_SIGNS = {
    "globe": "M1 7a6 6 0 1 0 12 0a6 6 0 1 0-12 0zM1 7h12M7 1c-4 3.5-4 8.5 0 12M7 1c4 3.5 4 8.5 0 12",
    "lock": "M2.5 6.5h9V13h-9zM4.5 6.5V4a2.5 2.5 0 0 1 5 0v2.5",
    "caution": "M7 1.5L13 12.5H1zM7 5.2v3.4M7 10.2v.9",
    "source": "M4 4.2a3 3 0 1 0 6 0a3 3 0 1 0-6 0zM1.5 13c0-6.5 11-6.5 11 0z",
    "balancer": "M1 7h4M13 2.5H9L5 7l4 4.5h4M5 7h8",
    "gateway": "M2 13V6a5 5 0 0 1 10 0v7M5.5 13V7.5a1.5 1.5 0 0 1 3 0V13M.5 13h13",
    "service": "M7 .8l5.4 3.1v6.2L7 13.2 1.6 10.1V3.9zM1.6 3.9L7 7l5.4-3.1M7 7v6.2",
    "objects": "M2 3.5h4l1.2 1.6H12V12H2z",
    "elsewhere": "M5.5 2H2v10h10V8.5M7.5 2H12v4.5M12 2L6.5 7.5",
}
_DOT = 3
_TIP = 8
# The curve reaches three quarters of it.
_AROUND = 56


def number(value: float) -> str:
    """A coordinate with at most one decimal place."""
    return f"{round(value, 1):.1f}".removesuffix(".0")


def element(parent: ET.Element, tag: str, **attributes: str | float) -> ET.Element:
    """A new element in the parent. `class_` is the attribute `class`."""
    texts = {
        name.removesuffix("_"): value if isinstance(value, str) else number(value) for name, value in attributes.items()
    }
    return ET.SubElement(parent, tag, texts)


def draw_text(parent: ET.Element, style: str, x: float, y: float, text: str, hint: str = "") -> ET.Element:
    """A line of text, with the hint as its tooltip."""
    line = element(parent, "text", class_=style, x=x, y=y)
    line.text = text
    if hint:
        # Only a title that is the first child is a tooltip.
        line.text = None
        title = element(line, "title")
        title.text, title.tail = hint, text
    return line


def draw_sign(parent: ET.Element, name: str, x: float, y: float, style: str = "sign") -> None:
    """A sign of 14 by 14 pixels. `x` and `y` are its top left corner."""
    element(parent, "path", class_=style, d=_SIGNS[name], transform=f"translate({number(x)} {number(y)})")


def draw_box(parent: ET.Element, placed: PlacedBox, identity: str) -> None:
    """A box with its lines of text."""
    box = placed.box
    group = element(parent, "g", id=identity, class_=f"box {box.kind}")
    element(group, "rect", class_="card", x=placed.x, y=placed.y, width=placed.width, height=placed.height, rx=7)
    x, y, bottom = placed.x, placed.y, placed.y + placed.height
    element(group, "path", class_="bar", d=_bar(x, y, bottom))
    draw_sign(group, box.kind, x + PADDING, y + 12.5)
    if box.public:
        draw_sign(group, "globe", x + placed.width - PADDING - 14, y + 12.5, "globe")
    for index, line in enumerate(box.lines):
        if line.style == "host":
            edge = number(y + line_tops(box)[index] - 4)
            element(group, "path", class_="rule", d=f"M{number(x + 4)} {edge}H{number(x + placed.width)}")
        # The baseline of the text: capital letters are about 0.72 of the font size high.
        _draw_line(group, placed, line, y + line_middle(box, index) + STYLES[line.style].size * 0.36)


def _bar(x: float, y: float, bottom: float) -> str:
    corner = 7
    left = f"M{number(x + corner)} {number(y)}A7 7 0 0 0 {number(x)} {number(y + corner)}V{number(bottom - corner)}"
    return f"{left}A7 7 0 0 0 {number(x + corner)} {number(bottom)}H{number(x + 4)}V{number(y)}z"


def _draw_line(group: ET.Element, placed: PlacedBox, line: Line, base: float) -> None:
    x = placed.x
    room, room_right = line_rooms(placed.box, line, placed.width)
    text, right = shortened(line.text, line.style, room), shortened(line.right, "port", room_right)
    whole = line.text if text != line.text and line.text not in line.hint else ""
    left = x + PADDING + STYLES[line.style].indent
    if line.style == "warning":
        draw_sign(group, "caution", x + PADDING, base - 11.5, "caution")
    if line.lock:
        draw_sign(group, "lock", left - 1, base - 11.5)
        left += LOCK
    draw_text(group, line.style, left, base, text, "\n".join(filter(None, (whole, line.hint))))
    if right:
        draw_text(group, "port", x + placed.width - PADDING, base, right, line.right if right != line.right else "")


def draw_edge(parent: ET.Element, placed: PlacedEdge, ids: Mapping[str, str]) -> None:
    """An edge with an arrow at its target, and with a dot if it starts at the line of a route."""
    edge = placed.edge
    # The classes name the boxes that it connects, for the style sheet of the page.
    group = element(parent, "g", class_=f"way {ids[edge.source]} {ids[edge.target]}")
    path = element(group, "path", class_=f"edge {edge.kind}", d=_course(placed.points))
    if edge.hint:
        element(path, "title").text = clean(edge.hint)
    (x, y), (before, _) = placed.points[-1], placed.points[-2]
    tip(group, edge.kind, x, y, leftward=before >= x)
    if edge.line is not None:
        element(group, "circle", class_=f"dot {edge.kind}", cx=placed.points[0][0], cy=placed.points[0][1], r=_DOT)


def tip(parent: ET.Element, kind: EdgeKind, x: float, y: float, *, leftward: bool = False) -> None:
    """The head of an arrow that ends at this point."""
    back = _TIP if leftward else -_TIP
    head = f"M{number(x)} {number(y)}l{back} -3.8v7.6z"
    element(parent, "path", class_=f"tip {kind}", d=head)


def _course(points: tuple[tuple[float, float], ...]) -> str:
    (x, y), (end, last) = points[0], points[-1]
    drawn = f"M{number(x)} {number(y)}"
    if x == end:
        # Around the right side of a column, within the gap beside it.
        aside = x + min(24 + abs(last - y) / 4, _AROUND)
        return f"{drawn}C{number(aside)} {number(y)} {number(aside)} {number(last)} {number(end)} {number(last)}"
    before: Optional[float] = None
    for start, to in zip(points[::2], points[1::2], strict=True):
        drawn += f"H{number(start[0])}" if before is not None and start[0] != before else ""
        drawn += "C" + " ".join(f"{number(x)} {number(y)}" for x, y in _bend(start, to))
        before = to[0]
    return drawn


def _bend(start: tuple[float, float], end: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    middle = (start[0] + end[0]) / 2
    return (middle, start[1]), (middle, end[1]), end
