"""What the application finds in its container: variables, secrets, files, and where it may write.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ..args.shapes import listed, mapped
from ..errors import Problems, Refusal

__all__ = [
    "GENERATED",
    "Sources",
    "build_config_map",
    "build_environment",
    "build_files",
    "build_secret",
    "check_environment",
]

Manifest = dict[str, Any]

GENERATED = ("config-files", "writable")
"""What the names of the volumes begin with that are made for these."""

_VARIABLES = ("env", "field_env", "resource_env", "secret_env")
_PATHS = ("config_files", "writable_paths")

# Enough for temporary files; what stays, or is large, wants a volume.
_WRITABLE_MIB = 256


@dataclass(frozen=True)
class Sources:
    """The generated names of the objects that a container's environment comes from."""

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


def build_files(args: Mapping[str, Any], sources: Sources, owner: str = "") -> tuple[list[Manifest], list[Manifest]]:
    """The container's mounts, and the volumes that the pod has for them: read-only files, and the paths that may be
    written. ``owner`` tells one container's volumes from another's."""
    config = GENERATED[0] + (f"-{_hash(owner)}" if owner else "")
    mounts: list[Manifest] = [
        {"name": config, "mountPath": path, "subPath": _key_of(path), "readOnly": True}
        for path in sorted(args.get("config_files", {}))
    ]
    volumes: list[Manifest] = [{"name": config, "configMap": {"name": sources.config_map}}] if mounts else []
    for path in sorted(args.get("writable_paths", [])):
        volume = _volume_name(path, owner)
        mounts.append({"name": volume, "mountPath": path})
        volumes.append({"name": volume, "emptyDir": {"sizeLimit": f"{_WRITABLE_MIB}Mi"}})
    return mounts, volumes


def check_environment(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str]) -> None:
    """Note a variable that is given twice, and a path that something is mounted at twice."""
    variables = [(name, f"{spelling(field)}.{name}") for field in _VARIABLES for name in _names(args.get(field))]
    _check_once(variables, problems, prefix, "each variable once")
    paths = [(path, f"{spelling(field)}.{path}") for field in _PATHS for path in _names(args.get(field))]
    for field in ("volumes", "storage"):
        named = {name: mapped(it).get("path") for name, it in mapped(args.get(field)).items()}
        paths += [(path, f"{field}.{name}.path") for name, path in named.items() if isinstance(path, str)]
    paths += [(path, f"mounts.{name}") for name, path in mapped(args.get("mounts")).items() if isinstance(path, str)]
    _check_once(paths, problems, prefix, "each path once")


def _check_once(told: Sequence[tuple[str, str]], problems: Problems, prefix: str, allowed: str) -> None:
    owners: dict[str, str] = {}
    for value, where in told:
        if value in owners:
            problems.note(prefix + where, Refusal(f"stands in {owners[value]} too", allowed, "keep one of the two"))
        # What follows the last name says nothing about where to look.
        owners[value] = where.removesuffix(f".{value}")


def _names(value: Any) -> list[str]:
    return [it for it in (*mapped(value), *listed(value)) if isinstance(it, str)]


def _nameless(metadata: Mapping[str, Any]) -> Manifest:
    return {key: value for key, value in metadata.items() if key != "name"}


def _key_of(path: str) -> str:
    """A path as a ConfigMap's key, which takes no slashes."""
    key = path.strip("/").replace("/", "_")
    # The hash tells /a_b from /a/b.
    return f"{key}-{_hash(path)}" if "_" in path else key


def _volume_name(path: str, owner: str) -> str:
    # The hash tells apart the paths whose letters and digits are the same.
    words = "".join(char if char.isalnum() else "-" for char in path.lower()).strip("-")[:40].rstrip("-")
    return f"{GENERATED[1]}-{words}-{_hash(owner + path)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
