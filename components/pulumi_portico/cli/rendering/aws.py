"""The AWS resources of a stack, with the references between them as text."""

from collections.abc import Mapping
from typing import Any, cast

from ...args.location import camel_case
from ...aws_load_balancer.resources import AwsResource
from ...untyped import Properties
from ..project import Stack
from .listed import listed_objects
from .secrets import settled

__all__ = ["aws_resources_of"]

_FREE_KEYS = ("tags",)
"""The properties whose keys aren't names of properties."""


def aws_resources_of(stack: Stack) -> list[dict[str, Any]]:
    """Every AWS resource: its type, its name and its inputs, ordered by type and name."""
    resources = [
        {"type": one.spec.token, "name": one.name, "inputs": _ordered(_inputs(settled(one.manifest)))}
        for one in listed_objects(stack)
        if isinstance(one.spec, AwsResource)
    ]
    return sorted(resources, key=lambda resource: (resource["type"], resource["name"]))


def _inputs(value: Any) -> Any:
    """Properties by the names that the provider has for them."""
    if isinstance(value, Mapping):
        properties = cast("Properties", value)
        return {camel_case(name): item if name in _FREE_KEYS else _inputs(item) for name, item in properties.items()}
    return [_inputs(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        fields = cast("Properties", value)
        return {key: _ordered(fields[key]) for key in sorted(fields) if fields[key] is not None}
    return [_ordered(item) for item in cast("list[Any]", value)] if isinstance(value, list) else value
