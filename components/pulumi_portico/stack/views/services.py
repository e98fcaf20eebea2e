"""The gateways and the services of a stack."""

from collections.abc import Sequence

from ...ingress_gateway.gateway_plan import installer_of
from ...networking.ports import DEFAULT_PORTS
from ...web_service.plan import WebServicePlan
from ...workload.kinds import WorkloadKind
from ..plan import StackPlan
from ..view import (
    BalancerView,
    GatewayView,
    PeerKind,
    PortView,
    ReplicasView,
    RouteView,
    ServiceView,
    UrlView,
)
from .balancers import tls_hosts
from .peers import known_number
from .values import text_of

__all__ = ["gateways_of", "services_of"]

_SCHEMES = {"grpc": "https"}
"""The scheme of a URL, if it isn't the route's."""


def services_of(plan: StackPlan, routes: Sequence[RouteView]) -> tuple[ServiceView, ...]:
    """Every service of the stack, by name."""
    urls: dict[str, dict[UrlView, None]] = {}
    for route in routes:
        for backend in route.action.backends:
            if backend.peer.kind is PeerKind.SERVICE:
                urls.setdefault(backend.peer.name, {})[_url_of(route)] = None
    plans = (service for _, service in sorted(plan.service_plans.items()))
    return tuple(_service(service, tuple(urls.get(service.name, ()))) for service in plans)


def _service(plan: WebServicePlan, urls: tuple[UrlView, ...]) -> ServiceView:
    return ServiceView(
        name=plan.name,
        kind=plan.kind.value,
        replicas=_replicas(plan),
        image=text_of(plan.spec.image),
        ports=tuple(PortView(port.number, port.protocol, port.name) for port in plan.ports.values()),
        urls=urls,
    )


def _replicas(plan: WebServicePlan) -> ReplicasView:
    if plan.kind is WorkloadKind.DAEMON_SET:
        return ReplicasView(is_per_node=True)
    if plan.spec.external_replicas:
        return ReplicasView(is_external=True)
    count, autoscaling = known_number(plan.replicas), plan.spec.autoscaling
    if autoscaling is None:
        return ReplicasView(count)
    return ReplicasView(count, known_number(autoscaling.max_replicas), is_autoscaled=True)


def _url_of(route: RouteView) -> UrlView:
    scheme = _SCHEMES.get(route.scheme, route.scheme)
    port = None if route.client_port == DEFAULT_PORTS.get(scheme) else route.client_port
    return UrlView(scheme, route.entry.name, route.host, port, "" if route.path == "/" else route.path)


def gateways_of(plan: StackPlan, balancers: Sequence[BalancerView]) -> tuple[GatewayView, ...]:
    """Every gateway of the stack, and those of other stacks that it adds routes to, by name."""
    own = _own_gateways(plan, balancers)
    others = [
        GatewayView(
            name=name,
            controller=routes.spec.gateway.controller.value,
            installed=False,
            tls_hosts=tuple(sorted(host for host in routes.hosts if host and routes.tls_of(host) is not None)),
            load_balancers=(),
            stack=routes.spec.gateway.stack or "",
        )
        for name, routes in plan.added_routes.items()
    ]
    return tuple(sorted([*own, *others], key=lambda gateway: gateway.name))


def _own_gateways(plan: StackPlan, balancers: Sequence[BalancerView]) -> tuple[GatewayView, ...]:
    return tuple(
        GatewayView(
            name=name,
            controller=spec.controller.value,
            installed=installer_of(spec) is not None,
            tls_hosts=tls_hosts(spec),
            load_balancers=tuple(
                balancer.name
                for balancer in balancers
                if any(target.kind is PeerKind.GATEWAY and target.name == name for target in balancer.targets)
            ),
        )
        for name, spec in sorted(plan.gateways.items())
    )
