"""What the module of an implementation of Gateway API declares."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ...args.problems import Problems
from ...lifecycle.objects import ObjectSpec
from ...networking.network_policies import PeerSpec
from ..capabilities import Feature, FeatureSupport
from ..compile_input import CompileInput
from ..controller_module import nothing_to_check, unknown_peers
from ..resolved_routes import ResolvedRoute
from .conformance import Report

__all__ = ["API_GROUP", "GATEWAY_NAME", "ImplementationModule", "kind_of", "pods_of_gateway"]

API_GROUP = "gateway.networking.k8s.io"
"""The group of the kinds of Gateway API."""

GATEWAY_NAME = f"{API_GROUP}/gateway-name"
"""The label of what an implementation creates for a Gateway, with the Gateway's name."""


def pods_of_gateway(name: str, namespace: Any) -> Sequence[PeerSpec]:
    """The pods that most implementations create beside a Gateway."""
    return [PeerSpec(namespace=namespace, selector={GATEWAY_NAME: name})]


def kind_of(route: ResolvedRoute) -> str:
    """The kind of the object of a route."""
    return "GRPCRoute" if route.protocol.is_grpc else "HTTPRoute"


def _no_policies(_component: CompileInput, _route: ResolvedRoute) -> list[ObjectSpec]:
    return []


@dataclass(frozen=True)
class ImplementationModule:
    """An implementation of Gateway API."""

    name: str
    """The value of the field `implementation`."""
    title: str
    """What people call it."""
    controller_name: Optional[str]
    """The `controllerName` of its GatewayClass; None if it isn't known."""
    class_name: Optional[str] = None
    """The GatewayClass that it installs; None if users create theirs."""
    reports: tuple[Report, ...] = ()
    """What each known version supports, the newest last."""
    policies: Callable[[CompileInput, ResolvedRoute], list[ObjectSpec]] = _no_policies
    """The objects of its own kinds that a route needs. They come before the route."""
    policy_kinds: tuple[str, ...] = ()
    """The kinds of those objects."""
    policy_features: Mapping[Feature, FeatureSupport] = field(default_factory=dict[str, FeatureSupport])
    """The features of routes that these objects configure."""
    check: Callable[[CompileInput, Problems], None] = nothing_to_check
    """Reports what it doesn't support in combination."""
    peers: Callable[[str, Any], Optional[Sequence[PeerSpec]]] = unknown_peers
    """Where the connections of its data plane come from, by the name and the namespace of the Gateway; None if a
    NetworkPolicy can't select them, or if they aren't known."""
    peers_hint: str = ""
    """Why they aren't known."""
