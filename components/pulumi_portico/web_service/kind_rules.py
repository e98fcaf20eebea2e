"""Which settings each kind of workload can have."""

from collections.abc import Collection, Iterator
from typing import NamedTuple, Optional

from ..args.codes import Code, define
from ..args.location import Field as FieldName
from ..args.location import Location
from ..args.problems import Problems, Remove
from ..workload.kinds import WorkloadKind
from ..workload.rollout import RolloutSpec
from .args import WebServiceSpec

__all__ = ["check_kind"]

_DEPLOYMENT, _STATEFUL_SET, _DAEMON_SET, _REPLICA_SET = WorkloadKind
_REPLICATED = (_DEPLOYMENT, _STATEFUL_SET, _REPLICA_SET)
_ROLLING = (_DEPLOYMENT, _DAEMON_SET)

NOT_FOR_KIND = define(
    "not-for-kind",
    "A {kind} doesn't have this setting.",
    allowed="{kinds}",
    hint="Remove it, or set {field} to one of {kinds}.",
)
REPLACES_STATEFUL_SET = define(
    "setting-replaces-stateful-set",
    "A {kind} has this setting in Kubernetes, but Pulumi's Kubernetes provider deletes a {kind} and its pods to change "
    "it.",
    allowed="{kinds}",
    hint="Remove it.",
)
NOT_IN_EVERY_VERSION = define(
    "setting-not-in-every-version",
    "A {kind} ignores this setting before Kubernetes 1.35, and Portico supports older versions.",
    allowed="{kinds}",
    hint="Remove it.",
)


class _Setting(NamedTuple):
    """A setting that only some kinds have."""

    location: Location
    is_set: bool
    kinds: Collection[WorkloadKind]
    removable: bool = True
    """Whether removing it is a fix: without storage, for example, the application is another one."""
    in_stateful_set: Code = NOT_FOR_KIND
    """Why a StatefulSet can't have it."""


def check_kind(spec: WebServiceSpec, problems: Problems) -> None:
    """Report each setting that the kind can't have, and the kinds that can."""
    for rule in (_check_settings, _check_stateful_settings, _check_spread, _check_rollout):
        problems.run(rule, spec)


def _check_settings(spec: WebServiceSpec, problems: Problems) -> None:
    for field, is_set in (
        ("replicas", spec.replicas is not None),
        ("autoscaling", spec.autoscaling is not None),
        ("external_replicas", spec.external_replicas),
        ("disruption_budget", spec.disruption_budget is not None),
    ):
        _check(_Setting(spec.at / field, is_set, _REPLICATED), spec.kind, problems)


def _check_stateful_settings(spec: WebServiceSpec, problems: Problems) -> None:
    only = (_STATEFUL_SET,)
    _check(_Setting(spec.at / "storage", bool(spec.storage), only, removable=False), spec.kind, problems)
    _check(_Setting(spec.at / "stateful_set", spec.stateful_set is not None, only), spec.kind, problems)


def _check_spread(spec: WebServiceSpec, problems: Problems) -> None:
    placement = spec.placement
    if placement is not None:
        setting = _Setting(placement.at / "spread", placement.spread is not None, _REPLICATED)
        _check(setting, spec.kind, problems)


def _check_rollout(spec: WebServiceSpec, problems: Problems) -> None:
    if spec.rollout is not None:
        for setting in _rollout_settings(spec.rollout):
            _check(setting, spec.kind, problems)


def _rollout_settings(rollout: RolloutSpec) -> Iterator[_Setting]:
    for field, is_set, kinds, *reason in (
        ("max_surge", rollout.max_surge is not None, _ROLLING),
        ("max_surge_percent", rollout.max_surge_percent is not None, _ROLLING),
        ("max_unavailable", rollout.max_unavailable is not None, _ROLLING, NOT_IN_EVERY_VERSION),
        ("max_unavailable_percent", rollout.max_unavailable_percent is not None, _ROLLING, NOT_IN_EVERY_VERSION),
        ("recreate", rollout.recreate, (_DEPLOYMENT,)),
        ("progress_deadline_seconds", rollout.progress_deadline_seconds is not None, (_DEPLOYMENT,)),
        ("revision_history_limit", rollout.revision_history_limit is not None, _ROLLING, REPLACES_STATEFUL_SET),
        ("partition", rollout.partition is not None, (_STATEFUL_SET,)),
    ):
        yield _Setting(rollout.at / field, is_set, kinds, in_stateful_set=next(iter(reason), NOT_FOR_KIND))


def _check(setting: _Setting, kind: WorkloadKind, problems: Problems) -> None:
    if setting.is_set and kind not in setting.kinds:
        fix: Optional[Remove] = Remove(setting.location) if setting.removable else None
        kinds = [allowed.value for allowed in setting.kinds]
        code = setting.in_stateful_set if kind is _STATEFUL_SET else NOT_FOR_KIND
        problems.report(code, setting.location, kind=kind, kinds=kinds, field=FieldName("kind"), fix=fix)
