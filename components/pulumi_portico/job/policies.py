"""When a job has failed before its retries are used up, and when it has succeeded before every index has.

Sources: PodFailurePolicy and SuccessPolicy in k8s.io/api/batch/v1; `validatePodFailurePolicy` and
`validateSuccessPolicy` in pkg/apis/batch/validation.
"""

import re
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, Optional, TypeAlias

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.location import Field as FieldName
from ..args.location import Location
from ..args.names import dns_label, label_key
from ..args.parse import Field, Rules
from ..args.problems import Problems, Reason, Remove, Set
from ..args.spec import Spec, spec
from ..args.values import whole_number
from ..untyped import Manifest

__all__ = [
    "RULES",
    "ExitCodeOperator",
    "ExitCodeOperatorLike",
    "ExitCodes",
    "ExitCodesSpec",
    "PodCondition",
    "PodConditionSpec",
    "PodFailureAction",
    "PodFailureActionLike",
    "PodFailurePolicy",
    "PodFailurePolicyRule",
    "PodFailurePolicyRuleSpec",
    "PodFailurePolicySpec",
    "SuccessPolicy",
    "SuccessPolicySpec",
    "SuccessRule",
    "SuccessRuleSpec",
    "build_failure_policy",
    "build_success_policy",
    "check_failure_policy",
    "check_success_policy",
]


class PodFailureAction(str, Enum):
    """What happens to a job if a rule matches a failed pod."""

    FAIL_JOB = "FailJob"
    """The job has failed, and its other pods are deleted."""

    FAIL_INDEX = "FailIndex"
    """The pod's index has failed. Requires `backoff_limit_per_index`."""

    IGNORE = "Ignore"
    """The failure doesn't count, and the pod is replaced."""

    COUNT = "Count"
    """The failure counts, as without a rule."""


if TYPE_CHECKING:
    PodFailureActionLike: TypeAlias = PodFailureAction | Literal["FailJob", "FailIndex", "Ignore", "Count"]
else:
    PodFailureActionLike = PodFailureAction


class ExitCodeOperator(str, Enum):
    """How exit codes are compared."""

    IN = "In"
    """The exit code is one of the values."""

    NOT_IN = "NotIn"
    """The exit code is none of the values."""


if TYPE_CHECKING:
    ExitCodeOperatorLike: TypeAlias = ExitCodeOperator | Literal["In", "NotIn"]
else:
    ExitCodeOperatorLike = ExitCodeOperator


class ExitCodes(TypedDict):
    """Exit codes of a pod's containers."""

    operator: ExitCodeOperatorLike
    """How they are compared. Plain."""

    values: Sequence[int]
    """The exit codes, at most 255; not 0 with In. Plain."""

    container_name: NotRequired[str]
    """The container. Plain. Default: all containers. Maps to `containerName`."""


class PodCondition(TypedDict):
    """A condition of a pod."""

    type: str
    """Its type, such as `DisruptionTarget`. Plain."""

    status: NotRequired[str]
    """Its status. Plain. Default: True."""


class PodFailurePolicyRule(TypedDict):
    """What happens if a pod fails so: with exit codes, or with conditions."""

    action: PodFailureActionLike
    """What happens. Plain."""

    on_exit_codes: NotRequired[ExitCodes]
    """The exit codes. Set this or `on_pod_conditions`. Maps to `onExitCodes`."""

    on_pod_conditions: NotRequired[Sequence[PodCondition]]
    """The conditions, of which the pod has one. Set this or `on_exit_codes`. Maps to `onPodConditions`."""


class PodFailurePolicy(TypedDict):
    """What happens if pods fail, by the first rule that matches."""

    rules: Sequence[PodFailurePolicyRule]
    """The rules, at most 20. Plain."""


class SuccessRule(TypedDict):
    """When an indexed job has succeeded: if these indexes, or so many of them, have."""

    succeeded_indexes: NotRequired[str]
    """The indexes, such as `0,2-4`. Plain. Default: all. Maps to `succeededIndexes`."""

    succeeded_count: NotRequired[int]
    """How many of them (1 or more). Plain. Default: all. Maps to `succeededCount`."""


class SuccessPolicy(TypedDict):
    """When an indexed job has succeeded, by any of the rules (Kubernetes 1.31 and newer)."""

    rules: Sequence[SuccessRule]
    """The rules, at most 20. Plain."""


@spec(ExitCodes)
class ExitCodesSpec(Spec):
    """Parsed `ExitCodes`."""

    operator: ExitCodeOperator
    values: Sequence[int]
    container_name: Optional[str] = None


@spec(PodCondition)
class PodConditionSpec(Spec):
    """A parsed `PodCondition`."""

    type: str
    status: str = "True"


@spec(PodFailurePolicyRule)
class PodFailurePolicyRuleSpec(Spec):
    """A parsed `PodFailurePolicyRule`."""

    action: PodFailureAction
    on_exit_codes: Optional[ExitCodesSpec] = None
    on_pod_conditions: Optional[Sequence[PodConditionSpec]] = None


@spec(PodFailurePolicy)
class PodFailurePolicySpec(Spec):
    """A parsed `PodFailurePolicy`."""

    rules: Sequence[PodFailurePolicyRuleSpec]


@spec(SuccessRule)
class SuccessRuleSpec(Spec):
    """A parsed `SuccessRule`."""

    succeeded_indexes: Optional[str] = None
    succeeded_count: Optional[int] = None


@spec(SuccessPolicy)
class SuccessPolicySpec(Spec):
    """A parsed `SuccessPolicy`."""

    rules: Sequence[SuccessRuleSpec]


_MOST_RULES, _MOST_CODES = 20, 255

RULE_COUNT = define("too-many-policy-rules", "Kubernetes accepts {most} items here.", allowed="1 to {most} items")
INVALID_INDEXES = define(
    "invalid-indexes", "{value} isn't a list of indexes.", allowed="rising numbers and ranges, such as 0,2-4"
)
INVALID_STATUS = define(
    "invalid-condition-status", "{value} isn't a condition's status.", allowed="True, False, or Unknown"
)
RULE_WITHOUT_CAUSE = define("failure-rule-without-cause", "This rule matches no pod.", allowed="one of {fields}")
SUCCESS_IS_NO_FAILURE = define(
    "success-is-no-failure", "A pod whose containers exit with 0 hasn't failed.", allowed="codes from 1"
)
REPEATED_CODE = define("repeated-exit-code", "{value} is in the list twice.", allowed="each code once")
FAILURE_POLICY_RESTARTS = define(
    "failure-policy-with-restarts",
    "Kubernetes accepts a policy only for pods whose containers don't start again.",
    allowed="only if {field} is Never",
)
FAIL_INDEX_WITHOUT_LIMIT = define(
    "fail-index-without-limit", "Only an index with retries of its own can fail.", allowed="only with {field}"
)
EMPTY_SUCCESS_RULE = define("empty-success-rule", "This rule has no condition.", allowed="one of {fields}")
SUCCESS_OF_INDEXES = define(
    "success-policy-without-indexes",
    "Only an indexed job has a policy for success.",
    allowed="only if {field} is Indexed",
)

INDEX_OUT_OF_RANGE = define(
    "success-index-out-of-range", "The job doesn't have all of these indexes.", allowed="indexes from 0 to {most}"
)
COUNT_OUT_OF_RANGE = define("success-count-out-of-range", "The rule has only {most} indexes.", allowed="at most {most}")


def _some(most: int) -> Any:
    def rule(value: Sequence[object]) -> Optional[Reason]:
        return Reason(RULE_COUNT, {"most": most}) if not 0 < len(value) <= most else None

    return rule


def _indexes(value: str) -> Optional[Reason]:
    if not re.fullmatch(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*", value):
        return Reason(INVALID_INDEXES)
    numbers = [int(number) for part in value.split(",") for number in part.split("-")]
    return None if all(low < high for low, high in pairwise(numbers)) else Reason(INVALID_INDEXES)


def _status(value: str) -> Optional[Reason]:
    return None if value in ("True", "False", "Unknown") else Reason(INVALID_STATUS)


RULES: Rules = {
    ExitCodes: {
        "values": Field(_some(_MOST_CODES), items=whole_number(0, what="an exit code")),
        "container_name": Field(dns_label),
    },
    PodCondition: {"type": Field(label_key), "status": Field(_status)},
    PodFailurePolicyRule: {"on_pod_conditions": Field(_some(_MOST_RULES))},
    PodFailurePolicy: {"rules": Field(_some(_MOST_RULES))},
    SuccessRule: {
        "succeeded_indexes": Field(_indexes),
        "succeeded_count": Field(whole_number(1, what="a number of indexes")),
    },
    SuccessPolicy: {"rules": Field(_some(_MOST_RULES))},
}
"""What the fields must satisfy beyond their types."""


def check_failure_policy(
    policy: PodFailurePolicySpec, *, restarts: Optional[Location], has_index_limit: bool, problems: Problems
) -> None:
    """Report what the API server rejects; `restarts` is the argument by which containers start again, if they do."""
    if restarts is not None:
        problems.report(FAILURE_POLICY_RESTARTS, policy.at, field=FieldName("restart_policy"), fix=Remove(restarts))
    for rule in policy.rules:
        problems.run(_check_rule, rule, has_index_limit)


def _check_rule(rule: PodFailurePolicyRuleSpec, has_index_limit: bool, problems: Problems) -> None:
    names = ("on_exit_codes", "on_pod_conditions")
    found = [name for name in names if getattr(rule, name) is not None]
    if not found:
        problems.report(RULE_WITHOUT_CAUSE, rule.at, fields=[FieldName(name) for name in names])
    for name in found[1:]:
        problems.report_exclusive(rule.at / name, found[0], fix=Remove(rule.at / name))
    if rule.action is PodFailureAction.FAIL_INDEX and not has_index_limit:
        problems.report(FAIL_INDEX_WITHOUT_LIMIT, rule.at / "action", field=FieldName("backoff_limit_per_index"))
    if rule.on_exit_codes is not None:
        _check_codes(rule.on_exit_codes, problems)


def _check_codes(codes: ExitCodesSpec, problems: Problems) -> None:
    for index, code in enumerate(codes.values):
        at = codes.at / "values" / index
        if code == 0 and codes.operator is ExitCodeOperator.IN:
            problems.report(SUCCESS_IS_NO_FAILURE, at, value=code)
        elif code in codes.values[:index]:
            problems.report(REPEATED_CODE, at, value=code, fix=Remove(at))


def check_success_policy(
    policy: SuccessPolicySpec, *, is_indexed: bool, completions: Optional[int], problems: Problems
) -> None:
    """Report what the API server rejects; `completions` is None if it isn't known."""
    if not is_indexed:
        problems.report(SUCCESS_OF_INDEXES, policy.at, field=FieldName("completion_mode"), fix=Remove(policy.at))
    names = ("succeeded_indexes", "succeeded_count")
    for rule in policy.rules:
        if all(getattr(rule, name) is None for name in names):
            problems.report(EMPTY_SUCCESS_RULE, rule.at, fields=[FieldName(name) for name in names])
        if completions is not None:
            problems.run(_check_range, rule, completions)


def _check_range(rule: SuccessRuleSpec, completions: int, problems: Problems) -> None:
    """Report indexes that the job doesn't have, and a number of them that it can't reach."""
    ranges = [part.partition("-")[::2] for part in (rule.succeeded_indexes or "").split(",") if part]
    count = sum(int(last or first) - int(first) + 1 for first, last in ranges) if ranges else completions
    highest = max((int(last or first) for first, last in ranges), default=0)
    if highest >= completions:
        at = rule.at / "succeeded_indexes"
        problems.report(INDEX_OUT_OF_RANGE, at, value=rule.succeeded_indexes, most=completions - 1)
    elif rule.succeeded_count is not None and rule.succeeded_count > count:
        at = rule.at / "succeeded_count"
        problems.report(COUNT_OUT_OF_RANGE, at, value=rule.succeeded_count, most=count, fix=Set(at, count))


def build_failure_policy(policy: Optional[PodFailurePolicySpec]) -> Optional[Manifest]:
    """The Job's `podFailurePolicy`."""
    return None if policy is None else {"rules": [_failure_rule(rule) for rule in policy.rules]}


def _failure_rule(rule: PodFailurePolicyRuleSpec) -> Manifest:
    built: dict[str, Any] = {"action": rule.action.value}
    if rule.on_exit_codes is not None:
        codes = rule.on_exit_codes
        container = {} if codes.container_name is None else {"containerName": codes.container_name}
        # The API server requires rising values.
        built["onExitCodes"] = {**container, "operator": codes.operator.value, "values": sorted(codes.values)}
    elif rule.on_pod_conditions is not None:
        conditions = rule.on_pod_conditions
        built["onPodConditions"] = [{"type": one.type, "status": one.status} for one in conditions]
    return built


def build_success_policy(policy: Optional[SuccessPolicySpec]) -> Optional[Manifest]:
    """The Job's `successPolicy`."""
    return None if policy is None else {"rules": [_success_rule(rule) for rule in policy.rules]}


def _success_rule(rule: SuccessRuleSpec) -> Manifest:
    values = {"succeededIndexes": rule.succeeded_indexes, "succeededCount": rule.succeeded_count}
    return {name: value for name, value in values.items() if value is not None}
