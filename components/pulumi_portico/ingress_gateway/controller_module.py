"""What the module of a controller declares: everything that Portico knows about the controller.

Nothing outside of a controller's module compares controllers by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..args.parse import Rule
from ..args.problems import Problems
from ..lifecycle.objects import ObjectSpec
from ..networking.network_policies import PeerSpec
from .annotation_fields import AnnotationField
from .annotation_values import safe_text
from .capabilities import Alternative, Feature, FeatureSupport
from .compile_input import ADDRESS_PUBLISHED, CompileInput
from .install.installer import Installer
from .raw_annotations import RawAnnotations
from .resolved_routes import ResolvedRoute

__all__ = ["ControllerModule", "SharedSetting", "nothing_to_check", "unknown_peers"]

SharedSetting = tuple[tuple[str, str], Any, ResolvedRoute]
"""A setting that a controller has once for all routes to one target: the target and the field, the value, the route."""


def _none_shared(_component: CompileInput) -> list[SharedSetting]:
    return []


def unknown_peers(_name: str, _namespace: Any) -> Optional[Sequence[PeerSpec]]:
    """Stands for peers that aren't known."""
    return None


def _safe_text_for(_key: str) -> Rule:
    return safe_text


def nothing_to_check(_component: CompileInput, _problems: Problems) -> None:
    """Reports nothing."""


@dataclass(frozen=True)
class ControllerModule:
    """A controller."""

    name: str
    """The value of the field `controller`."""
    title: str
    """What people call it."""
    features: Mapping[Feature, FeatureSupport]
    """The features of routes that it supports, and how."""
    compile: Callable[[CompileInput], list[ObjectSpec]]
    """The objects that make it serve the routes. The Ingresses of hosts come before those of their routes."""
    objects_read: tuple[str, ...] = ("Ingress",)
    """The kinds of the objects that make it serve routes, apart from Secrets and ConfigMaps that these name."""
    installer: Optional[Installer] = None
    """What installs it; None if it must be in the cluster already."""
    check: Callable[[CompileInput, Problems], None] = nothing_to_check
    """Reports what it doesn't support in combination."""
    shared: Callable[[CompileInput], list[SharedSetting]] = _none_shared
    """The settings that it has once for all routes to one target."""
    alternatives: Mapping[Feature, Alternative] = field(default_factory=dict[str, Alternative])
    """What to do instead of using a feature that it doesn't support, if there is more to say."""
    limits: Mapping[Feature, Rule] = field(default_factory=dict[str, Rule])
    """What it accepts as values of a mapping, beyond what a `Route` accepts."""
    path: Optional[Rule] = None
    """What it accepts as a path, beyond what a `Route` accepts."""
    split_headers: frozenset[str] = frozenset()
    """The headers of responses, in lower case, whose lists it returns as several lines: one for each item."""
    supported_versions: tuple[str, ...] = ()
    """The versions whose behavior the compiler relies on; empty if it relies on the Ingress API only."""

    annotation_prefixes: tuple[str, ...] = ()
    """How the annotations begin that only this controller reads."""
    annotations_written: tuple[str, ...] = ()
    """Annotations that the compiler writes whatever a route requests."""
    denied_annotations: tuple[str, ...] = ("snippet", "-snippets")
    """How the annotations end that contain configuration of nginx."""
    client_address_annotations: tuple[str, ...] = ()
    """Raw annotations whose effect depends on the client's address."""
    raw_annotations: Optional[RawAnnotations] = None
    """The annotations that it knows; None if any can have an effect."""
    annotation_fields: Mapping[str, AnnotationField] = field(default_factory=dict[str, AnnotationField])
    """The fields that do what its annotations do, by key, also of those that it doesn't read on routes."""
    other_annotations: Callable[[str], Rule] = _safe_text_for
    """The rule of the values of an annotation that Portico doesn't know, by its key."""

    wait_condition: Optional[str] = ADDRESS_PUBLISHED
    """What the deployment waits for in an Ingress; None for Pulumi's own readiness logic."""
    publishes_address_without_load_balancer: bool = True
    """Whether it writes an address into Ingresses even if no load balancer of its own gives it one."""

    has_gateway: bool = False
    """Whether a Gateway object stands for a gateway, and has listeners for its certificates. A class can have several
    Gateways."""
    variant: Optional[Callable[[str, Optional[str], Sequence[str]], "ControllerModule"]] = None
    """What it is with an implementation, by the implementation's name, its version, and the features that it declares;
    None if it has no implementations."""
    default_class: Optional[str] = None
    """The class that it has unless the cluster's administrators choose another one; None if they always choose."""
    peers: Callable[[str, Any], Optional[Sequence[PeerSpec]]] = unknown_peers
    """Where the connections come from of a controller that Portico doesn't install, by the name and the namespace of
    the gateway; None if that isn't known."""
    peers_hint: str = ""
    """Why it isn't known, and what to do."""

    redirects_to_https: bool = True
    """Whether it can redirect requests without TLS."""
    trusts_forwarded_protocol: bool = True
    """Whether it can read from a header that TLS was terminated upstream."""
    forwards_protocol_without_redirect: bool = True
    """Whether it passes on that TLS was terminated upstream also for hosts whose requests it doesn't redirect."""
    limits_grpc_bodies: bool = True
    """Whether the size of requests in its settings applies to gRPC."""
    shares_ingress: bool = False
    """Whether one Ingress has all routes of a component; annotations are then the component's."""
    multi_label_wildcards: bool = False
    """Whether its wildcards match several labels, instead of exactly one."""
    exact_and_prefix_in_one_component: bool = False
    """Whether an exact route and a prefix of the same path must be in one component."""
    declares_response_headers: bool = False
    """Whether its configuration must list the headers that routes add to responses."""

    def supports(self, feature: Feature, *, custom_resources: bool = True) -> bool:
        """Whether it supports a feature; `custom_resources` is whether its own resources are available."""
        support = self.features.get(feature)
        return support is not None and (custom_resources or not support.custom_resources)

    @property
    def has_custom_resources(self) -> bool:
        """Whether some of its features need resources of its own."""
        return any(support.custom_resources for support in self.features.values())

    def feature_of_annotation(self, key: str) -> Optional[Feature]:
        """The feature that a field writes this annotation for; None if no field writes it."""
        if key in self.annotations_written:
            return "path"
        written = (feature for feature, support in self.features.items() if key in support.annotations)
        return next(written, None)
