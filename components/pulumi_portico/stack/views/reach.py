"""Who reaches load balancers and gateways, if the stack alone doesn't decide it."""

from collections.abc import Iterator, Sequence
from typing import Any

from ...args.exceptions import SecurityException, exception_kind
from ...ingress_gateway.args import IngressGatewaySpec, targets_of
from ...ingress_gateway.gateway_plan import installer_of
from ...public_load_balancer.enforcement import narrow_sources
from ...public_load_balancer.exposure import ExposureSpec
from ...public_load_balancer.platform_module import Enforcement, Request, value_of
from ...public_load_balancer.platforms import module_of
from ..plan import StackPlan
from .aws_exceptions import CLIENT_ADDRESSES

__all__ = [
    "exceptions_of_front",
    "exceptions_of_sources",
    "exceptions_of_targets",
    "may_be_public",
    "names_of_everyone",
]

UNVERIFIED_SOURCES = exception_kind(
    "unverified-sources",
    "Only the load balancer can enforce this, and Portico doesn't know whether its controller does. If not, everyone "
    "who reaches it can connect.",
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
    if narrow is not None and module_of(exposure.platform).enforcement(request) is Enforcement.UNKNOWN:
        yield SecurityException(UNVERIFIED_SOURCES, exposure.at.join(narrow))


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
    targets += [spec.target for spec in plan.load_balancers.values()]
    targets += [target.target for spec in plan.aws_load_balancers.values() for target in spec.targets.values()]
    for target in targets:
        if target is None or plan.destination(target) is not None:
            continue
        selector = target.selector or {}
        if selector and not all(isinstance(value, str) for value in (target.namespace, *selector.values())):
            yield SecurityException(UNKNOWN_PODS, target.at / "selector")
