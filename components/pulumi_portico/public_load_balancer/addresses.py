"""The address that a cluster writes into the status of a Service or an Ingress."""

from typing import Any

__all__ = ["first_address"]


def first_address(status: Any) -> dict[str, str]:
    """The first address in a status; empty if there is none, as with mocks and in rendered manifests."""
    addresses: Any = getattr(getattr(status, "load_balancer", None), "ingress", None)
    first: Any = addresses[0] if addresses else None
    return {"ip": getattr(first, "ip", None) or "", "hostname": getattr(first, "hostname", None) or ""}
