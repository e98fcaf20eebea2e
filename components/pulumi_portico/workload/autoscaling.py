"""How the number of pods follows the load.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, automatic, moved_to, several, table, unsupported
from ..args.location import Field as FieldName
from ..args.names import api_version, label_key, label_value, path_segment
from ..args.parse import Field, Rules
from ..args.problems import Move, Problems, Remove, Set
from ..args.spec import Spec, spec
from ..args.units import PERCENT, QUANTITY, SECONDS
from ..args.values import number, quantity, whole_number
from ..outputs import applied
from ..untyped import Manifest
from .conversions import from_behavior, from_policies
from .kinds import WorkloadKind

__all__ = [
    "MIN_REPLICAS",
    "RULES",
    "Autoscaling",
    "AutoscalingSpec",
    "Metric",
    "MetricSource",
    "MetricSourceLike",
    "MetricSpec",
    "ScaleSelection",
    "ScaleSelectionLike",
    "Scaling",
    "ScalingSpec",
    "build_autoscaler",
    "check_autoscaling",
]

MIN_REPLICAS = 2
"""As many as without autoscaling: one pod remains if a node fails."""


class MetricSource(str, Enum):
    """Where a metric comes from."""

    PODS = "Pods"
    """Each pod, such as its requests per second; the average counts (custom metrics)."""

    OBJECT = "Object"
    """One object in the same namespace, such as an Ingress's requests (custom metrics)."""

    EXTERNAL = "External"
    """Outside the cluster, such as the length of a queue (external metrics)."""


if TYPE_CHECKING:
    MetricSourceLike: TypeAlias = MetricSource | Literal["Pods", "Object", "External"]
else:
    MetricSourceLike = MetricSource


class Metric(TypedDict):
    """A metric that the autoscaler follows, and its target value. A metrics adapter in the cluster serves it."""

    source: MetricSourceLike
    """Where the metric comes from. Plain. Maps to `type`."""

    name: pulumi.Input[str]
    """The metric's name, as the adapter has it."""

    selector: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels that select one series of the metric. Keys are plain. Default: none. Maps to
    `metric.selector.matchLabels`."""

    object_api_version: NotRequired[pulumi.Input[str]]
    """The object's API version, such as `networking.k8s.io/v1`. Required for Object, and only for it."""

    object_kind: NotRequired[pulumi.Input[str]]
    """The object's kind. Required for Object, and only for it."""

    object_name: NotRequired[pulumi.Input[str]]
    """The object's name. Required for Object, and only for it."""

    average: NotRequired[pulumi.Input[float]]
    """The target value (above 0) for each pod. Set this or `total`. Maps to `target.averageValue`."""

    total: NotRequired[pulumi.Input[float]]
    """The target value (above 0) of all pods together. Not for Pods. Set this or `average`. Maps to `target.value`."""


class ScaleSelection(str, Enum):
    """Which of two limits counts if both are set."""

    MAX = "Max"
    """The one that allows more pods to be added or removed."""

    MIN = "Min"
    """The one that allows fewer pods to be added or removed."""

    DISABLED = "Disabled"
    """Neither: the number of pods never changes in this direction."""


if TYPE_CHECKING:
    ScaleSelectionLike: TypeAlias = ScaleSelection | Literal["Max", "Min", "Disabled"]
else:
    ScaleSelectionLike = ScaleSelection


class Scaling(TypedDict):
    """How fast the number of pods changes in one direction. Defaults are Kubernetes' own: up at once, by 4 pods or
    double in 15 seconds; down after 300 seconds, without a limit."""

    stabilization: NotRequired[pulumi.Input[int]]
    """Seconds (0 to 3600) of past recommendations, of which the most cautious counts. Maps to
    `stabilizationWindowSeconds`."""

    pods: NotRequired[pulumi.Input[int]]
    """The most pods (1 or more) that are added or removed in `period`. Maps to a policy of type Pods."""

    percent: NotRequired[pulumi.Input[int]]
    """The most pods that are added or removed in `period`, as a share of the current ones (1 or more percent). Maps to
    a policy of type Percent."""

    period: NotRequired[pulumi.Input[int]]
    """Seconds (1 to 1800) to which `pods` and `percent` apply. Default: 60. Maps to `periodSeconds`."""

    select: NotRequired[ScaleSelectionLike]
    """Which limit counts if both are set. Plain. Default: Max. Maps to `selectPolicy`."""


class Autoscaling(TypedDict):
    """How the number of pods follows the load, instead of `replicas`."""

    max_replicas: pulumi.Input[int]
    """The most pods (1 or more). Maps to `maxReplicas`."""

    min_replicas: NotRequired[pulumi.Input[int]]
    """The fewest pods (1 or more), and how many there are at first. Default: 2. Maps to `minReplicas`."""

    cpu: NotRequired[pulumi.Input[int]]
    """The target CPU utilization (1 or more percent of `resources.cpu`). Default: 80 if no other target is set."""

    memory: NotRequired[pulumi.Input[int]]
    """The target memory utilization (1 or more percent of `resources.memory`). Default: none, because many applications
    never return memory."""

    metrics: NotRequired[Sequence[Metric]]
    """More metrics to follow; the one that requires the most pods counts. Its length is plain. Default: none."""

    scale_up: NotRequired[Scaling]
    """How fast pods are added."""

    scale_down: NotRequired[Scaling]
    """How fast pods are removed."""


@spec(Metric)
class MetricSpec(Spec):
    """A parsed `Metric`."""

    source: MetricSource
    name: pulumi.Input[str]
    selector: Optional[Mapping[str, pulumi.Input[str]]] = None
    object_api_version: Optional[pulumi.Input[str]] = None
    object_kind: Optional[pulumi.Input[str]] = None
    object_name: Optional[pulumi.Input[str]] = None
    average: Optional[pulumi.Input[float]] = None
    total: Optional[pulumi.Input[float]] = None


_NAMES_OF_SCALING = table(
    {
        "stabilizationWindowSeconds": moved_to("stabilization"),
        "policies": several("pods", "percent", "period", convert=from_policies),
        "periodSeconds": moved_to("period"),
        "selectPolicy": moved_to("select"),
        "tolerance": unsupported(),
    }
)
"""Other tools' names for the fields of `Scaling`."""


@spec(Scaling, elsewhere=_NAMES_OF_SCALING)
class ScalingSpec(Spec):
    """A parsed `Scaling`."""

    stabilization: Optional[pulumi.Input[int]] = None
    pods: Optional[pulumi.Input[int]] = None
    percent: Optional[pulumi.Input[int]] = None
    period: Optional[pulumi.Input[int]] = None
    select: Optional[ScaleSelection] = None


_NAMES_OF_AUTOSCALING = table(
    {
        "enabled": SWITCHED_ON,
        "minPods": moved_to("min_replicas"),
        "maxPods": moved_to("max_replicas"),
        "min": moved_to("min_replicas"),
        "max": moved_to("max_replicas"),
        "targetCPUUtilizationPercentage": moved_to("cpu"),
        "targetCPU": moved_to("cpu"),
        "averageUtilization": moved_to("cpu"),
        "targetMemoryUtilizationPercentage": moved_to("memory"),
        "targetMemory": moved_to("memory"),
        "scaleTargetRef": automatic(...),
        "behavior": several("scale_up", "scale_down", convert=from_behavior),
    }
)
"""Other tools' names for the fields of `Autoscaling`."""


@spec(Autoscaling, elsewhere=_NAMES_OF_AUTOSCALING)
class AutoscalingSpec(Spec):
    """A parsed `Autoscaling`."""

    max_replicas: pulumi.Input[int]
    min_replicas: pulumi.Input[int] = MIN_REPLICAS
    cpu: Optional[pulumi.Input[int]] = None
    memory: Optional[pulumi.Input[int]] = None
    metrics: Sequence[MetricSpec] = ()
    scale_up: Optional[ScalingSpec] = None
    scale_down: Optional[ScalingSpec] = None


_PODS = Field(whole_number(1, what="a number of pods"))
_PERCENT = Field(whole_number(1, what=PERCENT))
_TARGET = Field(number(0.001, QUANTITY))

RULES: Rules = {
    Autoscaling: {"max_replicas": _PODS, "min_replicas": _PODS, "cpu": _PERCENT, "memory": _PERCENT},
    Metric: {
        "name": Field(path_segment),
        "object_api_version": Field(api_version),
        "object_kind": Field(path_segment),
        "object_name": Field(path_segment),
        "selector": Field(keys=label_key, items=label_value),
        "average": _TARGET,
        "total": _TARGET,
    },
    Scaling: {
        "stabilization": Field(whole_number(0, 3600, SECONDS)),
        "pods": _PODS,
        "percent": _PERCENT,
        "period": Field(whole_number(1, 1800, SECONDS)),
    },
}
"""What the fields must satisfy beyond their types."""

MAX_BELOW_MIN = define(
    "max-replicas-below-min", "{value} is less than {field}, which is {least}.", allowed="{least} or more"
)
METRIC_WITHOUT_TARGET = define(
    "metric-without-target", "This metric has no target value.", allowed="{fields}, one of them", hint="Set {example}."
)
TOTAL_OF_PODS = define("total-of-pods-metric", "A metric of the pods has an average, not a total.")
ONLY_FOR_OBJECT_METRICS = define("only-for-object-metrics", "Only a metric with the source {source} has an object.")
PERIOD_WITHOUT_LIMIT = define(
    "scaling-period-without-limit", "This is the period of {fields}, and neither is set.", hint="Set one of {fields}."
)

_CPU_PERCENT = 80
_PERIOD_SECONDS = 60


def check_autoscaling(autoscaling: AutoscalingSpec, problems: Problems) -> None:
    """Report limits that contradict each other, and incomplete metrics."""
    problems.run(_check_limits, autoscaling)
    problems.run(_check_metrics, autoscaling)
    problems.run(_check_scaling, autoscaling)


def _check_limits(autoscaling: AutoscalingSpec, problems: Problems) -> None:
    least, most = autoscaling.min_replicas, autoscaling.max_replicas
    if isinstance(least, int) and isinstance(most, int) and most < least:
        at_most = autoscaling.at / "max_replicas"
        field = FieldName("min_replicas")
        problems.report(MAX_BELOW_MIN, at_most, value=most, field=field, least=least, fix=Set(at_most, least))


def _check_metrics(autoscaling: AutoscalingSpec, problems: Problems) -> None:
    for metric in autoscaling.metrics:
        problems.run(_check_target, metric)
        problems.run(_check_object, metric)


def _check_target(metric: MetricSpec, problems: Problems) -> None:
    total, average = metric.at / "total", FieldName("average")
    if metric.average is not None and metric.total is not None:
        problems.report_exclusive(total, average, fix=Remove(total))
    elif metric.average is None and metric.total is None:
        problems.report(METRIC_WITHOUT_TARGET, metric.at, fields=[average, FieldName("total")], example=average)
    elif metric.total is not None and metric.source is MetricSource.PODS:
        problems.report(TOTAL_OF_PODS, total, fix=Move(total, metric.at / average))


def _check_object(metric: MetricSpec, problems: Problems) -> None:
    for field, value in (
        ("object_api_version", metric.object_api_version),
        ("object_kind", metric.object_kind),
        ("object_name", metric.object_name),
    ):
        if metric.source is MetricSource.OBJECT and value is None:
            problems.report_missing(metric.at / field, "the object that the metric comes from")
        elif metric.source is not MetricSource.OBJECT and value is not None:
            where = metric.at / field
            problems.report(ONLY_FOR_OBJECT_METRICS, where, source=MetricSource.OBJECT.value, fix=Remove(where))


def _check_scaling(autoscaling: AutoscalingSpec, problems: Problems) -> None:
    for scaling in (autoscaling.scale_up, autoscaling.scale_down):
        if scaling is not None:
            problems.run(_check_period, scaling)


def _check_period(scaling: ScalingSpec, problems: Problems) -> None:
    if scaling.period is not None and scaling.pods is None and scaling.percent is None:
        where = scaling.at / "period"
        limits = [FieldName("pods"), FieldName("percent")]
        problems.report(PERIOD_WITHOUT_LIMIT, where, fields=limits, fix=Remove(where))


def build_autoscaler(
    metadata: Manifest, kind: WorkloadKind, workload: Any, autoscaling: AutoscalingSpec
) -> dict[str, Any]:
    """The HorizontalPodAutoscaler of the workload with this name."""
    directions = (("scaleUp", autoscaling.scale_up), ("scaleDown", autoscaling.scale_down))
    behavior = {key: _scaling(scaling) for key, scaling in directions if scaling is not None}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": dict(metadata),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind.value, "name": workload},
            "minReplicas": autoscaling.min_replicas,
            "maxReplicas": autoscaling.max_replicas,
            "metrics": _metrics(autoscaling),
            **({"behavior": behavior} if behavior else {}),
        },
    }


def _metrics(autoscaling: AutoscalingSpec) -> list[dict[str, Any]]:
    cpu = autoscaling.cpu
    if cpu is None and autoscaling.memory is None and not autoscaling.metrics:
        cpu = _CPU_PERCENT
    resources = [
        {
            "type": "Resource",
            "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": utilization}},
        }
        for name, utilization in (("cpu", cpu), ("memory", autoscaling.memory))
        if utilization is not None
    ]
    return [*resources, *(_metric(metric) for metric in autoscaling.metrics)]


def _metric(metric: MetricSpec) -> dict[str, Any]:
    identifier: dict[str, Any] = {"name": metric.name}
    if metric.selector is not None:
        identifier["selector"] = {"matchLabels": dict(metric.selector)}
    if metric.average is not None:
        target = {"type": "AverageValue", "averageValue": applied(metric.average, quantity)}
    else:
        target = {"type": "Value", "value": applied(metric.total, quantity)}
    built: dict[str, Any] = {"metric": identifier, "target": target}
    if metric.source is MetricSource.OBJECT:
        built["describedObject"] = {
            "apiVersion": metric.object_api_version,
            "kind": metric.object_kind,
            "name": metric.object_name,
        }
    return {"type": metric.source.value, metric.source.value.lower(): built}


def _scaling(scaling: ScalingSpec) -> dict[str, Any]:
    period = _PERIOD_SECONDS if scaling.period is None else scaling.period
    policies = [
        {"type": limit_type, "value": limit, "periodSeconds": period}
        for limit_type, limit in (("Pods", scaling.pods), ("Percent", scaling.percent))
        if limit is not None
    ]
    rules: dict[str, Any] = {"policies": policies} if policies else {}
    if scaling.stabilization is not None:
        rules["stabilizationWindowSeconds"] = scaling.stabilization
    if scaling.select is not None:
        rules["selectPolicy"] = scaling.select.value
    return rules
