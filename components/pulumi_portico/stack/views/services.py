"""The services, and where each is reached from outside."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...ingress_gateway.gateway_plan import controller_of, installs
from ...web_service.plan import plan_of
from ..plan import StackPlan
from ..view import BalancerView, GatewayView, RouteView, ServiceView
from .balancers import tls_hosts
from .destinations import text_of

__all__ = ["gateways_of", "services_of"]

_USUAL = {"http": "80", "https": "443", "grpc": "443"}


def services_of(plan: StackPlan, routes: Sequence[RouteView]) -> tuple[ServiceView, ...]:
    """Every service of the stack, by name."""
    return tuple(_service(plan, name, routes) for name in sorted(plan.services))


def _service(plan: StackPlan, name: str, routes: Sequence[RouteView]) -> ServiceView:
    planned = plan_of(name, plan.services[name])
    urls = dict.fromkeys(_url(it) for it in routes if it.leads_to == name)
    return ServiceView(
        name=name,
        kind=planned.kind,
        replicas=_replicas(planned.args, planned.replicas),
        image=text_of(planned.args["image"]),
        ports=tuple(f"{it.name} {it.number}/{it.protocol}" for it in planned.ports.values()),
        urls=tuple(urls),
    )


def _replicas(args: Mapping[str, Any], at_first: Any) -> str:
    if at_first is None:
        return "one a node"
    if "autoscaling" in args:
        most = text_of(args["autoscaling"].get("max_replicas", "more"))
        return f"{text_of(at_first)} to {most}"
    return text_of(at_first)


def _url(route: RouteView) -> str:
    """Where clients reach what a route leads to; an address that only a deployment tells stays a name."""
    host = route.host or f"[address of {route.entry}]"
    scheme = "https" if route.scheme == "grpc" else route.scheme
    port = f":{route.client_port}" if route.client_port not in ("", _USUAL.get(scheme)) else ""
    return f"{scheme}://{host}{port}{route.path if route.path != '/' else ''}"


def gateways_of(plan: StackPlan, balancers: Sequence[BalancerView]) -> tuple[GatewayView, ...]:
    """Every gateway of the stack, by name."""
    return tuple(
        GatewayView(
            name=name,
            controller=controller_of(args),
            installed=installs(args),
            tls_hosts=tls_hosts(args),
            behind=tuple(it.name for it in balancers if name in it.leads_to),
        )
        for name, args in sorted(plan.gateway_args.items())
    )
