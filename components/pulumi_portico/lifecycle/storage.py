"""What Kubernetes freezes in a StatefulSet: a change that deletes data, or that doesn't do what it says, is rejected.

Another size is rejected with the steps that keep the pods, because the claims would keep their size.
"""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..args.problems import PorticoError
from ..untyped import Properties, mapped
from .claims import unique
from .consequences import claims_deleted_by_replacement
from .deployed import Deployed, read_deployed
from .hooks import mocked
from .replacement import Change, Finding

__all__ = ["on_frozen_change", "recorded_storage", "reject_deleted_claims", "reject_resize"]

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

_SIZES, _FROZEN = "storage", "frozen"
"""The keys in the component's recorded state."""
_STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"


def recorded_storage(gib: Mapping[str, int], frozen: Properties) -> dict[str, Any]:
    """What a component records of a StatefulSet: the size of each claim in GiB, by its name, and what else Kubernetes
    freezes."""
    return {_SIZES: dict(gib), _FROZEN: dict(frozen)}


def on_frozen_change(name: str) -> Optional[pulumi.ResourceHookBinding]:
    """Rejects another size, and a replacement that deletes data, before the engine replaces the StatefulSet, also in a
    preview."""
    if mocked():
        return None

    async def look(args: pulumi.ResourceHookArgs) -> None:
        old, new = mapped(args.old_inputs), mapped(args.new_inputs)
        if all(old.get(part, new.get(part)) == new.get(part) for part in (_SIZES, _FROZEN)):
            return
        # Nothing is replaced if the StatefulSet isn't in the state anymore, as after the steps.
        child = f"{args.urn.rpartition('::')[0]}${_STATEFUL_SET}::{name}-"
        deployed = await read_deployed()
        for kept in [resource for urn, resource in deployed.items() if urn.startswith(child)]:
            reject_resize(name, mapped(old.get(_SIZES)), mapped(new.get(_SIZES)), kept)
            reject_deleted_claims(mapped(old.get(_FROZEN)), mapped(new.get(_FROZEN)), kept)

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    hook = pulumi.ResourceHook(unique(f"portico-{name}-storage"), look, options)
    return pulumi.ResourceHookBinding(before_update=[hook])


def reject_deleted_claims(old: Properties, new: Properties, stateful_set: Deployed) -> None:
    """Raise `PorticoError` if a replacement of the StatefulSet deletes its claims."""
    fields = sorted(field for field in {*old, *new} if old.get(field) != new.get(field))
    if found := claims_deleted_by_replacement(stateful_set, fields):
        raise PorticoError(found.text)


def reject_resize(name: str, old: Properties, new: Properties, stateful_set: Deployed) -> None:
    """Raise `PorticoError` with the steps if a size changes."""
    changes = tuple(_resized(old, new))
    if not changes:
        return
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
