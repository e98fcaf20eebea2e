"""The pods of one Pulumi program's components, so that no component's selector finds the pods of another one, and no
target selects the pods of several.

They belong to the stack that the program creates. Components with different providers, and so in different clusters,
don't know each other's; neither do programs.
"""

from collections.abc import Callable, Iterable
from typing import Any, Optional, TypeVar
from weakref import WeakKeyDictionary

import pulumi

from ..args.guard import guarded
from ..args.problems import Problems
from ..args.spec import Spec
from ..networking.selectors import (
    PodOwner,
    SelectorIndex,
    TargetPods,
    report_overlaps,
    report_target,
    report_targets_of,
)
from ..networking.target import TargetSpec
from .claims import kubernetes_provider_of, stack

__all__ = ["claim_pods", "guarded_with_targets"]

S = TypeVar("S", bound=Spec)

_BY_STACK: WeakKeyDictionary[Any, dict[Any, SelectorIndex]] = WeakKeyDictionary()


def claim_pods(owner: PodOwner, problems: Problems, opts: Optional[pulumi.ResourceOptions]) -> None:
    """Report whether a component's selector finds the pods of another component of the program, or the reverse.

    A label or a namespace that isn't known yet is compared when it's known.
    """
    if problems.found:
        return
    index = _index(opts)
    report_overlaps(index.overlaps(owner), owner, problems)
    report_targets_of(owner, index, problems)
    # A component that is rejected has no pods.
    if not problems.found:
        index.add(owner)


def guarded_with_targets(
    problems: Problems,
    spec: S,
    check: Callable[[S, Problems], Any],
    targets_of: Callable[[S], Iterable[Optional[TargetSpec]]],
    opts: Optional[pulumi.ResourceOptions],
    *,
    has_own_service: bool = False,
) -> S:
    """The spec of a component as `guarded` returns it. Raises if its targets select pods that they must not.

    `has_own_service` is whether the component has a Service with the target's selector.
    """

    def claim(known: S, found: Problems) -> None:
        _claim_targets(targets_of(known), found, opts, has_own_service=has_own_service)

    def check_all(known: S, found: Problems) -> None:
        check(known, found)
        found.run(claim, known)

    claim(spec, problems)
    problems.raise_if_any()
    return guarded(problems.subject, spec, check_all)


def _claim_targets(
    targets: Iterable[Optional[TargetSpec]],
    problems: Problems,
    opts: Optional[pulumi.ResourceOptions],
    *,
    has_own_service: bool,
) -> None:
    """Report a target of a component that selects the pods of several components of the program, or not those of the
    Service that it names.

    A value that isn't known yet is compared when it's known.
    """
    if problems.found:
        return
    index = _index(opts)
    selecting = [
        TargetPods(problems.subject, target.namespace, target.service, target.selector, target.at, has_own_service)
        for target in targets
        if target is not None and target.selector
    ]
    for target in selecting:
        report_target(target, index, problems)
    if not problems.found:
        for target in selecting:
            index.add_target(target)


def _index(opts: Optional[pulumi.ResourceOptions]) -> SelectorIndex:
    return _BY_STACK.setdefault(stack(), {}).setdefault(kubernetes_provider_of(opts), SelectorIndex())
