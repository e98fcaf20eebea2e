"""The load balancers that are billed: those of gateways, and those of their own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.choices import AwsBalancerKind
from ...aws_load_balancer.load_balancer import estimate_of
from ...aws_load_balancer.plan import plan_aws_load_balancer
from ...aws_load_balancer.target_group import transports
from ...ingress_gateway.gateway_plan import request_of as request_of_gateway
from ...lifecycle.aws import AWS
from ...lifecycle.cost import estimate
from ...load_balancers import Scope
from ...networking.ports import ServicePort
from ...public_load_balancer.common import tls_ports
from ...public_load_balancer.exposure import ExposureSpec
from ...public_load_balancer.platform_module import Request, value_of
from ...public_load_balancer.platforms import all_platforms, module_of
from ..plan import StackPlan
from ..view import BalancerView
from .destinations import Destination, destination_of, text_of, texts_of
from .requests import request_of

__all__ = ["balancers_of", "ends_tls_itself", "sources_of", "targets_of", "tls_hosts"]

PRIVATE = "the private network"
"""Who may connect to an internal load balancer that names nobody."""

_AWS_KINDS = {
    AwsBalancerKind.APPLICATION: "Application Load Balancer",
    AwsBalancerKind.NETWORK: "Network Load Balancer",
}


def balancers_of(plan: StackPlan) -> tuple[BalancerView, ...]:
    """Every load balancer of the stack, by name."""
    found = [*_of_gateways(plan), *_of_their_own(plan)]
    return tuple(sorted(found, key=lambda it: it.name))


def _of_gateways(plan: StackPlan) -> Iterator[BalancerView]:
    for name, args in plan.gateway_args.items():
        if "exposure" in args:
            tls = "gateway" if tls_hosts(args) else "nowhere"
            yield _of_platform(name, request_of_gateway(args), tls, (name,), args.get("price"))


def _of_their_own(plan: StackPlan) -> Iterator[BalancerView]:
    for name, args in plan.load_balancer_args.items():
        request = request_of(plan, args)
        destination = destination_of(plan, args["target"])
        tls = _tls_of(plan, [destination], request.ports, here=bool(tls_ports(request)))
        yield _of_platform(name, request, tls, (destination.name,), args.get("price"))
    for name, spec in plan.aws_load_balancers.items():
        yield _of_aws(plan, name, spec)


def _of_platform(name: str, request: Request, tls: str, leads_to: tuple[str, ...], price: Any) -> BalancerView:
    module = module_of(request.exposure.platform)
    billed = module.billable(request)
    return BalancerView(
        name=name,
        kind=module.kind,
        platform=module.name,
        scope=request.exposure.scope.value,
        sources=sources_of(request.exposure),
        ports=tuple(f"{port.number}/{port.protocol}" for port in request.ports),
        tls=tls,
        leads_to=leads_to,
        load_balancers=billed.load_balancers,
        public_addresses=billed.public_addresses,
        estimate=estimate(module.billing, billed, price),
    )


def _of_aws(plan: StackPlan, name: str, spec: AwsLoadBalancerSpec) -> BalancerView:
    estimated, listeners = estimate_of(spec), plan_aws_load_balancer(name, spec).listeners
    destinations = [destination for _, destination in targets_of(plan, spec)]
    ports = [
        (listener.port, transport.upper()) for listener in listeners for transport in transports(listener.protocol)
    ]
    return BalancerView(
        name=name,
        kind=_AWS_KINDS[spec.kind],
        platform=AWS,
        scope=(spec.scope or Scope.INTERNET).value,
        sources=_aws_sources(spec),
        ports=tuple(f"{number}/{transport}" for number, transport in ports),
        tls=_tls_of(plan, destinations, (), here=any(listener.speaks_tls for listener in listeners)),
        leads_to=tuple(dict.fromkeys(destination.name for destination in destinations)),
        load_balancers=estimated.billable.load_balancers,
        public_addresses=estimated.billable.public_addresses,
        estimate=estimated,
    )


def targets_of(plan: StackPlan, spec: AwsLoadBalancerSpec) -> list[tuple[str, Destination]]:
    """Where each target of a load balancer that Pulumi owns leads to, by its key."""
    found: list[tuple[str, Destination]] = []
    for key, target in spec.targets.items():
        if target.target is not None:
            found.append((key, destination_of(plan, target.target)))
        else:
            found.append((key, Destination("other", key, "" if target.port is None else str(target.port))))
    return found


def sources_of(exposure: ExposureSpec) -> tuple[str, ...]:
    """Who can connect: ranges, and what else the exposure names."""
    named: list[Any] = list(exposure.allowed_sources or ())
    names = {feature: name for module in all_platforms() for feature, name in module.source_names.items()}
    for feature, name in names.items():
        named += [f"{name} {text_of(item)}" for item in value_of(exposure, feature) or ()]
    return texts_of(named) or (PRIVATE,)


def _aws_sources(spec: AwsLoadBalancerSpec) -> tuple[str, ...]:
    named: list[Any] = list(spec.allowed_sources or ())
    for source in (spec.sources or {}).values():
        if source.cidr is not None:
            named.append(source.cidr)
        elif source.prefix_list is not None:
            named.append(f"prefix list {text_of(source.prefix_list)}")
        else:
            named.append(f"security group {text_of(source.security_group)}")
    if spec.existing is not None:
        named.append("whom the load balancer made elsewhere lets in")
    return texts_of(named) or (PRIVATE,)


def tls_hosts(args: Mapping[str, Any]) -> tuple[str, ...]:
    """The hosts that a gateway ends TLS for."""
    return tuple(
        sorted(host for host, entry in args.get("tls", {}).items() if not entry.get("tls_terminated_upstream"))
    )


def ends_tls_itself(port: ServicePort) -> bool:
    """Whether what answers at a port speaks TLS itself."""
    return port.scheme == "https"


def _tls_of(plan: StackPlan, destinations: Sequence[Destination], ports: Sequence[ServicePort], *, here: bool) -> str:
    """Where TLS ends: at the load balancer, at a gateway or service behind it, or nowhere."""
    if here:
        return "here"
    if any(it.kind == "gateway" and tls_hosts(plan.gateway_args[it.name]) for it in destinations):
        return "gateway"
    chosen = [it.chosen for it in destinations if it.chosen is not None and it.kind == "service"]
    return "service" if any(map(ends_tls_itself, [*ports, *chosen])) else "nowhere"
