"""Every type of resource that the model knows, with what makes it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import buckets, dns, elb, listeners, network

if TYPE_CHECKING:
    from .model import Asked

__all__ = ["MAKERS"]

MAKERS: Mapping[str, Callable[["Asked"], dict[str, Any]]] = {
    **elb.MAKERS,
    **listeners.MAKERS,
    **network.MAKERS,
    **dns.MAKERS,
    **buckets.MAKERS,
}
"""By the resource's type token."""
