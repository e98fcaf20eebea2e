"""What Pod Security "restricted" makes of a pod, by the controls of Kubernetes' Pod Security Standards.

The API server asks the same of pods alone, as they are made; this asks it of every template, without a cluster.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["RESTRICTED", "WORSE", "changed", "not_restricted", "templates"]

_HOST = ("hostNetwork", "hostPID", "hostIPC")
_VOLUMES = ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret")
_SYSCTLS = {
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"),
    *("net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl"),
    "net.ipv4.tcp_keepalive_probes",
}
_SECCOMP = {"RuntimeDefault", "Localhost"}
_SELINUX = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_APPARMOR = {"RuntimeDefault", "Localhost"}


def templates(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The pods' `spec` of a workload, if it is one."""
    if manifest["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"):
        yield manifest["spec"]["template"]["spec"]


def not_restricted(spec: Mapping[str, Any]) -> list[str]:
    """What "restricted" would refuse of a pod's `spec`, each by the field; nothing where it is let in."""
    return sorted({*_of_pod(spec), *_of_containers(spec)})


def _of_pod(spec: Mapping[str, Any]) -> Iterator[str]:
    context = spec.get("securityContext", {})
    yield from (it for it in _HOST if spec.get(it))
    for volume in spec.get("volumes", []):
        yield from (f"volumes.{source}" for source in volume if source != "name" and source not in _VOLUMES)
    yield from (f"sysctls.{it['name']}" for it in context.get("sysctls", []) if it["name"] not in _SYSCTLS)
    if context.get("runAsUser") == 0:
        yield "runAsUser"
    if context.get("runAsNonRoot") is False:
        yield "runAsNonRoot"
    yield from _profiles(context)


def _of_containers(spec: Mapping[str, Any]) -> Iterator[str]:
    pod = spec.get("securityContext", {})
    for container in (*spec.get("initContainers", []), *spec["containers"], *spec.get("ephemeralContainers", [])):
        own = container.get("securityContext", {})
        capabilities = own.get("capabilities", {})
        wrong = {
            "privileged": own.get("privileged", False),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
            "runAsNonRoot": own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True,
            "runAsUser": own.get("runAsUser", pod.get("runAsUser", 1)) == 0,
            "capabilities.drop": "ALL" not in capabilities.get("drop", []),
            "capabilities.add": set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"},
            "seccompProfile": own.get("seccompProfile", pod.get("seccompProfile", {})).get("type") not in _SECCOMP,
            "hostPort": any(it.get("hostPort", 0) for it in container.get("ports", [])),
            "procMount": own.get("procMount", "Default") != "Default",
        }
        yield from (f"{container['name']}.{field}" for field, it in wrong.items() if it)
        yield from (f"{container['name']}.{it}" for it in _profiles(own))


def _profiles(context: Mapping[str, Any]) -> Iterator[str]:
    selinux = context.get("seLinuxOptions", {})
    if selinux.get("type", "") not in _SELINUX or selinux.get("user") or selinux.get("role"):
        yield "seLinuxOptions"
    if context.get("appArmorProfile", {}).get("type", "RuntimeDefault") not in _APPARMOR:
        yield "appArmorProfile"
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield "hostProcess"


RESTRICTED: Mapping[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "app",
            "image": "registry.example.com/app:1",
            "ports": [{"containerPort": 8080}],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}
"""A pod that is let in."""

_POD, _APP = "securityContext", "containers.0.securityContext"
WORSE: Mapping[str, tuple[str, Any]] = {
    "hostNetwork": ("hostNetwork", True),
    "hostPID": ("hostPID", True),
    "hostIPC": ("hostIPC", True),
    "volumes.hostPath": ("volumes", [{"name": "node", "hostPath": {"path": "/"}}]),
    "volumes.nfs": ("volumes", [{"name": "far", "nfs": {"server": "example.com", "path": "/"}}]),
    "sysctls.kernel.msgmax": (f"{_POD}.sysctls", [{"name": "kernel.msgmax", "value": "1"}]),
    "runAsNonRoot": (f"{_POD}.runAsNonRoot", False),
    "runAsUser": (f"{_POD}.runAsUser", 0),
    "seLinuxOptions": (f"{_POD}.seLinuxOptions", {"type": "spc_t"}),
    "appArmorProfile": (f"{_POD}.appArmorProfile", {"type": "Unconfined"}),
    "app.seccompProfile": (f"{_POD}.seccompProfile", None),
    "app.privileged": (_APP, {"privileged": True, "capabilities": {"drop": ["ALL"]}}),
    "app.allowPrivilegeEscalation": (f"{_APP}.allowPrivilegeEscalation", None),
    "app.capabilities.drop": (f"{_APP}.capabilities", None),
    "app.capabilities.add": (f"{_APP}.capabilities.add", ["NET_BIND_SERVICE", "NET_ADMIN"]),
    "app.runAsUser": (f"{_APP}.runAsUser", 0),
    "app.runAsNonRoot": (f"{_APP}.runAsNonRoot", False),
    "app.hostPort": ("containers.0.ports.0.hostPort", 8080),
    "app.seLinuxOptions": (f"{_APP}.seLinuxOptions", {"user": "somebody"}),
}
"""Changes that "restricted" refuses, by the field that it refuses then: where, and to what (None takes it out)."""


def changed(where: str, value: Any) -> dict[str, Any]:
    """The pod that is let in, with one change."""
    spec: Any = copy.deepcopy(dict(RESTRICTED))
    *way, last = where.split(".")
    at = spec
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return spec
