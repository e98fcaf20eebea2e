"""Routes and targets that speak HTTP without TLS to ports of the stack's services that expect TLS.

The application responds to such a request with 400, or closes the connection.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Union

from ..args.codes import define
from ..args.location import Location
from ..args.problems import Problems, Set
from ..aws_load_balancer.args import AwsLoadBalancerSpec
from ..aws_load_balancer.choices import AwsBalancerKind, AwsTargetProtocol
from ..ingress_gateway.args import IngressGatewaySpec, IngressRoutesSpec
from ..ingress_gateway.route_settings import BackendProtocol
from .conflicts import Parts
from .references import SERVICE, Reference

__all__ = ["check_protocols"]

PLAIN_TO_TLS_PORT = define(
    "plain-request-to-tls-port",
    "The port {port} of {service} expects TLS, and this sends requests without it.",
    allowed="{choices}, or a port without TLS",
)


def check_protocols(parts: Parts, references: Mapping[Location, Reference], problems: Problems) -> None:
    """Report what sends requests without TLS to a port whose name or `app_protocol` is https."""
    for gateway in parts.gateways.values():
        if gateway.usable:
            problems.run(_check, _routes, gateway.spec, references)
    for added in parts.routes.values():
        if added.usable:
            problems.run(_check, _routes, added.spec, references)
    for balancer in parts.aws_load_balancers.values():
        if balancer.usable:
            problems.run(_check, _targets, balancer.spec, references)


_Sender = tuple[Location, Location, tuple[Any, ...]]
"""Where the target of a sender without TLS is, where its protocol is, and the protocols with TLS."""


def _check(
    senders: Callable[[Any], Iterator[_Sender]], spec: Any, references: Mapping[Location, Reference], problems: Problems
) -> None:
    for target, protocol, choices in senders(spec):
        found = references.get(target)
        if found is not None and found.kind == SERVICE and found.port.uses_tls:
            fix = Set(protocol, choices[0].value)
            params: dict[str, Any] = {"port": found.port.name, "service": found.name, "choices": choices}
            problems.report(PLAIN_TO_TLS_PORT, protocol, fix=fix, **params)


def _routes(spec: Union[IngressGatewaySpec, IngressRoutesSpec]) -> Iterator[_Sender]:
    for route in spec.routes:
        plain = route.protocol or BackendProtocol.HTTP
        if route.target is not None and not plain.uses_tls:
            with_tls = BackendProtocol.GRPCS if plain.is_grpc else BackendProtocol.HTTPS
            yield route.target.at, route.at / "protocol", (with_tls,)


def _targets(spec: AwsLoadBalancerSpec) -> Iterator[_Sender]:
    if spec.kind is not AwsBalancerKind.APPLICATION:
        return
    for target in spec.targets.values():
        if target.target is not None and target.protocol in (None, AwsTargetProtocol.HTTP):
            yield target.target.at, target.at / "protocol", (AwsTargetProtocol.HTTPS,)
