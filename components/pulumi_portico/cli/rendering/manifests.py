"""The Kubernetes objects of a stack, as `kubectl apply` accepts them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, cast

from ...lifecycle.objects import manifests_of
from ...merge import merged
from ...stack.objects import ComponentObjects, objects_of
from ...stack.parts import KINDS
from ...testing.recording import Recording, Registration
from ...untyped import Manifest
from ..project import Stack
from .names import generated_name, urn_of
from .recorder import object_name
from .secrets import masked, settled

__all__ = ["RenderedObject", "listed_objects", "recorded_objects", "rendered_objects"]

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


def rendered_objects(stack: Stack, recording: Optional[Recording]) -> list[RenderedObject]:
    """Every Kubernetes object of a stack, in an order in which they can be created.

    `recording` has the components without a list of objects; None if the stack has none of those.
    """
    unlisted = [kind.type for kind in KINDS if kind.objects is None]
    found = [*listed_objects(stack), *(recorded_objects(recording, unlisted) if recording is not None else ())]
    ordered = [RenderedObject(_ordered(one.manifest), one.identifier, one.generated) for one in found]
    return sorted(ordered, key=lambda one: (one.rank, one.manifest["kind"], one.namespace, one.name))


def listed_objects(stack: Stack) -> Iterable[RenderedObject]:
    """The objects that the components list."""
    return _patched(one for component in objects_of(stack.plan) for one in _of_component(stack, component))


def _of_component(stack: Stack, component: ComponentObjects) -> Iterator[RenderedObject]:
    def generated(full: str, manifest: Manifest) -> str:
        return generated_name(urn_of(stack, component.type, manifest, full), full, settled(manifest))

    manifests = manifests_of(component.name, component.objects, generated)
    for described, (full, manifest) in zip(component.objects, manifests, strict=True):
        rendered = _rendered(settled(manifest))
        is_named = described.manifest["metadata"].get("name") is not None
        yield RenderedObject(rendered, str(rendered["metadata"]["name"]) if is_named else full, not is_named)


def recorded_objects(recording: Recording, components: Collection[str]) -> Iterable[RenderedObject]:
    """The objects that components of these types have registered; the stack's own have an empty type."""
    return _patched(
        _rendered_registration(registration)
        for registration in recording.registrations
        if registration.custom
        and registration.type.startswith("kubernetes:")
        and _component(registration) in components
    )


def _patched(objects: Iterable[RenderedObject]) -> Iterable[RenderedObject]:
    """The objects, with the patches among them applied."""
    found: dict[tuple[str, str, str], RenderedObject] = {}
    patches: list[RenderedObject] = []
    for one in objects:
        if str(one.manifest["kind"]).endswith(_PATCH):
            patches.append(one)
        else:
            found[_key(one.manifest)] = one
    for patch in patches:
        manifest = {**patch.manifest, "kind": str(patch.manifest["kind"]).removesuffix(_PATCH)}
        base = found[_key(manifest)]
        found[_key(manifest)] = RenderedObject(merged(base.manifest, manifest), base.identifier, base.generated)
    return found.values()


def _component(registration: Registration) -> str:
    """The type of the component that a resource belongs to; empty for the stack's own resources."""
    component = registration.urn.split("::")[2].split("$")[0]
    return component if component.startswith("portico:") else ""


def _key(manifest: Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"].removesuffix(_PATCH), str(metadata.get("namespace") or ""), str(metadata["name"])


def _rendered_registration(registration: Registration) -> RenderedObject:
    own = cast("Manifest", registration.inputs.get("metadata") or {}).get("name")
    manifest = masked(registration.inputs)
    manifest["metadata"] = {**manifest.get("metadata", {}), "name": object_name(registration)}
    if registration.type.endswith(_PATCH):
        # The provider has the same kind for an object and for a patch of it.
        manifest["kind"] = manifest["kind"].removesuffix(_PATCH) + _PATCH
    return RenderedObject(_rendered(manifest), registration.name if own is None else str(own), own is None)


def _rendered(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest without what only Pulumi reads, and without the values of Secrets."""
    metadata = dict(manifest["metadata"])
    annotations = cast("Manifest", metadata.pop("annotations", None) or {})
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
        fields = cast("Manifest", value)
        keys = [key for key in first if key in fields]
        keys += sorted(fields.keys() - set(keys))
        return {key: _ordered(fields[key], ("name", "namespace")) for key in keys}
    return [_ordered(item, ("name",)) for item in cast("list[Any]", value)] if isinstance(value, list) else value
