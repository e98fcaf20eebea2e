"""The controller's workload: its pods, restricted as far as the controller lets them be.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ...workload.kinds import WorkloadKind
from ...workload.placement import build_placement, build_spread
from ...workload.resources import ResourceDefaults, build_resources
from ...workload.rollout import RolloutSpec, build_rollout
from .installation import ControllerKind
from .programs import Program

__all__ = ["build_workload", "kind_of"]

_REPLICAS = 2
_RESOURCES = ResourceDefaults(cpu=0.25, memory=512, disk=2048)
_BIND = "NET_BIND_SERVICE"
_READY_SECONDS = 10
"""How long a new pod must be ready before an old one goes: a load balancer asks a few times before it sends any."""

_WEBHOOK = "webhook"


def kind_of(installation: Mapping[str, Any]) -> str:
    """What makes the pods."""
    return installation.get("kind", ControllerKind.DEPLOYMENT.value)


def build_workload(
    metadata: Mapping[str, Any],
    selector: Mapping[str, str],
    installation: Mapping[str, Any],
    program: Program,
    account: Any,
) -> dict[str, Any]:
    """The workload."""
    kind = kind_of(installation)
    annotations: Mapping[str, Any] = installation.get("pod_annotations", {})
    template: dict[str, Any] = {
        "metadata": {
            "labels": {**metadata.get("labels", {}), **selector},
            **({"annotations": dict(annotations)} if annotations else {}),
        },
        "spec": _pod(kind, selector, installation, program, account),
    }
    replicas: dict[str, Any] = {}
    if kind == ControllerKind.DEPLOYMENT.value:
        least = installation.get("autoscaling", {}).get("min_replicas", _REPLICAS)
        replicas["replicas"] = installation.get("replicas", least)
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": dict(metadata),
        "spec": {
            **replicas,
            "selector": {"matchLabels": dict(selector)},
            **build_rollout(WorkloadKind(kind), RolloutSpec(min_ready_seconds=_READY_SECONDS)),
            "template": template,
        },
    }


def _pod(
    kind: str, selector: Mapping[str, str], installation: Mapping[str, Any], program: Program, account: Any
) -> dict[str, Any]:
    placement = installation.get("placement")
    volumes: list[dict[str, Any]] = [{"name": name, "emptyDir": {}} for name in program.writable]
    if _WEBHOOK in program.ports:
        volumes.append({"name": _WEBHOOK, "secret": {"secretName": f"{account}-admission"}})
    return {
        "serviceAccountName": account,
        # It works by the API server.
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": program.user,
            "runAsGroup": program.group,
            "fsGroup": program.group,
            "seccompProfile": {"type": "RuntimeDefault"},
            # Lets a user other than root have 80 and 443. Other ports would show in X-Forwarded-Port.
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
        },
        "terminationGracePeriodSeconds": program.grace,
        **build_placement(placement),
        **build_spread(WorkloadKind(kind), placement and placement.spread, selector),
        **({"volumes": volumes} if volumes else {}),
        **({"initContainers": [_copying(installation, program)]} if program.copied else {}),
        "containers": [_container(installation, program)],
    }


def _base(name: str, installation: Mapping[str, Any], program: Program, capabilities: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name,
        "image": installation.get("image", program.image),
        "imagePullPolicy": "IfNotPresent",
        **build_resources(installation.get("resources"), _RESOURCES),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": bool(program.writable),
            "capabilities": {"drop": ["ALL"], **({"add": list(capabilities)} if capabilities else {})},
        },
    }


def _copying(installation: Mapping[str, Any], program: Program) -> dict[str, Any]:
    """Puts the image's own files where the controller can write."""
    first = next(iter(program.writable))
    return {
        **_base("copy", installation, program, ()),
        # As it is: the modules are a symbolic link.
        "command": ["cp", "-dR", f"{program.copied}/.", "/to"],
        "volumeMounts": [{"name": first, "mountPath": "/to"}],
    }


def _container(installation: Mapping[str, Any], program: Program) -> dict[str, Any]:
    own = {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace"}
    env: list[dict[str, Any]] = [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in own.items()
    ]
    env += [{"name": name, "value": value} for name, value in program.env.items()]
    ports = dict(program.ports)
    if installation.get("metrics", True) and program.metrics_port not in ports.values():
        ports["metrics"] = program.metrics_port
    mounts: list[dict[str, Any]] = [{"name": name, "mountPath": path} for name, path in program.writable.items()]
    if _WEBHOOK in program.ports:
        mounts.append({"name": _WEBHOOK, "mountPath": "/etc/webhook", "readOnly": True})
    return {
        # The images' nginx carries the capability in its file, and does not start where it cannot be had.
        **_base("controller", installation, program, [_BIND]),
        "args": list(cast("list[Any]", program.args)),
        "env": env,
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports.items()],
        **program.probes,
        **({"lifecycle": {"preStop": dict(program.pre_stop)}} if program.pre_stop else {}),
        **({"volumeMounts": mounts} if mounts else {}),
    }
