"""What a controller's module declares, and what follows from it for every controller alike.

A `Feature` is what a route can ask for: a field, such as `rewrite`, a field of a group, such as `redirect.code`, or
one choice, such as `protocol=GRPC`. A module says for each that its controller has where an Ingress tells it so; what
it does not name is refused. The errors, the table in the docs, the check of raw annotations and the tests are all made
from that one mapping.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any, Optional, cast

from ..errors import Problems
from ..shapes import is_args, is_enum, shapes_of
from ..values import Rule
from .compilation import Compilation, Described, Entry
from .routes import Route

__all__ = ["Asked", "Controller", "ControllerModule", "Feature", "Way", "all_features", "features_of"]

Feature = str
"""What can be asked for."""

_BY_CHOICE = ("path_type", "protocol", "load_balancing")
_YES_OR_NO = ("websocket", "buffering.requests", "buffering.responses", "session_affinity.secure", "cors.credentials")
# Checked by themselves: every controller has them, or they say which host.
_APART = ("target", "host", "path", "annotations")
_HOSTS = ("host=wildcard", "host=any")
_TOGETHER = ("allowed_sources+denied_sources",)


class Controller(str, Enum):
    """What makes routes work: the ingress controller that reads them."""

    F5_NGINX = "f5-nginx"
    """F5 NGINX Ingress Controller (docker.io/nginx/nginx-ingress), open source edition."""

    INGRESS_NGINX = "ingress-nginx"
    """The community's ingress-nginx: retired in March 2026, without security fixes since. For clusters that still have
    it."""

    GENERIC = "generic"
    """Any other class that the cluster has, a cloud platform's own included: what the Ingress object itself can say,
    and annotations of yours."""


@dataclass(frozen=True)
class Way:
    """How a controller is told."""

    annotations: tuple[str, ...] = ()
    """The annotations that say it; none where the Ingress object itself does."""
    custom: bool = False
    """Whether it needs the controller's own resources, and so their definitions in the cluster."""


def _nothing_shared(_compilation: Compilation) -> list[tuple[tuple[str, str], Any, Entry]]:
    return []


@dataclass(frozen=True)
class ControllerModule:
    """What a controller can do with routes, and how it is told."""

    name: str
    """As the `controller` field has it."""
    title: str
    """As people call it."""
    ways: Mapping[Feature, Way]
    """What it can do, and where that is told."""
    prefixes: tuple[str, ...]
    """How the annotations begin that are this controller's own."""
    compile: Callable[[Compilation], list[Described]]
    """The objects that make it keep the routes."""
    check: Callable[[Compilation, Problems, Callable[[str], str]], None]
    """Note what it cannot do together."""
    shared: Callable[[Compilation], list[tuple[tuple[str, str], Any, Entry]]] = _nothing_shared
    """What it has one setting of for all routes to a Service's port: the port and the field, the value, the route."""
    instead: Mapping[Feature, str] = field(default_factory=dict[str, str])
    """Why it cannot, or what to do instead, for what it cannot do."""
    limits: Mapping[Feature, Rule] = field(default_factory=dict[str, Rule])
    """What it takes as values, beyond what a `Route` takes."""
    one_ingress: bool = False
    """Whether one Ingress has all routes of a component."""
    own_objects: tuple[str, ...] = ()
    """Annotations that it writes whatever is asked for."""

    def can(self, feature: Feature, *, custom: bool) -> bool:
        """Whether it does what is asked, ``custom`` saying whether its own resources are there."""
        way = self.ways.get(feature)
        return way is not None and (custom or not way.custom)

    def writes(self, key: str) -> Optional[Feature]:
        """The feature that a field writes this annotation for, if one does."""
        if key in self.own_objects:
            return "path"
        return next((feature for feature, way in self.ways.items() if key in way.annotations), None)


@dataclass(frozen=True)
class Asked:
    """A feature that is asked for, and where below the route."""

    feature: Feature
    path: str
    value: Any


def features_of(entry: Entry) -> list[Asked]:
    """What a route asks for, in the order of its fields."""
    asked: list[Asked] = []
    if not entry.host or entry.host.startswith("*."):
        kind = "wildcard" if entry.host else "any"
        asked.append(Asked(f"host={kind}", "host", entry.host))
    for name, value in entry.args.items():
        if name in _APART:
            continue
        if name in _BY_CHOICE or name in _YES_OR_NO:
            asked.append(Asked(_chosen(name, value), name, value))
        elif is_args(shapes_of(Route)[name].type):
            asked += _leaves(name, cast("Mapping[str, Any]", value))
        else:
            asked.append(Asked(name, name, value))
    if "allowed_sources" in entry.args and "denied_sources" in entry.args:
        asked.append(Asked(_TOGETHER[0], "denied_sources", None))
    return asked


def _leaves(name: str, held: Mapping[str, Any]) -> Iterable[Asked]:
    for leaf, value in held.items():
        path = f"{name}.{leaf}"
        yield Asked(_chosen(path, value) if path in _YES_OR_NO else path, path, value)


def _chosen(name: str, value: Any) -> Feature:
    return f"{name}={str(value).lower() if isinstance(value, bool) else value}"


@cache
def all_features() -> tuple[Feature, ...]:
    """Everything that a route can ask for, in the order of its fields."""
    found: list[Feature] = list(_HOSTS)
    for name, shape in shapes_of(Route).items():
        if name in _APART:
            continue
        if is_enum(shape.type):
            found += [f"{name}={choice.value}" for choice in shape.type]
        elif is_args(shape.type):
            for leaf in shapes_of(shape.type):
                found += _both(f"{name}.{leaf}")
        else:
            found += _both(name)
    return (*found, *_TOGETHER)


def _both(name: str) -> list[Feature]:
    return [f"{name}=true", f"{name}=false"] if name in _YES_OR_NO else [name]
