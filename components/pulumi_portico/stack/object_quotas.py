"""Whether the ResourceQuota and the LimitRange of a stack's namespace admit the objects that aren't pods.

Source: the evaluators of Kubernetes' admission plugin ResourceQuota (pkg/quota/v1/evaluator/core), and
`PersistentVolumeClaimLimitFunc` of LimitRanger.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Optional

from ..args.codes import define
from ..args.location import Key, Location
from ..args.problems import Problems, available
from ..args.quantities import quantity_number
from ..namespace import LimitType, NamespaceSpec
from ..untyped import Manifest, listed, mapped
from .conflicts import Parts
from .own_checks import in_stack_namespace
from .own_parts import own_objects
from .parts import ServicePart
from .quotas import broken_bound

__all__ = ["check_object_quotas"]

OVER_OBJECT_QUOTA = define(
    "over-object-quota",
    "The stack creates objects in the namespace that need {needed} of {resource}.",
    allowed="at least {needed}",
    hint="Raise the quota, or remove objects.",
)
OUTSIDE_CLAIM_LIMITS = define(
    "outside-claim-limits",
    "{value} GiB are {relation} {bound} in {limit_range}, so the API server rejects the claim.",
    allowed="{relation_allowed} {bound}",
    hint="Change the size, or the limit range.",
)

_STORAGE, _CLAIMS = "requests.storage", "persistentvolumeclaims"
_OF_CLASS = ".storageclass.storage.k8s.io/"
_PLURALS = {"Ingress": "ingresses", "NetworkPolicy": "networkpolicies"}
_OWN_NAMES = ("configmaps", "replicationcontrollers", "resourcequotas", "secrets", "services")
"""The kinds of the core API group whose plural a quota can name without `count/`."""


@dataclass(frozen=True)
class _Claim:
    at: Location
    """Where its size is."""
    size: int
    storage_class: Optional[str]
    count: int


def check_object_quotas(parts: Parts, problems: Problems) -> None:
    """Report objects of the stack that the namespace's quota and limit range reject."""
    namespace = parts.own.namespace
    if namespace.resource_quota is None and namespace.limit_range is None:
        return
    claims = list(_claims(parts))
    for claim in claims:
        problems.run(_check_claim, claim, namespace)
    if namespace.resource_quota is not None:
        needed = _needed(parts, claims, problems)
        for name, hard in namespace.resource_quota.hard.items():
            most, amount = quantity_number(hard), needed.get(name, Decimal(0))
            if most is not None and amount > most:
                where = namespace.resource_quota.at / "hard" / Key(name)
                shown = f"{amount // 1024**3}Gi" if name.endswith(_STORAGE) else amount
                problems.report(OVER_OBJECT_QUOTA, where, value=hard, resource=name, needed=str(shown))


def _claims(parts: Parts) -> Iterator[_Claim]:
    """The claims of the stack, and those of its StatefulSets."""
    for claim in parts.own.claims.values():
        found = available(
            lambda claim=claim: _Claim(claim.at / "size_gib", claim.size_gib, claim.storage_class, 1), None
        )
        if found is not None:
            yield found
    for part in in_stack_namespace(parts):
        if isinstance(part, ServicePart):
            yield from available(lambda part=part: list(_claims_of(part)), ())


def _claims_of(service: ServicePart) -> Iterator[_Claim]:
    replicas = service.plan.replicas
    for storage in service.spec.storage.values():
        count = replicas if isinstance(replicas, int) else 1
        yield _Claim(storage.at / "size_gib", storage.size_gib, storage.storage_class, count)


def _check_claim(claim: _Claim, namespace: NamespaceSpec, problems: Problems) -> None:
    items = () if namespace.limit_range is None else namespace.limit_range.limits
    for item in items:
        if item.type is not LimitType.PERSISTENT_VOLUME_CLAIM:
            continue
        for field, bounds in (("min", item.min), ("max", item.max)):
            bound = (bounds or {}).get("storage")
            if relation := broken_bound(field, Decimal(claim.size * 1024**3), quantity_number(bound)):
                params: dict[str, Any] = {"bound": bound, "limit_range": item.at / field / Key("storage"), **relation}
                problems.report(OUTSIDE_CLAIM_LIMITS, claim.at, value=claim.size, **params)


def _needed(parts: Parts, claims: Iterable[_Claim], problems: Problems) -> Mapping[str, Decimal]:
    """What the objects need of each resource of a quota."""
    needed: Counter[str] = Counter()
    for manifest in _objects(parts, problems):
        needed.update(_counted(manifest))
    # Kubernetes creates one in every namespace.
    needed.update({"configmaps": 1, "count/configmaps": 1})
    for claim in claims:
        amounts = {_CLAIMS: claim.count, _STORAGE: claim.count * claim.size * 1024**3}
        needed.update({**amounts, f"count/{_CLAIMS}": claim.count})
        if claim.storage_class is not None:
            needed.update({f"{claim.storage_class}{_OF_CLASS}{name}": amount for name, amount in amounts.items()})
    return {name: Decimal(amount) for name, amount in needed.items()}


def _objects(parts: Parts, problems: Problems) -> Iterator[Manifest]:
    """The manifests of the objects that the stack creates in its namespace, as far as they are known. Claims are
    counted apart."""
    described = [one.manifest for one in own_objects(parts.own, parts.pod_security)]
    described += [manifest.content for manifest in parts.own.manifests]
    for part in in_stack_namespace(parts):
        if not problems.has_within(part.at):
            yield from _manifests_of(part)
    for part in (*parts.load_balancers.values(), *parts.gateways.values()):
        if part.usable and not problems.has_within(part.at):
            described += _manifests_of(part)
    for manifest in described:
        namespace = mapped(manifest.get("metadata")).get("namespace")
        if namespace in (None, parts.namespace) and manifest.get("kind") != "PersistentVolumeClaim":
            yield manifest


def _manifests_of(part: Any) -> list[Manifest]:
    def manifests() -> list[Manifest]:
        found = part.kind.objects({part.name: part.spec})
        return [one.manifest for _, objects in found for one in objects if one.is_kubernetes]

    return available(manifests, list[Manifest]())


def _counted(manifest: Manifest) -> Mapping[str, int]:
    """What an object needs of each resource of a quota."""
    group, _, _ = str(manifest.get("apiVersion")).rpartition("/")
    kind = str(manifest.get("kind"))
    plural = _PLURALS.get(kind, f"{kind.lower()}s")
    found = {f"count/{plural}.{group}" if group else f"count/{plural}": 1}
    if not group and plural in _OWN_NAMES:
        found[plural] = 1
    if not group and kind == "Service":
        found |= _ports_of_nodes(mapped(manifest.get("spec")))
    return found


def _ports_of_nodes(spec: Manifest) -> dict[str, int]:
    kind, ports = spec.get("type"), [mapped(port) for port in listed(spec.get("ports"))]
    if kind == "NodePort":
        return {"services.nodeports": len(ports)}
    if kind != "LoadBalancer":
        return {}
    if spec.get("allocateLoadBalancerNodePorts") is False:
        ports = [port for port in ports if port.get("nodePort")]
    return {"services.loadbalancers": 1, "services.nodeports": len(ports)}
