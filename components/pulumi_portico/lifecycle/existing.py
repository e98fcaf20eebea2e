"""Objects that exist already when a stack is about to create them: those of another stack, and those of nobody's.

To version 4.28, the Kubernetes provider takes over an existing object, and fails if fields conflict. Newer versions
fail for each existing object. Neither preview shows it.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..args.problems import PorticoError
from ..untyped import Manifest
from .deployed import read_deployed
from .ownership import OWNER, is_patch, owner
from .replacement import Finding

__all__ = ["reject_existing"]

_FORCE = "PULUMI_K8S_ENABLE_PATCH_FORCE"
"""The environment variable that makes the Kubernetes provider override conflicts."""

_SHARED = ("Namespace",)
"""Kinds that a stack may find and take over if no other stack owns them."""

OWNED_BY_ANOTHER_STACK = define(
    "owned-by-another-stack",
    "{kind} {name} exists already, and the stack {other} owns it. This stack is {own}.",
    hint="Set another name or namespace, or remove the object from one of the stacks. To move it, see "
    "docs/ownership.md.",
)
EXISTS = define(
    "object-exists",
    "{kind} {name} exists already, and no stack owns it.",
    hint="Set another name or namespace, or delete the object: kubectl delete {resource} {path}. To take over objects "
    "that kubectl or Helm created, with their running pods, run PULUMI_K8S_ENABLE_PATCH_FORCE=true pulumi up once.",
)

Lookup = Callable[[str], Any]
"""Reads the object with an ID from the cluster, as a resource."""


def reject_existing(resource: Any, api_version: str, kind: str, lookup: Lookup) -> None:
    """Fail a preview that would create an object that exists already, unless the stack owns it.

    The Kubernetes provider overrides conflicts when it previews a new object, so that only an update has them.
    """
    if not pulumi.runtime.is_dry_run() or is_patch(api_version, kind) or os.environ.get(_FORCE) == "true":
        return

    async def look() -> None:
        # A resource of the stack's state has an ID in a preview too, unless it's replaced.
        if await resource.id.is_known() or not await resource.metadata.is_known():
            return
        metadata: Manifest = await resource.metadata.future() or {}
        if not _text(metadata, "resource_version", "resourceVersion"):
            # Only an object that exists has a version.
            return
        name = "/".join(filter(None, (_text(metadata, "namespace"), _text(metadata, "name"))))
        live: Manifest = await lookup(name).metadata.future() or {}
        annotations: Mapping[str, str] = live.get("annotations") or {}
        other = annotations.get(OWNER)
        if other == owner():
            return
        if other is not None:
            params = {"kind": kind, "name": name, "other": other, "own": owner()}
            raise PorticoError(Finding(OWNED_BY_ANOTHER_STACK, params).text)
        if kind not in _SHARED and not await _is_deployed(kind, metadata):
            raise PorticoError(Finding(EXISTS, _existing(kind, name, metadata)).text)

    # The program waits for Outputs.
    pulumi.Output.from_input(look())


async def _is_deployed(kind: str, metadata: Manifest) -> bool:
    """Whether the stack has the object, without an owner: it's from an earlier version of Portico, and is replaced."""
    name, namespace = _text(metadata, "name"), _text(metadata, "namespace")
    return any(
        deployed.type.rpartition(":")[2] == kind and (deployed.object_name, deployed.namespace) == (name, namespace)
        for deployed in (await read_deployed()).values()
    )


def _existing(kind: str, name: str, metadata: Manifest) -> Manifest:
    namespace = _text(metadata, "namespace")
    path = _text(metadata, "name") + (f" --namespace {namespace}" if namespace else "")
    return {"kind": kind, "name": name, "resource": kind.lower(), "path": path}


def _text(metadata: Manifest, name: str, api_name: Optional[str] = None) -> str:
    """A field of an object's metadata; that of a kind that the SDK doesn't know has the API's names."""
    # The SDK's own types warn of the API's names.
    names = [name, api_name] if api_name and metadata.__class__ is dict else [name]
    return next((str(metadata[key]) for key in names if metadata.get(key)), "")
