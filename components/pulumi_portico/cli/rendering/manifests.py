"""The Kubernetes objects of a stack, as `kubectl apply` accepts them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ...lifecycle.objects import ListedObject
from ...lifecycle.ownership import OWNER, is_patch
from ...merge import merged
from ...untyped import Manifest
from ..project import Stack
from .listed import listed_objects
from .secrets import settled

__all__ = ["RenderedObject", "patched", "rendered", "rendered_objects"]

_KINDS: Sequence[str] = (
    "Namespace",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "PriorityClass",
    "StorageClass",
    "ResourceQuota",
    "LimitRange",
    "ConfigMap",
    "Secret",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "IngressClass",
    "NetworkPolicy",
    "Service",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "ValidatingWebhookConfiguration",
    "Ingress",
)
"""The kinds in an order in which the objects that each needs come first; all other kinds come last."""

_PATCH = "Patch"
"""The suffix of the kinds that change an object which something else creates."""


@dataclass(frozen=True)
class RenderedObject:
    """A Kubernetes object, rendered."""

    manifest: Manifest
    identifier: str
    """What identifies it in every run: its own name, or the name of its resource if Pulumi generates one."""
    generated: bool
    """Whether its name is generated."""

    @property
    def rank(self) -> int:
        """Its position among the kinds."""
        kind = self.manifest["kind"]
        return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)

    @property
    def namespace(self) -> str:
        """Its namespace; empty if it has none."""
        return str(self.manifest["metadata"].get("namespace") or "")

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])


def rendered_objects(stack: Stack) -> list[RenderedObject]:
    """Every Kubernetes object of a stack, in an order in which they can be created."""
    listed = [_rendered_object(one) for one in listed_objects(stack) if one.spec.is_kubernetes]
    found = [RenderedObject(_ordered(one.manifest), one.identifier, one.generated) for one in patched(listed)]
    return sorted(found, key=_position)


def _position(one: RenderedObject) -> tuple[Any, ...]:
    return one.rank, one.manifest["kind"], one.namespace, one.name, one.manifest["apiVersion"]


def _rendered_object(one: ListedObject) -> RenderedObject:
    manifest = rendered(settled(one.manifest))
    is_named = one.spec.manifest["metadata"].get("name") is not None
    return RenderedObject(manifest, str(manifest["metadata"]["name"]) if is_named else one.name, not is_named)


def patched(objects: Iterable[RenderedObject]) -> Iterable[RenderedObject]:
    """The objects, with the patches among them applied."""
    found: dict[tuple[str, ...], RenderedObject] = {}
    patches: list[RenderedObject] = []
    for one in objects:
        if is_patch(str(one.manifest["apiVersion"]), str(one.manifest["kind"])):
            patches.append(one)
        else:
            found[_key(one.manifest)] = one
    for patch in patches:
        manifest = {**patch.manifest, "kind": str(patch.manifest["kind"]).removesuffix(_PATCH)}
        base = found[_key(manifest)]
        found[_key(manifest)] = RenderedObject(merged(base.manifest, manifest), base.identifier, base.generated)
    return found.values()


def _key(manifest: Manifest) -> tuple[str, ...]:
    metadata = manifest["metadata"]
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    return group, manifest["kind"], str(metadata.get("namespace") or ""), str(metadata["name"])


def rendered(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest without what only Pulumi reads, without the stack that owns it, and without the values of Secrets."""
    metadata = dict(manifest["metadata"])
    annotations = cast("Manifest", metadata.pop("annotations", None) or {})
    kept = {key: value for key, value in annotations.items() if not key.startswith("pulumi.com/") and key != OWNER}
    kept_fields = {**manifest, "metadata": {**metadata, **({"annotations": kept} if kept else {})}}
    return _without_values(kept_fields) if manifest["kind"] == "Secret" else kept_fields


def _without_values(secret: dict[str, Any]) -> dict[str, Any]:
    """A Secret with placeholders for its values, whether or not they are marked as secret; `data` would need base64."""
    values: dict[str, Any] = {**secret.pop("data", {}), **secret.get("stringData", {})}
    return {**secret, "stringData": dict.fromkeys(values, "[secret]")} if values else secret


def _ordered(value: Any, first: Sequence[str] = ("apiVersion", "kind", "metadata")) -> Any:
    """Keys in an order of their own, those first that identify the object."""
    if isinstance(value, Mapping):
        fields = cast("Manifest", value)
        keys = [key for key in first if key in fields]
        keys += sorted(fields.keys() - set(keys))
        return {key: _ordered(fields[key], ("name", "namespace")) for key in keys}
    return [_ordered(item, ("name",)) for item in cast("list[Any]", value)] if isinstance(value, list) else value
