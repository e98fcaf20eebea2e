"""The raw manifests of a stack: read, checked, and placed in the stack's namespace.

Portico checks what it can without the schemas of all kinds: the kind itself, its top-level fields, names, namespaces,
and the pods in it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Optional, cast

import pulumi
import yaml

from .._typing import NotRequired, TypedDict
from ..args.codes import define
from ..args.location import ROOT, Key, Location
from ..args.names import any_annotation_key, api_version, dns_label, dns_subdomain, label_key, label_value
from ..args.parse import NOT_A_CHOICE, Field, Rules
from ..args.problems import Edit, Move, Problems, Reason, Remove, Set
from ..args.secrets import Placeholder, Secret
from ..args.similar_names import nearest
from ..args.spec import Spec, spec
from ..lifecycle.objects import ObjectSpec, gathered
from ..lifecycle.ownership import changes_owner, is_patch
from ..pod_security import PodSecurityLevel, pods_of, violations_of
from ..untyped import Manifest, listed, mapped
from ..workload.template_schema import RESTART_POLICIES, check_template
from .object_kinds import ObjectKind, api_group, kinds_of, known_kind, versions_of_kind
from .project import is_file
from .source_map import Node

__all__ = [
    "CUSTOM_KIND_RULES",
    "CustomKind",
    "CustomKindSpec",
    "StackManifest",
    "check_manifests",
    "identity_of",
    "key_of",
    "manifest_objects",
    "read_manifests",
]

MANIFESTS = ROOT / "manifests"
CUSTOM_KINDS = ROOT / "custom_kinds"


class CustomKind(TypedDict):
    """A kind that the cluster has, and that neither Kubernetes nor the stack defines."""

    api_version: str
    """The API version, such as `monitoring.coreos.com/v1`. Plain."""

    kind: str
    """The kind, such as `ServiceMonitor`. Plain."""

    cluster_scoped: NotRequired[bool]
    """Whether its objects belong to the whole cluster, and so to no namespace. Plain. Default: false."""


@spec(CustomKind)
class CustomKindSpec(Spec):
    """A parsed `CustomKind`."""

    api_version: str
    kind: str
    cluster_scoped: bool = False


INVALID_KIND = define(
    "invalid-kind", "{value} isn't the name of a kind.", allowed="letters and digits, starting with a capital letter"
)
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}")


def _kind_name(value: str) -> Optional[Reason]:
    return None if _KIND.fullmatch(value) else Reason(INVALID_KIND)


CUSTOM_KIND_RULES: Rules = {CustomKind: {"api_version": Field(api_version), "kind": Field(_kind_name)}}
"""What the fields must satisfy beyond their types."""


@dataclass(frozen=True)
class StackManifest:
    """One object of the stack's manifests."""

    at: Location
    """Where the stack has it, or names its file."""
    content: Manifest
    file: str = ""
    """The file that it is in; empty if it is in the stack file."""
    is_inline: bool = True

    @property
    def api_version(self) -> str:
        """Its API version; empty if it isn't text."""
        return _text(self.content.get("apiVersion"))

    @property
    def kind(self) -> str:
        """Its kind; empty if it isn't text."""
        return _text(self.content.get("kind"))

    @property
    def name(self) -> str:
        """Its name; empty if it isn't text."""
        return _text(mapped(self.content.get("metadata")).get("name"))

    def of(self, *steps: str) -> Location:
        """Where a part of it is: for a file, where the stack names the file."""
        return self.at.join(map(Key, steps)) if self.is_inline else self.at

    def edit(self, edit: Edit) -> Optional[Edit]:
        """An edit of the stack file; None if the object is in another file."""
        return edit if self.is_inline else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


NOT_MANIFESTS = define(
    "not-manifests",
    "{value} is neither a manifest nor the path of a file.",
    allowed="manifests with apiVersion and kind, and paths of files, as a list or by name",
)
UNREADABLE_MANIFEST_FILE = define(
    "unreadable-manifest-file",
    "Portico can't read the file {file}: {reason}.",
    allowed="a YAML or JSON file with manifests; its path is relative to the stack file",
    hint="Correct the path or the file.",
)
INCOMPLETE_MANIFEST = define(
    "incomplete-manifest",
    "{object} has no {field}.",
    allowed="manifests with apiVersion, kind, and metadata.name",
    hint="Set {field}.",
)
UNKNOWN_KIND = define(
    "unknown-kind",
    "The Kubernetes API has no kind {kind} in {api_version}.",
    allowed="kinds of Kubernetes 1.30 to 1.37, of a CustomResourceDefinition in the manifests, or of {custom_kinds}",
    hint="Correct the kind or the API version, or add the kind to {custom_kinds} if the cluster has it.",
)
UNKNOWN_FIELD_OF_KIND = define(
    "unknown-field-of-kind", "{object} has no field {name}.", allowed="{fields}", hint="Correct or remove the field."
)
NAMESPACE_OF_CLUSTER_OBJECT = define(
    "namespace-of-cluster-object", "{object} belongs to the whole cluster, and to no namespace."
)
OWNERSHIP_ANNOTATION = define(
    "ownership-annotation-of-manifest",
    "With the annotation {name}, {object} could take over an object of another stack.",
    allowed="any other annotation",
)
WRONG_MANIFEST_TYPE = define(
    "wrong-type-in-manifest",
    "{field} of {object} isn't {expected}.",
    allowed="{expected}",
)
DUPLICATE_OBJECT = define(
    "duplicate-object",
    "{other} is the same object: {object}.",
    allowed="each kind, name, and namespace once",
    hint="Remove one of them.",
)
SELECTS_OTHER_PODS = define(
    "manifest-selects-other-pods",
    "{object} selects pods with the label {label}={value}, which its own pods don't have.",
    allowed="labels of the pods' template",
    hint="Set the label in the template, or correct the selector.",
)
REJECTED_POD_OF_MANIFEST = define(
    "rejected-pod-of-manifest",
    'Pod Security "{level}" of the namespace rejects the pods of {object} because of {fields}.',
    allowed="pods that satisfy the level",
    hint="Change the fields, or the namespace's Pod Security level.",
)

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""In this annotation, kubectl keeps the whole object. That of a Secret has the values of the Secret."""

_MAPPINGS = ("spec", "data", "stringData", "binaryData")
"""The fields of objects that are mappings, whatever the kind."""

_WITH_TEXTS = ("ConfigMap", "Secret")
"""The kinds whose data are texts."""

_PATH_SEGMENT = re.compile(r"(?!\.\.?$)[^/%]{1,253}")


class _Loader(yaml.SafeLoader):
    """Reads YAML as kubectl does, which has no dates."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


# Reading --------------------------------------------------------------------------------------------------------------


def read_manifests(tree: Node, folder: Path, problems: Problems) -> list[StackManifest]:
    """The stack's manifests, with those of the files that it names; paths are relative to `folder`."""
    node = tree.fields.get("manifests")
    if node is None or node.value is None:
        return []
    if isinstance(node.value, dict):
        items = [(MANIFESTS / Key(name), item) for name, item in node.fields.items()]
    elif isinstance(node.value, list):
        items = [(MANIFESTS / index, item) for index, item in enumerate(node.items)]
    else:
        problems.report(NOT_MANIFESTS, MANIFESTS, value=node.value)
        return []
    return list(chain.from_iterable(_read(at, item, folder, problems) for at, item in items))


def _read(at: Location, node: Node, folder: Path, problems: Problems) -> Iterator[StackManifest]:
    if isinstance(node.value, dict):
        yield StackManifest(at, _inline(node))
    elif type(node.value) is str and node.value:
        yield from _read_file(at, node.value, folder, problems)
    elif node.value is not None:
        # A value of another shape can have the values of a Secret anywhere.
        value = node.value if node.is_scalar and not isinstance(node.value, Secret) else None
        problems.report(NOT_MANIFESTS, at, value=value)


def _inline(node: Node) -> Any:
    """The values of a manifest; encrypted ones are secret Outputs."""
    if isinstance(node.value, dict):
        return {key: _inline(item) for key, item in node.fields.items()}
    if isinstance(node.value, list):
        return [_inline(item) for item in node.items]
    if isinstance(node.value, Secret):
        return pulumi.Output.secret(Placeholder("[secret]") if node.value.value is None else node.value.value)
    return node.value


def _read_file(at: Location, path: str, folder: Path, problems: Problems) -> Iterator[StackManifest]:
    if not is_file(folder / path):
        # A pipe or a device would have no end.
        problems.report(UNREADABLE_MANIFEST_FILE, at, value=path, file=path, reason="it isn't a file")
        return
    try:
        documents = list(cast("Any", yaml).load_all((folder / path).read_text(encoding="utf-8"), Loader=_Loader))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it isn't UTF-8"
        problems.report(UNREADABLE_MANIFEST_FILE, at, value=path, file=path, reason=reason)
        return
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f" at line {mark.line + 1}"
        problems.report(UNREADABLE_MANIFEST_FILE, at, value=path, file=path, reason=f"it isn't YAML{where}")
        return
    for document in documents:
        if document is None:
            continue
        for manifest in _flattened(document):
            if isinstance(manifest, Mapping):
                yield StackManifest(at, cast("Manifest", manifest), path, is_inline=False)
            else:
                problems.report(UNREADABLE_MANIFEST_FILE, at, value=path, file=path, reason="it has other values")


def _flattened(document: Any) -> Sequence[Any]:
    """The manifests of a document: several if it is a list."""
    is_list = isinstance(document, Mapping) and mapped(document).get("kind") == "List"
    return listed(mapped(document).get("items")) if is_list else [document]


# Rules ----------------------------------------------------------------------------------------------------------------

Kinds = Callable[[str, str], Optional[ObjectKind]]


def _kinds_of(manifests: Sequence[StackManifest], custom: Sequence[CustomKindSpec]) -> Kinds:
    """What finds a kind: of Kubernetes, of the stack's own definitions, or one that the stack declares."""
    own: dict[tuple[str, str], ObjectKind] = {
        (one.api_version, one.kind): ObjectKind(one.cluster_scoped) for one in custom
    }
    for manifest in manifests:
        if manifest.kind == "CustomResourceDefinition":
            definition = mapped(manifest.content.get("spec"))
            kind, group = _text(mapped(definition.get("names")).get("kind")), _text(definition.get("group"))
            is_cluster_scoped = definition.get("scope") == "Cluster"
            for version in listed(definition.get("versions")):
                own[f"{group}/{mapped(version).get('name')}", kind] = ObjectKind(is_cluster_scoped)

    def find(api_version: str, kind: str) -> Optional[ObjectKind]:
        # Pulumi would change an object that it doesn't create, and no stack owns a change.
        if is_patch(api_version, kind):
            return None
        return own.get((api_version, kind)) or known_kind(api_version, kind)

    return find


def check_manifests(
    manifests: Sequence[StackManifest],
    custom: Sequence[CustomKindSpec],
    namespace: str,
    level: PodSecurityLevel,
    others: Mapping[tuple[str, ...], Location],
    problems: Problems,
) -> None:
    """Report manifests that the API server would reject, and those that are the same object as another one; `others`
    are the objects of the rest of the stack."""
    kinds = _kinds_of(manifests, custom)
    seen = dict(others)
    for manifest in manifests:
        _check_one(manifest, kinds, namespace, level, problems)
        kind = kinds(manifest.api_version, manifest.kind)
        if kind is not None and manifest.name:
            identity = _identity(manifest, kind, namespace)
            if identity in seen:
                problems.report(DUPLICATE_OBJECT, manifest.at, other=seen[identity], object=_title(manifest))
            seen.setdefault(identity, manifest.at)


def _check_one(
    manifest: StackManifest, kinds: Kinds, namespace: str, level: PodSecurityLevel, problems: Problems
) -> None:
    for steps, value in ((("apiVersion",), manifest.api_version), (("kind",), manifest.kind)):
        if not value:
            problems.report(INCOMPLETE_MANIFEST, manifest.at, object=_title(manifest), field=steps[0])
            return
    kind = kinds(manifest.api_version, manifest.kind)
    if kind is None:
        _report_unknown(manifest, problems)
        return
    _check_metadata(manifest, kind, problems)
    _check_fields(manifest, kind, problems)
    for name in _MAPPINGS:
        if name in (kind.fields or ("spec",)):
            _check_mapping(manifest, name, problems)
    for path, pod in pods_of(manifest.content):
        _check_pod(manifest, path, pod, problems)
        if _identity(manifest, kind, namespace)[-1] == namespace:
            found = violations_of(pod, level)
            if found:
                fields = [violation.field for violation in found]
                problems.report(
                    REJECTED_POD_OF_MANIFEST, manifest.at, level=level.value, object=_title(manifest), fields=fields
                )


def _check_mapping(manifest: StackManifest, name: str, problems: Problems) -> None:
    value = manifest.content.get(name)
    if value is not None and not isinstance(value, (Mapping, pulumi.Output)):
        _report_type(manifest, (name,), "a mapping", problems)
    for key, text in mapped(value).items() if manifest.kind in _WITH_TEXTS and name != "spec" else ():
        if not isinstance(text, (str, pulumi.Output)):
            _report_type(manifest, (name, str(key)), "text", problems)


def _check_pod(manifest: StackManifest, path: Sequence[Any], pod: Manifest, problems: Problems) -> None:
    """Report what a pod or its kind doesn't have or rejects. The fixes are edits of the stack file."""
    found = Problems(problems.subject, style=problems.style)
    check_template({"spec": pod.get("spec")}, manifest.at.join(map(Key, path)), found)
    _check_restart_policy(manifest, path, pod, found)
    _check_selector(manifest, pod, found)
    problems.found += found.found if manifest.is_inline else [replace(problem, edits=()) for problem in found.found]


_RESTART_POLICIES: Mapping[str, Sequence[str]] = {
    "Pod": RESTART_POLICIES,
    **dict.fromkeys(("Job", "CronJob"), ("Never", "OnFailure")),
}
"""The restart policies of the kinds whose pods can end. Those of other kinds always restart."""


def _check_restart_policy(manifest: StackManifest, path: Sequence[Any], pod: Manifest, problems: Problems) -> None:
    """Report a restart policy that the kind rejects. Kubernetes sets Always if a pod has none."""
    policy = mapped(pod.get("spec")).get("restartPolicy")
    allowed = _RESTART_POLICIES.get(manifest.kind, ("Always",))
    where = manifest.of(*path, "spec", "restartPolicy")
    if policy is None and "Always" not in allowed:
        problems.report_missing(where, " or ".join(allowed))
    elif policy in RESTART_POLICIES and policy not in allowed:
        fix = Set(where, allowed[0]) if len(allowed) == 1 else None
        problems.report(NOT_A_CHOICE, where, value=policy, choices=allowed, fix=fix)


def _check_selector(manifest: StackManifest, pod: Manifest, problems: Problems) -> None:
    """Report a workload that doesn't select its own pods."""
    labels = mapped(mapped(pod.get("metadata")).get("labels"))
    wanted = mapped(mapped(mapped(manifest.content.get("spec")).get("selector")).get("matchLabels"))
    for name, value in wanted.items():
        if isinstance(value, str) and isinstance(labels.get(name, ""), str) and labels.get(name) != value:
            where = manifest.of("spec", "selector", "matchLabels", str(name))
            problems.report(SELECTS_OTHER_PODS, where, object=_title(manifest), label=str(name), value=value)


def _report_unknown(manifest: StackManifest, problems: Problems) -> None:
    kind, api_version = manifest.kind, manifest.api_version
    versions = versions_of_kind(kind)
    edit: Optional[Edit] = None
    where = manifest.of("kind")
    if versions:
        same_group = [version for version in versions if api_group(version) == api_group(api_version)]
        where = manifest.of("apiVersion")
        edit = manifest.edit(Set(where, (same_group or versions)[0]))
    elif close := nearest(kind, kinds_of(api_version)):
        edit = manifest.edit(Set(where, close))
    problems.report(
        UNKNOWN_KIND,
        where,
        kind=kind,
        api_version=api_version,
        custom_kinds=CUSTOM_KINDS,
        fix=edit,
    )


def _check_metadata(manifest: StackManifest, kind: ObjectKind, problems: Problems) -> None:
    metadata = mapped(manifest.content.get("metadata"))
    for texts in _METADATA:
        _check_texts(manifest, *texts, problems)
    name = manifest.name
    if not name:
        problems.report(INCOMPLETE_MANIFEST, manifest.of("metadata"), object=_title(manifest), field="metadata.name")
    elif not _is_path_segment(manifest) and (reason := dns_subdomain(name)):
        problems.reject(manifest.of("metadata", "name"), name, reason)
    _check_ownership(manifest, problems)
    namespace = metadata.get("namespace")
    if namespace is None:
        return
    where = manifest.of("metadata", "namespace")
    if kind.is_cluster_scoped:
        fix = manifest.edit(Remove(where))
        problems.report(NAMESPACE_OF_CLUSTER_OBJECT, where, object=_title(manifest), fix=fix)
    elif not isinstance(namespace, str):
        _report_type(manifest, ("metadata", "namespace"), "text", problems)
    elif reason := dns_label(namespace):
        problems.reject(where, namespace, reason)


_METADATA: Sequence[tuple[str, Callable[[str], Optional[Reason]], Callable[[str], Optional[Reason]]]] = (
    ("labels", label_key, label_value),
    ("annotations", any_annotation_key, lambda _: None),
)
"""The rules of the keys and the values of each mapping of texts in the metadata."""


def _check_texts(
    manifest: StackManifest,
    field: str,
    key_rule: Callable[[str], Optional[Reason]],
    value_rule: Callable[[str], Optional[Reason]],
    problems: Problems,
) -> None:
    """Report labels or annotations that the API server rejects. Encrypted texts are Outputs."""
    texts = mapped(manifest.content.get("metadata")).get(field)
    if texts is not None and not isinstance(texts, Mapping):
        _report_type(manifest, ("metadata", field), "a mapping", problems)
    for key, value in mapped(texts).items():
        where = manifest.of("metadata", field, str(key))
        if reason := key_rule(str(key)):
            problems.reject(where, str(key), reason)
        if not isinstance(value, (str, pulumi.Output)):
            _report_type(manifest, ("metadata", field, str(key)), "text", problems)
        elif isinstance(value, str) and (reason := value_rule(value)):
            problems.reject(where, value, reason)


def _check_ownership(manifest: StackManifest, problems: Problems) -> None:
    """Report annotations by which Pulumi overrides what others own, or counts as somebody else."""
    for key in mapped(mapped(manifest.content.get("metadata")).get("annotations")):
        name = str(key)
        if changes_owner(name):
            where = manifest.of("metadata", "annotations", name)
            fix = manifest.edit(Remove(where))
            problems.report(OWNERSHIP_ANNOTATION, where, object=_title(manifest), name=name, fix=fix)


def _report_type(manifest: StackManifest, steps: tuple[str, ...], expected: str, problems: Problems) -> None:
    named: dict[str, Any] = {"object": _title(manifest), "field": ".".join(steps)}
    problems.report(WRONG_MANIFEST_TYPE, manifest.of(*steps), expected=expected, **named)


def _is_path_segment(manifest: StackManifest) -> bool:
    """Whether the name is valid for RBAC objects, which can also have other characters, such as colons."""
    is_rbac = api_group(manifest.api_version) == "rbac.authorization.k8s.io"
    return is_rbac and _PATH_SEGMENT.fullmatch(manifest.name) is not None


def _check_fields(manifest: StackManifest, kind: ObjectKind, problems: Problems) -> None:
    if kind.fields is None:
        return
    for name in manifest.content.keys() - {"apiVersion", "kind", "metadata", "status", *kind.fields}:
        where, close = manifest.of(str(name)), nearest(str(name), kind.fields)
        is_free = close is not None and close not in manifest.content
        fix = manifest.edit(Move(where, where.parent / Key(close))) if close is not None and is_free else None
        params: dict[str, Any] = {"object": _title(manifest), "name": str(name), "fields": [*kind.fields]}
        problems.report(UNKNOWN_FIELD_OF_KIND, where, fix=fix, **params)


def _title(manifest: StackManifest) -> str:
    words = f"{manifest.kind} {manifest.name}".strip() or "the manifest"
    return f"{words} of {manifest.file}" if manifest.file else words


def _identity(manifest: StackManifest, kind: ObjectKind, namespace: str) -> tuple[str, ...]:
    """What no two objects can share. Versions of one group have the same objects."""
    own = _text(mapped(manifest.content.get("metadata")).get("namespace"))
    placed = "" if kind.is_cluster_scoped else own or namespace
    return api_group(manifest.api_version), manifest.kind, manifest.name, placed


def identity_of(manifest: Manifest) -> tuple[str, ...]:
    """What no two objects can share, for an object that has its namespace."""
    metadata = mapped(manifest.get("metadata"))
    group, kind = api_group(str(manifest["apiVersion"])), str(manifest["kind"])
    return group, kind, str(metadata.get("name")), str(metadata.get("namespace") or "")


# Objects --------------------------------------------------------------------------------------------------------------

_FIRST = ("Namespace", "CustomResourceDefinition", "PriorityClass", "RuntimeClass", "StorageClass", "IngressClass")
_CONFIGURATION = (
    "ServiceAccount",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
)


def _rank(kind: str) -> int:
    """In which group an object is created: what defines kinds and namespaces, what pods need, and the rest."""
    return 0 if kind in _FIRST else 1 if kind in _CONFIGURATION else 2


def manifest_objects(
    manifests: Sequence[StackManifest], custom: Sequence[CustomKindSpec], namespace: str, first: Sequence[str]
) -> list[ObjectSpec]:
    """The objects of the manifests, each group after the one before; all of them come after `first`."""
    kinds, objects = _kinds_of(manifests, custom), list[ObjectSpec]()
    before: list[str] = [*first]
    for rank in range(3):
        group = [_object(one, kinds, namespace) for one in manifests if _rank(one.kind) == rank]
        if group:
            objects += gathered(group, before)
            before = [objects[-1].key]
    return objects


def _object(manifest: StackManifest, kinds: Kinds, namespace: str) -> ObjectSpec:
    kind = kinds(manifest.api_version, manifest.kind)
    metadata = dict(mapped(manifest.content.get("metadata")))
    if kind is not None and not kind.is_cluster_scoped:
        metadata.setdefault("namespace", namespace)
    annotations = mapped(metadata.get("annotations"))
    if _LAST_APPLIED in annotations:
        metadata["annotations"] = {name: text for name, text in annotations.items() if name != _LAST_APPLIED}
    content = {name: value for name, value in manifest.content.items() if name != "status"}
    if manifest.kind == "Secret":
        # Secret in the state, even if the manifest isn't.
        content |= {name: pulumi.Output.secret(content[name]) for name in ("data", "stringData") if name in content}
    return ObjectSpec(key_of(manifest), {**content, "metadata": metadata})


def key_of(manifest: StackManifest) -> str:
    """What identifies the object of a manifest among those of the stack itself."""
    namespace = mapped(manifest.content.get("metadata")).get("namespace")
    full_kind = ".".join(filter(None, (manifest.kind.lower(), api_group(manifest.api_version))))
    return "/".join(filter(None, ("manifest", full_kind, namespace, manifest.name)))
