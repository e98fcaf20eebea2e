"""What a version of a controller does with the annotations of a route's Ingress: data, from the controller's source."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Optional

import pulumi

from ..args.codes import Code, define
from ..args.exceptions import exception_kind
from ..args.location import Location
from ..args.parse import Rule
from ..args.problems import Problems
from ..untyped import Parameters

__all__ = [
    "ANY_AUTHENTICATION",
    "ANY_ORIGIN",
    "CACHED_AUTHENTICATION",
    "UNKNOWN_ANNOTATION",
    "Denial",
    "Promise",
    "RawAnnotation",
    "RawAnnotations",
    "raw_annotations",
]

UNKNOWN_ANNOTATION = define(
    "annotation-unknown-to-controller",
    "{controller} {version} doesn't read the annotation {key}.",
    allowed="annotations that it reads, and those of other programs",
)
ANY_ORIGIN = exception_kind("cors-any-origin", "Pages of every site can use the route.")
ANY_AUTHENTICATION = exception_kind(
    "any-authentication",
    "A request needs only one of a password, a response of the authentication server, and an address.",
)
CACHED_AUTHENTICATION = exception_kind(
    "cached-authentication", "The controller reuses the responses of the authentication server."
)


class Promise(Enum):
    """What Portico reports about a route, and an annotation can change. The value is the field that sets it."""

    AUTHENTICATION = "basic_auth"
    SOURCES = "allowed_sources"
    RATE = "rate_limit"
    TLS = "tls"
    CIPHERS = "settings.ciphers"
    HOSTS = "host"
    TARGET = "target"
    DEFAULT_BACKEND = "default_backend"
    ACCESS_LOG = "settings.access_log"


@dataclass(frozen=True)
class RawAnnotation:
    """What a controller does with an annotation that has an effect on a route."""

    rule: Rule
    """Which values it accepts."""
    changes: Optional[Promise] = None
    """What it changes of what Portico reports; None if it changes nothing of that."""
    only_with_field: bool = False
    """Whether it contradicts a route only if the route sets the field; on its own, it does what the field does."""

    @property
    def is_reported(self) -> bool:
        """Whether it's accepted, and reported as an exception if it's false."""
        return self.changes is Promise.ACCESS_LOG


@dataclass(frozen=True)
class Denial:
    """Why a controller doesn't accept an annotation."""

    code: Code
    params: Parameters = field(default_factory=dict[str, Any])
    only_if_installed: bool = False
    """Whether this follows from how Portico configures the controller."""


Combinations = Callable[[Mapping[str, pulumi.Input[str]], Location, Problems, bool], None]


def _nothing_together(
    _annotations: Mapping[str, pulumi.Input[str]], _at: Location, _problems: Problems, _every_host: bool
) -> None:
    return


def _no_exceptions(_annotations: Mapping[str, pulumi.Input[str]]) -> Iterator[tuple[str, Code]]:
    return iter(())


@dataclass(frozen=True)
class RawAnnotations:
    """The annotations that a controller knows."""

    version: str
    """The version of the controller whose source they are from."""
    accepted: Mapping[str, RawAnnotation]
    """Those that have an effect on a route, by key."""
    denied: Mapping[str, Denial]
    """Those that it ignores, or rejects together with their Ingress, by key."""
    needs: Mapping[str, str] = field(default_factory=dict[str, str])
    """The annotation without which another one has no effect, by the key of the other one."""
    check: Combinations = _nothing_together
    """Reports annotations of one Ingress that open something together. The last argument is whether a route of the
    Ingress has no host."""
    exceptions: Callable[[Mapping[str, pulumi.Input[str]]], Iterator[tuple[str, Code]]] = _no_exceptions
    """Which annotations of an Ingress are less strict than the secure default, and what they allow."""

    def denial(self, key: str, *, is_installed: bool) -> Optional[Denial]:
        """Why it doesn't accept an annotation; `is_installed` is whether Portico configures the controller."""
        denial = self.denied.get(key)
        return None if denial is None or (denial.only_if_installed and not is_installed) else denial

    def knows(self, key: str) -> bool:
        """Whether it reads an annotation anywhere."""
        return key in self.accepted or key in self.denied


def raw_annotations(
    prefix: str,
    *groups: tuple[Rule, Iterable[str]],
    changes: Mapping[Promise, Iterable[str]],
    only_with_field: Iterable[str] = (),
) -> dict[str, RawAnnotation]:
    """A table of annotations, by key: the names of each group have its rule, and `changes` lists what names change."""
    changed = {name: promise for promise, names in changes.items() for name in names}
    only = frozenset(only_with_field)
    return {
        f"{prefix}{name}": RawAnnotation(rule, changed.get(name), name in only)
        for rule, names in groups
        for name in names
    }
