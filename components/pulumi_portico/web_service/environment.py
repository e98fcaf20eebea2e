"""What the application finds in its container: variables, secrets, files, and where it may write.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, cast

import pulumi

from ..errors import Problems, Refusal

__all__ = ["Sources", "build_config_map", "build_environment", "build_secret", "build_volumes", "check_environment"]

Manifest = dict[str, Any]

_VARIABLES = ("env", "field_env", "resource_env", "secret_env")
_PATHS = ("config_files", "writable_paths")
_CONFIG_VOLUME = "config-files"
# Enough for temporary files; what stays, or is large, wants a volume.
_WRITABLE_MIB = 256


@dataclass(frozen=True)
class Sources:
    """The generated names of the objects that the container's environment comes from."""

    secret: Optional[pulumi.Input[str]] = None
    """The Secret with the values of `secret_env`."""
    config_map: Optional[pulumi.Input[str]] = None
    """The ConfigMap with the contents of `config_files`."""


def build_secret(metadata: Mapping[str, Any], values: Mapping[str, Any]) -> Manifest:
    """The Secret that holds the secret variables. Its name is generated, so that a change makes another one, and
    the pods roll."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _nameless(metadata),
        # Secret, however the values were given.
        "stringData": pulumi.Output.secret(dict(values)),
        "immutable": True,
    }


def build_config_map(metadata: Mapping[str, Any], files: Mapping[str, Any]) -> Manifest:
    """The ConfigMap that holds the files. Its name is generated, so that a change makes another one, and the pods
    roll."""
    data = {_key_of(path): content for path, content in files.items()}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _nameless(metadata),
        "data": data,
        "immutable": True,
    }


def build_environment(args: Mapping[str, Any], sources: Sources) -> Manifest:
    """The container's `env`, ordered by name, so that the order in which it was written rolls no pod."""
    variables: dict[str, Manifest] = {name: {"value": value} for name, value in args.get("env", {}).items()}
    for name, path in args.get("field_env", {}).items():
        variables[name] = {"valueFrom": {"fieldRef": {"fieldPath": path}}}
    for name, resource in args.get("resource_env", {}).items():
        variables[name] = {"valueFrom": {"resourceFieldRef": {"resource": resource}}}
    for name in args.get("secret_env", {}):
        variables[name] = {"valueFrom": {"secretKeyRef": {"name": sources.secret, "key": name}}}
    return {"env": [{"name": name, **variables[name]} for name in sorted(variables)]} if variables else {}


def build_volumes(args: Mapping[str, Any], sources: Sources) -> tuple[Manifest, Manifest]:
    """The container's mounts and the pod's volumes: read-only files, and the paths that may be written."""
    mounts: list[Manifest] = [
        {"name": _CONFIG_VOLUME, "mountPath": path, "subPath": _key_of(path), "readOnly": True}
        for path in sorted(args.get("config_files", {}))
    ]
    volumes: list[Manifest] = [{"name": _CONFIG_VOLUME, "configMap": {"name": sources.config_map}}] if mounts else []
    for path in sorted(args.get("writable_paths", [])):
        volume = _volume_name(path)
        mounts.append({"name": volume, "mountPath": path})
        volumes.append({"name": volume, "emptyDir": {"sizeLimit": f"{_WRITABLE_MIB}Mi"}})
    return ({"volumeMounts": mounts} if mounts else {}), ({"volumes": volumes} if volumes else {})


def check_environment(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str]) -> None:
    """Note a variable that is given twice, and a path that is mounted twice."""
    for fields, what in ((_VARIABLES, "each variable once"), (_PATHS, "each path once")):
        owners: dict[str, str] = {}
        for field in fields:
            for name in _names(args.get(field)):
                if name in owners:
                    refusal = Refusal(f"stands in {owners[name]} too", what, "keep one of the two")
                    problems.note(f"{prefix}{spelling(field)}.{name}", refusal)
                owners[name] = spelling(field)


def _names(value: Any) -> list[str]:
    if not isinstance(value, (Mapping, list)):
        return []
    return [it for it in cast("Sequence[Any]", value) if isinstance(it, str)]


def _nameless(metadata: Mapping[str, Any]) -> Manifest:
    return {key: value for key, value in metadata.items() if key != "name"}


def _key_of(path: str) -> str:
    """A path as a ConfigMap's key; no two paths have the same."""
    return path.strip("/").replace("_", "__").replace("/", "_")


def _volume_name(path: str) -> str:
    # The hash tells apart the paths whose letters and digits are the same.
    words = "".join(char if char.isalnum() else "-" for char in path.lower()).strip("-")[:40].rstrip("-")
    return f"writable-{words}-{hashlib.sha256(path.encode()).hexdigest()[:6]}"
