"""Where in its column each thing stands: with few crossings, and as near as can be to what it is joined with.

The columns are swept back and forth. Each sweep orders a column by the mean height of the neighbours in the column
before (the barycenter method), then puts its things there as exactly as they fit, least squares.
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
    """A piece of an edge, from a column to the next one."""

    source: str
    """What it begins at, in the column on the left."""
    target: str
    """What it ends at, in the column on the right."""
    leaves: float
    """How far below the top of its source it begins."""
    arrives: float
    """How far below the top of its target it ends."""


class _Placement:
    def __init__(self, columns: Sequence[Sequence[str]], heights: Mapping[str, float], hops: Sequence[Hop]) -> None:
        self.columns = [list(it) for it in columns]
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
            wanted = {key: self._wanted(key, neighbours[key]) for key in column}
            if reorder:
                # By the middle: what is high begins above what it is joined with.
                column.sort(key=lambda key: wanted[key])
            self._stack(column, wanted)

    def _wanted(self, key: str, joined: Sequence[tuple[str, float]]) -> float:
        if not joined:
            return self.top[key]
        return sum(self.top[other] + shift for other, shift in joined) / len(joined)

    def _stack(self, column: Sequence[str], wanted: Mapping[str, float]) -> None:
        """Put the column's things, in this order, as near as they fit to where they are wanted."""
        # Things that press on each other move as one block, to the mean of what its members want.
        blocks: list[tuple[float, int]] = []
        above: list[float] = []
        depth = 0.0
        for key in column:
            above.append(depth)
            total, size = wanted[key] - depth, 1
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
            ends = sorted((self.top[it.source] + it.leaves, self.top[it.target] + it.arrives) for it in hops)
            passed: list[float] = []
            for _, end in ends:
                found += len(passed) - bisect_right(passed, end)
                insort(passed, end)
        return found


def place(columns: Sequence[Sequence[str]], heights: Mapping[str, float], hops: Sequence[Hop]) -> dict[str, float]:
    """How far down the top of each thing is; the highest is at 0.

    `heights` holds each thing's height, with the room that it wants around it.
    """
    placement = _Placement(columns, heights, hops)
    fewest, best = placement.crossings(), [list(it) for it in placement.columns]
    for sweep in range(_SWEEPS):
        placement.sweep(to_the_right=sweep % 2 == 0, reorder=True)
        if (crossings := placement.crossings()) < fewest:
            fewest, best = crossings, [list(it) for it in placement.columns]
    placement.columns = best
    for sweep in range(_SETTLING):
        placement.sweep(to_the_right=sweep % 2 == 1, reorder=False)
    tops = _drawn_together(placement.top, heights)
    lowest = max((tops[key] + heights[key] for key in tops), default=0)
    # Who sees only the top of a picture sees where requests come in, rather than the first of many services.
    return _raised(columns, tops, heights) if lowest > _ONE_SCREEN else tops


def _drawn_together(tops: Mapping[str, float], heights: Mapping[str, float]) -> dict[str, float]:
    """The same, without the bands from side to side in which nothing stands: what is not joined may drift apart."""
    moved: dict[str, float] = {}
    lowest = empty = min(tops.values(), default=0.0)
    for key, top in sorted(tops.items(), key=lambda it: it[1]):
        empty += max(0.0, top - lowest)
        moved[key] = top - empty
        lowest = max(lowest, top + heights[key])
    return moved


def _raised(
    columns: Sequence[Sequence[str]], tops: Mapping[str, float], heights: Mapping[str, float]
) -> dict[str, float]:
    """The same, with the top of every column at the top."""
    raised: dict[str, float] = {}
    for column in columns:
        highest = min(tops[key] for key in column)
        raised |= {key: tops[key] - highest for key in column}
    return _drawn_together(raised, heights)
