"""What the components of one program have added to a gateway, so that no two of them add the same.

Kept with the stack that the program makes, by the gateway's class, and gone with it. What another program has added
is known by the references that name it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional
from weakref import WeakKeyDictionary

import pulumi

from ..lifecycle.claims import provider_of, stack
from ..ordering import Dependency

__all__ = ["GatewayFacts", "GatewayState", "Owner", "Setting", "state_of"]


Setting = tuple[str, str]
"""A target, as far as it can be told ahead, and a field of its routes."""


class Owner(NamedTuple):
    """Who has added something, and where it stands in its arguments."""

    component: str
    where: str

    def __str__(self) -> str:
        return f"{self.component} ({self.where})"


@dataclass(frozen=True)
class GatewayFacts:
    """What a gateway of this program has for the routes of others."""

    first: Sequence[Dependency]
    """What its routes are created after and deleted before: the controller, which is the last of its installation."""
    tls: Mapping[str, Mapping[str, Any]]
    """Its certificates, by host or wildcard, each with the name of its Secret."""
    reached_from: Optional[Sequence[Any]]
    """Where its connections come from; None where that is not known."""
    default_backend: Optional[Mapping[str, Any]]
    """The target that answers where no route does."""
    response_headers: frozenset[str]
    """The headers that routes may add to responses; empty where the controller does not ask."""


@dataclass
class GatewayState:
    """What has been added so far."""

    routes: dict[str, Owner] = field(default_factory=dict[str, Owner])
    """The routes, by what they take."""
    hosts: dict[str, Owner] = field(default_factory=dict[str, Owner])
    """Who added each host first."""
    exact: dict[tuple[str, str], Owner] = field(default_factory=dict[tuple[str, str], Owner])
    """The exact routes, by host and path."""
    prefixes: dict[tuple[str, str], Owner] = field(default_factory=dict[tuple[str, str], Owner])
    """The routes by prefix, by host and path."""
    shared: dict[Setting, tuple[Any, Owner]] = field(default_factory=dict[Setting, tuple[Any, Owner]])
    """What was said of Services' ports, where the controller has one setting for all routes that lead there."""
    host_resources: dict[str, pulumi.Resource] = field(default_factory=dict[str, pulumi.Resource])
    """The Ingress of each host that has one of its own."""
    facts: Optional[GatewayFacts] = None


_BY_STACK: WeakKeyDictionary[Any, dict[Any, GatewayState]] = WeakKeyDictionary()


def state_of(class_name: Any, opts: Optional[pulumi.ResourceOptions]) -> GatewayState:
    """The state of the gateway of a class; of one whose name is known only later, that of this very Output."""
    states = _BY_STACK.setdefault(stack(), {})
    key = class_name if isinstance(class_name, str) else id(class_name)
    return states.setdefault((key, provider_of(opts)), GatewayState())
