"""The column of each box, so that requests and links go from left to right."""

from collections.abc import Iterable, Mapping

from .graph import Box, Graph

__all__ = ["layers_of"]

# The first column of each kind.
_FIRST = {"source": 0, "balancer": 1, "gateway": 2, "service": 3, "elsewhere": 3, "objects": 3}


def layers_of(graph: Graph) -> list[list[str]]:
    """The keys of the boxes with edges, by column. No column is empty."""
    keys = [key for key, others in graph.neighbours().items() if others]
    forward = _forward(graph, keys)
    reached = {key for targets in forward.values() for key in targets}
    column = {key: _first(graph.boxes[key]) for key in keys}
    # What only connects to services is in the column of the gateways, which also send requests to services.
    callers = [key for key in keys if key not in reached and graph.boxes[key].kind in ("service", "elsewhere")]
    column |= dict.fromkeys(callers, _FIRST["gateway"])
    for key in _in_order(keys, forward):
        for after in forward[key]:
            column[after] = max(column[after], column[key] + 1)
    for key in callers:
        if forward[key]:
            column[key] = max(column[key], min(column[after] for after in forward[key]) - 1)
    columns = (_column(keys, column, number) for number in range(max(column.values(), default=-1) + 1))
    return [keys for keys in columns if keys]


def _column(keys: Iterable[str], column: Mapping[str, int], number: int) -> list[str]:
    return [key for key in keys if column[key] == number]


def _first(box: Box) -> int:
    return _FIRST[box.kind]


def _forward(graph: Graph, keys: Iterable[str]) -> dict[str, list[str]]:
    """The boxes to the right of each box. An edge that would close a cycle is reversed."""
    after: dict[str, list[str]] = {key: [] for key in keys}
    # Services that receive requests share a column, whatever links there are between them.
    requests = (edge for edge in graph.edges if edge.kind != "link")
    entered = {edge.target for edge in requests if graph.boxes[edge.target].kind == "service"}
    for edge in graph.edges:
        if edge.source != edge.target and not {edge.source, edge.target} <= entered:
            back = _first(graph.boxes[edge.target]) < _first(graph.boxes[edge.source])
            source, target = (edge.target, edge.source) if back else (edge.source, edge.target)
            if target not in after[source]:
                after[source].append(target)
    reversed_edges = _closing(after)
    for source, target in reversed_edges:
        after[source].remove(target)
    for source, target in reversed_edges:
        if source not in after[target]:
            after[target].append(source)
    return after


def _closing(after: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """The edges that close a cycle, in a walk that starts at the sources of requests."""
    closing: list[tuple[str, str]] = []
    done: set[str] = set()
    for start in after:
        path: dict[str, list[str]] = {} if start in done else {start: list(after[start])}
        while path:
            here, left = next(reversed(path.items()))
            if not left:
                done.add(here)
                del path[here]
                continue
            to = left.pop(0)
            if to in path:
                closing.append((here, to))
            elif to not in done:
                path[to] = list(after[to])
    return closing


def _in_order(keys: Iterable[str], forward: Mapping[str, list[str]]) -> list[str]:
    waiting = dict.fromkeys(keys, 0)
    for targets in forward.values():
        for key in targets:
            waiting[key] += 1
    ready = [key for key, number in waiting.items() if not number]
    for key in ready:
        for after in forward[key]:
            waiting[after] -= 1
            if not waiting[after]:
                ready.append(after)
    return ready
