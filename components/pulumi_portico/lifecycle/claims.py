"""What the load balancers of one Pulumi program have claimed, so that no two of them claim the same.

Kept with the stack that the program makes, and gone with it. Two programs do not see each other, nor
do balancers with providers of their own: they may be in accounts where the same name is another one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource

from ..errors import Problems, Refusal

__all__ = ["claim_each", "provider_of", "stack", "unique"]

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


def claim_each(
    cloud: str,
    held: Mapping[str, Any],
    path: str,
    problems: Problems,
    opts: Optional[pulumi.ResourceOptions],
) -> None:
    """Claim every value that no two load balancers can share; raise if another component has claimed one.

    ``path`` is the location of the fields, with a dot at its end if it isn't empty.
    """
    plain: list[tuple[str, str]] = []
    for field, value in held.items():
        values = cast("list[Any]", value) if isinstance(value, list) else [value]
        plain += [(field, str(item)) for item in values if not isinstance(item, pulumi.Output)]
    claimant = problems.subject
    for field, value in plain:
        if other := _owner((cloud, field, value), claimant, opts):
            wrong = f"is that of {other} too, and no two load balancers can have it"
            problems.add(f"{path}{field}", value, Refusal(wrong, "one that nobody else has", "give it another one"))
    problems.raise_if_any()
    for field, value in plain:
        _claims()[(cloud, field, value), provider_of(opts)] = claimant


def _owner(claim: Claim, claimant: str, opts: Optional[pulumi.ResourceOptions]) -> Optional[str]:
    """The other component that has the claim already, if there is one."""
    other = _claims().get((claim, provider_of(opts)))
    # A component provider may make one component several times, in a preview and in the update after it.
    return other if other != claimant else None


def unique(name: str) -> str:
    """The name, with a number where the program has made it before."""
    claims = _claims()
    count, made = 1, name
    while made in claims:
        count += 1
        made = f"{name}-{count}"
    claims[made] = made
    return made
