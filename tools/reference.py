"""The reference of every component, as Markdown, from the schema: docs/reference.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_portico.args.elsewhere import SET_BY_PORTICO, Elsewhere
from pulumi_portico.args.spec import tables_of_elsewhere
from pulumi_portico.args.translation import COMPONENTS

from tools.cluster import ROOT

__all__ = ["FILE", "generate"]

FILE = ROOT / "docs" / "reference.md"

_HEAD = """\
# Reference

Every argument and output of every component, made from the types by `make schema`. Names are as Python writes them;
stack files and other languages write them in camelCase (`max_surge` is `maxSurge`). *Plain* arguments must be known
when the program starts, because names, keys and the number of resources depend on them; every other one takes an
`Output` as well.

Numbers have the unit that the field's meaning names. Text with a unit, such as `500m`, `512Mi`, or `60s`, is rejected
with the number to write.

Below many types is a list of the names that Kubernetes, Helm charts, and Compose have for the same: the message about
such a name, and its fix, come from the same data.
"""
_TYPES = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def generate(schema: Mapping[str, Any]) -> str:
    """The page for a package's schema."""
    parts = [_HEAD]
    described: set[str] = set()
    for token, component in sorted(schema["resources"].items()):
        # The first paragraph is the component's; what its parameters mean stands below.
        about = component["description"].partition("\n:param")[0].strip()
        parts.append(f"## {_name(token)}\n\n{about}\n")
        required = set(component.get("requiredInputs", []))
        parts.append(_table("argument", component["inputProperties"], required))
        parts += _other_names(f"{_name(token)}Args")
        parts.append(f"### Outputs of {_name(token)}\n\n" + _table("output", component["properties"], set()))
        for reference in _references(component["inputProperties"], schema):
            if reference not in described:
                described.add(reference)
                parts.append(_type(reference, schema["types"][reference]))
    return "\n".join(parts)


def _references(properties: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """The types that properties lead to, each followed by those that it leads to itself."""
    for it in properties.values():
        if reference := _reference(it):
            yield reference
            yield from _references(schema["types"][reference].get("properties", {}), schema)


def _reference(it: Mapping[str, Any]) -> str | None:
    if "$ref" in it:
        return it["$ref"].removeprefix("#/types/") if it["$ref"].startswith("#/types/") else None
    below: Mapping[str, Any] = it.get("items") or it.get("additionalProperties") or {}
    return _reference(below) if below else None


def _type(token: str, described: Mapping[str, Any]) -> str:
    title = f"### {_name(token)}\n\n{described['description']}\n\n"
    if "enum" in described:
        rows = [f"| `{it['value']}` | {_cell(it['description'])} |" for it in described["enum"]]
        return title + "\n".join(["| value | meaning |", "|---|---|", *rows]) + "\n"
    fields = _table("field", described["properties"], set(described.get("required", [])))
    return "\n".join([title + fields, *_other_names(_name(token))])


def _other_names(args_type: str) -> list[str]:
    """The names of other tools for the fields of an args type; empty if there are none."""
    table = tables_of_elsewhere().get(args_type)
    if table is None:
        return []
    names: dict[str, list[str]] = {}
    for name, where in table.names.items():
        names.setdefault(_place(where), []).append(f"`{name}`")
    rows = [f"| {', '.join(sorted(names[place]))} | {place} |" for place in sorted(names)]
    return ["\n".join(["| elsewhere | here |", "|---|---|", *rows]) + "\n"]


def _place(where: Elsewhere) -> str:
    if not where.fields:
        return "set by Portico" if where.code is SET_BY_PORTICO else "not supported"
    fields = ", ".join(f"`{field.replace('@', '.')}`" for field in where.fields)
    return f"{fields} of {COMPONENTS[where.component]}" if where.component else fields


def _table(what: str, properties: Mapping[str, Any], required: set[str]) -> str:
    rows = [
        f"| `{_snake_case(name)}` | {_kind(it)} | {'Required. ' * (name in required)}{_cell(it['description'])} |"
        for name, it in properties.items()
    ]
    return "\n".join([f"| {what} | type | meaning |", "|---|---|---|", *rows]) + "\n"


def _kind(it: Mapping[str, Any]) -> str:
    if (reference := _reference(it)) and "$ref" in it:
        name = _name(reference)
        return f"[{name}](#{name.lower()})"
    if it.get("type") == "array":
        return f"list of {_kind(it['items'])}"
    if it.get("type") == "object":
        return f"{_kind(it['additionalProperties'])}, by name" if "additionalProperties" in it else "mapping"
    return _TYPES.get(it.get("type", ""), "anything")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _name(token: str) -> str:
    return token.rpartition(":")[2]


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
