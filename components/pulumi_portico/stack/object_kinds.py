"""The kinds of the Kubernetes API, as every supported version has them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Optional

__all__ = ["ObjectKind", "api_group", "kinds_of", "known_kind", "versions_of_kind"]


@dataclass(frozen=True)
class ObjectKind:
    """A kind in one API version."""

    is_cluster_scoped: bool
    """Whether its objects belong to the whole cluster, and so to no namespace."""
    fields: Optional[Sequence[str]] = None
    """Its fields beside `apiVersion`, `kind`, and `metadata`; None if they aren't known."""


@cache
def _kinds() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """The kinds by API version. Only stacks with manifests need them."""
    return json.loads((Path(__file__).parent / "object_kinds.json").read_text())


def known_kind(api_version: str, kind: str) -> Optional[ObjectKind]:
    """A kind of the Kubernetes API itself; None if it has no such kind."""
    known = _kinds().get(api_version, {}).get(kind)
    return None if known is None else ObjectKind(bool(known.get("cluster")), known["fields"])


def kinds_of(api_version: str) -> Sequence[str]:
    """The kinds of an API version; none if the Kubernetes API has no such version."""
    return list(_kinds().get(api_version, ()))


def versions_of_kind(kind: str) -> Sequence[str]:
    """The API versions that have a kind, the stable ones first."""
    found = [version for version, kinds in _kinds().items() if kind in kinds]
    return sorted(found, key=lambda version: ("alpha" in version, "beta" in version, version))


def api_group(api_version: str) -> str:
    """The group of an API version; empty for the core."""
    group, slash, _ = api_version.partition("/")
    return group if slash else ""
