"""The outputs of a gateway that follow from what the cluster reports."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from ..public_load_balancer.addresses import first_address

__all__ = ["address_of", "urls_of"]

_NOWHERE = {"ip": "", "hostname": ""}


def address_of(service: Any, ingresses: Sequence[Any]) -> pulumi.Output[dict[str, str]]:
    """The address of a load balancer's Service, else the one that the controller publishes in an Ingress."""
    holder = service if service is not None else next(iter(ingresses), None)
    if holder is None:
        return pulumi.Output.from_input(_NOWHERE)
    return holder.status.apply(first_address)


def urls_of(secured: Mapping[str, bool], address: pulumi.Output[dict[str, str]]) -> pulumi.Output[dict[str, str]]:
    """The URL of each host, `secured` saying whether it has TLS; of routes without a host, the address's."""
    named = {host: f"{_scheme(tls)}://{host}" for host, tls in secured.items() if host and not host.startswith("*.")}
    if "" not in secured:
        return pulumi.Output.from_input(named)

    def with_address(found: Mapping[str, str]) -> dict[str, str]:
        ip = found["ip"]
        host = found["hostname"] or (f"[{ip}]" if ":" in ip else ip)
        return {**named, **({"*": f"{_scheme(secured[''])}://{host}"} if host else {})}

    return address.apply(with_address)


def _scheme(tls: bool) -> str:
    return "https" if tls else "http"
