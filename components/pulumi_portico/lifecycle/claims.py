"""The values that the load balancers of one Pulumi program claim, so that no two of them use the same.

Claims belong to the stack that the program creates. Programs don't see each other's claims. Neither do load balancers
with different providers: in another account, the same name is another name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, cast
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource

from ..args.codes import define
from ..args.location import Location
from ..args.problems import Problems
from ..untyped import mapped

__all__ = [
    "ExclusiveValue",
    "claim",
    "claim_each",
    "kubernetes_provider_of",
    "plain_items",
    "provider_of",
    "stack",
    "unique",
]

_KUBERNETES = "kubernetes"

CLAIMED = define(
    "claimed-value",
    "{owner} has {value} already, and no two load balancers can share it.",
    allowed="a value that no other load balancer has",
    hint="Set another value.",
)

CLAIMED_PORT = define(
    "claimed-port-of-address",
    "{owner} has {protocol} port {port} of {value} already.",
    allowed="another port, or another address",
    hint="Choose another port, or another address.",
)


_CLUSTER = "cluster"


@dataclass(frozen=True)
class ExclusiveValue:
    """A value that no two load balancers of a cloud can share."""

    field: str
    value: Any
    """A list claims each of its items. Outputs claim nothing."""
    location: Location
    ports: Optional[frozenset[tuple[int, str]]] = None
    """The ports, with their protocols, if load balancers with other ports can share the value."""

    is_of_cluster: bool = False
    """Whether the cluster has each value once, whatever creates the load balancers."""

    def owner(self, cloud: str) -> str:
        """What has the value once: the cloud or the cluster."""
        return _CLUSTER if self.is_of_cluster else cloud

    def shared_ports(self, other: "ExclusiveValue") -> Optional[frozenset[tuple[int, str]]]:
        """The ports because of which two load balancers can't share the value, none if they can; None if they can't
        because of the value itself."""
        return None if self.ports is None or other.ports is None else self.ports & other.ports


class _Stackless:
    """In place of the stack in a process that has none, such as a component provider."""


_STACKLESS = _Stackless()
_BY_STACK: WeakKeyDictionary[Any, dict[Any, str]] = WeakKeyDictionary()
_VALUES: WeakKeyDictionary[Any, dict[Any, dict[str, ExclusiveValue]]] = WeakKeyDictionary()


def _claims() -> dict[Any, str]:
    return _BY_STACK.setdefault(stack(), {})


def stack() -> Any:
    """The stack that the program creates, or a stand-in if there is none."""
    return get_root_resource() or _STACKLESS


def provider_of(opts: Optional[pulumi.ResourceOptions]) -> Any:
    """The provider of a component's children; None for the default provider."""
    if opts is None:
        return None
    given = cast("Any", opts.provider or opts.providers)
    if given is None and opts.parent is not None:
        given = opts.parent.get_provider("kubernetes:core/v1:Service")
    if isinstance(given, Mapping):
        given = mapped(given).get("kubernetes")
    if isinstance(given, Sequence):
        given = next((item for item in cast("Sequence[Any]", given) if item.package == "kubernetes"), None)
    # The object, not its id, which another object may have after this one is gone.
    return given


def kubernetes_provider_of(opts: Optional[pulumi.ResourceOptions]) -> Any:
    """The provider of a component's Kubernetes objects; None for the default provider."""
    provider = provider_of(opts)
    if opts is not None and opts.parent is not None and getattr(provider, "package", None) != _KUBERNETES:
        # The component's own options have providers of other packages only.
        provider = provider_of(pulumi.ResourceOptions(parent=opts.parent))
    return provider if getattr(provider, "package", _KUBERNETES) == _KUBERNETES else None


def claim_each(
    cloud: str, values: Iterable[ExclusiveValue], problems: Problems, opts: Optional[pulumi.ResourceOptions]
) -> None:
    """Claim values that no two load balancers can share; raise if another component has claimed one."""
    provider, claimant = provider_of(opts), problems.subject
    claimed = _VALUES.setdefault(stack(), {})
    claims: list[tuple[Any, ExclusiveValue]] = []
    for exclusive in values:
        for location, item in plain_items(exclusive):
            key = ((exclusive.owner(cloud), exclusive.field, str(item)), provider)
            # A component provider can create one component several times, in a preview and in the update after it.
            others = ((owner, other) for owner, other in claimed.get(key, {}).items() if owner != claimant)
            for owner, other in others:
                _report_claimed(exclusive, other, item, location, owner, problems)
            claims.append((key, exclusive))
    problems.raise_if_any()
    for key, exclusive in claims:
        claimed.setdefault(key, {})[claimant] = exclusive


def _report_claimed(
    exclusive: ExclusiveValue, other: ExclusiveValue, item: Any, at: Location, owner: Any, problems: Problems
) -> None:
    """Report a value that another load balancer has, unless the two can share it."""
    ports = exclusive.shared_ports(other)
    if ports is None:
        problems.report(CLAIMED, at, value=item, owner=owner)
    elif ports:
        number, protocol = min(ports)
        problems.report(CLAIMED_PORT, at, value=item, owner=owner, port=number, protocol=protocol)


def claim(key: Any, claimant: str, opts: Optional[pulumi.ResourceOptions]) -> Optional[str]:
    """The other component that has claimed something with the same provider; None if this one has it now."""
    owner = _claims().setdefault((key, provider_of(opts)), claimant)
    return None if owner == claimant else owner


def plain_items(exclusive: ExclusiveValue) -> Iterator[tuple[Location, Any]]:
    """The location and the value of each item that isn't an Output."""
    value = exclusive.value
    if isinstance(value, (list, tuple)):
        located = [(exclusive.location / index, item) for index, item in enumerate(cast("Sequence[Any]", value))]
    else:
        located = [(exclusive.location, value)]
    for location, item in located:
        if not isinstance(item, pulumi.Output):
            yield location, item


def unique(name: str) -> str:
    """The name, with a number if the program has used the name before."""
    claims = _claims()
    count, made = 1, name
    while made in claims:
        count += 1
        made = f"{name}-{count}"
    claims[made] = made
    return made
