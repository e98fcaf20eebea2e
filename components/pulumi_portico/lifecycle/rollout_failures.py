"""Why the pods of a workload don't start: the provider only reports that too few are ready.

Pure, apart from the hook: from what the cluster reports of pods and events to findings.
"""

import base64
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ..args.codes import Code, define
from ..args.concealment import HIDDEN
from ..untyped import Manifest, Parameters, listed, mapped
from .claims import unique
from .hooks import mocked
from .kubectl import Kubectl, kubectl_of
from .replacement import Finding, Lines

__all__ = ["Workload", "causes_of", "explained", "log_of", "masked", "on_failed_rollout"]

PODS_REJECTED = define(
    "rollout-pods-rejected",
    "{workload} has no pods, because the API server rejects them: {message}",
    hint="To see more, run `kubectl get events --namespace {namespace}`.",
)
NOT_SCHEDULED = define(
    "rollout-not-scheduled",
    "No node takes the pod {pod} of {workload}: {message}",
    hint="To see more, run `kubectl describe pod {pod} --namespace {namespace}`.",
)
DOES_NOT_START = define(
    "rollout-container-does-not-start",
    "The container {container} of {workload} doesn't start: {reason}: {message}",
    hint="To see more, run `kubectl describe pod {pod} --namespace {namespace}`.",
)
EXITS = define(
    "rollout-container-exits",
    "The container {container} of {workload} exits with the code {exit_code} ({reason}). Its last lines:{lines}",
    hint="To see more, run `kubectl logs {pod} --container {container} --namespace {namespace} --previous`.",
)
NOT_READY = define(
    "rollout-pod-not-ready",
    "The pod {pod} of {workload} runs and isn't ready: {message}",
    hint="To see more, run `kubectl describe pod {pod} --namespace {namespace}`.",
)
UNEXPLAINED = define(
    "rollout-unexplained",
    "The pods of {workload} report no cause, or kubectl can't read them.",
    hint="To see more, run `kubectl describe pods --namespace {namespace} --selector {selector}`.",
)

_LINES = 10
_WAITING_FOR_OTHERS = ("ContainerCreating", "PodInitializing", "CrashLoopBackOff")
"""Reasons of waiting containers that aren't causes."""
_NO_PROBE = "its readiness probe doesn't succeed."

Log = Callable[[str, str], Awaitable[str]]
"""The last lines of a container's log, by the names of the pod and the container."""


@dataclass(frozen=True)
class Workload:
    """What creates pods."""

    kind: str
    name: str
    namespace: str
    selector: Mapping[str, str]

    @property
    def selector_text(self) -> str:
        """The selector as kubectl takes it."""
        return ",".join(f"{key}={value}" for key, value in self.selector.items())

    @property
    def params(self) -> Parameters:
        """The parameters of every finding."""
        return {"workload": f"{self.kind} {self.name}", "namespace": self.namespace}


async def causes_of(
    workload: Workload, pods: Sequence[Manifest], events: Sequence[Manifest], log: Log
) -> list[Finding]:
    """Why pods of the workload don't start, each cause once, with one of the pods that have it."""
    warnings = [event for event in events if event.get("type") == "Warning"]
    found = {
        (PODS_REJECTED.name, message): _finding(PODS_REJECTED, workload, message=message)
        for message in _rejections(workload, warnings)
    }
    for pod in pods:
        if not _is_ready(pod):
            for key, finding in await _causes_of_pod(workload, pod, warnings, log):
                found.setdefault(key, finding)
    return list(found.values())


async def explained(
    workload: Workload, pods: Sequence[Manifest], events: Sequence[Manifest], log: Log
) -> list[Finding]:
    """The causes, or how to look for one if some pods aren't ready, or if there are none."""
    found = await causes_of(workload, pods, events, log)
    if found or (pods and all(map(_is_ready, pods))):
        return found
    return [_finding(UNEXPLAINED, workload, selector=workload.selector_text)]


def _finding(code: Code, workload: Workload, **params: Any) -> Finding:
    return Finding(code, {**workload.params, **params})


def _rejections(workload: Workload, warnings: Sequence[Manifest]) -> Iterator[str]:
    """What the API server reports for pods that can't be created: the newest, since each names a pod of its own."""
    own = [
        event
        for event in warnings
        if event.get("reason") == "FailedCreate" and _is_about(mapped(event.get("involvedObject")), workload)
    ]
    latest = max(own, key=_time_of, default=None)
    if latest is not None:
        yield str(latest.get("message", ""))


def _is_about(involved: Manifest, workload: Workload) -> bool:
    name = str(involved.get("name", ""))
    # A ReplicaSet of a Deployment has its name and a hash.
    return name == workload.name or (involved.get("kind") == "ReplicaSet" and name.rpartition("-")[0] == workload.name)


def _time_of(event: Manifest) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or "")


def _is_ready(pod: Manifest) -> bool:
    return _condition(pod, "Ready").get("status") == "True" or "deletionTimestamp" in mapped(pod.get("metadata"))


def _condition(pod: Manifest, name: str) -> Manifest:
    conditions = listed(mapped(pod.get("status")).get("conditions"))
    return next((mapped(item) for item in conditions if mapped(item).get("type") == name), mapped(None))


async def _causes_of_pod(
    workload: Workload, pod: Manifest, warnings: Sequence[Manifest], log: Log
) -> list[tuple[tuple[str, str], Finding]]:
    name, status = str(mapped(pod.get("metadata")).get("name")), mapped(pod.get("status"))
    scheduled = _condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        message = str(scheduled.get("message") or scheduled.get("reason"))
        return [((NOT_SCHEDULED.name, message), _finding(NOT_SCHEDULED, workload, pod=name, message=message))]
    found: list[tuple[tuple[str, str], Finding]] = []
    containers = [*listed(status.get("initContainerStatuses")), *listed(status.get("containerStatuses"))]
    for container in map(mapped, containers):
        finding = await _cause_of_container(workload, name, container, log)
        if finding is not None:
            found.append(((finding.code.name, str(container.get("name"))), finding))
    if not found and status.get("phase") == "Running":
        message = _probe_message(name, warnings)
        found.append(((NOT_READY.name, ""), _finding(NOT_READY, workload, pod=name, message=message)))
    return found


async def _cause_of_container(workload: Workload, pod: str, container: Manifest, log: Log) -> Optional[Finding]:
    state, name = mapped(container.get("state")), str(container.get("name"))
    waiting = mapped(state.get("waiting"))
    reason = str(waiting.get("reason") or "")
    ended = mapped(state.get("terminated")) or mapped(mapped(container.get("lastState")).get("terminated"))
    if reason and reason not in _WAITING_FOR_OTHERS:
        message = str(waiting.get("message") or "no details")
        return _finding(DOES_NOT_START, workload, pod=pod, container=name, reason=reason, message=message)
    if not ended or (ended.get("exitCode") == 0 and state.get("terminated") is not None and container.get("ready")):
        return None
    if ended.get("exitCode") == 0 and not container.get("restartCount"):
        # An init container that has finished.
        return None
    lines = (await log(pod, name)).splitlines()[-_LINES:] or ["(none)"]
    code, why = ended.get("exitCode"), str(ended.get("reason") or "Error")
    return _finding(EXITS, workload, pod=pod, container=name, exit_code=code, reason=why, lines=Lines(lines))


def _probe_message(pod: str, warnings: Sequence[Manifest]) -> str:
    unhealthy = [
        event
        for event in warnings
        if event.get("reason") == "Unhealthy" and mapped(event.get("involvedObject")).get("name") == pod
    ]
    latest = max(unhealthy, key=_time_of, default=None)
    return _NO_PROBE if latest is None else str(latest.get("message"))


def masked(text: str, secrets: Sequence[str]) -> str:
    """A text without the secret values, plain or in base64, as Kubernetes shows them."""
    for secret in sorted({secret for secret in secrets if secret.strip()}, key=len, reverse=True):
        for shown in (secret, base64.b64encode(secret.encode()).decode()):
            text = text.replace(shown, HIDDEN)
    return text


def on_failed_rollout(
    name: str, parent: pulumi.Resource, secrets: Sequence[pulumi.Input[str]] = ()
) -> Optional[pulumi.ResourceHookBinding]:
    """Logs why the pods of a workload don't start; `secrets` are values that no log line may show."""
    if mocked():
        return None

    async def explain(args: pulumi.ErrorHookArgs) -> bool:
        if args.failed_operation != "delete":
            await _explain(args, parent, secrets)
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(unique(f"portico-{name}-rollout"), explain)])


async def _explain(args: pulumi.ErrorHookArgs, parent: pulumi.Resource, secrets: Sequence[pulumi.Input[str]]) -> None:
    workload, kubectl = _workload_of(args), await kubectl_of(parent)
    hidden = [str(await pulumi.Output.from_input(secret).future() or "") for secret in secrets]
    pods = await kubectl.items("pods", "--namespace", workload.namespace, "--selector", workload.selector_text)
    events = await kubectl.items("events", "--namespace", workload.namespace)

    async def log(pod: str, container: str) -> str:
        return masked(await log_of(kubectl, workload.namespace, pod, container), hidden)

    for finding in await explained(workload, pods, events, log):
        pulumi.log.error(masked(finding.text, hidden))


async def log_of(kubectl: Kubectl, namespace: str, pod: str, container: str) -> str:
    """The last lines of a container's log."""
    command = ("logs", pod, "--container", container, "--namespace", namespace, f"--tail={_LINES}")
    # The running container may be a new one.
    return await kubectl.run(*command, "--previous") or await kubectl.run(*command)


def _workload_of(args: pulumi.ErrorHookArgs) -> Workload:
    inputs = args.new_inputs or {}
    metadata, labels = mapped(inputs.get("metadata")), mapped(mapped(inputs.get("spec")).get("selector"))
    selector = {str(key): str(value) for key, value in mapped(labels.get("matchLabels")).items()}
    namespace = str(metadata.get("namespace") or "default")
    return Workload(args.type.rpartition(":")[2], str(metadata.get("name") or args.name), namespace, selector)
