"""The resources that a container requests and is limited to: CPU, memory, and disk, in plain units."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.elsewhere import component, moved_to, several, table
from ..args.parse import Field, Rules
from ..args.spec import Spec, spec
from ..args.units import CORES, MIB
from ..args.values import LARGEST_MIB, mebibytes, number, quantity, whole_number
from ..outputs import applied

__all__ = [
    "DEFAULT_RESOURCES",
    "RULES",
    "Limits",
    "ResourceDefaults",
    "Resources",
    "ResourcesSpec",
    "build_resources",
]


class Limits(str, Enum):
    """Which of the requested resources are limits too."""

    MEMORY = "memory"
    """Memory and disk: a leak ends the container, not its neighbors. CPU is shared by need, because a limit on it slows
    a container down even on an idle node."""

    ALL = "all"
    """Memory, disk, and CPU: for clusters that bill or cap what a container can use."""

    NONE = "none"
    """None: the container can use everything that its node has."""


class Resources(TypedDict):
    """What a container requests, and so what the scheduler reserves for it."""

    cpu: NotRequired[pulumi.Input[float]]
    """Cores (above 0). Default: 0.1. Maps to `requests.cpu` and, if `limits` is `all`, to `limits.cpu`."""

    memory: NotRequired[pulumi.Input[int]]
    """MiB (1 or more). Default: 256. Maps to `requests.memory` and `limits.memory`, so that the container can use all
    that it is limited to."""

    disk: NotRequired[pulumi.Input[int]]
    """MiB (1 or more) for logs and writable paths together. Default: 1024. Maps to `limits.ephemeral-storage`;
    `requests.ephemeral-storage` is a tenth of it."""

    limits: NotRequired[Limits]
    """Which of the resources are limits too. Plain. Default: memory."""


_NAMES_OF_RESOURCES = table(
    {
        "requests": several("cpu", "memory", "disk"),
        "ephemeral-storage": moved_to("disk", MIB.number_of),
        "storage": moved_to("disk"),
        "cpus": moved_to("cpu", CORES.number_of_any),
        "mem": moved_to("memory"),
        "claims": component("services", "extra@spec@resourceClaims"),
        **dict.fromkeys(
            ("nvidia.com/gpu", "amd.com/gpu", "gpu", "gpus", "aws.amazon.com/neuron", "google.com/tpu"),
            component("services", "extra@spec@containers@resources"),
        ),
        **dict.fromkeys(("hugepages-2Mi", "hugepages-1Gi"), component("services", "extra@spec@containers@resources")),
    }
)
"""Other tools' names for the fields of `Resources`."""


@spec(Resources, elsewhere=_NAMES_OF_RESOURCES)
class ResourcesSpec(Spec):
    """Parsed `Resources`."""

    cpu: Optional[pulumi.Input[float]] = None
    memory: Optional[pulumi.Input[int]] = None
    disk: Optional[pulumi.Input[int]] = None
    limits: Limits = Limits.MEMORY


_SIZE = Field(whole_number(1, LARGEST_MIB, MIB))

RULES: Rules = {
    Resources: {
        "cpu": Field(number(0.001, what=CORES)),
        "memory": _SIZE,
        "disk": _SIZE,
    }
}
"""What the fields must satisfy beyond their types."""


@dataclass(frozen=True)
class ResourceDefaults:
    """What a container requests unless its arguments say otherwise."""

    cpu: float
    """Cores."""
    memory: int
    """MiB."""
    disk: int
    """MiB."""


DEFAULT_RESOURCES = ResourceDefaults(cpu=0.1, memory=256, disk=1024)
"""The defaults of an application's containers."""


def build_resources(
    resources: Optional[ResourcesSpec], defaults: ResourceDefaults = DEFAULT_RESOURCES
) -> dict[str, Any]:
    """The container's requests and limits."""
    requested = resources or ResourcesSpec()
    cpu = applied(defaults.cpu if requested.cpu is None else requested.cpu, quantity)
    memory = applied(defaults.memory if requested.memory is None else requested.memory, mebibytes)
    disk = defaults.disk if requested.disk is None else requested.disk
    reserved = applied(disk, lambda size: mebibytes(-(-size // 10)))
    built: dict[str, Any] = {"requests": {"cpu": cpu, "memory": memory, "ephemeral-storage": reserved}}
    if requested.limits is not Limits.NONE:
        built["limits"] = {"memory": memory, "ephemeral-storage": applied(disk, mebibytes)}
    if requested.limits is Limits.ALL:
        built["limits"]["cpu"] = cpu
    return {"resources": built}
