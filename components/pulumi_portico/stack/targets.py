"""What the targets of a stack lead to: the component whose pods receive their requests.

A target that names a service or a gateway leads to it. One that is written by hand leads to the component whose pods
its selector selects, whatever the name of its Service, because a load balancer and a NetworkPolicy select pods by it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Optional, Union

from ..args.location import Location
from ..args.problems import Problems
from ..networking.ports import ServicePort
from ..networking.selectors import PodOwner, SelectorIndex, TargetPods, report_overlaps, report_target
from ..networking.target import TargetSpec
from .conflicts import Parts
from .manifest_pods import check_pods_of_manifest
from .parts import AwsBalancerPart, BalancerPart, GatewayPart, PodsPart, RoutesPart
from .references import GATEWAY, SERVICE, Backends, Reference

__all__ = ["Destination", "Destinations", "resolve_targets"]

_KINDS = {"services": SERVICE, "gateways": GATEWAY}
"""The kind of a component, by the field of the stack that has it."""


@dataclass(frozen=True)
class Destination:
    """The component of the stack that a target leads to."""

    kind: str
    """`SERVICE` or `GATEWAY`."""
    name: str
    port: Optional[ServicePort]
    """Its port; None if the target leads to one that the component doesn't declare."""


Destinations = Mapping[Location, Destination]
"""By the location of the target. A target that isn't among them leads to pods that the stack doesn't create."""


def resolve_targets(
    parts: Parts, references: Mapping[Location, Reference], backends: Mapping[str, Backends], problems: Problems
) -> Destinations:
    """What the targets lead to. Reports components whose selectors find each other's pods, and targets that select the
    pods of several components, or not those of the Service that they name.

    `backends` has the services and the gateways, by kind.
    """
    index = SelectorIndex()
    for part in (*parts.services.values(), *parts.jobs.values(), *parts.gateways.values()):
        if part.usable:
            problems.run(_check_selector, part, index)
    for manifest in parts.own.manifests:
        check_pods_of_manifest(manifest, parts.namespace, index, problems)
    found = {at: Destination(known.kind, known.name, known.port) for at, known in references.items()}
    for part in parts.with_targets:
        if part.usable:
            problems.run(_resolve_targets_of, part, index, backends, found)
    return found


def _check_selector(part: Union[PodsPart, GatewayPart], index: SelectorIndex, problems: Problems) -> None:
    if isinstance(part, GatewayPart) and not part.installs:
        return
    owner = part.pod_owner()
    # Two components of one name have more than labels in common, which is reported.
    overlaps = (found for found in index.overlaps(owner) if found.selecting.name[-1] != found.selected.name[-1])
    report_overlaps(overlaps, owner, problems)
    index.add(owner)


_Part = Union[GatewayPart, RoutesPart, BalancerPart, AwsBalancerPart]


def _resolve_targets_of(
    part: _Part,
    index: SelectorIndex,
    backends: Mapping[str, Backends],
    found: dict[Location, Destination],
    problems: Problems,
) -> None:
    for target_of in _targets_of(part):
        problems.run(_resolve, part, target_of, index, backends, found)


_TargetOf = Callable[[], Optional[TargetSpec]]
"""Returns a target. Unavailable if it's invalid."""


def _targets_of(part: _Part) -> Iterator[_TargetOf]:
    if isinstance(part, GatewayPart):
        gateway = part.spec
        yield from (partial(getattr, route, "target") for route in gateway.routes)
        yield lambda: gateway.default_backend
    elif isinstance(part, RoutesPart):
        added = part.spec
        yield from (partial(getattr, route, "target") for route in added.routes)
    elif isinstance(part, BalancerPart):
        balancer = part.spec
        yield lambda: balancer.target
    else:
        yield from (partial(getattr, target, "target") for target in part.spec.targets.values())


def _resolve(
    part: _Part,
    target_of: _TargetOf,
    index: SelectorIndex,
    backends: Mapping[str, Backends],
    found: dict[Location, Destination],
    problems: Problems,
) -> None:
    target = target_of()
    if target is None or target.at in found:
        return
    is_balancer = isinstance(part, BalancerPart)
    pods = TargetPods(part.at, target.namespace, target.service, target.selector or {}, target.at, is_balancer)
    report_target(pods, index, problems)
    owner = _owner_of(pods, index)
    if owner is not None:
        kind, name = _KINDS[str(owner.at[0])], str(owner.at[-1])
        backend = backends[kind].get(name)
        ports = () if backend is None else backend.part.ports.values()
        port = next((port for port in ports if _is_port(port, target)), None)
        found[target.at] = Destination(kind, name, port)


def _owner_of(pods: TargetPods, index: SelectorIndex) -> Optional[PodOwner]:
    """The component whose pods receive the requests of a target; None if the stack doesn't create them."""
    selected = index.selected(pods) if pods.selector else []
    return selected[0] if selected else index.named(pods)


def _is_port(port: ServicePort, target: TargetSpec) -> bool:
    if port.protocol != target.protocol.value:
        return False
    return port.name == target.port_name if target.pod_port is None else port.target == target.pod_port
