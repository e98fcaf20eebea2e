"""Where clients reach a load balancer that Pulumi owns."""

from collections.abc import Mapping
from typing import Any

from ..networking.ports import DEFAULT_PORTS
from .listener import listeners_of

__all__ = ["main_of", "urls_of"]

_FIRST = ("https", "http", "tls", "tcp", "tcp-udp", "udp")


def urls_of(aws: Mapping[str, Any], dns_name: str) -> dict[str, str]:
    """The URL of each host, by its name; without hosts, that of each listener, by its port."""
    listeners = _in_order(aws)
    hosts: Mapping[str, Any] = aws.get("hosts", {})
    if hosts:
        return {host: _url(listeners[0], host) for host in hosts}
    return {str(it["port"]): _url(it, dns_name) for it in listeners}


def main_of(aws: Mapping[str, Any]) -> str:
    """The key of the URL that comes first: the default host's, else that of the first host that is no wildcard."""
    hosts = list(aws.get("hosts", {}))
    if not hosts:
        return str(_in_order(aws)[0]["port"])
    return aws.get("default_host") or next((it for it in hosts if not it.startswith("*.")), hosts[0])


def _in_order(aws: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those that say most of what is spoken first."""
    return sorted(listeners_of(aws), key=lambda it: (_FIRST.index(it["protocol"]), it["port"]))


def _url(listener: Mapping[str, Any], host: str) -> str:
    scheme = listener["protocol"].replace("-", "+")
    port = "" if DEFAULT_PORTS.get(scheme) == listener["port"] else f":{listener['port']}"
    return f"{scheme}://{host}{port}"
