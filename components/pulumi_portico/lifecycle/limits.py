"""The limits of the Kubernetes API on an object as a whole: the size of its annotations, of its data, and its own.

They hold for what an object gets from several arguments together, so they are checked on the objects.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import cache, partial
from typing import Any, Optional, cast

from ..args.codes import define
from ..args.location import Key, Location
from ..args.problems import Problems
from ..args.sizes import check_data, check_request, text_size
from ..args.spec import Spec, defaults_of
from ..outputs import Text
from ..pod_security import value_at
from ..untyped import Manifest
from .objects import ObjectSpec

__all__ = ["LARGEST_ANNOTATIONS", "LARGEST_OBJECT", "Part", "check_limits", "heaviest"]

LARGEST_ANNOTATIONS = 252 * 2**10
"""Bytes of the keys and values of an object's annotations. Kubernetes allows 256 KiB (`TotalAnnotationSizeLimitB`);
Portico, Pulumi, and what handles the object in the cluster add some."""

LARGEST_OBJECT = 1408 * 2**10
"""Bytes of an object. etcd accepts requests of 1.5 MiB (`--max-request-bytes`), including what the API server adds:
defaults, and the names of the fields that Pulumi manages."""

_LEAST = 64 * 2**10
"""Arguments with fewer bytes of text make no object that is too large: an object has the same text a few times at
most."""

_SMALL = 32 * 2**10
"""An object of fewer characters as JSON has no part that is too large: storage needs at most 40 bytes for one."""

_PER_FIELD, _PER_ITEM = 16, 40
"""Bytes that the API server needs for a field or an item in addition to its text: it lists the fields that Pulumi
manages, and identifies items by their names."""

ANNOTATIONS_TOO_LARGE = define(
    "annotations-too-large",
    "The annotations of the {kind} have {size} bytes in total, keys included, and Kubernetes accepts fewer.",
    allowed="at most {most} bytes in total",
    hint="Put large values into a ConfigMap or a Secret, or shorten the list that they are from.",
)
OBJECT_TOO_LARGE = define(
    "object-too-large",
    "The {kind} has {size} bytes, and the API server can store only {most}.",
    allowed="at most {most} bytes",
    hint="Put large values into a ConfigMap, a Secret, or the image, or split the list.",
)


class Part(Enum):
    """A part of an object that has a limit of its own."""

    ANNOTATIONS = "metadata.annotations"
    POD_ANNOTATIONS = "spec.template.metadata.annotations"
    DATA = "data"
    WHOLE = ""


Locate = Callable[[ObjectSpec, Part], Location]
"""Where the arguments are that a part of an object is from."""


def check_limits(
    spec: Spec,
    objects: Callable[[], Iterable[ObjectSpec]],
    problems: Problems,
    locate: Optional[Locate] = None,
    *,
    apart: Sequence[Spec] = (),
) -> None:
    """Report objects of a component that are larger than the API server accepts.

    `objects` builds them from the component's arguments, up to the first that needs an unavailable value. `apart` are
    the arguments of which no object has more than one, such as routes that have an Ingress each.
    """
    size = text_size(spec)
    if size >= _LEAST and apart:
        sizes = list(map(text_size, apart))
        size += max(sizes) - sum(sizes)
    if size < _LEAST:
        return
    # Once for all objects: a gateway can have thousands.
    most_text = cache(partial(heaviest, spec))
    found = Problems(problems.subject, style=problems.style)
    try:
        for described in objects():
            if described.is_kubernetes and _may_be_large(described.manifest):
                _check_object(described, locate or (lambda _described, _part: most_text()), found)
    finally:
        # The rule of a field can report the same.
        known = {(problem.code, problem.location) for problem in problems.found}
        problems.found += [problem for problem in found.found if (problem.code, problem.location) not in known]


def _may_be_large(manifest: Manifest) -> bool:
    """Whether an object needs a closer look. Nearly all don't, and JSON is many times as quick."""
    return len(json.dumps(manifest, default=_json_of)) > _SMALL


def _json_of(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    return list(value.parts) if isinstance(value, Text) else ""


def _check_object(described: ObjectSpec, locate: Locate, problems: Problems) -> None:
    manifest, kind = _plain(described.manifest), str(described.manifest["kind"]).removesuffix("Patch")
    before = len(problems.found)
    for part in (Part.ANNOTATIONS, Part.POD_ANNOTATIONS):
        size = text_size(value_at(manifest, tuple(part.value.split("."))))
        if size > LARGEST_ANNOTATIONS:
            at = locate(described, part)
            problems.report(ANNOTATIONS_TOO_LARGE, at, kind=kind, size=size, most=LARGEST_ANNOTATIONS)
    check_data(manifest.get("data") or {}, locate(described, Part.DATA), kind, problems)
    if len(problems.found) > before:
        return
    size, at = _stored_size(manifest), locate(described, Part.WHOLE)
    if size > LARGEST_OBJECT:
        problems.report(OBJECT_TOO_LARGE, at, kind=kind, size=size, most=LARGEST_OBJECT)
    else:
        check_request(size, manifest, at, kind, problems)


def _plain(value: Any) -> Any:
    """A part of a manifest whose texts with the names of other objects are the texts in them."""
    if isinstance(value, Text):
        return [_plain(part) for part in value.parts]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in cast("Manifest", value).items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in cast("Sequence[Any]", value)]
    return value


def _stored_size(value: Any) -> int:
    """The bytes of a part of an object in the API server's storage, at most."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return sum(2 * text_size(key) + _PER_FIELD + _stored_size(item) for key, item in fields.items())
    if isinstance(value, (list, tuple)):
        return sum(_PER_ITEM + _name_size(item) + _stored_size(item) for item in cast("Sequence[Any]", value))
    return text_size(value)


def _name_size(item: Any) -> int:
    return text_size(cast("Manifest", item).get("name")) if isinstance(item, Mapping) else 0


def heaviest(spec: Spec, fields: Sequence[str] = ()) -> Location:
    """Where most of a component's text is: in one of these fields, or in any."""
    return _heaviest(spec, spec.at, fields)


def _heaviest(value: Any, at: Location, fields: Sequence[str] = ()) -> Location:
    """The deepest location that has more than half of the text, if `fields` doesn't limit it."""
    parts = dict(_parts(value, at))
    sizes = {location: text_size(part) for location, part in parts.items() if not fields or location[-1] in fields}
    total = sum(sizes.values())
    largest = max(sizes, key=lambda location: sizes[location], default=at)
    if not total or 2 * sizes[largest] <= total:
        return at
    return _heaviest(parts[largest], largest)


def _parts(value: Any, at: Location) -> Iterable[tuple[Location, Any]]:
    if isinstance(value, Spec):
        return [(at / name, getattr(value, name)) for name in defaults_of(type(value))]
    if isinstance(value, Mapping):
        return [(at / Key(key), item) for key, item in cast("Mapping[str, Any]", value).items()]
    if isinstance(value, (list, tuple)):
        return [(at / index, item) for index, item in enumerate(cast("Sequence[Any]", value))]
    return []
