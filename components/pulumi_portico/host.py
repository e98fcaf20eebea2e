"""Serve the components to the other languages, as the Pulumi provider `portico`.

The stock component host hands whole numbers on as floats, takes no Output for a nested
object, and shows a traceback for a refused argument (pulumi 3.272). This one converts
what it receives by the args types themselves, and reports problems property by property.
"""

import inspect
import json
import sys
import typing
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Optional, cast

import pulumi
import pulumi.provider
from pulumi.errors import InputPropertiesError
from pulumi.provider.experimental.analyzer import ComponentDefinition
from pulumi.provider.experimental.component import ComponentProvider

from .errors import ArgumentError
from .public_load_balancer import PublicLoadBalancer, PublicLoadBalancerArgs
from .shapes import camel_case, is_args, is_generic, shapes_of, take_apart
from .web_service import WebService, WebServiceArgs

__all__ = ["PorticoProvider", "main"]

_COMPONENTS: Mapping[type[pulumi.ComponentResource], type] = {
    PublicLoadBalancer: PublicLoadBalancerArgs,
    WebService: WebServiceArgs,
}


class PorticoProvider(ComponentProvider):
    """The provider `portico`: every component, with its schema inferred from its types."""

    def __init__(self) -> None:
        super().__init__(list(_COMPONENTS), "portico", version=version("pulumi-portico"))
        # Docstrings reach the schema with the indentation of their source.
        self.schema = json.dumps(_dedented(json.loads(self.schema or "{}")))

    def map_inputs(self, inputs: Any, component_def: ComponentDefinition) -> Any:
        """What the engine sent, as the component's constructor takes it in Python."""
        return from_the_wire(_args_of(component_def), inputs)

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: Optional[pulumi.ResourceOptions] = None
    ) -> pulumi.provider.ConstructResult:
        """Make the component; problems of its arguments go back as the properties that they are of."""
        self.validate_resource_type("portico", resource_type)
        definition = self._component_defs[resource_type.rpartition(":")[2]]
        make: Any = self._components[definition.name]
        try:
            component = make(name, self.map_inputs(inputs, definition), options)
        except ArgumentError as error:
            problems = [
                {"property_path": _respelled(it.path, _args_of(definition)), "reason": str(it).partition(": ")[2]}
                for it in error.problems
            ]
            # The engine names the component and lists each property itself.
            raise InputPropertiesError("arguments are refused", cast("Any", problems)) from error
        return pulumi.provider.ConstructResult(component.urn, self.get_state(component, definition))


def from_the_wire(typ: Any, value: Any) -> Any:
    """The engine's value as the type means it: Python names for fields, whole numbers whole.

    What does not fit the type goes through as it is, for the component's own check to refuse.
    """
    if isinstance(value, pulumi.Output):
        return cast("pulumi.Output[Any]", value).apply(lambda known: from_the_wire(typ, known))
    if typ is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if is_args(typ) and isinstance(value, Mapping):
        fields = {camel_case(name): (name, shape.type) for name, shape in shapes_of(typ).items()}
        given = cast("Mapping[str, Any]", value).items()
        return {
            fields[key][0] if key in fields else key: from_the_wire(fields.get(key, (key, Any))[1], item)
            for key, item in given
        }
    if is_generic(typ, Mapping) and isinstance(value, Mapping):
        of = take_apart(typing.get_args(typ)[1]).type
        return {key: from_the_wire(of, item) for key, item in cast("Mapping[str, Any]", value).items()}
    if is_generic(typ, Sequence) and isinstance(value, list):
        of = take_apart(typing.get_args(typ)[0]).type
        return [from_the_wire(of, item) for item in cast("list[Any]", value)]
    return value


def _dedented(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _dedented(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [_dedented(item) for item in cast("list[Any]", value)]
    return inspect.cleandoc(value) if isinstance(value, str) else value


def _args_of(definition: ComponentDefinition) -> type:
    return next(args for component, args in _COMPONENTS.items() if component.__name__ == definition.name)


def _respelled(path: str, typ: Any) -> str:
    """A path as the other languages write it: fields in camelCase, keys of mappings as they are."""
    part, dot, rest = path.partition(".")
    if is_args(typ):
        shape = shapes_of(typ).get(part.partition("[")[0])
        return camel_case(part) + dot + (_respelled(rest, shape.type) if shape and rest else rest)
    if is_generic(typ, Mapping):
        of = take_apart(typing.get_args(typ)[1]).type
        return part + dot + _respelled(rest, of) if is_args(of) and rest else path
    return path


def main() -> None:
    """Run the provider until the engine ends it."""
    pulumi.provider.main(PorticoProvider(), sys.argv[1:])
