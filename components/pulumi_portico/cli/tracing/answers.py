"""What becomes of a request."""

from dataclasses import dataclass
from enum import Enum

__all__ = ["Answer", "Considered", "Outcome"]


class Outcome(str, Enum):
    """What becomes of a request at the end."""

    SERVICE = "service"
    """A service answers."""

    REDIRECT = "redirect"
    """The client is sent elsewhere."""

    ANSWER = "answer"
    """The gateway or load balancer answers by itself."""

    NOTHING = "nothing"
    """It is not taken at all."""


@dataclass(frozen=True)
class Considered:
    """A route or port that a request was held against."""

    what: str
    """What it takes: host, path and how the path is compared; or a port."""
    leads_to: str
    """What it leads to."""
    takes: bool
    """Whether it takes the request."""
    why: str
    """Why it takes the request, or why not."""


@dataclass(frozen=True)
class Answer:
    """What becomes of a request at one gateway or load balancer."""

    entry: str
    """The gateway or load balancer, by its name in the stack."""
    enters_by: tuple[str, ...]
    """The way to it: each load balancer with the port that takes the request, the outermost first."""
    outcome: Outcome
    text: str
    """The same in a sentence."""
    leads_to: str = ""
    """The service that answers, by its name in the stack, with its port; empty where none does."""
    path: str = ""
    """The path and the query as the service gets them."""
    status: int = 0
    """The status that is answered; 0 where a service decides."""
    location: str = ""
    """Where the client is sent."""
    considered: tuple[Considered, ...] = ()
    """Every route of it, the one that takes the request first."""
