"""The vertical positions within columns: few crossings, and close to the neighbors.

Sweeps go back and forth over the columns. Each one orders a column by the mean position of its neighbors in the
previous column (the barycenter method), then places its items as close to that as they fit (least squares).
"""

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Hop", "place"]

_SWEEPS = 12
_SETTLING = 6
_ONE_SCREEN = 1200


@dataclass(frozen=True)
class Hop:
    """The part of an edge between two adjacent columns."""

    source: str
    """The item in the left column."""
    target: str
    """The item in the right column."""
    leaves: float
    """The distance from the top of the source to the start."""
    arrives: float
    """The distance from the top of the target to the end."""


class _Placement:
    def __init__(self, columns: Sequence[Sequence[str]], heights: Mapping[str, float], hops: Sequence[Hop]) -> None:
        self.columns = [list(column) for column in columns]
        self.heights = heights
        self.top: dict[str, float] = {}
        self._before: dict[str, list[tuple[str, float]]] = {key: [] for key in heights}
        self._after: dict[str, list[tuple[str, float]]] = {key: [] for key in heights}
        number = {key: index for index, column in enumerate(columns) for key in column}
        self._gaps: list[list[Hop]] = [[] for _ in columns]
        for hop in hops:
            self._before[hop.target].append((hop.source, hop.leaves - hop.arrives))
            self._after[hop.source].append((hop.target, hop.arrives - hop.leaves))
            self._gaps[number[hop.source]].append(hop)
        for column in self.columns:
            self._stack(column, dict.fromkeys(column, 0.0))

    def sweep(self, to_the_right: bool, reorder: bool) -> None:
        columns = self.columns if to_the_right else self.columns[::-1]
        neighbours = self._before if to_the_right else self._after
        for column in columns:
            ideal = {key: self._ideal(key, neighbours[key]) for key in column}
            if reorder:
                column.sort(key=lambda key: ideal[key])
            self._stack(column, ideal)

    def _ideal(self, key: str, neighbors: Sequence[tuple[str, float]]) -> float:
        if not neighbors:
            return self.top[key]
        return sum(self.top[other] + shift for other, shift in neighbors) / len(neighbors)

    def _stack(self, column: Sequence[str], ideal: Mapping[str, float]) -> None:
        """Place the column's items, in this order, as close to their ideal positions as they fit."""
        # Items that touch each other move as one block, to the mean of their ideal positions.
        blocks: list[tuple[float, int]] = []
        above: list[float] = []
        depth = 0.0
        for key in column:
            above.append(depth)
            total, size = ideal[key] - depth, 1
            while blocks and blocks[-1][0] / blocks[-1][1] > total / size:
                before, members = blocks.pop()
                total, size = total + before, size + members
            blocks.append((total, size))
            depth += self.heights[key]
        starts = [total / size for total, size in blocks for _ in range(size)]
        for key, start, down in zip(column, starts, above, strict=True):
            self.top[key] = start + down

    def crossings(self) -> int:
        found = 0
        for hops in self._gaps:
            ends = sorted((self.top[hop.source] + hop.leaves, self.top[hop.target] + hop.arrives) for hop in hops)
            passed: list[float] = []
            for _, end in ends:
                found += len(passed) - bisect_right(passed, end)
                insort(passed, end)
        return found


def place(columns: Sequence[Sequence[str]], heights: Mapping[str, float], hops: Sequence[Hop]) -> dict[str, float]:
    """The top of each item. The highest is 0.

    `heights` are the heights of the items, with the space around them.
    """
    placement = _Placement(columns, heights, hops)
    fewest, best = placement.crossings(), [list(column) for column in placement.columns]
    for sweep in range(_SWEEPS):
        placement.sweep(to_the_right=sweep % 2 == 0, reorder=True)
        if (crossings := placement.crossings()) < fewest:
            fewest, best = crossings, [list(column) for column in placement.columns]
    placement.columns = best
    for sweep in range(_SETTLING):
        placement.sweep(to_the_right=sweep % 2 == 1, reorder=False)
    tops = _without_gaps(placement.top, heights)
    lowest = max((tops[key] + heights[key] for key in tops), default=0)
    # If a picture is higher than a screen, its top must show the sources of requests.
    return _raised(columns, tops, heights) if lowest > _ONE_SCREEN else tops


def _without_gaps(tops: Mapping[str, float], heights: Mapping[str, float]) -> dict[str, float]:
    """The positions without empty horizontal bands, which appear between parts that aren't connected."""
    moved: dict[str, float] = {}
    lowest = empty = min(tops.values(), default=0.0)
    for key, top in sorted(tops.items(), key=lambda item: item[1]):
        empty += max(0.0, top - lowest)
        moved[key] = top - empty
        lowest = max(lowest, top + heights[key])
    return moved


def _raised(
    columns: Sequence[Sequence[str]], tops: Mapping[str, float], heights: Mapping[str, float]
) -> dict[str, float]:
    """The positions with every column moved to the top."""
    raised: dict[str, float] = {}
    for column in columns:
        highest = min(tops[key] for key in column)
        raised |= {key: tops[key] - highest for key in column}
    return _without_gaps(raised, heights)
