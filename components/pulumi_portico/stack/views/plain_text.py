"""What goes over the internet without TLS."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.choices import AwsListenerProtocol
from ...aws_load_balancer.listener import AwsListenerSpec
from ...aws_load_balancer.plan import plan_aws_load_balancer
from ...ingress_gateway.compilation import entry_of
from ...load_balancers import Scope
from ...networking.target import Protocol
from ...public_load_balancer.common import tls_ports
from ..plan import StackPlan
from ..view import BalancerView
from .balancers import ends_tls_itself, targets_of
from .destinations import destination_of
from .requests import request_of
from .routes import gateway_routing

__all__ = ["plain_text_of"]

Found = tuple[str, Any, str]
"""A path, what is written there, and what it means."""

_MEANING = "goes over the internet without TLS"


def plain_text_of(plan: StackPlan, balancers: Sequence[BalancerView]) -> Iterator[Found]:
    """What of the stack's routes and ports clients on the internet reach without TLS."""
    outside = {it.name: it for it in balancers if it.scope == Scope.INTERNET.value}
    for name, args in plan.gateway_args.items():
        fronts = [it for it in outside.values() if name in it.leads_to]
        if any(it.tls != "here" for it in fronts):
            yield from _of_gateway(name, args)
    for name in outside.keys() & plan.load_balancer_args.keys():
        yield from _of_platform(plan, name, plan.load_balancer_args[name])
    for name in outside.keys() & plan.aws_load_balancers.keys():
        yield from _of_aws(plan, name, plan.aws_load_balancers[name])


def _of_gateway(name: str, args: Mapping[str, Any]) -> Iterator[Found]:
    routing = gateway_routing(name, args)
    for at, route in enumerate(args.get("routes", [])):
        entry = entry_of(route)
        if routing.tls_of(entry.host) is None:
            asked = f"{entry.host}{entry.path}" if entry.host else f"{entry.path} of any host"
            # Where a host is written, that is what has no certificate; else the route as a whole.
            where = "host" if entry.host else "path" if entry.path != "/" else ""
            said = f"what is sent to {asked} {_MEANING}: no entry of tls is for it"
            yield f"gateways.{name}.routes[{at}]{f'.{where}' if where else ''}", route.get(where), said


def _of_platform(plan: StackPlan, name: str, args: Mapping[str, Any]) -> Iterator[Found]:
    request = request_of(plan, args)
    secured = tls_ports(request)
    destination = destination_of(plan, args["target"])
    if destination.kind == "gateway":
        return
    for port in request.ports:
        # UDP has none of it; what ends TLS by itself is reached with it.
        itself = ends_tls_itself(port) or (destination.chosen is not None and ends_tls_itself(destination.chosen))
        if port.protocol == Protocol.TCP.value and port.name not in secured and not itself:
            field = f"ports.{port.name}" if "ports" in args else "target"
            said = f"what is sent to port {port.number} {_MEANING}: exposure has no tls for it"
            yield f"loadBalancers.{name}.{field}", port.number, said


def _of_aws(plan: StackPlan, name: str, spec: AwsLoadBalancerSpec) -> Iterator[Found]:
    targets = dict(targets_of(plan, spec))
    for index, listener in enumerate(plan_aws_load_balancer(name, spec).listeners):
        if listener.protocol not in (AwsListenerProtocol.HTTP, AwsListenerProtocol.TCP) or _sends_on(listener):
            continue
        leads_to = [targets[key] for key in listener.target_keys]
        answers = [it for it in leads_to if it.kind == "gateway" or (it.chosen and ends_tls_itself(it.chosen))]
        # What a gateway does with it, it says itself.
        if leads_to and len(answers) == len(leads_to):
            continue
        said = f"what is sent to port {listener.port} {_MEANING}"
        yield f"awsLoadBalancers.{name}.listeners[{index}].protocol", listener.protocol, said


def _sends_on(listener: AwsListenerSpec) -> bool:
    """Whether it does nothing but send clients to https."""
    return not listener.routes and listener.redirect is not None and listener.redirect.scheme == "https"
