"""Rules of volumes that are existing claims: most of them can be mounted on one node at a time."""

from typing import TYPE_CHECKING, Any, Optional

from ..args.codes import define
from ..args.location import Field as FieldName
from ..args.location import Key
from ..args.problems import Edit, Problems, Remove, Set
from ..workload.kinds import WorkloadKind
from ..workload.rollout import AMOUNT_FIELDS, removes_first
from ..workload.volumes import AccessMode, VolumeSpec

if TYPE_CHECKING:
    from .args import WebServiceSpec

__all__ = ["check_claims"]

_SHARED = (AccessMode.READ_WRITE_MANY, AccessMode.READ_ONLY_MANY)

CLAIM_OF_SEVERAL_PODS = define(
    "claim-of-several-pods",
    "Pods on several nodes can't mount one claim, unless its access mode allows it; {kind} can have several pods.",
    allowed="1 pod that is deleted before the next one is created, or an {access_mode} of {modes}",
    hint="If the claim has such a mode, set {access_mode}.",
)
CLAIM_BLOCKS_ROLLOUT = define(
    "claim-blocks-rollout",
    "A new pod on another node can't mount the claim while the old pod exists, so the rollout never ends.",
    allowed="{recreate}, or an {access_mode} of {modes}",
    hint="If the claim has such a mode, set {access_mode}.",
)
ACCESS_MODE_WITHOUT_CLAIM = define("access-mode-without-claim", "Only a claim has an access mode.")


def check_claims(spec: "WebServiceSpec", problems: Problems) -> None:
    """Report claims that pods on several nodes mount, but for which nothing says that they can."""
    for name, volume in spec.volumes.items():
        problems.run(_check_access_mode, volume)
        if volume.claim is not None and volume.access_mode not in _SHARED:
            problems.run(_check_claim, name, spec)


def _check_access_mode(volume: VolumeSpec, problems: Problems) -> None:
    if volume.access_mode is not None and volume.claim is None:
        where = volume.at / "access_mode"
        problems.report(ACCESS_MODE_WITHOUT_CLAIM, where, fix=Remove(where))


def _check_claim(name: str, spec: "WebServiceSpec", problems: Problems) -> None:
    where = spec.at / "volumes" / Key(name) / "claim"
    field, modes = FieldName("access_mode"), [mode.value for mode in _SHARED]
    recreates = spec.kind is WorkloadKind.STATEFUL_SET or (
        spec.kind is WorkloadKind.DEPLOYMENT and spec.rollout is not None and removes_first(spec.rollout)
    )
    if not _has_one_pod(spec):
        fix = [] if recreates else _recreate(spec)
        edits = None if fix is None else [*_one_pod(spec), *fix]
        problems.report(
            CLAIM_OF_SEVERAL_PODS, where, kind=f"a {spec.kind.value}", fix=edits, access_mode=field, modes=modes
        )
    elif not recreates:
        fix, recreate = _recreate(spec), FieldName("recreate")
        problems.report(CLAIM_BLOCKS_ROLLOUT, where, recreate=recreate, fix=fix, access_mode=field, modes=modes)


def _has_one_pod(spec: "WebServiceSpec") -> bool:
    """Whether there is one pod, or none; what isn't known yet counts as one."""
    if spec.kind is WorkloadKind.DAEMON_SET or spec.external_replicas:
        return False
    count: Any = spec.replicas if spec.autoscaling is None else spec.autoscaling.max_replicas
    if count is None:
        return spec.kind is WorkloadKind.STATEFUL_SET
    return not isinstance(count, int) or count <= 1


def _one_pod(spec: "WebServiceSpec") -> list[Edit]:
    others = [Remove(spec.at / "autoscaling")] if spec.autoscaling is not None else []
    others += [Remove(spec.at / "external_replicas")] if spec.external_replicas else []
    return [*others, Set(spec.at / "replicas", 1)]


def _recreate(spec: "WebServiceSpec") -> Optional[list[Edit]]:
    """What deletes the old pod first; None if the kind can't."""
    if spec.kind is not WorkloadKind.DEPLOYMENT:
        return None
    rollout = spec.rollout
    set_amounts = [field for field in AMOUNT_FIELDS if rollout is not None and getattr(rollout, field) is not None]
    return [
        *(Remove(spec.at / "rollout" / field) for field in set_amounts),
        Set(spec.at / "rollout" / "recreate", value=True),
    ]
