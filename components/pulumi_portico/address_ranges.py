"""Ranges of addresses that add up to everyone.

Every list of ranges that Portico reports on or decides by goes through here: one range can name everyone, and so can
several together.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any, Union

from .args.values import ip_network
from .load_balancers import PRIVATE_ADDRESSES

__all__ = [
    "adds_up_to_everyone",
    "common_ranges",
    "includes_everyone",
    "ranges_of_everyone",
    "versions_of_everyone",
]

_Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        *(text for text in PRIVATE_ADDRESSES if ":" not in text),
        "0.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "224.0.0.0/3",
    )
)
"""The IPv4 ranges that no client on the internet connects from (IANA's registry of special-purpose addresses)."""

_PUBLIC = {4: ipaddress.ip_network("0.0.0.0/0"), 6: ipaddress.ip_network("2000::/3")}
"""The addresses of clients on the internet. Those of IPv6 are a part of all (RFC 4291, section 2.4)."""


def ranges_of_everyone(ranges: Iterable[Any]) -> list[int]:
    """The positions of the ranges that include every public address of an IP version: each range that does, or, if no
    single one does, all that do together. Values that aren't known yet, or aren't ranges, include nothing."""
    return sorted(position for positions in _everyone(ranges).values() for position in positions)


def includes_everyone(ranges: Iterable[Any]) -> bool:
    """Whether the ranges, alone or together, include every public address of an IP version."""
    return bool(_everyone(ranges))


def adds_up_to_everyone(ranges: Sequence[Any]) -> bool:
    """Whether several ranges include everyone together, although no single one does."""
    return includes_everyone(ranges) and not any(includes_everyone([text]) for text in ranges)


def versions_of_everyone(ranges: Iterable[Any]) -> frozenset[int]:
    """The IP versions whose every public address the ranges include: 4, 6, or both."""
    return frozenset(_everyone(ranges))


def common_ranges(ranges: Iterable[str], others: Iterable[str]) -> list[str]:
    """The ranges of the addresses that are in both lists. Two ranges overlap only if one includes the other."""
    known = [network for text in others if (network := _network(text)) is not None]
    found = [
        max(first, second, key=lambda network: network.prefixlen)
        for first in map(_network, ranges)
        for second in known
        if first is not None and first.version == second.version and first.overlaps(second)
    ]
    return [str(network) for network in found]


def _everyone(ranges: Iterable[Any]) -> dict[int, list[int]]:
    """The positions of the ranges that include everyone, by IP version."""
    found: dict[int, list[int]] = {}
    known = [(position, network) for position, text in enumerate(ranges) if (network := _network(text)) is not None]
    for version, public in _PUBLIC.items():
        own = [(position, network) for position, network in known if network.version == version]
        alone = [position for position, network in own if _includes([network], public)]
        if alone or _includes([network for _, network in own], public):
            found[version] = alone or [position for position, _ in own]
    return found


def _network(text: Any) -> Any:
    return ip_network(text) if isinstance(text, str) else None


def _includes(ranges: Sequence[_Network], public: _Network) -> bool:
    if not ranges:
        return False
    unused = [network for network in _NEVER_PUBLIC if network.version == public.version]
    mixed: Any = [*ranges, *unused]
    merged = ipaddress.collapse_addresses(mixed)
    return any(public.subnet_of(network) for network in merged)
