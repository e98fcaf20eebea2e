"""What every load balancer has in common: whether a client can connect, and where its requests continue."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ...networking.ports import ServicePort
from ...stack.view import PeerView
from .answers import Answer, Candidate, Outcome
from .reasons import CLIENT_BLOCKED, HOST_NOT_SERVED, PORT_CLOSED, RouteReason
from .request import Request, is_in_none

__all__ = ["Step", "blocked", "host_not_served", "port_closed"]


@dataclass(frozen=True)
class Step:
    """What a load balancer does with a request."""

    answer: Answer
    peer: Optional[PeerView] = None
    """Where the request continues; None if the load balancer doesn't forward it, or not to one destination."""
    port: Optional[ServicePort] = None
    """The port of the component at which it continues, if the stack creates it."""
    tls_terminated: bool = False
    """Whether TLS terminates at the load balancer."""


def blocked(
    name: str, allowed_sources: Optional[Sequence[Any]], request: Request, candidates: tuple[Candidate, ...] = ()
) -> Optional[Answer]:
    """The result if the load balancer doesn't accept the client; None if it does, or if that isn't known."""
    client = request.client
    if client is None or allowed_sources is None or not is_in_none(client, allowed_sources):
        return None
    reason = RouteReason(CLIENT_BLOCKED, {"client": client, "name": name})
    return Answer(name, Outcome.UNREACHABLE, reason, candidates=candidates)


def port_closed(name: str, request: Request, candidates: tuple[Candidate, ...] = ()) -> Answer:
    """The result if nothing listens on the port."""
    reason = RouteReason(PORT_CLOSED, {"port": request.port, "protocol": request.protocol})
    return Answer(name, Outcome.UNREACHABLE, reason, candidates=candidates)


def host_not_served(name: str, hosts: Sequence[str], candidates: tuple[Candidate, ...] = ()) -> Answer:
    """The result if the DNS records of the load balancer have other names."""
    return Answer(
        name, Outcome.UNREACHABLE, RouteReason(HOST_NOT_SERVED, {"name": name, "hosts": hosts}), candidates=candidates
    )
