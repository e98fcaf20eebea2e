"""Raw annotations that change who can connect to a load balancer. Each platform lists its own as data.

An annotation either contradicts a field, and Portico rejects it, or it admits clients that no field lists, and
`exceptions` of the stack reports it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional

from ..args.location import Location
from ..networking.exposing_annotations import OF_SERVICES

__all__ = [
    "COMMON",
    "AccessAnnotation",
    "AccessEffect",
    "effects_of",
    "further_clients",
    "scope_switch",
    "unenforced",
]


class AccessEffect(Enum):
    """How an annotation changes who can connect."""

    UNENFORCED = "unenforced"
    """The load balancer doesn't enforce the sources."""

    FURTHER_CLIENTS = "further-clients"
    """Further clients can connect, and the sources don't apply to them."""

    EVERY_PORT = "every-port"
    """The load balancer forwards connections to every port, not only to those of the Service."""

    INTERNET = "internet"
    """Clients on the internet can reach the load balancer."""

    INTERNAL = "internal"
    """Only clients of private networks can reach the load balancer."""


@dataclass(frozen=True)
class AccessAnnotation:
    """An annotation that changes who can connect."""

    effect: AccessEffect
    """What it does if its value matches."""
    matches: Callable[[str], bool]
    """Whether a value has the effect."""
    otherwise: Optional[AccessEffect] = None
    """What every other value does."""
    clients: str = ""
    """The further clients, as a sentence has them."""
    alternative: Optional[Location] = None
    """The field of `Exposure` that admits the same clients by their addresses, if there is one."""
    is_fixed: bool = False
    """Whether the platform reads it only when it creates a load balancer."""

    def effect_of(self, value: Any) -> Optional[AccessEffect]:
        """What a value does. A value that isn't known yet counts as the one that admits most."""
        if isinstance(value, str):
            return self.effect if self.matches(value) else self.otherwise
        return self.otherwise if self.effect is AccessEffect.INTERNAL else self.effect


def unenforced(matches: Callable[[str], bool], *, is_fixed: bool = False) -> AccessAnnotation:
    """An annotation with which the load balancer doesn't enforce the sources."""
    return AccessAnnotation(AccessEffect.UNENFORCED, matches, is_fixed=is_fixed)


def further_clients(
    clients: str, matches: Callable[[str], bool], alternative: Optional[Location] = None
) -> AccessAnnotation:
    """An annotation that admits further clients."""
    return AccessAnnotation(AccessEffect.FURTHER_CLIENTS, matches, clients=clients, alternative=alternative)


def scope_switch(internal: Callable[[str], bool]) -> AccessAnnotation:
    """An annotation that decides between an internal load balancer and one on the internet."""
    return AccessAnnotation(AccessEffect.INTERNAL, internal, AccessEffect.INTERNET)


COMMON: Mapping[str, AccessAnnotation] = {
    # Cilium in place of kube-proxy: it then rejects the ranges of `loadBalancerSourceRanges`, and admits the rest
    # (cilium/cilium, pkg/annotation/k8s.go).
    "service.cilium.io/src-ranges-policy": unenforced(lambda value: value.lower() != "allow"),
    **{key: further_clients(clients, matches) for key, (clients, matches) in OF_SERVICES.items()},
}
"""Annotations that programs of the cluster read, whatever the platform."""


def effects_of(
    known: Mapping[str, AccessAnnotation], annotations: Mapping[str, Any]
) -> Iterator[tuple[str, AccessAnnotation, AccessEffect]]:
    """What raw annotations change: the key, what's known of it, and its effect."""
    for key, value in annotations.items():
        found = known.get(key)
        effect = None if found is None else found.effect_of(value)
        if found is not None and effect is not None:
            yield key, found, effect
