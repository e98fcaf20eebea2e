"""Serve the components to the other languages, as the Pulumi provider `portico`.

The stock component host hands whole numbers on as floats, takes no Output for a nested
object, and shows a traceback for a rejected argument (pulumi 3.272). This one converts what it
receives by the args types themselves, and reports every problem of the arguments.
"""

import inspect
import json
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from importlib.metadata import version
from typing import Any, Optional, cast

import pulumi
import pulumi.provider
from pulumi.errors import InputPropertiesError
from pulumi.provider.experimental.analyzer import ComponentDefinition
from pulumi.provider.experimental.component import ComponentProvider

from .args.location import KeyStyle
from .args.problems import Problem, Problems
from .args.shapes import camel_case, is_args, is_generic, shapes_of, take_apart
from .aws_load_balancer import AwsLoadBalancer, AwsLoadBalancerArgs
from .aws_load_balancer.target_binding import TargetBinding, TargetBindingArgs, parse_target_binding
from .aws_load_balancer.validation import parse_aws_load_balancer
from .ingress_gateway import IngressGateway, IngressGatewayArgs, IngressRoutes, IngressRoutesArgs
from .ingress_gateway.validation import parse_ingress_gateway, parse_ingress_routes
from .job import Job, JobArgs
from .job.validation import parse_job
from .public_load_balancer import PublicLoadBalancer, PublicLoadBalancerArgs
from .public_load_balancer.validation import parse_public_load_balancer
from .untyped import mapped
from .web_service import WebService, WebServiceArgs
from .web_service.validation import parse_web_service

__all__ = ["PorticoProvider", "RejectedArguments", "main"]

_COMPONENTS: Mapping[type[pulumi.ComponentResource], tuple[type, Callable[..., Any]]] = {
    # First: the schema has a type as the last component does, and only as an input does it say which fields are plain.
    WebService: (WebServiceArgs, parse_web_service),
    Job: (JobArgs, parse_job),
    AwsLoadBalancer: (AwsLoadBalancerArgs, parse_aws_load_balancer),
    IngressGateway: (IngressGatewayArgs, parse_ingress_gateway),
    IngressRoutes: (IngressRoutesArgs, parse_ingress_routes),
    PublicLoadBalancer: (PublicLoadBalancerArgs, parse_public_load_balancer),
    TargetBinding: (TargetBindingArgs, parse_target_binding),
}
"""Each component with the type of its arguments, and what parses them: a name, the arguments, and the problems."""


class RejectedArguments(InputPropertiesError):
    """Arguments that a component rejects.

    It names no property to the engine, which would print the property's value, secrets in it included (pulumi 3.272).
    The text of each problem has its location, and the value unless it's secret.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = (f"\t{line}" for problem in problems for line in str(problem).splitlines())
        # An empty list: without any, the SDK's server fails.
        super().__init__("\n".join(("the arguments are invalid:", *lines)), [])


class PorticoProvider(ComponentProvider):
    """The provider `portico`: every component, with its schema inferred from its types."""

    def __init__(self) -> None:
        super().__init__(list(_COMPONENTS), "portico", version=version("pulumi-portico"))
        # Docstrings reach the schema with the indentation of their source.
        self.schema = json.dumps(_dedented(json.loads(self.schema or "{}")))

    def map_inputs(self, inputs: Any, component_def: ComponentDefinition) -> Any:
        """What the engine sent, whole numbers whole."""
        args_type, _ = _COMPONENTS[self._components[component_def.name]]
        return from_the_wire(args_type, inputs)

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: Optional[pulumi.ResourceOptions] = None
    ) -> pulumi.provider.ConstructResult:
        """Make the component; problems of its arguments go back as one error."""
        self.validate_resource_type("portico", resource_type)
        definition = self._component_defs[resource_type.rpartition(":")[2]]
        make: Any = self._components[definition.name]
        _, parse = _COMPONENTS[make]
        problems = Problems(name, style=KeyStyle.CAMEL)
        args = parse(name, self.map_inputs(inputs, definition), problems)
        if problems.found:
            raise RejectedArguments(problems.found)
        component = make(name, args, options)
        return pulumi.provider.ConstructResult(component.urn, self.get_state(component, definition))

    def get_state(self, instance: pulumi.ComponentResource, component_def: ComponentDefinition) -> dict[str, Any]:
        """The component's outputs for the engine."""
        hints = inspect.get_annotations(type(instance))
        names = component_def.outputs_mapping
        values = {key: to_the_wire(hints[name], getattr(instance, name, None)) for key, name in names.items()}
        return {key: value for key, value in values.items() if value is not None}


def from_the_wire(typ: Any, value: Any) -> Any:
    """The engine's value as the type means it: whole numbers whole, names as they came.

    What does not fit the type goes through as it is, for the component's own check to refuse.
    """
    if isinstance(value, pulumi.Output):
        return cast("pulumi.Output[Any]", value).apply(lambda known: from_the_wire(typ, known))
    if typ is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if is_args(typ) and isinstance(value, Mapping):
        types = {camel_case(name): shape.type for name, shape in shapes_of(typ).items()}
        given = mapped(value).items()
        return {key: from_the_wire(types.get(key, Any), item) for key, item in given}
    if is_generic(typ, Mapping) and isinstance(value, Mapping):
        of = take_apart(typing.get_args(typ)[1]).type
        return {key: from_the_wire(of, item) for key, item in mapped(value).items()}
    if is_generic(typ, Sequence) and isinstance(value, list):
        of = take_apart(typing.get_args(typ)[0]).type
        return [from_the_wire(of, item) for item in cast("list[Any]", value)]
    return value


def to_the_wire(typ: Any, value: Any) -> Any:
    """A component's value as the engine has it: field names in camelCase, choices as text."""
    typ = take_apart(typ).type if not isinstance(value, pulumi.Output) else typ
    if isinstance(value, Enum):
        return value.value
    if is_args(typ) and isinstance(value, Mapping):
        fields, given = shapes_of(typ), mapped(value)
        return {camel_case(name): to_the_wire(fields[name].type, item) for name, item in given.items()}
    if is_generic(typ, Mapping) and isinstance(value, Mapping):
        of = typing.get_args(typ)[1]
        return {key: to_the_wire(of, item) for key, item in mapped(value).items()}
    return cast("Any", value)


def _dedented(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _dedented(item) for key, item in mapped(value).items()}
    if isinstance(value, list):
        return [_dedented(item) for item in cast("list[Any]", value)]
    return inspect.cleandoc(value) if isinstance(value, str) else value


def main() -> None:
    """Run the provider until the engine ends it."""
    pulumi.provider.main(PorticoProvider(), sys.argv[1:])
