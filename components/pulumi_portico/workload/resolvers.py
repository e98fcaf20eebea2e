"""The name servers that `extra` gives the pods, and whether the NetworkPolicy allows connections to them."""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any, Optional, Union

from ..args.codes import define
from ..args.location import Field, Key
from ..args.problems import Problems, Set
from ..args.values import ip_network
from ..networking.dns import ALLOWED_ADDRESSES
from ..networking.network_policies import PeerSpec
from ..networking.target import Protocol
from ..untyped import listed, mapped
from .pod_args import PodSpec

__all__ = ["check_resolvers"]

BLOCKED_NAME_SERVER = define(
    "blocked-name-server",
    "The pods' NetworkPolicy allows no connections to the name server {value}.",
    allowed="addresses that {servers} or {peers} includes, at port 53 with UDP",
    hint="Add it to {servers}.",
)
BLOCKED_SERVERS_OF_NODE = define(
    "blocked-name-servers-of-node",
    "The pods use the name servers of their node, and the pods' NetworkPolicy allows connections to those of the "
    "cluster.",
    allowed="with {servers}",
    hint="Set {servers} to the addresses of the node's name servers, or remove this.",
)

_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_NODE = "Default"
"""The DNS policy of pods that use the name servers of their node."""
_PORT = 53


def check_resolvers(spec: PodSpec, problems: Problems) -> None:
    """Report name servers in `extra` that the pods can't connect to. The spec has the stack's DNS, if it has any."""
    if not spec.network_policy:
        return
    pod, at = mapped(mapped(spec.extra).get("spec")), (spec.at / "extra") / Key("spec")
    servers = spec.at.join(("dns", "servers"))
    if pod.get("dnsPolicy") == _NODE and not any(_peers(spec)):
        problems.report(BLOCKED_SERVERS_OF_NODE, at / Key("dnsPolicy"), value=_NODE, servers=servers)
    blocked = {index: address for index, address in _name_servers(pod) if not _is_allowed(address, spec)}
    has_servers = spec.dns is not None and spec.dns.servers
    ranges = [{"cidr": f"{address}/{address.max_prefixlen}"} for address in blocked.values()]
    fix = None if has_servers else Set(servers, ranges)
    for index, address in blocked.items():
        where = at.join((Key("dnsConfig"), Key("nameservers"), index))
        problems.report(
            BLOCKED_NAME_SERVER, where, value=str(address), fix=fix, servers=servers, peers=Field("allow_to")
        )


def _name_servers(pod: Any) -> Iterator[tuple[int, _Address]]:
    """The addresses of the pods' own name servers. `template_rules` reports those that aren't addresses."""
    for index, text in enumerate(listed(mapped(pod.get("dnsConfig")).get("nameservers"))):
        address = _address(text)
        # Connections within the pod, to a server in a sidecar, are subject to no policy.
        if address is not None and not address.is_loopback:
            yield index, address


def _address(text: Any) -> Optional[_Address]:
    try:
        return ipaddress.ip_address(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _peers(spec: PodSpec) -> Iterator[PeerSpec]:
    """The peers that can be name servers."""
    yield from () if spec.dns is None else spec.dns.servers
    yield from (peer for peer in spec.allow_to if _has_dns_port(peer))


def _has_dns_port(peer: PeerSpec) -> bool:
    if not peer.ports:
        return True
    # A port that isn't known yet can be any.
    return peer.protocol is Protocol.UDP and any(port == _PORT or not isinstance(port, int) for port in peer.ports)


def _is_allowed(address: _Address, spec: PodSpec) -> bool:
    # Which pods have an address, or are behind that of a Service, isn't known.
    return any(peer.cidr is None or _includes(peer.cidr, peer.cidr_except, address) for peer in _peers(spec)) or any(
        _includes(allowed, (), address) for allowed in ALLOWED_ADDRESSES
    )


def _includes(cidr: Any, excluded: Sequence[Any], address: _Address) -> bool:
    if not isinstance(cidr, str):
        return True
    return _within(address, cidr) and not any(isinstance(text, str) and _within(address, text) for text in excluded)


def _within(address: _Address, cidr: str) -> bool:
    network = ip_network(cidr)
    return network is not None and address in network
