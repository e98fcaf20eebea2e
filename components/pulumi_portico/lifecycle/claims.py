"""What the load balancers of one Pulumi program have claimed, so that no two of them claim the same.

Kept with the stack that the program makes, and gone with it. Two programs do not see each other, nor
do balancers with providers of their own: they may be in accounts where the same name is another one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource

__all__ = ["claim", "owner", "provider_of", "stack", "unique"]

Claim = tuple[str, str, str]
"""The cloud, the field and the value."""


class _Stackless:
    """Stands for the stack in a process that has none: a component provider's."""


_STACKLESS = _Stackless()
_BY_STACK: WeakKeyDictionary[Any, dict[Any, str]] = WeakKeyDictionary()


def _claims() -> dict[Any, str]:
    return _BY_STACK.setdefault(stack(), {})


def stack() -> Any:
    """The stack that is being made, or what stands for it where there is none."""
    return get_root_resource() or _STACKLESS


def provider_of(opts: Optional[pulumi.ResourceOptions]) -> Any:
    """The provider that a component's children get; None for the default one."""
    if opts is None:
        return None
    given = cast("Any", opts.provider or opts.providers)
    if given is None and opts.parent is not None:
        given = opts.parent.get_provider("kubernetes:core/v1:Service")
    if isinstance(given, Mapping):
        given = cast("Mapping[str, Any]", given).get("kubernetes")
    if isinstance(given, Sequence):
        given = next((it for it in cast("Sequence[Any]", given) if it.package == "kubernetes"), None)
    # The object itself, and not its id, which another one may have once this one is gone.
    return given


def owner(what: Claim, who: str, opts: Optional[pulumi.ResourceOptions]) -> Optional[str]:
    """Who claims it already, if somebody else does."""
    other = _claims().get((what, provider_of(opts)))
    # A component provider may make one component several times, in a preview and in the update after it.
    return other if other != who else None


def claim(what: Claim, who: str, opts: Optional[pulumi.ResourceOptions]) -> None:
    """Claim it."""
    _claims()[(what, provider_of(opts))] = who


def unique(name: str) -> str:
    """The name, with a number where the program has made it before."""
    claims = _claims()
    count, made = 1, name
    while made in claims:
        count += 1
        made = f"{name}-{count}"
    claims[made] = made
    return made
