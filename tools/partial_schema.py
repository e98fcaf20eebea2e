"""Definitions of a JSON Schema for what is laid over something else: a base, or the defaults."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

__all__ = ["partials"]

_SUFFIX = "Partial"
_NULL = {"type": "null"}


def partials(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Each object once more, with nothing required, and a null allowed wherever it takes something out."""
    target = definitions["Target"]
    fields = {**target["then"]["properties"], **target["else"]["properties"]}
    either = {"type": "object", "properties": fields, "additionalProperties": False}
    whole = {name: either if name == "Target" else it for name, it in definitions.items() if it["type"] == "object"}
    below = whole.keys() - {"Secret"}
    return {f"{name}{_SUFFIX}": _partial(whole[name], below) for name in below}


def _partial(it: Mapping[str, Any], objects: Set[str]) -> dict[str, Any]:
    loose = {key: _or_null(_loosened(field, objects)) for key, field in it["properties"].items()}
    # The null stands in the object itself: an editor tells more of what is wrong in it than of what is no alternative.
    made = {**it, "type": ["object", "null"], "properties": loose}
    return {key: value for key, value in made.items() if key != "required"}


def _loosened(it: Mapping[str, Any], objects: Set[str]) -> dict[str, Any]:
    """A value that may be a part; lists are replaced as a whole."""
    if "$ref" in it:
        name = it["$ref"].rpartition("/")[2]
        return {"$ref": f"#/definitions/{name}{_SUFFIX}"} if name in objects else dict(it)
    made = dict(it)
    if "allOf" in made:
        made["allOf"] = [_loosened(part, objects) for part in made["allOf"]]
    if "additionalProperties" in made:
        made["additionalProperties"] = _or_null(_loosened(made["additionalProperties"], objects))
    return made


def _or_null(it: Mapping[str, Any]) -> dict[str, Any]:
    references = [it, *it.get("allOf", [])]
    if any(str(part.get("$ref", "")).endswith(_SUFFIX) for part in references) or not it:
        return dict(it)
    if "anyOf" in it:
        return {**it, "anyOf": [*it["anyOf"], _NULL]}
    if "type" in it:
        return {**it, "type": [it["type"], "null"]}
    rest = {key: value for key, value in it.items() if key not in ("allOf", "$ref")}
    choices = it.get("allOf") or [{"$ref": it["$ref"]}]
    return {**rest, "anyOf": [*choices, _NULL]}
