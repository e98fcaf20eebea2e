"""The number of pods, which an autoscaler owns until a service has no autoscaling anymore.

The API server remembers that the autoscaler has set `spec.replicas`, also when it's gone, and rejects another number as
a conflict. Force would override every other conflict too. So Portico removes only that memory.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..untyped import Manifest, Properties, listed, mapped
from .claims import unique
from .deployed import Deployed, read_deployed
from .hooks import mocked
from .kubectl import Kubectl, kubectl_of
from .ownership import OWNER, PATCH_FORCE, owner
from .replacement import Finding

__all__ = ["explanation", "forced_if_scaled", "is_conflict", "on_replicas_change", "released"]

TAKEN_IN_PREVIEW = define(
    "replicas-owned-in-preview",
    "Something else has set the number of pods of {workload}, so a preview fails with a conflict.",
    hint="Run pulumi up --skip-preview once. It deletes an autoscaler of the stack, and sets the number.",
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


async def forced_if_scaled(workload: str, autoscaler: str, annotations: Manifest) -> Manifest:
    """The annotations of a workload in a preview, with force if something else has set the number of its pods.

    A preview can't take the number back, because it changes nothing. So it must override who has set it. `workload` and
    `autoscaler` are Pulumi names.
    """
    return {**annotations, PATCH_FORCE: "true"} if await _was_scaled(workload, autoscaler) else annotations


async def _was_scaled(workload: str, autoscaler: str) -> bool:
    deployed = (await read_deployed()).by_name
    if any(found.type.endswith(":HorizontalPodAutoscaler") for found in deployed.get(autoscaler, ())):
        return True
    return any(_is_left_to_others(found) for found in deployed.get(workload, ()))


def _is_left_to_others(workload: Deployed) -> bool:
    """Whether something else has set the number of a workload's pods, or the last program allowed it to."""
    inputs = workload.outputs.get("__inputs")
    entries = listed(workload.metadata.get("managedFields"))
    is_scaled = any(mapped(entry).get("subresource") == _SCALE for entry in entries)
    return is_scaled or (inputs is not None and _replicas(mapped(inputs)) is None)


def on_replicas_change(name: str, parent: pulumi.Resource) -> Optional[pulumi.ResourceHookBinding]:
    """Takes the number of pods back from the autoscaler that a service had, before the engine sets another one."""
    if mocked():
        return None

    async def release(args: pulumi.ResourceHookArgs) -> None:
        if _replicas(args.old_inputs) != _replicas(args.new_inputs):
            await _release(_Scaled.of(args.type, args.new_inputs), await kubectl_of(parent))

    async def explain(args: pulumi.ErrorHookArgs) -> bool:
        if args.failed_operation == "update" and is_conflict(args.errors):
            pulumi.log.error(explanation(_Scaled.of(args.type, args.new_inputs).full_name, args.errors[0]).text)
        return False

    return pulumi.ResourceHookBinding(
        before_update=[pulumi.ResourceHook(unique(f"portico-{name}-replicas"), release)],
        on_error=[pulumi.ErrorHook(unique(f"portico-{name}-replicas-conflict"), explain)],
    )


@dataclass(frozen=True)
class _Scaled:
    """A workload with a number of pods."""

    kind: str
    name: str
    namespace: str

    @property
    def full_name(self) -> str:
        """The workload in messages."""
        return f"{self.kind} {self.namespace}/{self.name}"

    @classmethod
    def of(cls, resource_type: str, inputs: Optional[Properties]) -> "_Scaled":
        metadata = mapped((inputs or {}).get("metadata"))
        namespace = str(metadata.get("namespace") or "default")
        return cls(resource_type.rpartition(":")[2], str(metadata.get("name")), namespace)


def _replicas(inputs: Optional[Properties]) -> Any:
    return mapped((inputs or {}).get("spec")).get("replicas")


def explanation(workload: str, error: str) -> Finding:
    """What to do about a conflict of the number of pods of a workload."""
    if pulumi.runtime.is_dry_run():
        return Finding(TAKEN_IN_PREVIEW, {"workload": workload})
    return Finding(TAKEN, {"workload": workload, "manager": next(iter(_MANAGER.findall(error)), "another manager")})


async def _release(workload: _Scaled, kubectl: Kubectl) -> None:
    """Delete the autoscalers of the stack, which would set the number again, and what the API server remembers of
    them."""
    within = ("--namespace", workload.namespace)
    for scaler in await kubectl.items("horizontalpodautoscalers", *within):
        if _target(scaler) == (workload.kind, workload.name):
            if not _is_own(scaler):
                return
            # The engine deletes it last, and then finds it gone.
            await kubectl.run(
                "delete", "horizontalpodautoscaler", str(mapped(scaler.get("metadata")).get("name")), *within
            )
    identity = (workload.kind, workload.name, *within)
    text = await kubectl.run("get", *identity, "--show-managed-fields", "--output", "json")
    fields = listed(mapped(mapped(json.loads(text)).get("metadata")).get("managedFields")) if text else ()
    kept = released(fields)
    if kept is not None:
        patch = [{"op": "replace", "path": "/metadata/managedFields", "value": kept}]
        await kubectl.run("patch", *identity, "--type=json", "--patch", json.dumps(patch))


def _target(scaler: Manifest) -> tuple[Any, Any]:
    reference = mapped(mapped(scaler.get("spec")).get("scaleTargetRef"))
    return reference.get("kind"), reference.get("name")


def _is_own(scaler: Manifest) -> bool:
    return mapped(mapped(scaler.get("metadata")).get("annotations")).get(OWNER) == owner()
