"""The requests and connections that go over the internet without TLS."""

from collections.abc import Iterator, Sequence
from typing import Optional

from ...args.exceptions import SecurityException, exception_kind
from ...args.location import ROOT, Field, Key
from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.choices import AwsListenerProtocol
from ...aws_load_balancer.listener import AwsListenerSpec
from ...aws_load_balancer.target_group import AwsTargetSpec
from ...ingress_gateway.resolved_routes import EVERY_HOST, ResolvedRoute
from ...ingress_gateway.route_set import RouteSet
from ...networking.target import Protocol, TargetSpec
from ...public_load_balancer.args import PublicLoadBalancerSpec
from ...public_load_balancer.common import tls_ports
from ...public_load_balancer.plan import request_of
from ..plan import StackPlan
from ..view import BalancerView, PeerKind, TlsTermination
from .balancers import serves_tls
from .peers import peer_of, service_port
from .reach import may_be_public

__all__ = [
    "PLAIN_TEXT_HOST",
    "PLAIN_TEXT_LISTENER",
    "PLAIN_TEXT_PATH",
    "PLAIN_TEXT_PORT",
    "plain_text_exceptions",
]

PLAIN_TEXT_HOST = exception_kind(
    "plain-text-host", "Requests to {host} go over the internet without TLS, because {tls} has no entry for the host."
)
PLAIN_TEXT_PATH = exception_kind(
    "plain-text-path", "Requests for {path} on every host go over the internet without TLS. Only hosts can have TLS."
)
MAYBE_PLAIN_TEXT_HOST = exception_kind(
    PLAIN_TEXT_HOST.name,
    "If clients on the internet reach the gateway, requests to {host} go there without TLS, because {tls} has no entry "
    "for the host.",
)
MAYBE_PLAIN_TEXT_PATH = exception_kind(
    PLAIN_TEXT_PATH.name,
    "If clients on the internet reach the gateway, requests for {path} on every host go there without TLS. Only hosts "
    "can have TLS.",
)
PLAIN_TEXT_PORT = exception_kind(
    "plain-text-port", "Connections to port {port} go over the internet without TLS, because {tls} doesn't include it."
)
MAYBE_PLAIN_TEXT_PORT = exception_kind(
    PLAIN_TEXT_PORT.name,
    "If clients on the internet reach the load balancer, connections to port {port} go there without TLS, because "
    "{tls} doesn't include it.",
)
PLAIN_TEXT_LISTENER = exception_kind(
    "plain-text-listener", "Connections to port {port} go over the internet without TLS."
)

_PLAIN_PROTOCOLS = (AwsListenerProtocol.HTTP, AwsListenerProtocol.TCP)


def plain_text_exceptions(plan: StackPlan, balancers: Sequence[BalancerView]) -> Iterator[SecurityException]:
    """What clients on the internet reach without TLS."""
    public = [balancer for balancer in balancers if balancer.may_be_on_internet]
    for balancer in public:
        if balancer.component == "load_balancers":
            spec = plan.load_balancers[balancer.name]
            yield from _of_platform(plan, spec, is_certain=balancer.is_scope_certain)
        elif balancer.component == "aws_load_balancers":
            yield from _on_aws(plan, balancer.name, plan.aws_load_balancers[balancer.name])
    for name, gateway in plan.gateway_plans.items():
        fronts = [balancer for balancer in public if _leads_to_gateway(balancer, name)]
        without_tls = [balancer for balancer in fronts if balancer.tls is not TlsTermination.LOAD_BALANCER]
        if without_tls:
            yield from _of_gateway(gateway.routes, is_certain=any(each.is_scope_certain for each in without_tls))
        elif may_be_public(plan.gateways[name]) and not any(_leads_to_gateway(other, name) for other in balancers):
            yield from _of_gateway(gateway.routes, is_certain=False)
    for added in plan.added_routes.values():
        # The component that adds a host first has its certificate.
        others = frozenset("" if host == EVERY_HOST else host for host in added.spec.gateway.hosts)
        yield from _of_gateway(added, is_certain=False, others=others)


def _leads_to_gateway(balancer: BalancerView, name: str) -> bool:
    return any(target.kind is PeerKind.GATEWAY and target.name == name for target in balancer.targets)


def _of_gateway(
    routes: RouteSet, *, is_certain: bool = True, others: frozenset[str] = frozenset()
) -> Iterator[SecurityException]:
    """The routes without TLS. `is_certain` is whether clients on the internet reach the gateway for sure; `others` are
    the hosts whose certificates another stack has."""
    for route in routes.routes:
        if routes.tls_of(route.host) is None and route.host not in others:
            yield _of_route(route, is_certain=is_certain)
    if routes.default_backend is not None and not any(not route.host and route.is_root for route in routes.routes):
        kind = PLAIN_TEXT_PATH if is_certain else MAYBE_PLAIN_TEXT_PATH
        yield SecurityException(kind, routes.default_backend.at, {"path": "/"})


def _of_route(route: ResolvedRoute, *, is_certain: bool) -> SecurityException:
    if route.host:
        kind = PLAIN_TEXT_HOST if is_certain else MAYBE_PLAIN_TEXT_HOST
        return SecurityException(kind, route.at / "host", {"host": route.host, "tls": Field("tls")})
    at = route.at if route.path == "/" else route.at / "path"
    return SecurityException(PLAIN_TEXT_PATH if is_certain else MAYBE_PLAIN_TEXT_PATH, at, {"path": route.path})


def _of_platform(plan: StackPlan, spec: PublicLoadBalancerSpec, *, is_certain: bool) -> Iterator[SecurityException]:
    if peer_of(plan, spec.target).kind is PeerKind.GATEWAY:
        return
    request, chosen = request_of(spec), service_port(plan, spec.target)
    secured = tls_ports(request)
    for port in request.ports:
        has_tls = port.name in secured or serves_tls(port) or (chosen is not None and serves_tls(chosen))
        if port.protocol == Protocol.TCP.value and not has_tls:
            at = spec.target.at if spec.ports is None else spec.ports[port.name].at / "port"
            params = {"port": port.number, "tls": Field("tls")}
            yield SecurityException(PLAIN_TEXT_PORT if is_certain else MAYBE_PLAIN_TEXT_PORT, at, params)


def _on_aws(plan: StackPlan, name: str, spec: AwsLoadBalancerSpec) -> Iterator[SecurityException]:
    for index, listener in enumerate(plan.aws_plans[name].listeners):
        if listener.protocol not in _PLAIN_PROTOCOLS or _only_redirects_to_https(listener):
            continue
        # The gateway's own routes are reported, and services that terminate TLS themselves need no TLS here.
        targets = _targets_of(spec, listener)
        if not targets or not all(_handles_tls(plan, target.target) for target in targets):
            at = ROOT / "aws_load_balancers" / Key(name) / "listeners" / index / "protocol"
            yield SecurityException(PLAIN_TEXT_LISTENER, at, {"port": listener.port})


def _targets_of(spec: AwsLoadBalancerSpec, listener: AwsListenerSpec) -> list[AwsTargetSpec]:
    return [spec.targets[key] for key in listener.target_keys]


def _handles_tls(plan: StackPlan, target: Optional[TargetSpec]) -> bool:
    if target is None:
        return False
    port = service_port(plan, target)
    return peer_of(plan, target).kind is PeerKind.GATEWAY or (port is not None and serves_tls(port))


def _only_redirects_to_https(listener: AwsListenerSpec) -> bool:
    return not listener.routes and listener.redirect is not None and listener.redirect.scheme == "https"
