"""Parsed arguments as mappings. Serves the stack modules and the provider until they are ported."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, cast

import pulumi

from ..args.problems import Unavailable
from ..args.spec import Spec, defaults_of
from ..lifecycle.cost import PriceSpec
from ..public_load_balancer.exposure import ExposureSpec

__all__ = ["as_mapping"]


def as_mapping(value: Any) -> Any:
    """Parsed arguments as they were written, under their Python names."""
    if isinstance(value, (ExposureSpec, PriceSpec)):
        return value
    if isinstance(value, Spec):
        return {name: as_mapping(item) for name, item in _set_fields(value)}
    if isinstance(value, Mapping):
        return {key: as_mapping(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [as_mapping(item) for item in cast("Sequence[Any]", value)]
    return value.value if isinstance(value, Enum) else value


def _set_fields(spec: Any) -> Iterator[tuple[str, Any]]:
    for name, default in defaults_of(cast("type[Spec]", type(spec))).items():
        try:
            value = getattr(spec, name)
        except Unavailable:
            continue
        if value is not None and (isinstance(value, pulumi.Output) or value != default()):
            yield name, value
