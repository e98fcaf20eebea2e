"""How the number of pods follows the load.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, cast

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import label_key, label_value
from ..args.shapes import listed, mapped
from ..args.values import number, quantity, whole_number
from ..checks import Field, Rules
from ..errors import Problems, Refusal
from ..outputs import applied

__all__ = [
    "MIN_REPLICAS",
    "RULES",
    "Autoscaling",
    "Metric",
    "MetricSource",
    "ScaleSelection",
    "Scaling",
    "build_autoscaler",
    "check_autoscaling",
]

MIN_REPLICAS = 2
"""As many as without autoscaling: one node's loss leaves one."""


class MetricSource(str, Enum):
    """Whose number a metric is."""

    PODS = "Pods"
    """Each pod's own, such as requests a second; the average counts (custom metrics)."""

    OBJECT = "Object"
    """One object's in the same namespace, such as an Ingress's requests (custom metrics)."""

    EXTERNAL = "External"
    """One from outside the cluster, such as the length of a queue (external metrics)."""


class Metric(TypedDict):
    """A number that the autoscaler follows, and where it is to stay. A metrics adapter in the cluster serves it."""

    source: MetricSource
    """Whose number it is. Plain. Maps to `type`."""

    name: pulumi.Input[str]
    """The metric's name, as the adapter has it."""

    selector: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels that tell one series of the metric from another. Keys are plain. Default: none. Maps to
    `metric.selector.matchLabels`."""

    object_api_version: NotRequired[pulumi.Input[str]]
    """The object's API version, such as `networking.k8s.io/v1`. For Object alone, and required there."""

    object_kind: NotRequired[pulumi.Input[str]]
    """The object's kind. For Object alone, and required there."""

    object_name: NotRequired[pulumi.Input[str]]
    """The object's name. For Object alone, and required there."""

    average: NotRequired[pulumi.Input[float]]
    """The number (above 0) for each pod that is aimed at. This or `total`. Maps to `target.averageValue`."""

    total: NotRequired[pulumi.Input[float]]
    """The number (above 0) altogether that is aimed at. Not for Pods. Maps to `target.value`."""


class ScaleSelection(str, Enum):
    """Which of two limits counts where both are given."""

    MAX = "Max"
    """The one that lets more pods come or go."""

    MIN = "Min"
    """The one that lets fewer pods come or go."""

    DISABLED = "Disabled"
    """Neither: the number of pods never moves this way."""


class Scaling(TypedDict):
    """How fast the number of pods moves one way. What is left out is as Kubernetes has it: up at once, by 4 pods or
    double in 15 seconds; down after 300 seconds, as far as it goes."""

    stabilization: NotRequired[pulumi.Input[int]]
    """Seconds (0 to 3600) looked back over, for the least hasty of the numbers that were wanted. Maps to
    `stabilizationWindowSeconds`."""

    pods: NotRequired[pulumi.Input[int]]
    """The most pods (1 or more) that come or go in `period`. Maps to a policy of type Pods."""

    percent: NotRequired[pulumi.Input[int]]
    """The same as a share of the pods there are (1 or more percent). Maps to a policy of type Percent."""

    period: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 1800) that `pods` and `percent` are counted over. Default: 60. Maps to `periodSeconds`."""

    select: NotRequired[ScaleSelection]
    """Which limit counts where both are given. Plain. Default: Max. Maps to `selectPolicy`."""


class Autoscaling(TypedDict):
    """How the number of pods follows the load, instead of `replicas`."""

    max_replicas: pulumi.Input[int]
    """The most pods (1 or more). Maps to `maxReplicas`."""

    min_replicas: NotRequired[pulumi.Input[int]]
    """The fewest pods (1 or more), and how many there are at first. Default: 2. Maps to `minReplicas`."""

    cpu: NotRequired[pulumi.Input[int]]
    """The share of the CPU that pods were given (1 or more percent of `resources.cpu`) that is aimed at. Default: 80,
    where nothing else is followed."""

    memory: NotRequired[pulumi.Input[int]]
    """The same of memory. Default: not followed, as many applications never give memory back."""

    metrics: NotRequired[Sequence[Metric]]
    """More that is followed; whatever wants the most pods wins. Its length is plain. Default: none."""

    scale_up: NotRequired[Scaling]
    """How fast pods come."""

    scale_down: NotRequired[Scaling]
    """How fast pods go."""


_PODS = Field(whole_number(1, what="a number of pods"))
_PERCENT = Field(whole_number(1, what="a percentage"))
_AMOUNT = Field(number(0.001, what="an amount to aim at"))

RULES: Rules = {
    Autoscaling: {"max_replicas": _PODS, "min_replicas": _PODS, "cpu": _PERCENT, "memory": _PERCENT},
    Metric: {
        "selector": Field(keys=label_key, items=label_value),
        "average": _AMOUNT,
        "total": _AMOUNT,
    },
    Scaling: {
        "stabilization": Field(whole_number(0, 3600, "a number of seconds")),
        "pods": _PODS,
        "percent": _PERCENT,
        "period": Field(whole_number(1, 1800, "a number of seconds")),
    },
}
"""What the fields must satisfy beyond their types."""

_CPU_PERCENT = 80
_PERIOD_SECONDS = 60
_OBJECT = ("object_api_version", "object_kind", "object_name")


def check_autoscaling(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str]) -> None:
    """Note where nobody could scale: bounds that cross, metrics that are not whole, replicas set as well."""
    if "autoscaling" not in args:
        return
    told = mapped(args["autoscaling"])
    path = f"{prefix}autoscaling"
    if "replicas" in args:
        fix = f"leave it out, or make it {path}.{spelling('min_replicas')}"
        refusal = Refusal("stands beside autoscaling, and each would undo the other", "one of the two", fix)
        problems.add(f"{prefix}replicas", args["replicas"], refusal)
    least, most = told.get("min_replicas", MIN_REPLICAS), told.get("max_replicas")
    if isinstance(least, int) and isinstance(most, int) and most < least:
        refusal = Refusal(f"is fewer than the {least} of {spelling('min_replicas')}", f"{least} or more")
        problems.add(f"{path}.{spelling('max_replicas')}", most, refusal)
    for at, metric in enumerate(listed(told.get("metrics"))):
        _check_metric(mapped(metric), problems, f"{path}.metrics[{at}]", spelling)
    for field in ("scale_up", "scale_down"):
        scaling = mapped(told.get(field))
        if "period" in scaling and not {"pods", "percent"} & scaling.keys():
            refusal = Refusal("is what pods and percent are counted over, and there is neither", "beside one of them")
            problems.note(f"{path}.{spelling(field)}.period", refusal)


def _check_metric(metric: Mapping[str, Any], problems: Problems, path: str, spelling: Callable[[str], str]) -> None:
    source = metric.get("source")
    if ("average" in metric) == ("total" in metric):
        problems.note(path, Refusal("must aim at one number", "average or total, one of them"))
    if source == MetricSource.PODS.value and "total" in metric:
        refusal = Refusal("is no target for Pods, whose average counts", "average", "write average")
        problems.note(f"{path}.total", refusal)
    for field in _OBJECT:
        if source == MetricSource.OBJECT.value and field not in metric:
            problems.missing(f"{path}.{spelling(field)}", "which object the metric is of")
        if source in (MetricSource.PODS.value, MetricSource.EXTERNAL.value) and field in metric:
            fix = "leave it out, or write source: Object"
            problems.note(f"{path}.{spelling(field)}", Refusal("is for the source Object alone", "source: Object", fix))


def build_autoscaler(
    metadata: Mapping[str, Any], kind: str, workload: pulumi.Input[str], autoscaling: Autoscaling
) -> dict[str, Any]:
    """The HorizontalPodAutoscaler of the workload with this name."""
    behavior = {
        theirs: _scaling(cast("Mapping[str, Any]", autoscaling[ours]))
        for ours, theirs in (("scale_up", "scaleUp"), ("scale_down", "scaleDown"))
        if ours in autoscaling
    }
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": dict(metadata),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": workload},
            "minReplicas": autoscaling.get("min_replicas", MIN_REPLICAS),
            "maxReplicas": autoscaling["max_replicas"],
            "metrics": _metrics(cast("Mapping[str, Any]", autoscaling)),
            **({"behavior": behavior} if behavior else {}),
        },
    }


def _metrics(autoscaling: Mapping[str, Any]) -> list[dict[str, Any]]:
    shares: dict[str, Any] = {name: autoscaling[name] for name in ("cpu", "memory") if name in autoscaling}
    metrics = autoscaling.get("metrics", [])
    if not shares and not metrics:
        shares["cpu"] = _CPU_PERCENT
    resources = [
        {
            "type": "Resource",
            "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": share}},
        }
        for name, share in shares.items()
    ]
    return [*resources, *map(_metric, metrics)]


def _metric(metric: Metric) -> dict[str, Any]:
    source = metric["source"]
    named: dict[str, Any] = {"name": metric["name"]}
    if "selector" in metric:
        named["selector"] = {"matchLabels": metric["selector"]}
    if "average" in metric:
        target = {"type": "AverageValue", "averageValue": applied(metric["average"], quantity)}
    else:
        target = {"type": "Value", "value": applied(metric.get("total"), quantity)}
    told: dict[str, Any] = {"metric": named, "target": target}
    if source == MetricSource.OBJECT.value:
        api_version, kind, name = (metric.get(field) for field in _OBJECT)
        told["describedObject"] = {"apiVersion": api_version, "kind": kind, "name": name}
    return {"type": source, source.lower(): told}


def _scaling(scaling: Mapping[str, Any]) -> dict[str, Any]:
    period = scaling.get("period", _PERIOD_SECONDS)
    policies = [
        {"type": theirs, "value": scaling[ours], "periodSeconds": period}
        for ours, theirs in (("pods", "Pods"), ("percent", "Percent"))
        if ours in scaling
    ]
    rules: dict[str, Any] = {"policies": policies} if policies else {}
    if "stabilization" in scaling:
        rules["stabilizationWindowSeconds"] = scaling["stabilization"]
    if "select" in scaling:
        rules["selectPolicy"] = scaling["select"]
    return rules
