"""What a PublicLoadBalancer does with a request, which depends only on the port."""

from typing import Optional

from ...networking.ports import ServicePort
from ...public_load_balancer.plan import request_of
from ...stack import StackPlan
from ...stack.dns_names import leads_to
from ...stack.view import ActionView, BackendView, PeerView
from ...stack.view_text import backend_text
from ...stack.views.peers import peer_of, service_port
from ...stack.views.routes import dns_names
from .answers import Answer, Candidate, Hop, HopKind, Outcome
from .connections import Step, blocked, host_not_served, port_closed
from .reasons import OTHER_PORT, PORT_FORWARDED, PORT_MATCHES, REQUIRES_DNS, RouteReason
from .request import Request

__all__ = ["at_load_balancer"]


def at_load_balancer(stack: StackPlan, name: str, request: Request) -> Step:
    """What a load balancer does with a request."""
    spec = stack.load_balancers[name]
    names, peer = dns_names(spec.exposure), peer_of(stack, spec.target)
    ports = request_of(spec).ports
    chosen = next((port for port in ports if _is_for(port, request)), None)
    candidates = tuple(_candidate(port, peer, request) for port in ports)
    if names and not leads_to(names, request.host):
        return Step(host_not_served(name, names, candidates))
    if chosen is None:
        return Step(port_closed(name, request, candidates))
    if stopped := blocked(name, spec.exposure.allowed_sources, request, candidates):
        return Step(stopped)
    answer = _forwarded(
        name, BackendView(peer, chosen.target), request, known_by_dns=bool(names), candidates=candidates
    )
    return Step(answer, peer, service_port(stack, spec.target), tls_terminated=spec.exposure.tls is not None)


def _is_for(port: ServicePort, request: Request) -> bool:
    return port.number == request.port and port.protocol == request.protocol


def _candidate(port: ServicePort, peer: PeerView, request: Request) -> Candidate:
    matches = _is_for(port, request)
    reason = RouteReason(PORT_MATCHES)
    if not matches:
        reason = RouteReason(OTHER_PORT, {"port": request.port, "protocol": request.protocol})
    action = ActionView((BackendView(peer, port.target),))
    return Candidate(f"port {port.number}/{port.protocol}", action, matches, reason)


def _forwarded(
    name: str,
    backend: BackendView,
    request: Request,
    *,
    known_by_dns: bool,
    candidates: tuple[Candidate, ...],
) -> Answer:
    requirement: Optional[RouteReason] = None if known_by_dns else RouteReason(REQUIRES_DNS, {"host": request.host})
    return Answer(
        name,
        Outcome.SERVICE,
        RouteReason(
            PORT_FORWARDED, {"backend": backend_text(backend), "kind": backend.peer.kind, "port": request.port}
        ),
        hops=(Hop(HopKind.LOAD_BALANCER, name, request.port, request.protocol),),
        notes=() if requirement is None else (requirement,),
        backends=(backend,),
        path=request.target,
        candidates=candidates,
    )
