"""The objects that pods need before they run: their ServiceAccount, their NetworkPolicy, and what their environment and
their files come from.

Pure: specs in, descriptions of objects out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Optional

from ..lifecycle.objects import ObjectSpec, Options, Ref, gathered
from ..networking.dns import build_dns_egress
from ..networking.network_policies import build_egress, build_network_policy
from ..ordering import WIDTH
from ..untyped import Manifest
from .environment import EnvironmentSpec, Sources, build_config_map, build_secret, build_secret_files
from .identity import build_identity_egress, build_service_account
from .permissions import permission_objects
from .pod_args import PodSpec

__all__ = ["NETWORK_POLICY", "SERVICE_ACCOUNT", "gate_of", "guards_of", "secret_values", "source_objects", "sources_of"]

SERVICE_ACCOUNT = "service-account"
"""The key of the ServiceAccount."""

NETWORK_POLICY = "network-policy"
"""The key of the NetworkPolicy."""


def guards_of(name: str, spec: PodSpec, metadata: Manifest, ingress: Sequence[Manifest] = ()) -> Iterator[ObjectSpec]:
    """What must exist before any pod of the component called `name` runs; `ingress` are the rules that allow
    connections to the pods."""
    if spec.identity is None or spec.identity.service_account is None:
        yield ObjectSpec(SERVICE_ACCOUNT, build_service_account(metadata, spec.identity))
        if spec.identity is not None:
            identity = spec.identity
            yield from permission_objects(metadata, SERVICE_ACCOUNT, identity.rules, identity.cluster_rules)
    if spec.network_policy:
        egress = [*build_dns_egress(spec.dns), *build_identity_egress(spec.identity), *build_egress(spec.allow_to)]
        policy = build_network_policy(metadata, spec.selector_for(name), list(ingress), egress)
        yield ObjectSpec(NETWORK_POLICY, policy)


def gate_of(guards: Sequence[ObjectSpec]) -> list[str]:
    """The keys of the guards that pods come directly after: those that no other guard comes after."""
    followed = {key for guard in guards for key in guard.after}
    return [guard.key for guard in guards if guard.key not in followed]


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
            secret_files=Ref(f"{prefix}secret-files", is_detached=many) if environment.secret_files else None,
        )
        for container, prefix, environment in _environments(name, spec)
    }


def _has_many_sources(name: str, spec: PodSpec) -> bool:
    """Whether the pods would depend on too many objects if they depended on each source."""
    environments = [environment for _, _, environment in _environments(name, spec)]
    sources = ((each.secret_env, each.config_files, each.secret_files) for each in environments)
    return sum(map(bool, chain.from_iterable(sources))) >= WIDTH


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
        if environment.secret_files:
            yield ObjectSpec(f"{prefix}secret-files", build_secret_files(metadata, environment.secret_files))


def secret_values(name: str, spec: PodSpec) -> list[Any]:
    """The values that no message may show."""
    environments = [environment for _, _, environment in _environments(name, spec)]
    return [value for found in environments for value in (*found.secret_env.values(), *found.secret_files.values())]
