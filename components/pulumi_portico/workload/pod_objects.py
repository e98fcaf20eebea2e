"""The objects that pods need before they run: their ServiceAccount, their NetworkPolicy, and what their environment and
their files come from.

Pure: specs in, descriptions of objects out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Optional

from ..lifecycle.objects import ObjectSpec, Options, Ref, gathered
from ..networking.dns import build_dns_egress
from ..networking.network_policies import build_egress, build_network_policy
from ..ordering import WIDTH
from ..untyped import Manifest
from .environment import EnvironmentSpec, Sources, build_config_map, build_secret
from .identity import build_identity_egress, build_service_account
from .pod_args import PodSpec

__all__ = ["NETWORK_POLICY", "SERVICE_ACCOUNT", "guards_of", "secret_values", "source_objects", "sources_of"]

SERVICE_ACCOUNT = "service-account"
"""The key of the ServiceAccount."""

NETWORK_POLICY = "network-policy"
"""The key of the NetworkPolicy."""


def guards_of(name: str, spec: PodSpec, metadata: Manifest, ingress: Sequence[Manifest] = ()) -> Iterator[ObjectSpec]:
    """What must exist before any pod of the component called `name` runs; `ingress` are the rules that allow
    connections to the pods."""
    if spec.identity is None or spec.identity.service_account is None:
        yield ObjectSpec(SERVICE_ACCOUNT, build_service_account(metadata, spec.identity))
    if spec.network_policy:
        egress = [*build_dns_egress(spec.dns), *build_identity_egress(spec.identity), *build_egress(spec.allow_to)]
        policy = build_network_policy(metadata, spec.selector_for(name), list(ingress), egress)
        yield ObjectSpec(NETWORK_POLICY, policy)


def _environments(name: str, spec: PodSpec) -> Iterator[tuple[str, str, EnvironmentSpec]]:
    """Each container's name, what the keys of its objects start with, and its environment."""
    yield spec.container_name_for(name), "", spec
    for container in spec.other_containers:
        yield container.name, f"{container.name}-", container


def sources_of(name: str, spec: PodSpec) -> dict[str, Sources]:
    """What each container refers to its Secret and its ConfigMap by."""
    many = _has_many_sources(name, spec)
    return {
        container: Sources(
            secret=Ref(f"{prefix}env", is_detached=many) if environment.secret_env else None,
            config_map=Ref(f"{prefix}files", is_detached=many) if environment.config_files else None,
        )
        for container, prefix, environment in _environments(name, spec)
    }


def _has_many_sources(name: str, spec: PodSpec) -> bool:
    """Whether the pods would depend on too many objects if they depended on each source."""
    environments = [environment for _, _, environment in _environments(name, spec)]
    return sum(bool(each.secret_env) + bool(each.config_files) for each in environments) >= WIDTH


def source_objects(
    name: str, spec: PodSpec, metadata: Manifest, owner: Optional[str]
) -> tuple[list[ObjectSpec], list[str]]:
    """The Secrets and the ConfigMaps of the containers, and what the pods come after, apart from those that they depend
    on by name. They stay until `owner` is deleted, if there is one, because older revisions of the workload refer to
    older ones: the pods below a partition, those of a rollout that failed, and a rollback."""
    options = Options(kept_with=owner)
    sources = [replace(source, options=options) for source in _each_source(name, spec, metadata)]
    return (gathered(sources), [sources[0].key]) if _has_many_sources(name, spec) else (sources, [])


def _each_source(name: str, spec: PodSpec, metadata: Manifest) -> Iterator[ObjectSpec]:
    for _, prefix, environment in _environments(name, spec):
        if environment.secret_env:
            yield ObjectSpec(f"{prefix}env", build_secret(metadata, environment.secret_env))
        if environment.config_files:
            yield ObjectSpec(f"{prefix}files", build_config_map(metadata, environment.config_files))


def secret_values(name: str, spec: PodSpec) -> list[Any]:
    """The values that no message may show."""
    return [value for _, _, environment in _environments(name, spec) for value in environment.secret_env.values()]
