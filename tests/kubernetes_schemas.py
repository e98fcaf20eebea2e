"""Validates manifests against the schemas of the oldest and the newest supported versions of Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from kubernetes_validate import utils

__all__ = ["VERSIONS", "numbers_out_of_range", "validate"]

VERSIONS = ("1.30", "1.37")

# The library reads two files for each manifest, which takes longer than the rest of most tests.
utils.schema_contents = cache(utils.schema_contents)

_BITS = {"int32": 32, "int64": 64}
_INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"


def validate(manifest: Mapping[str, Any]) -> None:
    """Fail if a supported version of Kubernetes doesn't accept the manifest."""
    for version in VERSIONS:
        utils.validate(dict(manifest), version, strict=True)
        found = list(numbers_out_of_range(manifest, version))
        assert not found, f"{found} aren't in the range of their format"


def numbers_out_of_range(manifest: Mapping[str, Any], version: str = VERSIONS[-1]) -> Iterator[str]:
    """The paths of the numbers that the schema's format has no room for: the library doesn't check formats."""
    folder = f"kubernetes-json-schema/v{version}.0-local-strict"
    api_version = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", manifest["apiVersion"])
    schema = utils.schema_contents(f"{folder}/{manifest['kind'].lower()}-{api_version}.json", version)
    definitions = utils.schema_contents(f"{folder}/_definitions.json", version)["$defs"]
    yield from _out_of_range(manifest, schema, definitions, "")


def _out_of_range(value: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any], path: str) -> Iterator[str]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = {"format": "int32"} if name == _INT_OR_STRING else definitions[name]
    if isinstance(value, Mapping):
        fields = schema.get("properties", {})
        for key, item in value.items():
            yield from _out_of_range(item, fields.get(key, _others(schema)), definitions, f"{path}.{key}")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _out_of_range(item, schema.get("items", {}), definitions, f"{path}[{index}]")
    elif isinstance(value, int) and not isinstance(value, bool):
        bits = _BITS.get(schema.get("format", ""))
        if bits is not None and not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            yield path


def _others(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of a mapping's values; an empty one if there is none."""
    others = schema.get("additionalProperties", {})
    return others if isinstance(others, Mapping) else {}
