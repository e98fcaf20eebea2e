"""The fields of the pods' template and the types of their values, as the API server accepts them, for `extra`.

`pod_template.json` is made from the API's OpenAPI schemas by `tools/pod_template_schema.py`. They have no choices of
texts, which are here. Source: the types marked with `+enum` in k8s.io/api/core/v1.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Optional, Union, cast

import pulumi

from ..args.location import Key, KeyStyle, Location
from ..args.parse import NOT_A_CHOICE
from ..args.problems import Problems, Set
from ..args.secrets import Placeholder, Secret
from ..args.similar_names import nearest
from ..args.units import SECONDS
from ..args.values import LARGEST_INT32
from ..untyped import Manifest
from .shapes import LIST, MAPPING, WRONG_SHAPE

__all__ = ["RESTART_POLICIES", "check_template"]

Type = Union[str, list[Any], Mapping[str, Any]]
"""A scalar, a type with fields (a colon and its name), or the type of the items in a list or of a mapping's values."""

_TEMPLATE = ":PodTemplateSpec"
_MERGED = frozenset({"containers", "initContainers", "volumes", "env", "ports", "volumeMounts"})
"""The lists whose items Portico merges with those that it builds, so that an item can be a part of one."""

RESTART_POLICIES = ("Always", "Never", "OnFailure")
"""The restart policies of pods. Which ones a workload accepts depends on its kind."""

_CHOICES: Mapping[tuple[str, str], Sequence[str]] = {
    ("Container", "imagePullPolicy"): ("Always", "IfNotPresent", "Never"),
    ("Container", "terminationMessagePolicy"): ("FallbackToLogsOnError", "File"),
    ("ContainerPort", "protocol"): ("SCTP", "TCP", "UDP"),
    ("HTTPGetAction", "scheme"): ("HTTP", "HTTPS"),
    ("PodSpec", "dnsPolicy"): ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
    ("PodSpec", "preemptionPolicy"): ("Never", "PreemptLowerPriority"),
    ("PodSpec", "restartPolicy"): RESTART_POLICIES,
    ("PodOS", "name"): ("linux", "windows"),
    ("PodSecurityContext", "fsGroupChangePolicy"): ("Always", "OnRootMismatch"),
    ("PodSecurityContext", "supplementalGroupsPolicy"): ("Merge", "Strict"),
    ("SeccompProfile", "type"): ("Localhost", "RuntimeDefault", "Unconfined"),
    ("AppArmorProfile", "type"): ("Localhost", "RuntimeDefault", "Unconfined"),
    ("SecurityContext", "procMount"): ("Default", "Unmasked"),
    ("Toleration", "operator"): ("Equal", "Exists", "Gt", "Lt"),
    ("Toleration", "effect"): ("NoExecute", "NoSchedule", "PreferNoSchedule"),
    ("TopologySpreadConstraint", "whenUnsatisfiable"): ("DoNotSchedule", "ScheduleAnyway"),
    ("TopologySpreadConstraint", "nodeAffinityPolicy"): ("Honor", "Ignore"),
    ("TopologySpreadConstraint", "nodeTaintsPolicy"): ("Honor", "Ignore"),
    ("NodeSelectorRequirement", "operator"): ("DoesNotExist", "Exists", "Gt", "In", "Lt", "NotIn"),
    ("LabelSelectorRequirement", "operator"): ("DoesNotExist", "Exists", "In", "NotIn"),
    ("HostPathVolumeSource", "type"): (
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ),
    ("VolumeMount", "mountPropagation"): ("Bidirectional", "HostToContainer", "None"),
    ("VolumeMount", "recursiveReadOnly"): ("Disabled", "Enabled", "IfPossible"),
}

_QUANTITY = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_LARGEST = {"int32": LARGEST_INT32, "int64": 2**63 - 1}


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_quantity(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_QUANTITY.fullmatch(value))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_SCALARS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "text": ("text", lambda value: isinstance(value, str)),
    "true-or-false": ("true or false", lambda value: isinstance(value, bool)),
    "number": ("a number", lambda value: isinstance(value, float) or _is_whole(value)),
    "int32": (
        f"a whole number, at most {LARGEST_INT32}",
        lambda value: _is_whole(value) and abs(value) <= _LARGEST["int32"],
    ),
    "int64": ("a whole number", lambda value: _is_whole(value) and abs(value) <= _LARGEST["int64"]),
    "int-or-string": ("a whole number, or text", lambda value: isinstance(value, str) or _is_whole(value)),
    "quantity": ("a quantity, such as 500m or 64Mi", _is_quantity),
    "any": ("anything", lambda _value: True),
}
"""What each scalar is, and whether a value is one."""


_TEXTS = ("text", "int-or-string", "quantity", "any")
"""The scalars that a text can be."""


@cache
def _types() -> Mapping[str, Any]:
    """The types of the API by name. Only `extra` needs them."""
    return json.loads((Path(__file__).parent / "pod_template.json").read_text())


def check_template(extra: Manifest, at: Location, problems: Problems) -> None:
    """Report fields that the pods' template doesn't have, and values of another type than its fields'."""
    _check(extra, _TEMPLATE, at, problems, is_whole=False)


def _check(value: Any, kind: Type, at: Location, problems: Problems, *, is_whole: bool) -> None:
    """Report what of a value doesn't fit; `is_whole` is whether nothing is merged into it."""
    # None removes a value, and others are known only during the deployment.
    if value is None or isinstance(value, (Secret, Placeholder)):
        return
    if isinstance(value, pulumi.Output):
        # Of a stack's values, only secrets are Outputs, and they are text.
        if problems.style is KeyStyle.STACK and kind not in _TEXTS:
            problems.report(WRONG_SHAPE, at, expected=_what(kind))
        return
    if isinstance(kind, list):
        _check_list(value, kind[0], at, problems, is_whole=is_whole)
    elif isinstance(kind, str) and not _has_fields(kind):
        _check_scalar(value, kind, at, problems)
    elif not isinstance(value, Mapping):
        # What is below it can be secret.
        problems.report(WRONG_SHAPE, at, expected=MAPPING)
    elif isinstance(kind, str):
        _check_fields(cast("Manifest", value), kind[1:], at, problems, is_whole=is_whole)
    else:
        for key, item in cast("Manifest", value).items():
            _check(item, kind[""], at / Key(key), problems, is_whole=is_whole)


def _check_list(value: Any, kind: Type, at: Location, problems: Problems, *, is_whole: bool) -> None:
    if not isinstance(value, (list, tuple)):
        problems.report(WRONG_SHAPE, at, expected=_what([kind]))
        return
    for index, item in enumerate(cast("Sequence[Any]", value)):
        _check(item, kind, at / index, problems, is_whole=is_whole)


def _has_fields(kind: Type) -> bool:
    return isinstance(kind, str) and kind.startswith(":")


def _what(kind: Type) -> str:
    if isinstance(kind, list):
        return LIST if _has_fields(kind[0]) else f"a list, each item {_what(kind[0])}"
    return _SCALARS[kind][0] if isinstance(kind, str) and not _has_fields(kind) else MAPPING


def _check_fields(value: Manifest, name: str, at: Location, problems: Problems, *, is_whole: bool) -> None:
    fields, required = _types()[name]["fields"], _types()[name]["required"]
    for key, item in value.items():
        where = at / Key(key)
        if key not in fields:
            close = nearest(str(key), fields.keys() - value.keys())
            problems.report_unknown(where, fields, meant=None if close is None else Key(close))
        elif (choices := _CHOICES.get((name, key))) and isinstance(item, str):
            _check_choice(item, choices, where, problems)
        else:
            _check(item, fields[key], where, problems, is_whole=is_whole or _is_replaced(key, fields[key]))
    for key in required if is_whole else ():
        if value.get(key) is None:
            problems.report_missing(at / Key(key), _what(fields[key]))


def _is_replaced(key: str, kind: Type) -> bool:
    """Whether a field is a list that replaces the one that Portico builds."""
    return isinstance(kind, list) and key not in _MERGED


def _check_choice(value: str, choices: Sequence[str], at: Location, problems: Problems) -> None:
    if value in choices or isinstance(value, Placeholder):
        return
    close = nearest(value, choices)
    fix = None if close is None else Set(at, close)
    problems.report(NOT_A_CHOICE, at, value=value, fix=fix, choices=choices)


def _check_scalar(value: Any, kind: str, at: Location, problems: Problems) -> None:
    expected, fits = _SCALARS[kind]
    if fits(value):
        return
    meant = _meant(value, kind, str(at[-1]))
    problems.report(WRONG_SHAPE, at, expected=expected, fix=None if meant is None else Set(at, meant))


def _meant(value: Any, kind: str, name: str) -> Optional[Any]:
    """The value of the right type that a value means; None if there is none."""
    if kind == "text" and isinstance(value, (bool, int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if not isinstance(value, str):
        return None
    if kind == "true-or-false":
        return {"true": True, "false": False}.get(value.lower())
    if kind in _LARGEST and _WHOLE.fullmatch(value):
        return int(value) if abs(int(value)) <= _LARGEST[kind] else None
    return SECONDS.number_of(value) if kind in _LARGEST and name.endswith("Seconds") else None
