"""What the API server accepts of a namespace, and of the ResourceQuota and the LimitRange in it.

Source: `ValidateResourceQuotaSpec` and `ValidateLimitRange` of Kubernetes (pkg/apis/core/validation/validation.go), and
the admission plugin NamespaceLifecycle. Pure: problems come out.
"""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, Optional

from .args.codes import define
from .args.location import Key, Location
from .args.names import RESERVED_LABEL, label_key
from .args.problems import Move, Problems, Reason, Remove, Set
from .args.quantities import quantity_number
from .args.similar_names import nearest
from .untyped import mapped

__all__ = ["check_limit_items", "check_namespace_labels", "check_quota_spec", "created_namespace"]

_RESERVED = ("default", "kube-system", "kube-public", "kube-node-lease")
"""The namespaces that every cluster has, and that the API server doesn't delete, or creates again."""
_NAME_LABEL = "kubernetes.io/metadata.name"

RESERVED_NAMESPACE = define(
    "reserved-namespace",
    "Every cluster has the namespace {value}, so a stack can neither create nor delete it.",
    allowed="another name, or a namespace that exists",
    hint="Choose another name. To use the namespace, write a mapping with its name and `existing: true`.",
)

UNKNOWN_RESOURCE = define(
    "unknown-resource",
    "Kubernetes has no resource {value} here.",
    allowed="{names}; an extended resource, such as {example}",
    hint="Set another name.",
)
NOT_A_COUNT = define("quota-not-a-count", "{value} isn't a number of {resource}.", allowed="a whole number, at least 0")
NEGATIVE_QUOTA = define("negative-quota", "{value} is negative.", allowed="at least 0")
UNKNOWN_SCOPE = define("unknown-quota-scope", "{value} isn't a scope of a ResourceQuota.", allowed="{scopes}")
SCOPE_OF_OTHER_RESOURCE = define(
    "quota-scope-of-other-resource",
    "A ResourceQuota with the scope {scope} can't limit {resource}.",
    allowed="{resources}, with {scope}",
)
CONFLICTING_SCOPES = define(
    "conflicting-quota-scopes", "No pod is both {first} and {second}.", allowed="one of the two", hint="Remove one."
)
DUPLICATE_LIMIT_TYPE = define(
    "duplicate-limit-type",
    "{other} has the type {value} too, and a LimitRange has each type once.",
    allowed="each type once",
    hint="Put all limits of the type into one item.",
)
DEFAULTS_OF_PODS = define(
    "limit-default-of-pods", "A LimitRange has defaults for containers, not for pods.", allowed="with {type} Container"
)
CLAIM_LIMIT_WITHOUT_STORAGE = define(
    "claim-limit-without-storage",
    "The limits of claims are of their storage.",
    allowed="storage in {fields}",
    hint="Set storage in {fields}.",
)
LIMIT_BELOW_OTHER = define(
    "limit-below-other",
    "{value} of {resource} is less than {bound} in {other}.",
    allowed="at least {bound}",
)
RATIO_TOO_SMALL = define("limit-ratio-too-small", "{value} is less than 1.", allowed="at least 1")
RATIO_TOO_LARGE = define(
    "limit-ratio-too-large",
    "{value} is more than {max} divided by {min} of {resource}, which is {most}.",
    allowed="at most {most}",
)

_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_POD_RESOURCES = (*(f"{kind}{name}" for name in ("cpu", "memory") for kind in ("", "requests.", "limits.")), "pods")
_COUNTS = (
    *("configmaps", "persistentvolumeclaims", "pods", "replicationcontrollers", "resourcequotas", "secrets"),
    *("services", "services.loadbalancers", "services.nodeports"),
)
_QUOTA = (
    *(f"{kind}{name}" for name in _COMPUTE for kind in ("", "requests.", "limits.")),
    "requests.storage",
    *_COUNTS,
)
_SCOPES: Mapping[str, Collection[str]] = {
    "BestEffort": ("pods",),
    "CrossNamespacePodAffinity": _POD_RESOURCES,
    "NotBestEffort": _POD_RESOURCES,
    "NotTerminating": _POD_RESOURCES,
    "PriorityClass": _POD_RESOURCES,
    "Terminating": _POD_RESOURCES,
}
"""The resources that Kubernetes can count in each scope."""
_CONFLICTS = (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating"))
_HUGE_PAGES = ("hugepages-", "requests.hugepages-")
_EXAMPLES = {"quota": "requests.nvidia.com/gpu", "limits": "nvidia.com/gpu"}


def created_namespace(name: str) -> Optional[Reason]:
    """Why a stack can't create a namespace with a valid name, if it can't."""
    return Reason(RESERVED_NAMESPACE) if name in _RESERVED else None


def check_namespace_labels(labels: Collection[str], at: Location, problems: Problems) -> None:
    """Report labels that the API server sets itself."""
    if _NAME_LABEL in labels:
        where = at / Key(_NAME_LABEL)
        problems.report(RESERVED_LABEL, where, value=_NAME_LABEL, fix=Remove(where))


def check_quota_spec(hard: Mapping[str, Any], scopes: Collection[str], at: Location, problems: Problems) -> None:
    """Report what the API server rejects of a ResourceQuota, whose fields are below a location."""
    for name, value in hard.items():
        where = at / "hard" / Key(name)
        if _check_resource(name, _QUOTA, _EXAMPLES["quota"], where, problems):
            _check_amount(name, value, where, problems)
    for index, scope in enumerate(scopes):
        where = at / "scopes" / index
        if scope not in _SCOPES:
            near = nearest(scope, _SCOPES)
            fix = Set(where, near) if near else None
            problems.report(UNKNOWN_SCOPE, where, value=scope, scopes=sorted(_SCOPES), fix=fix)
            continue
        counted = _SCOPES[scope]
        for name in hard:
            if (name in _QUOTA or name.startswith(_HUGE_PAGES)) and name not in counted:
                there = at / "hard" / Key(name)
                params: dict[str, Any] = {"scope": scope, "resource": name, "resources": sorted(counted)}
                problems.report(SCOPE_OF_OTHER_RESOURCE, there, fix=Remove(there), **params)
    for first, second in _CONFLICTS:
        if first in scopes and second in scopes:
            problems.report(CONFLICTING_SCOPES, at / "scopes", first=first, second=second)


def _check_resource(name: str, known: Collection[str], example: str, where: Location, problems: Problems) -> bool:
    """Whether Kubernetes knows a resource; if not, it's reported."""
    is_qualified = "/" in name and label_key(name) is None
    if name in known or is_qualified or name.startswith(_HUGE_PAGES):
        return True
    near = nearest(name, known)
    fix = None if near is None else Move(where, where.parent / Key(near))
    problems.report(UNKNOWN_RESOURCE, where, value=name, names=sorted(known), example=example, fix=fix)
    return False


def _check_amount(name: str, value: Any, where: Location, problems: Problems) -> None:
    number = quantity_number(value)
    if number is None:
        return
    if name in _COUNTS and (number < 0 or number % 1):
        fix = Set(where, str(max(0, int(number))))
        problems.report(NOT_A_COUNT, where, value=value, resource=name, fix=fix)
    elif number < 0:
        problems.report(NEGATIVE_QUOTA, where, value=value)


def check_limit_items(items: Collection[Any], problems: Problems) -> None:
    """Report what the API server rejects of the items of a LimitRange."""
    first: dict[Any, Location] = {}
    for item in items:
        other = first.setdefault(item.type, item.at)
        if other != item.at:
            problems.report(DUPLICATE_LIMIT_TYPE, item.at / "type", value=item.type.value, other=other)
        problems.run(_check_names, item)
        problems.run(_check_bounds, item)


_FIELDS = ("min", "max", "default", "default_request", "max_limit_request_ratio")


def _quantities(item: Any) -> Iterator[tuple[str, str, Any]]:
    for field in _FIELDS:
        for name, value in mapped(getattr(item, field)).items():
            yield field, name, value


def _check_names(item: Any, problems: Problems) -> None:
    is_claim, is_pod = item.type.value == "PersistentVolumeClaim", item.type.value == "Pod"
    known = ("storage",) if is_claim else _COMPUTE
    for field, name, _ in _quantities(item):
        _check_resource(name, known, _EXAMPLES["limits"], item.at / field / Key(name), problems)
    for field in ("default", "default_request"):
        if is_pod and getattr(item, field):
            where = item.at / field
            problems.report(DEFAULTS_OF_PODS, where, type=item.at / "type", fix=Remove(where))
    if is_claim and not any("storage" in (getattr(item, field) or {}) for field in ("min", "max")):
        problems.report(CLAIM_LIMIT_WITHOUT_STORAGE, item.at, fields=[item.at / "min", item.at / "max"])


_ORDERED = (
    *(("min", "max"), ("min", "default_request"), ("default_request", "max"), ("default_request", "default")),
    *(("min", "default"), ("default", "max")),
)
"""Pairs of fields whose first one can't be more than the second one."""


def _check_bounds(item: Any, problems: Problems) -> None:
    amounts: dict[str, dict[str, Decimal]] = {}
    texts: dict[tuple[str, str], Any] = {}
    for field, name, value in _quantities(item):
        number = quantity_number(value)
        if number is not None:
            amounts.setdefault(name, {})[field] = number
            texts[field, name] = value
    for name, by_field in amounts.items():
        for less, more in _ORDERED:
            if less in by_field and more in by_field and by_field[less] > by_field[more]:
                bound = texts[less, name]
                where, other = item.at / more / Key(name), item.at / less / Key(name)
                params: dict[str, Any] = {"resource": name, "bound": bound, "other": other}
                problems.report(LIMIT_BELOW_OTHER, where, value=texts[more, name], fix=Set(where, bound), **params)
        if (ratio := by_field.get("max_limit_request_ratio")) is not None:
            where = item.at / "max_limit_request_ratio" / Key(name)
            _check_ratio(name, ratio, texts["max_limit_request_ratio", name], by_field, where, problems)


def _check_ratio(
    name: str, ratio: Decimal, text: Any, by_field: Mapping[str, Decimal], where: Location, problems: Problems
) -> None:
    least, largest = by_field.get("min"), by_field.get("max")
    if ratio < 1:
        problems.report(RATIO_TOO_SMALL, where, value=text)
    elif least and largest is not None and ratio > largest / least:
        most = _text(largest / least)
        params: dict[str, Any] = {"resource": name, "min": "min", "max": "max", "most": most}
        problems.report(RATIO_TOO_LARGE, where, value=text, fix=Set(where, most), **params)


def _text(number: Decimal) -> str:
    """A number as a quantity, rounded down."""
    return f"{number.quantize(Decimal('0.001'), rounding='ROUND_DOWN').normalize():f}"
