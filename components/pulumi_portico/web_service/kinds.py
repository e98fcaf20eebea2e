"""The kinds of workload, and which settings each of them can have."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ..args.shapes import mapped
from ..errors import Problems, Refusal
from ..workload.kinds import ClaimRetention, PodManagement, StatefulSettings, WorkloadKind

__all__ = ["ClaimRetention", "PodManagement", "StatefulSettings", "WorkloadKind", "check_kind", "kind_of"]


_D, _S, _DS, _R = (kind.value for kind in WorkloadKind)

_KINDS_OF: Mapping[str, Collection[str]] = {
    "replicas": (_D, _S, _R),
    "autoscaling": (_D, _S, _R),
    "storage": (_S,),
    "stateful_set": (_S,),
    "disruption_budget": (_D, _S, _R),
    "placement.spread": (_D, _S, _R),
    "rollout.max_surge": (_D, _DS),
    "rollout.max_surge_percent": (_D, _DS),
    # A StatefulSet ignores it before Kubernetes 1.35.
    "rollout.max_unavailable": (_D, _DS),
    "rollout.max_unavailable_percent": (_D, _DS),
    "rollout.recreate": (_D,),
    "rollout.progress_deadline_seconds": (_D,),
    # Pulumi's provider replaces a StatefulSet, pods and all, when its history limit changes.
    "rollout.revision_history_limit": (_D, _DS),
    "rollout.partition": (_S,),
}
"""The kinds that can have a setting which others cannot, by the setting's path."""

_INSTEAD: Mapping[tuple[str, str], str] = {
    (_DS, "replicas"): "a DaemonSet runs one pod on each node: choose the nodes by placement",
    (_DS, "autoscaling"): "a DaemonSet grows with the nodes: leave it out",
    (_DS, "disruption_budget"): "a drain leaves a DaemonSet's pods alone: leave it out",
    (_DS, "placement.spread"): "a DaemonSet has a pod on each node anyway: leave it out",
}


def kind_of(args: Mapping[str, Any]) -> str:
    """The workload's kind."""
    return args.get("kind", _D)


def check_kind(args: Mapping[str, Any], problems: Problems, prefix: str, spelling: Callable[[str], str]) -> None:
    """Note each setting that the kind cannot have, and the kinds that can."""
    kind = kind_of(args)
    if kind not in (_D, _S, _DS, _R):
        return
    for path, kinds in _KINDS_OF.items():
        if kind in kinds or not _given(args, path):
            continue
        article = "a " if len(kinds) == 1 else ""
        fix = _INSTEAD.get((kind, path), f"leave it out, or make {article}{' or '.join(kinds)} of it by kind")
        where = ".".join(spelling(part) for part in path.split("."))
        problems.note(prefix + where, Refusal(f"is nothing that a {kind} has", ", ".join(kinds), fix))


def _given(args: Mapping[str, Any], path: str) -> bool:
    field, _, rest = path.partition(".")
    if not rest:
        return field in args
    return rest in mapped(args.get(field))
