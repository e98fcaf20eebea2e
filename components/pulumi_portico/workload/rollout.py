"""How new pods replace old ones.

Pure: specs in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, Optional

import pulumi

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.elsewhere import form, several, table, unsupported
from ..args.location import Field as FieldName
from ..args.parse import Field, Rules
from ..args.problems import Edit, Problems, Remove, Set
from ..args.spec import Spec, spec
from ..args.units import PERCENT, SECONDS
from ..args.values import LARGEST_INT32, whole_number
from ..outputs import applied
from ..untyped import Manifest
from .conversions import from_strategy, percentage, share_of
from .kinds import WorkloadKind

__all__ = ["AMOUNT_FIELDS", "RULES", "Rollout", "RolloutSpec", "build_rollout", "check_rollout", "removes_first"]


class Rollout(TypedDict):
    """How new pods replace old ones: by default, a new pod is ready before an old one is deleted."""

    max_surge: NotRequired[pulumi.Input[int]]
    """How many more pods than wanted (0 or more) can exist; of a DaemonSet, on how many nodes. Set this or
    `max_surge_percent`. Default: 25 percent; 0 for a DaemonSet with `max_unavailable`, which allows only one of them,
    and on the host network, because two pods of one node can't both use its ports. Maps to `maxSurge`."""

    max_surge_percent: NotRequired[pulumi.Input[int]]
    """How many more pods than wanted can exist, as a share (0 to 100 percent), rounded up. Set this or `max_surge`."""

    max_unavailable: NotRequired[pulumi.Input[int]]
    """How many fewer pods than wanted (0 or more) can be available. Set this or `max_unavailable_percent`. Default: 0;
    1 on the host network. Maps to `maxUnavailable`."""

    max_unavailable_percent: NotRequired[pulumi.Input[int]]
    """How many fewer pods than wanted can be available, as a share (0 to 100 percent), rounded down; for a DaemonSet,
    rounded up. Set this or `max_unavailable`."""

    recreate: NotRequired[bool]
    """Whether all old pods are deleted before the first new one is created: an interruption, for applications of which
    two versions must not run at once. Plain. Default: false. Maps to `strategy.type: Recreate`."""

    min_ready_seconds: NotRequired[pulumi.Input[int]]
    """Seconds (0 or more) that a new pod must be ready without interruption before it counts as available. Default: 0.
    Maps to `minReadySeconds`."""

    progress_deadline_seconds: NotRequired[pulumi.Input[int]]
    """Seconds (1 or more, and more than `min_ready_seconds`) without progress after which a rollout has failed; the old
    pods continue to serve. Default: 600, which is Kubernetes' own. Maps to `progressDeadlineSeconds`."""

    revision_history_limit: NotRequired[pulumi.Input[int]]
    """How many old revisions (0 or more) are kept for a rollback. Default: 10, which is Kubernetes' own. Maps to
    `revisionHistoryLimit`."""

    partition: NotRequired[pulumi.Input[int]]
    """The number (0 or more) of the first pod of a StatefulSet that is updated; pods with lower numbers don't change.
    While it is set, `pulumi up` waits for ready pods, not for new ones. Default: 0. Maps to
    `rollingUpdate.partition`."""


_NAMES_OF_ROLLOUT = table(
    {
        "strategy": several("recreate", "max_surge", "max_unavailable", convert=from_strategy),
        "type": several("recreate", convert=from_strategy),
        "rollingUpdate": several(
            "max_surge",
            "max_unavailable",
            "partition",
            convert=lambda value, beside: from_strategy({"rollingUpdate": value}, beside),
        ),
        "paused": unsupported(),
    },
    forms={
        "max_surge": (form(percentage, share_of("max_surge"), "max_surge_percent"),),
        "max_unavailable": (form(percentage, share_of("max_unavailable"), "max_unavailable_percent"),),
    },
)
"""Other tools' names for the fields of `Rollout`."""


@spec(
    Rollout,
    renamed={
        "min_ready": "min_ready_seconds",
        "progress_deadline": "progress_deadline_seconds",
        "revision_history": "revision_history_limit",
    },
    elsewhere=_NAMES_OF_ROLLOUT,
)
class RolloutSpec(Spec):
    """A parsed `Rollout`."""

    max_surge: Optional[pulumi.Input[int]] = None
    max_surge_percent: Optional[pulumi.Input[int]] = None
    max_unavailable: Optional[pulumi.Input[int]] = None
    max_unavailable_percent: Optional[pulumi.Input[int]] = None
    recreate: bool = False
    min_ready_seconds: Optional[pulumi.Input[int]] = None
    progress_deadline_seconds: Optional[pulumi.Input[int]] = None
    revision_history_limit: Optional[pulumi.Input[int]] = None
    partition: Optional[pulumi.Input[int]] = None


_COUNT = Field(whole_number(0, what="a number of pods"))
_PERCENT = Field(whole_number(0, 100, PERCENT))

RULES: Rules = {
    Rollout: {
        "max_surge": _COUNT,
        "max_surge_percent": _PERCENT,
        "max_unavailable": _COUNT,
        "max_unavailable_percent": _PERCENT,
        "min_ready_seconds": Field(whole_number(0, what=SECONDS)),
        "progress_deadline_seconds": Field(whole_number(1, what=SECONDS)),
        "revision_history_limit": Field(whole_number(0, what="a number of revisions")),
        "partition": Field(whole_number(0, what="the number of a pod")),
    }
}
"""What the fields must satisfy beyond their types."""

SET_WITH_RECREATE = define(
    "rolling-update-with-recreate", "This is for rolling updates, and {recreate} replaces all pods at once."
)
REPLACES_NO_POD = define(
    "rollout-replaces-no-pod",
    "No pod can be replaced, because neither more nor fewer pods than wanted can exist.",
    allowed="1 or more for one of {fields}",
)
SURGES_AND_REMOVES = define(
    "daemon-set-surges-and-removes",
    "A DaemonSet either adds the new pod of a node first or deletes the old one first.",
    allowed="one of {fields}",
)
READY_AFTER_DEADLINE = define(
    "ready-after-deadline",
    "{value} seconds aren't less than {field}, which is {deadline} seconds, so every rollout would fail.",
    allowed="less than {deadline} seconds",
)

_PROGRESS_SECONDS = 600
_LONGEST = LARGEST_INT32 - _PROGRESS_SECONDS
_NOTHING = (0, "0%")


class _Amount(NamedTuple):
    """How many pods more or fewer can exist during a rollout."""

    field: str
    """The field that sets it, or would."""
    is_set: bool
    value: Any
    """A number or a percentage, as Kubernetes has them."""

    @property
    def is_nothing(self) -> bool:
        return self.value in _NOTHING


def check_rollout(rollout: RolloutSpec, kind: WorkloadKind, on_host: bool, problems: Problems) -> None:
    """Report amounts that are set twice, and rollouts that can't replace a pod; `on_host` says that the pods are on the
    host network."""
    problems.run(_check_exclusive, rollout)
    problems.run(_check_recreate if rollout.recreate else _check_amounts, rollout, kind, on_host)
    problems.run(_check_deadline, rollout, kind)


def _check_exclusive(rollout: RolloutSpec, problems: Problems) -> None:
    set_fields = {field for field, _ in _amount_fields(rollout)}
    for field in ("max_surge", "max_unavailable"):
        if {field, f"{field}_percent"} <= set_fields:
            percent = rollout.at / f"{field}_percent"
            problems.report_exclusive(percent, field, fix=Remove(percent))


AMOUNT_FIELDS = ("max_surge", "max_surge_percent", "max_unavailable", "max_unavailable_percent")
"""The fields that only a rolling update has."""


def removes_first(rollout: RolloutSpec) -> bool:
    """Whether a Deployment's old pod is deleted before the new one is created, if there is one pod."""
    surge, _ = _amounts(rollout, WorkloadKind.DEPLOYMENT, on_host=False)
    return rollout.recreate or surge.is_nothing


def _amount_fields(rollout: RolloutSpec) -> Iterator[tuple[str, Any]]:
    """The amounts that are set."""
    for field, value in (
        ("max_surge", rollout.max_surge),
        ("max_surge_percent", rollout.max_surge_percent),
        ("max_unavailable", rollout.max_unavailable),
        ("max_unavailable_percent", rollout.max_unavailable_percent),
    ):
        if value is not None:
            yield field, value


def _check_recreate(rollout: RolloutSpec, _kind: WorkloadKind, _on_host: bool, problems: Problems) -> None:
    for field, _ in _amount_fields(rollout):
        where = rollout.at / field
        problems.report(SET_WITH_RECREATE, where, recreate=FieldName("recreate"), fix=Remove(where))


def _check_amounts(rollout: RolloutSpec, kind: WorkloadKind, on_host: bool, problems: Problems) -> None:
    if kind not in (WorkloadKind.DEPLOYMENT, WorkloadKind.DAEMON_SET):
        return
    surge, unavailable = _amounts(rollout, kind, on_host=on_host)
    fields = [FieldName(surge.field), FieldName(unavailable.field)]
    fix: Edit
    if surge.is_nothing and unavailable.is_nothing:
        # Set the one that the user set: the other one may follow from it.
        at = rollout.at / (surge.field if surge.is_set and not on_host else unavailable.field)
        problems.report(REPLACES_NO_POD, at, fields=fields, fix=Set(at, 1))
    elif kind is WorkloadKind.DAEMON_SET and not surge.is_nothing and not unavailable.is_nothing:
        at = rollout.at / surge.field
        fix = Remove(rollout.at / (unavailable.field if unavailable.is_set else surge.field))
        problems.report(SURGES_AND_REMOVES, at, fields=fields, fix=fix)


def _check_deadline(rollout: RolloutSpec, kind: WorkloadKind, problems: Problems) -> None:
    ready, deadline = rollout.min_ready_seconds, rollout.progress_deadline_seconds
    deadline = _PROGRESS_SECONDS if deadline is None else deadline
    if kind is not WorkloadKind.DEPLOYMENT or not isinstance(ready, int) or not isinstance(deadline, int):
        return
    if ready >= deadline:
        where, field = rollout.at / "min_ready_seconds", FieldName("progress_deadline_seconds")
        fix = Set(rollout.at / field, ready + _PROGRESS_SECONDS) if ready <= _LONGEST else None
        problems.report(READY_AFTER_DEADLINE, where, value=ready, field=field, deadline=deadline, fix=fix)


def build_rollout(kind: WorkloadKind, rollout: Optional[RolloutSpec], *, on_host: bool = False) -> dict[str, Any]:
    """The part of the workload's `spec` that says how its pods are replaced; `on_host` says that they are on the host
    network, so that an old and a new pod of one node can't both use their ports."""
    found = rollout or RolloutSpec()
    built = _numbers(found)
    if kind is WorkloadKind.REPLICA_SET:
        return built
    if kind is WorkloadKind.STATEFUL_SET:
        return {**built, "updateStrategy": _rolling({"partition": 0 if found.partition is None else found.partition})}
    if found.recreate:
        return {**built, "strategy": {"type": "Recreate"}}
    surge, unavailable = _amounts(found, kind, on_host=on_host)
    strategy = _rolling({"maxSurge": surge.value, "maxUnavailable": unavailable.value})
    return {**built, "strategy" if kind is WorkloadKind.DEPLOYMENT else "updateStrategy": strategy}


def _numbers(rollout: RolloutSpec) -> dict[str, Any]:
    numbers = {
        "minReadySeconds": rollout.min_ready_seconds,
        "progressDeadlineSeconds": rollout.progress_deadline_seconds,
        "revisionHistoryLimit": rollout.revision_history_limit,
    }
    return {key: value for key, value in numbers.items() if value is not None}


def _rolling(settings: Manifest) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": dict(settings)}


def _amounts(rollout: RolloutSpec, kind: WorkloadKind, *, on_host: bool) -> tuple[_Amount, _Amount]:
    """How many more, and how many fewer, pods than wanted can exist."""
    removes = rollout.max_unavailable is not None or rollout.max_unavailable_percent is not None
    # A DaemonSet does one or the other; on the host network, two pods of one node can't both use its ports.
    only_remove = on_host or (kind is WorkloadKind.DAEMON_SET and removes)
    surge = _amount("max_surge", rollout.max_surge, rollout.max_surge_percent, 0 if only_remove else "25%")
    fewer = _amount("max_unavailable", rollout.max_unavailable, rollout.max_unavailable_percent, 1 if on_host else 0)
    return surge, fewer


def _amount(field: str, number: Any, percent: Any, default: Any) -> _Amount:
    if percent is not None:
        return _Amount(f"{field}_percent", is_set=True, value=applied(percent, lambda share: f"{share}%"))
    return _Amount(field, is_set=number is not None, value=default if number is None else number)
