"""What a stack has beside its components: its namespace, ConfigMaps, Secrets, and claims; parsed, and their objects."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Optional

from ..args.location import ROOT, Key, Location
from ..args.names import dns_subdomain
from ..args.parse import INVALID, NOT_ARGUMENTS, SECRET_NOT_ALLOWED, WRONG_TYPE, Parser, Rules, describe, parse
from ..args.parse import Field as FieldRules
from ..args.problems import Problems
from ..args.secrets import Secret
from ..args.shapes import Shape, camel_case
from ..args.spec import Spec
from ..lifecycle.objects import ObjectSpec, Options, gathered
from ..namespace import RULES as NAMESPACE_RULES
from ..namespace import (
    NamespaceArgs,
    NamespaceSpec,
    build_namespace,
    check_namespace,
    limiting_objects,
    named_namespace,
)
from ..pod_security import PodSecurityLevel
from ..register import SKIP_AWAIT
from ..workload.kinds import ClaimRetention
from .manifests import (
    CUSTOM_KIND_RULES,
    CustomKind,
    CustomKindSpec,
    StackManifest,
    manifest_objects,
    read_manifests,
)
from .own_args import RULES as OWN_RULES
from .own_args import (
    ClaimArgs,
    ClaimSpec,
    ConfigMapArgs,
    ConfigMapSpec,
    SecretArgs,
    SecretSpec,
    build_claim,
    build_config_map,
    build_secret,
    check_config_map,
    check_secret,
)
from .source_map import Node, holds_secret, plain

__all__ = [
    "NAMESPACE",
    "OWN_PARTS_RULES",
    "UNKNOWN",
    "OwnParts",
    "own_objects",
    "parse_namespace",
    "parse_own_parts",
    "place_of",
]

NAMESPACE = ROOT / "namespace"
"""Where a stack has its namespace."""


OWN_PARTS_RULES: Rules = {**NAMESPACE_RULES, **OWN_RULES, **CUSTOM_KIND_RULES}
"""The rules of every args type of these parts."""

UNKNOWN = "unknown"
"""Stands for a namespace that is invalid, which is reported."""


@dataclass(frozen=True)
class OwnParts:
    """What the stack has beside its components, by name."""

    namespace: NamespaceSpec = field(default_factory=lambda: named_namespace(UNKNOWN))
    config_maps: Mapping[str, ConfigMapSpec] = field(default_factory=dict[str, ConfigMapSpec])
    secrets: Mapping[str, SecretSpec] = field(default_factory=dict[str, SecretSpec])
    claims: Mapping[str, ClaimSpec] = field(default_factory=dict[str, ClaimSpec])
    manifests: Sequence[StackManifest] = ()
    custom_kinds: Sequence[CustomKindSpec] = ()


def parse_namespace(tree: Node, problems: Problems) -> NamespaceSpec:
    """The stack's namespace: a name, or a mapping."""
    node = tree.fields.get("namespace", Node(None))
    if isinstance(node.value, dict):
        parsed = parse(NamespaceSpec, NamespaceArgs, plain(node), NAMESPACE_RULES, problems, NAMESPACE)
        problems.run(check_namespace, parsed)
        return parsed
    name = _name(plain(node), problems)
    return replace(named_namespace(name), at=NAMESPACE)


def _name(value: Any, problems: Problems) -> str:
    rule = NAMESPACE_RULES[NamespaceArgs]["name"].value
    assert rule is not None
    if value is None or value == "":
        problems.report_missing(NAMESPACE, "the name of the namespace that the stack creates")
    elif isinstance(value, Secret) and value.certain:
        problems.report(SECRET_NOT_ALLOWED, NAMESPACE, secret=True, expected="text")
    else:
        name = value.value if isinstance(value, Secret) else value
        if not isinstance(name, str):
            problems.report(WRONG_TYPE, NAMESPACE, value=name, expected="text")
        elif reason := rule(name):
            problems.reject(NAMESPACE, name, reason)
        else:
            return name
    return UNKNOWN


def parse_own_parts(tree: Node, namespace: NamespaceSpec, folder: Path, problems: Problems) -> OwnParts:
    """What the stack has beside its components, checked by its own rules; `folder` is that of the stack file."""
    return OwnParts(
        namespace,
        dict(_parsed("config_maps", ConfigMapSpec, ConfigMapArgs, check_config_map, tree, problems)),
        dict(_parsed("secrets", SecretSpec, SecretArgs, check_secret, tree, problems)),
        dict(_parsed("claims", ClaimSpec, ClaimArgs, None, tree, problems)),
        read_manifests(tree, folder, problems),
        _custom_kinds(tree, problems),
    )


def _custom_kinds(tree: Node, problems: Problems) -> Sequence[CustomKindSpec]:
    node = tree.fields.get("customKinds")
    if node is None or node.value is None:
        return ()
    parser = Parser(CUSTOM_KIND_RULES, problems, problems.style)
    shape = Shape(Sequence[CustomKind], later=False)
    found = parser.value(shape, plain(node), FieldRules(), ROOT / "custom_kinds")
    return () if found is INVALID else found


def _parsed(
    name: str,
    spec: type[Spec],
    args_type: Any,
    check: Optional[Callable[[Any, Problems], None]],
    tree: Node,
    problems: Problems,
) -> Iterator[tuple[str, Any]]:
    """The parsed objects of one kind, by name."""
    node, at = tree.fields.get(camel_case(name)), ROOT / name
    if node is None or node.value is None:
        return
    if not isinstance(node.value, dict):
        _report_shape(at, node, f"a mapping of names to {describe(args_type)}", problems)
    for key, item in node.fields.items():
        where = at / Key(key)
        if reason := dns_subdomain(key):
            problems.reject(where, key, reason, is_key=True)
        if not isinstance(item.value, dict):
            _report_shape(where, item, describe(args_type), problems)
            continue
        parsed = parse(spec, args_type, plain(item), OWN_RULES, problems, where)
        if check is not None:
            problems.run(check, parsed)
        yield key, parsed


def _report_shape(at: Location, node: Node, expected: str, problems: Problems) -> None:
    problems.report(NOT_ARGUMENTS, at, value=plain(node), secret=holds_secret(node), expected=expected)


def own_objects(parts: OwnParts, level: PodSecurityLevel) -> list[ObjectSpec]:
    """The objects, each after those that it needs: the namespace first, unless it exists."""
    namespace = parts.namespace
    objects: list[ObjectSpec] = []
    if not namespace.existing:
        objects.append(ObjectSpec("", build_namespace(namespace.name, {}, level, namespace)))
    first = [described.key for described in objects]
    # The last one comes after all others.
    return [*objects, *gathered(list(_configuration(parts)), first)]


def place_of(described: ObjectSpec) -> Location:
    """Where the stack has what one of its own objects, apart from those of its manifests, is built from."""
    kind, name = str(described.manifest["kind"]), str(described.manifest["metadata"]["name"])
    field = {"ConfigMap": "config_maps", "Secret": "secrets", "PersistentVolumeClaim": "claims"}.get(kind)
    return NAMESPACE if field is None else ROOT / field / Key(name)


def all_own_objects(parts: OwnParts, level: PodSecurityLevel) -> list[ObjectSpec]:
    """The objects, and those of the manifests."""
    return with_manifests(parts, own_objects(parts, level))


def with_manifests(parts: OwnParts, objects: list[ObjectSpec]) -> list[ObjectSpec]:
    """The objects that `own_objects` returns, and those of the manifests."""
    first = [] if parts.namespace.existing else [objects[0].key]
    return [*objects, *manifest_objects(parts.manifests, parts.custom_kinds, parts.namespace.name, first)]


def _configuration(parts: OwnParts) -> Iterator[ObjectSpec]:
    """What pods need to start."""
    namespace = parts.namespace
    yield from limiting_objects(namespace)
    for name, config_map in parts.config_maps.items():
        yield ObjectSpec(f"config-map-{name}", build_config_map(name, namespace.name, config_map))
    for name, secret in parts.secrets.items():
        yield ObjectSpec(f"secret-{name}", build_secret(name, namespace.name, secret))
    for name, claim in parts.claims.items():
        yield ObjectSpec(f"claim-{name}", _without_wait(build_claim(name, namespace.name, claim)), options=_kept(claim))


def _kept(claim: ClaimSpec) -> Options:
    """Keeps the data of a claim. A change of a frozen field fails instead of deleting the claim to create another."""
    retained = True if claim.when_deleted is ClaimRetention.RETAIN else None
    return Options(retain_on_delete=retained, delete_before_replace=False)


def _without_wait(claim: dict[str, Any]) -> dict[str, Any]:
    """The claim, without a wait for its volume: many storage classes create that for the first pod."""
    metadata: Mapping[str, Any] = claim["metadata"]
    annotations = {**metadata.get("annotations", {}), SKIP_AWAIT: "true"}
    return {**claim, "metadata": {**metadata, "annotations": annotations}}
