"""The resources that a container requests and is limited to: CPU, memory, and disk, in plain units."""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import component, moved_to, several, table
from ..args.location import Field as FieldName
from ..args.parse import Field, Rules
from ..args.problems import Problems, Set
from ..args.spec import Spec, spec
from ..args.units import CORES, MIB
from ..args.values import LARGEST_MIB, mebibytes, number, quantity, whole_number
from ..outputs import applied

__all__ = [
    "DEFAULT_RESOURCES",
    "RULES",
    "Limits",
    "LimitsLike",
    "ResourceDefaults",
    "Resources",
    "ResourcesSpec",
    "build_resources",
    "check_resources",
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


if TYPE_CHECKING:
    LimitsLike: TypeAlias = Limits | Literal["memory", "all", "none"]
else:
    LimitsLike = Limits


class Resources(TypedDict):
    """What a container requests, and so what the scheduler reserves for it."""

    cpu: NotRequired[pulumi.Input[float]]
    """Cores (above 0). Default: 0.1. Maps to `requests.cpu` and, if `limits` is `all`, to `limits.cpu`."""

    cpu_limit: NotRequired[pulumi.Input[float]]
    """Cores (`cpu` or more) that the container can use. Default: `cpu` if `limits` is `all`, else no limit. Maps to
    `limits.cpu`."""

    memory: NotRequired[pulumi.Input[int]]
    """MiB (1 or more). Default: 256. Maps to `requests.memory` and, without a `memory_limit`, to `limits.memory`."""

    memory_limit: NotRequired[pulumi.Input[int]]
    """MiB (`memory` or more) that the container can use. Above `memory`, it can be evicted if its node runs out of
    memory. Default: `memory`, so that the container can use all that it is limited to; no limit if `limits` is `none`.
    Maps to `limits.memory`."""

    disk: NotRequired[pulumi.Input[int]]
    """MiB (1 or more) for logs and writable paths together. Default: 1024. Maps to `limits.ephemeral-storage`;
    `requests.ephemeral-storage` is a tenth of it."""

    limits: NotRequired[LimitsLike]
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
    cpu_limit: Optional[pulumi.Input[float]] = None
    memory: Optional[pulumi.Input[int]] = None
    memory_limit: Optional[pulumi.Input[int]] = None
    disk: Optional[pulumi.Input[int]] = None
    limits: Limits = Limits.MEMORY


_SIZE = Field(whole_number(1, LARGEST_MIB, MIB))
_CORES = Field(number(0.001, what=CORES))

RULES: Rules = {
    Resources: {
        "cpu": _CORES,
        "cpu_limit": _CORES,
        "memory": _SIZE,
        "memory_limit": _SIZE,
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


LIMIT_BELOW_REQUEST = define(
    "limit-below-request", "{value} is less than the {request} of {requested}.", allowed="{requested} or more"
)


def check_resources(
    resources: ResourcesSpec, problems: Problems, defaults: ResourceDefaults = DEFAULT_RESOURCES
) -> None:
    """Report limits below the requests."""
    for field, limit, requested, default in (
        ("cpu", resources.cpu_limit, resources.cpu, defaults.cpu),
        ("memory", resources.memory_limit, resources.memory, defaults.memory),
    ):
        if limit is None:
            continue
        where, request = resources.at / f"{field}_limit", default if requested is None else requested
        if isinstance(limit, (int, float)) and isinstance(request, (int, float)) and limit < request:
            # The value that is written stays: the default gives way.
            fix = Set(resources.at / field, limit) if requested is None else Set(where, request)
            problems.report(
                LIMIT_BELOW_REQUEST, where, value=limit, requested=request, request=FieldName(field), fix=fix
            )


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
    limits: dict[str, Any] = {}
    if requested.limits is not Limits.NONE:
        limits = {"memory": memory, "ephemeral-storage": applied(disk, mebibytes)}
    if requested.memory_limit is not None:
        limits["memory"] = applied(requested.memory_limit, mebibytes)
    if requested.cpu_limit is not None:
        limits["cpu"] = applied(requested.cpu_limit, quantity)
    elif requested.limits is Limits.ALL:
        limits["cpu"] = cpu
    if limits:
        built["limits"] = limits
    return {"resources": built}
