"""Every gateway and load balancer of a stack, asked about a request."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Optional

from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.plan import plan_aws_load_balancer
from ...ingress_gateway.gateway_plan import installs
from ...ingress_gateway.matching import host_of, takes_host
from ...stack import StackPlan
from ...stack.views.balancers import targets_of
from ...stack.views.destinations import Destination, destination_of
from ...stack.views.requests import request_of
from ...stack.views.routes import dns_names
from .answers import Answer, Considered, Outcome
from .aws import at_listener, listener_for
from .gateway import at_gateway
from .request import Request, is_outside

__all__ = ["answers_of"]

_GATEWAY_PORTS = (80, 443)


def answers_of(plan: StackPlan, request: Request) -> list[Answer]:
    """What becomes of a request at each way into the stack: those that name its host first, and that take it.

    Which way it goes is what DNS says of the host; a stack knows that in part alone.
    """
    found = [*_gateways(plan, request), *_balancers(plan, request)]
    return sorted(found, key=lambda it: (it.outcome is Outcome.NOTHING, not _names(plan, it.entry, request), it.entry))


def _names(plan: StackPlan, entry: str, request: Request) -> bool:
    """Whether an entry names the request's host."""
    if entry in plan.load_balancer_args:
        return request.host in dns_names(plan.load_balancer_args[entry])
    if entry in plan.aws_load_balancers:
        return request.host in (plan.aws_load_balancers[entry].hosts or {})
    routes = plan.gateway_args[entry].get("routes", [])
    return any(host_of(it) != "" and takes_host(host_of(it), request.host) for it in routes)


def _gateways(plan: StackPlan, request: Request) -> Iterator[Answer]:
    """The gateways that have a way in of their own, or that the cluster has anyway."""
    for name, args in plan.gateway_args.items():
        if "exposure" in args:
            yield _by_front_door(plan, name, args["exposure"], request)
        elif not installs(args) or not _fronted(plan, name):
            answer = _at_ports(plan, name, request)
            by = "the controller that is there" if not installs(args) else "whatever stands in front of it"
            yield replace(answer, enters_by=(f"{name}, {by}, port {request.port}",))


def _fronted(plan: StackPlan, name: str) -> bool:
    targets = [destination_of(plan, args["target"]) for args in plan.load_balancer_args.values()]
    by_platform = any(target.kind == "gateway" and target.name == name for target in targets)
    return by_platform or any(
        destination.kind == "gateway" and destination.name == name
        for aws in plan.aws_load_balancers.values()
        for _, destination in targets_of(plan, aws)
    )


def _by_front_door(plan: StackPlan, name: str, exposure: Mapping[str, Any], request: Request) -> Answer:
    if refused := _kept_out(exposure.get("allowed_sources"), request):
        return Answer(name, (), Outcome.NOTHING, refused)
    answer = _at_ports(plan, name, request)
    return replace(answer, enters_by=(f"{name}, port {request.port}/{request.transport}",))


def _at_ports(plan: StackPlan, name: str, request: Request) -> Answer:
    if request.port not in _GATEWAY_PORTS or not request.http:
        other = f"nothing at {request.port}/{request.transport}" if request.http else f"{request.scheme} is none"
        said = f"a gateway takes HTTP at ports 80 and 443, and {other}"
        return Answer(name, (), Outcome.NOTHING, said)
    if request.secure != (request.port == _GATEWAY_PORTS[1]):
        return Answer(name, (), Outcome.NOTHING, f"port {request.port} does not speak {request.scheme}")
    return at_gateway(plan, name, request)


def _kept_out(allowed: Any, request: Request) -> str:
    """Why a load balancer does not let the client in; empty where it does, or that is not known."""
    if request.client is None or allowed is None or not is_outside(request.client, allowed):
        return ""
    return f"{request.client} is not among the allowed sources, and gets no connection"


def _balancers(plan: StackPlan, request: Request) -> Iterator[Answer]:
    for name, args in plan.load_balancer_args.items():
        yield _of_platform(plan, name, args, request)
    for name, aws in plan.aws_load_balancers.items():
        yield _of_aws(plan, name, aws, request)


def _of_platform(plan: StackPlan, name: str, args: Mapping[str, Any], request: Request) -> Answer:
    destination = destination_of(plan, args["target"])
    names, asked = dns_names(args), request_of(plan, args)
    considered: list[Considered] = []
    chosen: Optional[int] = None
    for port in asked.ports:
        takes = port.number == request.port and port.protocol == request.transport
        why = "the port that is asked" if takes else f"another port is asked: {request.port}/{request.transport}"
        considered.append(
            Considered(f"port {port.number}/{port.protocol}", f"{destination.name}:{port.target}", takes, why)
        )
        chosen = port.target if takes else chosen
    listed = tuple(considered)
    if names and request.host not in names:
        said = f"its names are others: {', '.join(names)}"
        return Answer(name, (), Outcome.NOTHING, said, considered=listed)
    if chosen is None:
        said = f"nothing listens at port {request.port}/{request.transport}"
        return Answer(name, (), Outcome.NOTHING, said, considered=listed)
    if refused := _kept_out(args["exposure"].get("allowed_sources"), request):
        return Answer(name, (), Outcome.NOTHING, refused, considered=listed)
    by = f"{name}, port {request.port}/{request.transport}"
    answer = _going_on(
        plan, name, request, destination, f"{destination.name}:{chosen}", ended="tls" in args["exposure"]
    )
    if destination.kind == "gateway":
        return replace(answer, enters_by=(by, *answer.enters_by))
    certain = "" if names else f", if DNS leads {request.host} to its address"
    said = f"all that comes to port {request.port} goes to {destination.name}, port {chosen} of its pods{certain}"
    return replace(answer, enters_by=(by,), text=said, considered=listed)


def _going_on(
    plan: StackPlan, name: str, request: Request, destination: Destination, leads_to: str, *, ended: bool
) -> Answer:
    if destination.kind != "gateway":
        return Answer(name, (), Outcome.SERVICE, "", leads_to, request.target)
    # Which of its ports it comes to says whether TLS goes on to it.
    at = destination.chosen.number if destination.chosen else request.port
    if not ended and request.secure != (at == _GATEWAY_PORTS[1]):
        said = f"port {at} of gateway {destination.name} does not speak {request.scheme}"
        return Answer(name, (), Outcome.NOTHING, said)
    answer = at_gateway(plan, destination.name, request, ended=ended)
    return replace(answer, entry=name, enters_by=(f"gateway {destination.name}, port {at}",))


def _of_aws(plan: StackPlan, name: str, spec: AwsLoadBalancerSpec, request: Request) -> Answer:
    aws = plan_aws_load_balancer(name, spec)
    listener = listener_for(aws, request)
    if listener is None:
        return Answer(name, (), Outcome.NOTHING, f"nothing listens at port {request.port}/{request.transport}")
    if spec.sources is None and (refused := _kept_out(spec.allowed_sources, request)):
        return Answer(name, (), Outcome.NOTHING, refused)
    if aws.is_application and request.secure != listener.speaks_tls:
        said = f"port {request.port} speaks {listener.protocol.value}, not {request.scheme}"
        return Answer(name, (), Outcome.NOTHING, said)
    if aws.hosts and not aws.is_application and not any(_named(it, request.host) for it in aws.hosts):
        return Answer(name, (), Outcome.NOTHING, f"its names are others: {', '.join(aws.hosts)}")
    answer, destination = at_listener(aws, listener, request, dict(targets_of(plan, spec)))
    by = f"{name}, port {request.port}/{request.transport}"
    if destination is None or destination.kind != "gateway":
        return replace(answer, enters_by=(by,))
    further = _going_on(plan, name, request, destination, "", ended=listener.speaks_tls)
    return replace(further, enters_by=(by, *further.enters_by))


def _named(pattern: str, host: str) -> bool:
    return takes_host(pattern, host)
