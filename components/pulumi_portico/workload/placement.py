"""Where pods run: on which nodes, and how far apart.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import automatic, component, moved_to, several, table
from ..args.location import Field as FieldName
from ..args.names import dns_subdomain, label_key, label_value
from ..args.parse import Field, Rules
from ..args.problems import Problems, Set
from ..args.spec import Spec, spec, withdraw
from ..args.units import SECONDS
from ..args.values import some, whole_number
from ..untyped import Manifest
from .affinity import check_affinity
from .kinds import WorkloadKind

__all__ = [
    "RULES",
    "Architecture",
    "ArchitectureLike",
    "Placement",
    "PlacementSpec",
    "Spread",
    "SpreadSpec",
    "Spreading",
    "SpreadingLike",
    "Toleration",
    "TolerationEffect",
    "TolerationEffectLike",
    "TolerationSpec",
    "build_placement",
    "build_spread",
    "check_placement",
]


class Architecture(str, Enum):
    """The instruction set of a node's processors."""

    AMD64 = "amd64"
    """x86-64."""

    ARM64 = "arm64"
    """64-bit Arm."""

    PPC64LE = "ppc64le"
    """POWER, little-endian."""

    S390X = "s390x"
    """IBM Z."""


if TYPE_CHECKING:
    ArchitectureLike: TypeAlias = Architecture | Literal["amd64", "arm64", "ppc64le", "s390x"]
else:
    ArchitectureLike = Architecture


class TolerationEffect(str, Enum):
    """What a taint does to pods that don't tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    """No new pods are scheduled on the node."""

    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    """New pods are scheduled on the node only if no other node has room."""

    NO_EXECUTE = "NoExecute"
    """No new pods are scheduled on the node, and running pods are evicted."""


if TYPE_CHECKING:
    TolerationEffectLike: TypeAlias = TolerationEffect | Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
else:
    TolerationEffectLike = TolerationEffect


class Toleration(TypedDict):
    """A taint of nodes that the pods tolerate."""

    key: NotRequired[pulumi.Input[str]]
    """The taint's key. Default: every taint."""

    value: NotRequired[pulumi.Input[str]]
    """The taint's value. Default: every value. Maps to `operator: Equal` and `value`."""

    effect: NotRequired[TolerationEffectLike]
    """The taint's effect. Plain. Default: every effect."""

    seconds: NotRequired[pulumi.Input[int]]
    """Seconds (0 or more) that running pods stay after a taint with the effect NoExecute is added. Default: forever.
    Maps to `tolerationSeconds`."""


class Spreading(str, Enum):
    """How strictly pods are spread."""

    PREFERRED = "preferred"
    """As evenly as possible; a pod runs even if it can't be spread."""

    REQUIRED = "required"
    """Always: a pod that would make the spread uneven waits."""

    OFF = "off"
    """Not at all."""


if TYPE_CHECKING:
    SpreadingLike: TypeAlias = Spreading | Literal["preferred", "required", "off"]
else:
    SpreadingLike = Spreading


class Spread(TypedDict):
    """How strictly the pods are spread."""

    zones: NotRequired[SpreadingLike]
    """Over zones. Plain. Default: preferred."""

    nodes: NotRequired[SpreadingLike]
    """Over nodes. Plain. Default: preferred."""


class Placement(TypedDict):
    """Which nodes the pods run on."""

    node_selector: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels that a node must have. Keys are plain. Default: none. Maps to `nodeSelector`."""

    architectures: NotRequired[Sequence[ArchitectureLike]]
    """The architectures that the images exist for. Plain. Default: any. Maps to a required node affinity on
    `kubernetes.io/arch`."""

    tolerations: NotRequired[Sequence[Toleration]]
    """Taints that the pods tolerate. Its length is plain. Default: none. Maps to `tolerations`."""

    affinity: NotRequired[Manifest]
    """Affinity as Kubernetes has it in a pod: `nodeAffinity`, `podAffinity`, `podAntiAffinity`. Plain. Default: none.
    Maps to `affinity`."""

    spread: NotRequired[Spread]
    """How strictly the pods are spread. Default: over zones and nodes, as far as possible. Maps to
    `topologySpreadConstraints`."""

    priority_class: NotRequired[pulumi.Input[str]]
    """The PriorityClass, which decides which pods run if there isn't enough room. Default: the cluster's. Maps to
    `priorityClassName`."""

    runtime_class: NotRequired[pulumi.Input[str]]
    """The RuntimeClass, such as one for gVisor. Default: the cluster's. Maps to `runtimeClassName`."""


_NAMES_OF_TOLERATION = table(
    {
        "operator": automatic("Exists", "Equal"),
        "tolerationSeconds": moved_to("seconds"),
    }
)
"""Other tools' names for the fields of `Toleration`."""


@spec(Toleration, elsewhere=_NAMES_OF_TOLERATION)
class TolerationSpec(Spec):
    """A parsed `Toleration`."""

    key: Optional[pulumi.Input[str]] = None
    value: Optional[pulumi.Input[str]] = None
    effect: Optional[TolerationEffect] = None
    seconds: Optional[pulumi.Input[int]] = None


@spec(Spread)
class SpreadSpec(Spec):
    """A parsed `Spread`."""

    zones: Spreading = Spreading.PREFERRED
    nodes: Spreading = Spreading.PREFERRED


_NAMES_OF_PLACEMENT = table(
    {
        "priorityClassName": moved_to("priority_class"),
        "runtimeClassName": moved_to("runtime_class"),
        "topologySpreadConstraints": several("spread"),
        "arch": moved_to("architectures", lambda value: [value] if isinstance(value, str) else value),
        "architecture": moved_to("architectures", lambda value: [value] if isinstance(value, str) else value),
        "platform": several("architectures"),
        "constraints": several("node_selector", "affinity"),
        "nodeAffinity": moved_to("affinity@nodeAffinity"),
        "podAffinity": moved_to("affinity@podAffinity"),
        "podAntiAffinity": moved_to("affinity@podAntiAffinity"),
        "nodeName": component("services", "extra@spec@nodeName"),
        "schedulerName": component("services", "extra@spec@schedulerName"),
    }
)
"""Other tools' names for the fields of `Placement`."""


@spec(Placement, elsewhere=_NAMES_OF_PLACEMENT)
class PlacementSpec(Spec):
    """A parsed `Placement`."""

    node_selector: Optional[Mapping[str, pulumi.Input[str]]] = None
    architectures: Sequence[Architecture] = ()
    tolerations: Sequence[TolerationSpec] = ()
    affinity: Optional[Manifest] = None
    spread: Optional[SpreadSpec] = None
    priority_class: Optional[pulumi.Input[str]] = None
    runtime_class: Optional[pulumi.Input[str]] = None


RULES: Rules = {
    Placement: {
        "node_selector": Field(keys=label_key, items=label_value),
        "architectures": Field(some("at least one architecture")),
        "priority_class": Field(dns_subdomain),
        "runtime_class": Field(dns_subdomain),
    },
    Toleration: {
        "key": Field(label_key),
        "value": Field(label_value),
        "seconds": Field(whole_number(0, what=SECONDS)),
    },
}
"""What the fields must satisfy beyond their types."""

VALUE_WITHOUT_KEY = define(
    "toleration-value-without-key", "This is the value of a taint without a key.", hint="Set {key}."
)
SECONDS_WITHOUT_EFFECT = define(
    "toleration-seconds-without-effect", "Only taints with the effect {effect} evict running pods."
)

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def check_placement(placement: PlacementSpec, problems: Problems) -> None:
    """Report affinities that don't exist, and tolerations that tolerate nothing."""
    problems.run(_check_affinity, placement)
    problems.run(_check_tolerations, placement)


def _check_affinity(placement: PlacementSpec, problems: Problems) -> None:
    before = len(problems.found)
    check_affinity(placement.affinity, placement.at / "affinity", problems)
    if len(problems.found) > before:
        withdraw(placement, "affinity")


def _check_tolerations(placement: PlacementSpec, problems: Problems) -> None:
    for toleration in placement.tolerations:
        problems.run(_check_toleration_key, toleration)
        problems.run(_check_toleration_seconds, toleration)


def _check_toleration_key(toleration: TolerationSpec, problems: Problems) -> None:
    if toleration.value is not None and toleration.key is None:
        problems.report(VALUE_WITHOUT_KEY, toleration.at / "value", key=FieldName("key"))


def _check_toleration_seconds(toleration: TolerationSpec, problems: Problems) -> None:
    if toleration.seconds is not None and toleration.effect is not TolerationEffect.NO_EXECUTE:
        effect = TolerationEffect.NO_EXECUTE.value
        fix = Set(toleration.at / "effect", effect)
        problems.report(SECONDS_WITHOUT_EFFECT, toleration.at / "seconds", effect=effect, fix=fix)


def build_placement(placement: Optional[PlacementSpec]) -> dict[str, Any]:
    """The part of the pod's `spec` that selects its nodes."""
    if placement is None:
        return {}
    built: dict[str, Any] = {}
    if placement.node_selector is not None:
        built["nodeSelector"] = dict(placement.node_selector)
    if placement.tolerations:
        built["tolerations"] = [_toleration(toleration) for toleration in placement.tolerations]
    if affinity := _affinity(placement):
        built["affinity"] = affinity
    if placement.priority_class is not None:
        built["priorityClassName"] = placement.priority_class
    if placement.runtime_class is not None:
        built["runtimeClassName"] = placement.runtime_class
    return built


def build_spread(
    kind: Optional[WorkloadKind], spread: Optional[SpreadSpec], selector: Mapping[str, str]
) -> dict[str, Any]:
    """The part of the pod's `spec` that spreads the pods. Those of a DaemonSet are on different nodes anyway, and those
    of a Job (no kind) end, so that only a setting spreads them."""
    if kind is WorkloadKind.DAEMON_SET or (kind is None and spread is None):
        return {}
    strictness = spread or SpreadSpec()
    topologies = (("topology.kubernetes.io/zone", strictness.zones), ("kubernetes.io/hostname", strictness.nodes))
    constraints = [
        {
            "topologyKey": key,
            "maxSkew": 1,
            "whenUnsatisfiable": "DoNotSchedule" if spreading is Spreading.REQUIRED else "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(selector)},
            # Spreads the pods of each rollout on their own: the old ones, soon deleted, don't count.
            **({"matchLabelKeys": ["pod-template-hash"]} if kind is WorkloadKind.DEPLOYMENT else {}),
        }
        for key, spreading in topologies
        if spreading is not Spreading.OFF
    ]
    return {"topologySpreadConstraints": constraints} if constraints else {}


def _toleration(toleration: TolerationSpec) -> dict[str, Any]:
    built: dict[str, Any] = {}
    if toleration.key is not None:
        built["key"] = toleration.key
    if toleration.value is not None:
        built["value"] = toleration.value
    if toleration.effect is not None:
        built["effect"] = toleration.effect.value
    built["operator"] = "Exists" if toleration.value is None else "Equal"
    if toleration.seconds is not None:
        built["tolerationSeconds"] = toleration.seconds
    return built


def _affinity(placement: PlacementSpec) -> dict[str, Any]:
    affinity: dict[str, Any] = dict(placement.affinity or {})
    if not placement.architectures:
        return affinity
    architectures = sorted(architecture.value for architecture in placement.architectures)
    expression = {"key": "kubernetes.io/arch", "operator": "In", "values": architectures}
    nodes: dict[str, Any] = dict(affinity.get("nodeAffinity") or {})
    hard: Manifest = nodes.get(_REQUIRED) or {}
    terms: Sequence[Manifest] = hard.get("nodeSelectorTerms") or [{}]
    # A node has to match only one of several terms, so each of them must require the architecture.
    required = [{**term, "matchExpressions": [*_expressions(term), expression]} for term in terms]
    nodes[_REQUIRED] = {"nodeSelectorTerms": required}
    return {**affinity, "nodeAffinity": nodes}


def _expressions(term: Manifest) -> Sequence[Any]:
    return term.get("matchExpressions") or ()
