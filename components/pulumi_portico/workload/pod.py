"""The pods of a workload.

Pure: a plan in, dictionaries out; Outputs pass through at the leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

import pulumi

from ..merge import merged
from ..networking.ports import ServicePort
from ..untyped import Manifest, listed, mapped
from .availability import SHUTDOWN_SECONDS, build_drain
from .containers import CommonContainerSpec, ContainerSpec, build_container, build_other_containers
from .environment import Sources, build_files
from .expansion import in_order
from .identity import IdentitySpec, build_identity_labels
from .images import ImagePolicySpec, build_pull_policy, build_pull_secrets
from .kinds import WorkloadKind
from .placement import PlacementSpec, build_placement, build_spread
from .security import UNPRIVILEGED_PORT, SecuritySpec, build_container_security, build_pod_security
from .volumes import StorageSpec, VolumeSpec, build_mounts, build_volume, needs_group

__all__ = ["PodPlan", "build_template"]


@dataclass(frozen=True)
class PodPlan:
    """The pods of a workload, resolved."""

    name: str
    """The name of the application's container."""
    kind: Optional[WorkloadKind]
    """What creates the pods; None for a Job."""
    application: CommonContainerSpec
    account: Any
    """The name of the ServiceAccount."""
    selector: Mapping[str, str]
    """The labels that select the pods."""
    labels: Manifest
    """The labels of the pods, the selector included."""
    ports: Mapping[str, ServicePort]
    """The ports of the Service, by name: those of the application and of its sidecars."""
    drain: int
    """Seconds that a terminating pod continues to serve requests."""
    shutdown: int = SHUTDOWN_SECONDS
    """Seconds that the application has to end after that."""
    sidecars: Sequence[ContainerSpec] = ()
    init_containers: Sequence[ContainerSpec] = ()
    volumes: Mapping[str, VolumeSpec] = field(default_factory=dict[str, VolumeSpec])
    storage: Mapping[str, StorageSpec] = field(default_factory=dict[str, StorageSpec])
    identity: Optional[IdentitySpec] = None
    security: Optional[SecuritySpec] = None
    image_policy: Optional[ImagePolicySpec] = None
    placement: Optional[PlacementSpec] = None
    annotations: Optional[Mapping[str, pulumi.Input[str]]] = None
    restart_policy: Optional[str] = None
    """When the kubelet starts a container again that has ended. Default: always."""
    extra: Optional[Manifest] = None
    """What is merged last into the template, as Kubernetes has it."""
    sources: Mapping[str, Sources] = field(default_factory=dict[str, Sources])
    """The objects that each container's environment comes from, by the container's name."""


def build_template(pod: PodPlan) -> dict[str, Any]:
    """The template of the pods."""
    metadata: dict[str, Any] = {"labels": {**build_identity_labels(pod.identity), **pod.labels}}
    if pod.annotations:
        metadata["annotations"] = dict(pod.annotations)
    template = {"metadata": metadata, "spec": _spec(pod)}
    return template if pod.extra is None else _with_extra(template, pod.extra)


def _with_extra(template: Manifest, extra: Manifest) -> dict[str, Any]:
    """The template with what is merged into it. Variables that it adds come before those that refer to them."""
    whole: dict[str, Any] = merged(template, extra)
    for group in ("initContainers", "containers"):
        for container in listed(mapped(whole.get("spec")).get(group)):
            # `extra` can have anything here: the rules of the template report what is no container.
            if isinstance(container, dict) and (variables := listed(container.get("env"))):
                container["env"] = in_order(variables)
    return whole


def _spec(pod: PodPlan) -> dict[str, Any]:
    common = {**build_pull_policy(pod.image_policy), **build_container_security(pod.security)}
    of_container, of_pod = build_drain(pod.drain, pod.shutdown)
    application, volumes = _application(pod, common, of_container)
    others, other_volumes = build_other_containers(
        pod.sidecars, pod.init_containers, pod.sources, list(pod.ports.values()), pod.security, common
    )
    volumes += other_volumes
    volumes += [build_volume(name, volume) for name, volume in sorted(pod.volumes.items())]
    return {
        "serviceAccountName": pod.account,
        "automountServiceAccountToken": pod.identity is not None and pod.identity.has_token,
        # Environment variables for every Service of the namespace leak names, and are slow if there are many.
        "enableServiceLinks": False,
        **build_pod_security(
            pod.security,
            storage=bool(pod.storage) or needs_group(pod.volumes),
            low_ports=any(port < UNPRIVILEGED_PORT for port in _listened(pod)),
        ),
        **build_pull_secrets(pod.image_policy),
        **build_placement(pod.placement),
        **build_spread(pod.kind, pod.placement.spread if pod.placement else None, pod.selector),
        **of_pod,
        **({} if pod.restart_policy is None else {"restartPolicy": pod.restart_policy}),
        **({"volumes": volumes} if volumes else {}),
        **({"initContainers": others} if others else {}),
        "containers": [application],
    }


def _listened(pod: PodPlan) -> list[int]:
    """The ports that the containers listen on."""
    ports = [port.target for port in pod.ports.values()]
    return ports + [sidecar.port for sidecar in pod.sidecars if sidecar.port is not None]


def _application(pod: PodPlan, common: Manifest, of_container: Manifest) -> tuple[dict[str, Any], list[Manifest]]:
    """The application's container, and the volumes of its files."""
    sources = pod.sources.get(pod.name, Sources())
    ports = {name: port for name, port in pod.ports.items() if not port.container}
    built = {**build_container(pod.name, pod.application, sources, ports, common), **of_container}
    mounts, volumes = build_files(pod.application, sources)
    mounts += build_mounts(pod.volumes, pod.storage)
    if mounts:
        built["volumeMounts"] = mounts
    return built, volumes
