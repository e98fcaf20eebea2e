"""Who reaches load balancers and gateways, if the stack alone doesn't decide it."""

from collections.abc import Iterator, Sequence
from typing import Any

from ...args.exceptions import SecurityException, exception_kind
from ...args.location import Field, Key
from ...ingress_gateway.args import IngressGatewaySpec, targets_of
from ...ingress_gateway.gateway_plan import installer_of
from ...load_balancers import Scope
from ...public_load_balancer.access_annotations import AccessEffect
from ...public_load_balancer.enforcement import narrow_sources
from ...public_load_balancer.exposure import ExposureSpec
from ...public_load_balancer.platform_module import Enforcement, Request, value_of
from ...public_load_balancer.platforms import module_of
from ..plan import StackPlan
from .aws_exceptions import CLIENT_ADDRESSES

__all__ = [
    "CLIENTS_OF_CLASS",
    "are_sources_certain",
    "exceptions_of_front",
    "exceptions_of_sources",
    "exceptions_of_targets",
    "is_scope_certain",
    "may_be_public",
    "names_of_everyone",
]

UNVERIFIED_SOURCES = exception_kind(
    "unverified-sources",
    "Portico doesn't know whether the load balancer enforces this, and nodes don't check connections to node ports. If "
    "nothing does, everyone who reaches it can connect.",
)
SHARED_RULES = exception_kind(
    "shared-source-rules",
    "Only the security groups of the pods enforce this. They admit whoever another load balancer without a security "
    "group admits to the same port of the pods.",
)
_UNCERTAIN = {Enforcement.UNKNOWN: UNVERIFIED_SOURCES, Enforcement.SHARED: SHARED_RULES}
OPEN_NODES = exception_kind(
    "open-nodes",
    "Every node accepts these connections, at each of its addresses. If one of them is public and no firewall prevents "
    "it, clients on the internet can connect.",
)
UNVERIFIED_SCOPE = exception_kind(
    "unverified-scope",
    "Only {annotations} or {load_balancer_class} can make the load balancer internal, and Portico doesn't know whether "
    "the cluster's controller reads them. If it doesn't, clients on the internet can reach the load balancer.",
)
FURTHER_CLIENTS = exception_kind(
    "further-clients", "With this annotation, {clients} can connect too, and the sources don't apply to them."
)
EVERY_PORT = exception_kind(
    "every-port-of-load-balancer", "The load balancer forwards connections to every port, not only to those listed."
)
CLIENTS_OF_CLASS = exception_kind(
    "clients-of-existing-controller",
    "Everyone who reaches the controller of this class can send requests. Portico doesn't know whether clients on the "
    "internet do.",
)
UNKNOWN_PODS = exception_kind(
    "unknown-target-pods", "This can expose the pods of any service, because a value that selects them isn't known."
)


def exceptions_of_sources(exposure: ExposureSpec) -> Iterator[SecurityException]:
    """The sources of a load balancer that stand for everyone, or that Portico can't rely on."""
    for feature, positions in names_of_everyone(exposure).items():
        for index in positions:
            yield SecurityException(CLIENT_ADDRESSES, exposure.at.join(feature.split(".")) / index)
    # No platform decides it by the ports.
    request = Request(exposure, ())
    narrow = narrow_sources(request)
    kind = _UNCERTAIN.get(module_of(exposure.platform).enforcement_of(request))
    if narrow is not None and kind is not None:
        yield SecurityException(kind, exposure.at.join(narrow))
    if not module_of(exposure.platform).assigns_address:
        yield SecurityException(OPEN_NODES, exposure.at / "platform")
    elif not is_scope_certain(exposure):
        fields = {name: Field(name) for name in ("annotations", "load_balancer_class")}
        yield SecurityException(UNVERIFIED_SCOPE, exposure.at / "scope", fields)
    for key, annotation, effect in module_of(exposure.platform).access_effects(request):
        location = exposure.at / "annotations" / Key(key)
        if effect is AccessEffect.FURTHER_CLIENTS:
            yield SecurityException(FURTHER_CLIENTS, location, {"clients": annotation.clients})
        elif effect is AccessEffect.EVERY_PORT:
            yield SecurityException(EVERY_PORT, location)


def is_scope_certain(exposure: ExposureSpec) -> bool:
    """Whether the load balancer has its scope for sure. If not, only the cluster's controller decides."""
    return exposure.scope is not Scope.INTERNAL or module_of(exposure.platform).decides_scope


def are_sources_certain(request: Request) -> bool:
    """Whether something enforces the sources for sure."""
    return module_of(request.exposure.platform).enforcement_of(request) not in _UNCERTAIN


def names_of_everyone(exposure: ExposureSpec) -> dict[str, list[int]]:
    """The positions of the sources by which the platform means everyone, by their field."""
    found: dict[str, list[int]] = {}
    for feature, names in module_of(exposure.platform).names_of_everyone.items():
        known = [name.lower() for name in names]
        values: Sequence[Any] = value_of(exposure, feature) or ()
        found[feature] = [
            index for index, value in enumerate(values) if isinstance(value, str) and value.lower() in known
        ]
    return found


def may_be_public(spec: IngressGatewaySpec) -> bool:
    """Whether something that isn't part of the stack can lead clients to the gateway: an existing controller's own load
    balancer, or what connects from the sources of `upstream`."""
    return installer_of(spec) is None or (spec.upstream is not None and bool(spec.upstream.sources))


def exceptions_of_front(spec: IngressGatewaySpec) -> Iterator[SecurityException]:
    """The front door of a controller that the cluster has already."""
    if installer_of(spec) is None:
        yield SecurityException(CLIENTS_OF_CLASS, spec.at / "class_name")


def exceptions_of_targets(plan: StackPlan) -> Iterator[SecurityException]:
    """Targets whose pods can be those of any service, because a value that selects them isn't known."""
    targets = [target for spec in plan.gateways.values() for target in targets_of(spec)]
    targets += [route.target for spec in plan.routes.values() for route in spec.routes]
    targets += [spec.target for spec in plan.load_balancers.values()]
    targets += [target.target for spec in plan.aws_load_balancers.values() for target in spec.targets.values()]
    for target in targets:
        if target is None or plan.destination(target) is not None:
            continue
        selector = target.selector or {}
        if selector and not all(isinstance(value, str) for value in (target.namespace, *selector.values())):
            yield SecurityException(UNKNOWN_PODS, target.at / "selector")
