"""The content of a picture: boxes with lines of text, and the edges between them."""

from dataclasses import dataclass, field
from typing import Literal, Optional

__all__ = ["Box", "BoxKind", "Edge", "EdgeKind", "Graph", "Line"]

BoxKind = Literal["source", "balancer", "gateway", "service", "elsewhere", "objects"]
EdgeKind = Literal["public", "internal", "link"]


@dataclass(frozen=True)
class Line:
    """One line of text in a box."""

    style: str
    """A key of `widths.STYLES`."""
    text: str
    """The text at the left."""
    right: str = ""
    """The text at the right, in the style `port`."""
    hint: str = ""
    """The tooltip, in addition to the text itself."""
    lock: bool = False
    """Whether it has the sign that TLS terminates there."""


@dataclass(frozen=True)
class Box:
    """One box: a component of the stack, the sources of a load balancer, or something outside the stack."""

    key: str
    """Identifies it. Nothing reads its parts."""
    kind: BoxKind
    lines: tuple[Line, ...]
    """The name first."""
    public: bool = False
    """Whether it's reachable from the internet."""

    @property
    def name(self) -> str:
        """The name that the box shows."""
        return self.lines[0].text


@dataclass(frozen=True)
class Edge:
    """One edge, in either direction."""

    source: str
    """The key of the box where it starts."""
    target: str
    """The key of the box where it ends."""
    kind: EdgeKind
    """Requests from the internet, requests from the private network, or an allowed connection."""
    line: Optional[int] = None
    """The line of the box where it starts: that of a route. None for the box as a whole."""
    hint: str = ""
    """The tooltip."""


@dataclass
class Graph:
    """The boxes and the edges of a picture."""

    boxes: dict[str, Box] = field(default_factory=dict[str, Box])
    edges: list[Edge] = field(default_factory=list[Edge])

    def add(self, box: Box) -> str:
        """Add a box, once, and return its key."""
        self.boxes.setdefault(box.key, box)
        return box.key

    def connect(self, edge: Edge) -> None:
        """Add an edge, once."""
        if edge not in self.edges:
            self.edges.append(edge)

    def neighbours(self) -> dict[str, list[str]]:
        """The keys of the boxes that edges connect to each box, by its own key."""
        connected: dict[str, dict[str, None]] = {key: {} for key in self.boxes}
        for edge in self.edges:
            connected[edge.source][edge.target] = connected[edge.target][edge.source] = None
        return {key: list(others) for key, others in connected.items()}
