"""The address that a cluster writes into the status of a Service, or of an Ingress."""

from typing import Any

__all__ = ["first_address"]


def first_address(status: Any) -> dict[str, str]:
    """The first address in a status; empty where there is none, as under mocks and where manifests are rendered."""
    ingress: Any = getattr(getattr(status, "load_balancer", None), "ingress", None)
    found: Any = ingress[0] if ingress else None
    return {"ip": getattr(found, "ip", None) or "", "hostname": getattr(found, "hostname", None) or ""}
