"""A `PublicLoadBalancer`, resolved: its ports with every default, its load balancer, and its list of objects."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Optional

import pulumi

from ..args.location import Location
from ..args.problems import Unavailable, available
from ..lifecycle.cost import Estimate, estimate
from ..lifecycle.hooks import on_load_balancer
from ..lifecycle.objects import ObjectSpec, Options
from ..networking.ports import ServicePort
from ..networking.target import Protocol, TargetSpec
from .args import PublicLoadBalancerSpec
from .balancer import Balancer, build_balancer
from .common import tls_ports
from .platform_module import PlatformModule, Request
from .platforms import module_of

__all__ = ["SERVICE", "PublicLoadBalancerPlan", "objects_of", "plan_public_load_balancer", "request_of"]

SERVICE = "service"
"""The key of the Service."""

_NETWORK_POLICY = "network-policy"
_PORT_NAMES = {80: "http", 443: "https"}


@dataclass(frozen=True)
class PublicLoadBalancerPlan:
    """A load balancer with every default set."""

    name: str
    spec: PublicLoadBalancerSpec
    request: Request
    module: PlatformModule
    balancer: Balancer

    @property
    def estimate(self) -> Estimate:
        """What it costs, apart from usage."""
        return estimate(self.module.billing, self.balancer.billable, self.spec.price)

    @property
    def client_ports(self) -> dict[str, ServicePort]:
        """The ports by name, as clients see them: HTTP over TLS that terminates at the load balancer is https."""
        secure = {port.name for port in self.request.ports if port.scheme == "http"} & set(tls_ports(self.request))
        return {
            port.name: replace(port, app_protocol="https") if port.name in secure else port
            for port in self.request.ports
        }


def plan_public_load_balancer(name: str, spec: PublicLoadBalancerSpec) -> PublicLoadBalancerPlan:
    """The plan of the PublicLoadBalancer called `name`, whose arguments have no problems."""
    request = request_of(spec)
    metadata: dict[str, Any] = {"namespace": spec.target.namespace}
    if spec.labels:
        metadata["labels"] = dict(spec.labels)
    balancer = build_balancer(metadata, spec.target.selector or {}, request)
    return PublicLoadBalancerPlan(name, spec, request, module_of(spec.exposure.platform), balancer)


def objects_of(plan: PublicLoadBalancerPlan) -> list[ObjectSpec]:
    """The objects of a load balancer: its NetworkPolicy, if any applies to the pods, and its Service."""
    module, seconds = plan.module, plan.spec.ready_timeout
    # The provider updates a Service in place, and fails if Kubernetes doesn't allow the change.
    options = Options(timeout=seconds, replacement_trigger=plan.balancer.replacement_trigger)
    if module.assigns_address:

        def hooks(_parent: object) -> Optional[pulumi.ResourceHookBinding]:
            causes, is_protected = module.no_address_causes, plan.balancer.is_protected
            return on_load_balancer(plan.name, module.controller, causes, seconds, is_protected=is_protected)

        options = replace(options, hooks=hooks)
    service = ObjectSpec(SERVICE, plan.balancer.service, options=options)
    if not plan.spec.target.network_policy:
        return [service]
    return [ObjectSpec(_NETWORK_POLICY, plan.balancer.network_policy), service]


def request_of(spec: PublicLoadBalancerSpec) -> Request:
    """What the load balancer requests from its platform."""
    drain = available(lambda: spec.target.drain, None)
    ports = available(lambda: tuple(_ports(spec)), ())
    locations = available(lambda: _port_locations(spec), dict[str, Location]())
    return Request(spec.exposure, ports or None, drain, locations)


def _ports(spec: PublicLoadBalancerSpec) -> Iterator[ServicePort]:
    """The ports, ordered by name, so that their order in the arguments changes nothing."""
    if spec.ports is None:
        yield _target_port(spec.target)
        return
    for name, port in sorted(spec.ports.items()):
        yield ServicePort(name, port.target_port or port.port, port.port, port.protocol.value)


def _port_locations(spec: PublicLoadBalancerSpec) -> dict[str, Location]:
    if spec.ports is None:
        return {_target_port(spec.target).name: spec.target.at}
    return {name: port.at for name, port in spec.ports.items()}


def _target_port(target: TargetSpec) -> ServicePort:
    number, target_port, protocol = target.port, target.target_port, target.protocol
    if not isinstance(number, int) or not isinstance(target_port, (int, type(None))):
        raise Unavailable(target.at / "port")
    name = _PORT_NAMES.get(number) if protocol is Protocol.TCP else None
    return ServicePort(name or f"{protocol.value.lower()}-{number}", target_port or number, number, protocol.value)
