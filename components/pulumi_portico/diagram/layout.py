"""From boxes and edges to coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from .boxes import anchor, box_height, box_width
from .edge_routing import LANE, RoutedEdges
from .graph import Box, Edge, Graph
from .layers import layers_of
from .placement import Hop, place
from .widths import width

__all__ = ["Heading", "Layout", "PlacedBox", "PlacedEdge", "lay_out"]

_AROUND = 11
_GAP = 46
_MAXIMUM_GAP = 150
_HEADING = 32
_GRID_GAP = 22
_MINIMUM_GRID = 900
_HEADINGS = {
    "gateway": "Gateways and their routes",
    "balancer": "Load balancers",
    "service": "Services",
    "source": "Sources",
    "elsewhere": "Not in this stack",
    "objects": "Other objects",
}


@dataclass(frozen=True)
class PlacedBox:
    """A box and its position."""

    box: Box
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class PlacedEdge:
    """An edge and its points, from its source to its target.

    It bends between the first and the second, the third and the fourth, and so on. In between, it's horizontal.
    """

    edge: Edge
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Heading:
    """The heading of a column."""

    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """A picture with its coordinates."""

    boxes: tuple[PlacedBox, ...]
    edges: tuple[PlacedEdge, ...]
    headings: tuple[Heading, ...]
    width: float
    height: float


def lay_out(graph: Graph) -> Layout:
    """The positions: columns from left to right, and below them rows of the boxes without edges."""
    columns = _Columns(graph)
    alone = [graph.boxes[key] for key, others in graph.neighbours().items() if not others]
    boxes, headings = columns.boxes(), columns.headings()
    components = "Without requests or links" if columns.height else "Services"
    top = columns.height
    for text, among in ((components, False), ("Other objects", True)):
        rows = _grid([box for box in alone if (box.kind == "objects") is among], columns.width, top)
        if rows:
            boxes += rows
            headings.append(Heading(text, 0, top))
            top = max(box.y + box.height for box in rows) + _AROUND
    edges = tuple(columns.edges())
    right = max((box.x + box.width for box in boxes), default=0)
    # An edge within the last column goes around its right side.
    right += _GAP if any(edge.points[0][0] == edge.points[-1][0] == right for edge in edges) else 0
    bottom = max((box.y + box.height for box in boxes), default=0)
    return Layout(tuple(boxes), edges, tuple(headings), right, bottom)


def _grid(boxes: Sequence[Box], across: float, top: float) -> list[PlacedBox]:
    if not boxes:
        return []
    wide = max(map(box_width, boxes))
    number = max(1, int((max(across, _MINIMUM_GRID) + _GRID_GAP) // (wide + _GRID_GAP)))
    placed: list[PlacedBox] = []
    down = top + _HEADING
    for start in range(0, len(boxes), number):
        row = boxes[start : start + number]
        placed += [
            PlacedBox(box, index * (wide + _GRID_GAP), down, wide, box_height(box)) for index, box in enumerate(row)
        ]
        down += max(map(box_height, row)) + _GRID_GAP
    return placed


class _Columns:
    """The boxes with edges, in columns, and the edges."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._columns = layers_of(graph)
        self._routed = RoutedEdges(graph, self._columns, _AROUND)
        heights = dict.fromkeys((key for column in self._routed.columns for key in column), float(LANE))
        for column in self._columns:
            heights |= {key: box_height(graph.boxes[key]) + 2 * _AROUND for key in column}
        self._top = place(self._routed.columns, heights, list(self._routed.hops))
        self._number = {key: at for at, column in enumerate(self._routed.columns) for key in column}
        self._texts = self._heading_texts()
        self._left: list[float] = []
        self._widths: list[float] = []
        self._spread()
        below = [_HEADING + self._top[key] + heights[key] for key in self._number]
        self.height = max(below) + _AROUND if below else 0.0
        self.width = self._left[-1] + self._widths[-1] if self._left else 0.0

    def _heading_texts(self) -> list[str]:
        texts: list[str] = []
        for column in self._columns:
            kinds = {self._graph.boxes[key].kind for key in column}
            text = next(text for kind, text in _HEADINGS.items() if kind in kinds)
            if "gateway" in kinds and len(kinds) > 1:
                text = "Gateways and other callers"
            texts.append("" if text in texts else text)
        return texts

    def _spread(self) -> None:
        x = 0.0
        for number, column in enumerate(self._columns):
            entering = sum(self._number[hop.target] == number for hop in self._routed.hops)
            x += min(_GAP + 3 * entering, _MAXIMUM_GAP) if number else 0
            wide = [box_width(self._graph.boxes[key]) for key in column]
            self._left.append(x)
            self._widths.append(max(ceil(width(self._texts[number], "column")), *wide))
            x += self._widths[-1]

    def headings(self) -> list[Heading]:
        return [Heading(text, x, 0) for text, x in zip(self._texts, self._left, strict=True) if text]

    def boxes(self) -> list[PlacedBox]:
        return [self._placed(key) for column in self._columns for key in column]

    def _placed(self, key: str) -> PlacedBox:
        box, number = self._graph.boxes[key], self._number[key]
        y = _HEADING + self._top[key] + _AROUND
        return PlacedBox(box, self._left[number], y, self._widths[number], box_height(box))

    def edges(self) -> list[PlacedEdge]:
        return [PlacedEdge(edge, tuple(self._points(edge))) for edge in self._graph.edges]

    def _points(self, edge: Edge) -> list[tuple[float, float]]:
        if not self._routed.along[edge]:
            # Around the right side of its column, and to the line where no link starts.
            ends = ((self._placed(edge.source), edge), (self._placed(edge.target), replace(edge, kind="public")))
            return [
                (placed.x + placed.width, placed.y + anchor(placed.box, as_if, starts=False)) for placed, as_if in ends
            ]
        points = [point for hop in self._routed.along[edge] for point in self._ends(hop)]
        return points[::-1] if self._routed.leads_back(edge) else points

    def _ends(self, hop: Hop) -> tuple[tuple[float, float], tuple[float, float]]:
        source, target = self._number[hop.source], self._number[hop.target]
        leaves = (self._left[source] + self._widths[source], _HEADING + self._top[hop.source] + hop.leaves)
        arrives = (self._left[target], _HEADING + self._top[hop.target] + hop.arrives)
        return leaves, arrives
