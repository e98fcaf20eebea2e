"""What a container is given and held to: CPU, memory, disk, in plain units."""

from enum import Enum
from typing import Any

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.values import mebibytes, number, quantity, whole_number
from ..checks import Field, Rules
from ..outputs import applied

__all__ = ["RULES", "Limits", "Resources", "build_resources"]


class Limits(str, Enum):
    """What a container is held to, beside what it is given."""

    MEMORY = "memory"
    """Memory and disk: a leak ends the container, not its neighbours. CPU is shared by need, as a limit on it slows a
    container down even where the node is idle."""

    ALL = "all"
    """Memory, disk and CPU: for clusters that bill or cap what a container may use."""

    NONE = "none"
    """Nothing: the container may take all that its node has."""


class Resources(TypedDict):
    """What a container is given, and so what the scheduler counts with."""

    cpu: NotRequired[pulumi.Input[float]]
    """Cores (above 0). Default: 0.1. Maps to `requests.cpu`, and with limits on all, to `limits.cpu`."""

    memory: NotRequired[pulumi.Input[int]]
    """MiB (1 or more). Default: 256. Maps to `requests.memory` and `limits.memory`, so that what was promised is
    there."""

    disk: NotRequired[pulumi.Input[int]]
    """MiB (1 or more) for logs and writable paths together. Default: 1024. Maps to `limits.ephemeral-storage`; a
    tenth of it is what `requests.ephemeral-storage` asks for."""

    limits: NotRequired[Limits]
    """What the container is held to. Plain. Default: memory."""


RULES: Rules = {
    Resources: {
        "cpu": Field(number(0.001, what="a number of cores")),
        "memory": Field(whole_number(1, what="a number of MiB")),
        "disk": Field(whole_number(1, what="a number of MiB")),
    }
}
"""What the fields must satisfy beyond their types."""

_CPU = 0.1
_MEMORY = 256
_DISK = 1024


def build_resources(resources: Resources) -> dict[str, Any]:
    """The container's requests and limits."""
    cpu = applied(resources.get("cpu", _CPU), quantity)
    memory = applied(resources.get("memory", _MEMORY), mebibytes)
    disk: Any = resources.get("disk", _DISK)
    asked = applied(disk, lambda size: mebibytes(-(-size // 10)))
    policy = resources.get("limits", Limits.MEMORY.value)
    limits: dict[str, Any] = {"memory": memory, "ephemeral-storage": applied(disk, mebibytes)}
    if policy == Limits.ALL.value:
        limits["cpu"] = cpu
    built: dict[str, Any] = {"requests": {"cpu": cpu, "memory": memory, "ephemeral-storage": asked}}
    return {"resources": built if policy == Limits.NONE.value else {**built, "limits": limits}}
