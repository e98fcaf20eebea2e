"""Rejects wrong calls of a component as wrong arguments: unknown parameters, and resources in place of values."""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Optional, ParamSpec

import pulumi

from .codes import define
from .display import shown_resource
from .location import ROOT, Key, Location
from .problems import Problems
from .shapes import is_args, take_apart

__all__ = ["checked_call", "report_resource"]

P = ParamSpec("P")

UNKNOWN_PARAMETER = define(
    "unknown-parameter",
    "{component} has no parameter {parameter}.",
    allowed="{parameters}",
    hint="Put the component's arguments into one mapping: {component}(name, {{...}}).",
)
MISSING_PARAMETER = define(
    "missing-parameter",
    "The parameter {parameter} of {component} is missing.",
    allowed="{parameters}",
    hint="Call {component}(name, {{...}}).",
)
TOO_MANY_PARAMETERS = define(
    "too-many-parameters",
    "{component} takes {most} parameters, not {count}.",
    allowed="{parameters}",
    hint="Call {component}(name, {{...}}, pulumi.ResourceOptions(...)).",
)
NOT_A_NAME = define("name-not-text", "The name {value} isn't text.", allowed='text, such as "api"')
NOT_OPTIONS = define(
    "not-resource-options",
    "{value} isn't Pulumi's resource options.",
    allowed="pulumi.ResourceOptions(...)",
    hint="Write {component}(name, {{...}}, pulumi.ResourceOptions(...)).",
)
RESOURCE = define(
    "resource-in-place-of-value",
    "{resource} is a resource, not a value.",
    allowed="{expected}",
    hint="Pass one of the resource's outputs.",
)
RESOURCE_WITH_OUTPUT = define(
    "resource-in-place-of-output",
    "{resource} is a resource, not a value.",
    allowed="{expected}",
    hint="Pass the resource's output .{output} instead.",
)


def checked_call(initialize: Callable[P, None]) -> Callable[P, None]:
    """The `__init__` of a component, which raises an `ArgumentError` instead of a TypeError for wrong parameters."""
    names = list(inspect.signature(initialize).parameters)[1:]

    @functools.wraps(initialize)
    def checked(*given: P.args, **named: P.kwargs) -> None:
        component = type(given[0]).__name__
        name = given[1] if len(given) > 1 else named.get("name")
        problems = Problems(f'{component} "{name}"' if isinstance(name, str) else component)
        _check(component, names, given[1:], named, problems)
        problems.raise_if_any()
        initialize(*given, **named)

    return checked


def _check(
    component: str, names: list[str], given: tuple[Any, ...], named: Mapping[str, Any], problems: Problems
) -> None:
    for unknown in (key for key in named if key not in names):
        at = ROOT / Key(unknown)
        problems.report(UNKNOWN_PARAMETER, at, component=component, parameter=unknown, parameters=names)
    most, count = len(names), len(given)
    if count > most:
        problems.report(TOO_MANY_PARAMETERS, ROOT, component=component, most=most, count=count, parameters=names)
    values = {**dict(zip(names, given, strict=False)), **named}
    missing = next((name for name in names[:-1] if values.get(name) is None), None)
    # An unknown parameter can be meant for the missing one.
    if missing is not None and not problems.found:
        problems.report(MISSING_PARAMETER, ROOT, component=component, parameter=missing, parameters=names)
    name, options = values.get(names[0]), values.get(names[-1])
    if name is not None and not isinstance(name, str):
        problems.report(NOT_A_NAME, ROOT / names[0], value=name)
    if options is not None and not isinstance(options, pulumi.ResourceOptions):
        problems.report(NOT_OPTIONS, ROOT / names[-1], value=options, component=component)


def report_resource(resource: pulumi.Resource, typ: Any, expected: str, at: Location, problems: Problems) -> None:
    """Report a resource in place of a value of a type, and the output to pass if one has that type or that name."""
    shown, output = shown_resource(resource), _output_of(resource, typ, at)
    if output is None:
        problems.report(RESOURCE, at, resource=shown, expected=expected)
    else:
        problems.report(RESOURCE_WITH_OUTPUT, at, resource=shown, expected=expected, output=output)


def _output_of(resource: pulumi.Resource, typ: Any, at: Location) -> Optional[str]:
    if is_args(typ):
        # Without those of Pulumi's own classes, which can't be evaluated.
        hints = inspect.get_annotations(type(resource))
        return next((name for name, hint in hints.items() if _is_of(hint, typ)), None)
    field = at[-1]
    if isinstance(field, Key) or not isinstance(field, str):
        return None
    if isinstance(vars(resource).get(field), pulumi.Output):
        return field
    # A resource of pulumi_kubernetes: most fields mean its name.
    return "metadata.name" if typ is str and hasattr(type(resource), "metadata") else None


def _is_of(hint: Any, typ: Any) -> bool:
    try:
        return take_apart(hint).type is typ
    except TypeError:
        return False
