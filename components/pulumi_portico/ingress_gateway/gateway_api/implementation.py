"""What the module of an implementation of Gateway API declares."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ...args.problems import Problems
from ...lifecycle.objects import ObjectSpec
from ...networking.network_policies import PeerSpec
from ..capabilities import Alternative, Feature, FeatureSupport
from ..compile_input import CompileInput
from ..resolved_routes import ResolvedRoute
from .conformance import Report

__all__ = ["GATEWAY_NAME", "ImplementationModule", "pods_of_gateway"]

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
"""The label of what an implementation creates for a Gateway, with the Gateway's name."""


def pods_of_gateway(name: str, namespace: Any) -> Sequence[PeerSpec]:
    """The pods that most implementations create beside a Gateway."""
    return [PeerSpec(namespace=namespace, selector={GATEWAY_NAME: name})]


def _no_policies(_component: CompileInput, _route: ResolvedRoute) -> list[ObjectSpec]:
    return []


def _unknown_peers(_name: str, _namespace: Any) -> Optional[Sequence[PeerSpec]]:
    return None


def _nothing_to_check(_component: CompileInput, _problems: Problems) -> None:
    return


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
    alternatives: Mapping[Feature, Alternative] = field(default_factory=dict[str, Alternative])
    """What to do instead of using a feature that it doesn't support."""
    check: Callable[[CompileInput, Problems], None] = _nothing_to_check
    """Reports what it doesn't support in combination."""
    peers: Callable[[str, Any], Optional[Sequence[PeerSpec]]] = _unknown_peers
    """Where the connections of its data plane come from, by the name and the namespace of the Gateway; None if a
    NetworkPolicy can't select them, or if they aren't known."""
    peers_hint: str = ""
    """Why they aren't known."""
