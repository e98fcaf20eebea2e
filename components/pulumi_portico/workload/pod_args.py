"""What the parsed arguments of every component with pods have: those of a `WebService` and those of a `Job`.

The args types repeat these fields, because the schema for other languages drops the docs of inherited ones.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import pulumi

from ..args.names import annotation_key, dns_label, label_value, own_label_key
from ..args.parse import Field, Rule, Rules
from ..args.units import SECONDS
from ..args.values import whole_number
from ..networking.dns import DnsSpec
from ..networking.network_policies import NAME_LABEL, PeerSpec
from ..networking.network_policies import RULES as NETWORK_RULES
from ..untyped import mapped
from .availability import SHUTDOWN_SECONDS
from .containers import CONTAINER_RULES, CommonContainerSpec, Container, ContainerSpec
from .environment_sources import RULES as ENVIRONMENT_SOURCE_RULES
from .health import RULES as HEALTH_RULES
from .identity import RULES as IDENTITY_RULES
from .identity import IdentitySpec
from .images import RULES as IMAGE_RULES
from .images import ImagePolicySpec
from .placement import RULES as PLACEMENT_RULES
from .placement import PlacementSpec
from .resources import RULES as RESOURCES_RULES
from .security import RULES as SECURITY_RULES
from .security import SecuritySpec
from .volumes import RULES as VOLUMES_RULES
from .volumes import StorageSpec, VolumeSpec

__all__ = ["LABELS", "POD_FIELDS", "PodSpec", "pod_rules"]

_DAY = 24 * 3600
LABELS = Field(keys=own_label_key, items=label_value)
"""What labels of a component must satisfy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSpec(CommonContainerSpec):
    """What the parsed arguments of every component with pods have."""

    container_name: Optional[str] = None
    namespace: Optional[pulumi.Input[str]] = None
    volumes: Mapping[str, VolumeSpec] = dataclasses.field(default_factory=dict[str, VolumeSpec])
    shutdown: int = SHUTDOWN_SECONDS
    ready_timeout: Optional[int] = None
    placement: Optional[PlacementSpec] = None
    image_policy: Optional[ImagePolicySpec] = None
    identity: Optional[IdentitySpec] = None
    security: Optional[SecuritySpec] = None
    allow_to: Sequence[PeerSpec] = ()
    dns: Optional[DnsSpec] = None
    network_policy: bool = True
    init_containers: Sequence[ContainerSpec] = ()
    sidecars: Sequence[ContainerSpec] = ()
    labels: Optional[Mapping[str, pulumi.Input[str]]] = None
    pod_annotations: Optional[Mapping[str, pulumi.Input[str]]] = None
    roll_on_change: bool = False
    extra: Optional[Mapping[str, Any]] = None

    @property
    def is_on_host_network(self) -> bool:
        """Whether the pods use the network of their node."""
        return self.security is not None and self.security.host_network

    @property
    def extra_host_network(self) -> Any:
        """What `extra` sets for the network of the node, if it does."""
        return mapped(mapped(self.extra).get("spec")).get("hostNetwork", False)

    @property
    def other_containers(self) -> Sequence[ContainerSpec]:
        """The containers besides the application's."""
        return (*self.sidecars, *self.init_containers)

    @property
    def claim_templates(self) -> Mapping[str, StorageSpec]:
        """The storage of each pod, by the claim's name: none, unless the component can be a StatefulSet."""
        return {}

    def container_name_for(self, name: str) -> str:
        """The name of the application's container, if the component is called `name`."""
        return name if self.container_name is None else self.container_name

    def selector_for(self, name: str) -> Mapping[str, str]:
        """The labels that select the pods of the component called `name`: few, because Kubernetes freezes them."""
        return {NAME_LABEL: name}

    def labels_for(self, name: str) -> Mapping[str, pulumi.Input[str]]:
        """The labels of the pods, and of every object, of the component called `name`, the selector included."""
        return {**(self.labels or {}), **self.selector_for(name)}

    def metadata_for(self, name: str) -> dict[str, Any]:
        """The metadata that all objects of the component called `name` have."""
        metadata: dict[str, Any] = {"name": name, "labels": dict(self.labels_for(name))}
        return metadata if self.namespace is None else {**metadata, "namespace": self.namespace}


POD_FIELDS: Mapping[str, Field] = {
    "container_name": Field(dns_label),
    "namespace": Field(dns_label),
    "volumes": Field(keys=dns_label),
    "shutdown": Field(whole_number(1, _DAY, SECONDS)),
    "ready_timeout": Field(whole_number(1, what=SECONDS)),
    "labels": LABELS,
    "pod_annotations": Field(keys=annotation_key),
}
"""What the fields must satisfy that every component with pods has."""


def pod_rules(image: Rule) -> Rules:
    """What the fields of the types below the arguments must satisfy, if images must satisfy `image`."""
    return {
        **ENVIRONMENT_SOURCE_RULES,
        **HEALTH_RULES,
        **IDENTITY_RULES,
        **IMAGE_RULES,
        **NETWORK_RULES,
        **PLACEMENT_RULES,
        **RESOURCES_RULES,
        **SECURITY_RULES,
        **VOLUMES_RULES,
        Container: {**CONTAINER_RULES, "image": Field(image)},
    }
