"""What a version of a controller does with the annotations of a route's Ingress: data, from the controller's source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..args.codes import Code, define
from ..untyped import Parameters

__all__ = ["UNKNOWN_ANNOTATION", "Denial", "RawAnnotations"]

UNKNOWN_ANNOTATION = define(
    "annotation-unknown-to-controller",
    "{controller} {version} doesn't read the annotation {key}.",
    allowed="annotations that it reads, and those of other programs",
)


@dataclass(frozen=True)
class Denial:
    """Why a controller doesn't accept an annotation."""

    code: Code
    params: Parameters = field(default_factory=dict[str, Any])
    only_if_installed: bool = False
    """Whether this follows from how Portico configures the controller."""


@dataclass(frozen=True)
class RawAnnotations:
    """The annotations that a controller knows."""

    version: str
    """The version of the controller whose source they are from."""
    accepted: frozenset[str]
    """The keys of those that have an effect on a route."""
    denied: Mapping[str, Denial]
    """The keys of those that it ignores, or rejects together with their Ingress."""

    def denial(self, key: str, *, is_installed: bool) -> Optional[Denial]:
        """Why it doesn't accept an annotation; `is_installed` is whether Portico configures the controller."""
        denial = self.denied.get(key)
        return None if denial is None or (denial.only_if_installed and not is_installed) else denial

    def knows(self, key: str) -> bool:
        """Whether it reads an annotation anywhere."""
        return key in self.accepted or key in self.denied
