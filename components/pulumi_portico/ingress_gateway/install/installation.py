"""How a controller that a gateway installs runs."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Literal, Optional, TypeAlias, Union

import pulumi

from ..._typing import NotRequired, TypedDict
from ...args.codes import define
from ...args.elsewhere import form, moved_to, several, table
from ...args.exceptions import SecurityException, exception_kind
from ...args.location import Field as FieldName
from ...args.location import Location
from ...args.names import annotation_key, dns_label, dns_subdomain
from ...args.parse import Field, Rules
from ...args.problems import Problems, Remove, Set
from ...args.sizes import check_data
from ...args.spec import Spec, spec
from ...args.units import SECONDS
from ...args.values import image_reference, whole_number
from ...networking.network_policies import Peer, PeerSpec, check_callers
from ...workload.admission import exceptions_of_annotations
from ...workload.annotations import check_pod_annotations
from ...workload.autoscaling import RULES as AUTOSCALING_RULES
from ...workload.autoscaling import Autoscaling, AutoscalingSpec, check_autoscaling
from ...workload.availability import RULES as AVAILABILITY_RULES
from ...workload.availability import DisruptionBudget, DisruptionBudgetSpec, check_disruption_budget
from ...workload.conversions import from_references, has_references, names_of
from ...workload.kinds import WorkloadKind
from ...workload.monitoring import RULES as MONITORING_RULES
from ...workload.monitoring import ControllerMonitoring, ControllerMonitoringSpec, check_monitor
from ...workload.placement import RULES as PLACEMENT_RULES
from ...workload.placement import Placement, PlacementSpec, check_placement
from ...workload.resources import RULES as RESOURCES_RULES
from ...workload.resources import Limits, ResourceDefaults, Resources, ResourcesSpec, check_resources
from .arguments import program_argument
from .webhook import RULES as WEBHOOK_RULES
from .webhook import AdmissionWebhook, AdmissionWebhookSpec

__all__ = [
    "RESOURCES",
    "RULES",
    "ControllerKind",
    "ControllerKindLike",
    "Installation",
    "InstallationSpec",
    "check_installation",
    "installation_exceptions",
    "report_second_default_class",
]

_DRAIN = 30


class ControllerKind(str, Enum):
    """The kind of the controller's workload."""

    DEPLOYMENT = "Deployment"
    """A number of pods, on any nodes."""

    DAEMON_SET = "DaemonSet"
    """One pod on each node."""

    @property
    def workload(self) -> WorkloadKind:
        """The same kind, among those of every workload."""
        return WorkloadKind(self.value)


if TYPE_CHECKING:
    ControllerKindLike: TypeAlias = ControllerKind | Literal["Deployment", "DaemonSet"]
else:
    ControllerKindLike = ControllerKind


class Installation(TypedDict):
    """How the controller runs."""

    kind: NotRequired[ControllerKindLike]
    """The kind of its workload. Plain. Default: Deployment."""

    replicas: NotRequired[pulumi.Input[int]]
    """How many pods (1 or more) a Deployment has. Set this or `autoscaling`. Default: 2."""

    autoscaling: NotRequired[Autoscaling]
    """How the number of pods follows the load."""

    resources: NotRequired[Resources]
    """The resources of each pod. Default: a quarter of a core, 512 MiB of memory, 2048 MiB of disk for buffered
    bodies."""

    image: NotRequired[pulumi.Input[str]]
    """Another image of the controller, for example from a mirror. Default: docker.io/nginx/nginx-ingress:5.5.4 for
    f5-nginx; registry.k8s.io/ingress-nginx/controller:v1.15.1 by its digest for ingress-nginx."""

    pull_secrets: NotRequired[Sequence[pulumi.Input[str]]]
    """The names of Secrets in the controller's namespace with credentials for the registry of `image`. Its length is
    plain. Default: none."""

    arguments: NotRequired[Sequence[str]]
    """Further arguments of the controller's program, such as `-nginx-reload-timeout=90000`, for what has no field.
    Portico rejects those that a field or Portico itself sets, and those that change who can connect or who can
    configure nginx. Plain. Default: none."""

    ipv6: NotRequired[bool]
    """Whether it listens on IPv6 addresses too. Set it to false on nodes whose kernel has no IPv6. Plain. Default:
    true."""

    host_network: NotRequired[bool]
    """Whether the pods listen on ports 80 and 443 of their nodes, in the nodes' network, for clusters without load
    balancers. For the `kind` DaemonSet, with `upstream`. No NetworkPolicy applies to these pods: only the nodes' own
    firewall decides who can connect, also to the controller's other ports. Their connections to targets come from the
    nodes' addresses, which `controller_peers` lists. Requires a namespace that enforces Pod Security "privileged"; the
    one that the gateway creates does. Plain. Default: false. Reported in `exceptions`."""

    placement: NotRequired[Placement]
    """Which nodes the pods run on. Default: any, spread over zones and nodes if possible."""

    disruption_budget: NotRequired[DisruptionBudget]
    """How many pods can be evicted at a time. Default: 1. A DaemonSet has none."""

    drain: NotRequired[int]
    """Seconds (0 to 3600) that a terminating pod continues to accept connections: as long as the load balancer in
    front takes to notice, which derives its own delay from this. Plain. Default: 30."""

    shutdown: NotRequired[int]
    """Seconds (1 to 3600) that open requests then have to end; WebSockets are closed at the end. nginx also closes
    them this long after each change of the routes or, on F5 NGINX Ingress Controller, of a target's pods, because it
    then continues in new processes. Plain. Default: 240, as on ingress-nginx. Maps to `worker_shutdown_timeout`."""

    served_namespaces: NotRequired[Sequence[str]]
    """The namespaces whose routes it serves, in addition to its own; it can't read Secrets elsewhere. ingress-nginx
    supports only an empty list, for its own. Plain. Default: all."""

    default_class: NotRequired[bool]
    """Whether its class is the default, for Ingresses that name none. Plain. Default: false."""

    metrics: NotRequired[bool]
    """Whether it exposes metrics for Prometheus, through the Service NAME-metrics. Plain. Default: true."""

    metrics_from: NotRequired[Sequence[Peer]]
    """Who can read the metrics. Its length is plain. Default: nobody."""

    monitoring: NotRequired[ControllerMonitoring]
    """How Prometheus reads the metrics, through the Prometheus Operator. Default: it doesn't. Maps to a ServiceMonitor
    or a PodMonitor."""

    admission_webhook: NotRequired[AdmissionWebhook]
    """Have the API server ask ingress-nginx about each Ingress. Default: off."""

    pod_annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the pods. Keys are plain. Default: none."""


_NAMES_OF_INSTALLATION = table(
    {
        "imagePullSecrets": moved_to("pull_secrets", names_of),
        "extraArgs": several("arguments"),
        "args": several("arguments"),
        "replicaCount": moved_to("replicas"),
        "nodeSelector": moved_to("placement.node_selector"),
        "tolerations": moved_to("placement.tolerations"),
        "affinity": moved_to("placement.affinity"),
    },
    forms={"pull_secrets": (form(has_references, from_references("pull_secrets")),)},
)
"""Other tools' names for the fields of `Installation`."""


@spec(Installation, elsewhere=_NAMES_OF_INSTALLATION)
class InstallationSpec(Spec):
    """A parsed `Installation`."""

    kind: ControllerKind = ControllerKind.DEPLOYMENT
    replicas: Optional[pulumi.Input[int]] = None
    autoscaling: Optional[AutoscalingSpec] = None
    resources: Optional[ResourcesSpec] = None
    image: Optional[pulumi.Input[str]] = None
    pull_secrets: Sequence[pulumi.Input[str]] = ()
    arguments: Sequence[str] = ()
    ipv6: bool = True
    host_network: bool = False
    placement: Optional[PlacementSpec] = None
    disruption_budget: Optional[DisruptionBudgetSpec] = None
    drain: int = _DRAIN
    shutdown: int = 240
    served_namespaces: Optional[Sequence[str]] = None
    default_class: bool = False
    metrics: bool = True
    metrics_from: Sequence[PeerSpec] = ()
    monitoring: Optional[ControllerMonitoringSpec] = None
    admission_webhook: Optional[AdmissionWebhookSpec] = None
    pod_annotations: Optional[Mapping[str, pulumi.Input[str]]] = None


RULES: Rules = {
    **AUTOSCALING_RULES,
    **AVAILABILITY_RULES,
    **MONITORING_RULES,
    **PLACEMENT_RULES,
    **RESOURCES_RULES,
    **WEBHOOK_RULES,
    Installation: {
        "replicas": Field(whole_number(1, what="a number of pods")),
        "image": Field(image_reference),
        "drain": Field(whole_number(0, 3600, SECONDS)),
        "shutdown": Field(whole_number(1, 3600, SECONDS)),
        "pull_secrets": Field(items=dns_subdomain),
        "arguments": Field(items=program_argument),
        "served_namespaces": Field(items=dns_label),
        "pod_annotations": Field(keys=annotation_key),
    },
}
"""What the fields must satisfy beyond their types."""

NOT_FOR_DAEMON_SET = define(
    "not-for-controller-daemon-set",
    "A DaemonSet runs one pod on each node, so {field} doesn't apply to it.",
    allowed="only with {kind} Deployment",
)
NO_METRICS = define("monitoring-without-metrics", "There are no metrics, because {metrics} is false.")
NO_READERS = define(
    "monitoring-without-readers",
    "Nothing can read the metrics, and {monitoring} is set.",
    allowed="the pods of Prometheus",
    hint="Set {field}, such as to the namespace in which Prometheus runs.",
)
HOST_NETWORK_OF_DEPLOYMENT = define(
    "controller-host-network-of-deployment",
    "Two pods of one node can't both listen on its ports 80 and 443.",
    allowed="only with {kind} DaemonSet",
)
CALLERS_ON_HOST_NETWORK = define(
    "controller-callers-on-host-network",
    "{field} has no effect, because no NetworkPolicy applies to pods on the host network.",
)
ON_HOST_NETWORK = exception_kind(
    "controller-on-host-network",
    "The controller listens on its nodes' own addresses, and no NetworkPolicy restricts who can connect to it.",
)
METRICS_OFF = define("metrics-off", "This controls who can read the metrics, and {metrics} is false.")
RESOURCES = ResourceDefaults(cpu=0.25, memory=512, disk=2048)
"""The defaults of a controller's resources."""

SECOND_DEFAULT_CLASS = define(
    "second-default-class",
    "{other} makes its IngressClass the default too, and a cluster has only one default.",
    allowed="one gateway with {field}",
)
NAMESPACE_REPEATED = define("namespace-repeated", "{value} is in the list twice.")


WEBHOOK = exception_kind("admission-webhook", "The API server sends every Ingress to the controller.")
UNCHECKED_ARGUMENTS = exception_kind(
    "unchecked-controller-arguments", "Portico doesn't know what these arguments do in another image of the controller."
)
NO_LIMITS = exception_kind("controller-without-limits", "The controller can use all of its node's memory and disk.")


def check_installation(installation: InstallationSpec, problems: Problems) -> None:
    """Report fields that contradict each other."""
    for rule in _RULES:
        problems.run(rule, installation)


def _check_autoscaling(installation: InstallationSpec, problems: Problems) -> None:
    if installation.autoscaling is None:
        return
    check_autoscaling(installation.autoscaling, problems)
    if installation.replicas is not None:
        at = installation.at / "replicas"
        problems.report_exclusive(at, "autoscaling", fix=Remove(at))


def _check_disruption_budget(installation: InstallationSpec, problems: Problems) -> None:
    if installation.disruption_budget is not None:
        check_disruption_budget(installation.disruption_budget, problems)


def _check_placement(installation: InstallationSpec, problems: Problems) -> None:
    if installation.placement is not None:
        check_placement(installation.placement, problems)


def _check_metrics(installation: InstallationSpec, problems: Problems) -> None:
    check_callers(installation.metrics_from, "metrics_from", problems)
    if installation.metrics_from and not installation.metrics:
        at = installation.at / "metrics_from"
        problems.report(METRICS_OFF, at, metrics=FieldName("metrics"), fix=Remove(at))


def _check_monitoring(installation: InstallationSpec, problems: Problems) -> None:
    monitoring = installation.monitoring
    if monitoring is None:
        return
    check_monitor(monitoring, problems)
    if not installation.metrics:
        problems.report(NO_METRICS, monitoring.at, metrics=FieldName("metrics"), fix=Remove(monitoring.at))
    elif not installation.metrics_from:
        where = installation.at / "metrics_from"
        problems.report(NO_READERS, where, monitoring=FieldName("monitoring"), field=FieldName("metrics_from"))


def _check_kind(installation: InstallationSpec, problems: Problems) -> None:
    if installation.kind is ControllerKind.DAEMON_SET:
        problems.run(_check_replicas_of_daemon_set, installation)
        problems.run(_check_autoscaling_of_daemon_set, installation)
        problems.run(_check_budget_of_daemon_set, installation)


def _check_replicas_of_daemon_set(installation: InstallationSpec, problems: Problems) -> None:
    if installation.replicas is not None:
        _reject_for_daemon_set(installation, "replicas", problems)


def _check_autoscaling_of_daemon_set(installation: InstallationSpec, problems: Problems) -> None:
    if installation.autoscaling is not None:
        _reject_for_daemon_set(installation, "autoscaling", problems)


def _check_budget_of_daemon_set(installation: InstallationSpec, problems: Problems) -> None:
    if installation.disruption_budget is not None:
        _reject_for_daemon_set(installation, "disruption_budget", problems)


def _reject_for_daemon_set(installation: InstallationSpec, field: str, problems: Problems) -> None:
    at = installation.at / field
    problems.report(NOT_FOR_DAEMON_SET, at, field=FieldName(field), kind=FieldName("kind"), fix=Remove(at))


def _check_host_network(installation: InstallationSpec, problems: Problems) -> None:
    if not installation.host_network:
        return
    if installation.kind is not ControllerKind.DAEMON_SET:
        at, fix = installation.at / "host_network", Set(installation.at / "kind", ControllerKind.DAEMON_SET.value)
        problems.report(HOST_NETWORK_OF_DEPLOYMENT, at, kind=FieldName("kind"), fix=fix)
    if installation.metrics_from:
        at = installation.at / "metrics_from"
        problems.report(CALLERS_ON_HOST_NETWORK, at, field=FieldName("metrics_from"), fix=Remove(at))


def _check_served_namespaces(installation: InstallationSpec, problems: Problems) -> None:
    served = installation.served_namespaces or ()
    for index, namespace in enumerate(served):
        if namespace in served[:index]:
            at = installation.at / "served_namespaces" / index
            problems.report(NAMESPACE_REPEATED, at, value=namespace, fix=Remove(at))


def _check_webhook(installation: InstallationSpec, problems: Problems) -> None:
    webhook = installation.admission_webhook
    if webhook is not None:
        contents = {"certificate": webhook.certificate, "key": webhook.key}
        check_data(contents, webhook.at / "certificate", "Secret", problems)


def _check_pod_annotations(installation: InstallationSpec, problems: Problems) -> None:
    check_pod_annotations(installation.pod_annotations, installation.at / "pod_annotations", problems)


def _check_resources(installation: InstallationSpec, problems: Problems) -> None:
    if installation.resources is not None:
        check_resources(installation.resources, problems, RESOURCES)


_RULES = (
    _check_resources,
    _check_autoscaling,
    _check_disruption_budget,
    _check_placement,
    _check_kind,
    _check_host_network,
    _check_metrics,
    _check_monitoring,
    _check_served_namespaces,
    _check_pod_annotations,
    _check_webhook,
)


def report_second_default_class(
    installation: InstallationSpec, other: Union[Location, str], problems: Problems
) -> None:
    """Report that the class of another gateway is already the default. `other` is that gateway, or its setting."""
    where = installation.at / "default_class"
    problems.report(SECOND_DEFAULT_CLASS, where, other=other, field=FieldName("default_class"), fix=Remove(where))


def installation_exceptions(installation: InstallationSpec) -> list[SecurityException]:
    """Every setting that is less strict than the secure default."""
    found: list[SecurityException] = []
    if installation.admission_webhook is not None:
        found.append(SecurityException(WEBHOOK, installation.at / "admission_webhook"))
    if installation.host_network:
        found.append(SecurityException(ON_HOST_NETWORK, installation.at / "host_network"))
    resources = installation.resources
    if resources is not None and resources.limits is Limits.NONE and resources.memory_limit is None:
        found.append(SecurityException(NO_LIMITS, installation.at / "resources" / "limits"))
    if installation.arguments and installation.image is not None:
        found.append(SecurityException(UNCHECKED_ARGUMENTS, installation.at / "arguments"))
    annotations = installation.pod_annotations or {}
    return [*found, *exceptions_of_annotations(annotations, installation.at / "pod_annotations")]
