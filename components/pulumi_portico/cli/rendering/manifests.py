"""The Kubernetes objects of a recording, as `kubectl apply` takes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ...merge import merged
from ...testing.recording import Recording, Registration
from .recorder import object_name
from .secrets import masked

__all__ = ["Rendered", "manifests_of"]

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
"""The kinds in an order in which each finds what it needs; others come last."""

_PATCH = "Patch"


@dataclass(frozen=True)
class Rendered:
    """A Kubernetes object, rendered."""

    manifest: Mapping[str, Any]
    called: str
    """What it is called by as long as it is what it is: its own name, or the resource's where Pulumi makes one up."""
    made_up: bool
    """Whether its name was made up."""

    @property
    def rank(self) -> int:
        """When it comes."""
        kind = self.manifest["kind"]
        return _KINDS.index(kind) if kind in _KINDS else len(_KINDS)

    @property
    def namespace(self) -> str:
        """Its namespace; empty where it has none."""
        return str(self.manifest["metadata"].get("namespace") or "")

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])


def manifests_of(recording: Recording) -> list[Rendered]:
    """Every Kubernetes object, in an order in which they can be made."""
    made: dict[tuple[str, str, str], Rendered] = {}
    patches: list[Registration] = []
    for it in recording.registrations:
        if it.custom and it.type.startswith("kubernetes:"):
            if it.type.endswith(_PATCH):
                patches.append(it)
            else:
                one = _rendered(it)
                made[_key(one.manifest)] = one
    for patch in patches:
        manifest = _manifest(patch)
        onto = made[_key(manifest)]
        made[_key(manifest)] = Rendered(merged(onto.manifest, manifest), onto.called, onto.made_up)
    rendered = [Rendered(_ordered(it.manifest), it.called, it.made_up) for it in made.values()]
    return sorted(rendered, key=lambda it: (it.rank, it.manifest["kind"], it.namespace, it.name))


def _key(manifest: Mapping[str, Any]) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return manifest["kind"], str(metadata.get("namespace") or ""), str(metadata["name"])


def _rendered(it: Registration) -> Rendered:
    own = cast("Mapping[str, Any]", it.inputs.get("metadata") or {}).get("name")
    return Rendered(_manifest(it), it.name if own is None else str(own), own is None)


def _manifest(it: Registration) -> dict[str, Any]:
    manifest: dict[str, Any] = masked(it.inputs)
    metadata = {**manifest.get("metadata", {}), "name": object_name(it)}
    told = cast("Mapping[str, Any]", metadata.get("annotations") or {})
    # What only Pulumi reads says how a deployment by Pulumi waits.
    annotations = {key: value for key, value in told.items() if not key.startswith("pulumi.com/")}
    metadata.pop("annotations", None)
    manifest["metadata"] = {**metadata, **({"annotations": annotations} if annotations else {})}
    if manifest["kind"] == "Secret":
        _keep_out(manifest)
    return manifest


def _keep_out(secret: dict[str, Any]) -> None:
    """A Secret's values as placeholders, whether or not its author marked them; `data` would want base64."""
    data: dict[str, Any] = {**secret.pop("data", {}), **secret.get("stringData", {})}
    if data:
        secret["stringData"] = dict.fromkeys(data, "[secret]")


def _ordered(value: Any, first: Sequence[str] = ("apiVersion", "kind", "metadata")) -> Any:
    """Keys in an order that does not depend on how they came, those first that say what it is."""
    if isinstance(value, Mapping):
        given = cast("Mapping[str, Any]", value)
        keys = [it for it in first if it in given]
        keys += sorted(given.keys() - set(keys))
        return {key: _ordered(given[key], ("name", "namespace")) for key in keys}
    return [_ordered(it, ("name",)) for it in cast("list[Any]", value)] if isinstance(value, list) else value
