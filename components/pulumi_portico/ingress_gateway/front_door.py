"""What's in front of the controller: a load balancer of the gateway's own, or a Service for whatever else is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

import pulumi

from ..lifecycle.hooks import on_load_balancer, on_replacement
from ..lifecycle.objects import ObjectSpec, Options
from ..networking.network_policies import PeerSpec
from ..networking.ports import ServicePort
from ..public_load_balancer.balancer import Balancer, build_balancer
from ..public_load_balancer.platform_module import PlatformModule, Request
from ..public_load_balancer.platforms import module_of
from ..register import SKIP_AWAIT, WAIT_FOR
from .args import IngressGatewaySpec
from .compile_input import ADDRESS_PUBLISHED
from .install.installation import InstallationSpec

__all__ = [
    "PORTS",
    "SERVICE",
    "FrontDoor",
    "exposure_request",
    "front_door_objects",
    "plan_front_door",
    "with_hook",
]

_COMPONENT = "IngressGateway"

SERVICE = "service"
"""The key of the Service."""

PORTS = (ServicePort("http", 80, 80), ServicePort("https", 443, 443))
"""The ports of the Service, and of the controller's containers."""


@dataclass(frozen=True)
class FrontDoor:
    """What's in front of the controller."""

    name: str
    namespace: pulumi.Input[str]
    selector: Mapping[str, str]
    """The labels of the controller's pods."""
    labels: Mapping[str, pulumi.Input[str]]
    ready_timeout: int
    balancer: Optional[Balancer] = None
    """The gateway's own load balancer; None if it has none."""
    platform: Optional[PlatformModule] = None
    """The platform of the load balancer."""
    proxy_protocol: bool = False
    """Whether the controller must read the PROXY protocol."""
    proxy_sources: Sequence[pulumi.Input[str]] = ()
    """The addresses whose PROXY protocol the controller trusts, in CIDR notation."""
    peers: Sequence[PeerSpec] = ()
    """Who can connect to the controller, in addition to those that the load balancer's own policy allows."""

    def metadata(self) -> dict[str, Any]:
        """The metadata of its objects, whose names Pulumi generates."""
        return {**({"labels": dict(self.labels)} if self.labels else {}), "namespace": self.namespace}

    @property
    def state(self) -> dict[str, Any]:
        """What the component records of the load balancer, to compare the next deployment with."""
        return {} if self.balancer is None else self.balancer.recorded_state


def exposure_request(spec: IngressGatewaySpec) -> Optional[Request]:
    """What the gateway requests of its platform; None if it has no load balancer of its own."""
    if spec.exposure is None:
        return None
    return Request(spec.exposure, PORTS, (spec.installation or InstallationSpec()).drain)


def plan_front_door(
    name: str, namespace: pulumi.Input[str], selector: Mapping[str, str], spec: IngressGatewaySpec
) -> FrontDoor:
    """The front door of the gateway called `name`, whose controller's pods have the labels `selector`."""
    common = FrontDoor(name, namespace, selector, spec.labels, spec.ready_timeout)
    if spec.upstream is not None:
        sources = spec.upstream.sources
        peers = [PeerSpec(cidr=source) for source in sources]
        return replace(common, proxy_protocol=spec.upstream.proxy_protocol, proxy_sources=sources, peers=peers)
    request = exposure_request(spec)
    if request is None:
        return common
    balancer, platform = build_balancer(common.metadata(), selector, request), module_of(request.exposure.platform)
    sources = [peer.cidr for peer in platform.sources(request) if peer.cidr is not None]
    return replace(
        common,
        balancer=balancer,
        platform=platform,
        proxy_protocol=balancer.proxy_protocol,
        proxy_sources=sources,
    )


def with_hook(front: FrontDoor, opts: Optional[pulumi.ResourceOptions]) -> Optional[pulumi.ResourceOptions]:
    """The component's options, with the hook that looks at a change of the load balancer before it is made."""
    if front.balancer is None:
        return opts
    hooked = pulumi.ResourceOptions(hooks=on_replacement(front.name, _COMPONENT))
    return pulumi.ResourceOptions.merge(opts, hooked)


def front_door_objects(front: FrontDoor, first: Sequence[str]) -> list[ObjectSpec]:
    """The Service and, of a load balancer, the policy that allows its connections. They come after `first`."""
    platform, balancer, seconds = front.platform, front.balancer, front.ready_timeout
    if balancer is None or platform is None:
        return [ObjectSpec(SERVICE, _service(front), first)]
    service = dict(balancer.service)
    metadata = service["metadata"]
    # Pulumi's own way to wait also waits for pods, which come later.
    wait = {WAIT_FOR: ADDRESS_PUBLISHED} if platform.assigns_address else {SKIP_AWAIT: "true"}
    service["metadata"] = {**metadata, "annotations": {**metadata.get("annotations", {}), **wait}}
    options = Options(timeout=seconds, replacement_trigger=balancer.replacement_trigger)
    if platform.assigns_address:

        def hooks(_parent: object) -> Optional[pulumi.ResourceHookBinding]:
            causes, protected = platform.no_address_causes, balancer.is_protected
            arguments = (front.name, platform.controller, causes, seconds)
            return on_load_balancer(*arguments, is_protected=protected, component=_COMPONENT)

        options = replace(options, hooks=hooks)
    return [
        ObjectSpec("front-door", balancer.network_policy, first),
        ObjectSpec(SERVICE, service, first, options),
    ]


def _service(front: FrontDoor) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": front.metadata(),
        "spec": {
            "type": "ClusterIP",
            "selector": dict(front.selector),
            "ports": [
                {
                    "name": port.name,
                    "protocol": port.protocol,
                    "port": port.number,
                    "targetPort": port.target,
                    "appProtocol": port.name,
                }
                for port in PORTS
            ],
        },
    }
