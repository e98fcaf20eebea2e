"""The pods of one Pulumi program's components, so that no component's selector finds the pods of another one.

They belong to the stack that the program creates. Components with different providers, and so in different clusters,
don't know each other's; neither do programs.
"""

from typing import Any, Optional
from weakref import WeakKeyDictionary

import pulumi

from ..args.problems import Problems
from ..networking.selectors import PodOwner, SelectorIndex, report_overlaps
from .claims import provider_of, stack

__all__ = ["claim_pods"]

_BY_STACK: WeakKeyDictionary[Any, dict[Any, SelectorIndex]] = WeakKeyDictionary()


def claim_pods(owner: PodOwner, problems: Problems, opts: Optional[pulumi.ResourceOptions]) -> None:
    """Report whether a component's selector finds the pods of another component of the program, or the reverse.

    A label or a namespace that isn't known yet is compared when it's known.
    """
    if problems.found:
        return
    index = _BY_STACK.setdefault(stack(), {}).setdefault(provider_of(opts), SelectorIndex())
    report_overlaps(index.overlaps(owner), owner, problems)
    # A component that is rejected has no pods.
    if not problems.found:
        index.add(owner)
