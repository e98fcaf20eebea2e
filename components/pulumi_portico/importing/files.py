"""The stack file that takes the place of a file of another tool, and the file of the manifests that it can't hold."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast

from ..stack.source_map import AmbiguousScalar
from ..untyped import Unchecked, mapped
from .compose import draft_of_compose
from .draft import Draft
from .helm import draft_of_values
from .manifests import draft_of_manifests

__all__ = ["draft_of", "heading", "resolved"]

_OCTAL = re.compile("0[0-7]+")
_TRUE, _FALSE = ("yes", "on"), ("no", "off")
_WIDTH = 116


def draft_of(documents: Sequence[Any]) -> Optional[Draft]:
    """The draft of what documents of another tool describe; None if that isn't an application."""
    values = [resolved(document) for document in documents]
    fields: Unchecked = mapped(values[0]) if len(values) == 1 else {}
    if "services" in fields and "apiVersion" not in fields:
        return draft_of_compose(fields)
    if fields and "apiVersion" not in fields:
        return draft_of_values(fields)
    return draft_of_manifests(values)


def resolved(value: Any) -> Any:
    """A value with scalars as the readers of other tools read them."""
    if isinstance(value, AmbiguousScalar):
        if _OCTAL.fullmatch(value):
            return int(value, 8)
        return {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}.get(value.lower(), str(value))
    if isinstance(value, Mapping):
        return {key: resolved(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [resolved(item) for item in cast("list[Any]", value)]
    return value


def heading(draft: Draft, beside: Optional[str]) -> str:
    """The comment at the top of the stack file; `beside` is the file of the manifests that it has no place for."""
    notes = list(draft.notes)
    if beside:
        kinds = ", ".join(sorted({str(manifest.get("kind")) for manifest in draft.kept}))
        command = f"kubectl apply -n {draft.namespace_name} -f {beside}"
        notes.append(f"{beside} has what stays as manifests ({kinds}). Apply it: {command}")
    notes.append("Pods run as user 10001 with a read-only file system: see `security` and `writablePaths`.")
    notes.append("Pods connect only to those that `allowTo` and `allowFrom` list.")
    lines = ["# Converted by `portico check --fix`. Before you deploy it:"]
    for note in notes:
        lines += _wrapped(note)
    return "\n".join(lines) + "\n"


def _wrapped(note: str) -> Sequence[str]:
    lines, line = list[str](), "# -"
    for word in note.split():
        if len(line) + len(word) > _WIDTH:
            lines.append(line)
            line = "#  "
        line = f"{line} {word}"
    return [*lines, line]
