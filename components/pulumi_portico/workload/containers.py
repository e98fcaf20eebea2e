"""The containers of a pod: the application's, those that run before it, and those that run beside it.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import automatic, component, form, moved_to, several, table
from ..args.exceptions import SecurityException, exception_kind
from ..args.forms import has_names, is_list, is_mapping, is_text
from ..args.location import Key, Location
from ..args.names import NAME_TOO_LONG, dns_label, port_number
from ..args.parse import Field
from ..args.problems import Move, Problems, Reason, Remove, Set
from ..args.similar_names import nearest
from ..args.spec import spec
from ..args.values import file_path
from ..networking.ports import ServicePort
from ..networking.target import Protocol
from ..untyped import Manifest
from .conversions import (
    below,
    command_line,
    from_environment,
    from_healthcheck,
    from_image,
    from_mounts,
    from_ports,
    from_probe,
    from_resources,
    from_security_context,
    has_limits,
    words_of,
)
from .environment import (
    ENVIRONMENT_RULES,
    EnvironmentSpec,
    MountPath,
    Sources,
    build_environment,
    build_files,
    check_contents,
    check_mount_paths,
    check_variables,
    own_mount_paths,
)
from .health import Health, HealthSpec, build_probes, check_health, check_sidecar_port
from .resources import Limits, Resources, ResourcesSpec, build_resources, check_resources
from .security import (
    ContainerSecurity,
    ContainerSecuritySpec,
    SecuritySpec,
    build_own_security,
    check_container_security,
    exceptions_of_container_security,
)

__all__ = [
    "COMMON_RULES",
    "CONTAINER_RULES",
    "FIELDS_IN_EXTRA",
    "NO_LIMITS",
    "CommonContainerSpec",
    "Container",
    "ContainerSpec",
    "build_container",
    "build_other_containers",
    "check_container_names",
    "check_container_ports",
    "check_init_container",
    "check_mounts",
    "check_other_container",
    "check_resources_of",
    "check_sidecar",
    "exceptions_of_container",
]


class Container(TypedDict):
    """Another container than the application's: one that runs to completion before it, or a sidecar."""

    name: str
    """The container's name, at most 40 characters. Plain."""

    image: pulumi.Input[str]
    """The container image, as the application's. Maps to `image`."""

    command: NotRequired[Sequence[pulumi.Input[str]]]
    """The command, instead of the image's entry point. Its length is plain. Maps to `command`."""

    args: NotRequired[Sequence[pulumi.Input[str]]]
    """The arguments of the command, instead of the image's. Its length is plain. Maps to `args`."""

    working_directory: NotRequired[pulumi.Input[str]]
    """The working directory: an absolute path. Default: the image's. Maps to `workingDir`."""

    env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables, by name. `$(NAME)` in a value stands for another variable of the container. Names are
    plain. Default: none."""

    secret_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables whose values are secret, by name, in a Secret of their own. Names are plain. Default:
    none."""

    field_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables with a field of the pod, by name. Names are plain. Default: none."""

    resource_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables with a resource of the container, by name. Names are plain. Default: none."""

    config_files: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Read-only files in the container: the content of each by its absolute path. Paths are plain. Default: none."""

    writable_paths: NotRequired[Sequence[str]]
    """Folders that it can write, by absolute path, which it shares with no other container. Plain. Default: none."""

    mounts: NotRequired[Mapping[str, str]]
    """Where it finds the pod's volumes and storage: an absolute path, by the volume's name. Plain. Default: nowhere."""

    resources: NotRequired[Resources]
    """What it requests, in addition to the application. Default: 0.1 cores, 256 MiB of memory, 1024 MiB of disk."""

    port: NotRequired[int]
    """The TCP port (1 to 65535) that a sidecar listens on, and that is probed. Plain. Default: none."""

    health: NotRequired[Health]
    """How Kubernetes checks that a sidecar works; the next containers wait until it does. Default: whether its port, if
    it has one, accepts connections."""

    security: NotRequired[ContainerSecurity]
    """What it is allowed to do, if that differs from the application. Default: the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonContainerSpec(EnvironmentSpec):
    """What the parsed arguments of every container have, the application's included."""

    image: pulumi.Input[str]
    command: Optional[Sequence[pulumi.Input[str]]] = None
    args: Optional[Sequence[pulumi.Input[str]]] = None
    working_directory: Optional[pulumi.Input[str]] = None
    resources: Optional[ResourcesSpec] = None

    @property
    def probes(self) -> Optional[HealthSpec]:
        """How Kubernetes checks that the container works, unless that's the default."""
        return None


FIELDS_IN_EXTRA = (
    "envFrom",
    "resizePolicy",
    "restartPolicyRules",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
)
"""Fields of a container without an argument."""

_NAMES_OF_CONTAINER = table(
    {
        "environment": several("env", convert=from_environment),
        "extraEnv": several("env", convert=from_environment),
        "workingDir": moved_to("working_directory"),
        "working_dir": moved_to("working_directory"),
        "entrypoint": moved_to("command", words_of),
        "livenessProbe": several("health.liveness", convert=below("health", from_probe("liveness"))),
        "readinessProbe": several("health.readiness", convert=below("health", from_probe("readiness"))),
        "startupProbe": several("health.startup", convert=below("health", from_probe("startup"))),
        "healthcheck": several("health", convert=below("health", from_healthcheck)),
        "volumeMounts": several("mounts", convert=from_mounts),
        "ports": several("port", convert=from_ports),
        "containerPort": moved_to("port"),
        "imagePullPolicy": component("services", "image_policy.pull_policy"),
        "securityContext": several("security", convert=below("security", from_security_context)),
        "restartPolicy": automatic("Always"),
        **dict.fromkeys(
            ("lifecycle", *FIELDS_IN_EXTRA),
            component("services", "extra@spec@initContainers"),
        ),
    },
    forms={
        "args": (form(is_text, command_line("args")),),
        "command": (form(is_text, command_line("args")),),
        "env": (form(is_list, from_environment, "env", "field_env", "resource_env", "secret_env"),),
        "image": (form(is_mapping, from_image),),
        "resources": (
            form(has_names("requests"), from_resources),
            form(has_limits, from_resources),
        ),
    },
)
"""Other tools' names for the fields of `Container`."""


@spec(Container, elsewhere=_NAMES_OF_CONTAINER)
class ContainerSpec(CommonContainerSpec):
    """A parsed `Container`."""

    name: str
    mounts: Optional[Mapping[str, str]] = None
    security: Optional[ContainerSecuritySpec] = None
    port: Optional[int] = None
    health: Optional[HealthSpec] = None

    @property
    def probes(self) -> Optional[HealthSpec]:
        """How Kubernetes checks that the container works, unless that's the default."""
        return self.health


COMMON_RULES: Mapping[str, Field] = {
    **ENVIRONMENT_RULES,
    "port": Field(port_number),
    "working_directory": Field(file_path),
}
"""What the fields must satisfy that every container has, the application's included."""

_NAME_LENGTH = 40


def _container_name(value: str) -> Optional[Reason]:
    if reason := dns_label(value):
        return reason
    excess = len(value) - _NAME_LENGTH
    suggestion = value[:_NAME_LENGTH].rstrip("-")
    return Reason(NAME_TOO_LONG, {"excess": excess, "most": _NAME_LENGTH}, suggestion) if excess > 0 else None


CONTAINER_RULES: Mapping[str, Field] = {
    **COMMON_RULES,
    "name": Field(_container_name),
    "mounts": Field(items=file_path),
}
"""What the fields of the other containers must satisfy."""

NAMED_LIKE_APPLICATION = define(
    "container-named-like-application", "{value} is the name of the application's container."
)
DUPLICATE_CONTAINER_NAME = define("duplicate-container-name", "{value} is also the name of {other}.")
UNKNOWN_VOLUME = define(
    "unknown-volume", "There is no volume {name}.", allowed="{volumes}", hint="Add the volume, or remove the mount."
)
PORT_IN_USE = define(
    "port-in-use",
    "{other} listens on port {value} too, and the containers of a pod share its network.",
    allowed="each TCP port once in a pod",
    hint="Choose another port.",
)
ONLY_FOR_SIDECARS = define("only-for-sidecars", "This applies only to a container that keeps running: a sidecar.")


def check_container_names(application: str, containers: Sequence[ContainerSpec], problems: Problems) -> None:
    """Report names that two containers have; `application` is the name of the application's."""
    first: dict[str, ContainerSpec] = {}
    for container in containers:
        problems.run(_check_name, application, container, first)


def _check_name(
    application: str, container: ContainerSpec, first: dict[str, ContainerSpec], problems: Problems
) -> None:
    name, where = container.name, container.at / "name"
    if name == application:
        fix = Set(where, f"{name[: _NAME_LENGTH - 2]}-2")
        problems.report(NAMED_LIKE_APPLICATION, where, value=name, fix=fix)
        return
    other = first.setdefault(name, container)
    if other is not container:
        free = next(free for number in range(2, 100) if (free := f"{name[: _NAME_LENGTH - 3]}-{number}") not in first)
        problems.report(DUPLICATE_CONTAINER_NAME, where, value=name, other=other.at, fix=Set(where, free))


def check_other_container(container: ContainerSpec, volumes: Sequence[str], problems: Problems) -> None:
    """Report variables and paths that are set twice, and mounts of volumes that don't exist."""
    problems.run(check_variables, container)
    problems.run(check_contents, container)
    problems.run(_check_paths, container)
    problems.run(check_mounts, container, volumes)
    problems.run(check_resources_of, container)
    if container.security is not None:
        problems.run(check_container_security, container.security)


def check_resources_of(container: CommonContainerSpec, problems: Problems) -> None:
    """Report limits below the requests."""
    if container.resources is not None:
        problems.run(check_resources, container.resources)


def _check_paths(container: ContainerSpec, problems: Problems) -> None:
    mounts = ((path, container.at / "mounts" / Key(volume)) for volume, path in (container.mounts or {}).items())
    paths = [*own_mount_paths(container), *(MountPath(path, where, where) for path, where in mounts)]
    problems.run(check_mount_paths, paths)


def check_mounts(container: ContainerSpec, volumes: Sequence[str], problems: Problems) -> None:
    """Report mounts of volumes that don't exist."""
    mounts = container.mounts or {}
    for volume in mounts:
        if volume not in volumes:
            where, close = container.at / "mounts" / Key(volume), nearest(volume, volumes)
            fix = Move(where, where.parent / Key(close)) if close and close not in mounts else Remove(where)
            problems.report(UNKNOWN_VOLUME, where, name=volume, volumes=sorted(volumes), fix=fix)


def check_init_container(container: ContainerSpec, problems: Problems) -> None:
    """Report probes of a container that runs to completion."""
    for field, value in (("port", container.port), ("health", container.health)):
        if value is not None:
            problems.report(ONLY_FOR_SIDECARS, container.at / field, fix=Remove(container.at / field))


def check_sidecar(container: ContainerSpec, problems: Problems) -> None:
    """Report probes that contradict each other, or that have no port."""
    if container.health is not None:
        problems.run(check_health, container.health)
        problems.run(check_sidecar_port, container.health, container.port)


def check_container_ports(
    ports: Mapping[int, Location], owners: Mapping[int, str], sidecars: Sequence[ContainerSpec], problems: Problems
) -> None:
    """Report sidecars that listen on the port of another container. `ports` has the TCP ports of the Service, and where
    they are; `owners` has the names of the sidecars that listen on some of them."""
    taken = dict(ports)
    for sidecar in sidecars:
        problems.run(_check_container_port, sidecar, taken, owners)


def _check_container_port(
    sidecar: ContainerSpec, taken: dict[int, Location], owners: Mapping[int, str], problems: Problems
) -> None:
    if sidecar.port is None or owners.get(sidecar.port) == sidecar.name:
        return
    where = sidecar.at / "port"
    other = taken.setdefault(sidecar.port, where)
    if other != where:
        problems.report(PORT_IN_USE, where, value=sidecar.port, other=other)


NO_LIMITS = exception_kind("no-limits", "The container can use all resources of its node.")


def exceptions_of_container(container: CommonContainerSpec) -> Iterator[SecurityException]:
    """What is less strict than the secure default."""
    resources = container.resources
    if resources is not None and resources.limits is Limits.NONE and resources.memory_limit is None:
        yield SecurityException(NO_LIMITS, resources.at / "limits")
    if isinstance(container, ContainerSpec) and container.security is not None:
        yield from exceptions_of_container_security(container.security)


def build_container(
    name: str,
    container: CommonContainerSpec,
    sources: Sources,
    ports: Mapping[str, ServicePort],
    common: Manifest,
    probed: Optional[Sequence[ServicePort]] = None,
) -> dict[str, Any]:
    """A container without its mounts; `common` is what all containers of the pod have. The probes connect to one of
    `probed`, or, if that's None, of all ports."""
    return {
        "name": name,
        "image": container.image,
        **_process(container),
        **build_environment(container, sources),
        **({"ports": [_port(port) for port in ports.values()]} if ports else {}),
        **build_probes(container.probes, ports if probed is None else {port.name: port for port in probed}),
        **build_resources(container.resources),
        **common,
    }


def _process(container: CommonContainerSpec) -> dict[str, Any]:
    built: dict[str, Any] = {}
    if container.command is not None:
        built["command"] = list(container.command)
    if container.args is not None:
        built["args"] = list(container.args)
    if container.working_directory is not None:
        built["workingDir"] = container.working_directory
    return built


def build_other_containers(
    sidecars: Sequence[ContainerSpec],
    init_containers: Sequence[ContainerSpec],
    sources: Mapping[str, Sources],
    ports: Sequence[ServicePort],
    security: Optional[SecuritySpec],
    common: Manifest,
) -> tuple[list[Manifest], list[Manifest]]:
    """The pod's `initContainers`, and their volumes. Sidecars come first, so that they run when the others start.

    `ports` are those of the Service, `security` is the pod's, and `common` is what all containers of the pod have.
    """
    containers: list[Manifest] = []
    volumes: list[Manifest] = []
    # An init container that always restarts is a sidecar (Kubernetes 1.29 and newer).
    for group, restarts in ((sidecars, {"restartPolicy": "Always"}), (init_containers, {})):
        for container in group:
            own = [port for port in ports if port.container == container.name]
            restricted = {**common, **build_own_security(container.security, security)}
            built, own_volumes = _build_other(container, sources.get(container.name, Sources()), own, restricted)
            containers.append({**built, **restarts})
            volumes += own_volumes
    return containers, volumes


def _build_other(
    container: ContainerSpec, sources: Sources, offered: Sequence[ServicePort], common: Manifest
) -> tuple[dict[str, Any], list[Manifest]]:
    listed = {port.name: port for port in offered}
    probed = [port for port in offered if port.target == container.port and port.protocol == Protocol.TCP.value]
    if container.port is not None and not probed:
        probed = [ServicePort("", container.port, container.port)]
        listed = {"": probed[0], **listed}
    built = build_container(container.name, container, sources, listed, common, probed)
    mounts, volumes = build_files(container, sources, container.name)
    mounts += [{"name": volume, "mountPath": path} for volume, path in sorted((container.mounts or {}).items())]
    if mounts:
        built["volumeMounts"] = mounts
    return built, volumes


def _port(port: ServicePort) -> dict[str, Any]:
    name = {"name": port.name} if port.name else {}
    host = {} if port.host_port is None else {"hostPort": port.host_port}
    return {**name, "containerPort": port.target, **host, "protocol": port.protocol}
