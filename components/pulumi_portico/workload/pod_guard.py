"""The arguments of a component with pods as it uses them: parsed, claimed, and guarded."""

from collections.abc import Callable
from typing import Any, Optional, TypeVar

import pulumi

from ..args.guard import guarded
from ..args.problems import Problems
from ..lifecycle.selectors import claim_pods
from ..networking.selectors import PodOwner
from .pod_args import PodSpec
from .pod_validation import check_order_of_variables

__all__ = ["guarded_pods"]

P = TypeVar("P", bound=PodSpec)


def guarded_pods(
    name: str,
    args: Any,
    spec_type: type[P],
    parse: Callable[..., P],
    owner_of: Callable[[str, P, str], PodOwner],
    problems: Problems,
    opts: Optional[pulumi.ResourceOptions],
) -> P:
    """The arguments of the component called `name`, as `guarded` returns them. Raises if they are invalid, or if the
    selector finds the pods of another component.

    `args` can be parsed already, as those of a stack are. `parse` parses them, and `owner_of` returns the component as
    what selects pods.
    """
    spec = args if isinstance(args, spec_type) else parse(name, args, problems)
    problems.raise_if_any()

    def claim(known: P, found: Problems) -> None:
        claim_pods(owner_of(name, known, problems.subject), found, opts)

    def check(known: P, found: Problems) -> None:
        parse(name, known, found, known.at)
        check_order_of_variables(name, spec, known, found)
        found.run(claim, known)

    claim(spec, problems)
    problems.raise_if_any()
    return guarded(problems.subject, spec, check)
