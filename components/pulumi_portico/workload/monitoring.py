"""How Prometheus reads the metrics of pods: the ServiceMonitors and PodMonitors of the Prometheus Operator.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.

Source: prometheus-operator, pkg/apis/monitoring/v1 (ServiceMonitorSpec, PodMonitorSpec, Endpoint, PodMetricsEndpoint).
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, Elsewhere, moved_to, several, table
from ..args.location import Field as FieldName
from ..args.location import Key
from ..args.names import label_value, own_label_key, port_name
from ..args.parse import Field, Rules
from ..args.problems import Move, Problems, Set
from ..args.similar_names import nearest
from ..args.spec import Spec, defaults_of, spec
from ..args.units import SECONDS
from ..args.values import http_path, whole_number
from ..networking.network_policies import Peer, PeerSpec
from ..outputs import applied
from ..untyped import Manifest

__all__ = [
    "METRICS",
    "MONITOR_LABEL",
    "RULES",
    "ControllerMonitoring",
    "ControllerMonitoringSpec",
    "MonitorKind",
    "MonitorKindLike",
    "Monitoring",
    "MonitoringSpec",
    "build_monitor",
    "check_monitor",
    "label_of_service",
]

METRICS = "metrics"
"""The name of the port with metrics, unless another one is named."""

MONITOR_LABEL = "portico.dev/monitor"
"""The label of the one Service that a ServiceMonitor selects. Other Services lead to the same pods."""

_API_VERSION = "monitoring.coreos.com/v1"


class MonitorKind(str, Enum):
    """By what Prometheus finds the pods."""

    SERVICE_MONITOR = "ServiceMonitor"
    """By their Service, whose name is the metrics' label `job`."""

    POD_MONITOR = "PodMonitor"
    """By their labels, for a Prometheus that selects no ServiceMonitors."""


if TYPE_CHECKING:
    MonitorKindLike: TypeAlias = MonitorKind | Literal["ServiceMonitor", "PodMonitor"]
else:
    MonitorKindLike = MonitorKind


class ControllerMonitoring(TypedDict):
    """How Prometheus reads the controller's metrics. Requires the Prometheus Operator in the cluster, and
    `metrics_from`."""

    kind: NotRequired[MonitorKindLike]
    """By what Prometheus finds the pods. Plain: a change creates another object. Default: ServiceMonitor."""

    interval: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) between two reads. Default: Prometheus' own. Maps to `interval`."""

    timeout: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more, at most `interval`) that a read can take. Default: Prometheus' own. Maps to
    `scrapeTimeout`."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels of the monitor by which Prometheus selects it, such as `release`. Keys are plain. Default: those of the
    other objects."""

    extra: NotRequired[Mapping[str, Any]]
    """Further fields of the endpoint, as the Prometheus Operator has them, such as `basicAuth`, `honorLabels`, and
    `metricRelabelings`. Plain except for its leaves. Default: nothing."""


class Monitoring(TypedDict):
    """How Prometheus reads the pods' metrics. Requires the Prometheus Operator in the cluster."""

    kind: NotRequired[MonitorKindLike]
    """By what Prometheus finds the pods. Plain: a change creates another object. Default: ServiceMonitor."""

    port_name: NotRequired[str]
    """The port with the metrics, by its name. Plain. Default: `metrics` if the service has a port of that name, else
    its default port. Maps to the endpoint's `port`."""

    path: NotRequired[pulumi.Input[str]]
    """The path of the metrics. Default: /metrics. Maps to the endpoint's `path`."""

    interval: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) between two reads. Default: Prometheus' own. Maps to `interval`."""

    timeout: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more, at most `interval`) that a read can take. Default: Prometheus' own. Maps to
    `scrapeTimeout`."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels of the monitor by which Prometheus selects it, such as `release`. Keys are plain. Default: those of the
    other objects."""

    metrics_from: NotRequired[Sequence[Peer]]
    """Where Prometheus runs: what can connect to the port with the metrics, in addition to `allow_from`. Its length is
    plain. Required if nothing in `allow_from` can. Maps to a NetworkPolicy's `ingress`."""

    extra: NotRequired[Mapping[str, Any]]
    """Further fields of the endpoint, as the Prometheus Operator has them, such as `basicAuth`, `honorLabels`, and
    `metricRelabelings`. Plain except for its leaves. Default: nothing."""


_COMMON_NAMES: Mapping[str, Elsewhere] = {
    "scrapeInterval": moved_to("interval"),
    "scrapeTimeout": moved_to("timeout"),
    "additionalLabels": moved_to("labels"),
    "extraLabels": moved_to("labels"),
    "selector": several("labels"),
    "enabled": SWITCHED_ON,
    **dict.fromkeys(("honorLabels", "relabelings", "metricRelabelings", "scheme", "tlsConfig"), several("extra")),
}
_NAMES_OF_CONTROLLER_MONITORING = table(_COMMON_NAMES)
"""Other tools' names for the fields of `ControllerMonitoring`."""
_NAMES_OF_MONITORING = table(
    {
        "port": moved_to("port_name", lambda port: port if isinstance(port, str) else None),
        "targetPort": several("port_name"),
    },
    _COMMON_NAMES,
)
"""Other tools' names for the fields of `Monitoring`."""


@spec(ControllerMonitoring, elsewhere=_NAMES_OF_CONTROLLER_MONITORING)
class ControllerMonitoringSpec(Spec):
    """Parsed `ControllerMonitoring`."""

    kind: MonitorKind = MonitorKind.SERVICE_MONITOR
    interval: Optional[pulumi.Input[int]] = None
    timeout: Optional[pulumi.Input[int]] = None
    labels: Optional[Mapping[str, pulumi.Input[str]]] = None
    extra: Optional[Mapping[str, Any]] = None


@spec(Monitoring, elsewhere=_NAMES_OF_MONITORING)
class MonitoringSpec(ControllerMonitoringSpec):
    """Parsed `Monitoring`."""

    port_name: Optional[str] = None
    path: Optional[pulumi.Input[str]] = None
    metrics_from: Sequence[PeerSpec] = ()


_MONITOR: Mapping[str, Field] = {
    "interval": Field(whole_number(1, what=SECONDS)),
    "timeout": Field(whole_number(1, what=SECONDS)),
    "labels": Field(keys=own_label_key, items=label_value),
}
RULES: Rules = {
    ControllerMonitoring: _MONITOR,
    Monitoring: {**_MONITOR, "port_name": Field(port_name), "path": Field(http_path)},
}
"""What the fields must satisfy beyond their types."""

TIMEOUT_ABOVE_INTERVAL = define(
    "timeout-above-interval",
    "Prometheus rejects a timeout that is longer than the interval of {interval} seconds.",
    allowed="at most {interval}",
)
TYPED_ENDPOINT_FIELD = define(
    "typed-endpoint-field", "{field} sets this field of the endpoint.", allowed="{field}", hint="Set {field}."
)

UNKNOWN_ENDPOINT_FIELD = define(
    "unknown-endpoint-field", "An endpoint of a monitor has no field {value}.", allowed="one of {known}"
)

_ENDPOINT_FIELDS = frozenset(
    {
        *("authorization", "basicAuth", "bearerTokenFile", "bearerTokenSecret", "enableHttp2", "filterRunning"),
        *("followRedirects", "honorLabels", "honorTimestamps", "metricRelabelings", "noProxy", "oauth2", "params"),
        *("proxyConnectHeader", "proxyFromEnvironment", "proxyUrl", "relabelings", "scheme", "tlsConfig"),
        "trackTimestampsStaleness",
    }
)
"""The other fields of an endpoint (`Endpoint` and `PodMetricsEndpoint` in pkg/apis/monitoring/v1 of the operator)."""
_TYPED = {"port": "port_name", "path": "path", "interval": "interval", "scrapeTimeout": "timeout"}


def check_monitor(monitoring: ControllerMonitoringSpec, problems: Problems) -> None:
    """Report what Prometheus or its operator rejects, and fields of the endpoint that have an argument."""
    problems.run(_check_timeout, monitoring)
    for key in monitoring.extra or {}:
        if _TYPED.get(key) in defaults_of(type(monitoring)):
            problems.report(TYPED_ENDPOINT_FIELD, monitoring.at / "extra" / Key(key), field=FieldName(_TYPED[key]))
        elif key not in _ENDPOINT_FIELDS and key not in _TYPED:
            where, close = monitoring.at / "extra" / Key(key), nearest(key, _ENDPOINT_FIELDS)
            fix = None if close is None else Move(where, where.parent / Key(close))
            problems.report(UNKNOWN_ENDPOINT_FIELD, where, value=key, known=sorted(_ENDPOINT_FIELDS), fix=fix)


def _check_timeout(monitoring: ControllerMonitoringSpec, problems: Problems) -> None:
    interval, timeout = monitoring.interval, monitoring.timeout
    if isinstance(interval, int) and isinstance(timeout, int) and timeout > interval:
        where = monitoring.at / "timeout"
        problems.report(TIMEOUT_ABOVE_INTERVAL, where, value=timeout, interval=interval, fix=Set(where, interval))


def label_of_service(name: str, monitoring: Optional[ControllerMonitoringSpec]) -> Mapping[str, str]:
    """The label by which a ServiceMonitor selects the Service with the metrics; none if no ServiceMonitor does."""
    is_selected = monitoring is not None and monitoring.kind is MonitorKind.SERVICE_MONITOR
    return {MONITOR_LABEL: name} if is_selected else {}


def build_monitor(
    metadata: Manifest,
    monitoring: ControllerMonitoringSpec,
    selector: Mapping[str, str],
    endpoint: Manifest,
) -> dict[str, Any]:
    """The ServiceMonitor or PodMonitor of one port; `selector` are the labels of the pods, and `endpoint` names the
    port."""
    of_service = label_of_service(str(metadata["name"]), monitoring)
    seconds = {"interval": monitoring.interval, "scrapeTimeout": monitoring.timeout}
    built: dict[str, Any] = {
        **endpoint,
        **{field: applied(value, _seconds) for field, value in seconds.items() if value is not None},
        **(monitoring.extra or {}),
    }
    labels = {**metadata.get("labels", {}), **(monitoring.labels or {})}
    return {
        "apiVersion": _API_VERSION,
        "kind": monitoring.kind.value,
        "metadata": {**metadata, **({"labels": labels} if labels else {})},
        "spec": {
            "selector": {"matchLabels": dict(of_service or selector)},
            "endpoints" if of_service else "podMetricsEndpoints": [built],
        },
    }


def _seconds(number: int) -> str:
    return f"{number}s"
