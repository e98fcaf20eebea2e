"""The entries of a stack: every gateway and load balancer that clients can connect to."""

from collections.abc import Iterator
from dataclasses import replace

from ...ingress_gateway.gateway_plan import PORTS, GatewayPlan
from ...stack import StackPlan
from ...stack.dns_names import leads_to
from ...stack.view import PeerKind, PeerView
from ...stack.views.peers import peer_of
from ...stack.views.routes import dns_names
from .answers import Answer, Hop, HopKind, Outcome
from .aws import at_aws_load_balancer
from .connections import Step, blocked, port_closed
from .gateway import at_gateway
from .load_balancers import at_load_balancer
from .reasons import NOT_HTTP, OTHER_SCHEME, RouteReason
from .request import Request

__all__ = ["answers_of"]

_PORTS = {port.number: port.name for port in PORTS}
"""The scheme that a gateway serves on each port."""


def answers_of(stack: StackPlan, request: Request) -> list[Answer]:
    """The result of a request at each entry: first the entries that serve it, and of those the ones that name its host.

    DNS decides which entry a client connects to, and a stack doesn't know all of DNS.
    """
    found = [*_at_gateways(stack, request)]
    found += [_continued(stack, at_load_balancer(stack, name, request), request) for name in stack.load_balancers]
    found += [
        _continued(stack, at_aws_load_balancer(stack, name, request), request) for name in stack.aws_load_balancers
    ]

    def order(answer: Answer) -> tuple[bool, bool, str]:
        return answer.outcome is Outcome.UNREACHABLE, not _names_host(stack, answer.entry, request), answer.entry

    return sorted(found, key=order)


def _names_host(stack: StackPlan, entry: str, request: Request) -> bool:
    """Whether an entry names the request's host."""
    if entry in stack.load_balancers:
        return leads_to(dns_names(stack.load_balancers[entry].exposure), request.host)
    if entry in stack.aws_load_balancers:
        return request.host in (stack.aws_load_balancers[entry].hosts or {})
    gateway = stack.gateway_plans[entry]
    exposure = gateway.spec.exposure
    if exposure is not None and leads_to(dns_names(exposure), request.host):
        return True
    return bool(gateway.routes.table.deciding_host(request.url_host))


def _at_gateways(stack: StackPlan, request: Request) -> Iterator[Answer]:
    """The gateways that clients can connect to without a load balancer that is another component of the stack."""
    for name, gateway in stack.gateway_plans.items():
        exposure = gateway.spec.exposure
        if exposure is not None:
            stopped = blocked(name, exposure.allowed_sources, request)
            yield stopped or _at_ports(stack, gateway, HopKind.FRONT_DOOR, request)
        elif gateway.installation is None:
            yield _at_ports(stack, gateway, HopKind.EXISTING_CONTROLLER, request)
        elif not _is_behind(stack, name):
            yield _at_ports(stack, gateway, HopKind.UPSTREAM, request)


def _is_behind(stack: StackPlan, gateway: str) -> bool:
    """Whether a load balancer of the stack leads to a gateway."""
    targets = [spec.target for spec in stack.load_balancers.values()]
    for spec in stack.aws_load_balancers.values():
        targets += [target.target for target in spec.targets.values() if target.target is not None]
    return any(peer_of(stack, target) == PeerView(PeerKind.GATEWAY, gateway) for target in targets)


def _at_ports(stack: StackPlan, gateway: GatewayPlan, kind: HopKind, request: Request) -> Answer:
    """The result at a gateway whose ports clients connect to."""
    name = gateway.name
    if not request.is_http:
        return Answer(name, Outcome.UNREACHABLE, RouteReason(NOT_HTTP, {"scheme": request.scheme}))
    if request.port not in _PORTS:
        return port_closed(name, request)
    serves = _serves(request.port, request)
    answer = at_gateway(stack, name, request) if serves else _other_scheme(name, request.port, request)
    return replace(answer, hops=(Hop(kind, name, request.port, request.protocol),))


def _serves(port: int, request: Request) -> bool:
    return request.is_secure == (_PORTS.get(port) == "https")


def _other_scheme(gateway: str, port: int, request: Request) -> Answer:
    params = {"port": port, "name": gateway, "serves": _PORTS.get(port, "http"), "scheme": request.scheme}
    return Answer(gateway, Outcome.UNREACHABLE, RouteReason(OTHER_SCHEME, params))


def _continued(stack: StackPlan, step: Step, request: Request) -> Answer:
    """The result behind a load balancer: that of the gateway that it leads to, if it leads to one."""
    peer = step.peer
    if peer is None or peer.kind is not PeerKind.GATEWAY:
        return step.answer
    port = request.port if step.port is None else step.port.number
    hops = (*step.answer.hops, Hop(HopKind.GATEWAY, peer.name, port))
    answer = _behind(stack, peer.name, port, request, tls_terminated=step.tls_terminated)
    return replace(answer, entry=step.answer.entry, hops=hops)


def _behind(stack: StackPlan, gateway: str, port: int, request: Request, *, tls_terminated: bool) -> Answer:
    # The gateway's port determines whether it terminates TLS.
    if not tls_terminated and not _serves(port, request):
        return _other_scheme(gateway, port, request)
    return at_gateway(stack, gateway, request, tls_terminated=tls_terminated)
