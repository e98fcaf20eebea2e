"""The size of a StatefulSet's storage, which Kubernetes freezes: a change is rejected with steps that keep the pods."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..args.problems import PorticoError
from ..untyped import Properties, mapped
from .claims import unique
from .deployed import Deployed, read_deployed
from .hooks import mocked
from .replacement import Change, Finding

__all__ = ["on_resize", "recorded_sizes", "reject_resize"]

RESIZED = define(
    "storage-resized",
    "{subject} can't change the size of its storage in place: {changes}. Kubernetes freezes it in a StatefulSet, so "
    "all pods would be deleted at once, and the claims would keep their size.",
    hint="Change it in steps that keep the pods:\n"
    "1. To grow the claims, if their StorageClass has allowVolumeExpansion: kubectl patch persistentvolumeclaim CLAIM "
    "--namespace {namespace} --patch '{patch}', for each claim: {claims}. Claims can't shrink.\n"
    "2. Delete the StatefulSet without its pods: kubectl delete statefulset {name} --namespace {namespace} "
    "--cascade=orphan\n"
    "3. Run pulumi refresh, which removes it from the state.\n"
    "4. Make this change. Run pulumi up. The new StatefulSet takes over the pods and the claims.",
)

_SIZES = "storage"
"""The key in the component's recorded state."""
_STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"


def recorded_sizes(gib: Mapping[str, int]) -> dict[str, Any]:
    """What a component records of its storage: the size of each claim in GiB, by its name."""
    return {_SIZES: dict(gib)} if gib else {}


def on_resize(name: str) -> Optional[pulumi.ResourceHookBinding]:
    """Rejects another size before the engine replaces the StatefulSet, also in a preview."""
    if mocked():
        return None

    async def look(args: pulumi.ResourceHookArgs) -> None:
        old, new = mapped((args.old_inputs or {}).get(_SIZES)), mapped((args.new_inputs or {}).get(_SIZES))
        if not _resized(old, new):
            return
        # Nothing is replaced if the StatefulSet isn't in the state anymore, as after the steps.
        child = f"{args.urn.rpartition('::')[0]}${_STATEFUL_SET}::{name}-"
        deployed = await read_deployed()
        kept = [resource for urn, resource in deployed.items() if urn.startswith(child)]
        if kept:
            reject_resize(name, old, new, kept[0])

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    return pulumi.ResourceHookBinding(
        before_update=[pulumi.ResourceHook(unique(f"portico-{name}-storage"), look, options)]
    )


def reject_resize(name: str, old: Properties, new: Properties, stateful_set: Deployed) -> None:
    """Raise `PorticoError` with the steps."""
    changes = tuple(_resized(old, new))
    count = int(stateful_set.spec.get("replicas") or 0)
    object_name = stateful_set.object_name
    claims = [f"{change.name}-{object_name}-{number}" for change in changes for number in range(count)]
    size = f"{int(changes[0].after)}Gi"
    params = {
        "subject": f'WebService "{name}"',
        "changes": changes,
        "namespace": stateful_set.namespace or "default",
        "name": object_name,
        "claims": claims,
        "patch": f'{{"spec":{{"resources":{{"requests":{{"storage":"{size}"}}}}}}}}',
    }
    raise PorticoError(Finding(RESIZED, params).text)


def _resized(old: Properties, new: Properties) -> list[Change]:
    return [Change(name, old[name], new[name]) for name in sorted(old.keys() & new.keys()) if old[name] != new[name]]
