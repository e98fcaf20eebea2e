"""What the pods are allowed to do: what Pod Security "restricted" allows, and each relaxation by name.

Pure: specs in, dictionaries out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Optional, Union

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, automatic, component, form, moved_to, several, table
from ..args.exceptions import SecurityException, exception_kind
from ..args.forms import is_mapping
from ..args.location import Field as FieldName
from ..args.location import Location
from ..args.parse import Field, Rules
from ..args.problems import ABSENT, Problems, Reason, Remove, Set
from ..args.spec import Spec, spec
from ..args.values import file_path, whole_number
from .conversions import from_context

__all__ = [
    "LEAST_SAFE_ID",
    "LOW_USER",
    "ROOT_GROUP",
    "RULES",
    "UNPRIVILEGED_PORT",
    "USER_ID",
    "WRITABLE_ROOT",
    "ContainerSecurity",
    "ContainerSecuritySpec",
    "Security",
    "SecuritySpec",
    "build_container_security",
    "build_own_security",
    "build_pod_security",
    "check_container_security",
    "check_host_ports",
    "check_security",
    "exceptions_of_container_security",
    "exceptions_of_security",
]

USER_ID = 10001
"""Pod Security "restricted" requires a user other than root; checkov (CKV_K8S_40) and kube-score require one above
10000, which is unlikely to be a user of the node."""

LEAST_SAFE_ID = 10001


class Security(TypedDict):
    """What the pods are allowed to do beyond the minimum. All of it is plain, so that a review sees it."""

    user: NotRequired[int]
    """The user ID (0 or more) of the containers' processes. Plain. Default: 10001. An ID of 10000 or less is reported
    in `exceptions`; 0 requires `allow_root`. Maps to `runAsUser`."""

    group: NotRequired[int]
    """The group ID (0 or more) of the containers' processes. Plain. Default: the same as `user`. 0 is reported in
    `exceptions`. Maps to `runAsGroup`."""

    fs_group: NotRequired[int]
    """The group ID (0 or more) that owns the volumes. Plain. Default: the same as `group` if the pods have storage or a
    claim, else none. 0 is reported in `exceptions`. Maps to `fsGroup`."""

    allow_root: NotRequired[bool]
    """Whether the containers can run as root: as `user` or, if it isn't set, as the image says. Plain. Default: false.
    Reported in `exceptions`. Maps to `runAsNonRoot`."""

    writable_root: NotRequired[bool]
    """Whether the whole root file system is writable; `writable_paths` allows single folders. Plain. Default: false.
    Reported in `exceptions`. Maps to `readOnlyRootFilesystem`."""

    net_bind_service: NotRequired[bool]
    """Whether the application can listen on other ports below 1024 than its `port` and `ports`, through the only
    capability that "restricted" allows, and through the kernel setting that makes it work for users other than root.
    Plain. Default: false; for its ports below 1024, the kernel setting. Maps to `capabilities.add` and `sysctls`."""

    capabilities: NotRequired[Sequence[str]]
    """More Linux capabilities, such as `NET_ADMIN`. Plain. Default: none. Reported in `exceptions`. Maps to
    `capabilities.add`."""

    privilege_escalation: NotRequired[bool]
    """Whether a process can gain more privileges than its parent. Plain. Default: false. Reported in `exceptions`. Maps
    to `allowPrivilegeEscalation`."""

    privileged: NotRequired[bool]
    """Whether the containers have all privileges of the node. Plain. Default: false. Reported in `exceptions`. Maps to
    `privileged`."""

    seccomp_profile: NotRequired[str]
    """A seccomp profile on the nodes, as a path below the kubelet's seccomp folder. Plain. Default: the container
    runtime's own. Maps to `seccompProfile` of type Localhost."""

    unconfined_seccomp: NotRequired[bool]
    """Whether every system call is allowed. Plain. Default: false. Reported in `exceptions`. Maps to `seccompProfile`
    of type Unconfined."""

    host_network: NotRequired[bool]
    """Whether the pods use their node's network; NetworkPolicies don't apply to them then. Plain. Default: false.
    Reported in `exceptions`. Maps to `hostNetwork`."""

    host_paths: NotRequired[bool]
    """Whether volumes can be folders of the node (`host_path`). Plain. Default: false. Reported in `exceptions`."""


class ContainerSecurity(TypedDict):
    """What a sidecar or an init container can do, if that differs from the application. All of it is plain."""

    user: NotRequired[int]
    """The user ID (0 or more) of the container's processes. Plain. Default: the pod's. An ID of 10000 or less is
    reported in `exceptions`; 0 requires `allow_root`. Maps to `runAsUser`."""

    group: NotRequired[int]
    """The group ID (0 or more) of the container's processes. Plain. Default: `user` if that is set, else the pod's. 0
    is reported in `exceptions`. Maps to `runAsGroup`."""

    allow_root: NotRequired[bool]
    """Whether the container can run as root. Plain. Default: as the pod. Reported in `exceptions`. Maps to
    `runAsNonRoot`."""

    writable_root: NotRequired[bool]
    """Whether the whole root file system is writable. Plain. Default: as the application's. Reported in `exceptions`.
    Maps to `readOnlyRootFilesystem`."""

    capabilities: NotRequired[Sequence[str]]
    """More Linux capabilities, such as `NET_ADMIN`. Plain. Default: those of the application. Reported in `exceptions`.
    Maps to `capabilities.add`."""

    privilege_escalation: NotRequired[bool]
    """Whether a process can gain more privileges than its parent. Plain. Default: as the application's. Reported in
    `exceptions`. Maps to `allowPrivilegeEscalation`."""

    privileged: NotRequired[bool]
    """Whether the container has all privileges of the node. Plain. Default: as the application. Reported in
    `exceptions`. Maps to `privileged`."""


_NAMES_OF_CONTAINER_SECURITY = table(
    {
        "runAsUser": moved_to("user"),
        "runAsGroup": moved_to("group"),
        "runAsNonRoot": several("allow_root", convert=from_context("runAsNonRoot")),
        "readOnlyRootFilesystem": several("writable_root", convert=from_context("readOnlyRootFilesystem")),
        "allowPrivilegeEscalation": moved_to("privilege_escalation"),
        "seccompProfile": component("services", "security.seccomp_profile"),
    }
)
"""Other tools' names for the fields of `ContainerSecurity`."""

_NAMES_OF_SECURITY = table(
    {
        "runAsUser": moved_to("user"),
        "uid": moved_to("user"),
        "runAsGroup": moved_to("group"),
        "gid": moved_to("group"),
        "runAsNonRoot": several("allow_root", convert=from_context("runAsNonRoot")),
        "readOnlyRootFilesystem": several("writable_root", convert=from_context("readOnlyRootFilesystem")),
        "read_only": several("writable_root", convert=from_context("readOnlyRootFilesystem")),
        "allowPrivilegeEscalation": moved_to("privilege_escalation"),
        "cap_add": moved_to("capabilities"),
        "cap_drop": automatic(...),
        "enabled": SWITCHED_ON,
        **dict.fromkeys(("hostPID", "hostIPC", "hostUsers"), component("services", "extra@spec")),
        **dict.fromkeys(
            ("fsGroupChangePolicy", "supplementalGroups", "supplementalGroupsPolicy", "sysctls"),
            component("services", "extra@spec@securityContext"),
        ),
        **dict.fromkeys(
            ("seLinuxOptions", "seLinuxChangePolicy", "appArmorProfile", "windowsOptions"),
            component("services", "extra@spec@securityContext"),
        ),
        "procMount": component("services", "extra@spec@containers@securityContext"),
    },
    forms={
        "seccomp_profile": (form(is_mapping, from_context("seccompProfile"), "seccomp_profile", "unconfined_seccomp"),),
        "capabilities": (form(is_mapping, from_context("capabilities"), "capabilities", "net_bind_service"),),
    },
)
"""Other tools' names for the fields of `Security`."""


@spec(Security, elsewhere=_NAMES_OF_SECURITY)
class SecuritySpec(Spec):
    """Parsed `Security`."""

    user: Optional[int] = None
    group: Optional[int] = None
    fs_group: Optional[int] = None
    allow_root: bool = False
    writable_root: bool = False
    net_bind_service: bool = False
    capabilities: Sequence[str] = ()
    privilege_escalation: bool = False
    privileged: bool = False
    seccomp_profile: Optional[str] = None
    unconfined_seccomp: bool = False
    host_network: bool = False
    host_paths: bool = False


@spec(ContainerSecurity, elsewhere=_NAMES_OF_CONTAINER_SECURITY)
class ContainerSecuritySpec(Spec):
    """Parsed `ContainerSecurity`."""

    user: Optional[int] = None
    group: Optional[int] = None
    allow_root: Optional[bool] = None
    writable_root: Optional[bool] = None
    capabilities: Optional[Sequence[str]] = None
    privilege_escalation: Optional[bool] = None
    privileged: Optional[bool] = None


INVALID_CAPABILITY = define(
    "invalid-capability",
    "{value} isn't a capability.",
    allowed="a name as Kubernetes has it, without CAP_, such as NET_ADMIN",
)
CAPABILITY_HAS_FIELD = define("capability-has-field", "{field} adds this capability.")
INVALID_SECCOMP_PROFILE = define(
    "invalid-seccomp-profile",
    "{value} isn't a path below the kubelet's seccomp folder.",
    allowed="a relative path without . and .. elements, such as profiles/api.json",
)
USER_IS_ROOT = define(
    "user-is-root", "User 0 is root.", allowed="1 or more", hint="Set another user, or set {field} to true."
)
ROOT_WITHOUT_USER = define(
    "root-without-user", "The container has the pod's user unless it sets {user}.", allowed="with {user}"
)

LOW_HOST_PORT = define(
    "low-port-on-host-network",
    "Only root can listen on port {value} of a node.",
    allowed="{least} or more, or root",
    hint="Use another port, or set {fields} so that the application runs as root.",
)

UNPRIVILEGED_PORT = 1024
"""The first port that every user can listen on."""

_CAPABILITY = re.compile(r"[A-Z][A-Z0-9_]*")
_NET_BIND = "NET_BIND_SERVICE"


def _capability(value: str) -> Optional[Reason]:
    name = value.upper().removeprefix("CAP_")
    if _CAPABILITY.fullmatch(value) and value == name:
        return None
    # A suggestion must be valid itself, and this capability has a field.
    usable = _CAPABILITY.fullmatch(name) and name != _NET_BIND
    return Reason(INVALID_CAPABILITY, suggestion=name if usable else ABSENT)


def _profile(value: str) -> Optional[Reason]:
    return Reason(INVALID_SECCOMP_PROFILE) if file_path(f"/{value}") else None


_id_number = whole_number(0, what="an ID")


def _user_id(value: int) -> Optional[Reason]:
    reason = _id_number(value)
    # 0, the nearest, is root.
    return reason and reason._replace(suggestion=USER_ID)


_ID = Field(_id_number)
RULES: Rules = {
    Security: {
        "user": Field(_user_id),
        "group": _ID,
        "fs_group": _ID,
        "capabilities": Field(items=_capability),
        "seccomp_profile": Field(_profile),
    },
    ContainerSecurity: {"user": Field(_user_id), "group": _ID, "capabilities": Field(items=_capability)},
}
"""What the fields must satisfy beyond their types."""


def check_host_ports(security: SecuritySpec, ports: Mapping[int, Location], problems: Problems) -> None:
    """Report ports of the node that the processes can't listen on; `ports` has the numbers, and where they are."""
    is_root = security.allow_root and security.user in (None, 0)
    gains_rights = security.privileged or (security.privilege_escalation and security.net_bind_service)
    if not security.host_network or is_root or gains_rights:
        return
    for number, where in ports.items():
        if number < UNPRIVILEGED_PORT:
            fields = [FieldName("allow_root"), FieldName("user")]
            problems.report(LOW_HOST_PORT, where, value=number, least=UNPRIVILEGED_PORT, fields=fields)


def check_security(security: SecuritySpec, problems: Problems) -> None:
    """Report settings that contradict each other."""
    problems.run(_check_root, security)
    problems.run(_check_seccomp, security)
    problems.run(_check_capabilities, security)


def _check_capabilities(security: SecuritySpec, problems: Problems) -> None:
    field = FieldName("net_bind_service")
    for index, capability in enumerate(security.capabilities):
        if capability == _NET_BIND:
            where = security.at / "capabilities" / index
            fix = [Remove(where), Set(security.at / field, value=True)]
            problems.report(CAPABILITY_HAS_FIELD, where, value=capability, field=field, fix=fix)


def check_container_security(security: ContainerSecuritySpec, problems: Problems) -> None:
    """Report a root user that isn't allowed, and root that no user is."""
    problems.run(_check_root, security)
    if security.allow_root and security.user is None:
        field, where = FieldName("user"), security.at / "allow_root"
        problems.report(ROOT_WITHOUT_USER, where, user=field, fix=Set(security.at / field, 0))


def _check_root(security: Union[SecuritySpec, ContainerSecuritySpec], problems: Problems) -> None:
    if security.user == 0 and not security.allow_root:
        problems.report(USER_IS_ROOT, security.at / "user", value=0, field=FieldName("allow_root"))


def _check_seccomp(security: SecuritySpec, problems: Problems) -> None:
    if security.seccomp_profile is not None and security.unconfined_seccomp:
        where = security.at / "unconfined_seccomp"
        problems.report_exclusive(where, "seccomp_profile", fix=Remove(where))


_ALLOWS_ROOT = exception_kind("allows-root", "The containers can run as root.")
WRITABLE_ROOT = exception_kind("writable-root", "The root file system is writable.")
_ESCALATES = exception_kind("privilege-escalation", "A process can gain more privileges than its parent.")
_PRIVILEGED = exception_kind("privileged", "The containers have all privileges of their node.")
_UNCONFINED = exception_kind("unconfined-seccomp", "Every system call is allowed.")
_HOST_NETWORK = exception_kind(
    "host-network", "The pods use their node's network, and NetworkPolicies don't apply to them."
)
_HOST_PATHS = exception_kind("host-paths", "The pods can use folders of their node.")
LOW_USER = exception_kind("low-user-id", "User {user} can be a user of the node.")
ROOT_GROUP = exception_kind("root-group", "The containers can use files that only the group root can use.")
_CAPABILITIES = exception_kind("capabilities", "The containers have more capabilities: {capabilities}.")


def exceptions_of_security(security: SecuritySpec) -> Iterator[SecurityException]:
    """What is less strict than the secure default."""
    yield from exceptions_of_container_security(security)
    for field, kind, is_set in (
        ("unconfined_seccomp", _UNCONFINED, security.unconfined_seccomp),
        ("host_network", _HOST_NETWORK, security.host_network),
        ("host_paths", _HOST_PATHS, security.host_paths),
    ):
        if is_set:
            yield SecurityException(kind, security.at / field)
    if security.fs_group == 0:
        yield SecurityException(ROOT_GROUP, security.at / "fs_group")


def exceptions_of_container_security(
    security: Union[SecuritySpec, ContainerSecuritySpec],
) -> Iterator[SecurityException]:
    """What is less strict than the secure default, of what each container can have of its own."""
    for field, kind, is_set in (
        ("allow_root", _ALLOWS_ROOT, security.allow_root),
        ("writable_root", WRITABLE_ROOT, security.writable_root),
        ("privilege_escalation", _ESCALATES, security.privilege_escalation),
        ("privileged", _PRIVILEGED, security.privileged),
    ):
        if is_set:
            yield SecurityException(kind, security.at / field)
    if security.user is not None and security.user < LEAST_SAFE_ID:
        yield SecurityException(LOW_USER, security.at / "user", {"user": security.user})
    if security.group == 0:
        yield SecurityException(ROOT_GROUP, security.at / "group")
    if security.capabilities:
        capabilities = sorted(security.capabilities)
        yield SecurityException(_CAPABILITIES, security.at / "capabilities", {"capabilities": capabilities})


def build_pod_security(security: Optional[SecuritySpec], *, storage: bool, low_ports: bool) -> dict[str, Any]:
    """The part of the pod's `spec` that says what all of its containers can do.

    `storage` is whether it has storage; `low_ports` is whether a container listens on a port below 1024.
    """
    found = security or SecuritySpec()
    user = USER_ID if found.user is None and not found.allow_root else found.user
    group = user if found.group is None else found.group
    fs_group = group if found.fs_group is None and storage else found.fs_group
    context: dict[str, Any] = {"seccompProfile": _seccomp(found)}
    if not found.allow_root:
        context["runAsNonRoot"] = True
    if user is not None:
        context["runAsUser"] = user
    if group is not None:
        context["runAsGroup"] = group
    if fs_group is not None:
        # Changes the owner of a large volume's files once, not at every start.
        context |= {"fsGroup": fs_group, "fsGroupChangePolicy": "OnRootMismatch"}
    if (found.net_bind_service or low_ports) and not found.host_network:
        # Not every container runtime allows these ports for users other than root, unless the pod has this
        # sysctl. The capability alone doesn't help them, because their processes can't escalate.
        context["sysctls"] = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]
    built: dict[str, Any] = {"securityContext": context}
    if found.host_network:
        # Without the policy, the pods would use their node's name server, which doesn't know Services.
        built |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    return built


def build_container_security(security: Optional[SecuritySpec]) -> dict[str, Any]:
    """A container's `securityContext`."""
    found = security or SecuritySpec()
    added = [*([_NET_BIND] if found.net_bind_service else []), *found.capabilities]
    context: dict[str, Any] = {
        # Kubernetes rejects a privileged container that can't escalate.
        "allowPrivilegeEscalation": found.privileged or found.privilege_escalation or "SYS_ADMIN" in added,
        "readOnlyRootFilesystem": not found.writable_root,
        "capabilities": {"drop": ["ALL"], **({"add": sorted(added)} if added else {})},
    }
    if found.privileged:
        context["privileged"] = True
    return {"securityContext": context}


def build_own_security(own: Optional[ContainerSecuritySpec], pod: Optional[SecuritySpec]) -> dict[str, Any]:
    """The `securityContext` of a container that differs from the application's."""
    if own is None:
        return build_container_security(pod)
    fields = ("writable_root", "capabilities", "privilege_escalation", "privileged")
    changed = {field: value for field in fields if (value := getattr(own, field)) is not None}
    built = build_container_security(replace(pod or SecuritySpec(), **changed))
    context = built["securityContext"]
    if own.allow_root is not None:
        context["runAsNonRoot"] = not own.allow_root
    if own.user is not None:
        context["runAsUser"] = own.user
    group = own.user if own.group is None else own.group
    if group is not None:
        context["runAsGroup"] = group
    return built


def _seccomp(security: SecuritySpec) -> dict[str, Any]:
    if security.unconfined_seccomp:
        return {"type": "Unconfined"}
    if security.seccomp_profile:
        return {"type": "Localhost", "localhostProfile": security.seccomp_profile}
    return {"type": "RuntimeDefault"}
