"""The environment of a container: variables, secrets, files, and writable paths.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional

import pulumi

from ..args.codes import define
from ..args.location import Field as FieldName
from ..args.location import Key, Location
from ..args.parse import Field
from ..args.pod_fields import field_of_variable, resource_field
from ..args.problems import Problems, Remove, Set
from ..args.similar_names import nearest
from ..args.sizes import check_data
from ..args.spec import Spec
from ..args.values import file_path, variable_name
from ..untyped import Manifest
from .environment_sources import EnvFromSourceSpec, EnvVarSourceSpec, build_env_from, build_value_from, check_sources
from .expansion import in_order

__all__ = [
    "ENVIRONMENT_RULES",
    "RESERVED_VOLUME_NAMES",
    "EnvironmentSpec",
    "MountPath",
    "Sources",
    "build_config_map",
    "build_environment",
    "build_files",
    "build_secret",
    "build_secret_files",
    "check_contents",
    "check_mount_paths",
    "check_variables",
    "own_mount_paths",
]

Values = Mapping[str, pulumi.Input[str]]

_CONFIG_FILES, _SECRET_FILES, _WRITABLE = "config-files", "secret-files", "writable"
RESERVED_VOLUME_NAMES = (_CONFIG_FILES, _SECRET_FILES, _WRITABLE)
"""What the names of the volumes start with that Portico adds for files and writable paths."""

# Enough for temporary files; more, or data to keep, needs a volume.
_WRITABLE_MIB = 256

_EXECUTABLE = 0o555
"""The permissions of an executable file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSpec(Spec):
    """The environment in the parsed arguments of a container."""

    env: Values = dataclasses.field(default_factory=dict[str, pulumi.Input[str]])
    secret_env: Values = dataclasses.field(default_factory=dict[str, pulumi.Input[str]])
    field_env: Values = dataclasses.field(default_factory=dict[str, pulumi.Input[str]])
    resource_env: Values = dataclasses.field(default_factory=dict[str, pulumi.Input[str]])
    env_value_from: Mapping[str, EnvVarSourceSpec] = dataclasses.field(default_factory=dict[str, EnvVarSourceSpec])
    env_from: Sequence[EnvFromSourceSpec] = ()
    config_files: Values = dataclasses.field(default_factory=dict[str, pulumi.Input[str]])
    secret_files: Values = dataclasses.field(default_factory=dict[str, pulumi.Input[str]])
    executable_files: Sequence[str] = ()
    writable_paths: Sequence[str] = ()


ENVIRONMENT_RULES: Mapping[str, Field] = {
    "env": Field(keys=variable_name),
    "secret_env": Field(keys=variable_name, secret=True),
    "field_env": Field(keys=variable_name, items=field_of_variable),
    "resource_env": Field(keys=variable_name, items=resource_field),
    "env_value_from": Field(keys=variable_name),
    "config_files": Field(keys=file_path),
    "secret_files": Field(keys=file_path, secret=True),
    "executable_files": Field(items=file_path),
    "writable_paths": Field(items=file_path),
}
"""What the fields of a container's environment must satisfy."""

DUPLICATE_VARIABLE = define("duplicate-variable", "{other} sets the same variable.", allowed="each variable once")
DUPLICATE_MOUNT_PATH = define(
    "duplicate-mount-path",
    "{other} has the same path in the container.",
    allowed="each path once",
    hint="Choose another path.",
)
UNKNOWN_EXECUTABLE = define(
    "unknown-executable-file",
    "There is no file {value} in {fields}.",
    allowed="the paths of {fields}",
    hint="Add the file, or remove the path.",
)


@dataclass(frozen=True)
class Sources:
    """The objects that a container's environment comes from, whose names are generated: what a manifest refers to them
    by."""

    secret: Any = None
    """The name of the Secret with the values of `secret_env`."""
    config_map: Any = None
    """The name of the ConfigMap with the contents of `config_files`."""
    secret_files: Any = None
    """The name of the Secret with the contents of `secret_files`."""


class MountPath(NamedTuple):
    """A path in the container at which something is mounted."""

    path: str
    location: Location
    """Where the arguments say so."""
    removable: Optional[Location] = None
    """What to remove to unmount it; None if nothing can be removed."""


def check_variables(environment: EnvironmentSpec, problems: Problems) -> None:
    """Report variables that are set twice."""
    first: dict[str, Location] = {}
    for field, values in (
        ("env", environment.env),
        ("field_env", environment.field_env),
        ("resource_env", environment.resource_env),
        ("secret_env", environment.secret_env),
        ("env_value_from", environment.env_value_from),
    ):
        for name in values:
            where = environment.at / field / Key(name)
            other = first.setdefault(name, where)
            if other != where:
                problems.report(DUPLICATE_VARIABLE, where, other=other, fix=Remove(where))
    check_sources(environment.env_value_from, environment.env_from, problems)


def check_contents(environment: EnvironmentSpec, problems: Problems) -> None:
    """Report files and secret variables that are more than one ConfigMap or Secret can have."""
    for field, kind in (("config_files", "ConfigMap"), ("secret_files", "Secret"), ("secret_env", "Secret")):
        problems.run(_check_contents_of, environment, field, kind)
    problems.run(_check_executables, environment)


def _check_contents_of(environment: EnvironmentSpec, field: str, kind: str, problems: Problems) -> None:
    values: Values = getattr(environment, field)
    check_data(values, environment.at / field, kind, problems)


def _check_executables(environment: EnvironmentSpec, problems: Problems) -> None:
    """Report executable files that don't exist."""
    files = sorted({*environment.config_files, *environment.secret_files})
    for index, path in enumerate(environment.executable_files):
        if path not in files:
            where = environment.at / "executable_files" / index
            close = nearest(path, files)
            fix = None if close is None or close in environment.executable_files else Set(where, close)
            fields = [FieldName("config_files"), FieldName("secret_files")]
            problems.report(UNKNOWN_EXECUTABLE, where, value=path, fields=fields, fix=fix)


def own_mount_paths(environment: EnvironmentSpec) -> Iterator[MountPath]:
    """The paths of the files and of the writable paths."""
    for field, files in (("config_files", environment.config_files), ("secret_files", environment.secret_files)):
        for path in files:
            where = environment.at / field / Key(path)
            yield MountPath(path, where, where)
    for index, path in enumerate(environment.writable_paths):
        where = environment.at / "writable_paths" / index
        yield MountPath(path, where, where)


def check_mount_paths(paths: Iterable[MountPath], problems: Problems) -> None:
    """Report paths at which two things are mounted."""
    first: dict[str, Location] = {}
    for path, where, removable in paths:
        other = first.setdefault(path, where)
        if other != where:
            fix = None if removable is None else Remove(removable)
            problems.report(DUPLICATE_MOUNT_PATH, where, value=path, other=other, fix=fix)


def build_secret(metadata: Manifest, values: Values) -> Manifest:
    """The Secret with the secret variables. Its name is generated, so that a change creates another one and the pods
    roll."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _without_name(metadata),
        # Secret in the state, even if the arguments aren't.
        "stringData": pulumi.Output.secret(dict(values)),
        "immutable": True,
    }


def build_secret_files(metadata: Manifest, files: Values) -> Manifest:
    """The Secret with the secret files. Its name is generated, so that a change creates another one and the pods
    roll."""
    return build_secret(metadata, {_key_of(path): content for path, content in files.items()})


def build_config_map(metadata: Manifest, files: Values) -> Manifest:
    """The ConfigMap with the files. Its name is generated, so that a change creates another one and the pods roll."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _without_name(metadata),
        "data": {_key_of(path): content for path, content in files.items()},
        "immutable": True,
    }


def build_environment(environment: EnvironmentSpec, sources: Sources) -> Manifest:
    """The container's `env`. A variable comes after those that it refers to, because Kubernetes expands no other ones.

    Otherwise, plain values are ordered by name, so that the order in the arguments doesn't roll the pods. What values
    refer to that aren't known yet isn't known either: they come last, as far as others don't refer to them, in the
    order of the arguments, which the author can choose.
    """
    variables: dict[str, Manifest] = {name: {"value": value} for name, value in environment.env.items()}
    for name, path in environment.field_env.items():
        variables[name] = {"valueFrom": {"fieldRef": {"fieldPath": path}}}
    for name, resource in environment.resource_env.items():
        variables[name] = {"valueFrom": {"resourceFieldRef": {"resource": resource}}}
    for name in environment.secret_env:
        variables[name] = {"valueFrom": {"secretKeyRef": {"name": sources.secret, "key": name}}}
    for name, source in environment.env_value_from.items():
        variables[name] = {"valueFrom": build_value_from(source)}
    late = [name for name, value in environment.env.items() if not isinstance(value, str)]
    names = [*sorted(variables.keys() - set(late)), *late]
    ordered = in_order([{"name": name, **variables[name]} for name in names])
    return {**({"env": ordered} if ordered else {}), **build_env_from(environment.env_from)}


def build_files(
    environment: EnvironmentSpec, sources: Sources, owner: str = ""
) -> tuple[list[Manifest], list[Manifest]]:
    """The container's mounts, and the pod's volumes for them: read-only files, and writable paths. `owner` makes the
    volumes of one container differ from another's."""
    suffix = f"-{_hash(owner)}" if owner else ""
    mounts: list[Manifest] = []
    volumes: list[Manifest] = []
    for name, files, kind, source in (
        (_CONFIG_FILES, environment.config_files, "configMap", {"name": sources.config_map}),
        (_SECRET_FILES, environment.secret_files, "secret", {"secretName": sources.secret_files}),
    ):
        if files:
            volume = f"{name}{suffix}"
            mounts += [_file_mount(volume, path) for path in sorted(files)]
            volumes.append({"name": volume, kind: {**source, **_modes(files, environment.executable_files)}})
    for path in sorted(environment.writable_paths):
        volume = _volume_name(path, owner)
        mounts.append({"name": volume, "mountPath": path})
        volumes.append({"name": volume, "emptyDir": {"sizeLimit": f"{_WRITABLE_MIB}Mi"}})
    return mounts, volumes


def _file_mount(volume: str, path: str) -> Manifest:
    return {"name": volume, "mountPath": path, "subPath": _key_of(path), "readOnly": True}


def _modes(files: Values, executable: Sequence[str]) -> Manifest:
    """The files of a volume, if some of them are executable."""
    if not set(files) & set(executable):
        return {}
    items = [
        {"key": _key_of(path), "path": _key_of(path), **({"mode": _EXECUTABLE} if path in executable else {})}
        for path in sorted(files)
    ]
    return {"items": items}


def _without_name(metadata: Manifest) -> Manifest:
    return {key: value for key, value in metadata.items() if key != "name"}


def _key_of(path: str) -> str:
    """A path as the key of a ConfigMap, which can't have slashes."""
    whole = path.strip("/").replace("/", "_")
    # Kubernetes reserves keys that start with two dots.
    key = whole.lstrip(".") if whole.startswith("..") else whole
    # The hash distinguishes /a_b from /a/b.
    return f"{key}-{_hash(path)}" if "_" in path or key != whole else key


def _volume_name(path: str, owner: str) -> str:
    # The hash distinguishes paths that differ only in other characters.
    words = "".join(char if char.isalnum() else "-" for char in path.lower()).strip("-")[:40].rstrip("-")
    return f"{_WRITABLE}-{words}-{_hash(owner + path)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
