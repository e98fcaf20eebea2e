"""Every type of resource that the model knows."""

from collections.abc import Mapping

from . import balancers, buckets, dns, endpoint_services, listeners, network, rules, target_groups
from .kinds import Kind

__all__ = ["KINDS"]

KINDS: Mapping[str, Kind] = {
    **balancers.KINDS,
    **target_groups.KINDS,
    **listeners.KINDS,
    **rules.KINDS,
    **network.KINDS,
    **dns.KINDS,
    **buckets.KINDS,
    **endpoint_services.KINDS,
}
"""By the resource's type token."""
