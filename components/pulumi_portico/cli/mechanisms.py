"""The same services under each mechanism: as the stack has it, by a gateway, and by a load balancer for each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..aws_load_balancer.args import AwsLoadBalancerSpec
from ..aws_load_balancer.choices import AwsBalancerKind
from ..aws_load_balancer.load_balancer import billable_of as billable_of_aws
from ..ingress_gateway.gateway_plan import controller_of, installs
from ..ingress_gateway.gateway_plan import request_of as request_of_gateway
from ..lifecycle.aws import AWS_BILLING
from ..lifecycle.cost import Billable, Billing, PriceSpec, monthly_total
from ..load_balancers import Scope
from ..networking.ports import ServicePort
from ..public_load_balancer.platform_module import Request
from ..public_load_balancer.platforms import all_platforms, module_of
from ..stack import StackPlan
from ..stack.view import StackView
from ..stack.views.destinations import Destination, destination_of, text_of
from ..stack.views.requests import request_of
from .losses import lost_by_balancers, lost_by_gateway

__all__ = ["Mechanism", "Total", "mechanisms_of", "total_of"]

_HTTP = ("http", "https", "grpc", "h2c", "ws", "wss")
_ENDS = {
    "here": "at the load balancers",
    "gateway": "at the gateway",
    "service": "at the services",
    "nowhere": "nowhere",
}
_PROTOCOLS = "HTTP/1.1, HTTP/2, WebSocket and gRPC, at ports 80 and 443"
_APPLICATION = "HTTP/1.1, HTTP/2, WebSocket and gRPC, at any port"
_ANY = "anything over TCP or UDP, at any port"


@dataclass(frozen=True)
class Total:
    """What is billed together."""

    load_balancers: int
    public_addresses: int
    monthly_cost: Optional[float]
    """A month, without traffic; None where a price is not known, or in several currencies."""
    currency: str
    """As three letters; empty where there is no sum."""


@dataclass(frozen=True)
class Mechanism:
    """One way to lead clients to the services of the stack that are public."""

    name: str
    """`as it is`, `a gateway` or `a load balancer each`."""
    current: bool
    """Whether the stack has it so."""
    total: Total
    protocols: str
    """What clients can speak."""
    tls: str
    """Where TLS ends."""
    runs: str
    """What runs in the cluster for it."""
    lost: tuple[str, ...]
    """What the stack has, and would not have so."""


@dataclass(frozen=True)
class _Offer:
    """What one more load balancer would be, for an estimate."""

    billing: Billing
    billed: Billable
    price: Optional[PriceSpec]
    ends_tls: bool

    def times(self, count: int) -> Total:
        return _total([(self.billing, self.price, self.billed)] * count)


def total_of(plan: StackPlan, view: StackView) -> Total:
    """What the stack's load balancers are billed together, which may be less than each of them alone."""
    specs = {**plan.gateways, **plan.load_balancers, **plan.aws_load_balancers}
    return _total((_billing_of(it.platform), specs[it.name].price, it.estimate.billable) for it in view.balancers)


def _price(args: Mapping[str, Any]) -> Optional[PriceSpec]:
    """The given price of a load balancer."""
    return args.get("price")


def _billing_of(platform: str) -> Billing:
    """How the platform of a load balancer bills; AWS bills one that Pulumi owns."""
    return next((module.billing for module in all_platforms() if module.name == platform), AWS_BILLING)


def _total(parts: Iterable[tuple[Billing, Optional[PriceSpec], Billable]]) -> Total:
    """The sum of load balancers, each with how its platform bills, and its given price."""
    alike: dict[tuple[Billing, Optional[PriceSpec]], list[Billable]] = {}
    for billing, price, billed in parts:
        alike.setdefault((billing, price), []).append(billed)
    costs = [monthly_total(billing, each, price) for (billing, price), each in alike.items()]
    known = [cost for cost in costs if cost is not None]
    currencies = {prices.currency for billing, price in alike if (prices := price or billing.prices) is not None}
    is_summed = len(known) == len(costs) and len(currencies) == 1
    return Total(
        sum(billing.billed(sum(billable.load_balancers for billable in each)) for (billing, _), each in alike.items()),
        sum(billable.public_addresses for each in alike.values() for billable in each),
        round(sum(known), 2) if is_summed else None,
        next(iter(currencies)) if is_summed else "",
    )


def mechanisms_of(plan: StackPlan, view: StackView) -> tuple[Mechanism, ...]:
    """The stack as it is, and the other ways; none where nothing is reached from outside."""
    offer, exposed = _offer(plan), list(dict.fromkeys(_exposed(plan)))
    if offer is None or not exposed:
        return ()
    gateway, each = _gateway(plan, offer, exposed), _each(plan, offer, exposed)
    total = total_of(plan, view)
    others = [it for it in exposed if not _speaks_http(it)]
    of_gateways = {it for name in plan.gateway_args for it in _of_gateway(plan, name)}
    of_balancers = set(_of_balancers(plan))
    fronts = [it for it in view.balancers if set(it.leads_to) & plan.gateway_args.keys()]
    told = {it.tls for it in view.balancers}
    ends = ", ".join(words for key, words in _ENDS.items() if key in told)
    spoken = "; ".join(_protocols(plan, of_gateways=bool(of_gateways)))
    if not of_gateways and len(view.balancers) == len(exposed):
        return (gateway, replace(each, current=True, total=total, protocols=spoken, tls=ends, lost=()))
    if len(fronts) == 1 and of_balancers <= set(others) and len(of_balancers) == len(others):
        return (replace(gateway, current=True, total=total, tls=ends, lost=()), each)
    now = Mechanism(
        name="as it is",
        current=True,
        total=total,
        protocols=spoken,
        tls=ends,
        runs=_controllers(plan),
        lost=(),
    )
    return (now, gateway, each)


def _protocols(plan: StackPlan, *, of_gateways: bool) -> Iterator[str]:
    """What clients can speak as it is; what leads to a gateway speaks as that does."""
    if of_gateways:
        yield _PROTOCOLS
    application = [False for args in plan.load_balancer_args.values() if [*_of_balancer(plan, args)]]
    application += [
        spec.kind is AwsBalancerKind.APPLICATION
        for spec in plan.aws_load_balancers.values()
        if [*_of_aws_balancer(plan, spec)]
    ]
    if any(application):
        yield _APPLICATION
    if not all(application):
        yield _ANY


def _exposed(plan: StackPlan) -> Iterator[Destination]:
    for name in plan.gateway_args:
        yield from _of_gateway(plan, name)
    yield from _of_balancers(plan)


def _of_balancers(plan: StackPlan) -> Iterator[Destination]:
    for args in plan.load_balancer_args.values():
        yield from _of_balancer(plan, args)
    for aws in plan.aws_load_balancers.values():
        yield from _of_aws_balancer(plan, aws)


def _of_gateway(plan: StackPlan, name: str) -> Iterator[Destination]:
    """What a gateway leads to. A port of a service is one thing, however many routes lead there."""
    args = plan.gateway_args[name]
    targets = [it["target"] for it in args.get("routes", []) if "target" in it]
    targets += [args["default_backend"]] if "default_backend" in args else []
    for target in targets:
        yield replace(_by_name(destination_of(plan, target)), chosen=ServicePort("http", 80, 80))


def _by_name(destination: Destination) -> Destination:
    return replace(destination, port="")


def _of_aws_balancer(plan: StackPlan, spec: AwsLoadBalancerSpec) -> Iterator[Destination]:
    application = spec.kind is AwsBalancerKind.APPLICATION
    for target in spec.targets.values():
        destination = None if target.target is None else destination_of(plan, target.target)
        if destination is not None and destination.kind != "gateway":
            http = ServicePort("http", 80, 80)
            yield replace(_by_name(destination), chosen=http if application else destination.chosen)


def _of_balancer(plan: StackPlan, args: Mapping[str, Any]) -> Iterator[Destination]:
    destination = destination_of(plan, args["target"])
    if destination.kind != "gateway":
        ports = request_of(plan, args).ports
        spoken = next((it for it in ports if _is_http(it)), ports[0]) if ports else None
        chosen = ServicePort("http", 80, 80) if spoken is not None and _is_http(spoken) else spoken
        yield replace(_by_name(destination), chosen=chosen)


def _is_http(port: ServicePort) -> bool:
    hints = (port.name.partition("-")[0], (port.app_protocol or "").rpartition("/")[2])
    return port.protocol == "TCP" and any(it in _HTTP for it in hints)


def _speaks_http(destination: Destination) -> bool:
    return destination.chosen is None or _is_http(destination.chosen)


def _offer(plan: StackPlan) -> Optional[_Offer]:
    """What the stack's own way out is, as the one that another load balancer would have: one to the internet, where
    there is any."""
    offers = list(_offers(plan))
    outside = (offer for scope, offer in offers if scope == Scope.INTERNET.value)
    return next(outside, offers[0][1] if offers else None)


def _offers(plan: StackPlan) -> Iterator[tuple[str, _Offer]]:
    """Each way out with its scope: those of gateways, of balancers, and of those that Pulumi owns."""
    for args in plan.gateway_args.values():
        if "exposure" in args:
            yield args["exposure"]["scope"], _of_request(request_of_gateway(args), _price(args))
    for args in plan.load_balancer_args.values():
        yield args["exposure"]["scope"], _of_request(request_of(plan, args), _price(args))
    for spec in plan.aws_load_balancers.values():
        if spec.existing is None:
            scope = (spec.scope or Scope.INTERNET).value
            yield scope, _Offer(AWS_BILLING, billable_of_aws(spec), spec.price, ends_tls=True)


def _of_request(request: Request, price: Optional[PriceSpec]) -> _Offer:
    # One port each: on GKE, each protocol is a forwarding rule of its own.
    alone = replace(request, known_ports=request.ports[:1])
    module = module_of(request.exposure.platform)
    ends_tls = module.supports("tls.certificates")
    return _Offer(module.billing, module.billable(alone), price, ends_tls=ends_tls)


def _gateway(plan: StackPlan, offer: _Offer, exposed: Sequence[Destination]) -> Mechanism:
    others = [it for it in exposed if not _speaks_http(it)]
    count = len(others) + (1 if len(others) < len(exposed) else 0)
    return Mechanism(
        name="a gateway",
        current=False,
        total=offer.times(count),
        protocols=_PROTOCOLS,
        tls="at the gateway, with certificates of Secrets or of cert-manager",
        runs=_controllers(plan) or "a controller: 2 pods, each 0.25 cores and 512 MiB",
        lost=tuple(lost_by_gateway(plan, list(dict.fromkeys(it.name for it in others)))),
    )


def _each(plan: StackPlan, offer: _Offer, exposed: Sequence[Destination]) -> Mechanism:
    ends = (
        "at each load balancer, with certificates of AWS Certificate Manager" if offer.ends_tls else "at each service"
    )
    return Mechanism(
        name="a load balancer each",
        current=False,
        total=offer.times(len(exposed)),
        protocols=_ANY,
        tls=ends,
        runs="nothing",
        lost=tuple(lost_by_balancers(plan)),
    )


def _controllers(plan: StackPlan) -> str:
    told: list[str] = []
    for name, args in plan.gateway_args.items():
        if installs(args):
            installation: Mapping[str, Any] = args.get("installation", {})
            daemon = installation.get("kind") == "DaemonSet"
            count = text_of(installation.get("replicas", 2))
            pods = "a pod on each node" if daemon else f"{count} pod{'' if count == '1' else 's'}"
            told.append(f"{controller_of(args)} ({name}): {pods}")
    return ", ".join(told)
