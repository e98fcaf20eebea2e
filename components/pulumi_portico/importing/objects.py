"""What a stack has beside its services, from manifests: ConfigMaps, Secrets, claims, and jobs."""

from collections.abc import Callable, Mapping
from typing import Any, Optional

from ..args.elsewhere import Beside
from ..args.forms import only_item
from ..args.location import ROOT, Key, KeyStyle
from ..args.manifests import KUBERNETES_MANIFEST
from ..args.problems import Problems, Set
from ..job.validation import parse_job
from ..untyped import Manifest, Unchecked, mapped
from ..workload.conversions import from_claim_resources
from .draft import Draft

__all__ = ["JOBS", "add_object"]

JOBS = ("Job", "CronJob")
_METADATA = {"name", "namespace", "labels", "annotations", "creationTimestamp", "uid", "resourceVersion"}


def add_object(draft: Draft, name: str, manifest: Manifest) -> bool:
    """Add what a manifest describes to the stack. Returns whether the stack has a place for all of it."""
    kind = str(manifest.get("kind"))
    read, held = _READERS.get(kind, _job), _held(draft, kind)
    metadata = mapped(manifest.get("metadata"))
    if held is None or name in held or metadata.keys() - _METADATA:
        return False
    arguments = read(name, manifest)
    if arguments is None:
        return False
    if kind not in JOBS:
        arguments = {**arguments, **{key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}}
    held[name] = arguments
    if kind == "Secret":
        draft.note(f"Encrypt the values of the Secret {name}: `pulumi config set --secret --path`.")
    return True


def _held(draft: Draft, kind: str) -> Optional[dict[str, dict[str, Any]]]:
    fields = {"ConfigMap": draft.config_maps, "Secret": draft.secrets, "PersistentVolumeClaim": draft.claims}
    return {**fields, **dict.fromkeys(JOBS, draft.jobs)}.get(kind)


def _fields(manifest: Manifest) -> dict[str, Any]:
    others = ("apiVersion", "kind", "metadata", "status")
    fields = {key: item for key, item in manifest.items() if key not in others and item not in (None, {}, [], "")}
    if fields.get("immutable") is False:
        del fields["immutable"]
    return fields


def _texts(value: Any) -> Unchecked:
    return {key: str(item).lower() if isinstance(item, bool) else str(item) for key, item in mapped(value).items()}


def _config_map(_name: str, manifest: Manifest) -> Optional[dict[str, Any]]:
    fields = _fields(manifest)
    return None if fields.keys() - {"data", "binaryData"} else {key: _texts(item) for key, item in fields.items()}


def _secret(_name: str, manifest: Manifest) -> Optional[dict[str, Any]]:
    fields = _fields(manifest)
    kind = fields.pop("type", "Opaque")
    if fields.keys() - {"data", "stringData"}:
        return None
    values = {key: _texts(item) for key, item in fields.items()}
    return values if kind == "Opaque" else {"type": kind, **values}


def _claim(_name: str, manifest: Manifest) -> Optional[dict[str, Any]]:
    spec = {key: item for key, item in mapped(manifest.get("spec")).items() if item not in (None, {}, "")}
    mode, volume_mode = only_item(spec.pop("accessModes", None)), spec.pop("volumeMode", "Filesystem")
    size = (from_claim_resources(spec.pop("resources", None), Beside({})) or {}).get(("size_gib",))
    storage_class = spec.pop("storageClassName", None)
    if spec or mode is None or size is None or volume_mode != "Filesystem":
        return None
    claim: dict[str, Any] = {"sizeGib": size, "accessMode": mode}
    return claim if storage_class is None else {**claim, "storageClass": storage_class}


def _job(name: str, manifest: Manifest) -> Optional[dict[str, Any]]:
    """The arguments of a job, if the checks of a stack convert its manifest."""
    problems, at = Problems(name, style=KeyStyle.STACK), ROOT / "jobs" / Key(name)
    parse_job(name, manifest, problems, at)
    edits = [edit for problem in problems.found if problem.code is KUBERNETES_MANIFEST for edit in problem.edits]
    values = [edit.value for edit in edits if isinstance(edit, Set) and edit.location == at]
    return dict(mapped(values[0])) if values else None


_READERS: Mapping[str, Callable[[str, Manifest], Optional[dict[str, Any]]]] = {
    "ConfigMap": _config_map,
    "Secret": _secret,
    "PersistentVolumeClaim": _claim,
}
