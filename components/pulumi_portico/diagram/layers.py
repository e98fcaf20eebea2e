"""Which column of the picture each box stands in, so that requests and links lead to the right."""

from collections.abc import Iterable, Mapping

from .graph import Box, Graph

__all__ = ["layers_of"]

# The least column of each kind.
_LEAST = {"source": 0, "balancer": 1, "gateway": 2, "service": 3, "elsewhere": 3}


def layers_of(graph: Graph) -> list[list[str]]:
    """The keys of the boxes that an edge touches, column by column; none is empty."""
    keys = [key for key, joined in graph.neighbours().items() if joined]
    forward = _forward(graph, keys)
    reached = {key for targets in forward.values() for key in targets}
    column = {key: _least(graph.boxes[key]) for key in keys}
    # Who talks to services, and is reached by nobody, stands beside the gateways, which lead to services as well.
    callers = [key for key in keys if key not in reached and graph.boxes[key].kind in ("service", "elsewhere")]
    column |= dict.fromkeys(callers, _LEAST["gateway"])
    for key in _in_order(keys, forward):
        for after in forward[key]:
            column[after] = max(column[after], column[key] + 1)
    for key in callers:
        if forward[key]:
            column[key] = max(column[key], min(column[it] for it in forward[key]) - 1)
    columns = (_column(keys, column, number) for number in range(max(column.values(), default=-1) + 1))
    return [keys for keys in columns if keys]


def _column(keys: Iterable[str], column: Mapping[str, int], number: int) -> list[str]:
    return [key for key in keys if column[key] == number]


def _least(box: Box) -> int:
    return _LEAST[box.kind]


def _forward(graph: Graph, keys: Iterable[str]) -> dict[str, list[str]]:
    """What stands to the right of each box; an edge that would close a circle is turned around."""
    after: dict[str, list[str]] = {key: [] for key in keys}
    # Services that receive requests share a column, whatever links there are between them.
    requests = (edge for edge in graph.edges if edge.kind != "link")
    entered = {edge.target for edge in requests if graph.boxes[edge.target].kind == "service"}
    for edge in graph.edges:
        if edge.source != edge.target and not {edge.source, edge.target} <= entered:
            back = _least(graph.boxes[edge.target]) < _least(graph.boxes[edge.source])
            source, target = (edge.target, edge.source) if back else (edge.source, edge.target)
            if target not in after[source]:
                after[source].append(target)
    turned = _closing(after)
    for source, target in turned:
        after[source].remove(target)
    for source, target in turned:
        if source not in after[target]:
            after[target].append(source)
    return after


def _closing(after: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """The edges that lead back to where a walk came from, the walks beginning where requests come in."""
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
