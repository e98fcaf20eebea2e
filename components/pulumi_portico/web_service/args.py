"""What a `WebService` takes, and the rules of its fields."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import annotation_key, dns_label, label_key, label_value, port_name, port_number
from ..args.values import Rule, whole_number
from ..checks import Field, Rules
from ..networking.network_policies import RULES as NETWORK_RULES
from ..networking.network_policies import Peer
from ..workload.autoscaling import RULES as AUTOSCALING_RULES
from ..workload.autoscaling import Autoscaling
from ..workload.availability import RULES as AVAILABILITY_RULES
from ..workload.availability import DisruptionBudget
from ..workload.identity import RULES as IDENTITY_RULES
from ..workload.identity import Identity
from ..workload.placement import RULES as PLACEMENT_RULES
from ..workload.placement import Placement
from ..workload.resources import RULES as RESOURCES_RULES
from ..workload.resources import Resources
from ..workload.rollout import RULES as ROLLOUT_RULES
from ..workload.rollout import Rollout
from .containers import COMMON_RULES, CONTAINER_RULES, Container
from .health import RULES as HEALTH_RULES
from .health import Health
from .images import RULES as IMAGE_RULES
from .images import ImagePolicy
from .kinds import StatefulSettings, WorkloadKind
from .ports import RULES as PORTS_RULES
from .ports import Port
from .security import RULES as SECURITY_RULES
from .security import Security
from .service import RULES as SERVICE_RULES
from .service import ServiceSettings
from .volumes import RULES as VOLUMES_RULES
from .volumes import Storage, Volume

__all__ = ["WebServiceArgs", "rules_with"]


class WebServiceArgs(TypedDict):
    """What a `WebService` takes: an image and a port, or several; everything else has a default."""

    image: pulumi.Input[str]
    """The container image, with a tag other than `latest`, a digest, or both. Maps to the container's `image`."""

    kind: NotRequired[WorkloadKind]
    """What makes the pods. Plain: a change makes another workload. Default: Deployment."""

    port: NotRequired[int]
    """The port (TCP, 1 to 65535) that the container listens on, called `http`. This or `ports`. Plain. Maps to
    `containerPort` and `targetPort`."""

    service_port: NotRequired[int]
    """The port (1 to 65535) that other pods use to reach `port`. Plain. Default: 80. Maps to the Service's `port`."""

    ports: NotRequired[Mapping[str, Port]]
    """Several ports, by name (15 characters at most); none at all for a worker, which then has no Service. This or
    `port`. Plain."""

    service: NotRequired[ServiceSettings]
    """How the Service offers its pods. Default: one address, every ready pod in turn."""

    replicas: NotRequired[pulumi.Input[int]]
    """How many pods run (0 or more). Not for a DaemonSet, nor beside `autoscaling`. Default: 2, so that one node's loss
    leaves one; of a StatefulSet, 1. Maps to `replicas`."""

    autoscaling: NotRequired[Autoscaling]
    """How the number of pods follows the load, instead of `replicas`; it is then the autoscaler's for good. Default: it
    does not. Maps to a HorizontalPodAutoscaler."""

    namespace: NotRequired[pulumi.Input[str]]
    """The namespace, which must exist. Default: the Kubernetes provider's own, which is `default` unless set
    there. Maps to `metadata.namespace`."""

    command: NotRequired[Sequence[pulumi.Input[str]]]
    """What the container runs, instead of the image's entry point. Its length is plain. Maps to `command`."""

    args: NotRequired[Sequence[pulumi.Input[str]]]
    """The arguments of what the container runs, instead of the image's. Its length is plain. Maps to `args`."""

    working_directory: NotRequired[pulumi.Input[str]]
    """Where it runs: an absolute path. Default: the image's. Maps to `workingDir`."""

    env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables, by name. Names are plain. Default: none. For what must not be read by others, see
    `secret_env`. Maps to `env`."""

    secret_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables whose values are secret, by name: they are encrypted in the state, and stand in a Secret
    of their own, not in the pod. A change makes a new Secret and rolls the pods. Names are plain. Default: none."""

    field_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables that hold a field of the pod, such as `metadata.name` or `status.podIP`, by name. Names
    are plain. Default: none. Maps to `fieldRef`."""

    resource_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables that hold what the container has, such as `limits.memory` (in bytes) or `requests.cpu`
    (in cores, rounded up), by name. Names are plain. Default: none. Maps to `resourceFieldRef`."""

    config_files: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Files in the container, read-only: the content of each by its absolute path. They stand in a ConfigMap (1 MiB in
    all); a change makes a new one and rolls the pods. Paths are plain. Default: none."""

    writable_paths: NotRequired[Sequence[str]]
    """Folders that the application may write into, by absolute path; nothing else in the container can be written.
    Each is empty at the start, holds 256 MiB and is gone with the pod. Plain. Default: none. Maps to `emptyDir`."""

    volumes: NotRequired[Mapping[str, Volume]]
    """Volumes of the pods, by name. Plain, their leaves are not. Default: none. Maps to `volumes`."""

    storage: NotRequired[Mapping[str, Storage]]
    """Storage that each pod of a StatefulSet has for itself and keeps, by the claim's name. Plain. Default: none. Maps
    to `volumeClaimTemplates`."""

    resources: NotRequired[Resources]
    """What the container is given and held to. Default: 0.1 cores, 256 MiB of memory, 1024 MiB of disk; memory and disk
    are limits too."""

    health: NotRequired[Health]
    """How Kubernetes asks a pod whether it works. Default: whether its port takes connections. Maps to the startup,
    readiness and liveness probes."""

    drain: NotRequired[int]
    """Seconds (0 to 3600) that a pod goes on serving after it was told to stop, while whoever sends it requests is
    still hearing of it. Plain, as balancers in front derive their own delays from it. Default: 15. Behind a cloud's
    load balancer, as long as that takes to let go of a target. Maps to a `preStop` sleep."""

    shutdown: NotRequired[int]
    """Seconds (1 to 3600) that the application has, after the drain and SIGTERM, to finish what it does. Plain.
    Default: 30. Maps, with `drain`, to `terminationGracePeriodSeconds`."""

    rollout: NotRequired[Rollout]
    """How new pods take the place of old ones. Default: a new one is ready before an old one goes."""

    ready_within: NotRequired[int]
    """Seconds (1 or more) that `pulumi up` waits for the pods before it fails and says which are not ready; those that
    were there go on serving. Plain. Default: 600, which is the Kubernetes provider's own. Maps to Pulumi's custom
    timeouts."""

    disruption_budget: NotRequired[DisruptionBudget]
    """How many pods may be moved away at a time. Default: 1. Maps to a PodDisruptionBudget."""

    placement: NotRequired[Placement]
    """Where the pods run. Default: anywhere, spread over zones and nodes as evenly as there is room."""

    stateful_set: NotRequired[StatefulSettings]
    """What only a StatefulSet has. Default: its pods come one by one, and its claims stay."""

    image_policy: NotRequired[ImagePolicy]
    """Which images may run, and how they are fetched. Default: those that name a version."""

    identity: NotRequired[Identity]
    """Who the pods are. Default: a ServiceAccount of their own, without a token."""

    security: NotRequired[Security]
    """What the pods may do. Default: what Pod Security "restricted" lets through, and a little less."""

    allow_from: NotRequired[Sequence[Peer]]
    """Who may connect to the pods, beside the gateways and balancers that expose the service. Its length is plain.
    Default: nobody. Maps to a NetworkPolicy's `ingress`."""

    allow_to: NotRequired[Sequence[Peer]]
    """Whom the pods may connect to, beside the cluster's DNS. Its length is plain. Default: nobody. Maps to a
    NetworkPolicy's `egress`."""

    network_policy: NotRequired[bool]
    """Whether a NetworkPolicy holds the pods to that. Plain. Default: true. False is reported in `exceptions`."""

    init_containers: NotRequired[Sequence[Container]]
    """Containers that run to their end before the application, one after the other. Plain, their leaves are not.
    Default: none. Maps to `initContainers`."""

    sidecars: NotRequired[Sequence[Container]]
    """Containers that run as long as the application. They start first, one after the other, each once the one before
    works, and stop last. Plain, their leaves are not. Default: none. Maps to `initContainers` that restart always."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels put on every object and on the pods, beside those that select the pods. Keys are plain.
    Default: none."""

    selector: NotRequired[Mapping[str, str]]
    """The labels that the Service and the workload find the pods by, put on the pods too. Plain, and frozen by
    Kubernetes: a later change replaces the workload. Default: `app.kubernetes.io/name` with the component's name.
    Set it to take over a workload that has other labels."""

    pod_annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the pods. Keys are plain. Default: none. Maps to the template's `metadata.annotations`."""

    extra: NotRequired[Mapping[str, Any]]
    """What is merged last into the pods' template, in Kubernetes' own words: `metadata` and `spec`. Mappings are merged
    key by key, lists of named items by name; a None takes a key out, every other list is replaced. Plain but for its
    leaves. Reported in `exceptions`, as nobody checks it. Default: nothing."""


_PORT = Field(port_number)
_HOUR = 3600
_LABELS = Field(keys=label_key, items=label_value)


def rules_with(image: Rule) -> Rules:
    """What the fields must satisfy beyond their types, where images must satisfy ``image``."""
    return {
        **AUTOSCALING_RULES,
        **AVAILABILITY_RULES,
        **HEALTH_RULES,
        **IDENTITY_RULES,
        **IMAGE_RULES,
        **NETWORK_RULES,
        **PLACEMENT_RULES,
        **PORTS_RULES,
        **RESOURCES_RULES,
        **ROLLOUT_RULES,
        **SECURITY_RULES,
        **SERVICE_RULES,
        **VOLUMES_RULES,
        Container: {**CONTAINER_RULES, "image": Field(image)},
        WebServiceArgs: {
            **COMMON_RULES,
            "image": Field(image),
            "service_port": _PORT,
            "ports": Field(keys=port_name),
            "replicas": Field(whole_number(0, what="a number of pods")),
            "namespace": Field(dns_label),
            "volumes": Field(keys=dns_label),
            "storage": Field(keys=dns_label),
            "drain": Field(whole_number(0, _HOUR, "a number of seconds")),
            "shutdown": Field(whole_number(1, _HOUR, "a number of seconds")),
            "ready_within": Field(whole_number(1, what="a number of seconds")),
            "labels": _LABELS,
            "pod_annotations": Field(keys=annotation_key),
            "selector": _LABELS,
        },
    }
