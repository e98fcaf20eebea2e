"""What a route can request of a controller.

A feature is a field of a route, such as `rewrite`, a field of a group, such as `redirect.code`, or one choice, such as
`protocol=GRPC`. A controller's module declares those that it supports; everything else is rejected. Problems, the table
in the docs, the check of raw annotations, and the tests derive from these declarations.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..args.codes import Code, define
from ..args.location import Location
from ..args.problems import ABSENT, Unavailable
from ..args.shapes import is_args, is_enum, shapes_of
from ..args.spec import Spec
from ..untyped import Parameters
from .resolved_routes import ResolvedRoute
from .routes import Route

__all__ = [
    "UNSUPPORTED",
    "Alternative",
    "Feature",
    "FeatureSupport",
    "RequestedFeature",
    "all_features",
    "field_of",
    "requested_features",
]

Feature = str

_BY_CHOICE = ("path_type", "protocol", "load_balancing")
_BOOLEANS = (
    "websocket",
    "buffering.requests",
    "buffering.responses",
    "session_persistence.secure",
    "cors.credentials",
    "redirect.keep_query",
)
_HOSTS = ("host=wildcard", "host=any")
_COMBINED = "allowed_sources+denied_sources"
# Every controller supports them, or they have checks of their own.
_APART = ("target", "host", "path", "annotations")
_ALWAYS = {"session_persistence": "cookie"}
"""The field of a group that has a default, and so is requested with the group."""

UNSUPPORTED = define(
    "unsupported-by-controller",
    "{controller} doesn't support {feature}.",
    allowed="controllers that support it: {supported_by}",
    hint="Choose a controller that supports it, or leave it out.",
)


@dataclass(frozen=True)
class FeatureSupport:
    """How a controller supports a feature."""

    annotations: tuple[str, ...] = ()
    """The annotations that configure it; none if the Ingress object itself does."""
    custom_resources: bool = False
    """Whether it needs the controller's own resources, and so their definitions in the cluster."""


@dataclass(frozen=True)
class Alternative:
    """What to do instead of requesting a feature that a controller doesn't support."""

    code: Code = UNSUPPORTED
    """The code to report. Its templates have the parameters of `UNSUPPORTED`, and these."""
    params: Parameters = field(default_factory=dict[str, Any])
    value: Any = ABSENT
    """The closest value that the controller supports."""


@dataclass(frozen=True)
class RequestedFeature:
    """A feature that a route requests, and where."""

    feature: Feature
    at: Location
    value: Any = ABSENT


def requested_features(route: ResolvedRoute) -> list[RequestedFeature]:
    """What a route requests, in the order of its fields. Invalid values request nothing."""
    at = route.at
    requested: list[RequestedFeature] = []
    if not route.host:
        requested.append(RequestedFeature("host=any", at))
    elif route.host.startswith("*."):
        requested.append(RequestedFeature("host=wildcard", at / "host", route.host))
    is_set = dict(_set_fields(route.spec))
    for name, value in is_set.items():
        if name in _APART:
            continue
        if isinstance(value, Spec):
            requested += _requested_in_group(name, value)
        else:
            chosen = name in _BY_CHOICE or name in _BOOLEANS
            requested.append(RequestedFeature(_choice(name, value) if chosen else name, at / name, value))
    if "allowed_sources" in is_set and "denied_sources" in is_set:
        requested.append(RequestedFeature(_COMBINED, at / "denied_sources"))
    return requested


def _requested_in_group(name: str, group: Spec) -> Iterator[RequestedFeature]:
    is_set = dict(_set_fields(group))
    for leaf, value in is_set.items():
        full = f"{name}.{leaf}"
        yield RequestedFeature(_choice(full, value) if full in _BOOLEANS else full, group.at / leaf, value)
    if (always := _ALWAYS.get(name)) and always not in is_set:
        yield RequestedFeature(f"{name}.{always}", group.at)


def _set_fields(spec: Spec) -> Iterator[tuple[str, Any]]:
    """The fields of a spec that are set and valid, in their order."""
    for declared in dataclasses.fields(spec):
        if declared.name == "at":
            continue
        try:
            value = getattr(spec, declared.name)
        except Unavailable:
            continue
        if value is not None:
            yield declared.name, value


def _choice(name: str, value: Any) -> Feature:
    return f"{name}={str(value).lower() if isinstance(value, bool) else value.value}"


def field_of(feature: Feature) -> str:
    """The field that requests a feature, with its group."""
    return feature.partition("=")[0].rpartition("+")[2]


@cache
def all_features() -> tuple[Feature, ...]:
    """Everything that a route can request, in the order of its fields."""
    found: list[Feature] = list(_HOSTS)
    for name, shape in shapes_of(Route).items():
        if name in _APART:
            continue
        if is_enum(shape.type):
            found += [f"{name}={choice.value}" for choice in shape.type]
        elif is_args(shape.type):
            for leaf in shapes_of(shape.type):
                found += _features_of(f"{name}.{leaf}")
        else:
            found += _features_of(name)
    return (*found, _COMBINED)


def _features_of(name: str) -> list[Feature]:
    return [f"{name}=true", f"{name}=false"] if name in _BOOLEANS else [name]
