"""Peers by name: a policy that names a service that doesn't exist allows nobody, and Kubernetes doesn't report it."""

from collections.abc import Mapping
from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..args.location import Field, Key
from ..args.problems import Edit, Move, Problems, Remove, Set, nearest
from ..networking.network_policies import NAME_LABEL, PeerSpec
from .parts import ServicePart

__all__ = ["check_peer_names"]

UNKNOWN_PEER = define(
    "unknown-peer",
    "The stack has no service {value}.",
    allowed="{known}; for pods that the stack doesn't create, {field}",
)
PEER_HAS_SELECTOR = define(
    "peer-has-selector",
    "The service {value} has a selector of its own, so its name doesn't select its pods.",
    allowed="the labels of its pods as {field}",
)
PEER_IN_OTHER_NAMESPACE = define(
    "peer-in-other-namespace",
    "The service {value} is in the namespace {namespace}.",
    allowed="its namespace as {field}",
)


def check_peer_names(services: Mapping[str, ServicePart], problems: Problems) -> None:
    """Report each peer that names a service of the stack that doesn't exist, or that its name doesn't select."""
    for service in services.values():
        problems.run(_check_service, service, services)


def _check_service(service: ServicePart, services: Mapping[str, ServicePart], problems: Problems) -> None:
    for peer in (*service.spec.allow_from, *service.spec.allow_to):
        problems.run(_check_peer, peer, service, services)


def _check_peer(peer: PeerSpec, own: ServicePart, services: Mapping[str, ServicePart], problems: Problems) -> None:
    name = peer.service
    # The stack doesn't know the services of another namespace.
    if not isinstance(name, str) or peer.namespace is not None or peer.any_namespace:
        return
    where = peer.at / "service"
    if name not in services:
        fix = _fix_of_unknown(peer, nearest(name, services))
        problems.report(UNKNOWN_PEER, where, value=name, fix=fix, known=sorted(services), field=Field("selector"))
        return
    service = services[name]
    if service.spec.selector is not None:
        edits = (Remove(where), Set(peer.at / "selector", _labels(service.spec.selector)))
        problems.report(PEER_HAS_SELECTOR, where, value=name, fix=edits, field=Field("selector"))
    elif _differ(service.namespace, own.namespace):
        fix = Set(peer.at / "namespace", service.namespace)
        params: dict[str, Any] = {"namespace": service.namespace, "field": Field("namespace")}
        problems.report(PEER_IN_OTHER_NAMESPACE, where, value=name, fix=fix, **params)


def _fix_of_unknown(peer: PeerSpec, close: Optional[str]) -> tuple[Edit, ...]:
    where = peer.at / "service"
    if close is not None:
        return (Set(where, close),)
    return (Move(where, peer.at / "selector" / Key(NAME_LABEL)),)


def _labels(selector: Mapping[str, str]) -> Mapping[str, str]:
    return {Key(key): value for key, value in selector.items()}


def _differ(one: pulumi.Input[str], other: pulumi.Input[str]) -> bool:
    return not isinstance(one, pulumi.Output) and not isinstance(other, pulumi.Output) and one != other
