"""What the pods may do: as little as Pod Security "restricted" asks for, and each loosening by name.

Pure: dictionaries in, dictionaries out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional

from .._typing import NotRequired, TypedDict
from ..args.values import file_path, whole_number
from ..checks import Field, Rules
from ..errors import Problems, Refusal

__all__ = [
    "LOOSENED",
    "RULES",
    "USER_ID",
    "Security",
    "build_container_security",
    "build_pod_security",
    "check_security",
    "loosened",
]

USER_ID = 10001
"""Pod Security "restricted" asks for a user other than root; checkov (CKV_K8S_40) and kube-score for one above 10000,
which no user of the node is likely to have."""

_LEAST_SAFE_ID = 10001


class Security(TypedDict):
    """What the pods may do beyond the least. All of it is plain, so that a review sees it."""

    user: NotRequired[int]
    """The user id (0 or more) that the containers run as. Plain. Default: 10001. One of 10000 or below is reported in
    `exceptions`; 0 needs `allow_root`. Maps to `runAsUser`."""

    group: NotRequired[int]
    """The group id (0 or more). Plain. Default: the same as `user`. Maps to `runAsGroup`."""

    fs_group: NotRequired[int]
    """The group id (0 or more) that volumes belong to. Plain. Default: the same as `group` where there is storage or a
    claim, else none. Maps to `fsGroup`."""

    allow_root: NotRequired[bool]
    """Whether the containers may run as root: as `user`, or, without one, as the image says. Plain. Default: false.
    Maps to `runAsNonRoot`."""

    writable_root: NotRequired[bool]
    """Whether the whole root file system can be written; `writable_paths` names folders instead. Plain. Default: false.
    Maps to `readOnlyRootFilesystem`."""

    net_bind_service: NotRequired[bool]
    """Whether the application may listen on ports below 1024, by the one capability that "restricted" lets in, and by
    the setting of the pod's network that makes it work for users other than root. Plain. Default: false. Maps to
    `capabilities.add` and `sysctls`."""

    capabilities: NotRequired[Sequence[str]]
    """More capabilities of Linux, such as `NET_ADMIN`. Plain. Default: none. Maps to `capabilities.add`."""

    privilege_escalation: NotRequired[bool]
    """Whether a process may get more rights than its parent has. Plain. Default: false. Maps to
    `allowPrivilegeEscalation`."""

    privileged: NotRequired[bool]
    """Whether the containers have all rights of the node. Plain. Default: false. Maps to `privileged`."""

    seccomp_profile: NotRequired[str]
    """A seccomp profile on the nodes, by its path below the kubelet's folder of them. Plain. Default: the container
    runtime's own. Maps to `seccompProfile` of type Localhost."""

    unconfined_seccomp: NotRequired[bool]
    """Whether every system call is let through. Plain. Default: false. Maps to `seccompProfile` of type Unconfined."""

    host_network: NotRequired[bool]
    """Whether the pods share their node's network; no network policy holds them then. Plain. Default: false. Maps to
    `hostNetwork`."""

    host_paths: NotRequired[bool]
    """Whether volumes may be folders of the node (`host_path`). Plain. Default: false."""


_CAPABILITY = re.compile(r"[A-Z][A-Z0-9_]*")
_NET_BIND = "NET_BIND_SERVICE"


def _capability(value: str) -> Optional[Refusal]:
    name = value.upper().removeprefix("CAP_")
    if value == _NET_BIND:
        return Refusal("has a field of its own", "any other capability", "write net_bind_service")
    if _CAPABILITY.fullmatch(value) and value == name:
        return None
    fix = f'write "{name}"' if _CAPABILITY.fullmatch(name) else ""
    return Refusal("is not a capability", "a name as Kubernetes has it, without CAP_, such as NET_ADMIN", fix)


def _profile(value: str) -> Optional[Refusal]:
    refusal = file_path(f"/{value}")
    return refusal and Refusal("is not a path below the kubelet's folder", "such as profiles/api.json")


_ID = Field(whole_number(0, 2**31 - 1, "an id"))
RULES: Rules = {
    Security: {
        "user": _ID,
        "group": _ID,
        "fs_group": _ID,
        "capabilities": Field(items=_capability),
        "seccomp_profile": Field(_profile),
    }
}
"""What the fields must satisfy beyond their types."""

LOOSENED: Mapping[str, str] = {
    "allow_root": "the containers may run as root",
    "writable_root": "the root file system can be written",
    "privilege_escalation": "a process may get more rights than its parent has",
    "privileged": "the containers have all rights of their node",
    "unconfined_seccomp": "every system call is let through",
    "host_network": "the pods share their node's network, and no network policy holds them",
    "host_paths": "the pods may use folders of their node",
}
"""What is looser, by the flag that says so."""


def check_security(security: Mapping[str, Any], problems: Problems, path: str, spelling: Callable[[str], str]) -> None:
    """Note settings that contradict each other."""
    if security.get("user") == 0 and not security.get("allow_root"):
        fix = f"write another user, or {spelling('allow_root')} beside it"
        problems.add(f"{path}.user", 0, Refusal("is root", "1 or more", fix))
    if security.get("seccomp_profile") and security.get("unconfined_seccomp"):
        where = f"{path}.{spelling('unconfined_seccomp')}"
        problems.note(where, Refusal(f"stands beside {spelling('seccomp_profile')}", "one of the two"))


def loosened(security: Mapping[str, Any], path: str) -> dict[str, str]:
    """What is looser than the default, by the path of the field that says so."""
    found = {f"{path}.{field}": what for field, what in LOOSENED.items() if security.get(field)}
    if (user := security.get("user", USER_ID)) < _LEAST_SAFE_ID:
        found[f"{path}.user"] = f"user {user} may be one of the node's"
    if capabilities := security.get("capabilities"):
        found[f"{path}.capabilities"] = f"the containers may do more: {', '.join(sorted(capabilities))}"
    return found


def build_pod_security(security: Security, *, storage: bool) -> dict[str, Any]:
    """The part of the pod's `spec` that says what all of its containers may do; ``storage`` says that it has some."""
    user = security.get("user", None if security.get("allow_root") else USER_ID)
    group = security.get("group", user)
    context: dict[str, Any] = {"seccompProfile": _seccomp(security)}
    if not security.get("allow_root"):
        context["runAsNonRoot"] = True
    if user is not None:
        context["runAsUser"] = user
    if group is not None:
        context["runAsGroup"] = group
    fs_group = security.get("fs_group", group if storage else None)
    if fs_group is not None:
        # A volume of many files is looked through once, not at every start.
        context |= {"fsGroup": fs_group, "fsGroupChangePolicy": "OnRootMismatch"}
    if security.get("net_bind_service") and not security.get("host_network"):
        # The capability alone reaches no process of another user than root, as none may escalate.
        context["sysctls"] = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    spec: dict[str, Any] = {"securityContext": context}
    if security.get("host_network"):
        # Without the second, the pods would ask their node's name server, which knows no Services.
        spec |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    return spec


def build_container_security(security: Security) -> dict[str, Any]:
    """A container's `securityContext`."""
    added = [*([_NET_BIND] if security.get("net_bind_service") else []), *security.get("capabilities", [])]
    privileged = security.get("privileged", False)
    context: dict[str, Any] = {
        # Kubernetes refuses a privileged container that may not escalate.
        "allowPrivilegeEscalation": privileged or security.get("privilege_escalation", False) or "SYS_ADMIN" in added,
        "readOnlyRootFilesystem": not security.get("writable_root", False),
        "capabilities": {"drop": ["ALL"], **({"add": sorted(added)} if added else {})},
    }
    if privileged:
        context["privileged"] = True
    return {"securityContext": context}


def _seccomp(security: Security) -> dict[str, Any]:
    if security.get("unconfined_seccomp"):
        return {"type": "Unconfined"}
    if profile := security.get("seccomp_profile"):
        return {"type": "Localhost", "localhostProfile": profile}
    return {"type": "RuntimeDefault"}
