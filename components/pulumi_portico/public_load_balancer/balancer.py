"""The Service of type LoadBalancer that an exposure asks for, and what follows from it.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves. It serves a load balancer of its own
and the front door of a gateway alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..lifecycle.cost import Billable
from ..load_balancers import ClientIp, IpFamily
from ..network_policy import build_ingress, build_network_policy
from ..service_ports import ServicePort
from ..target import Protocol
from .platform_module import Request
from .platforms import module_of

__all__ = ["Balancer", "build_balancer"]

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Balancer:
    """A load balancer, described."""

    service: Manifest
    """The Service that the platform makes it for."""
    network_policy: Manifest
    """What lets it in at the pods, beside what else lets others in."""
    client_ip: str
    """What the pods are told of the client's address, by the names of `ClientIp`."""
    identity: Mapping[str, Any]
    """What it is: a change makes another load balancer."""
    held: Mapping[str, Any]
    """What no two load balancers can have at the same time."""
    protected: bool
    """Whether the platform refuses to delete it."""
    billable: Billable
    """What it is billed by."""

    @property
    def proxy_protocol(self) -> bool:
        """Whether the pods must read the PROXY protocol: they must where it is true, and must not where it is false."""
        return self.client_ip == ClientIp.PROXY_PROTOCOL.value

    @property
    def traffic_policy(self) -> str:
        """Whether nodes serve their own pods alone: Local or Cluster."""
        return self.service["spec"]["externalTrafficPolicy"]


def build_balancer(metadata: Mapping[str, Any], selector: Mapping[str, Any], request: Request) -> Balancer:
    """The load balancer of the pods that ``selector`` finds; ``metadata`` goes to its objects as it is."""
    module = module_of(request)
    request = module.with_limits(request)
    told = module.tell(request)
    annotations = {**told.annotations, **request.exposure.get("annotations", {})}
    service: Manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**metadata, **({"annotations": annotations} if annotations else {})},
        "spec": {
            "type": "LoadBalancer",
            "selector": dict(selector),
            "ports": list(map(_port, request.ports)),
            **told.spec,
        },
    }
    return Balancer(
        service=service,
        network_policy=_network_policy(metadata, selector, request),
        client_ip=module.client_ip(request),
        identity=_identity(request, told.spec),
        held=_held(request),
        protected=request.exposure.get("deletion_protection", False),
        billable=module.billable(request),
    )


def _port(port: ServicePort) -> Manifest:
    # Without appProtocol: Azure would take it for what a health check is to ask, and for which path.
    return {"name": port.name, "protocol": port.protocol, "port": port.number, "targetPort": port.target}


def _network_policy(metadata: Mapping[str, Any], selector: Mapping[str, Any], request: Request) -> Manifest:
    ports = sorted({(port.target, port.protocol) for port in request.ports})
    asked = module_of(request).health_port(request)
    if asked is not None and (asked, Protocol.TCP.value) not in ports:
        ports.append((asked, Protocol.TCP.value))
    rules = build_ingress(module_of(request).sources(request), ports)
    # All of them may reach the same ports: one rule says it.
    together = {**rules[0], "from": [peer for rule in rules for peer in rule["from"]]}
    return build_network_policy(metadata, selector, [together])


def _identity(request: Request, spec: Mapping[str, Any]) -> dict[str, Any]:
    """What Kubernetes or the platform reads only once: what it is made for."""
    exposure = request.exposure
    identity = {
        "platform": exposure["platform"],
        "scope": exposure["scope"],
        "load_balancer_class": spec.get("loadBalancerClass", ""),
        "primary address_family": "IPv6" if exposure.get("address_family") == IpFamily.IPV6.value else "IPv4",
    }
    for feature in (*module_of(request).renewed_by, "health.node_port"):
        identity[feature] = _value(request, feature)
    return identity


def _held(request: Request) -> dict[str, Any]:
    held = {feature: _value(request, feature) for feature in (*module_of(request).held, "health.node_port")}
    return {feature: value for feature, value in held.items() if value}


def _value(request: Request, feature: str) -> Any:
    group, _, name = feature.rpartition(".")
    return (request.of(group) if group else request.exposure).get(name, "")
