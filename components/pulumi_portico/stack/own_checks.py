"""Rules between a stack's own objects and the services that use them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Optional, Union

from ..args.codes import define
from ..args.location import Key, KeyStyle, Location
from ..args.problems import Move, Problem, Problems, Set, available
from ..args.similar_names import nearest
from ..ingress_gateway.objects import installed_objects
from ..job.objects import objects_of as objects_of_job
from ..pod_security import PodSecurityLevel
from ..untyped import mapped
from ..web_service.additional_services import AdditionalServiceSpec, names_of_additional_services
from ..web_service.args import WebServiceSpec
from ..web_service.objects import objects_of
from ..workload.containers import CommonContainerSpec
from ..workload.environment_sources import KeySelectorSpec
from ..workload.pod_args import PodSpec
from ..workload.volumes import AccessMode, ProjectionSpec, VolumeSpec
from .conflicts import Parts
from .manifests import identity_of
from .own_parts import OwnParts, own_objects, place_of
from .parts import GatewayPart, PodsPart, ServicePart
from .source_map import Node, plain

__all__ = ["check_own_parts", "in_stack_namespace", "notes_on_own_parts", "other_identities", "with_access_modes"]

UNKNOWN_DATA_KEY = define(
    "unknown-data-key",
    "{object} has no key {key}.",
    allowed="{keys}",
    hint="Add the key, or set another one.",
)
OTHER_ACCESS_MODE = define(
    "other-access-mode", "The claim {claim} has another access mode.", allowed="{mode}, as the claim has it"
)
CLAIM_OF_ONE_POD = define(
    "claim-of-one-pod",
    "Only one pod can mount the claim {claim}, and {other} mounts it too.",
    allowed="one service for each claim with this access mode",
    hint="Set another access mode of the claim, or use another claim.",
)
SAME_FURTHER_SERVICE = define(
    "same-further-service",
    "{other} creates the Service {name} too.",
    allowed="each name once in a namespace",
    hint="Choose another name.",
)
CLAIM_ON_ONE_NODE = define(
    "claim-on-one-node",
    "The services {services} mount the claim {claim}, and only pods of one node can mount it at the same time.",
    hint="Set the claim's access mode to ReadWriteMany if its storage class supports it, or set the services' "
    "`placement` so that their pods are on one node.",
)


def with_access_modes(tree: Node, own: OwnParts) -> Node:
    """The stack, with the access mode of each of its claims as the default of the volumes that mount it."""
    if not own.claims:
        return tree
    fields = dict(tree.fields)
    for key in ("services", "jobs"):
        components = fields.get(key)
        if components is not None and isinstance(components.value, dict):
            changed = {name: _with_modes(component, own) for name, component in components.fields.items()}
            fields[key] = replace(components, value=changed)
    return replace(tree, value=fields)


def _with_modes(service: Node, own: OwnParts) -> Node:
    volumes = service.fields.get("volumes")
    if volumes is None or not isinstance(volumes.value, dict):
        return service
    changed = {name: _with_mode(volume, own) for name, volume in volumes.fields.items()}
    return replace(service, value={**service.fields, "volumes": replace(volumes, value=changed)})


def _with_mode(volume: Node, own: OwnParts) -> Node:
    claim = plain(volume.fields["claim"]) if "claim" in volume.fields else None
    known = own.claims.get(claim) if isinstance(claim, str) else None
    mode = None if known is None else available(lambda: known.access_mode, None)
    if mode is None or "accessMode" in volume.fields:
        return volume
    return replace(volume, value={**volume.fields, "accessMode": Node(mode.value)})


def check_own_parts(parts: Parts, problems: Problems) -> None:
    """Report services that use the stack's own objects in a way that can't work."""
    for part in in_stack_namespace(parts):
        problems.run(_check_access_modes, part, parts.own)
        problems.run(_check_items, part, parts.own)
        for container in _containers(part.spec):
            problems.run(_check_keys, container, parts.own)
    problems.run(_check_shared_claims, parts)
    problems.run(_check_service_names, parts)


def other_identities(parts: Parts) -> Mapping[tuple[str, ...], Location]:
    """The objects of the stack apart from those of its manifests, each with where the stack has what creates it."""
    found = {identity_of(described.manifest): place_of(described) for described in own_objects(parts.own, _LEVEL)}
    for part in (*parts.services.values(), *parts.jobs.values(), *parts.gateways.values()):
        if part.usable:
            found |= available(lambda part=part: _identities_of(part, parts.namespace), _NO_IDENTITIES)
    return found


_NO_IDENTITIES: Mapping[tuple[str, ...], Location] = {}


_LEVEL = PodSecurityLevel.RESTRICTED
"""Stands for the level of the namespace, which is no part of its identity."""


def _identities_of(part: Union[PodsPart, GatewayPart], namespace: str) -> dict[tuple[str, ...], Location]:
    found: dict[tuple[str, ...], Location] = {}
    if isinstance(part, GatewayPart):
        # Those of the whole cluster have no namespace.
        objects, default = installed_objects(part.plan), {}
    else:
        objects = objects_of(part.plan) if isinstance(part, ServicePart) else objects_of_job(part.plan)
        default = {"namespace": namespace}
    for described in objects:
        metadata: Mapping[str, Any] = {**default, **described.manifest["metadata"]}
        if isinstance(metadata.get("name"), str) and isinstance(metadata.get("namespace", ""), str):
            found[identity_of({**described.manifest, "metadata": metadata})] = part.at
    return found


def in_stack_namespace(parts: Parts) -> Iterator[PodsPart]:
    """The services and the jobs whose pods are in the stack's namespace."""
    for part in (*parts.services.values(), *parts.jobs.values()):
        if part.usable and available(lambda part=part: part.namespace, None) == parts.namespace:
            yield part


def _containers(spec: PodSpec) -> Iterator[CommonContainerSpec]:
    yield spec
    for group in ("sidecars", "init_containers"):
        yield from available(lambda group=group: getattr(spec, group), ())


def _check_access_modes(service: PodsPart, own: OwnParts, problems: Problems) -> None:
    for name, volume in service.spec.volumes.items():
        claim = own.claims.get(volume.claim) if isinstance(volume.claim, str) else None
        if claim is not None and volume.access_mode not in (None, claim.access_mode):
            where, mode = service.at / "volumes" / Key(name) / "access_mode", claim.access_mode.value
            problems.report(OTHER_ACCESS_MODE, where, claim=claim.at, mode=mode, fix=Set(where, mode))


def _check_keys(container: CommonContainerSpec, own: OwnParts, problems: Problems) -> None:
    """Report keys that the stack's own ConfigMaps and Secrets don't have."""
    for source in container.env_value_from.values():
        problems.run(_check_key, source.config_map_key_ref, own.config_maps, ("data", "binary_data"))
        problems.run(_check_key, source.secret_key_ref, own.secrets, ("string_data", "data"))


def _check_items(service: PodsPart, own: OwnParts, problems: Problems) -> None:
    """Report files of volumes from keys that the stack's own ConfigMaps and Secrets don't have."""
    for volume in service.spec.volumes.values():
        for source in (volume, *(volume.projected or ())):
            if source.items and not getattr(source, "optional", False):
                problems.run(_check_keys_of_items, source, source.config_map, own.config_maps, ("data", "binary_data"))
                problems.run(_check_keys_of_items, source, source.secret, own.secrets, ("string_data", "data"))


def _check_keys_of_items(
    source: Union[VolumeSpec, ProjectionSpec],
    name: Any,
    known: Mapping[str, Any],
    fields: tuple[str, str],
    problems: Problems,
) -> None:
    described = known.get(name) if isinstance(name, str) else None
    if described is None:
        return
    keys, items = _keys_of(described, fields), source.items or {}
    for key in items:
        if key not in keys:
            where, close = source.at / "items" / Key(key), nearest(key, keys)
            fix = None if close is None or close in items else Move(where, where.parent / Key(close))
            problems.report(UNKNOWN_DATA_KEY, where, object=described.at, key=key, keys=sorted(keys), fix=fix)


def _keys_of(described: Any, fields: tuple[str, str]) -> list[str]:
    return [key for field in fields for key in mapped(getattr(described, field))]


def _check_key(
    selector: Optional[KeySelectorSpec], known: Mapping[str, Any], fields: tuple[str, str], problems: Problems
) -> None:
    if selector is None or selector.optional or not isinstance(selector.name, str):
        return
    described = known.get(selector.name)
    if described is None or not isinstance(selector.key, str):
        return
    keys = _keys_of(described, fields)
    if selector.key not in keys:
        where, close = selector.at / "key", nearest(selector.key, keys)
        fix = None if close is None else Set(where, close)
        problems.report(UNKNOWN_DATA_KEY, where, object=described.at, key=selector.key, keys=sorted(keys), fix=fix)


def _check_shared_claims(parts: Parts, problems: Problems) -> None:
    for name, users in _users(parts).items():
        claim = parts.own.claims[name]
        if available(lambda claim=claim: claim.access_mode, None) is AccessMode.READ_WRITE_ONCE_POD:
            for user in users[1:]:
                problems.report(CLAIM_OF_ONE_POD, user, claim=claim.at, other=users[0])


def _check_service_names(parts: Parts, problems: Problems) -> None:
    """Report further Services with the name of another Service of the namespace."""
    services = [part for part in in_stack_namespace(parts) if isinstance(part, ServicePart)]
    first = {service.name: service.at for service in services}
    for service in services:
        for name, further in _further_services(service):
            other = first.setdefault(name, further.at)
            # The service's own name is reported already.
            if other not in (further.at, service.at):
                problems.report(SAME_FURTHER_SERVICE, further.at, name=name, other=other)


def _further_services(service: ServicePart) -> list[tuple[str, AdditionalServiceSpec]]:
    none: list[tuple[str, AdditionalServiceSpec]] = []
    return available(lambda: list(names_of_additional_services(service.spec)), none)


_NO_VOLUMES: Mapping[str, VolumeSpec] = {}


def _users(parts: Parts) -> Mapping[str, list[Location]]:
    """Where services mount each of the stack's claims."""
    found: dict[str, list[Location]] = defaultdict(list)
    for service in in_stack_namespace(parts):
        for name, volume in available(lambda service=service: service.spec.volumes, _NO_VOLUMES).items():
            claim = available(lambda volume=volume: volume.claim, None)
            if isinstance(claim, str) and claim in parts.own.claims:
                found[claim].append(service.at / "volumes" / Key(name) / "claim")
    return found


def notes_on_own_parts(own: OwnParts, services: Mapping[str, WebServiceSpec]) -> Iterator[Problem]:
    """Notes on claims that pods of several services mount, but only on one node."""
    notes = Problems("PersistentVolumeClaim", style=KeyStyle.STACK)
    for name, claim in own.claims.items():
        users = [
            service
            for service, spec in services.items()
            if spec.namespace == own.namespace.name
            and any(volume.claim == name for volume in spec.volumes.values() if isinstance(volume.claim, str))
        ]
        if len(users) > 1 and claim.access_mode is AccessMode.READ_WRITE_ONCE:
            notes.report(CLAIM_ON_ONE_NODE, claim.at, services=users, claim=name)
    yield from notes.found
