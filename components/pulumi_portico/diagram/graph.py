"""What a picture is of: boxes with lines of text, and the edges between them."""

from dataclasses import dataclass, field
from typing import Literal, Optional

__all__ = ["Box", "BoxKind", "Edge", "EdgeKind", "Graph", "Line"]

BoxKind = Literal["source", "balancer", "gateway", "service", "elsewhere"]
EdgeKind = Literal["public", "internal", "link"]


@dataclass(frozen=True)
class Line:
    """One line of text in a box."""

    style: str
    """How it is set: a key of `widths.STYLES`."""
    text: str
    """What stands at the left."""
    right: str = ""
    """What stands at the right, set as `port`."""
    hint: str = ""
    """What is said when one points at it, beyond the text itself."""
    lock: bool = False
    """Whether TLS ends there."""


@dataclass(frozen=True)
class Box:
    """One box: who connects, a load balancer, a gateway, a service, or what is not of the stack."""

    key: str
    """What it is, and its name: `service:api`."""
    kind: BoxKind
    lines: tuple[Line, ...]
    """The name first."""
    public: bool = False
    """Whether requests from the internet reach it."""

    @property
    def name(self) -> str:
        """Its name, as it is written in it."""
        return self.lines[0].text


@dataclass(frozen=True)
class Edge:
    """One edge, from left to right or back."""

    source: str
    """The key of the box that it begins at."""
    target: str
    """The key of the box that it ends at."""
    kind: EdgeKind
    """A way of requests from the internet, or from within, or a link between services."""
    line: Optional[int] = None
    """The line of the box that it begins at: a route's. None for the box as a whole."""
    hint: str = ""
    """What is said when one points at it."""


@dataclass
class Graph:
    """All of a picture."""

    boxes: dict[str, Box] = field(default_factory=dict[str, Box])
    edges: list[Edge] = field(default_factory=list[Edge])

    def add(self, box: Box) -> str:
        """Add a box, and answer its key."""
        self.boxes.setdefault(box.key, box)
        return box.key

    def connect(self, edge: Edge) -> None:
        """Add an edge, once."""
        if edge not in self.edges:
            self.edges.append(edge)

    def neighbours(self) -> dict[str, list[str]]:
        """The keys of the boxes that each box is joined with by an edge, by its own key."""
        joined: dict[str, dict[str, None]] = {key: {} for key in self.boxes}
        for edge in self.edges:
            joined[edge.source][edge.target] = joined[edge.target][edge.source] = None
        return {key: list(others) for key, others in joined.items()}
