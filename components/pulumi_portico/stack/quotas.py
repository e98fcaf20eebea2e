"""Whether the ResourceQuota and the LimitRange of a stack's namespace admit the stack's pods.

Source: `validateResources` and the evaluators of Kubernetes' admission plugins ResourceQuota and LimitRanger. A value
that isn't known yet counts as nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Optional

from ..args.codes import define
from ..args.location import Key, Location
from ..args.problems import Problems, Set
from ..args.quantities import quantity_number
from ..namespace import LimitRangeItemSpec, LimitType, NamespaceSpec
from ..untyped import Manifest, listed, mapped
from ..workload.kinds import WorkloadKind
from ..workload.pod import build_template
from ..workload.resources import Limits
from .conflicts import Parts
from .parts import PodsPart, ServicePart

__all__ = ["check_quotas"]

WITHOUT_QUOTA_LIMIT = define(
    "no-limit-for-quota",
    "{quota} counts {resource}, so the API server rejects the containers that don't set it: {containers}.",
    allowed="containers with {resource}, or a limit range with a default",
    hint="Set {field}, or set a default in the limit range of the namespace.",
)
OVER_QUOTA = define(
    "over-resource-quota",
    "The stack's pods need {needed} of {resource}, with one more pod during a rollout.",
    allowed="at least {needed}",
    hint="Raise the quota, or lower what the services request.",
)
WITHOUT_LIMIT_RANGE_VALUE = define(
    "no-value-for-limit-range",
    "{limit_range} bounds {resource}, so the API server rejects {container}, which doesn't set it.",
    allowed="with {resource}, or without the bound",
    hint="Set {field}, or change the limit range.",
)
OVER_RATIO = define(
    "over-limit-ratio",
    "The limit of {resource} of {container} is {limit}, more than {ratio} times its request of {request}, so the API "
    "server rejects its pods.",
    allowed="at most {ratio} times the request",
    hint="Change {field}, or the limit range.",
)
OUTSIDE_LIMIT_RANGE = define(
    "outside-limit-range",
    "The {resource} of {container} is {amount}, {relation} {bound}, so the API server rejects its pods.",
    allowed="{relation_allowed} {bound}",
    hint="Change the service's resources, or the limit range.",
)

_BASIC = ("cpu", "memory")
"""The resources that make the class of quality of service of a pod."""
_COMPUTE = (*_BASIC, "ephemeral-storage")
_CONTAINERS = ("initContainers", "containers")


class _Role(Enum):
    """When a container runs."""

    INIT = "init"
    """Before the application, to its end."""
    SIDECAR = "sidecar"
    """Always."""
    APPLICATION = "application"


@dataclass(frozen=True)
class _Container:
    name: str
    resources: Manifest
    role: _Role


@dataclass(frozen=True)
class _Pods:
    """The pods of one service or job, as the API server has them after the defaults of the limit range."""

    at: Location
    surges: bool
    """Whether a rollout creates new pods before it deletes old ones."""
    count: int
    containers: Sequence["_Container"]
    pod: Manifest
    """The `spec` of a pod."""


def check_quotas(parts: Parts, problems: Problems) -> None:
    """Report pods that the namespace's quota and limit range reject."""
    namespace = parts.own.namespace
    if namespace.resource_quota is None and namespace.limit_range is None:
        return
    pods: list[_Pods] = []
    for service in (*parts.services.values(), *parts.jobs.values()):
        if service.usable and not problems.has_within(service.at):
            problems.run(_collect, service, parts, pods)
    quota = namespace.resource_quota
    counted = [one for one in pods if quota is not None and all(_is_in_scope(one, scope) for scope in quota.scopes)]
    for one in counted:
        problems.run(_check_required, one, namespace)
    # What is derived from an invalid limit range isn't news.
    if namespace.limit_range is not None and not problems.has_within(namespace.limit_range.at):
        for one in pods:
            problems.run(_check_limit_range, one, namespace)
    problems.run(_check_totals, counted, namespace)


def _is_in_scope(pods: _Pods, scope: str) -> bool:
    """Whether a quota with a scope counts the pods (`podMatchesScopeFunc`)."""
    terminates = pods.pod.get("activeDeadlineSeconds") is not None
    if scope in ("Terminating", "NotTerminating"):
        return terminates == (scope == "Terminating")
    if scope in ("BestEffort", "NotBestEffort"):
        return _is_best_effort(pods) == (scope == "BestEffort")
    return scope == "PriorityClass" and bool(pods.pod.get("priorityClassName"))


def _is_best_effort(pods: _Pods) -> bool:
    return not any(
        name in each.resources[kind] for each in pods.containers for kind in ("limits", "requests") for name in _BASIC
    )


def _collect(service: PodsPart, parts: Parts, pods: list[_Pods], problems: Problems) -> None:
    del problems
    if service.namespace != parts.namespace:
        return
    template = build_template(service.pods())
    defaults = list(_defaults(parts.own.namespace))
    containers: list[_Container] = []
    for group in _CONTAINERS:
        for container in listed(mapped(template.get("spec")).get(group)):
            found = mapped(container)
            role = _Role.APPLICATION
            if group == "initContainers":
                role = _Role.SIDECAR if found.get("restartPolicy") == "Always" else _Role.INIT
            resources = _with_defaults(mapped(found.get("resources")), defaults)
            containers.append(_Container(str(found.get("name")), resources, role))
    pods.append(_Pods(service.at, _surges(service), _count(service), containers, mapped(template.get("spec"))))


def _count(part: PodsPart) -> int:
    """How many pods run at a time, as far as it's known."""
    if isinstance(part, ServicePart):
        count: Any = part.plan.replicas
    else:
        count = 0 if part.spec.suspend else 1 if part.spec.parallelism is None else part.spec.parallelism
    return count if isinstance(count, int) else 0


def _defaults(namespace: NamespaceSpec) -> Iterator[LimitRangeItemSpec]:
    if namespace.limit_range is not None:
        yield from (item for item in namespace.limit_range.limits if item.type is LimitType.CONTAINER)


def _with_defaults(resources: Manifest, items: Sequence[LimitRangeItemSpec]) -> Manifest:
    """The resources of a container with the defaults of the limit range (`SetDefaults_LimitRangeItem`)."""
    limits, requests = dict(mapped(resources.get("limits"))), dict(mapped(resources.get("requests")))
    # The API server sets a request to the limit before any admission.
    for name, value in limits.items():
        requests.setdefault(name, value)
    for item in items:
        default = {**(item.max or {}), **(item.default or {})}
        request = {**(item.min or {}), **default, **(item.default_request or {})}
        for name, value in default.items():
            limits.setdefault(name, value)
        for name, value in request.items():
            requests.setdefault(name, value)
    return {"limits": limits, "requests": requests}


def _check_required(pods: _Pods, namespace: NamespaceSpec, problems: Problems) -> None:
    """Report containers without a value that the quota counts."""
    if namespace.resource_quota is None:
        return
    for name in namespace.resource_quota.hard:
        kind, resource = _resource_of(name)
        if not kind:
            continue
        without = [each.name for each in pods.containers if resource not in each.resources[kind]]
        if without:
            field = pods.at / "resources" / "limits"
            fix = Set(field, Limits.ALL.value) if kind == "limits" else None
            at = namespace.resource_quota.at / "hard" / Key(name)
            problems.report(
                WITHOUT_QUOTA_LIMIT, pods.at, quota=at, resource=name, containers=without, field=field, fix=fix
            )


def _resource_of(name: str) -> tuple[str, str]:
    """Whether a name of a quota is of requests or limits, and of which resource; empty for anything else."""
    kind, _, resource = name.partition(".")
    if kind in ("requests", "limits") and resource in _COMPUTE:
        return kind, resource
    return ("requests", name) if name in _COMPUTE else ("", "")


def _check_totals(pods: Sequence[_Pods], namespace: NamespaceSpec, problems: Problems) -> None:
    quota = namespace.resource_quota
    if quota is None:
        return
    for name, hard in quota.hard.items():
        kind, resource = _resource_of(name)
        most = quantity_number(hard)
        if most is None or (not kind and name not in ("pods", "count/pods")):
            continue
        each = [(one, _of_pod(one, kind, resource) if kind else Decimal(1)) for one in pods]
        needed = sum((amount * one.count for one, amount in each), Decimal(0))
        needed += max((amount for one, amount in each if one.count and one.surges), default=Decimal(0))
        if needed > most:
            where = quota.at / "hard" / Key(name)
            problems.report(OVER_QUOTA, where, value=hard, resource=name, needed=_text(needed, resource))


def _surges(part: PodsPart) -> bool:
    """Whether a rollout creates new pods before it deletes old ones."""
    if not isinstance(part, ServicePart):
        return False
    spec, rollout = part.spec, part.spec.rollout
    return spec.kind is WorkloadKind.DEPLOYMENT and not (rollout is not None and rollout.recreate)


def _of_pod(pods: _Pods, kind: str, resource: str) -> Decimal:
    """What one pod counts: all containers that keep running, or the largest one that ends before the application."""
    amounts = {role: [Decimal(0)] for role in _Role}
    for each in pods.containers:
        amounts[each.role].append(quantity_number(each.resources[kind].get(resource)) or Decimal(0))
    # Sidecars start first.
    largest = max(sum(amounts[_Role.APPLICATION], Decimal(0)), *amounts[_Role.INIT])
    return sum(amounts[_Role.SIDECAR], largest)


def _text(amount: Decimal, resource: str) -> str:
    if resource in ("memory", "ephemeral-storage"):
        return f"{-(-int(amount) // 1024**2)}Mi"
    return f"{amount.normalize():f}"


def _check_limit_range(pods: _Pods, namespace: NamespaceSpec, problems: Problems) -> None:
    if namespace.limit_range is None:
        return
    for item in namespace.limit_range.limits:
        if item.type is LimitType.CONTAINER:
            for each in pods.containers:
                _check_item(item, pods.at, each.name, each.resources, problems)
        elif item.type is LimitType.POD:
            whole = {
                kind: {name: str(_of_pod(pods, kind, name)) for name in _bounded(item) if _is_set(pods, kind, name)}
                for kind in ("requests", "limits")
            }
            _check_item(item, pods.at, "the pod", whole, problems)


def _bounded(item: LimitRangeItemSpec) -> set[str]:
    return {*(item.min or {}), *(item.max or {}), *(item.max_limit_request_ratio or {})}


def _is_set(pods: _Pods, kind: str, resource: str) -> bool:
    """Whether a container of the pods has a request or a limit of a resource."""
    return any(resource in each.resources[kind] for each in pods.containers)


def broken_bound(field: str, value: Optional[Decimal], bound: Optional[Decimal]) -> Optional[Mapping[str, str]]:
    """How messages say that a value is less than a `min` or more than a `max`; None if it isn't, or isn't known."""
    if value is None or bound is None:
        return None
    if field == "min":
        return {"relation": "less than", "relation_allowed": "at least"} if value < bound else None
    return {"relation": "more than", "relation_allowed": "at most"} if value > bound else None


def _check_item(
    item: LimitRangeItemSpec, at: Location, container: str, resources: Manifest, problems: Problems
) -> None:
    for field, bounds, kind in (("min", item.min, "requests"), ("max", item.max, "limits")):
        for name, bound in (bounds or {}).items():
            value, limit = quantity_number(resources[kind].get(name)), quantity_number(bound)
            where = item.at / field / Key(name)
            if name not in resources[kind]:
                _report_missing(at, f"{kind}.{name}", container, where, problems)
            if relation := broken_bound(field, value, limit):
                params: dict[str, Any] = {"bound": bound, "limit_range": where, "container": container, **relation}
                amount = resources[kind][name]
                problems.report(OUTSIDE_LIMIT_RANGE, at, resource=f"{kind}.{name}", amount=amount, **params)
    for name, most in (item.max_limit_request_ratio or {}).items():
        _check_ratio(item, name, most, at, container, resources, problems)


def _report_missing(at: Location, resource: str, container: str, limit_range: Location, problems: Problems) -> None:
    params: dict[str, Any] = {"resource": resource, "container": container, "limit_range": limit_range}
    field = at / "resources" / "limits"
    fix = Set(field, Limits.ALL.value) if resource.startswith("limits.") else None
    problems.report(WITHOUT_LIMIT_RANGE_VALUE, at, field=field, fix=fix, **params)


def _check_ratio(
    item: LimitRangeItemSpec,
    name: str,
    most: str,
    at: Location,
    container: str,
    resources: Manifest,
    problems: Problems,
) -> None:
    """Report a limit that is more times the request than the limit range allows (`limitRequestRatioConstraint`)."""
    where = item.at / "max_limit_request_ratio" / Key(name)
    found = {kind: resources[kind].get(name) for kind in ("requests", "limits")}
    for kind, value in found.items():
        if value is None:
            _report_missing(at, f"{kind}.{name}", container, where, problems)
    request, limit, ratio = (quantity_number(value) for value in (found["requests"], found["limits"], most))
    if request and limit is not None and ratio is not None and limit > ratio * request:
        params: dict[str, Any] = {
            "resource": name,
            "container": container,
            "limit": found["limits"],
            "request": found["requests"],
        }
        problems.report(OVER_RATIO, at, ratio=most, field=at / "resources", limit_range=where, **params)
