"""The load balancers that platforms bill: those of gateways, and those that are components of their own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ...aws_load_balancer.args import AwsLoadBalancerSpec
from ...aws_load_balancer.choices import AwsBalancerKind
from ...aws_load_balancer.load_balancer import billable_of
from ...ingress_gateway.args import IngressGatewaySpec
from ...ingress_gateway.front_door import exposure_request
from ...lifecycle.aws import AWS, AWS_BILLING
from ...lifecycle.cost import Billable, Billing, PriceSpec, estimate, monthly_total
from ...load_balancers import EVERYONE, Scope
from ...networking.ports import ServicePort
from ...networking.target import TargetSpec
from ...public_load_balancer.access_annotations import AccessEffect
from ...public_load_balancer.common import is_client_ip_preserved, tls_ports
from ...public_load_balancer.plan import request_of
from ...public_load_balancer.platform_module import Request, value_of
from ...public_load_balancer.platforms import all_platforms, module_of
from ..plan import StackPlan
from ..view import (
    BalancerView,
    Cost,
    PeerKind,
    PeerView,
    PortView,
    SourceKind,
    SourceView,
    TlsTermination,
    Total,
)
from .aws import protocols_of
from .peers import aws_backend, peer_of, service_port
from .reach import are_sources_certain, is_scope_certain, names_of_everyone
from .values import text_of

__all__ = ["BilledBalancer", "balancers_of", "serves_tls", "tls_hosts", "total_of"]

_AWS_KINDS: Mapping[AwsBalancerKind, str] = {
    AwsBalancerKind.APPLICATION: "Application Load Balancer",
    AwsBalancerKind.NETWORK: "Network Load Balancer",
}


@dataclass(frozen=True)
class BilledBalancer:
    """A load balancer, and how its platform bills it."""

    view: BalancerView
    billing: Billing
    price: Optional[PriceSpec]
    """The price that the arguments set."""


def balancers_of(plan: StackPlan) -> tuple[BilledBalancer, ...]:
    """Every load balancer of the stack, by name."""
    found = [*_of_gateways(plan), *_of_platforms(plan), *_on_aws(plan)]
    return tuple(sorted(found, key=lambda balancer: balancer.view.name))


def total_of(balancers: Iterable[tuple[Billing, Optional[PriceSpec], Billable]]) -> Total:
    """What load balancers cost together, each with how its platform bills it and the price that the arguments set."""
    alike: dict[tuple[Billing, Optional[PriceSpec]], list[Billable]] = {}
    for billing, price, billable in balancers:
        alike.setdefault((billing, price), []).append(billable)
    costs: dict[str, float] = {}
    load_balancers = public_addresses = without_price = 0
    for (billing, price), each in alike.items():
        billed = billing.billed(sum(billable.load_balancers for billable in each))
        load_balancers += billed
        public_addresses += sum(billable.public_addresses for billable in each)
        prices, monthly = price or billing.prices, monthly_total(billing, each, price)
        if prices is None or monthly is None:
            without_price += billed
        else:
            costs[prices.currency] = costs.get(prices.currency, 0) + monthly
    monthly_costs = tuple(Cost(round(amount, 2), currency) for currency, amount in sorted(costs.items()))
    return Total(load_balancers, public_addresses, monthly_costs, without_price)


def _of_gateways(plan: StackPlan) -> Iterator[BilledBalancer]:
    for name, spec in plan.gateways.items():
        request = exposure_request(spec)
        if request is not None:
            tls = TlsTermination.GATEWAY if tls_hosts(spec) else TlsTermination.NONE
            gateway = PeerView(PeerKind.GATEWAY, name)
            yield _of_platform(name, "gateways", request, tls, gateway, spec.price)


def _of_platforms(plan: StackPlan) -> Iterator[BilledBalancer]:
    for name, spec in plan.load_balancers.items():
        request = request_of(spec)
        tls = TlsTermination.LOAD_BALANCER if tls_ports(request) else _tls_behind(plan, [spec.target], request.ports)
        yield _of_platform(name, "load_balancers", request, tls, peer_of(plan, spec.target), spec.price)


def _of_platform(
    name: str, component: str, request: Request, tls: TlsTermination, target: PeerView, price: Optional[PriceSpec]
) -> BilledBalancer:
    module = module_of(request.exposure.platform)
    billable = module.billable(request)
    view = BalancerView(
        name=name,
        kind=module.kind,
        platform=module.name,
        scope=request.exposure.scope,
        sources=_sources_of(request),
        ports=tuple(_client_port(request, port) for port in request.ports),
        tls=tls,
        targets=(target,),
        load_balancers=billable.load_balancers,
        public_addresses=billable.public_addresses,
        estimate=estimate(module.billing, billable, price),
        component=component,
        is_scope_certain=is_scope_certain(request.exposure),
        opens_nodes=not module.assigns_address,
        are_sources_certain=are_sources_certain(request),
    )
    return BilledBalancer(view, module.billing, price)


def _client_port(request: Request, port: ServicePort) -> PortView:
    """The port that clients connect to. Kubernetes picks those of nodes that aren't set."""
    if module_of(request.exposure.platform).assigns_address:
        return PortView(port.number, port.protocol)
    return PortView(request.exposure.node_ports.get(port.name), port.protocol, port.name)


def _on_aws(plan: StackPlan) -> Iterator[BilledBalancer]:
    for name, spec in plan.aws_load_balancers.items():
        billable, listeners = billable_of(spec), plan.aws_plans[name].listeners
        targets = [target.target for target in spec.targets.values() if target.target is not None]
        speaks_tls = any(listener.speaks_tls for listener in listeners)
        view = BalancerView(
            name=name,
            kind=_AWS_KINDS[spec.kind],
            platform=AWS,
            scope=spec.scope or Scope.INTERNET,
            sources=_aws_sources(spec),
            ports=tuple(
                PortView(listener.port, protocol)
                for listener in listeners
                for protocol in protocols_of(listener.protocol)
            ),
            tls=TlsTermination.LOAD_BALANCER if speaks_tls else _tls_behind(plan, targets, ()),
            targets=tuple(dict.fromkeys(aws_backend(plan, key, target).peer for key, target in spec.targets.items())),
            load_balancers=billable.load_balancers,
            public_addresses=billable.public_addresses,
            estimate=estimate(AWS_BILLING, billable, spec.price),
            component="aws_load_balancers",
        )
        yield BilledBalancer(view, AWS_BILLING, spec.price)


def _sources_of(request: Request) -> tuple[SourceView, ...]:
    """The ranges that an exposure lists, the sources that its platform has a name for, and what annotations add."""
    exposure = request.exposure
    found = [SourceView(SourceKind.ADDRESSES, text_of(source)) for source in exposure.allowed_sources or ()]
    types = {feature: type_ for module in all_platforms() for feature, type_ in module.source_names.items()}
    for feature, type_ in types.items():
        values: Sequence[Any] = value_of(exposure, feature) or ()
        found += [SourceView(SourceKind.NAMED, text_of(value), type_) for value in values]
    if any(names_of_everyone(exposure).values()):
        found += [SourceView(SourceKind.ADDRESSES, everyone) for everyone in EVERYONE]
    if not found:
        found = [SourceView(SourceKind.PRIVATE_NETWORK)]
        if not is_scope_certain(exposure) and not is_client_ip_preserved(request):
            # Connections that come from nodes pass every policy.
            found = [SourceView(SourceKind.ADDRESSES, everyone) for everyone in EVERYONE]
    for _, annotation, effect in module_of(exposure.platform).access_effects(request):
        if effect is AccessEffect.FURTHER_CLIENTS:
            found.append(SourceView(SourceKind.FURTHER_CLIENTS, annotation.clients))
    return tuple(found)


def _aws_sources(spec: AwsLoadBalancerSpec) -> tuple[SourceView, ...]:
    found = [SourceView(SourceKind.ADDRESSES, source) for source in spec.allowed_sources or ()]
    for source in (spec.sources or {}).values():
        if source.cidr is not None:
            found.append(SourceView(SourceKind.ADDRESSES, text_of(source.cidr)))
        if source.prefix_list is not None:
            found.append(SourceView(SourceKind.NAMED, text_of(source.prefix_list), "prefix list"))
        if source.security_group is not None:
            found.append(SourceView(SourceKind.NAMED, text_of(source.security_group), "security group"))
    if spec.existing is not None:
        found.append(SourceView(SourceKind.EXISTING_RULES))
    return tuple(found) or (SourceView(SourceKind.PRIVATE_NETWORK),)


def tls_hosts(spec: IngressGatewaySpec) -> tuple[str, ...]:
    """The hosts whose TLS terminates at the gateway."""
    return tuple(sorted(host for host, tls in spec.tls.items() if not tls.tls_terminated_upstream))


def serves_tls(port: ServicePort) -> bool:
    """Whether the pods terminate TLS themselves at a port."""
    return port.scheme == "https"


def _tls_behind(plan: StackPlan, targets: Sequence[TargetSpec], ports: Sequence[ServicePort]) -> TlsTermination:
    """Where TLS terminates behind a load balancer that doesn't terminate it."""
    peers = [peer_of(plan, target) for target in targets]
    if any(peer.kind is PeerKind.GATEWAY and tls_hosts(plan.gateways[peer.name]) for peer in peers):
        return TlsTermination.GATEWAY
    chosen = [service_port(plan, target) for target in targets]
    services = [port for port, peer in zip(chosen, peers, strict=True) if port and peer.kind is PeerKind.SERVICE]
    return TlsTermination.SERVICE if any(map(serves_tls, [*ports, *services])) else TlsTermination.NONE
