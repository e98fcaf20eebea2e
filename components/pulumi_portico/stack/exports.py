"""The outputs of a stack: the URL of each service inside the cluster, and what is exposed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Optional

import pulumi

from ..args.location import camel_case
from ..aws_load_balancer import AwsLoadBalancer
from ..ingress_gateway import IngressGateway, IngressRoutes
from ..ingress_gateway.other_stacks import exported_address
from ..networking.target import TargetSpec
from ..public_load_balancer import PublicLoadBalancer
from ..web_service import WebService
from .dns_names import names_in
from .plan import StackPlan
from .references import GATEWAY

__all__ = ["export_outputs"]

_EVERY_HOST = "*"
"""The key of a gateway's `urls` for routes without a host."""

Named = Sequence[tuple[str, Any]]
"""A value of each gateway and load balancer, with its name."""


def export_outputs(
    plan: StackPlan,
    services: Mapping[str, WebService],
    gateways: Mapping[str, IngressGateway],
    routes: Mapping[str, IngressRoutes],
    balancers: Mapping[str, PublicLoadBalancer],
    aws_balancers: Mapping[str, AwsLoadBalancer],
) -> None:
    """Export the URL and the targets of each service, and what is exposed, with its addresses and costs."""
    for name, service in services.items():
        # A worker has no URL.
        if plan.services[name].port is not None or plan.services[name].ports:
            pulumi.export(f"{name}-url", service.url)
    if targets := {name: _targets(service) for name, service in services.items() if service.targets}:
        pulumi.export("targets", targets)
    if gateways:
        pulumi.export("gateways", {name: _reference(gateway) for name, gateway in gateways.items()})
    by_kubernetes = [*gateways.items(), *balancers.items()]
    entries = [*by_kubernetes, *aws_balancers.items()]
    if not entries and not routes:
        return
    # A load balancer in front of a gateway comes after it and overrides its URLs: clients connect to the load balancer.
    urls: list[tuple[str, pulumi.Output[Any]]] = [(name, gateway.urls) for name, gateway in gateways.items()]
    urls += [(name, added.urls) for name, added in routes.items()]
    urls += [(name, balancer.url.apply(_of_every_host)) for name, balancer in balancers.items()]
    urls += [(name, _aws_urls(balancer)) for name, balancer in aws_balancers.items()]
    pulumi.export("urls", _gathered(urls, _by_host))
    addresses = [
        (name, pulumi.Output.all(entry.hostname, entry.address).apply(_first)) for name, entry in by_kubernetes
    ]
    addresses += [(name, balancer.dns_name) for name, balancer in aws_balancers.items()]
    pulumi.export("hosts", _hosts(plan, dict(addresses), routes))
    if not entries:
        return
    pulumi.export("addresses", _gathered(addresses, _by_name))
    billed = [(name, pulumi.Output.all(entry.load_balancers, entry.cost).apply(_cost)) for name, entry in entries]
    pulumi.export("costs", _gathered(billed, _by_name))


def _hosts(
    plan: StackPlan, addresses: Mapping[str, pulumi.Output[str]], routes: Mapping[str, IngressRoutes]
) -> pulumi.Output[Any]:
    """The address of each host. The host of a gateway has the address of a load balancer in front of it, if any."""
    fronts: dict[str, str] = {}
    for name, balancer in plan.load_balancers.items():
        fronts |= _front(plan, name, [balancer.target])
    for name, aws in plan.aws_load_balancers.items():
        fronts |= _front(plan, name, [target.target for target in aws.targets.values()])
    named: list[tuple[str, pulumi.Output[str]]] = []
    for name, gateway in plan.gateway_plans.items():
        named += [(host, addresses[fronts.get(name, name)]) for host in sorted(gateway.routes.hosts) if host]
    for name, balancer in plan.load_balancers.items():
        named += [(host, addresses[name]) for host in names_in(balancer.exposure.all_annotations)]
    for name, aws in plan.aws_load_balancers.items():
        named += [(host, addresses[name]) for host in aws.hosts or ()]
    for name, added in plan.added_routes.items():
        gateway = added.spec.gateway
        if gateway.stack is not None and name in routes:
            address = exported_address(gateway.stack, gateway.name or "")
            named += [(host, address) for host in sorted(added.hosts) if host]
    return _gathered(named, _by_name)


def _front(plan: StackPlan, balancer: str, targets: Iterable[Optional[TargetSpec]]) -> dict[str, str]:
    """The gateways that a load balancer leads to, each with its name."""
    references = (plan.reference(target) for target in targets if target is not None)
    return {found.name: balancer for found in references if found is not None and found.kind == GATEWAY}


_TARGET = ("service", "namespace", "port", "target_port", "protocol", "selector", "drain", "network_policy")
"""What of a target other stacks can write. They don't wait for it."""


def _targets(service: WebService) -> dict[str, dict[str, Any]]:
    """The targets of a service by port, as the `target` of load balancers and routes of other stacks has them."""
    found: Mapping[str, Mapping[str, Any]] = {port: dict(target) for port, target in service.targets.items()}
    return {
        port: {camel_case(field): _plain(target[field]) for field in _TARGET if target.get(field) is not None}
        for port, target in found.items()
    }


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _reference(gateway: IngressGateway) -> dict[str, Any]:
    """What the routes of other stacks need to know of a gateway, in the form of their argument `gateway`."""
    reference: Mapping[str, Any] = gateway.reference
    known = {camel_case(name): _plain(value) for name, value in reference.items()}
    peers: Sequence[Mapping[str, Any]] = gateway.reference.get("controller_peers") or ()
    if peers:
        known["controllerPeers"] = [{camel_case(key): item for key, item in peer.items()} for peer in peers]
    # The namespace as it is, and not as an Output of what creates it.
    added = {"hosts": gateway.hosts, "routes": gateway.routes, "certificates": gateway.certificates}
    return {**known, **added}


def _gathered(values: Iterable[tuple[str, pulumi.Output[Any]]], gather: Callable[[Named], Any]) -> pulumi.Output[Any]:
    pairs = list(values)
    names = [name for name, _ in pairs]
    outputs = pulumi.Output.all(*(value for _, value in pairs))
    return outputs.apply(lambda known: gather(list(zip(names, known, strict=True))))


def _by_name(values: Named) -> dict[str, str]:
    """The values that aren't empty, by name."""
    return {name: value for name, value in values if value}


def _by_host(values: Named) -> dict[str, str]:
    """The URLs by host; those of every host, by the name of the gateway or load balancer."""
    named = ((name if host == _EVERY_HOST else host, url) for name, urls in values for host, url in urls.items())
    return {key: url for key, url in named if url}


def _of_every_host(url: str) -> dict[str, str]:
    return {_EVERY_HOST: url}


def _aws_urls(balancer: AwsLoadBalancer) -> pulumi.Output[Any]:
    return pulumi.Output.all(balancer.urls, balancer.url).apply(_hosts_or_one)


def _hosts_or_one(both: Sequence[Any]) -> dict[str, str]:
    """The URLs by host if it has hosts, else its one URL: the other keys are ports."""
    return {host: url for host, url in both[0].items() if "." in host} or _of_every_host(both[1])


def _first(both: Sequence[Any]) -> str:
    return both[0] or both[1]


def _cost(both: Sequence[Any]) -> str:
    return both[1] if both[0] else ""
