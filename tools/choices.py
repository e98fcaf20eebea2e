"""Write, below each Enum of choices, the alias of its members and their literals that type checkers see."""

from __future__ import annotations

import ast
import re
import textwrap

from tools.cluster import ROOT

__all__ = ["FILES", "generate"]

_ALIAS = re.compile(r"^(if TYPE_CHECKING:\n    (\w+)Like: TypeAlias = )(.*?)(?=^else:\n)", re.M | re.S)
_WIDTH = 120
_INDENT = 8

FILES = [
    file
    for file in sorted((ROOT / "components" / "pulumi_portico").rglob("*.py"))
    if _ALIAS.search(file.read_text(encoding="utf-8"))
]


def generate(text: str) -> str:
    """The module's text, with the literals of each alias as its Enum has them."""
    classes = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}
    return _ALIAS.sub(lambda match: match[1] + _union(match[2], _values(classes[match[2]])), text)


def _values(enum: ast.ClassDef) -> list[str]:
    assigned = [node.value for node in enum.body if isinstance(node, ast.Assign)]
    return [value.value for value in assigned if isinstance(value, ast.Constant) and isinstance(value.value, str)]


def _union(name: str, values: list[str]) -> str:
    """As ruff formats it."""
    literals = [f'"{value}"' for value in values]
    union = f"{name} | Literal[{', '.join(literals)}]"
    if len(f"    {name}Like: TypeAlias = {union}") <= _WIDTH:
        return f"{union}\n"
    lines = [union]
    if len(union) > _WIDTH - _INDENT:
        lines = [name, "| Literal[", *(f"    {literal}," for literal in literals), "]"]
    return "(\n" + textwrap.indent("\n".join(lines), " " * _INDENT) + "\n    )\n"
