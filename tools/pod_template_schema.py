"""Writes the fields of the pods' template and their types, from the OpenAPI schemas of the Kubernetes API.

The package checks `extra` against the file. It has the fields of the oldest and the newest supported version together,
because the other rules of the package tell versions apart where it matters. The schemas are those of the development
dependency kubernetes-validate, which has no choices of texts: `workload/template_schema.py` has those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubernetes_validate import utils

from tools.cluster import ROOT

__all__ = ["FILE", "generate"]

FILE = ROOT / "components" / "pulumi_portico" / "workload" / "pod_template.json"

_VERSIONS = ("1.30", "1.37")
"""The oldest and the newest supported version."""

_TEMPLATE = "io.k8s.api.core.v1.PodTemplateSpec"
_SCALARS = {
    "IntOrString": "int-or-string",
    "Quantity": "quantity",
    "Time": "text",
    "FieldsV1": "any",
}
_TYPES = {"string": "text", "boolean": "true-or-false", "number": "number", "object": "any"}
_IGNORED = {
    # A template's metadata has more fields, which the API server ignores or sets.
    "ObjectMeta": {"annotations", "finalizers", "labels"},
}
"""The fields that a type has here, if they aren't all of them."""


def generate(_text: str = "") -> str:
    """The text of the file."""
    types: dict[str, dict[str, Any]] = {}
    for version in _VERSIONS:
        folder = f"kubernetes-json-schema/v{version}.0-local-strict"
        definitions = utils.schema_contents(f"{folder}/_definitions.json", version)["$defs"]
        _add(_TEMPLATE, definitions, types, set())
    lines = [f"  {json.dumps(name)}: {json.dumps(types[name], sort_keys=True)}" for name in sorted(types)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _add(name: str, definitions: Mapping[str, Any], types: dict[str, dict[str, Any]], seen: set[str]) -> None:
    """Add a type, and those of its fields, to the types so far; `seen` are those of this version."""
    if name in seen:
        return
    seen.add(name)
    short, schema = _short(name), definitions[name]
    known = types.setdefault(short, {"fields": {}})
    for field, below in schema["properties"].items():
        if field in _IGNORED.get(short, schema["properties"]):
            known["fields"][field] = _type_of(below, definitions, types, seen)
    # A field that one of the versions doesn't require isn't.
    required = set(schema.get("required", ()))
    known["required"] = sorted(required & set(known.get("required", required)))


def _type_of(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], types: dict[str, dict[str, Any]], seen: set[str]
) -> Any:
    """A scalar's name, the name of a type with a colon first, or the type of the items in a list or a mapping."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if (short := _short(name)) in _SCALARS:
            return _SCALARS[short]
        _add(name, definitions, types, seen)
        return f":{short}"
    kind = _kind_of(schema)
    if kind == "array":
        return [_type_of(schema["items"], definitions, types, seen)]
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return {"": _type_of(schema["additionalProperties"], definitions, types, seen)}
    return schema.get("format", "int64") if kind == "integer" else _TYPES[kind]


def _kind_of(schema: Mapping[str, Any]) -> str:
    kind = schema["type"]
    return kind if isinstance(kind, str) else next(each for each in kind if each != "null")


def _short(name: str) -> str:
    return name.rpartition(".")[2]
