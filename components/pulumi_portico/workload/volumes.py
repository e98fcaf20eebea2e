"""Volumes: what the containers of a pod can read and write in addition to their images.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias, Union

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import SWITCHED_ON, automatic, component, form, moved_to, several, table, unsupported
from ..args.exceptions import SecurityException, exception_kind
from ..args.forms import is_list, is_mapping, only_item
from ..args.location import Field as FieldName
from ..args.location import Key, Location
from ..args.names import dns_subdomain
from ..args.parse import Field, Rules
from ..args.pod_fields import field_of_file
from ..args.problems import Problems, Reason, Remove
from ..args.spec import Spec, spec
from ..args.synonyms import synonyms
from ..args.units import GIB, MIB, SECONDS
from ..args.values import LARGEST_GIB, LARGEST_MIB, data_key, file_path, mebibytes, node_path, whole_number
from ..outputs import applied
from .conversions import from_claim_resources, from_empty_dir, from_items, from_medium, from_reference, no_values
from .environment import RESERVED_VOLUME_NAMES, MountPath
from .file_modes import FILE_MODE, mode_number

__all__ = [
    "PROJECTED_TOKEN",
    "RULES",
    "AccessMode",
    "AccessModeLike",
    "Projection",
    "ProjectionSpec",
    "Storage",
    "StorageSpec",
    "Volume",
    "VolumeSpec",
    "build_claim",
    "build_claim_spec",
    "build_mounts",
    "build_volume",
    "check_volume",
    "check_volume_names",
    "exceptions_of_volume",
    "mount_paths_of",
    "needs_group",
]


class AccessMode(str, Enum):
    """Which pods can mount a claim at the same time."""

    READ_WRITE_ONCE = "ReadWriteOnce"
    """The pods of one node."""

    READ_WRITE_ONCE_POD = "ReadWriteOncePod"
    """One pod."""

    READ_WRITE_MANY = "ReadWriteMany"
    """Pods of any node, if the storage class supports it."""

    READ_ONLY_MANY = "ReadOnlyMany"
    """Pods of any node, which can only read it."""


if TYPE_CHECKING:
    AccessModeLike: TypeAlias = (
        AccessMode | Literal["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"]
    )
else:
    AccessModeLike = AccessMode


synonyms(
    AccessMode,
    {
        AccessMode.READ_WRITE_ONCE: "RWO",
        AccessMode.READ_ONLY_MANY: "ROX",
        AccessMode.READ_WRITE_MANY: "RWX",
        AccessMode.READ_WRITE_ONCE_POD: "RWOP",
    },
)


class MountPropagation(str, Enum):
    """Which mounts a folder of the node shares with the container."""

    NONE = "None"
    """None that is mounted later."""

    HOST_TO_CONTAINER = "HostToContainer"
    """The container gets what is mounted on the node."""

    BIDIRECTIONAL = "Bidirectional"
    """Both get what the other one mounts. Kubernetes requires a privileged container (`security.privileged`)."""


if TYPE_CHECKING:
    MountPropagationLike: TypeAlias = MountPropagation | Literal["None", "HostToContainer", "Bidirectional"]
else:
    MountPropagationLike = MountPropagation


class Storage(TypedDict):
    """Storage of each pod of a StatefulSet, which outlives the pod; its key is the claim's name."""

    path: str
    """Where the application finds it: an absolute path. Plain. Maps to `mountPath`."""

    size_gib: int
    """GiB (1 or more). Plain. A change of a running StatefulSet is rejected, with the steps that keep its pods. Maps to
    `resources.requests.storage`."""

    storage_class: NotRequired[str]
    """The StorageClass. Plain: a change replaces the StatefulSet. Default: the cluster's. Maps to
    `storageClassName`."""

    access_mode: NotRequired[AccessModeLike]
    """Which pods can mount it at the same time. Plain: a change replaces the StatefulSet. Default: ReadWriteOnce. Maps
    to `accessModes`."""

    sub_path: NotRequired[str]
    """The folder of it that is mounted, for applications that need an empty one. Plain. Default: all of it. Maps to
    `subPath`."""


class Projection(TypedDict):
    """A part of a projected volume: one of a Secret, a ConfigMap, a token, or fields of the pod."""

    secret: NotRequired[pulumi.Input[str]]
    """The name of the Secret whose keys become files."""

    config_map: NotRequired[pulumi.Input[str]]
    """The name of the ConfigMap whose keys become files."""

    items: NotRequired[Mapping[str, str]]
    """Which keys of the Secret or the ConfigMap become files, and each file's path. Plain. Default: all, with their own
    names."""

    token_audience: NotRequired[pulumi.Input[str]]
    """The audience of a token. The token's file is `token_path`. Reported in `exceptions`. Maps to
    `serviceAccountToken.audience`."""

    token_path: NotRequired[str]
    """The token's file. Plain. Default: `token`. Maps to `serviceAccountToken.path`."""

    token_seconds: NotRequired[pulumi.Input[int]]
    """Seconds (600 or more) that a token is valid; Kubernetes renews it earlier. Default: 3600. Maps to
    `serviceAccountToken.expirationSeconds`."""

    fields: NotRequired[Mapping[str, str]]
    """Files with fields of the pod, such as `metadata.labels['team']`, by the file's path. Plain. Maps to
    `downwardAPI`."""


class Volume(TypedDict):
    """A volume of the pods; its key is its name. Without a source, it is an empty folder that Kubernetes deletes with
    the pod."""

    path: NotRequired[str]
    """Where the application finds it: an absolute path. Plain. Default: nowhere, for a volume that only other
    containers mount. Maps to `mountPath`."""

    read_only: NotRequired[bool]
    """Whether the application can only read it. Plain. Default: false for empty folders and claims, true for the rest.
    Maps to `readOnly`."""

    sub_path: NotRequired[str]
    """The folder or file of it that is mounted. Plain. Default: all of it. Maps to `subPath`."""

    size_mib: NotRequired[pulumi.Input[int]]
    """MiB (1 or more) that an empty folder can hold. Default: 256. Maps to `emptyDir.sizeLimit`."""

    in_memory: NotRequired[bool]
    """Whether an empty folder is in memory, which counts as the container's. Plain. Default: false. Maps to
    `emptyDir.medium`."""

    claim: NotRequired[pulumi.Input[str]]
    """The name of a PersistentVolumeClaim. Maps to `persistentVolumeClaim`."""

    access_mode: NotRequired[AccessModeLike]
    """Which pods can mount the claim at the same time: what the claim itself has as its access mode. Without
    ReadWriteMany or ReadOnlyMany, only one pod can use it, which is deleted before the next one is created. Plain.
    Default: ReadWriteOnce."""

    secret: NotRequired[pulumi.Input[str]]
    """The name of a Secret. Maps to `secret`."""

    config_map: NotRequired[pulumi.Input[str]]
    """The name of a ConfigMap. Maps to `configMap`."""

    items: NotRequired[Mapping[str, str]]
    """Which keys of `secret` or `config_map` become files, and each file's path. Plain. Default: all, with their own
    names. Maps to `items`."""

    modes: NotRequired[Mapping[str, str]]
    """The permissions of single files of `items`, by their key, as octal text such as "0555". Plain. Default:
    `default_mode`. Maps to the items' `mode`."""

    default_mode: NotRequired[str]
    """The permissions of the files of `secret` or `config_map`, as octal text such as "0440"; "0555" for executable
    files. Plain. Default: 0644. Maps to `defaultMode`."""

    optional: NotRequired[bool]
    """Whether the pods start without `secret` or `config_map`, or without the keys in `items`. Plain. Default: false,
    which means that they wait. Maps to `optional`."""

    projected: NotRequired[Sequence[Projection]]
    """Several sources in one folder. Plain, their leaves are not. Maps to `projected`."""

    host_path: NotRequired[pulumi.Input[str]]
    """A folder of the node; `/` is all of them. Requires `security.host_paths`. Maps to `hostPath`."""

    mount_propagation: NotRequired[MountPropagationLike]
    """Whether what is mounted below the folder later, on the node or in the container, is there on the other side too.
    Plain. Only for `host_path`. Default: None. Maps to `mountPropagation`."""


_NAMES_OF_STORAGE = table(
    {
        "mountPath": moved_to("path"),
        "storageClassName": moved_to("storage_class"),
        "accessModes": moved_to("access_mode", only_item),
        "storage": moved_to("size_gib"),
        "capacity": moved_to("size_gib"),
        "resources": several("size_gib", convert=from_claim_resources),
        "existingClaim": component("services", "volumes"),
        "enabled": SWITCHED_ON,
        "annotations": unsupported(),
        "labels": unsupported(),
        "name": automatic(),
        **dict.fromkeys(
            ("dataSource", "dataSourceRef", "selector", "volumeAttributesClassName", "volumeName"), unsupported()
        ),
        "volumeMode": unsupported("Filesystem"),
    }
)
"""Other tools' names for the fields of `Storage`."""


@spec(Storage, renamed={"size": "size_gib"}, elsewhere=_NAMES_OF_STORAGE)
class StorageSpec(Spec):
    """Parsed `Storage`."""

    path: str
    size_gib: int
    storage_class: Optional[str] = None
    access_mode: AccessMode = AccessMode.READ_WRITE_ONCE
    sub_path: Optional[str] = None


@spec(Projection)
class ProjectionSpec(Spec):
    """A parsed `Projection`."""

    secret: Optional[pulumi.Input[str]] = None
    config_map: Optional[pulumi.Input[str]] = None
    items: Optional[Mapping[str, str]] = None
    token_audience: Optional[pulumi.Input[str]] = None
    token_path: Optional[str] = None
    token_seconds: Optional[pulumi.Input[int]] = None
    fields: Optional[Mapping[str, str]] = None

    def sources(self) -> list[str]:
        """The fields that name a source."""
        sources = (
            ("secret", self.secret),
            ("config_map", self.config_map),
            ("token_audience", self.token_audience),
            ("fields", self.fields),
        )
        return [field for field, value in sources if value is not None]


_NAMES_OF_VOLUME = table(
    {
        "mountPath": moved_to("path"),
        "target": moved_to("path"),
        "emptyDir": several("size_mib", "in_memory", convert=from_empty_dir),
        "sizeLimit": moved_to("size_mib"),
        "medium": several("in_memory", convert=from_medium),
        "persistentVolumeClaim": several("claim", convert=from_reference("claim", "claimName")),
        "claimName": moved_to("claim"),
        "existingClaim": moved_to("claim"),
        "secretName": moved_to("secret"),
        "name": automatic(),
        "source": several("claim", "host_path"),
        "ephemeral": component("services", "storage"),
        **dict.fromkeys(
            (
                "awsElasticBlockStore",
                "azureDisk",
                "azureFile",
                "cephfs",
                "cinder",
                "csi",
                "fc",
                "flexVolume",
                "flocker",
                "gcePersistentDisk",
                "gitRepo",
                "glusterfs",
                "image",
                "iscsi",
                "nfs",
                "photonPersistentDisk",
                "portworxVolume",
                "quobyte",
                "rbd",
                "scaleIO",
                "storageos",
                "vsphereVolume",
            ),
            component("services", "extra@spec@volumes"),
        ),
        "downwardAPI": several("projected"),
    },
    forms={
        "items": (form(is_list, from_items, "items", "modes"),),
        "secret": (form(is_mapping, from_reference("secret", "secretName"), "secret", "projected"),),
        "config_map": (form(is_mapping, from_reference("config_map", "name"), "config_map", "projected"),),
        "host_path": (form(is_mapping, from_reference("host_path", "path")),),
        "projected": (form(is_mapping, no_values, "projected"),),
    },
)
"""Other tools' names for the fields of `Volume`."""


@spec(Volume, renamed={"size": "size_mib"}, elsewhere=_NAMES_OF_VOLUME)
class VolumeSpec(Spec):
    """A parsed `Volume`."""

    path: Optional[str] = None
    read_only: Optional[bool] = None
    sub_path: Optional[str] = None
    size_mib: Optional[pulumi.Input[int]] = None
    in_memory: bool = False
    claim: Optional[pulumi.Input[str]] = None
    access_mode: Optional[AccessMode] = None
    secret: Optional[pulumi.Input[str]] = None
    config_map: Optional[pulumi.Input[str]] = None
    items: Optional[Mapping[str, str]] = None
    modes: Optional[Mapping[str, str]] = None
    default_mode: Optional[str] = None
    optional: bool = False
    projected: Optional[Sequence[ProjectionSpec]] = None
    host_path: Optional[pulumi.Input[str]] = None
    mount_propagation: Optional[MountPropagation] = None

    def sources(self) -> list[str]:
        """The fields that name a source; none for an empty folder."""
        sources = (
            ("claim", self.claim),
            ("secret", self.secret),
            ("config_map", self.config_map),
            ("projected", self.projected),
            ("host_path", self.host_path),
        )
        return [field for field, value in sources if value is not None]

    def is_read_only(self) -> bool:
        """Whether the application can only read it."""
        if self.read_only is not None:
            return self.read_only
        return self.sources() not in ([], ["claim"]) or self.access_mode is AccessMode.READ_ONLY_MANY


INVALID_RELATIVE_PATH = define(
    "invalid-relative-path",
    "{value} isn't a path within the volume.",
    allowed="a relative path without . and .. elements, such as data or keys/tls.crt",
)
RESERVED_PATH = define(
    "reserved-relative-path",
    "Kubernetes uses paths that start with two dots itself.",
    allowed=INVALID_RELATIVE_PATH.allowed,
)
DUPLICATE_PROJECTED_PATH = define(
    "duplicate-projected-path",
    "{other} is at {path} of the same volume.",
    allowed="each path once, and no file below another one",
    hint="Choose another path.",
)
ONLY_FOR_EMPTY_FOLDERS = define(
    "only-for-empty-folders", "This applies only to an empty folder, and {source} is another source."
)
HOST_PATH_NOT_ALLOWED = define(
    "host-path-not-allowed",
    "This is a folder of the node, and {field} doesn't allow it.",
    allowed="any other source",
    hint="Keep the data in a claim, or set {field} to true.",
)
EMPTY_PROJECTION = define(
    "empty-projection", "This part has no source.", allowed="one of {fields}", hint="Set one of {fields}."
)
WITHOUT_SOURCE = define("projection-field-without-source", "This applies only to {fields}, and none is set.")
MODE_WITHOUT_ITEM = define("mode-without-item", "{items} has no key {name}.", allowed="keys of {items}")
RESERVED_VOLUME_NAME = define(
    "reserved-volume-name",
    "Portico uses volume names that start with {prefixes}.",
    allowed="any other name",
    hint="Choose another name.",
)
DUPLICATE_VOLUME_NAME = define(
    "duplicate-volume-name", "{other} has the same name.", allowed="each name once", hint="Choose another name."
)


def _relative(value: str) -> Optional[Reason]:
    return Reason(INVALID_RELATIVE_PATH) if file_path(f"/{value}") else None


def _projected_path(value: str) -> Optional[Reason]:
    return Reason(RESERVED_PATH) if value.startswith("..") else _relative(value)


_NAME = Field(dns_subdomain)

_LONGEST_TOKEN = 2**32
"""Seconds (validateProjectionSources of Kubernetes)."""

RULES: Rules = {
    Storage: {
        "path": Field(file_path),
        "size_gib": Field(whole_number(1, LARGEST_GIB, GIB)),
        "storage_class": _NAME,
        "sub_path": Field(_relative),
    },
    Projection: {
        "secret": _NAME,
        "config_map": _NAME,
        "items": Field(keys=data_key, items=_projected_path),
        "token_path": Field(_projected_path),
        "token_seconds": Field(whole_number(600, _LONGEST_TOKEN, SECONDS)),
        "fields": Field(keys=_projected_path, items=field_of_file),
    },
    Volume: {
        "path": Field(file_path),
        "sub_path": Field(_relative),
        "size_mib": Field(whole_number(1, LARGEST_MIB, MIB)),
        "claim": _NAME,
        "secret": _NAME,
        "config_map": _NAME,
        "items": Field(keys=data_key, items=_projected_path),
        "modes": Field(items=FILE_MODE.value),
        "default_mode": FILE_MODE,
        "host_path": Field(node_path),
    },
}
"""What the fields must satisfy beyond their types."""

_EMPTY_MIB = 256
_TOKEN_SECONDS = 3600
_READABLE_BY_OTHERS = 0o004
_DEFAULT_FILE = "token"
"""Where a token is."""


def check_volume(volume: VolumeSpec, host_paths_allowed: bool, allowing: Location, problems: Problems) -> None:
    """Report a volume with two sources, or with one that isn't allowed; `allowing` is the argument that would allow
    folders of the node."""
    problems.run(_check_sources, volume)
    problems.run(_check_empty_folder, volume)
    problems.run(_check_host_path, volume, host_paths_allowed, allowing)
    problems.run(_check_propagation, volume)
    problems.run(_check_projections, volume)
    problems.run(_check_files, volume)


def _check_sources(volume: Union[VolumeSpec, ProjectionSpec], problems: Problems) -> None:
    first, *others = volume.sources() or [""]
    if others:
        fix = [Remove(volume.at / other) for other in others]
        problems.report_exclusive(volume.at / others[0], first, *others[1:], fix=fix)


def _check_empty_folder(volume: VolumeSpec, problems: Problems) -> None:
    sources = volume.sources()
    for field, is_set in (("size_mib", volume.size_mib is not None), ("in_memory", volume.in_memory)):
        if is_set and sources:
            where = volume.at / field
            problems.report(ONLY_FOR_EMPTY_FOLDERS, where, source=FieldName(sources[0]), fix=Remove(where))


def _check_files(volume: VolumeSpec, problems: Problems) -> None:
    """Report what applies to the files of a Secret or a ConfigMap, and to no other source."""
    owners = ("secret", "config_map")
    for field in ("items", "default_mode", "optional"):
        if getattr(volume, field) and not set(owners) & set(volume.sources()):
            where = volume.at / field
            problems.report(WITHOUT_SOURCE, where, fields=[FieldName(owner) for owner in owners], fix=Remove(where))
    for key in volume.modes or {}:
        if key not in (volume.items or {}):
            where = volume.at / "modes" / Key(key)
            problems.report(MODE_WITHOUT_ITEM, where, name=key, items=FieldName("items"), fix=Remove(where))
    problems.run(_check_item_paths, volume)


def _check_item_paths(volume: VolumeSpec, problems: Problems) -> None:
    if volume.items is not None:
        paths = [(path, volume.at / "items" / Key(key)) for key, path in volume.items.items()]
        _check_distinct(paths, {}, problems)


def _check_propagation(volume: VolumeSpec, problems: Problems) -> None:
    """Report propagation of mounts for what isn't a folder of the node."""
    if volume.mount_propagation is not None and volume.host_path is None:
        where = volume.at / "mount_propagation"
        problems.report(WITHOUT_SOURCE, where, fields=[FieldName("host_path")], fix=Remove(where))


def _check_host_path(volume: VolumeSpec, host_paths_allowed: bool, allowing: Location, problems: Problems) -> None:
    if volume.host_path is not None and not host_paths_allowed:
        problems.report(HOST_PATH_NOT_ALLOWED, volume.at / "host_path", field=allowing)


def _check_projections(volume: VolumeSpec, problems: Problems) -> None:
    taken: dict[str, MountPath] = {}
    for part in volume.projected or ():
        problems.run(_check_sources, part)
        problems.run(_check_projection, part)
        problems.run(_check_projected_paths, part, taken)


def _check_projection(part: ProjectionSpec, problems: Problems) -> None:
    sources = part.sources()
    if not sources:
        fields = [FieldName(field) for field in ("secret", "config_map", "token_audience", "fields")]
        problems.report(EMPTY_PROJECTION, part.at, fields=fields)
    for field, value, owners in (
        ("items", part.items, ("secret", "config_map")),
        ("token_path", part.token_path, ("token_audience",)),
        ("token_seconds", part.token_seconds, ("token_audience",)),
    ):
        if value is not None and not set(owners) & set(sources):
            where = part.at / field
            problems.report(WITHOUT_SOURCE, where, fields=[FieldName(owner) for owner in owners], fix=Remove(where))


def _check_projected_paths(part: ProjectionSpec, taken: dict[str, MountPath], problems: Problems) -> None:
    _check_distinct(_projected_paths(part), taken, problems)


def _check_distinct(paths: Iterable[tuple[str, Location]], taken: dict[str, MountPath], problems: Problems) -> None:
    """Report files at the path of another one, or of a folder of another one; `taken` has both, folders with a slash at
    the end."""
    for path, where in paths:
        steps = path.split("/")
        above = ["/".join(steps[:length]) for length in range(1, len(steps))]
        other = next((taken[at] for at in (*above, path, f"{path}/") if at in taken), None)
        if other is not None:
            problems.report(DUPLICATE_PROJECTED_PATH, where, value=path, path=other.path, other=other.location)
            continue
        for at in (path, *(f"{folder}/" for folder in above)):
            taken[at] = MountPath(path, where)


def _projected_paths(part: ProjectionSpec) -> Iterator[tuple[str, Location]]:
    """The paths of the files whose names the arguments say."""
    for key, path in (part.items or {}).items():
        yield path, part.at / "items" / Key(key)
    for path in part.fields or {}:
        yield path, part.at / "fields" / Key(path)
    if part.token_audience is not None:
        yield part.token_path or _DEFAULT_FILE, part.at if part.token_path is None else part.at / "token_path"


def check_volume_names(
    volumes: Mapping[str, VolumeSpec], storage: Mapping[str, StorageSpec], problems: Problems
) -> None:
    """Report names that two volumes have, or that Portico uses."""
    for name, volume in (*volumes.items(), *storage.items()):
        if name.startswith(RESERVED_VOLUME_NAMES):
            problems.report(RESERVED_VOLUME_NAME, volume.at, prefixes=RESERVED_VOLUME_NAMES)
    for name in volumes.keys() & storage.keys():
        problems.report(DUPLICATE_VOLUME_NAME, storage[name].at, other=volumes[name].at)


def mount_paths_of(volumes: Mapping[str, VolumeSpec], storage: Mapping[str, StorageSpec]) -> Iterator[MountPath]:
    """The paths at which the application finds its volumes."""
    for volume in volumes.values():
        if volume.path is not None:
            yield MountPath(volume.path, volume.at / "path", volume.at / "path")
    for claim in storage.values():
        yield MountPath(claim.path, claim.at / "path")


def needs_group(volumes: Mapping[str, VolumeSpec]) -> bool:
    """Whether a volume's files must belong to a group of the pods so that they can write or read them."""
    return any(volume.claim is not None or _is_private(volume) for volume in volumes.values())


def _is_private(volume: VolumeSpec) -> bool:
    """Whether only the owner and the group of the files can read some of them: without a group, that is root."""
    modes = (volume.default_mode, *(volume.modes or {}).values())
    return any(mode is not None and not mode_number(mode) & _READABLE_BY_OTHERS for mode in modes)


def build_claim(name: str, storage: StorageSpec, selector: Mapping[str, str]) -> dict[str, Any]:
    """The template of a StatefulSet's claims. Kubernetes freezes it, so it has nothing that can change."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "labels": dict(selector)},
        "spec": build_claim_spec(storage.size_gib, storage.access_mode, storage.storage_class),
    }


def build_claim_spec(size_gib: int, access_mode: AccessMode, storage_class: Optional[str]) -> dict[str, Any]:
    """The `spec` of a claim."""
    built: dict[str, Any] = {
        "accessModes": [access_mode.value],
        "resources": {"requests": {"storage": mebibytes(size_gib * 1024)}},
        # As the API server sets it, so that a refresh finds no difference.
        "volumeMode": "Filesystem",
    }
    return built if storage_class is None else {**built, "storageClassName": storage_class}


def build_mounts(volumes: Mapping[str, VolumeSpec], storage: Mapping[str, StorageSpec]) -> list[dict[str, Any]]:
    """The application's mounts of its volumes, ordered by name."""
    mounts = [
        {
            **_mount(name, volume.path, volume.sub_path, read_only=volume.is_read_only()),
            **({} if volume.mount_propagation is None else {"mountPropagation": volume.mount_propagation.value}),
        }
        for name, volume in volumes.items()
        if volume.path is not None
    ]
    mounts += [_mount(name, claim.path, claim.sub_path, read_only=False) for name, claim in storage.items()]
    return sorted(mounts, key=lambda mount: str(mount["name"]))


def _mount(name: str, path: str, sub_path: Optional[str], *, read_only: bool) -> dict[str, Any]:
    mount: dict[str, Any] = {"name": name, "mountPath": path}
    if read_only:
        mount["readOnly"] = True
    if sub_path is not None:
        mount["subPath"] = sub_path
    return mount


PROJECTED_TOKEN = exception_kind(
    "projected-token",
    "The pods have a token of their ServiceAccount. The API server accepts it if it accepts the audience.",
)


def exceptions_of_volume(volume: VolumeSpec) -> Iterator[SecurityException]:
    """What is less strict than the secure default."""
    for part in volume.projected or ():
        if part.token_audience is not None:
            yield SecurityException(PROJECTED_TOKEN, part.at / "token_audience")


def build_volume(name: str, volume: VolumeSpec) -> dict[str, Any]:
    """One of the pod's `volumes`."""
    return {"name": name, **_source(volume)}


def _source(volume: VolumeSpec) -> dict[str, Any]:
    if volume.claim is not None:
        return {"persistentVolumeClaim": {"claimName": volume.claim}}
    if volume.secret is not None:
        return {"secret": {"secretName": volume.secret, **_files(volume)}}
    if volume.config_map is not None:
        return {"configMap": {"name": volume.config_map, **_files(volume)}}
    if volume.host_path is not None:
        return {"hostPath": {"path": volume.host_path, "type": "Directory"}}
    if volume.projected is not None:
        return {"projected": {"sources": [_part(part) for part in volume.projected]}}
    limit = applied(_EMPTY_MIB if volume.size_mib is None else volume.size_mib, mebibytes)
    return {"emptyDir": {"sizeLimit": limit, **({"medium": "Memory"} if volume.in_memory else {})}}


def _files(volume: VolumeSpec) -> dict[str, Any]:
    """Which files a Secret or a ConfigMap becomes."""
    built: dict[str, Any] = {}
    modes = volume.modes or {}
    if volume.items:
        built["items"] = [
            {"key": key, "path": path, **({"mode": mode_number(modes[key])} if key in modes else {})}
            for key, path in sorted(volume.items.items())
        ]
    if volume.default_mode is not None:
        built["defaultMode"] = mode_number(volume.default_mode)
    if volume.optional:
        built["optional"] = True
    return built


def _part(part: ProjectionSpec) -> dict[str, Any]:
    if part.fields is not None:
        files = [{"path": path, "fieldRef": {"fieldPath": field}} for path, field in sorted(part.fields.items())]
        return {"downwardAPI": {"items": files}}
    if part.token_audience is not None:
        seconds = _TOKEN_SECONDS if part.token_seconds is None else part.token_seconds
        path = part.token_path or _DEFAULT_FILE
        return {"serviceAccountToken": {"audience": part.token_audience, "path": path, "expirationSeconds": seconds}}
    chosen = sorted((part.items or {}).items())
    items = {"items": [{"key": key, "path": path} for key, path in chosen]} if chosen else {}
    if part.secret is not None:
        return {"secret": {"name": part.secret, **items}}
    return {"configMap": {"name": part.config_map, **items}}
