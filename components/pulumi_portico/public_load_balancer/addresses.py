"""The address that a cluster writes into the status of a Service, an Ingress, or a Gateway."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi

from ..untyped import Manifest, mapped

__all__ = ["first_address", "node_ports_of"]


def first_address(status: Any) -> dict[str, str]:
    """The first address in a status; empty if there is none, as with mocks and in rendered manifests."""
    if isinstance(status, Mapping) and "addresses" in status:
        # The SDK has no type for the status of a Gateway.
        return _address_of_gateway(mapped(cast("Any", status)))
    of_balancer: Any = getattr(cast("Any", status), "load_balancer", None)
    addresses: Any = getattr(of_balancer, "ingress", None)
    first: Any = addresses[0] if addresses else None
    return {"ip": getattr(first, "ip", None) or "", "hostname": getattr(first, "hostname", None) or ""}


def _address_of_gateway(status: Manifest) -> dict[str, str]:
    addresses = cast("Sequence[Manifest]", status.get("addresses") or ())
    first: Manifest = addresses[0] if addresses else {}
    is_name = first.get("type") == "Hostname"
    value = str(first.get("value") or "")
    return {"ip": "" if is_name else value, "hostname": value if is_name else ""}


def node_ports_of(service: Any) -> pulumi.Output[dict[str, int]]:
    """The ports of the nodes that lead to a Service, by the names of its ports; none if the cluster assigns none."""

    def by_name(spec: Any) -> dict[str, int]:
        ports: Sequence[Any] = getattr(spec, "ports", None) or ()
        return {port.name: port.node_port for port in ports if getattr(port, "node_port", None)}

    return cast("pulumi.Output[Any]", service.spec).apply(by_name)
