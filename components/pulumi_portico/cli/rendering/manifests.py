"""The Kubernetes objects of a stack, as `kubectl apply` accepts them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, cast

from ...lifecycle.objects import manifests_of
from ...merge import merged
from ...stack.objects import objects_of
from ...stack.parts import KINDS
from ...testing.recording import Recording, Registration
from ..project import Stack
from .names import generated_name, urn_of
from .recorder import object_name
from .secrets import masked, settled

__all__ = ["RenderedObject", "rendered_objects"]

_KINDS: Sequence[str] = (
    "Namespace",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
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


@dataclass(frozen=True)
class RenderedObject:
    """A Kubernetes object, rendered."""

    manifest: Mapping[str, Any]
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


def rendered_objects(stack: Stack, recording: Optional[Recording]) -> list[RenderedObject]:
    """Every Kubernetes object of a stack, in an order in which they can be created.

    `recording` has the components without a list of objects; None if the stack has none of those.
    """
    found = _patched([*_listed(stack), *(_recorded(recording) if recording is not None else ())])
    ordered = [RenderedObject(_ordered(one.manifest), one.identifier, one.generated) for one in found]
    return sorted(ordered, key=lambda one: (one.rank, one.manifest["kind"], one.namespace, one.name))


def _listed(stack: Stack) -> Iterator[RenderedObject]:
    """The objects that the components list."""
    for component in objects_of(stack.plan):

        def generated(full: str, manifest: Mapping[str, Any], component_type: str = component.type) -> str:
            return generated_name(urn_of(stack, component_type, manifest, full), full, settled(manifest))

        specs = list(component.objects)
        named = [spec.manifest["metadata"].get("name") is not None for spec in specs]
        for (full, manifest), is_named in zip(manifests_of(component.name, specs, generated), named, strict=True):
            rendered = _rendered(settled(manifest))
            yield RenderedObject(rendered, str(rendered["metadata"]["name"]) if is_named else full, not is_named)


def _recorded(recording: Recording) -> Iterator[RenderedObject]:
    """The objects of the components that are recorded."""
    listed = {kind.type for kind in KINDS if kind.objects is not None}
    for registration in recording.registrations:
        is_object = registration.custom and registration.type.startswith("kubernetes:")
        if is_object and _component(registration) not in listed:
            yield _rendered_registration(registration)


def _patched(objects: Iterable[RenderedObject]) -> Iterable[RenderedObject]:
    """The objects, with the patches among them applied to those that they change."""
    found: dict[tuple[str, str, str], RenderedObject] = {}
    patches: list[Mapping[str, Any]] = []
    for one in objects:
        if one.manifest["kind"].endswith(_PATCH):
            patches.append(one.manifest)
        else:
            found[_key(one.manifest)] = one
    for patch in patches:
        base = found[_key(patch)]
        manifest = merged(base.manifest, {**patch, "kind": base.manifest["kind"]})
        found[_key(patch)] = RenderedObject(manifest, base.identifier, base.generated)
    return found.values()


def _component(registration: Registration) -> str:
    """The type of the component that a resource belongs to; of the stack's own resources, that of a listed one."""
    types = registration.urn.split("::")[2].split("$")
    return types[0] if len(types) > 1 and types[0].startswith("portico:") else next(kind.type for kind in KINDS)


def _key(manifest: Mapping[str, Any]) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"].removesuffix(_PATCH), str(metadata.get("namespace") or ""), str(metadata["name"])


def _rendered_registration(registration: Registration) -> RenderedObject:
    own = cast("Mapping[str, Any]", registration.inputs.get("metadata") or {}).get("name")
    manifest = masked(registration.inputs)
    manifest["metadata"] = {**manifest.get("metadata", {}), "name": object_name(registration)}
    if registration.type.endswith(_PATCH):
        # The provider has the same kind for an object and for a patch of it.
        manifest["kind"] = manifest["kind"].removesuffix(_PATCH) + _PATCH
    return RenderedObject(_rendered(manifest), registration.name if own is None else str(own), own is None)


def _rendered(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest without what only Pulumi reads, and without the values of Secrets."""
    metadata = dict(manifest["metadata"])
    annotations = cast("Mapping[str, Any]", metadata.pop("annotations", None) or {})
    kept = {key: value for key, value in annotations.items() if not key.startswith("pulumi.com/")}
    rendered = {**manifest, "metadata": {**metadata, **({"annotations": kept} if kept else {})}}
    return _without_values(rendered) if manifest["kind"] == "Secret" else rendered


def _without_values(secret: dict[str, Any]) -> dict[str, Any]:
    """A Secret with placeholders for its values, whether or not they are marked as secret; `data` would need base64."""
    values: dict[str, Any] = {**secret.pop("data", {}), **secret.get("stringData", {})}
    return {**secret, "stringData": dict.fromkeys(values, "[secret]")} if values else secret


def _ordered(value: Any, first: Sequence[str] = ("apiVersion", "kind", "metadata")) -> Any:
    """Keys in an order of their own, those first that identify the object."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        keys = [key for key in first if key in fields]
        keys += sorted(fields.keys() - set(keys))
        return {key: _ordered(fields[key], ("name", "namespace")) for key in keys}
    return [_ordered(item, ("name",)) for item in cast("list[Any]", value)] if isinstance(value, list) else value
