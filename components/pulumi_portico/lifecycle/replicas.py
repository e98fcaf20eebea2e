"""The number of pods, which an autoscaler owns until a service has no autoscaling anymore.

The API server remembers that the autoscaler has set `spec.replicas`, also when it's gone, and rejects another number as
a conflict. Force would override every other conflict too. So Portico removes only that memory, and the engine retries.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..untyped import Manifest, mapped
from .claims import unique
from .deployed import items_of
from .hooks import mocked
from .kubectl import Kubectl, kubectl_of
from .ownership import OWNER, owner
from .replacement import Finding

__all__ = ["is_conflict", "on_replicas_conflict", "released"]

TAKEN_IN_PREVIEW = define(
    "replicas-owned-in-preview",
    "An autoscaler has set the number of pods of {workload}, so a preview fails with a conflict.",
    hint="Run pulumi up --skip-preview once. It deletes the autoscaler of the stack, and sets the number.",
)
TAKEN = define(
    "replicas-owned",
    "The number of pods of {workload} belongs to {manager}.",
    hint="To set it from now on, remove what sets it now, and run PULUMI_K8S_ENABLE_PATCH_FORCE=true pulumi up once.",
)

_REPLICAS = ".spec.replicas"
_SCALE = "scale"
_FIELD = re.compile(r"(?<![\w/])\.(?:spec|metadata|data)\b[^\s,]*")
_MANAGER = re.compile(r'conflicts? with "([^"]+)"')


def is_conflict(errors: Sequence[str]) -> bool:
    """Whether an object was rejected because of its number of replicas, and nothing else."""
    found = [error for error in errors[:1] if "conflict" in error]
    return any(set(_FIELD.findall(error)) == {_REPLICAS} for error in found)


def released(managed_fields: Sequence[Any]) -> Optional[list[Any]]:
    """An object's field managers without those that have set the number through the subresource, as autoscalers do;
    None if there are none."""
    kept = [entry for entry in managed_fields if mapped(entry).get("subresource") != _SCALE]
    return kept if len(kept) < len(managed_fields) and kept else None


def on_replicas_conflict(name: str, parent: pulumi.Resource) -> Optional[pulumi.ResourceHookBinding]:
    """Takes the number of pods back from the autoscaler that the service had."""
    if mocked():
        return None

    async def take_back(args: pulumi.ErrorHookArgs) -> bool:
        if args.failed_operation != "update" or not is_conflict(args.errors) or len(args.errors) > 1:
            return False
        return await _take_back(args, await kubectl_of(parent))

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook(unique(f"portico-{name}-replicas"), take_back)])


async def _take_back(args: pulumi.ErrorHookArgs, kubectl: Kubectl) -> bool:
    metadata, kind = mapped((args.new_inputs or {}).get("metadata")), args.type.rpartition(":")[2]
    name, namespace = str(metadata.get("name")), str(metadata.get("namespace") or "default")
    workload = f"{kind} {namespace}/{name}"
    if pulumi.runtime.is_dry_run():
        pulumi.log.error(Finding(TAKEN_IN_PREVIEW, {"workload": workload}).text)
        return False
    scalers = [
        scaler
        for scaler in await kubectl.items("horizontalpodautoscalers", "--namespace", namespace)
        if _target(scaler) == (kind, name)
    ]
    if all(map(_is_own, scalers)) and await _release(kubectl, kind, name, namespace, scalers):
        return True
    manager = next(iter(_MANAGER.findall(args.errors[0])), "another manager")
    pulumi.log.error(Finding(TAKEN, {"workload": workload, "manager": manager}).text)
    return False


def _target(scaler: Manifest) -> tuple[Any, Any]:
    reference = mapped(mapped(scaler.get("spec")).get("scaleTargetRef"))
    return reference.get("kind"), reference.get("name")


def _is_own(scaler: Manifest) -> bool:
    return mapped(mapped(scaler.get("metadata")).get("annotations")).get(OWNER) == owner()


async def _release(
    kubectl: Kubectl, kind: str, name: str, namespace: str, scalers: Sequence[Mapping[str, Any]]
) -> bool:
    """Delete the autoscalers, which would set the number again, and remove what is left of them. True if it worked."""
    within = ("--namespace", namespace)
    for scaler in scalers:
        # The engine deletes it last, and then finds it gone.
        scaler_name = str(mapped(scaler.get("metadata")).get("name"))
        if not await kubectl.run("delete", "horizontalpodautoscaler", scaler_name, *within):
            return False
    text = await kubectl.run("get", kind, name, *within, "--show-managed-fields", "--output", "json")
    fields = items_of(mapped(mapped(json.loads(text)).get("metadata")).get("managedFields")) if text else ()
    kept = released(fields)
    if kept is None:
        return False
    patch = [{"op": "replace", "path": "/metadata/managedFields", "value": kept}]
    return bool(await kubectl.run("patch", kind, name, *within, "--type=json", "--patch", json.dumps(patch)))
