"""The Service of type LoadBalancer of an exposure, its NetworkPolicy, and what follows from them.

Pure: specs in, dictionaries out; Outputs pass through at the leaves. It serves load balancers of their own and the
load balancers of gateways alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Optional, cast

from ..args.location import Key, Location
from ..args.problems import available
from ..lifecycle.claims import ExclusiveValue
from ..lifecycle.cost import Billable
from ..lifecycle.replacement import recorded_state
from ..load_balancers import ClientIp, IpAddressType
from ..networking.network_policies import PodPort, build_ingress, build_network_policy
from ..networking.ports import ServicePort
from ..networking.target import Protocol
from ..untyped import Manifest, Properties
from .exposure import ExposureSpec
from .platform_module import Request, value_of
from .platforms import module_of

__all__ = ["Balancer", "build_balancer", "exclusive_values", "pod_ports"]


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
        return {name: value for name, value in self.identity.items() if value != "" or not _is_later(name)}

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


_NODE_PORTS = ("health.node_port", "node_ports")


def _is_later(name: str) -> bool:
    # Annotations are later, too.
    return name in _LATER_FEATURES or "/" in name


def build_balancer(metadata: Manifest, selector: Manifest, request: Request) -> Balancer:
    """The load balancer of the pods that `selector` selects; its objects have this metadata."""
    module = module_of(request.exposure.platform)
    fragment = module.render(request)
    annotations = {**fragment.annotations, **request.exposure.all_annotations}
    service: Manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**metadata, **({"annotations": annotations} if annotations else {})},
        "spec": {
            "type": module.service_type,
            "selector": dict(selector),
            "ports": [_port(port, request.exposure.node_ports.get(port.name)) for port in request.ports],
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
    shares = module_of(request.exposure.platform).shares_addresses(request)
    ports = frozenset((port.number, port.protocol) for port in request.ports) if shares else None
    values = [
        ExclusiveValue(name, value, request.at.join(name.split(".")), ports if name == "static_addresses" else None)
        for name, value in _exclusive(request)
        if name not in _NODE_PORTS
    ]
    return [*values, *_node_ports(request.exposure)]


def _node_ports(exposure: ExposureSpec) -> Iterator[ExclusiveValue]:
    """The ports of the nodes, of which the cluster has each one once. A Service can have one for two protocols."""
    found: dict[int, Location] = {}
    for name, number in available(lambda: exposure.node_ports, dict[str, int]()).items():
        found.setdefault(number, exposure.at / "node_ports" / Key(name))
    checked = available(lambda: exposure.health.node_port, None)
    if checked is not None:
        found.setdefault(checked, exposure.at / "health" / "node_port")
    yield from (ExclusiveValue("node_ports", number, at, is_of_cluster=True) for number, at in found.items())


def _port(port: ServicePort, node_port: Optional[int]) -> Manifest:
    # Without appProtocol, from which Azure derives the protocol and the path of health checks.
    described = {"name": port.name, "protocol": port.protocol, "port": port.number, "targetPort": port.target}
    return described if node_port is None else {**described, "nodePort": node_port}


def pod_ports(request: Request) -> list[PodPort]:
    """The ports of the pods that the load balancer connects to, also for health checks."""
    ports: list[PodPort] = sorted({(port.target, port.protocol) for port in request.ports})
    checked = (module_of(request.exposure.platform).health_port(request), Protocol.TCP.value)
    return ports if checked[0] is None or checked in ports else [*ports, checked]


def _network_policy(metadata: Manifest, selector: Manifest, request: Request) -> Manifest:
    rules = build_ingress(module_of(request.exposure.platform).sources(request), pod_ports(request))
    # All peers can connect to the same ports, so one rule is enough.
    merged = {**rules[0], "from": [peer for rule in rules for peer in rule["from"]]}
    return build_network_policy(metadata, selector, [merged])


def _identity(request: Request, spec: Manifest) -> dict[str, Any]:
    """What Kubernetes or the platform reads only when it creates a load balancer."""
    exposure = request.exposure
    identity: dict[str, Any] = {
        "platform": exposure.platform.value,
        # Node ports are the same, whoever reaches the nodes.
        "scope": exposure.scope.value if module_of(exposure.platform).assigns_address else "",
        "load_balancer_class": spec.get("loadBalancerClass", ""),
        # A recorded name: it must not change.
        "primary address_family": "IPv6" if exposure.ip_address_type is IpAddressType.IPV6 else "IPv4",
    }
    for feature in (*module_of(exposure.platform).replaced_by_change_of, "health.node_port"):
        identity[feature] = _recorded(value_of(exposure, feature))
    return {**identity, **module_of(exposure.platform).fixed_annotations(request)}


def _exclusive(request: Request) -> Iterator[tuple[str, Any]]:
    for feature in (*module_of(request.exposure.platform).exclusive, *_NODE_PORTS):
        value = available(partial(value_of, request.exposure, feature), None)
        if value is not None:
            yield feature, _recorded(value)


def _recorded(value: Any) -> Any:
    """A value as a component records it."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return list(cast("tuple[Any, ...]", value))
    if isinstance(value, Mapping):
        return sorted(set(cast("Mapping[str, Any]", value).values()))
    return getattr(value, "value", value)
