"""The names that Kubernetes, Helm charts, and Compose have for what a stack has beside its components."""

from collections.abc import Callable
from typing import Any, Optional

from ..args.elsewhere import (
    NAME_ELSEWHERE,
    SWITCHED_ON,
    Elsewhere,
    Table,
    automatic,
    form,
    holder,
    moved_to,
    several,
    table,
    unsupported,
)
from ..args.forms import is_list, only_item
from ..args.units import GIB
from ..untyped import Unchecked, mapped
from ..workload.conversions import from_claim_resources

__all__ = ["CLAIM_NAMES", "CONFIG_MAP_NAMES", "SECRET_NAMES"]

_METADATA = ("labels", "annotations")


def _labels_of(metadata: Any) -> Unchecked:
    """What metadata has apart from the name, which is the key, and from what the API server sets."""
    return {key: item for key, item in mapped(metadata).items() if key in _METADATA and item}


def _manifest_of(kind: str, *holders: str) -> Callable[[Any], Optional[Unchecked]]:
    """Reads the arguments in a manifest of a kind; those below `holders` are arguments too."""

    def read(value: Any) -> Optional[Unchecked]:
        manifest = dict(mapped(value))
        if manifest.get("kind") != kind:
            return None
        metadata = _labels_of(manifest.pop("metadata", None))
        for key in ("apiVersion", "kind", "status"):
            manifest.pop(key, None)
        for name in holders:
            manifest.update(mapped(manifest.pop(name, None)))
        return {**manifest, **metadata}

    return read


def _text(value: Any) -> Optional[str]:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, (int, float)) else None


def _value_of(field: str, *, is_secret: bool) -> Callable[[str, Any], Optional[Elsewhere]]:
    """Reads a value that is beside the field for it."""

    def read(name: str, value: Any) -> Optional[Elsewhere]:
        way = f"{field}@{name}"
        if isinstance(value, str) or (is_secret and not isinstance(value, (dict, list))):
            return Elsewhere(NAME_ELSEWHERE, (way,), is_moved=True)
        return moved_to(way, _text) if isinstance(value, (bool, int, float)) else None

    return read


_OBJECT = {
    "metadata": holder(_labels_of, "labels", "annotations"),
    "immutable": unsupported(False),  # noqa: FBT003  # a value, not a switch
    "name": automatic(...),
    "namespace": automatic(...),
}

CONFIG_MAP_NAMES: Table = table(_OBJECT, manifest=_manifest_of("ConfigMap"), others=_value_of("data", is_secret=False))
"""Other tools' names for the fields of `ConfigMapArgs`."""

SECRET_NAMES: Table = table(_OBJECT, manifest=_manifest_of("Secret"), others=_value_of("string_data", is_secret=True))
"""Other tools' names for the fields of `SecretArgs`."""

CLAIM_NAMES: Table = table(
    {
        "metadata": holder(_labels_of, "labels", "annotations"),
        "spec": holder(mapped, "size_gib", "storage_class", "access_mode"),
        "accessModes": moved_to("access_mode", only_item),
        "resources": several("size_gib", convert=from_claim_resources),
        "size": moved_to("size_gib", GIB.number_of),
        "storage": moved_to("size_gib", GIB.number_of),
        "capacity": moved_to("size_gib", GIB.number_of),
        "storageClassName": moved_to("storage_class"),
        "volumeMode": unsupported("Filesystem"),
        "driver": automatic("local"),
        "enabled": SWITCHED_ON,
        "external": unsupported(False),  # noqa: FBT003  # a value, not a switch
        "name": automatic(...),
        "namespace": automatic(...),
        **dict.fromkeys(
            ("dataSource", "dataSourceRef", "selector", "volumeAttributesClassName", "volumeName"), unsupported()
        ),
    },
    forms={"access_mode": (form(is_list, lambda value, _: _only_mode(value)),)},
    manifest=_manifest_of("PersistentVolumeClaim", "spec"),
)
"""Other tools' names for the fields of `ClaimArgs`."""


def _only_mode(value: Any) -> Any:
    mode = only_item(value)
    return None if mode is None else {("access_mode",): mode}
