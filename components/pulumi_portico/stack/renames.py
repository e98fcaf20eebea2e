"""Components of a stack that have another key than in the last deployment, and are still called the same."""

from collections.abc import Collection, Mapping
from typing import Any

import pulumi

from ..lifecycle.deployed import CALLED, Deployed, component_of, read_deployed

__all__ = ["alias_of_former_key", "former_key"]


def alias_of_former_key(
    type_token: str, key: str, name: str, namespace: Any, keys: Collection[str]
) -> pulumi.Output[pulumi.Alias]:
    """The alias of a component with an argument `name`: its key in the last deployment. `keys` are those of all
    components of its type, `namespace` is that of its objects.

    So another key replaces nothing, because the objects keep their names. An alias of its own key changes nothing.
    """

    async def find() -> pulumi.Alias:
        former = former_key(await read_deployed(), type_token, name, namespace, keys)
        return pulumi.Alias(name=former or key)

    return pulumi.Output.from_input(find())


def former_key(
    deployed: Mapping[str, Deployed], type_token: str, name: str, namespace: Any, keys: Collection[str]
) -> str:
    """The key, in the last deployment, of the component that has the objects; empty if none is known."""
    for resource in deployed.values():
        is_child = len(resource.types) > 1 and resource.types[-2] == type_token
        if not is_child or resource.object_name != name or resource.namespace not in ("", namespace):
            continue
        component = component_of(resource, deployed)
        if component is not None and component.name not in keys:
            return component.name
    # Pulumi generates the names of all objects of some components. These record what they are called.
    for resource in deployed.values():
        called = (resource.name, resource.outputs.get(CALLED))
        if resource.type == type_token and resource.name not in keys and name in called:
            return resource.name
    return ""
