"""Replaces files of other tools by what they mean as stacks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from ...args.location import Key, Location
from ...args.manifests import KUBERNETES_MANIFEST, OTHER_MANIFEST
from ...args.problems import Problem, Set
from ...importing.draft import Draft
from ...importing.files import draft_of, heading
from ...stack.files import PREFIX
from ...stack.pasted import COMPOSE_FILE, HELM_VALUES
from ...stack.source_map import Node, holds_secret, node_at, plain
from ...stack.yaml_file import foreign_documents
from ..rendering.yaml_text import yaml_text

__all__ = ["converted", "is_pasted", "with_edits"]

_CODES = (KUBERNETES_MANIFEST, OTHER_MANIFEST, COMPOSE_FILE, HELM_VALUES)

_COMPONENT = 2
"""The length of the location of a component, such as `services.api`."""


def is_pasted(problem: Problem) -> bool:
    """Whether the problem is that a whole file is one of another tool."""
    return problem.code in _CODES and not problem.location


def converted(file: Path, text: str, *, is_base: bool) -> Mapping[Path, str]:
    """The texts of the files that take the place of one of another tool; empty if Portico can't convert it."""
    nodes = foreign_documents(text, str(file))
    if any(map(holds_secret, nodes)):
        return {}
    draft = draft_of([plain(node) for node in nodes])
    if draft is None:
        return {}
    beside = _file_beside(file) if draft.kept else None
    texts = {file: _text(draft, None if beside is None else beside.name, is_base=is_base)}
    return texts if beside is None else {**texts, beside: _manifests(draft.kept)}


def with_edits(problem: Problem, tree: Node) -> Problem:
    """The problem of manifests in place of services, with the edits that convert all of them."""
    at = Location(problem.location[:_COMPONENT])
    if problem.code not in _CODES or problem.edits or at[:1] != ("services",):
        return problem
    is_one = len(at) == _COMPONENT and isinstance(at[-1], Key)
    at = at if is_one else Location(at[:1])
    node, rest = node_at(tree, at)
    draft = None if rest or holds_secret(node) else draft_of([plain(node)])
    # What the stack has no place for would get lost here.
    if draft is None or draft.kept:
        return problem
    if is_one:
        services = list(draft.services.values())
        return replace(problem, edits=(Set(at, services[0]),)) if len(services) == 1 else problem
    others = {key: value for key, value in draft.values.items() if key not in tree.fields and key != "services"}
    edits = [Set(at, draft.services), *(Set(Location((Key(key),)), value) for key, value in others.items())]
    return replace(problem, edits=tuple(edits))


def _file_beside(file: Path) -> Path:
    """A file that doesn't exist yet, for the manifests that stay."""
    name = file.stem.removeprefix("Pulumi.")
    candidates = (file.with_name(f"manifests-{name}{suffix}.yaml") for suffix in ("", *(f"-{n}" for n in range(2, 99))))
    return next(candidate for candidate in candidates if not candidate.exists())


def _text(draft: Draft, beside: Optional[str], *, is_base: bool) -> str:
    values: Mapping[str, Any] = draft.values
    if not is_base:
        values = {"config": {f"{PREFIX}{key}": value for key, value in values.items()}}
    return heading(draft, beside) + yaml_text(values)


def _manifests(kept: Sequence[Any]) -> str:
    return "---\n".join(yaml_text(manifest) for manifest in kept)
