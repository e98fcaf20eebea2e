"""Pod Security: what each level of the Pod Security Standards rejects of a pod, as data.

The checks are those of Kubernetes' own admission controller (`k8s.io/pod-security-admission`), by its names, as each
supported minor version of Kubernetes has them. Stacks, `portico explain`, and tests use these.

Pure: a pod in, violations out. A value that isn't known yet, such as an Output, violates nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias, Union, cast

from .untyped import Manifest, listed, mapped

__all__ = [
    "APP_ARMOR",
    "AUDIT",
    "AUDIT_VERSION",
    "CHECKS",
    "ENFORCE",
    "NEWEST",
    "OLDEST",
    "WARN",
    "WARN_VERSION",
    "Path",
    "PodSecurityLevel",
    "PodSecurityLevelLike",
    "Violation",
    "containers_of",
    "items_at",
    "level_of",
    "pods_of",
    "value_at",
    "violations_of",
]

ENFORCE = "pod-security.kubernetes.io/enforce"
"""The label of a namespace with the level that the API server enforces."""

ENFORCE_VERSION = "pod-security.kubernetes.io/enforce-version"
"""The label of a namespace with the Kubernetes version whose checks the API server enforces."""

AUDIT, AUDIT_VERSION = "pod-security.kubernetes.io/audit", "pod-security.kubernetes.io/audit-version"
"""The labels of a namespace with the level whose violations the API server records, and its version."""

WARN, WARN_VERSION = "pod-security.kubernetes.io/warn", "pod-security.kubernetes.io/warn-version"
"""The labels of a namespace with the level whose violations the API server returns as warnings, and its version."""

APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
"""What the keys of a pod's annotations for AppArmor start with."""

OLDEST, NEWEST = 30, 37
"""The minor versions of Kubernetes whose checks are known: these, and those between them."""


class PodSecurityLevel(str, Enum):
    """A level of the Pod Security Standards."""

    PRIVILEGED = "privileged"
    """Allows every pod."""

    BASELINE = "baseline"
    """Rejects pods that can reach their node or other pods in a known way."""

    RESTRICTED = "restricted"
    """Allows only pods that follow the current practices for hardening."""


if TYPE_CHECKING:
    PodSecurityLevelLike: TypeAlias = PodSecurityLevel | Literal["privileged", "baseline", "restricted"]
else:
    PodSecurityLevelLike = PodSecurityLevel


Path = tuple[Union[str, int], ...]
"""The way from a manifest to one of its values: keys, and indexes of items."""


@dataclass(frozen=True)
class Violation:
    """One value that a level rejects."""

    check: str
    """The check, as Kubernetes names it, such as `hostNamespaces`."""
    level: PodSecurityLevel
    """The level that the check belongs to."""
    path: Path
    """Where the value is in the manifest."""
    value: Any
    """The rejected value; None if it isn't set, and must be."""

    @property
    def field(self) -> str:
        """The path as text, such as `spec.containers[0].securityContext.privileged`."""
        text = ""
        for step in self.path:
            if isinstance(step, int):
                text += f"[{step}]"
            elif text and any(sign in step for sign in "./"):
                text += f"['{step}']"
            else:
                text += f".{step}" if text else step
        return text


_TEMPLATES: Mapping[str, Path] = {
    "Pod": (),
    "PodTemplate": ("template",),
    **dict.fromkeys(
        ("ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job"), ("spec", "template")
    ),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Where each kind has its pods."""


def pods_of(manifest: Manifest) -> Iterator[tuple[Path, Manifest]]:
    """The pod of a manifest, with `metadata` and `spec`, and its path; nothing for a kind that has no pods."""
    path = _TEMPLATES.get(str(manifest.get("kind")))
    pod = None if path is None else value_at(manifest, path)
    if path is not None and isinstance(pod, Mapping):
        yield path, cast("Manifest", pod)


def violations_of(
    pod: Manifest, level: PodSecurityLevel = PodSecurityLevel.RESTRICTED, minor: int = NEWEST
) -> list[Violation]:
    """What a level rejects of a pod, which has `metadata` and `spec`. `minor` is the minor version of Kubernetes."""
    read = _read(pod)
    return [
        Violation(check.id, check.level, path, value)
        for check in _checks(level, minor)
        for path, value in check.find(read, minor)
        if _is_known(value)
    ]


def level_of(pod: Manifest, minor: int = NEWEST) -> PodSecurityLevel:
    """The strictest level that allows a pod."""
    strict_first = (PodSecurityLevel.RESTRICTED, PodSecurityLevel.BASELINE)
    return next((level for level in strict_first if not violations_of(pod, level, minor)), PodSecurityLevel.PRIVILEGED)


def value_at(manifest: Any, path: Path) -> Any:
    """The value at a path; None if there is none. It's the value above if that isn't known yet."""
    value = manifest
    for step in path:
        # Most values are plain dictionaries, and a large stack has very many of them.
        if isinstance(value, (dict, Mapping)):
            value = cast("Manifest", value).get(cast("str", step))
        elif isinstance(value, (list, tuple)):
            items = cast("Sequence[Any]", value)
            value = items[step] if isinstance(step, int) and step < len(items) else None
        else:
            return None if _is_known(value) else value
    return value


def items_at(manifest: Any, path: Path) -> Sequence[Any]:
    """The items of the list at a path; none if there is no list."""
    return listed(value_at(manifest, path))


def containers_of(pod: Manifest) -> Iterator[tuple[Path, Manifest]]:
    """Every container of a pod, with its path."""
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(items_at(pod, ("spec", group))):
            yield ("spec", group, index), mapped(container)


Found = Iterator[tuple[Path, Any]]
"""Rejected values, each with its path in the pod."""


def _is_known(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, dict, list, tuple, Mapping))


@dataclass(frozen=True)
class _Pod:
    """A pod, with what most checks read of it."""

    manifest: Manifest
    containers: Sequence[tuple[Path, Manifest]]
    """Every container, with its path."""
    contexts: Sequence[tuple[Path, Manifest]]
    """The security context of the pod, and that of each container, with its path."""


def _read(manifest: Manifest) -> _Pod:
    containers = list(containers_of(manifest))
    owners: Sequence[tuple[Path, Manifest]] = [(("spec",), mapped(manifest.get("spec"))), *containers]
    contexts = [((*path, "securityContext"), mapped(owner.get("securityContext"))) for path, owner in owners]
    return _Pod(manifest, containers, contexts)


def _is_windows(pod: _Pod) -> bool:
    return value_at(pod.manifest, ("spec", "os", "name")) == "windows"


def _has_user_namespace(pod: _Pod) -> bool:
    return value_at(pod.manifest, ("spec", "hostUsers")) is False


# Baseline ------------------------------------------------------------------------------------------------------------


def _app_armor(pod: _Pod, _minor: int) -> Found:
    for path, context in pod.contexts:
        yield from _profile(path, context, "appArmorProfile")
    for key, profile in mapped(value_at(pod.manifest, ("metadata", "annotations"))).items():
        if str(key).startswith(APP_ARMOR) and not _is_allowed_annotation(profile):
            yield ("metadata", "annotations", key), profile


def _is_allowed_annotation(profile: Any) -> bool:
    return profile in (None, "", "runtime/default") or (isinstance(profile, str) and profile.startswith("localhost/"))


def _profile(path: Path, context: Manifest, field: str) -> Found:
    profile = context.get(field)
    if profile is not None and (kind := value_at(profile, ("type",))) not in _PROFILES:
        yield (*path, field, "type"), kind


_PROFILES = ("RuntimeDefault", "Localhost")


def _capabilities_baseline(pod: _Pod, _minor: int) -> Found:
    yield from _added_capabilities(pod, _DEFAULT_CAPABILITIES)


def _added_capabilities(pod: _Pod, allowed: Sequence[str]) -> Found:
    for path, container in pod.containers:
        add = ("securityContext", "capabilities", "add")
        for index, capability in enumerate(items_at(container, add)):
            if capability not in allowed:
                yield (*path, *add, index), capability


_DEFAULT_CAPABILITIES = (
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
    *("NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
)


def _host_namespaces(pod: _Pod, _minor: int) -> Found:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if value_at(pod.manifest, ("spec", field)) is True:
            yield ("spec", field), True


def _host_path_volumes(pod: _Pod, _minor: int) -> Found:
    yield from ((path, source) for path, source in _volume_sources(pod) if path[-1] == "hostPath")


def _volume_sources(pod: _Pod) -> Found:
    for index, volume in enumerate(items_at(pod.manifest, ("spec", "volumes"))):
        for key, source in mapped(volume).items():
            if key != "name" and source is not None:
                yield ("spec", "volumes", index, key), source


def _host_ports(pod: _Pod, _minor: int) -> Found:
    for path, container in pod.containers:
        for index, port in enumerate(listed(container.get("ports"))):
            if (number := mapped(port).get("hostPort")) not in (None, 0):
                yield (*path, "ports", index, "hostPort"), number


def _host_probes(pod: _Pod, _minor: int) -> Found:
    for path, container in pod.containers:
        for handler in _HANDLERS:
            for action in ("httpGet", "tcpSocket"):
                field = (*handler, action, "host")
                if (host := value_at(container, field)) not in (None, ""):
                    yield (*path, *field), host


_HANDLERS: Sequence[Path] = (
    *((probe,) for probe in ("livenessProbe", "readinessProbe", "startupProbe")),
    *(("lifecycle", hook) for hook in ("postStart", "preStop")),
)


def _privileged(pod: _Pod, _minor: int) -> Found:
    yield from _true_in_containers(pod, ("securityContext", "privileged"))


def _true_in_containers(pod: _Pod, field: Path) -> Found:
    for path, container in pod.containers:
        if value_at(container, field) is True:
            yield (*path, *field), True


def _proc_mount_baseline(pod: _Pod, minor: int) -> Found:
    if minor < _USER_NAMESPACES or not _has_user_namespace(pod):
        yield from _proc_mount(pod, minor)


def _proc_mount(pod: _Pod, _minor: int) -> Found:
    field = ("securityContext", "procMount")
    for path, container in pod.containers:
        if (mount := value_at(container, field)) not in (None, "Default"):
            yield (*path, *field), mount


_USER_NAMESPACES = 35
"""The first minor version that allows more if the pod has a user namespace of its own."""


def _seccomp_baseline(pod: _Pod, _minor: int) -> Found:
    for path, context in pod.contexts:
        yield from _profile(path, context, "seccompProfile")


def _se_linux(pod: _Pod, minor: int) -> Found:
    types = _SE_LINUX_TYPES if minor < _CONTAINER_ENGINES else (*_SE_LINUX_TYPES, "container_engine_t")
    for path, context in pod.contexts:
        for field, allowed in (("type", types), ("user", ()), ("role", ())):
            if (value := value_at(context, ("seLinuxOptions", field))) not in (None, "", *allowed):
                yield (*path, "seLinuxOptions", field), value


_CONTAINER_ENGINES = 31
"""The first minor version that allows the SELinux type of container engines."""
_SE_LINUX_TYPES = ("container_t", "container_init_t", "container_kvm_t")


def _sysctls(pod: _Pod, minor: int) -> Found:
    allowed = [name for since, names in _SYSCTLS.items() if since <= minor for name in names]
    path = ("spec", "securityContext", "sysctls")
    for index, sysctl in enumerate(items_at(pod.manifest, path)):
        if (name := mapped(sysctl).get("name")) not in allowed:
            yield (*path, index, "name"), name


_SYSCTLS: Mapping[int, Sequence[str]] = {
    OLDEST: (
        "kernel.shm_rmid_forced",
        *("net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.ip_unprivileged_port_start"),
        *("net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_syncookies"),
        *("net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time"),
    ),
    32: ("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
    37: ("net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_slow_start_after_idle"),
}
"""The sysctls that each minor version allows in addition to those before."""


def _windows_host_process(pod: _Pod, _minor: int) -> Found:
    for path, context in pod.contexts:
        if value_at(context, ("windowsOptions", "hostProcess")) is True:
            yield (*path, "windowsOptions", "hostProcess"), True


# Restricted ----------------------------------------------------------------------------------------------------------


def _privilege_escalation(pod: _Pod, _minor: int) -> Found:
    if _is_windows(pod):
        return
    field = ("securityContext", "allowPrivilegeEscalation")
    for path, container in pod.containers:
        if (value := value_at(container, field)) is not False:
            yield (*path, *field), value


def _capabilities_restricted(pod: _Pod, _minor: int) -> Found:
    if _is_windows(pod):
        return
    drop = ("securityContext", "capabilities", "drop")
    for path, container in pod.containers:
        dropped = value_at(container, drop)
        if "ALL" not in listed(dropped) and all(map(_is_known, listed(dropped))):
            yield (*path, *drop), dropped
    yield from _added_capabilities(pod, ("NET_BIND_SERVICE",))


def _restricted_volumes(pod: _Pod, _minor: int) -> Found:
    yield from ((path, source) for path, source in _volume_sources(pod) if path[-1] not in _VOLUME_SOURCES)


_VOLUME_SOURCES = (
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"),
    *("persistentVolumeClaim", "projected", "secret"),
)


def _run_as_non_root(pod: _Pod, minor: int) -> Found:
    if minor < _USER_NAMESPACES or not _has_user_namespace(pod):
        yield from _unset_or_rejected(pod, ("runAsNonRoot",), lambda value: value is True)


def _unset_or_rejected(pod: _Pod, field: Path, is_allowed: Callable[[Any], bool]) -> Found:
    """Values of a field of security contexts that containers must have, or inherit from their pod."""
    own = ("spec", "securityContext")
    of_pod = value_at(pod.manifest, (*own, field[0]))
    if of_pod is not None and not is_allowed(value := value_at(pod.manifest, (*own, *field))):
        yield (*own, *field), value
    for path, container in pod.containers:
        of_container = value_at(container, ("securityContext", field[0]))
        if of_container is None and of_pod is not None:
            # What the pod has is reported once, if it's rejected.
            continue
        if not is_allowed(value := value_at(container, ("securityContext", *field))):
            yield (*path, "securityContext", *field), value


def _run_as_user(pod: _Pod, minor: int) -> Found:
    if minor >= _USER_NAMESPACES and _has_user_namespace(pod):
        return
    for path, context in pod.contexts:
        if (user := context.get("runAsUser")) == 0:
            yield (*path, "runAsUser"), user


def _seccomp_restricted(pod: _Pod, _minor: int) -> Found:
    if not _is_windows(pod):
        yield from _unset_or_rejected(pod, ("seccompProfile", "type"), lambda kind: kind in _PROFILES)


@dataclass(frozen=True)
class _Check:
    """A check of a level."""

    id: str
    level: PodSecurityLevel
    find: Callable[[_Pod, int], Found]
    """The rejected values of a pod, at a minor version."""
    since: int = OLDEST
    """The first minor version that has the check."""
    overrides: Optional[str] = None
    """The check of "baseline" that this one of "restricted" replaces."""


_BASELINE, _RESTRICTED = PodSecurityLevel.BASELINE, PodSecurityLevel.RESTRICTED
_ALL = (
    _Check("appArmorProfile", _BASELINE, _app_armor),
    _Check("capabilities_baseline", _BASELINE, _capabilities_baseline),
    _Check("hostNamespaces", _BASELINE, _host_namespaces),
    _Check("hostPathVolumes", _BASELINE, _host_path_volumes),
    _Check("hostPorts", _BASELINE, _host_ports),
    _Check("hostProbesAndHostLifecycle", _BASELINE, _host_probes, since=34),
    _Check("privileged", _BASELINE, _privileged),
    _Check("procMount", _BASELINE, _proc_mount_baseline),
    _Check("seLinuxOptions", _BASELINE, _se_linux),
    _Check("seccompProfile_baseline", _BASELINE, _seccomp_baseline),
    _Check("sysctls", _BASELINE, _sysctls),
    _Check("windowsHostProcess", _BASELINE, _windows_host_process),
    _Check("allowPrivilegeEscalation", _RESTRICTED, _privilege_escalation),
    _Check("capabilities_restricted", _RESTRICTED, _capabilities_restricted, overrides="capabilities_baseline"),
    _Check("procMount_restricted", _RESTRICTED, _proc_mount, since=_USER_NAMESPACES, overrides="procMount"),
    _Check("restrictedVolumes", _RESTRICTED, _restricted_volumes, overrides="hostPathVolumes"),
    _Check("runAsNonRoot", _RESTRICTED, _run_as_non_root),
    _Check("runAsUser", _RESTRICTED, _run_as_user),
    _Check("seccompProfile_restricted", _RESTRICTED, _seccomp_restricted, overrides="seccompProfile_baseline"),
)

CHECKS = tuple(check.id for check in _ALL)
"""The names of all checks."""


@cache
def _checks(level: PodSecurityLevel, minor: int) -> list[_Check]:
    """The checks of a level, which include those of the levels below."""
    levels = {PodSecurityLevel.PRIVILEGED: (), _BASELINE: (_BASELINE,), _RESTRICTED: (_BASELINE, _RESTRICTED)}[level]
    found = [check for check in _ALL if check.level in levels and check.since <= minor]
    overridden = {check.overrides for check in found}
    return [check for check in found if check.id not in overridden]
