"""The way of each edge through the columns between its boxes."""

from collections.abc import Iterable, Sequence

from .boxes import anchor
from .graph import Edge, Graph
from .placement import Hop

__all__ = ["LANE", "RoutedEdges"]

LANE = 12
"""The height of the space that a column keeps for an edge that passes through it."""


class RoutedEdges:
    """The edges as hops from column to column. A lane keeps the space of an edge in a column that it passes through."""

    def __init__(self, graph: Graph, columns: Sequence[Sequence[str]], around: float) -> None:
        self.columns = [list(column) for column in columns]
        """The keys in each column: boxes, then lanes."""
        self.hops: dict[Hop, None] = {}
        """Every hop, once. Edges can share hops."""
        self.along: dict[Edge, list[Hop]] = {}
        """The hops of each edge, from left to right. An edge within a column has none."""
        self._graph = graph
        self._around = around
        self._column = {key: number for number, column in enumerate(columns) for key in column}
        for edge in graph.edges:
            self.along[edge] = list(self._follow(edge))
            self.hops.update(dict.fromkeys(self.along[edge]))

    def leads_back(self, edge: Edge) -> bool:
        """Whether the edge goes from right to left."""
        return self._column[edge.source] > self._column[edge.target]

    def _follow(self, edge: Edge) -> Iterable[Hop]:
        if self._column[edge.source] == self._column[edge.target]:
            return
        left, right = (edge.target, edge.source) if self.leads_back(edge) else (edge.source, edge.target)
        start, end = (anchor(self._graph.boxes[key], edge, key == edge.source) + self._around for key in (left, right))
        # Links from one box share lanes. Requests share them only if they also go to the same box.
        shared = left if edge.kind == "link" else f"{left} {right}"
        at, leaves = left, start
        for number in range(self._column[left] + 1, self._column[right]):
            lane = f"lane {number} {edge.kind} {shared}"
            if lane not in self.columns[number]:
                self.columns[number].append(lane)
            yield Hop(at, lane, leaves, LANE / 2)
            at, leaves = lane, LANE / 2
        yield Hop(at, right, leaves, end)
