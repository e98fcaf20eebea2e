"""The load balancers that are billed: those of gateways, and those of their own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...aws_load_balancer.choices import AwsBalancerKind
from ...aws_load_balancer.listener import listeners_of, speaks_tls
from ...aws_load_balancer.load_balancer import billable
from ...aws_load_balancer.target_group import transports
from ...ingress_gateway.gateway_plan import request_of as request_of_gateway
from ...lifecycle.aws import AWS, AWS_BILLING
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

_AWS_KINDS: Mapping[str, str] = {
    AwsBalancerKind.APPLICATION.value: "Application Load Balancer",
    AwsBalancerKind.NETWORK.value: "Network Load Balancer",
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
    for name, args in plan.aws_load_balancers.items():
        yield _of_aws(plan, name, args, args.get("price"))


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


def _of_aws(plan: StackPlan, name: str, aws: Mapping[str, Any], price: Any) -> BalancerView:
    billed = billable(aws)
    listeners = listeners_of(aws)
    destinations = [it for _, it in targets_of(plan, aws)]
    ports = [(it["port"], carrier.upper()) for it in listeners for carrier in transports(it["protocol"])]
    here = any(speaks_tls(it) for it in listeners)
    return BalancerView(
        name=name,
        kind=_AWS_KINDS[aws["kind"]],
        platform=AWS,
        scope=aws.get("scope", Scope.INTERNET.value),
        sources=_aws_sources(aws),
        ports=tuple(f"{number}/{carrier}" for number, carrier in ports),
        tls=_tls_of(plan, destinations, (), here=here),
        leads_to=tuple(dict.fromkeys(it.name for it in destinations)),
        load_balancers=billed.load_balancers,
        public_addresses=billed.public_addresses,
        estimate=estimate(AWS_BILLING, billed, price),
    )


def targets_of(plan: StackPlan, aws: Mapping[str, Any]) -> list[tuple[str, Destination]]:
    """Where each target of a load balancer that Pulumi owns leads to, by its key."""
    found: list[tuple[str, Destination]] = []
    for key, given in aws["targets"].items():
        if "target" in given:
            found.append((key, destination_of(plan, given["target"])))
        else:
            found.append((key, Destination("other", key, text_of(given.get("port", "")))))
    return found


def sources_of(exposure: ExposureSpec) -> tuple[str, ...]:
    """Who can connect: ranges, and what else the exposure names."""
    named: list[Any] = list(exposure.allowed_sources or ())
    names = {feature: name for module in all_platforms() for feature, name in module.source_names.items()}
    for feature, name in names.items():
        named += [f"{name} {text_of(item)}" for item in value_of(exposure, feature) or ()]
    return texts_of(named) or (PRIVATE,)


def _aws_sources(aws: Mapping[str, Any]) -> tuple[str, ...]:
    named: list[Any] = list(aws.get("allowed_sources", []))
    for source in aws.get("sources", {}).values():
        for field, what in (("cidr", ""), ("prefix_list", "prefix list "), ("security_group", "security group ")):
            if field in source:
                named.append(f"{what}{text_of(source[field])}")
    if "existing" in aws:
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
