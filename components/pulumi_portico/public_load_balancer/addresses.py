"""The address that a cluster writes into the status of a Service or an Ingress."""

from collections.abc import Sequence
from typing import Any, cast

import pulumi

__all__ = ["first_address", "node_ports_of"]


def first_address(status: Any) -> dict[str, str]:
    """The first address in a status; empty if there is none, as with mocks and in rendered manifests."""
    addresses: Any = getattr(getattr(status, "load_balancer", None), "ingress", None)
    first: Any = addresses[0] if addresses else None
    return {"ip": getattr(first, "ip", None) or "", "hostname": getattr(first, "hostname", None) or ""}


def node_ports_of(service: Any) -> pulumi.Output[dict[str, int]]:
    """The ports of the nodes that lead to a Service, by the names of its ports; none if the cluster assigns none."""

    def by_name(spec: Any) -> dict[str, int]:
        ports: Sequence[Any] = getattr(spec, "ports", None) or ()
        return {port.name: port.node_port for port in ports if getattr(port, "node_port", None)}

    return cast("pulumi.Output[Any]", service.spec).apply(by_name)
