"""The edges, cut at the columns that they pass."""

from collections.abc import Iterable, Sequence

from .boxes import anchor
from .graph import Edge, Graph
from .placement import Hop

__all__ = ["THREAD", "Threads"]

THREAD = 12
"""The height of the place that an edge has in a column that it passes."""


class Threads:
    """The edges as hops from column to column; where one passes a column, a thread keeps its place there."""

    def __init__(self, graph: Graph, columns: Sequence[Sequence[str]], around: float) -> None:
        self.columns = [list(it) for it in columns]
        """What stands in each column: boxes, and then threads."""
        self.hops: dict[Hop, None] = {}
        """Every hop once: edges may share some."""
        self.along: dict[Edge, list[Hop]] = {}
        """The hops of each edge, from left to right. An edge within a column has none."""
        self._graph = graph
        self._around = around
        self._column = {key: number for number, column in enumerate(columns) for key in column}
        for edge in graph.edges:
            self.along[edge] = list(self._follow(edge))
            self.hops.update(dict.fromkeys(self.along[edge]))

    def leads_back(self, edge: Edge) -> bool:
        """Whether the edge leads from right to left."""
        return self._column[edge.source] > self._column[edge.target]

    def _follow(self, edge: Edge) -> Iterable[Hop]:
        if self._column[edge.source] == self._column[edge.target]:
            return
        left, right = (edge.target, edge.source) if self.leads_back(edge) else (edge.source, edge.target)
        begin, end = (anchor(self._graph.boxes[key], edge, key == edge.source) + self._around for key in (left, right))
        # Links from one box share a thread until they part; requests, where they lead to one box.
        shared = left if edge.kind == "link" else f"{left} {right}"
        at, leaves = left, begin
        for number in range(self._column[left] + 1, self._column[right]):
            thread = f"thread {number} {edge.kind} {shared}"
            if thread not in self.columns[number]:
                self.columns[number].append(thread)
            yield Hop(at, thread, leaves, THREAD / 2)
            at, leaves = thread, THREAD / 2
        yield Hop(at, right, leaves, end)
