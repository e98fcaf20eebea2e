"""The order in which resources are created and deleted, with a small, constant number of dependencies for each.

A resource that must wait for many others depends on one of them, which depends on the rest in turn. So the engine
keeps the order, and state and time grow with the number of resources only.
"""

from collections.abc import Callable, Sequence
from typing import Any, Optional, TypeVar, cast

import pulumi

__all__ = ["WIDTH", "Dependency", "after", "dependencies_of", "detached", "gathered", "on_time"]

Dependency = Any
"""What `depends_on` takes: a resource, or an Output that stands for the resources that it comes from."""

WIDTH = 3
"""How many others a resource gathers."""

Item = TypeVar("Item")


def gathered(
    items: Sequence[Item], create: Callable[[Item, Sequence[Dependency]], Any], first: Sequence[Dependency] = ()
) -> list[Any]:
    """Create a resource for each item, so that the resource of the first item depends on all others, and return them.

    They form a tree: each depends on at most `WIDTH` others, and the path from one to the first is short. ``first`` is
    what all of them come after.
    """
    created: dict[int, Any] = {}
    for at in reversed(range(len(items))):
        below = [created[child] for child in range(WIDTH * at + 1, WIDTH * (at + 1) + 1) if child in created]
        created[at] = create(items[at], below or list(first))
    return [created[at] for at in range(len(items))]


def detached(value: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """The same value, without the dependency on the resources that it comes from: the caller keeps the order.

    Not for secrets.
    """
    return pulumi.Output.from_input(value.future(with_unknowns=True))


def on_time(value: Any, ready: Sequence[Any]) -> pulumi.Output[Any]:
    """The ``value``, once the resources of ``ready`` exist, without a dependency on them."""

    async def wait() -> bool:
        for output in ready:
            await output.future(with_unknowns=True)
        return True

    return pulumi.Output.all(value, pulumi.Output.from_input(wait())).apply(lambda known: known[0])


def after(value: Any) -> Sequence[Dependency]:
    """A dependency on the resources that ``value`` comes from, and not on the value: a change of it replaces nothing.

    None for a plain value, which comes from no resource.
    """
    return [cast("pulumi.Output[Any]", value).apply(_nothing)] if isinstance(value, pulumi.Output) else []


def _nothing(_value: Any) -> None:
    """The SDK takes an Output's resources as dependencies, and its value too if it has one."""


def dependencies_of(opts: Optional[pulumi.ResourceOptions]) -> list[Dependency]:
    """What a component's options say that it depends on: its children must come after it too."""
    given: Any = opts.depends_on if opts is not None else None
    if given is None or isinstance(given, pulumi.Output):
        return list(after(given))
    return list(cast("Sequence[Any]", given)) if isinstance(given, Sequence) else [given]
