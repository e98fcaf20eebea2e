"""What the last deployment of the stack left: its resources, as its state has them.

A component sees only its own past, in its hooks. What another name, another namespace, or a removal takes away is seen
only in the state as a whole, which a program can ask the engine for.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource
from pulumi.runtime.invoke import invoke_async

from ..untyped import Manifest, Properties, mapped
from .hooks import mocked
from .ownership import OWNER, owner

__all__ = ["CALLED", "Deployed", "Resources", "component_of", "read_deployed"]

CALLED = "objectName"
"""The output in which a component records its argument `name`, if it has one."""

_COMPONENT = "portico:index:"

_READ = "pulumi:pulumi:readStackResourceOutputs"
"""The engine's own function that returns the outputs of a stack's resources."""


@dataclass(frozen=True)
class Deployed:
    """A resource that the last deployment left."""

    urn: str
    outputs: Properties
    """A Kubernetes object as the API server returned it."""

    @property
    def type(self) -> str:
        """Its type, such as `kubernetes:core/v1:Service`."""
        return self.types[-1]

    @property
    def types(self) -> Sequence[str]:
        """The types of the components above it, and its own."""
        return self.urn.split("::")[2].split("$")

    @property
    def name(self) -> str:
        """Its Pulumi name."""
        return self.urn.rpartition("::")[2]

    @property
    def is_of_portico(self) -> bool:
        """Whether Portico has registered it."""
        is_child = any(above.startswith(_COMPONENT) for above in self.types)
        return is_child or OWNER in mapped(self.metadata.get("annotations"))

    @property
    def metadata(self) -> Manifest:
        """The object's metadata."""
        return mapped(self.outputs.get("metadata"))

    @property
    def spec(self) -> Manifest:
        """The object's spec."""
        return mapped(self.outputs.get("spec"))

    @property
    def namespace(self) -> str:
        """The object's namespace; empty if it has none."""
        return str(self.metadata.get("namespace") or "")

    @property
    def object_name(self) -> str:
        """The object's own name."""
        return str(self.metadata.get("name") or self.name)


class Resources(dict[str, Deployed]):
    """Resources by URN."""

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[Deployed]]:
        """The resources by Pulumi name."""
        found: dict[str, list[Deployed]] = {}
        for deployed in self.values():
            found.setdefault(deployed.name, []).append(deployed)
        return found


_BY_STACK: WeakKeyDictionary[Any, "asyncio.Task[Resources]"] = WeakKeyDictionary()


async def read_deployed() -> Resources:
    """The resources of the last deployment by URN; none if the backend doesn't return them. A program reads it once."""
    stack = get_root_resource()
    # The process of a component provider serves several deployments.
    if stack is None:
        return await _read()
    if stack not in _BY_STACK:
        _BY_STACK[stack] = asyncio.create_task(_read())
    return await _BY_STACK[stack]


async def _read() -> Resources:
    if mocked():
        return Resources()
    try:
        result: Any = await invoke_async(_READ, {"stackName": owner()})
    except Exception as error:
        pulumi.log.debug(f"The state of the stack can't be read: {error}")
        return Resources()
    found = mapped(mapped(result).get("outputs"))
    read = {urn: Deployed(urn, mapped(mapped(resource).get("outputs"))) for urn, resource in found.items()}
    return Resources(read)


def component_of(child: Deployed, deployed: Mapping[str, Deployed]) -> Optional[Deployed]:
    """The component whose child a resource is. A URN has the type of a parent, but not its name."""
    parents = [
        resource
        for resource in deployed.values()
        if resource.types == child.types[:-1] and child.name.startswith(f"{resource.name}-")
    ]
    return max(parents, key=lambda resource: len(resource.name), default=None)
