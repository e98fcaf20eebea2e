"""The result of a request at each entry of a stack, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from ...stack.view import ActionView, BackendView
from ...stack.view_text import action_text, backends_text
from ...untyped import Data
from ..view_data import view_data
from .reasons import FIXED_RESPONSE, RouteReason

__all__ = ["Answer", "Candidate", "Hop", "HopKind", "Outcome"]


class Outcome(str, Enum):
    """How a request ends."""

    SERVICE = "service"
    """A service receives it."""

    REDIRECT = "redirect"
    """The client is redirected."""

    RESPONSE = "response"
    """The gateway or the load balancer responds itself."""

    UNREACHABLE = "unreachable"
    """The client can't connect, or gets no response that it accepts."""


class HopKind(str, Enum):
    """What forwards a request on its way through the stack."""

    LOAD_BALANCER = "load-balancer"
    """A load balancer."""

    GATEWAY = "gateway"
    """A gateway behind a load balancer of the stack."""

    FRONT_DOOR = "front-door"
    """A gateway, through its own load balancer."""

    UPSTREAM = "upstream"
    """A gateway, through something in front of it that the stack doesn't create."""

    EXISTING_CONTROLLER = "existing-controller"
    """A controller that the stack doesn't install."""


_HOPS: Mapping[HopKind, str] = {
    HopKind.LOAD_BALANCER: "{name}, port {port}/{protocol}",
    HopKind.GATEWAY: "gateway {name}, port {port}",
    HopKind.FRONT_DOOR: "{name}, port {port}/{protocol}",
    HopKind.UPSTREAM: "{name}, through its upstream, port {port}",
    HopKind.EXISTING_CONTROLLER: "{name}, the existing controller, port {port}",
}


@dataclass(frozen=True)
class Hop:
    """One step of a request's way through the stack."""

    kind: HopKind
    name: str
    """The name of the gateway or the load balancer in the stack."""
    port: int
    protocol: str = "TCP"

    @property
    def text(self) -> str:
        """The step in words."""
        return _HOPS[self.kind].format(name=self.name, port=self.port, protocol=self.protocol)

    def as_data(self) -> Data:
        """The step for programs."""
        return {"kind": self.kind.value, "name": self.name, "port": self.port, "protocol": self.protocol}


@dataclass(frozen=True)
class Candidate:
    """A route, a rule, or a port that could have received the request."""

    match: str
    """What it matches: host, path, path type, and conditions; or a port."""
    action: ActionView
    """What happens to its requests."""
    matches: bool
    """Whether the request goes to it."""
    reason: RouteReason
    """Why, or why not."""

    @property
    def leads_to(self) -> str:
        """What happens to its requests, in words."""
        return action_text(self.action)

    def as_data(self) -> Data:
        """The candidate for programs."""
        action = view_data(self.action)
        found = {"match": self.match, "leads_to": self.leads_to, "action": action, "matches": self.matches}
        return {**found, **self.reason.as_data()}


@dataclass(frozen=True)
class Answer:
    """The result of a request at one entry: a gateway or a load balancer that clients can connect to."""

    entry: str
    """The name of the gateway or the load balancer in the stack."""
    outcome: Outcome
    reason: RouteReason
    hops: tuple[Hop, ...] = ()
    """The way through the stack, the load balancer that the client connects to first; empty if it can't connect."""
    notes: tuple[RouteReason, ...] = ()
    """What else holds, such as what the route requires of clients."""
    backends: tuple[BackendView, ...] = ()
    """What receives the request: one backend, or one of several by weight; empty if none does."""
    path: str = ""
    """The path and the query that the service receives."""
    status: int = 0
    """The status of the response; 0 if a service decides."""
    location: str = ""
    """Where the client is redirected to."""
    candidates: tuple[Candidate, ...] = ()
    """Every route of the entry, the one that matches first."""

    @property
    def is_served(self) -> bool:
        """Whether a service receives the request, or the stack sets what happens: a redirect, or a response."""
        if self.outcome is Outcome.RESPONSE:
            return self.reason.code is FIXED_RESPONSE
        return self.outcome is not Outcome.UNREACHABLE

    @property
    def leads_to(self) -> str:
        """What receives the request, by its name in the stack, with its port; empty if nothing does."""
        return backends_text(self.backends)

    @property
    def text(self) -> str:
        """The result in words."""
        return " ".join(reason.text for reason in (self.reason, *self.notes))

    def as_data(self) -> Data:
        """The result for programs."""
        return {
            "entry": self.entry,
            "hops": [hop.as_data() for hop in self.hops],
            "outcome": self.outcome.value,
            "served": self.is_served,
            **self.reason.as_data(),
            "notes": [note.as_data() for note in self.notes],
            "leads_to": self.leads_to,
            "backends": view_data(self.backends),
            "path": self.path,
            "status": self.status,
            "location": self.location,
            "candidates": [candidate.as_data() for candidate in self.candidates],
        }
