"""The containers of a pod: the application's own, those that run before it, and those that run beside it.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import dns_label, port_number
from ..args.shapes import listed, mapped
from ..args.values import field_path, file_path, resource_field, variable_name
from ..checks import Field
from ..errors import Problems, Refusal, write_nearest
from ..networking.ports import ServicePort
from ..workload.resources import Resources, build_resources
from .environment import Sources, build_environment, build_files, check_environment
from .health import Health, asks_no_port, build_probes, check_health

__all__ = ["COMMON_RULES", "CONTAINER_RULES", "Container", "build_container", "build_more", "check_containers"]


class Container(TypedDict):
    """A container beside the application's own: one that runs before it, or, as a sidecar, one that runs as long."""

    name: str
    """The container's name, of 40 characters at most. Plain."""

    image: pulumi.Input[str]
    """The container image, as the service's own. Maps to `image`."""

    command: NotRequired[Sequence[pulumi.Input[str]]]
    """What it runs, instead of the image's entry point. Its length is plain. Maps to `command`."""

    args: NotRequired[Sequence[pulumi.Input[str]]]
    """The arguments of what it runs, instead of the image's. Its length is plain. Maps to `args`."""

    working_directory: NotRequired[pulumi.Input[str]]
    """Where it runs: an absolute path. Default: the image's. Maps to `workingDir`."""

    env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables, by name. Names are plain. Default: none."""

    secret_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables whose values are secret, by name, in a Secret of their own. Names are plain. Default:
    none."""

    field_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables that hold a field of the pod, by name. Names are plain. Default: none."""

    resource_env: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables that hold what the container has, by name. Names are plain. Default: none."""

    config_files: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Files in the container, read-only: the content of each by its absolute path. Paths are plain. Default: none."""

    writable_paths: NotRequired[Sequence[str]]
    """Folders that it may write into, by absolute path, which it shares with no other container. Plain. Default:
    none."""

    mounts: NotRequired[Mapping[str, str]]
    """Where it finds the pod's volumes and storage: an absolute path, by the volume's name. Plain. Default: nowhere."""

    resources: NotRequired[Resources]
    """What it is given and held to, beside what the application is. Default: 0.1 cores, 256 MiB of memory, 1024 MiB of
    disk."""

    port: NotRequired[int]
    """The TCP port (1 to 65535) that a sidecar listens on, and is asked at. Plain. Default: none."""

    health: NotRequired[Health]
    """How Kubernetes asks a sidecar whether it works; what comes after it waits for that. Default: whether its port
    takes connections, where it has one."""


COMMON_RULES: Mapping[str, Field] = {
    "port": Field(port_number),
    "working_directory": Field(file_path),
    "env": Field(keys=variable_name),
    "secret_env": Field(keys=variable_name, secret=True),
    "field_env": Field(keys=variable_name, items=field_path),
    "resource_env": Field(keys=variable_name, items=resource_field),
    "config_files": Field(keys=file_path),
    "writable_paths": Field(items=file_path),
}
"""What the fields must satisfy that every container has, the application's own too."""

_NAME_LENGTH = 40


def _container_name(value: str) -> Any:
    refusal = dns_label(value)
    if refusal is None and len(value) > _NAME_LENGTH:
        return Refusal(f"is {len(value)} characters long", f"{_NAME_LENGTH} characters at most")
    return refusal


CONTAINER_RULES: Mapping[str, Field] = {
    **COMMON_RULES,
    "name": Field(_container_name),
    "mounts": Field(items=file_path),
}
"""The same of the other containers."""

_AS_IT_IS = {"command": "command", "args": "args", "working_directory": "workingDir"}
_MORE = ("sidecars", "init_containers")


def check_containers(
    name: str, args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str]
) -> None:
    """Note containers of one name, volumes that are not there, and questions to a container that ends."""
    volumes = {it for field in ("volumes", "storage") for it in mapped(args.get(field))}
    owners = {name: "the service"}
    for field in _MORE:
        for at, it in enumerate(listed(args.get(field))):
            container, where = mapped(it), f"{prefix}{spelling(field)}[{at}]"
            called = container.get("name")
            if called in owners:
                problems.add(f"{where}.name", called, Refusal(f"is the name of {owners[called]} too", "each name once"))
            elif isinstance(called, str):
                owners[called] = where
            check_environment(container, problems, f"{where}.", spelling)
            for volume in mapped(container.get("mounts")):
                if volume not in volumes:
                    fix = write_nearest(volume, volumes) or f"add it to {prefix}volumes"
                    refusal = Refusal("is no volume of the service", ", ".join(sorted(volumes)) or "none", fix)
                    problems.note(f"{where}.mounts.{volume}", refusal)
            _check_questions(container, field, problems, where, spelling)


def _check_questions(
    container: Mapping[str, Any], field: str, problems: Problems, where: str, spelling: Callable[[str], str]
) -> None:
    if field == "init_containers":
        for question in (it for it in ("port", "health") if it in container):
            fix = "leave it out, or make a sidecar of it"
            problems.note(f"{where}.{question}", Refusal("is for a container that stays", "in sidecars", fix))
        return
    if "health" not in container:
        return
    told = mapped(container["health"])
    check_health(told, problems, f"{where}.health", spelling)
    if "port_name" in told:
        refusal = Refusal("is for the ports of the service", "the sidecar's port", "write the number as port")
        problems.note(f"{where}.health.{spelling('port_name')}", refusal)
    elif "port" not in container and not asks_no_port(told):
        problems.note(f"{where}.health", Refusal("asks a port, and the sidecar has none", "a port, or a command"))


def build_container(
    name: str, args: Mapping[str, Any], sources: Sources, ports: Mapping[str, ServicePort], every: Mapping[str, Any]
) -> dict[str, Any]:
    """A container, without its mounts; ``every`` is what all containers of the pod have."""
    return {
        "name": name,
        "image": args["image"],
        **{theirs: args[ours] for ours, theirs in _AS_IT_IS.items() if ours in args},
        **build_environment(args, sources),
        **({"ports": list(map(_port, ports.values()))} if ports else {}),
        **build_probes(args.get("health"), ports),
        **build_resources(args.get("resources")),
        **every,
    }


def build_more(
    args: Mapping[str, Any], sources: Mapping[str, Sources], every: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The pod's `initContainers`, and the volumes of their own. Sidecars come first, so that the others find them
    there."""
    containers: list[dict[str, Any]] = []
    volumes: list[dict[str, Any]] = []
    for field in _MORE:
        for it in cast("Sequence[Container]", args.get(field, [])):
            name = it["name"]
            ports = {"": ServicePort("", it["port"], it["port"])} if "port" in it else {}
            built = build_container(name, it, sources.get(name, Sources()), ports, every)
            mounts, own = build_files(it, sources.get(name, Sources()), name)
            mounts += [{"name": volume, "mountPath": path} for volume, path in sorted(it.get("mounts", {}).items())]
            if mounts:
                built["volumeMounts"] = mounts
            # A container that restarts always among those that run first is a sidecar (Kubernetes 1.29 and newer).
            containers.append({**built, "restartPolicy": "Always"} if field == "sidecars" else built)
            volumes += own
    return containers, volumes


def _port(port: ServicePort) -> dict[str, Any]:
    name = {"name": port.name} if port.name else {}
    return {**name, "containerPort": port.target, "protocol": port.protocol}
