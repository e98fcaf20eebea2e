"""The affinity of pods, which is written as Kubernetes has it, against what Kubernetes accepts.

Source: `validateAffinity` and `ValidateLabelSelector` of Kubernetes (pkg/apis/core/validation), and the fields of the
oldest supported version.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Union, cast

from ..args.codes import define
from ..args.location import Key, Location
from ..args.names import dns_label, dns_subdomain, label_key, label_value
from ..args.parse import NOT_A_CHOICE, WRONG_TYPE, Rule
from ..args.problems import Problems, Reason, Remove, Set
from ..args.similar_names import nearest
from ..args.values import whole_number
from ..untyped import Manifest
from .shapes import LIST, MAPPING, WRONG_SHAPE

__all__ = ["check_affinity"]

OPERATOR_NEEDS_VALUES = define(
    "operator-needs-values", "The operator {operator} compares with {needed}.", allowed="{needed}"
)
OPERATOR_WITHOUT_VALUES = define("operator-without-values", "The operator {operator} compares with no values.")
NO_SELECTOR_TERMS = define("no-selector-terms", "No node matches an empty list.", allowed="one term or more")
REPEATED_LABEL_KEY = define(
    "repeated-label-key", "{other} has the key {value} too.", allowed="each key in one of the lists"
)


@dataclass(frozen=True)
class _Fields:
    """The fields of a mapping."""

    shapes: Manifest
    required: Sequence[str] = ()
    check: Optional[Callable[[Manifest, Location, Problems], None]] = None
    """A rule between the fields, which have the right shapes."""


@dataclass(frozen=True)
class _Labels:
    """A mapping of labels."""


_Shape = Union[_Fields, _Labels, Rule, list[Any]]
"""The fields of a mapping, labels, the rule of a text or a number, or a list with the shape of its items."""


def _choice(*choices: str) -> Rule:
    def rule(value: Any) -> Optional[Reason]:
        return None if value in choices else Reason(NOT_A_CHOICE, {"choices": choices})

    return rule


_ONE_VALUE, _VALUES = "one value", "at least one value"
_NUMBERS = ("Gt", "Lt")
_PRESENCE = ("Exists", "DoesNotExist")
_MEMBERSHIP = ("In", "NotIn")


def _list(fields: Manifest, name: str) -> Sequence[Any]:
    return fields.get(name) or ()


def _check_values(requirement: Manifest, at: Location, problems: Problems) -> None:
    operator, values = requirement["operator"], _list(requirement, "values")
    where = at / Key("values")
    if operator in _PRESENCE:
        if values:
            problems.report(OPERATOR_WITHOUT_VALUES, where, operator=operator, fix=Remove(where))
    elif not values or (operator in _NUMBERS and len(values) != 1):
        needed = _ONE_VALUE if operator in _NUMBERS else _VALUES
        problems.report(OPERATOR_NEEDS_VALUES, where, operator=operator, needed=needed)


def _check_one_value(requirement: Manifest, at: Location, problems: Problems) -> None:
    if len(_list(requirement, "values")) != 1:
        operator = requirement["operator"]
        problems.report(OPERATOR_NEEDS_VALUES, at / Key("values"), operator=operator, needed=_ONE_VALUE)


def _check_terms(selector: Manifest, at: Location, problems: Problems) -> None:
    if not selector["nodeSelectorTerms"]:
        problems.report(NO_SELECTOR_TERMS, at / Key("nodeSelectorTerms"))


def _check_label_keys(term: Manifest, at: Location, problems: Problems) -> None:
    """Kubernetes compares with the pod's own values of these keys, so a selector can't name them too."""
    selector, where = cast("Manifest", term.get("labelSelector") or {}), at / Key("labelSelector")
    labels = cast("Mapping[str, str]", selector.get("matchLabels") or {})
    named = {key: where / Key("matchLabels") / Key(key) for key in labels}
    for index, requirement in enumerate(_list(selector, "matchExpressions")):
        named[requirement["key"]] = where / Key("matchExpressions") / index
    for field in ("matchLabelKeys", "mismatchLabelKeys"):
        for index, key in enumerate(_list(term, field)):
            where = at / Key(field) / index
            # A selector can have keys that must not match.
            if key in named and (field == "matchLabelKeys" or named[key].is_within(at / Key("matchLabelKeys"))):
                problems.report(REPEATED_LABEL_KEY, where, value=key, other=named[key])
            named.setdefault(key, where)


def _requirement(key: Rule, operators: Sequence[str], value: Rule, check: Any) -> _Fields:
    return _Fields({"key": key, "operator": _choice(*operators), "values": [value]}, ("key", "operator"), check)


_NODE_LABEL = _requirement(label_key, (*_MEMBERSHIP, *_PRESENCE, *_NUMBERS), label_value, _check_values)
_NODE_NAME = _requirement(_choice("metadata.name"), _MEMBERSHIP, dns_subdomain, _check_one_value)
_NODES = _Fields({"matchExpressions": [_NODE_LABEL], "matchFields": [_NODE_NAME]})
_SELECTOR = _Fields(
    {
        "matchLabels": _Labels(),
        "matchExpressions": [_requirement(label_key, (*_MEMBERSHIP, *_PRESENCE), label_value, _check_values)],
    }
)
_PODS = _Fields(
    {
        "labelSelector": _SELECTOR,
        "matchLabelKeys": [label_key],
        "mismatchLabelKeys": [label_key],
        "namespaceSelector": _SELECTOR,
        "namespaces": [dns_label],
        "topologyKey": label_key,
    },
    ("topologyKey",),
    _check_label_keys,
)
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_WEIGHT = whole_number(1, 100, "a weight")


def _preferred(field: str, shape: _Fields) -> list[_Shape]:
    return [_Fields({"weight": _WEIGHT, field: shape}, ("weight", field))]


_POD_AFFINITY = _Fields({_REQUIRED: [_PODS], _PREFERRED: _preferred("podAffinityTerm", _PODS)})
_NODE_AFFINITY = _Fields(
    {
        _REQUIRED: _Fields({"nodeSelectorTerms": [_NODES]}, ("nodeSelectorTerms",), _check_terms),
        _PREFERRED: _preferred("preference", _NODES),
    }
)
_AFFINITY = _Fields({"nodeAffinity": _NODE_AFFINITY, "podAffinity": _POD_AFFINITY, "podAntiAffinity": _POD_AFFINITY})


def check_affinity(affinity: Optional[Manifest], at: Location, problems: Problems) -> None:
    """Report what Kubernetes rejects in the affinity of pods."""
    if affinity is not None:
        _check(affinity, _AFFINITY, at, problems)


def _check(value: Any, shape: _Shape, at: Location, problems: Problems) -> None:
    if isinstance(shape, (_Fields, _Labels)):
        if not isinstance(value, Mapping):
            # What is below it can be secret.
            problems.report(WRONG_SHAPE, at, expected=MAPPING)
            return
        check = _check_fields if isinstance(shape, _Fields) else _check_labels
        check(cast("Mapping[Any, Any]", value), cast("Any", shape), at, problems)
    elif isinstance(shape, list):
        if not isinstance(value, (list, tuple)):
            problems.report(WRONG_SHAPE, at, expected=LIST if isinstance(shape[0], _Fields) else "a list of texts")
            return
        for index, item in enumerate(cast("Sequence[Any]", value)):
            _check(item, cast("_Shape", shape[0]), at / index, problems)
    else:
        _check_scalar(value, shape, at, problems)


def _check_fields(value: Mapping[Any, Any], shape: _Fields, at: Location, problems: Problems) -> None:
    before = len(problems.found)
    for key, item in value.items():
        where = at / Key(key)
        if key not in shape.shapes:
            close = nearest(str(key), shape.shapes)
            problems.report_unknown(where, shape.shapes, meant=None if close is None or close in value else Key(close))
        elif item is not None:
            _check(item, shape.shapes[key], where, problems)
    for key in shape.required:
        if value.get(key) is None:
            problems.report_missing(at / Key(key), "a value, as Kubernetes has it")
    if shape.check is not None and len(problems.found) == before:
        shape.check(value, at, problems)


def _check_labels(value: Mapping[Any, Any], _shape: _Labels, at: Location, problems: Problems) -> None:
    for key, item in value.items():
        where = at / Key(key)
        _check_scalar(key, label_key, where, problems)
        _check_scalar(item, label_value, where, problems)


def _check_scalar(value: Any, rule: Rule, at: Location, problems: Problems) -> None:
    is_number = rule is _WEIGHT
    expected = "a whole number" if is_number else "text"
    if not isinstance(value, int if is_number else str) or isinstance(value, bool):
        fix = Set(at, str(value)) if isinstance(value, int) and not isinstance(value, bool) else None
        problems.report(WRONG_TYPE, at, value=value, expected=expected, fix=fix)
    elif reason := rule(value):
        problems.reject(at, value, reason)
