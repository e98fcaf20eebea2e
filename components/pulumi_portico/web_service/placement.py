"""Where pods run: on which nodes, and how far from each other.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

import copy
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import dns_subdomain, label_key, label_value
from ..args.shapes import listed, mapped
from ..args.values import whole_number
from ..checks import Field, Rules
from ..errors import Problems, Refusal, write_nearest
from .kinds import WorkloadKind

__all__ = [
    "RULES",
    "Architecture",
    "Placement",
    "Spread",
    "Spreading",
    "Toleration",
    "TolerationEffect",
    "build_placement",
    "build_spread",
    "check_placement",
]


class Architecture(str, Enum):
    """What a node's processors understand."""

    AMD64 = "amd64"
    """x86-64."""

    ARM64 = "arm64"
    """64-bit Arm."""

    PPC64LE = "ppc64le"
    """POWER, little-endian."""

    S390X = "s390x"
    """IBM Z."""


class TolerationEffect(str, Enum):
    """What a taint does to pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    """New ones do not come."""

    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    """New ones come only where there is no other place."""

    NO_EXECUTE = "NoExecute"
    """New ones do not come, and those that are there go."""


class Toleration(TypedDict):
    """A taint of nodes that the pods put up with."""

    key: NotRequired[pulumi.Input[str]]
    """The taint's key. Default: every taint."""

    value: NotRequired[pulumi.Input[str]]
    """The taint's value. Default: every value. Maps to `operator: Equal` and `value`."""

    effect: NotRequired[TolerationEffect]
    """The taint's effect. Plain. Default: every effect."""

    seconds: NotRequired[pulumi.Input[int]]
    """Seconds (0 or more) that pods stay after a taint of effect NoExecute came. Default: for ever. Maps to
    `tolerationSeconds`."""


class Spreading(str, Enum):
    """How strictly pods are kept apart."""

    PREFERRED = "preferred"
    """As evenly as there is room; a pod that cannot be kept apart still runs."""

    REQUIRED = "required"
    """Always: a pod that would be one too many waits."""

    OFF = "off"
    """Not at all."""


class Spread(TypedDict):
    """How strictly the service's pods are kept apart."""

    zones: NotRequired[Spreading]
    """Over zones. Plain. Default: preferred."""

    nodes: NotRequired[Spreading]
    """Over nodes. Plain. Default: preferred."""


class Placement(TypedDict):
    """Which nodes the pods run on."""

    node_selector: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels that a node must have. Keys are plain. Default: none. Maps to `nodeSelector`."""

    architectures: NotRequired[Sequence[Architecture]]
    """The processors that the image is made for. Plain. Default: whatever the nodes have. Maps to a required node
    affinity on `kubernetes.io/arch`."""

    tolerations: NotRequired[Sequence[Toleration]]
    """Taints that the pods put up with. Its length is plain. Default: none. Maps to `tolerations`."""

    affinity: NotRequired[Mapping[str, Any]]
    """Affinity in Kubernetes' own words: `nodeAffinity`, `podAffinity`, `podAntiAffinity`, as they stand in a pod.
    Plain. Default: none. Maps to `affinity`."""

    spread: NotRequired[Spread]
    """How strictly the pods are kept apart. Default: over zones and nodes, where there is room."""

    priority_class: NotRequired[pulumi.Input[str]]
    """The PriorityClass: who goes first where room is short. Default: the cluster's. Maps to `priorityClassName`."""

    runtime_class: NotRequired[pulumi.Input[str]]
    """The RuntimeClass: what runs the containers, gVisor for example. Default: the cluster's. Maps to
    `runtimeClassName`."""


RULES: Rules = {
    Placement: {
        "node_selector": Field(keys=label_key, items=label_value),
        "priority_class": Field(dns_subdomain),
        "runtime_class": Field(dns_subdomain),
    },
    Toleration: {"key": Field(label_key), "value": Field(label_value), "seconds": Field(whole_number(0))},
}
"""What the fields must satisfy beyond their types."""

_AFFINITIES = ("nodeAffinity", "podAffinity", "podAntiAffinity")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_SPREAD_OVER = {"zones": "topology.kubernetes.io/zone", "nodes": "kubernetes.io/hostname"}


def check_placement(placement: Mapping[str, Any], problems: Problems, path: str) -> None:
    """Note affinities that do not exist, and tolerations that would tolerate nothing."""
    if placement.get("architectures") == []:
        problems.note(f"{path}.architectures", Refusal("names none, so that no node is left", "one or more", ""))
    for key in mapped(placement.get("affinity")):
        if key not in _AFFINITIES:
            refusal = Refusal("is no affinity", ", ".join(_AFFINITIES), write_nearest(key, _AFFINITIES))
            problems.note(f"{path}.affinity.{key}", refusal)
    for at, toleration in enumerate(map(mapped, listed(placement.get("tolerations")))):
        where = f"{path}.tolerations[{at}]"
        if "value" in toleration and "key" not in toleration:
            problems.note(f"{where}.value", Refusal("is that of a key, and there is none", "beside a key", ""))
        if "seconds" in toleration and toleration.get("effect") != TolerationEffect.NO_EXECUTE.value:
            refusal = Refusal("count only where pods are made to go", "beside effect: NoExecute", "")
            problems.note(f"{where}.seconds", refusal)


def build_placement(placement: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the pod's `spec` that says where it may run."""
    spec: dict[str, Any] = {}
    if "node_selector" in placement:
        spec["nodeSelector"] = placement["node_selector"]
    if tolerations := placement.get("tolerations"):
        spec["tolerations"] = [_toleration(it) for it in tolerations]
    if affinity := _affinity(placement):
        spec["affinity"] = affinity
    if "priority_class" in placement:
        spec["priorityClassName"] = placement["priority_class"]
    if "runtime_class" in placement:
        spec["runtimeClassName"] = placement["runtime_class"]
    return spec


def build_spread(kind: str, spread: Mapping[str, Any], selector: Mapping[str, str]) -> dict[str, Any]:
    """How the pods are kept apart; one on each node, as a DaemonSet has them, are so anyway."""
    if kind == WorkloadKind.DAEMON_SET.value:
        return {}
    constraints = [
        {
            "topologyKey": key,
            "maxSkew": 1,
            "whenUnsatisfiable": "DoNotSchedule" if how == Spreading.REQUIRED.value else "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(selector)},
            # Each rollout's pods by themselves: the old ones, soon gone, are not counted.
            **({"matchLabelKeys": ["pod-template-hash"]} if kind == WorkloadKind.DEPLOYMENT.value else {}),
        }
        for over, key in _SPREAD_OVER.items()
        if (how := spread.get(over, Spreading.PREFERRED.value)) != Spreading.OFF.value
    ]
    return {"topologySpreadConstraints": constraints} if constraints else {}


def _toleration(toleration: Mapping[str, Any]) -> dict[str, Any]:
    operator = {"operator": "Equal" if "value" in toleration else "Exists"}
    named = {field: toleration[field] for field in ("key", "value", "effect") if field in toleration}
    seconds = {"tolerationSeconds": toleration["seconds"]} if "seconds" in toleration else {}
    return {**named, **operator, **seconds}


def _affinity(placement: Mapping[str, Any]) -> dict[str, Any]:
    affinity: dict[str, Any] = copy.copy(placement.get("affinity", {}))
    if not (architectures := placement.get("architectures")):
        return affinity
    wanted = {"key": "kubernetes.io/arch", "operator": "In", "values": sorted(architectures)}
    nodes: dict[str, Any] = dict(affinity.get("nodeAffinity", {}))
    terms: Sequence[Mapping[str, Any]] = nodes.get(_REQUIRED, {}).get("nodeSelectorTerms") or [{}]
    # Of several terms one is enough for a node, so each of them must ask for the architecture.
    asked = [{**term, "matchExpressions": [*term.get("matchExpressions", []), wanted]} for term in terms]
    nodes[_REQUIRED] = {"nodeSelectorTerms": asked}
    return {**affinity, "nodeAffinity": nodes}
