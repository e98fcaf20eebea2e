"""Volumes: what the containers of a pod can read and write beside their images.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Optional, cast

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.names import dns_subdomain
from ..args.shapes import listed, mapped
from ..args.values import field_path, file_path, mebibytes, whole_number
from ..checks import Field, Rules
from ..errors import Problems, Refusal
from ..outputs import applied

__all__ = [
    "RULES",
    "AccessMode",
    "Projection",
    "Storage",
    "Volume",
    "build_claim",
    "build_mounts",
    "build_volume",
    "check_volumes",
    "wants_group",
]


class AccessMode(str, Enum):
    """Who may use a claim at the same time."""

    READ_WRITE_ONCE = "ReadWriteOnce"
    """The pods of one node."""

    READ_WRITE_ONCE_POD = "ReadWriteOncePod"
    """One pod."""

    READ_WRITE_MANY = "ReadWriteMany"
    """Pods of any node, where the storage class has it."""


class Storage(TypedDict):
    """Storage that each pod of a StatefulSet has for itself, and keeps; its key is the claim's name."""

    path: str
    """Where the application finds it: an absolute path. Plain. Maps to `mountPath`."""

    size: int
    """GiB (1 or more). Plain. A change replaces the StatefulSet, and claims that exist keep their size. Maps to
    `resources.requests.storage`."""

    storage_class: NotRequired[str]
    """The StorageClass. Plain: a change replaces the StatefulSet. Default: the cluster's. Maps to
    `storageClassName`."""

    access_mode: NotRequired[AccessMode]
    """Who may use it at the same time. Plain: a change replaces the StatefulSet. Default: ReadWriteOnce. Maps to
    `accessModes`."""

    sub_path: NotRequired[str]
    """The folder of it that is mounted, for applications that want an empty one. Plain. Default: all of it. Maps to
    `subPath`."""


class Projection(TypedDict):
    """A part of a projected volume: one of a Secret, a ConfigMap, a token, or fields of the pod."""

    secret: NotRequired[pulumi.Input[str]]
    """The Secret whose keys become files, by its name."""

    config_map: NotRequired[pulumi.Input[str]]
    """The ConfigMap whose keys become files, by its name."""

    items: NotRequired[Mapping[str, str]]
    """Which keys of the Secret or the ConfigMap become files, and each file's path. Plain. Default: all, by their own
    names."""

    token_audience: NotRequired[pulumi.Input[str]]
    """Whom a token is for. The token's file is `token_path`. Maps to `serviceAccountToken.audience`."""

    token_path: NotRequired[str]
    """The token's file. Plain. Default: `token`. Maps to `serviceAccountToken.path`."""

    token_seconds: NotRequired[pulumi.Input[int]]
    """Seconds (600 or more) that a token is good for; it is renewed before. Default: 3600. Maps to
    `serviceAccountToken.expirationSeconds`."""

    fields: NotRequired[Mapping[str, str]]
    """Files that hold fields of the pod, such as `metadata.labels['team']`, by the file's path. Plain. Maps to
    `downwardAPI`."""


class Volume(TypedDict):
    """A volume of the pods; its key is its name. Without a source it is an empty folder that goes with its pod."""

    path: NotRequired[str]
    """Where the application finds it: an absolute path. Plain. Default: nowhere, for a volume of other containers
    alone. Maps to `mountPath`."""

    read_only: NotRequired[bool]
    """Whether the application may only read it. Plain. Default: false for empty folders and claims, true for the rest.
    Maps to `readOnly`."""

    sub_path: NotRequired[str]
    """The folder or file of it that is mounted. Plain. Default: all of it. Maps to `subPath`."""

    size: NotRequired[pulumi.Input[int]]
    """MiB (1 or more) that an empty folder may hold. Default: 256. Maps to `emptyDir.sizeLimit`."""

    in_memory: NotRequired[bool]
    """Whether an empty folder is kept in memory, which counts as the container's. Plain. Default: false. Maps to
    `emptyDir.medium`."""

    claim: NotRequired[pulumi.Input[str]]
    """The PersistentVolumeClaim that it is, by its name. Maps to `persistentVolumeClaim`."""

    secret: NotRequired[pulumi.Input[str]]
    """The Secret that it is made of, by its name. Maps to `secret`."""

    config_map: NotRequired[pulumi.Input[str]]
    """The ConfigMap that it is made of, by its name. Maps to `configMap`."""

    projected: NotRequired[Sequence[Projection]]
    """The parts that it is made of. Plain, their leaves are not. Maps to `projected`."""

    host_path: NotRequired[pulumi.Input[str]]
    """The folder of the node that it is. Refused unless `security.host_paths` lets it in. Maps to `hostPath`."""


def _relative(value: str) -> Optional[Refusal]:
    refusal = file_path(f"/{value}")
    return refusal and Refusal("is not a path within the volume", "such as data or keys/tls.crt, without . and ..")


_NAME = Field(dns_subdomain)
_SIZE = Field(whole_number(1, what="a number of MiB"))

RULES: Rules = {
    Storage: {
        "path": Field(file_path),
        "size": Field(whole_number(1, what="a number of GiB")),
        "storage_class": _NAME,
        "sub_path": Field(_relative),
    },
    Projection: {
        "secret": _NAME,
        "config_map": _NAME,
        "items": Field(items=_relative),
        "token_path": Field(_relative),
        "token_seconds": Field(whole_number(600, what="a number of seconds")),
        "fields": Field(keys=_relative, items=field_path),
    },
    Volume: {
        "path": Field(file_path),
        "sub_path": Field(_relative),
        "size": _SIZE,
        "claim": _NAME,
        "secret": _NAME,
        "config_map": _NAME,
        "host_path": Field(file_path),
    },
}
"""What the fields must satisfy beyond their types."""

_SOURCES = ("claim", "secret", "config_map", "projected", "host_path")
_PARTS = ("secret", "config_map", "token_audience", "fields")
_EMPTY_MIB = 256
_TOKEN_SECONDS = 3600


def check_volumes(volumes: Any, problems: Problems, path: str, spelling: Callable[[str], str], *, host: bool) -> None:
    """Note volumes of two sources, or of one that is not let in; ``host`` lets in folders of the node."""
    for name, volume in mapped(volumes).items():
        told, where = mapped(volume), f"{path}.{name}"
        sources = [spelling(it) for it in _SOURCES if it in told]
        if len(sources) > 1:
            problems.note(where, Refusal(f"has {len(sources)} sources: {', '.join(sources)}", "one of them"))
        for field in ("size", "in_memory"):
            if field in told and sources:
                refusal = Refusal("is for an empty folder", f"without {sources[0]}", "leave it out")
                problems.note(f"{where}.{spelling(field)}", refusal)
        if "host_path" in told and not host:
            fix = f"keep the data in a claim, or write security.{spelling('host_paths')}: true"
            refusal = Refusal("is a folder of the node", "any other source", fix)
            problems.note(f"{where}.{spelling('host_path')}", refusal)
        for at, part in enumerate(listed(told.get("projected"))):
            _check_part(mapped(part), problems, f"{where}.projected[{at}]", spelling)


def _check_part(part: Mapping[str, Any], problems: Problems, path: str, spelling: Callable[[str], str]) -> None:
    parts = [spelling(it) for it in _PARTS if it in part]
    if len(parts) != 1:
        wrong = f"is {len(parts)} parts: {', '.join(parts)}" if parts else "is no part"
        problems.note(path, Refusal(wrong, f"one of {', '.join(map(spelling, _PARTS))}"))
    for field, owners in (
        ("items", ("secret", "config_map")),
        ("token_path", ("token_audience",)),
        ("token_seconds", ("token_audience",)),
    ):
        if field in part and not any(it in part for it in owners):
            problems.note(f"{path}.{spelling(field)}", Refusal("stands alone", f"beside {' or '.join(owners)}"))


def wants_group(volumes: Mapping[str, Volume]) -> bool:
    """Whether there is storage whose files must belong to a group of the pods' for them to be written."""
    return any("claim" in volume for volume in volumes.values())


def build_claim(name: str, storage: Storage, selector: Mapping[str, str]) -> dict[str, Any]:
    """The template of a StatefulSet's claims. Kubernetes freezes it, so it holds nothing that may change."""
    spec: dict[str, Any] = {
        "accessModes": [storage.get("access_mode", AccessMode.READ_WRITE_ONCE.value)],
        "resources": {"requests": {"storage": mebibytes(storage["size"] * 1024)}},
        # As the API server fills it in, so that what is read back is what was sent.
        "volumeMode": "Filesystem",
    }
    if "storage_class" in storage:
        spec["storageClassName"] = storage["storage_class"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "labels": dict(selector)},
        "spec": spec,
    }


def build_mounts(volumes: Mapping[str, Volume], storage: Mapping[str, Storage]) -> list[dict[str, Any]]:
    """Where the application finds its volumes, ordered by name."""
    mounts: list[dict[str, Any]] = []
    for name, volume in sorted({**volumes, **storage}.items()):
        told = cast("Mapping[str, Any]", volume)
        if "path" not in told:
            continue
        mount: dict[str, Any] = {"name": name, "mountPath": told["path"]}
        if told.get("read_only", any(it in told for it in _SOURCES if it != "claim")):
            mount["readOnly"] = True
        if "sub_path" in told:
            mount["subPath"] = told["sub_path"]
        mounts.append(mount)
    return mounts


def build_volume(name: str, volume: Volume) -> dict[str, Any]:
    """One of the pod's `volumes`."""
    return {"name": name, **_source(volume)}


def _source(volume: Volume) -> dict[str, Any]:
    if "claim" in volume:
        return {"persistentVolumeClaim": {"claimName": volume["claim"]}}
    if "secret" in volume:
        return {"secret": {"secretName": volume["secret"]}}
    if "config_map" in volume:
        return {"configMap": {"name": volume["config_map"]}}
    if "host_path" in volume:
        return {"hostPath": {"path": volume["host_path"], "type": "Directory"}}
    if "projected" in volume:
        return {"projected": {"sources": [_part(part) for part in volume["projected"]]}}
    limit = applied(volume.get("size", _EMPTY_MIB), mebibytes)
    return {"emptyDir": {"sizeLimit": limit, **({"medium": "Memory"} if volume.get("in_memory", False) else {})}}


def _part(part: Projection) -> dict[str, Any]:
    if "fields" in part:
        items = [{"path": path, "fieldRef": {"fieldPath": field}} for path, field in sorted(part["fields"].items())]
        return {"downwardAPI": {"items": items}}
    if "token_audience" in part:
        token = {"audience": part["token_audience"], "path": part.get("token_path", "token")}
        return {"serviceAccountToken": {**token, "expirationSeconds": part.get("token_seconds", _TOKEN_SECONDS)}}
    chosen = part.get("items")
    items = {"items": [{"key": key, "path": path} for key, path in sorted(chosen.items())]} if chosen else {}
    if "secret" in part:
        return {"secret": {"name": part["secret"], **items}}
    return {"configMap": {"name": part.get("config_map"), **items}}
