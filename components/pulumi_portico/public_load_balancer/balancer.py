"""The Service of type LoadBalancer of an exposure, its NetworkPolicy, and what follows from them.

Pure: specs in, dictionaries out; Outputs pass through at the leaves. It serves load balancers of their own and the
load balancers of gateways alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from ..lifecycle.claims import ExclusiveValue
from ..lifecycle.cost import Billable
from ..lifecycle.replacement import recorded_state
from ..load_balancers import ClientIp, IpAddressType
from ..networking.network_policies import build_ingress, build_network_policy
from ..networking.ports import ServicePort
from ..networking.target import Protocol
from ..untyped import Manifest, Properties
from .platform_module import Request, value_of
from .platforms import module_of

__all__ = ["Balancer", "build_balancer", "exclusive_values"]


@dataclass(frozen=True)
class Balancer:
    """A load balancer, described."""

    service: Manifest
    """The Service that the platform creates it for."""
    network_policy: Manifest
    """Allows it to connect to the pods, in addition to what other policies allow."""
    client_ip: ClientIp
    """What the pods see of the client's address."""
    identity: Properties
    """What it is: a change replaces the load balancer."""
    exclusive: Properties
    """The values that no two load balancers can share."""
    is_protected: bool
    """Whether the platform refuses to delete it."""
    billable: Billable

    @property
    def replacement_trigger(self) -> Properties:
        """What the engine compares with the state: a change replaces the load balancer."""
        return {name: value for name, value in self.identity.items() if value != "" or name not in _LATER_FEATURES}

    @property
    def proxy_protocol(self) -> bool:
        """Whether the pods must read the PROXY protocol. If not, they must not."""
        return self.client_ip is ClientIp.PROXY_PROTOCOL

    @property
    def traffic_policy(self) -> str:
        """Whether nodes forward connections only to their own pods: Local or Cluster."""
        return self.service["spec"]["externalTrafficPolicy"]

    @property
    def recorded_state(self) -> dict[str, Any]:
        """What the component records, for the next deployment to compare with."""
        namespace = self.service["metadata"].get("namespace")
        return recorded_state(self.identity, self.exclusive, is_protected=self.is_protected, namespace=namespace)


_LATER_FEATURES = ("aws.security_group_mode",)
"""Features that Portico didn't have when it registered the first load balancers: no value is no change."""


def build_balancer(metadata: Manifest, selector: Manifest, request: Request) -> Balancer:
    """The load balancer of the pods that `selector` selects; its objects have this metadata."""
    module = module_of(request.exposure.platform)
    fragment = module.render(request)
    annotations = {**fragment.annotations, **request.exposure.annotations}
    service: Manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**metadata, **({"annotations": annotations} if annotations else {})},
        "spec": {
            "type": "LoadBalancer",
            "selector": dict(selector),
            "ports": [_port(port) for port in request.ports],
            **fragment.spec,
        },
    }
    return Balancer(
        service=service,
        network_policy=_network_policy(metadata, selector, request),
        client_ip=module.client_ip(request),
        identity=_identity(request, fragment.spec),
        exclusive=dict(_exclusive(request)),
        is_protected=bool(request.exposure.deletion_protection),
        billable=module.billable(request),
    )


def exclusive_values(request: Request) -> list[ExclusiveValue]:
    """The values that no two load balancers can share, and where they are."""
    at = request.at
    return [ExclusiveValue(name, value, at.join(name.split("."))) for name, value in _exclusive(request)]


def _port(port: ServicePort) -> Manifest:
    # Without appProtocol, from which Azure derives the protocol and the path of health checks.
    return {"name": port.name, "protocol": port.protocol, "port": port.number, "targetPort": port.target}


def _network_policy(metadata: Manifest, selector: Manifest, request: Request) -> Manifest:
    module = module_of(request.exposure.platform)
    ports = sorted({(port.target, port.protocol) for port in request.ports})
    health_port = module.health_port(request)
    if health_port is not None and (health_port, Protocol.TCP.value) not in ports:
        ports.append((health_port, Protocol.TCP.value))
    rules = build_ingress(module.sources(request), ports)
    # All peers can connect to the same ports, so one rule is enough.
    merged = {**rules[0], "from": [peer for rule in rules for peer in rule["from"]]}
    return build_network_policy(metadata, selector, [merged])


def _identity(request: Request, spec: Manifest) -> dict[str, Any]:
    """What Kubernetes or the platform reads only when it creates a load balancer."""
    exposure = request.exposure
    identity: dict[str, Any] = {
        "platform": exposure.platform.value,
        "scope": exposure.scope.value,
        "load_balancer_class": spec.get("loadBalancerClass", ""),
        # A recorded name: it must not change.
        "primary address_family": "IPv6" if exposure.ip_address_type is IpAddressType.IPV6 else "IPv4",
    }
    for feature in (*module_of(exposure.platform).replaced_by_change_of, "health.node_port"):
        identity[feature] = _recorded(value_of(exposure, feature))
    return identity


def _exclusive(request: Request) -> Iterator[tuple[str, Any]]:
    for feature in (*module_of(request.exposure.platform).exclusive, "health.node_port"):
        value = value_of(request.exposure, feature)
        if value is not None:
            yield feature, _recorded(value)


def _recorded(value: Any) -> Any:
    """A value as a component records it."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return list(cast("tuple[Any, ...]", value))
    return getattr(value, "value", value)
