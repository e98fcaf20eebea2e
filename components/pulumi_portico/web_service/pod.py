"""The pod of a `WebService`, built from its checked arguments.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from ..merge import merged
from ..workload.availability import SHUTDOWN_SECONDS, build_drain
from ..workload.identity import build_identity_labels
from ..workload.kinds import WorkloadKind
from ..workload.placement import build_placement, build_spread
from .containers import build_container, build_more
from .environment import Sources, build_files
from .images import build_pull_policy, build_pull_secrets
from .plan import Plan
from .security import build_container_security, build_pod_security
from .volumes import build_mounts, build_volume, wants_group

__all__ = ["build_template"]


def build_template(plan: Plan, account: Any, sources: Mapping[str, Sources]) -> dict[str, Any]:
    """The template of the pods: of the ServiceAccount ``account``, with each container's ``sources`` by its name.

    What `extra` says is merged last.
    """
    args = plan.args
    metadata: dict[str, Any] = {"labels": {**build_identity_labels(args.get("identity")), **plan.labels}}
    if annotations := args.get("pod_annotations"):
        metadata["annotations"] = annotations
    template = {"metadata": metadata, "spec": _spec(plan, account, sources)}
    return merged(template, args["extra"]) if "extra" in args else template


def _spec(plan: Plan, account: Any, sources: Mapping[str, Sources]) -> dict[str, Any]:
    args = plan.args
    security, policy, placement = args.get("security", {}), args.get("image_policy", {}), args.get("placement")
    every = {**build_pull_policy(policy), **build_container_security(security)}
    own = sources.get(plan.name, Sources())
    of_container, of_pod = build_drain(plan.drain, args.get("shutdown", SHUTDOWN_SECONDS))
    application = {**build_container(plan.name, args, own, plan.ports, every), **of_container}
    mounts, files = build_files(args, own)
    mounts += build_mounts(args.get("volumes", {}), args.get("storage", {}))
    if mounts:
        application["volumeMounts"] = mounts
    more, more_files = build_more(args, sources, every)
    volumes = [*files, *more_files, *(build_volume(*it) for it in sorted(args.get("volumes", {}).items()))]
    return {
        "serviceAccountName": account,
        "automountServiceAccountToken": args.get("identity", {}).get("token", False),
        # Environment variables for every Service of the namespace: a leak of names, and slow with many.
        "enableServiceLinks": False,
        **build_pod_security(security, storage="storage" in args or wants_group(args.get("volumes", {}))),
        **build_pull_secrets(policy),
        **build_placement(placement),
        **build_spread(WorkloadKind(plan.kind), placement and placement.spread, plan.selector),
        **of_pod,
        **_listed("volumes", volumes),
        **_listed("initContainers", more),
        "containers": [application],
    }


def _listed(key: str, items: Sequence[Any]) -> dict[str, Any]:
    return {key: cast("list[Any]", items)} if items else {}
