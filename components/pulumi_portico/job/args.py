"""The arguments of a `Job`, and the rules of its fields."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import RESERVED_LABEL, dns_label, label_value, object_name, own_label_key
from ..args.parse import Field, Rule, Rules
from ..args.problems import Reason
from ..args.spec import spec
from ..args.units import SECONDS
from ..args.values import whole_number
from ..networking.dns import Dns
from ..networking.network_policies import Peer, PeerSpec
from ..workload.containers import COMMON_RULES, Container
from ..workload.environment_sources import EnvFromSource, EnvVarSource
from ..workload.identity import Identity
from ..workload.images import ImagePolicy
from ..workload.placement import Placement
from ..workload.pod_args import POD_FIELDS, PodSpec, pod_rules
from ..workload.resources import Resources
from ..workload.security import Security
from ..workload.volumes import Volume
from .elsewhere import NAMES
from .policies import RULES as POLICY_RULES
from .policies import PodFailurePolicy, PodFailurePolicySpec, SuccessPolicy, SuccessPolicySpec
from .schedule import schedule_rule, time_zone_rule

__all__ = [
    "CompletionMode",
    "CompletionModeLike",
    "ConcurrencyPolicy",
    "ConcurrencyPolicyLike",
    "JobArgs",
    "JobSpec",
    "RestartPolicy",
    "RestartPolicyLike",
    "is_job_label",
    "rules_with",
]


class CompletionMode(str, Enum):
    """When a job is complete."""

    NON_INDEXED = "NonIndexed"
    """When as many pods as `completions` have succeeded."""

    INDEXED = "Indexed"
    """When a pod has succeeded for each index from 0 to `completions` - 1. The containers find theirs in the variable
    `JOB_COMPLETION_INDEX`."""


if TYPE_CHECKING:
    CompletionModeLike: TypeAlias = CompletionMode | Literal["NonIndexed", "Indexed"]
else:
    CompletionModeLike = CompletionMode


class ConcurrencyPolicy(str, Enum):
    """What happens if a run is due while the previous one isn't complete."""

    ALLOW = "Allow"
    """Both run."""

    FORBID = "Forbid"
    """The new run is skipped."""

    REPLACE = "Replace"
    """The new run replaces the previous one."""


if TYPE_CHECKING:
    ConcurrencyPolicyLike: TypeAlias = ConcurrencyPolicy | Literal["Allow", "Forbid", "Replace"]
else:
    ConcurrencyPolicyLike = ConcurrencyPolicy


class RestartPolicy(str, Enum):
    """What happens if a container of a job fails."""

    NEVER = "Never"
    """The pod has failed, and stays, so that its log can be read. The job creates another one."""

    ON_FAILURE = "OnFailure"
    """The container starts again in the same pod."""


if TYPE_CHECKING:
    RestartPolicyLike: TypeAlias = RestartPolicy | Literal["Never", "OnFailure"]
else:
    RestartPolicyLike = RestartPolicy


class JobArgs(TypedDict):
    """The arguments of a `Job`: an image; everything else has a default."""

    image: pulumi.Input[str]
    """The container image, with a tag other than `latest`, a digest, or both. Maps to the container's `image`."""

    name: NotRequired[str]
    """What the objects are called, apart from the Pulumi name, so that the same job can be in two clusters of one
    program. The name of a Job starts with the Pulumi name, because Pulumi generates it. Plain. Default: the Pulumi
    name; in a stack, the key."""

    container_name: NotRequired[str]
    """The name of the application's container. Plain. Default: the component's name. Maps to the container's `name`."""

    schedule: NotRequired[pulumi.Input[str]]
    """When the job runs, again and again: five fields of cron, or a descriptor such as `@daily`. Whether it's set is
    plain. Default: the job runs once, and `pulumi up` waits until it's complete. Maps to a CronJob's `schedule`."""

    time_zone: NotRequired[pulumi.Input[str]]
    """The time zone of `schedule`, such as `Europe/Berlin`. Default: `Etc/UTC`. Maps to `timeZone`."""

    concurrency_policy: NotRequired[ConcurrencyPolicyLike]
    """What happens if a run of `schedule` is due while the previous one isn't complete. Plain. Default: Forbid. Maps to
    `concurrencyPolicy`."""

    starting_deadline_seconds: NotRequired[pulumi.Input[int]]
    """Seconds (10 or more) after which a run of `schedule` that couldn't start counts as missed. Default: none. Maps to
    `startingDeadlineSeconds`."""

    successful_jobs_history_limit: NotRequired[pulumi.Input[int]]
    """How many completed runs of `schedule` (0 or more) are kept. Default: 3. Maps to `successfulJobsHistoryLimit`."""

    failed_jobs_history_limit: NotRequired[pulumi.Input[int]]
    """How many failed runs of `schedule` (0 or more) are kept. Default: 1. Maps to `failedJobsHistoryLimit`."""

    before: NotRequired[Sequence[str]]
    """The services of the stack that wait for the job, by name: their new version isn't rolled out before the job is
    complete, nor if it fails. Several jobs before one service run one after the other, by name. Plain. Only in stack
    files: in a program, use `depends_on`. Not with `schedule` or `suspend`. Default: none."""

    after: NotRequired[Sequence[str]]
    """The services of the stack that the job waits for, by name: it runs when the pods of their new version are ready,
    such as for migrations that only the new version allows. Plain. Only in stack files: in a program, use `depends_on`.
    Not with `schedule`. Default: none."""

    suspend: NotRequired[bool]
    """Whether no pods run: a job waits, and a schedule starts no runs. Plain. Default: false. Maps to `suspend`."""

    parallelism: NotRequired[pulumi.Input[int]]
    """How many pods (1 or more) run at a time. Default: 1. Maps to `parallelism`."""

    completions: NotRequired[pulumi.Input[int]]
    """How many pods (1 or more) must succeed. Default: 1; with `parallelism`, one success completes the job when every
    pod has ended. Maps to `completions`."""

    completion_mode: NotRequired[CompletionModeLike]
    """Whether each completion has an index. Indexed requires `completions`. Plain. Default: NonIndexed. Maps to
    `completionMode`."""

    backoff_limit: NotRequired[pulumi.Input[int]]
    """How many retries (0 or more) before the job has failed. Kubernetes waits 10 s before the first one, and twice as
    long before each further one. Default: 3, so that a job that fails does so within `ready_timeout`; with
    `backoff_limit_per_index`, no limit. Maps to `backoffLimit`."""

    backoff_limit_per_index: NotRequired[pulumi.Input[int]]
    """How many retries (0 or more) of each index before it has failed. Requires Indexed. Default: none. Maps to
    `backoffLimitPerIndex`."""

    max_failed_indexes: NotRequired[pulumi.Input[int]]
    """How many indexes (0 or more) can fail before the job ends. Requires `backoff_limit_per_index`. Default: all. Maps
    to `maxFailedIndexes`."""

    active_deadline_seconds: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more) that the job can take, with all retries, before it has failed. Default: none. Maps to
    `activeDeadlineSeconds`."""

    ttl_seconds_after_finished: NotRequired[pulumi.Input[int]]
    """Seconds (0 or more) after which Kubernetes deletes a job that has ended. `pulumi up` doesn't run it again, but
    `pulumi up --refresh` does. With it, every change of the job's own settings runs the job again. Default: it stays.
    Maps to `ttlSecondsAfterFinished`."""

    pod_failure_policy: NotRequired[PodFailurePolicy]
    """What happens if a pod fails with some exit codes or conditions: the job fails at once, or the failure doesn't
    count. Requires the `restart_policy` Never. Plain. Default: each failure counts. Maps to `podFailurePolicy`."""

    success_policy: NotRequired[SuccessPolicy]
    """When the job has succeeded although not every index has. Requires Indexed, and Kubernetes 1.31 or newer. Plain.
    Default: when every index has. Maps to `successPolicy`."""

    restart_policy: NotRequired[RestartPolicyLike]
    """What happens if a container fails. Plain. Default: Never, so that the log of each try can be read. Maps to
    `restartPolicy`."""

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
    one; `$$(NAME)` is that text. Names are plain. Default: none. For secret values, use `secret_env`. Maps to
    `env`."""

    secret_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables whose values are secret, by name: they are encrypted in the state, and are in a Secret of
    their own, not in the pod. A change creates a new Secret and runs the job again. Names are plain. Default: none."""

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
    """Whether the next `pulumi up` runs the job again if a ConfigMap that it reads by its name has changed. Portico
    reads those that something else creates with kubectl, in previews too, and never Secrets; only a checksum gets into
    the state. Not with `schedule`, because each run reads them when it starts. Plain. Default: false. Maps to an
    annotation of the pods."""

    config_files: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Read-only files in the container: the content of each by its absolute path. They are in a ConfigMap (1 MiB in
    all); a change creates a new one and runs the job again. Paths are plain. Default: none."""

    secret_files: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Read-only files whose contents are secret, by absolute path. They are in a Secret of their own (1 MiB in all); a
    change creates a new one and runs the job again. Paths are plain. Default: none."""

    executable_files: NotRequired[Sequence[str]]
    """Which of `config_files` and `secret_files` are executable, by absolute path. Plain. Default: none. Maps to `mode`
    0555."""

    writable_paths: NotRequired[Sequence[str]]
    """Folders that the application can write, by absolute path; the rest of the container is read-only. Each is empty
    at first, holds 256 MiB, and is deleted with the pod. Plain. Default: none. Maps to `emptyDir`."""

    volumes: NotRequired[Mapping[str, Volume]]
    """Volumes of the pods, by name. Plain, their leaves are not. Default: none. Maps to `volumes`."""

    resources: NotRequired[Resources]
    """What the container requests and is limited to. Default: 0.1 cores, 256 MiB of memory, 1024 MiB of disk; memory
    and disk are limits too."""

    shutdown: NotRequired[int]
    """Seconds (1 to 86400) that the application has to end after SIGTERM, if the job is deleted or replaced. Plain.
    Default: 30. Maps to `terminationGracePeriodSeconds`."""

    ready_timeout: NotRequired[int]
    """Seconds (1 or more) that `pulumi up` waits until the job is complete, before it fails and reports why. The next
    `pulumi up` replaces a job that isn't complete, so set as long as the job takes. Not with `schedule`. Plain.
    Default: 600, which is the Kubernetes provider's own. Maps to Pulumi's custom timeouts."""

    placement: NotRequired[Placement]
    """Where the pods run. Default: on any node."""

    image_policy: NotRequired[ImagePolicy]
    """Which images can run, and how they are pulled. Default: images that name a version."""

    identity: NotRequired[Identity]
    """The identity of the pods. Default: a ServiceAccount of their own, without a token."""

    security: NotRequired[Security]
    """What the pods are allowed to do. Default: a little less than Pod Security "restricted" allows."""

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
    """Labels of every object and of the pods, in addition to `app.kubernetes.io/name` with the component's name. Keys
    are plain. Default: none."""

    pod_annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of the pods. Keys are plain. Default: none. Maps to the template's `metadata.annotations`."""

    extra: NotRequired[Mapping[str, Any]]
    """What is merged last into the pods' template, as Kubernetes has it: `metadata` and `spec`. Mappings are merged by
    key, and lists of named items by name; a None removes a key; every other list is replaced. Plain except for its
    leaves. Reported in `exceptions`, because Portico doesn't check it. Default: nothing."""


@spec(JobArgs, elsewhere=NAMES)
class JobSpec(PodSpec):
    """The parsed arguments of a `Job`."""

    name: Optional[str] = None
    schedule: Optional[pulumi.Input[str]] = None
    time_zone: Optional[pulumi.Input[str]] = None
    concurrency_policy: Optional[ConcurrencyPolicy] = None
    starting_deadline_seconds: Optional[pulumi.Input[int]] = None
    successful_jobs_history_limit: Optional[pulumi.Input[int]] = None
    failed_jobs_history_limit: Optional[pulumi.Input[int]] = None
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    suspend: bool = False
    parallelism: Optional[pulumi.Input[int]] = None
    completions: Optional[pulumi.Input[int]] = None
    completion_mode: CompletionMode = CompletionMode.NON_INDEXED
    backoff_limit: Optional[pulumi.Input[int]] = None
    backoff_limit_per_index: Optional[pulumi.Input[int]] = None
    max_failed_indexes: Optional[pulumi.Input[int]] = None
    active_deadline_seconds: Optional[pulumi.Input[int]] = None
    ttl_seconds_after_finished: Optional[pulumi.Input[int]] = None
    pod_failure_policy: Optional[PodFailurePolicySpec] = None
    success_policy: Optional[SuccessPolicySpec] = None
    restart_policy: RestartPolicy = RestartPolicy.NEVER

    def selector_for(self, name: str) -> Mapping[str, str]:
        """The labels that select the pods of the Job called `name`."""
        # `super()` without arguments doesn't work in a dataclass with slots.
        return PodSpec.selector_for(self, object_name(name, self))

    @property
    def is_scheduled(self) -> bool:
        """Whether the job runs on a schedule."""
        return self.schedule is not None

    @property
    def callers(self) -> Sequence[PeerSpec]:
        """What can connect to the pods: nothing, because they offer no ports."""
        return ()


_OF_JOBS = (
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
)
"""The labels that Kubernetes sets on the pods of a Job, and by which it selects them."""


def is_job_label(key: str) -> bool:
    """Whether Kubernetes sets a label on the pods of a Job."""
    return key in _OF_JOBS


def _label_key(value: str) -> Optional[Reason]:
    """The key of a label of a job: none that Kubernetes or Portico sets."""
    return Reason(RESERVED_LABEL) if is_job_label(value) else own_label_key(value)


_PODS = Field(whole_number(1, what="a number of pods"))
_RETRIES = Field(whole_number(0, what="a number of retries"))
_RUNS = Field(whole_number(0, what="a number of runs"))
_LEAST_DEADLINE = 10
"""Kubernetes checks schedules every 10 seconds."""


def rules_with(image: Rule) -> Rules:
    """What the fields must satisfy beyond their types, if images must satisfy `image`."""
    return {
        **pod_rules(image),
        **POLICY_RULES,
        JobArgs: {
            **{name: field for name, field in COMMON_RULES.items() if name != "port"},
            **POD_FIELDS,
            "name": Field(dns_label),
            "image": Field(image),
            "labels": Field(keys=_label_key, items=label_value),
            "schedule": Field(schedule_rule),
            "time_zone": Field(time_zone_rule),
            "starting_deadline_seconds": Field(whole_number(_LEAST_DEADLINE, what=SECONDS)),
            "successful_jobs_history_limit": _RUNS,
            "failed_jobs_history_limit": _RUNS,
            "parallelism": _PODS,
            "completions": _PODS,
            "backoff_limit": _RETRIES,
            "backoff_limit_per_index": _RETRIES,
            "max_failed_indexes": Field(whole_number(0, what="a number of indexes")),
            "active_deadline_seconds": Field(whole_number(1, what=SECONDS)),
            "ttl_seconds_after_finished": Field(whole_number(0, what=SECONDS)),
        },
    }
