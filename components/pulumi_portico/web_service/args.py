"""The arguments of a `WebService`, and the rules of its fields."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import annotation_key, dns_label, object_name, port_name, port_number, service_name
from ..args.parse import Field, Rule, Rules
from ..args.spec import spec
from ..args.units import SECONDS
from ..args.values import whole_number
from ..networking.dns import Dns
from ..networking.network_policies import Peer, PeerSpec
from ..workload.autoscaling import RULES as AUTOSCALING_RULES
from ..workload.autoscaling import Autoscaling, AutoscalingSpec
from ..workload.availability import DRAIN_SECONDS, DisruptionBudget, DisruptionBudgetSpec
from ..workload.availability import RULES as AVAILABILITY_RULES
from ..workload.containers import COMMON_RULES, Container
from ..workload.environment_sources import EnvFromSource, EnvVarSource
from ..workload.health import Health, HealthSpec
from ..workload.identity import Identity
from ..workload.images import ImagePolicy
from ..workload.kinds import StatefulSettings, StatefulSettingsSpec, WorkloadKind, WorkloadKindLike
from ..workload.monitoring import RULES as MONITORING_RULES
from ..workload.monitoring import Monitoring, MonitoringSpec
from ..workload.placement import Placement
from ..workload.pod_args import LABELS, POD_FIELDS, PodSpec, pod_rules
from ..workload.resources import Resources
from ..workload.rollout import RULES as ROLLOUT_RULES
from ..workload.rollout import Rollout, RolloutSpec
from ..workload.security import Security
from ..workload.volumes import Storage, StorageSpec, Volume
from .additional_services import RULES as ADDITIONAL_SERVICE_RULES
from .additional_services import AdditionalService, AdditionalServiceSpec
from .elsewhere import NAMES
from .monitoring import callers_of
from .ports import RULES as PORTS_RULES
from .ports import Port, PortSpec
from .service import RULES as SERVICE_RULES
from .service import ServiceSettings, ServiceSettingsSpec

__all__ = ["WebServiceArgs", "WebServiceSpec", "rules_with"]


class WebServiceArgs(TypedDict):
    """The arguments of a `WebService`: an image and one or more ports; everything else has a default."""

    image: pulumi.Input[str]
    """The container image, with a tag other than `latest`, a digest, or both. Maps to the container's `image`."""

    name: NotRequired[str]
    """What the objects are called, apart from the Pulumi name, so that the same service can be in two clusters of one
    program. Plain. Default: the Pulumi name; in a stack, the key."""

    container_name: NotRequired[str]
    """The name of the application's container. Plain. Default: the component's name. Maps to the container's `name`."""

    kind: NotRequired[WorkloadKindLike]
    """What creates the pods. Plain: a change creates another workload. Default: Deployment."""

    port: NotRequired[int]
    """The port (TCP, 1 to 65535) that the container listens on, called `http`. Set this or `ports`. Plain. Maps to
    `containerPort` and `targetPort`."""

    service_port: NotRequired[int]
    """The port (1 to 65535) that other pods use to reach `port`. Plain. Default: 80. Maps to the Service's `port`."""

    ports: NotRequired[Mapping[str, Port]]
    """Several ports, by name (at most 15 characters); an empty mapping for a worker, which has no Service. Set this or
    `port`. Plain."""

    default_port_name: NotRequired[str]
    """The name of the port that probes, targets, and the URL use unless they name another one. Plain. Default: `http`,
    else the first of `ports` as written; in other languages than Python, required for several ports without `http`."""

    service: NotRequired[ServiceSettings]
    """How the Service offers its pods. Default: one address, which distributes requests to every ready pod."""

    additional_services: NotRequired[Mapping[str, AdditionalService]]
    """Further Services of the pods, by name: one with an address beside a headless one, one for the pods of several
    workloads, or one for each pod of a StatefulSet. Plain, their leaves are not. Default: none."""

    replicas: NotRequired[pulumi.Input[int]]
    """How many pods run (0 or more). Not for a DaemonSet. Set this or `autoscaling`. Default: 2, so that one pod
    remains if a node fails; 1 for a StatefulSet. Maps to `replicas`."""

    autoscaling: NotRequired[Autoscaling]
    """How the number of pods follows the load, instead of `replicas`. Default: it doesn't. Maps to a
    HorizontalPodAutoscaler."""

    external_replicas: NotRequired[bool]
    """Whether something else sets the number of pods, 0 included: KEDA, another autoscaler, or you. Portico leaves the
    number as it is, also when you set this for an existing service. Plain. Not with `replicas` or `autoscaling`.
    Default: false."""

    namespace: NotRequired[pulumi.Input[str]]
    """The namespace, which must exist. Default: the Kubernetes provider's own, which is `default` unless the provider
    sets another. Maps to `metadata.namespace`."""

    command: NotRequired[Sequence[pulumi.Input[str]]]
    """The command, instead of the image's entry point. Its length is plain. Maps to `command`."""

    args: NotRequired[Sequence[pulumi.Input[str]]]
    """The arguments of the command, instead of the image's. Its length is plain. Maps to `args`."""

    working_directory: NotRequired[pulumi.Input[str]]
    """The working directory: an absolute path. Default: the image's. Maps to `workingDir`."""

    env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables, by name. `$(NAME)` in a value stands for another variable of the container, also a secret
    one; `$$(NAME)` is that text. If an Output refers to another Output, write the other one first. Names are plain.
    Default: none. For secret values, use `secret_env`. Maps to `env`."""

    secret_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables whose values are secret, by name: they are encrypted in the state, and are in a Secret of
    their own, not in the pod. A change creates a new Secret and rolls the pods. Names are plain. Default: none."""

    field_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables with a field of the pod, such as `metadata.name` or `status.podIP`, by name. Names are
    plain. Default: none. Maps to `fieldRef`."""

    resource_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables with a resource of the container, such as `limits.memory` (in bytes) or `requests.cpu` (in
    cores, rounded up), by name. Names are plain. Default: none. Maps to `resourceFieldRef`."""

    env_value_from: NotRequired[Mapping[str, EnvVarSource]]
    """Environment variables from a key of a ConfigMap or a Secret that exists, or that something else creates, by name.
    The container waits until the key exists; nothing reads its value before. Names are plain. Default: none. Maps to
    `valueFrom`."""

    env_from: NotRequired[Sequence[EnvFromSource]]
    """ConfigMaps and Secrets that exist, or that something else creates, whose keys all become environment variables.
    Variables that are set by name override them; of two sources, the last one counts. Plain, their leaves are not.
    Default: none. Maps to `envFrom`."""

    roll_on_change: NotRequired[bool]
    """Whether the next `pulumi up` rolls the pods if a ConfigMap that they read by its name has changed. Portico reads
    those that something else creates with kubectl, in previews too, and never Secrets; only a checksum gets into the
    state. Plain. Default: false. Maps to an annotation of the pods."""

    config_files: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Read-only files in the container: the content of each by its absolute path. They are in a ConfigMap (1 MiB in
    all); a change creates a new one and rolls the pods. Paths are plain. Default: none."""

    secret_files: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Read-only files whose contents are secret, by absolute path. They are in a Secret of their own (1 MiB in all); a
    change creates a new one and rolls the pods. Paths are plain. Default: none."""

    executable_files: NotRequired[Sequence[str]]
    """Which of `config_files` and `secret_files` are executable, by absolute path. Plain. Default: none. Maps to `mode`
    0555."""

    writable_paths: NotRequired[Sequence[str]]
    """Folders that the application can write, by absolute path; the rest of the container is read-only. Each is empty
    at first, holds 256 MiB, and is deleted with the pod. Plain. Default: none. Maps to `emptyDir`."""

    volumes: NotRequired[Mapping[str, Volume]]
    """Volumes of the pods, by name. Plain, their leaves are not. Default: none. Maps to `volumes`."""

    storage: NotRequired[Mapping[str, Storage]]
    """Storage of each pod of a StatefulSet, which outlives the pod, by the claim's name. Plain. Default: none. Maps to
    `volumeClaimTemplates`."""

    resources: NotRequired[Resources]
    """What the container requests and is limited to. Default: 0.1 cores, 256 MiB of memory, 1024 MiB of disk; memory
    and disk are limits too."""

    health: NotRequired[Health]
    """How Kubernetes checks that a pod works. Default: whether its port accepts connections. Maps to the startup,
    readiness, and liveness probes."""

    monitoring: NotRequired[Monitoring]
    """How Prometheus reads the pods' metrics, through the Prometheus Operator. Default: it doesn't. Maps to a
    ServiceMonitor or a PodMonitor."""

    drain: NotRequired[int]
    """Seconds (0 to 3600) that a terminating pod continues to serve requests, until every client has learned that it is
    terminating. Plain, because load balancers derive their own delays from it. Default: 15. Behind a cloud load
    balancer, set as long as that takes to deregister a target. Maps to a `preStop` sleep."""

    shutdown: NotRequired[int]
    """Seconds (1 to 86400) that the application has to end after the drain and SIGTERM. Plain. Default: 30. Maps, with
    `drain`, to `terminationGracePeriodSeconds`."""

    rollout: NotRequired[Rollout]
    """How new pods replace old ones. Default: a new pod is ready before an old one is deleted."""

    ready_timeout: NotRequired[int]
    """Seconds (1 or more) that `pulumi up` waits until the pods are ready, before it fails and names those that aren't;
    the old pods continue to serve. Plain. Default: 600, which is the Kubernetes provider's own. Maps to Pulumi's custom
    timeouts."""

    disruption_budget: NotRequired[DisruptionBudget]
    """How many pods can be evicted at a time. Default: 1. Maps to a PodDisruptionBudget."""

    placement: NotRequired[Placement]
    """Where the pods run. Default: on any node, spread over zones and nodes as evenly as possible."""

    stateful_set: NotRequired[StatefulSettings]
    """What only a StatefulSet has. Default: its pods are created one by one, and its claims are kept."""

    image_policy: NotRequired[ImagePolicy]
    """Which images can run, and how they are pulled. Default: images that name a version."""

    identity: NotRequired[Identity]
    """The identity of the pods. Default: a ServiceAccount of their own, without a token."""

    security: NotRequired[Security]
    """What the pods are allowed to do. Default: a little less than Pod Security "restricted" allows."""

    allow_from: NotRequired[Sequence[Peer]]
    """What can connect to the pods, in addition to the gateways and load balancers that expose the service. Its length
    is plain. Default: nothing. Maps to a NetworkPolicy's `ingress`."""

    allow_to: NotRequired[Sequence[Peer]]
    """What the pods can connect to, in addition to the cluster's DNS. Its length is plain. Default: nothing. Maps to a
    NetworkPolicy's `egress`."""

    dns: NotRequired[Dns]
    """Where the cluster's DNS is, if the default rules don't cover it. Default: no further servers; in a stack, those
    of the stack. Maps to a NetworkPolicy's `egress`."""

    network_policy: NotRequired[bool]
    """Whether a NetworkPolicy restricts the pods' connections. Plain. Default: true. False is reported in
    `exceptions`."""

    init_containers: NotRequired[Sequence[Container]]
    """Containers that run to completion before the application, one after the other. Plain, their leaves are not.
    Default: none. Maps to `initContainers`."""

    sidecars: NotRequired[Sequence[Container]]
    """Containers that run as long as the application. They start before it, one after the other, each if the previous
    one works, and stop after it. Plain, their leaves are not. Default: none. Maps to `initContainers` that always
    restart."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels of every object and of the pods, in addition to those that select the pods. Keys are plain.
    Default: none."""

    selector: NotRequired[Mapping[str, str]]
    """The labels by which the Service and the workload select the pods; the pods have them too. Plain, and frozen by
    Kubernetes: a change replaces the workload. Default: `app.kubernetes.io/name` with the component's name. Set it to
    take over a workload that has other labels."""

    pod_annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the pods. Keys are plain. Default: none. Maps to the template's `metadata.annotations`."""

    workload_annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the workload itself, for programs that read them there, such as Keel. Keys are plain. Default:
    none. Maps to the workload's `metadata.annotations`."""

    extra: NotRequired[Mapping[str, Any]]
    """What is merged last into the pods' template, as Kubernetes has it: `metadata` and `spec`. Mappings are merged by
    key, and lists of named items by name; a None removes a key; every other list is replaced. Plain except for its
    leaves. Reported in `exceptions`, because Portico doesn't check it. Default: nothing."""


@spec(WebServiceArgs, renamed={"ready_within": "ready_timeout"}, elsewhere=NAMES)
class WebServiceSpec(PodSpec):
    """The parsed arguments of a `WebService`."""

    name: Optional[str] = None
    kind: WorkloadKind = WorkloadKind.DEPLOYMENT
    port: Optional[int] = None
    health: Optional[HealthSpec] = None
    service_port: Optional[int] = None
    ports: Optional[Mapping[str, PortSpec]] = None
    default_port_name: Optional[str] = None
    service: Optional[ServiceSettingsSpec] = None
    additional_services: Mapping[str, AdditionalServiceSpec] = dataclasses.field(
        default_factory=dict[str, AdditionalServiceSpec]
    )
    replicas: Optional[pulumi.Input[int]] = None
    autoscaling: Optional[AutoscalingSpec] = None
    external_replicas: bool = False
    storage: Mapping[str, StorageSpec] = dataclasses.field(default_factory=dict[str, StorageSpec])
    monitoring: Optional[MonitoringSpec] = None
    drain: int = DRAIN_SECONDS
    rollout: Optional[RolloutSpec] = None
    disruption_budget: Optional[DisruptionBudgetSpec] = None
    stateful_set: Optional[StatefulSettingsSpec] = None
    allow_from: Sequence[PeerSpec] = ()
    selector: Optional[Mapping[str, str]] = None
    workload_annotations: Optional[Mapping[str, pulumi.Input[str]]] = None

    @property
    def probes(self) -> Optional[HealthSpec]:
        """How Kubernetes checks that the container works, unless that's the default."""
        return self.health

    @property
    def callers(self) -> Sequence[PeerSpec]:
        """What can connect to the pods: `allow_from`, and what reads their metrics."""
        return callers_of(self)

    def selector_for(self, name: str) -> Mapping[str, str]:
        """The labels that select the pods of the WebService called `name`: few, because Kubernetes freezes them."""
        # `super()` without arguments doesn't work in a dataclass with slots.
        return PodSpec.selector_for(self, object_name(name, self)) if self.selector is None else self.selector

    @property
    def claim_templates(self) -> Mapping[str, StorageSpec]:
        """The storage of each pod, by the claim's name."""
        return self.storage


_PORT = Field(port_number)
_HOUR = 3600


def rules_with(image: Rule) -> Rules:
    """What the fields must satisfy beyond their types, if images must satisfy `image`."""
    return {
        **ADDITIONAL_SERVICE_RULES,
        **AUTOSCALING_RULES,
        **AVAILABILITY_RULES,
        **MONITORING_RULES,
        **PORTS_RULES,
        **ROLLOUT_RULES,
        **SERVICE_RULES,
        **pod_rules(image),
        WebServiceArgs: {
            **COMMON_RULES,
            **POD_FIELDS,
            "image": Field(image),
            "name": Field(service_name),
            "service_port": _PORT,
            "ports": Field(keys=port_name),
            "additional_services": Field(keys=service_name),
            "replicas": Field(whole_number(0, what="a number of pods")),
            "storage": Field(keys=dns_label),
            "drain": Field(whole_number(0, _HOUR, SECONDS)),
            "workload_annotations": Field(keys=annotation_key),
            "selector": LABELS,
        },
    }
