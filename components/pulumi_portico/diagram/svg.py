"""From a stack's view to the text of an SVG picture."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..stack.view import PeerView, StackView
from .graph import EdgeKind, Graph
from .layout import Layout, lay_out
from .palette import sheet
from .reading import Reading, described, summary
from .shapes import draw_box, draw_edge, draw_sign, draw_text, element, number, tip
from .widths import clean, width

__all__ = ["Picture", "draw_svg", "number", "picture"]

_MARGIN = 20
_TITLE = 62
_LEGEND = 24
_MINIMUM_WIDTH = 640
_EDGES: Mapping[EdgeKind, str] = {
    "public": "requests from the internet",
    "internal": "requests from the private network",
    "link": "allowed connection",
}
_SIGNS = {
    "globe": "reachable from the internet",
    "sign": "TLS terminates here",
    "caution": "exception to a secure default",
}


class Picture(NamedTuple):
    """The picture of a stack."""

    svg: ET.Element
    """The SVG element."""
    ids: dict[str, str]
    """The `id` of each box, by the key of the box."""
    neighbours: dict[str, list[str]]
    """The keys of the boxes that edges connect to each box, by its own key."""
    width: float
    """In pixels."""
    keys: Mapping[PeerView, str]
    """The key of the box of each peer."""


class _Entry(NamedTuple):
    wide: float
    draw: Callable[[ET.Element, float, float], object]


def draw_svg(view: StackView) -> str:
    """The SVG picture of a stack, for light and dark screens. It depends only on the view."""
    svg = picture(view).svg
    for part in svg.iter():
        # One element per line, for readable diffs. Texts get no additional space.
        if part.tag in ("svg", "g"):
            part.text = "\n"
        if part.tag not in ("text", "title") or part.tail is None:
            part.tail = "\n"
    return ET.tostring(svg, encoding="unicode")


def picture(view: StackView, *, titled: bool = True) -> Picture:
    """The picture of a stack as an element. `titled` adds a title above it."""
    reading = Reading(view)
    graph = reading.graph
    layout = lay_out(graph)
    ids = {key: f"box-{index}" for index, key in enumerate(graph.boxes)}
    words = f"namespace {clean(view.namespace)}: {', '.join(summary(view))}"
    title = f"Stack {clean(view.stack)}"
    wide = max(layout.width, _MINIMUM_WIDTH, *((width(title, "title"), width(words, "detail")) if titled else ()))
    head = _TITLE if titled else 0
    rows = _rows(_legend(graph), wide)
    foot = _MARGIN + head + (layout.height or _LEGEND) + 16
    height = foot + _LEGEND * len(rows) + _MARGIN / 2
    svg = _document(view, title, wide + 2 * _MARGIN, height)
    if titled:
        draw_text(svg, "title", _MARGIN, _MARGIN + 18, title)
        draw_text(svg, "detail", _MARGIN, _MARGIN + 38, words)
    _draw(svg, layout, ids, _MARGIN + head)
    for index, row in enumerate(rows):
        x = float(_MARGIN)
        for entry in row:
            entry.draw(svg, x, foot + _LEGEND * (index + 0.5))
            x += entry.wide
    return Picture(svg, ids, graph.neighbours(), wide + 2 * _MARGIN, reading.keys)


def _document(view: StackView, title: str, wide: float, high: float) -> ET.Element:
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "stack", "role": "img"})
    svg.attrib |= {"viewBox": f"0 0 {number(wide)} {number(high)}", "width": number(wide), "height": number(high)}
    svg.attrib |= {"aria-labelledby": "stack-title stack-description"}
    element(svg, "title", id="stack-title").text = title
    element(svg, "desc", id="stack-description").text = clean(" ".join(described(view)))
    element(svg, "style").text = sheet()
    element(svg, "rect", class_="sheet", width=wide, height=high)
    return svg


def _draw(svg: ET.Element, layout: Layout, ids: dict[str, str], head: float) -> None:
    drawing = element(svg, "g", transform=f"translate({_MARGIN} {number(head)})")
    if not layout.boxes:
        draw_text(drawing, "detail", 0, 16, "The stack is empty.")
    for heading in layout.headings:
        draw_text(drawing, "column", heading.x, heading.y + 16, heading.text)
    for box in layout.boxes:
        draw_box(drawing, box, ids[box.box.key])
    # Links first, so that requests are on top.
    for edge in sorted(layout.edges, key=lambda placed: placed.edge.kind != "link"):
        draw_edge(drawing, edge, ids)


def _legend(graph: Graph) -> list[_Entry]:
    """The meaning of the signs and edges that the picture has."""
    drawn = {edge.kind for edge in graph.edges}
    lines = [line for box in graph.boxes.values() for line in box.lines]
    signs = {
        "globe": any(box.public for box in graph.boxes.values()),
        "sign": any(line.lock for line in lines),
        "caution": any(line.style == "warning" for line in lines),
    }
    edges = [_edge_entry(kind, text) for kind, text in _EDGES.items() if kind in drawn]
    return [*edges, *(_sign_entry(style, text) for style, text in _SIGNS.items() if signs[style])]


def _edge_entry(kind: EdgeKind, text: str) -> _Entry:
    def draw(parent: ET.Element, x: float, y: float) -> None:
        element(parent, "path", class_=f"edge {kind}", d=f"M{number(x)} {number(y)}h34")
        tip(parent, kind, x + 40, y)
        draw_text(parent, "detail", x + 48, y + 4.3, text)

    return _Entry(48 + width(text, "detail") + 24, draw)


def _sign_entry(style: str, text: str) -> _Entry:
    def draw(parent: ET.Element, x: float, y: float) -> None:
        draw_sign(parent, "lock" if style == "sign" else style, x, y - 7, style)
        draw_text(parent, "detail", x + 20, y + 4.3, text)

    return _Entry(20 + width(text, "detail") + 24, draw)


def _rows(entries: Sequence[_Entry], room: float) -> list[list[_Entry]]:
    rows: list[list[_Entry]] = []
    used = room
    for entry in entries:
        if used + entry.wide > room:
            rows.append([])
            used = 0
        rows[-1].append(entry)
        used += entry.wide
    return rows
