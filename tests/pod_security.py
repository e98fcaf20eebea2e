"""Pods that each check of Pod Security allows or rejects: our own rows, for the check of the package and for the API
server."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_portico.merge import merged
from pulumi_portico.pod_security import APP_ARMOR

RESTRICTED: Mapping[str, Any] = {
    "metadata": {},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "app",
                "image": "registry.example.com/app:1",
                "ports": [{"containerPort": 8080}],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}
"""A pod that "restricted" allows. Every row changes it."""


@dataclasses.dataclass(frozen=True)
class Row:
    """What one check rejects, and the nearest that it allows."""

    check: str
    level: str
    """The level of the check."""
    field: str
    """The rejected field."""
    rejected: Mapping[str, Any]
    """The change of the pod that the level rejects."""
    allowed: Mapping[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    """The change that the level allows."""
    also: Sequence[str] = ()
    """Further checks that reject the change, because Kubernetes accepts no pod that only this one rejects."""
    is_invalid: bool = False
    """Whether the API server rejects the change in every namespace."""

    @property
    def name(self) -> str:
        return f"{self.check} {self.field}"


def changed(change: Mapping[str, Any]) -> dict[str, Any]:
    """The pod with a change; None removes a key."""
    return merged(RESTRICTED, change)


def of_pod(**context: Any) -> dict[str, Any]:
    return {"spec": {"securityContext": context}}


def of_app(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "app", **fields}]}}


def _in_app(**context: Any) -> dict[str, Any]:
    return of_app(securityContext=context)


def _volume(**source: Any) -> dict[str, Any]:
    return {"spec": {"volumes": [{"name": "data", **source}]}}


def _sysctl(name: str) -> dict[str, Any]:
    return of_pod(sysctls=[{"name": name, "value": "1"}])


def _annotation(value: str) -> dict[str, Any]:
    return {"metadata": {"annotations": {f"{APP_ARMOR}app": value}}}


def _get(host: str) -> dict[str, Any]:
    return {"httpGet": {"port": 8080, "host": host}}


_POD, _APP = "spec.securityContext", "spec.containers[0]"
_CONTEXT = f"{_APP}.securityContext"
_ADDRESS = "10.0.0.1"
_LOCAL = {"type": "Localhost", "localhostProfile": "app"}
_USER_NAMESPACE = {"spec": {"hostUsers": False}}
_WINDOWS: Mapping[str, Any] = {
    "spec": {
        "os": {"name": "windows"},
        "securityContext": {"runAsUser": None, "seccompProfile": None},
        "containers": [{"name": "app", "securityContext": None}],
    }
}


def _baseline() -> Iterator[Row]:
    check, level = "appArmorProfile", "baseline"
    unconfined = {"appArmorProfile": {"type": "Unconfined"}}
    local = {"appArmorProfile": _LOCAL}
    yield Row(check, level, f"{_POD}.appArmorProfile.type", of_pod(**unconfined), of_pod(**local))
    yield Row(check, level, f"{_CONTEXT}.appArmorProfile.type", _in_app(**unconfined), _in_app(**local))
    key = f"metadata.annotations['{APP_ARMOR}app']"
    yield Row(check, level, key, _annotation("unconfined"), _annotation("localhost/app"))
    for namespace in ("hostNetwork", "hostPID", "hostIPC"):
        allowed = {"spec": {namespace: False}}
        yield Row("hostNamespaces", level, f"spec.{namespace}", {"spec": {namespace: True}}, allowed)
    rejected, allowed = (of_app(ports=[{"containerPort": 8080, "hostPort": port}]) for port in (8080, 0))
    yield Row("hostPorts", level, f"{_APP}.ports[0].hostPort", rejected, allowed)
    check = "hostProbesAndHostLifecycle"
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        rejected, allowed = (of_app(**{probe: _get(host)}) for host in (_ADDRESS, ""))
        yield Row(check, level, f"{_APP}.{probe}.httpGet.host", rejected, allowed)
    rejected, allowed = (of_app(livenessProbe={"tcpSocket": {"port": 8080, "host": host}}) for host in (_ADDRESS, ""))
    yield Row(check, level, f"{_APP}.livenessProbe.tcpSocket.host", rejected, allowed)
    for hook in ("postStart", "preStop"):
        rejected, allowed = (of_app(lifecycle={hook: _get(host)}) for host in (_ADDRESS, ""))
        yield Row(check, level, f"{_APP}.lifecycle.{hook}.httpGet.host", rejected, allowed)
    privileged = _in_app(privileged=True, allowPrivilegeEscalation=None)
    also, allowed = ["allowPrivilegeEscalation"], _in_app(privileged=False)
    yield Row("privileged", level, f"{_CONTEXT}.privileged", privileged, allowed, also)
    for path, of in ((_POD, of_pod), (_CONTEXT, _in_app)):
        for option, value in (("type", "spc_t"), ("user", "somebody"), ("role", "sysadm_r")):
            allowed = of(seLinuxOptions={"type": "container_engine_t", "level": "s0:c1,c2"})
            rejected = of(seLinuxOptions={option: value})
            yield Row("seLinuxOptions", level, f"{path}.seLinuxOptions.{option}", rejected, allowed)
    safe = _sysctl("net.ipv4.tcp_slow_start_after_idle")
    yield Row("sysctls", level, f"{_POD}.sysctls[0].name", _sysctl("kernel.msgmax"), safe)
    host_process = {"hostNetwork": True, "securityContext": {"windowsOptions": {"hostProcess": True}}}
    allowed = of_pod(windowsOptions={"hostProcess": False})
    field, also = f"{_POD}.windowsOptions.hostProcess", ["hostNamespaces"]
    yield Row("windowsHostProcess", level, field, {"spec": host_process}, allowed, also)


def _restricted() -> Iterator[Row]:
    check, level, field = "allowPrivilegeEscalation", "restricted", f"{_CONTEXT}.allowPrivilegeEscalation"
    yield Row(check, level, field, _in_app(allowPrivilegeEscalation=None), _WINDOWS)
    yield Row(check, level, field, _in_app(allowPrivilegeEscalation=True))
    field, init = "spec.initContainers[0].securityContext.allowPrivilegeEscalation", {"name": "init", "image": "init:1"}
    safe = {**init, "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    dropped = {**init, "securityContext": {"capabilities": {"drop": ["ALL"]}}}
    yield Row(check, level, field, {"spec": {"initContainers": [dropped]}}, {"spec": {"initContainers": [safe]}})
    check, bind = "capabilities_restricted", _in_app(capabilities={"add": ["NET_BIND_SERVICE"]})
    for capability in ("CHOWN", "NET_ADMIN"):
        added = _in_app(capabilities={"add": [capability]})
        yield Row(check, level, f"{_CONTEXT}.capabilities.add[0]", added, bind)
    yield Row(check, level, f"{_CONTEXT}.capabilities.drop", _in_app(capabilities=None))
    yield Row(check, level, f"{_CONTEXT}.capabilities.drop", _in_app(capabilities={"drop": ["CHOWN"]}))
    unmasked = {"spec": {**_USER_NAMESPACE["spec"], **_in_app(procMount="Unmasked")["spec"]}}
    yield Row("procMount_restricted", level, f"{_CONTEXT}.procMount", unmasked, _in_app(procMount="Default"))
    claim = _volume(persistentVolumeClaim={"claimName": "data"})
    nfs = _volume(nfs={"server": "nfs.example.com", "path": "/"})
    yield Row("restrictedVolumes", level, "spec.volumes[0].nfs", nfs, claim)
    yield Row("restrictedVolumes", level, "spec.volumes[0].hostPath", _volume(hostPath={"path": "/"}), claim)
    root = {"spec": {**_USER_NAMESPACE["spec"], "securityContext": {"runAsNonRoot": None, "runAsUser": 0}}}
    yield Row("runAsNonRoot", level, f"{_POD}.runAsNonRoot", of_pod(runAsNonRoot=False), root)
    own = {"spec": {**of_pod(runAsNonRoot=None)["spec"], **_in_app(runAsNonRoot=True)["spec"]}}
    yield Row("runAsNonRoot", level, f"{_CONTEXT}.runAsNonRoot", of_pod(runAsNonRoot=None), own)
    yield Row("runAsNonRoot", level, f"{_CONTEXT}.runAsNonRoot", _in_app(runAsNonRoot=False))
    yield Row("runAsUser", level, f"{_POD}.runAsUser", of_pod(runAsUser=0), of_pod(runAsUser=1))
    yield Row("runAsUser", level, f"{_CONTEXT}.runAsUser", _in_app(runAsUser=0), root)
    check, local = "seccompProfile_restricted", {"seccompProfile": _LOCAL}
    yield Row(check, level, f"{_CONTEXT}.seccompProfile.type", of_pod(seccompProfile=None), of_pod(**local))
    unconfined = {"seccompProfile": {"type": "Unconfined"}}
    yield Row(check, level, f"{_POD}.seccompProfile.type", of_pod(**unconfined), of_pod(**local))
    yield Row(check, level, f"{_CONTEXT}.seccompProfile.type", _in_app(**unconfined), _in_app(**local))


def _overridden() -> Iterator[Row]:
    """The checks of "baseline" that one of "restricted" replaces."""
    level, add = "baseline", f"{_CONTEXT}.capabilities.add[0]"
    net, chown = (_in_app(capabilities={"add": [capability]}) for capability in ("NET_ADMIN", "CHOWN"))
    yield Row("capabilities_baseline", level, add, net, chown)
    nfs = _volume(nfs={"server": "nfs.example.com", "path": "/"})
    yield Row("hostPathVolumes", level, "spec.volumes[0].hostPath", _volume(hostPath={"path": "/"}), nfs)
    unconfined = of_pod(seccompProfile={"type": "Unconfined"})
    yield Row("seccompProfile_baseline", level, f"{_POD}.seccompProfile.type", unconfined, of_pod(seccompProfile=None))
    unmasked = {"spec": {**_USER_NAMESPACE["spec"], **_in_app(procMount="Unmasked")["spec"]}}
    field = f"{_CONTEXT}.procMount"
    yield Row("procMount", level, field, _in_app(procMount="Unmasked"), unmasked, is_invalid=True)


ROWS = (*_baseline(), *_restricted(), *_overridden())


@dataclasses.dataclass(frozen=True)
class Since:
    """A change of the pod that Kubernetes judges in another way since a minor version."""

    minor: int
    """The first minor version that judges it as the newest one does."""
    level: str
    change: Mapping[str, Any]
    is_allowed: bool
    """Whether it's allowed since then."""


SINCE = {
    "probe host": Since(34, "baseline", of_app(livenessProbe=_get(_ADDRESS)), is_allowed=False),
    "hook host": Since(34, "baseline", of_app(lifecycle={"preStop": _get(_ADDRESS)}), is_allowed=False),
    "SELinux type": Since(31, "baseline", of_pod(seLinuxOptions={"type": "container_engine_t"}), is_allowed=True),
    **{name: Since(32, "baseline", _sysctl(f"net.ipv4.{name}"), is_allowed=True) for name in ("tcp_rmem", "tcp_wmem")},
    **{
        name: Since(37, "baseline", _sysctl(f"net.ipv4.{name}"), is_allowed=True)
        for name in ("tcp_slow_start_after_idle", "tcp_notsent_lowat")
    },
    "procMount": Since(35, "baseline", merged(_USER_NAMESPACE, _in_app(procMount="Unmasked")), is_allowed=True),
    "runAsUser": Since(35, "restricted", merged(_USER_NAMESPACE, of_pod(runAsUser=0)), is_allowed=True),
    "runAsNonRoot": Since(35, "restricted", merged(_USER_NAMESPACE, of_pod(runAsNonRoot=False)), is_allowed=True),
}
"""What changed between the supported versions."""
