"""The controller's workload: its pods, as restricted as the controller allows.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ...untyped import Manifest
from ...workload.images import ImagePolicySpec, build_pull_secrets
from ...workload.placement import build_placement, build_spread
from ...workload.resources import build_resources
from ...workload.rollout import RolloutSpec, build_rollout
from .installation import RESOURCES, ControllerKind, InstallationSpec
from .installer import Installer
from .webhook import MOUNT_PATH

__all__ = ["build_workload", "ports_of_controller", "replicas_of"]

_REPLICAS = 2

_BIND = "NET_BIND_SERVICE"
_ROLLOUT = RolloutSpec(min_ready_seconds=10)
"""A new pod must be ready for this long before an old one is deleted: a load balancer probes it a few times before it
sends requests."""

_WEBHOOK = "webhook"


def build_workload(
    metadata: Manifest,
    selector: Mapping[str, str],
    installation: InstallationSpec,
    installer: Installer,
    arguments: Sequence[Any],
) -> dict[str, Any]:
    """The workload, which has the name of its ServiceAccount."""
    kind = installation.kind
    annotations = dict(installation.pod_annotations or {})
    template: dict[str, Any] = {
        "metadata": {
            "labels": {**metadata.get("labels", {}), **selector},
            **({"annotations": annotations} if annotations else {}),
        },
        "spec": _pod(selector, installation, installer, arguments, metadata["name"]),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": kind.value,
        "metadata": dict(metadata),
        "spec": {
            **({"replicas": replicas_of(installation)} if kind is ControllerKind.DEPLOYMENT else {}),
            "selector": {"matchLabels": dict(selector)},
            **build_rollout(kind.workload, _ROLLOUT, on_host=installation.host_network),
            "template": template,
        },
    }


def replicas_of(installation: InstallationSpec) -> Any:
    """How many pods a Deployment of the controller has at first."""
    if installation.replicas is not None:
        return installation.replicas
    return _REPLICAS if installation.autoscaling is None else installation.autoscaling.min_replicas


def _pod(
    selector: Mapping[str, str],
    installation: InstallationSpec,
    installer: Installer,
    arguments: Sequence[Any],
    account: str,
) -> dict[str, Any]:
    placement = installation.placement
    volumes: list[dict[str, Any]] = [{"name": name, "emptyDir": {}} for name in installer.writable]
    if installation.admission_webhook is not None:
        volumes.append({"name": _WEBHOOK, "secret": {"secretName": f"{account}-admission"}})
    return {
        "serviceAccountName": account,
        # The controller talks to the API server.
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        **build_pull_secrets(ImagePolicySpec(pull_secrets=installation.pull_secrets)),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": installer.user,
            "runAsGroup": installer.group,
            "fsGroup": installer.group,
            "seccompProfile": {"type": "RuntimeDefault"},
            **_kernel_settings(installation),
        },
        **(_HOST_NETWORK if installation.host_network else {}),
        "terminationGracePeriodSeconds": installation.drain + installation.shutdown + installer.extra_grace,
        **build_placement(placement),
        **build_spread(installation.kind.workload, placement.spread if placement else None, selector),
        **({"volumes": volumes} if volumes else {}),
        **({"initContainers": [_copy_container(installation, installer)]} if installer.copied else {}),
        "containers": [_container(installation, installer, arguments)],
    }


_HOST_NETWORK = {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}


def _kernel_settings(installation: InstallationSpec) -> dict[str, Any]:
    """What lets a user other than root listen on 80 and 443. Other ports would show in X-Forwarded-Port. Kubernetes
    rejects settings of the network that a pod shares with its node."""
    if installation.host_network:
        return {}
    return {"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]}


def _base(
    name: str, installation: InstallationSpec, installer: Installer, capabilities: Sequence[str]
) -> dict[str, Any]:
    return {
        "name": name,
        "image": installer.image if installation.image is None else installation.image,
        "imagePullPolicy": "IfNotPresent",
        **build_resources(installation.resources, RESOURCES),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": bool(installer.writable),
            "capabilities": {"drop": ["ALL"], **({"add": list(capabilities)} if capabilities else {})},
        },
    }


def _copy_container(installation: InstallationSpec, installer: Installer) -> dict[str, Any]:
    """The container that copies the image's own files to where the controller can write."""
    first = next(iter(installer.writable))
    return {
        **_base("copy", installation, installer, ()),
        # Keeps symbolic links, of which the modules are one.
        "command": ["cp", "-dR", f"{installer.copied}/.", "/to"],
        "volumeMounts": [{"name": first, "mountPath": "/to"}],
    }


def _container(installation: InstallationSpec, installer: Installer, arguments: Sequence[Any]) -> dict[str, Any]:
    pre_stop = dict(installer.pre_stop(installation.drain))
    own = {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace"}
    env: list[dict[str, Any]] = [
        {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in own.items()
    ]
    env += [{"name": name, "value": value} for name, value in installer.env.items()]
    mounts: list[dict[str, Any]] = [{"name": name, "mountPath": path} for name, path in installer.writable.items()]
    if installation.admission_webhook is not None:
        mounts.append({"name": _WEBHOOK, "mountPath": MOUNT_PATH, "readOnly": True})
    # nginx's file in the images has this capability, and it doesn't start if the container can't have it.
    base = _base("controller", installation, installer, [_BIND])
    if installation.host_network:
        # A process that can't gain privileges doesn't get its file's capability, which the node's network requires.
        base["securityContext"]["allowPrivilegeEscalation"] = True
    return {
        **base,
        "args": list(arguments),
        "env": env,
        "ports": [
            {"name": name, "containerPort": port, "protocol": "TCP"}
            for name, port in ports_of_controller(installation, installer).items()
        ],
        **installer.probes,
        **({"lifecycle": {"preStop": pre_stop}} if pre_stop else {}),
        **({"volumeMounts": mounts} if mounts else {}),
    }


def ports_of_controller(installation: InstallationSpec, installer: Installer) -> Mapping[str, int]:
    """The ports that the controller listens on, by name."""
    ports = dict(installer.ports)
    if installer.webhook is not None and installation.admission_webhook is not None:
        ports[_WEBHOOK] = installer.webhook.port
    if installation.metrics and installer.metrics_port not in ports.values():
        ports["metrics"] = installer.metrics_port
    return ports
