"""The objects that a stack lists, with the references between them as text. Nothing is registered."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...args.location import KeyStyle, Location, camel_case, location_text
from ...aws_load_balancer.resources import AwsLookup, AwsResource
from ...lifecycle.objects import ListedObject, Ref, manifests_of
from ...stack.objects import ComponentObjects, objects_of
from ...untyped import Manifest
from ..project import Stack
from .names import generated_name, urn_of
from .secrets import settled

__all__ = ["listed_objects"]

_BUCKET = "s3.Bucket"


def listed_objects(stack: Stack) -> Iterator[ListedObject]:
    """Every object of the stack's components, and of the stack itself."""
    outside: dict[str, ListedObject] = {}
    for component in objects_of(stack.plan):
        for one in _of_component(stack, component, outside):
            outside[component.outside_key(one.spec.key)] = one
            yield one


def _of_component(stack: Stack, component: ComponentObjects, outside: Mapping[str, ListedObject]) -> list[ListedObject]:
    def generated(full: str, manifest: Manifest) -> str:
        return generated_name(urn_of(stack, component.type, manifest, full), full, settled(manifest))

    return manifests_of(component.name, component.objects, generated, _output_of, outside)


def _output_of(one: ListedObject, ref: Ref) -> Any:
    """What stands for a value that only AWS knows: where it comes from."""
    described, output = one.spec, location_text(Location(ref.output), KeyStyle.CAMEL)
    if isinstance(described, AwsLookup):
        return f"${{{described.token}({_arguments(one)}).{output}}}"
    assert isinstance(described, AwsResource)
    if ref.output[0] in one.manifest:
        return one.manifest[str(ref.output[0])]
    if (described.type, output) == (_BUCKET, "arn"):
        # The partition is part of the ARN: aws, aws-cn, or aws-us-gov.
        return f"arn:${{partition}}:s3:::{_reference(described, one.name, 'bucket')}"
    return _reference(described, one.name, output)


def _reference(described: AwsResource, name: str, output: str) -> str:
    return f"${{{described.token}::{name}.{output}}}"


def _arguments(one: ListedObject) -> str:
    arguments = {camel_case(name): value for name, value in settled(one.manifest).items()}
    return ", ".join(f"{name}={arguments[name]}" for name in sorted(arguments) if arguments[name] not in (None, False))
