"""How much text values have, and the rule of the contents of a ConfigMap or a Secret."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from .codes import define
from .location import Location
from .problems import Problems, Unavailable
from .secrets import Placeholder
from .spec import Spec, defaults_of

__all__ = ["LARGEST_DATA", "check_data", "check_request", "text_size"]

LARGEST_DATA = 2**20
"""Bytes of the values of a ConfigMap or a Secret (`MaxSecretSize` of Kubernetes)."""

_LARGEST_REQUEST = 3 * 2**20 - 2**16
"""Bytes of an object as it is sent. The API server accepts requests of 3 MiB (`MaxRequestBodyBytes`); this leaves room
for what Portico and Pulumi add."""

DATA_TOO_LARGE = define(
    "data-too-large",
    "The contents have {size} bytes in total, and a {kind} can have only {most}.",
    allowed="at most {most} bytes in total",
    hint="Put large contents into the image, or on a volume.",
)
REQUEST_TOO_LARGE = define(
    "request-too-large",
    "The {kind} is sent as JSON, in which control characters and <, >, and & take six bytes each. So it has {size} "
    "bytes, and the API server accepts only {most}.",
    allowed="at most {most} bytes as JSON",
    hint="Put large contents into the image, or on a volume.",
)

_SIX_BYTES = re.compile("[\x00-\x07\x0b\x0e-\x1f<>&\u2028\u2029]")
_TWO_BYTES = re.compile('["\\\\\x08\x09\x0a\x0c\x0d]')


def text_size(value: Any) -> int:
    """The bytes of the texts in a value, keys included. What is known only later, or by the engine, has none."""
    if isinstance(value, str):
        if isinstance(value, Placeholder):
            return 0
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, Mapping):
        return sum(text_size(key) + text_size(item) for key, item in cast("Mapping[Any, Any]", value).items())
    if isinstance(value, (list, tuple)):
        return sum(text_size(item) for item in cast("Sequence[Any]", value))
    if isinstance(value, Spec):
        return sum(_size_of_field(value, name) for name in defaults_of(type(value)))
    return 0


def _size_of_field(spec: Spec, name: str) -> int:
    try:
        value = getattr(spec, name)
    except Unavailable:
        return 0
    # Most fields have no value.
    return 0 if value is None else text_size(value)


def _escapes(value: Any) -> int:
    """The bytes that Go's JSON has in addition for the texts in a value."""
    if isinstance(value, str):
        return 5 * len(_SIX_BYTES.findall(value)) + len(_TWO_BYTES.findall(value))
    if isinstance(value, Mapping):
        return sum(map(_escapes, cast("Mapping[Any, Any]", value).values()))
    if isinstance(value, (list, tuple)):
        return sum(map(_escapes, cast("Sequence[Any]", value)))
    return 0


def check_request(size: int, value: Any, at: Location, kind: str, problems: Problems) -> None:
    """Report an object of this size that is too large in JSON, with these texts in it."""
    sent = size + _escapes(value)
    if sent > _LARGEST_REQUEST:
        problems.report(REQUEST_TOO_LARGE, at, size=sent, kind=kind, most=_LARGEST_REQUEST)


def check_data(values: Mapping[str, Any], at: Location, kind: str, problems: Problems) -> None:
    """Report values that are more than a ConfigMap or a Secret, as `kind` says, can have."""
    size = sum(text_size(value) for value in values.values())
    if size > LARGEST_DATA:
        problems.report(DATA_TOO_LARGE, at, size=size, kind=kind, most=LARGEST_DATA)
    else:
        check_request(size, values, at, kind, problems)
