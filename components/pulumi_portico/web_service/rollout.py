"""How new pods take the place of old ones.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.values import whole_number
from ..checks import Field, Rules
from ..errors import Problems, Refusal
from ..outputs import applied
from .kinds import WorkloadKind

__all__ = ["RULES", "Rollout", "build_rollout", "check_rollout"]


class Rollout(TypedDict):
    """How new pods take the place of old ones: by default a new one is ready before an old one goes."""

    max_surge: NotRequired[pulumi.Input[int]]
    """How many pods (0 or more) there may be beyond what is wanted; of a DaemonSet, on how many nodes. This or
    `max_surge_percent`. Default: 25 percent; 0 on a DaemonSet with `max_unavailable`, which does one or the other, and
    on the host's network, where two pods of a node cannot both have its ports. Maps to `maxSurge`."""

    max_surge_percent: NotRequired[pulumi.Input[int]]
    """The same as a share (0 to 100 percent), rounded up."""

    max_unavailable: NotRequired[pulumi.Input[int]]
    """How many pods (0 or more) may be missing from what is wanted. This or `max_unavailable_percent`. Default: 0; 1
    on the host's network. Maps to `maxUnavailable`."""

    max_unavailable_percent: NotRequired[pulumi.Input[int]]
    """The same as a share (0 to 100 percent), rounded down; of a DaemonSet, up."""

    recreate: NotRequired[bool]
    """Whether all old pods go before the first new one comes: an interruption, for applications of which two versions
    must not run at once. Plain. Default: false. Maps to `strategy.type: Recreate`."""

    min_ready: NotRequired[pulumi.Input[int]]
    """Seconds (0 or more) that a new pod must be ready without a break before it counts. Default: 0. Maps to
    `minReadySeconds`."""

    progress_deadline: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more, and more than `min_ready`) without progress after which a rollout has failed; the old pods go
    on serving. Default: 600, which is Kubernetes' own. Maps to `progressDeadlineSeconds`."""

    revision_history: NotRequired[pulumi.Input[int]]
    """How many old revisions (0 or more) are kept to go back to. Default: 10, which is Kubernetes' own. Maps to
    `revisionHistoryLimit`."""

    partition: NotRequired[pulumi.Input[int]]
    """The number (0 or more) of the first pod of a StatefulSet that is updated; those below it stay as they are. While
    it is set, `pulumi up` waits for ready pods, not for new ones. Default: 0. Maps to `rollingUpdate.partition`."""


_COUNT = Field(whole_number(0, what="a number of pods"))
_PERCENT = Field(whole_number(0, 100, "a percentage"))

RULES: Rules = {
    Rollout: {
        "max_surge": _COUNT,
        "max_surge_percent": _PERCENT,
        "max_unavailable": _COUNT,
        "max_unavailable_percent": _PERCENT,
        "min_ready": Field(whole_number(0, what="a number of seconds")),
        "progress_deadline": Field(whole_number(1, what="a number of seconds")),
        "revision_history": Field(whole_number(0, what="a number of revisions")),
        "partition": Field(whole_number(0, what="the number of a pod")),
    }
}
"""What the fields must satisfy beyond their types."""

_PROGRESS_SECONDS = 600
_NUMBERS = (
    ("min_ready", "minReadySeconds"),
    ("progress_deadline", "progressDeadlineSeconds"),
    ("revision_history", "revisionHistoryLimit"),
)
_NOTHING = (0, "0%")
_MOVES = ("max_surge", "max_surge_percent", "max_unavailable", "max_unavailable_percent")


def check_rollout(
    rollout: Mapping[str, Any], kind: str, problems: Problems, path: str, spelling: Callable[[str], str]
) -> None:
    """Note numbers that are given twice, or that let no pod be replaced."""
    for field in ("max_surge", "max_unavailable"):
        if field in rollout and f"{field}_percent" in rollout:
            refusal = Refusal(f"stands beside {spelling(field)}", "a number or a share", "keep one of the two")
            problems.note(f"{path}.{spelling(f'{field}_percent')}", refusal)
    if rollout.get("recreate") is True:
        for field in (it for it in _MOVES if it in rollout):
            refusal = Refusal("is for old and new pods side by side, and recreate allows none", "one of the two")
            problems.note(f"{path}.{spelling(field)}", refusal)
    else:
        _check_moves(rollout, kind, problems, path, spelling)
    ready, deadline = rollout.get("min_ready", 0), rollout.get("progress_deadline", _PROGRESS_SECONDS)
    known = isinstance(ready, int) and isinstance(deadline, int)
    if kind == WorkloadKind.DEPLOYMENT.value and known and ready >= deadline > 0:
        refusal = Refusal(
            f"is not less than the {deadline} seconds of {spelling('progress_deadline')}, so that every rollout fails",
            f"less than {deadline}",
            f"raise {spelling('progress_deadline')}",
        )
        problems.add(f"{path}.{spelling('min_ready')}", ready, refusal)


def _check_moves(
    rollout: Mapping[str, Any], kind: str, problems: Problems, path: str, spelling: Callable[[str], str]
) -> None:
    # As they were given: by number or by share.
    surge, unavailable = (
        spelling(next((given for given in (it, f"{it}_percent") if given in rollout), it))
        for it in ("max_surge", "max_unavailable")
    )
    still = [amount in _NOTHING for amount in _moves(rollout, kind)]
    if all(still):
        refusal = Refusal(
            f"and {unavailable} are both 0, so that no pod could be replaced",
            "1 or more in one of the two",
            f"leave {surge} out, or raise {unavailable}",
        )
        problems.note(f"{path}.{surge}", refusal)
    elif kind == WorkloadKind.DAEMON_SET.value and not any(still):
        refusal = Refusal(
            f"stands beside {unavailable}, and a DaemonSet either adds a pod on a node or takes one away",
            "one of the two",
            f"leave {unavailable} out to have no node without its pod",
        )
        problems.note(f"{path}.{surge}", refusal)


def build_rollout(kind: str, rollout: Rollout, *, on_host: bool = False) -> dict[str, Any]:
    """The part of the workload's `spec` that says how its pods are replaced; ``on_host`` says that their ports are
    those of their node, which an old and a new pod cannot both have."""
    spec: dict[str, Any] = {theirs: rollout[ours] for ours, theirs in _NUMBERS if ours in rollout}
    if kind == WorkloadKind.REPLICA_SET.value:
        return spec
    if kind == WorkloadKind.STATEFUL_SET.value:
        return {**spec, "updateStrategy": _rolling({"partition": rollout.get("partition", 0)})}
    if rollout.get("recreate", False):
        return {**spec, "strategy": {"type": "Recreate"}}
    surge, unavailable = _moves(rollout, kind, on_host=on_host)
    how = _rolling({"maxSurge": surge, "maxUnavailable": unavailable})
    return {**spec, "strategy" if kind == WorkloadKind.DEPLOYMENT.value else "updateStrategy": how}


def _rolling(told: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": dict(told)}


def _moves(rollout: Mapping[str, Any], kind: str, *, on_host: bool = False) -> tuple[Any, Any]:
    """How many pods more, and how many fewer, there may be."""
    given = [it for it in _MOVES if it in rollout]
    # A DaemonSet does one or the other; on the host's network, two pods of one node cannot both have its ports.
    take_away = on_host or (kind == WorkloadKind.DAEMON_SET.value and any("unavailable" in it for it in given))
    surge = _amount(rollout, "max_surge", 0 if take_away else "25%")
    return surge, _amount(rollout, "max_unavailable", 1 if on_host else 0)


def _amount(rollout: Mapping[str, Any], field: str, default: Any) -> Any:
    percent = rollout.get(f"{field}_percent")
    return rollout.get(field, default) if percent is None else applied(percent, lambda share: f"{share}%")
