"""Whether ConfigMaps that pods read by name have changed, as an annotation of these pods.

Kubernetes doesn't roll pods whose ConfigMaps change. The annotation has a checksum of their contents, so that the next
update rolls them. The contents of those that the program registers are what it registers; kubectl reads the others.
Only the checksum gets into the state, and Secrets are never read.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Optional, cast
from weakref import WeakKeyDictionary

import pulumi

from ..args.codes import define
from ..args.problems import PorticoError
from ..untyped import Manifest, mapped
from .claims import kubernetes_provider_of, stack
from .kubectl import Kubectl, kubectl_of
from .replacement import Finding

__all__ = ["CHECKSUM", "checksum_of", "checksum_output", "note_config_map"]

_DEFAULT = "default"
"""The namespace of an object that names none."""

CHECKSUM = "portico.dev/config-maps"
"""The annotation with the checksum."""

UNREADABLE = define(
    "unreadable-config-maps",
    "Portico can't read the ConfigMaps in the namespace {namespace}, so it doesn't know whether they have changed.",
    hint="Install kubectl, allow it to get ConfigMaps of the namespace, or remove roll_on_change.",
)


_Identity = tuple[Any, str, str]
"""A provider, a namespace, and a name."""

_BY_STACK: WeakKeyDictionary[Any, dict[_Identity, list[Any]]] = WeakKeyDictionary()


def note_config_map(manifest: Manifest, opts: pulumi.ResourceOptions) -> None:
    """Keep the contents of a ConfigMap that the program registers, if its name is known."""
    metadata = mapped(manifest.get("metadata"))
    name, namespace = metadata.get("name"), metadata.get("namespace", _DEFAULT)
    if isinstance(name, str) and isinstance(namespace, str):
        contents = [manifest.get("data"), manifest.get("binaryData")]
        _BY_STACK.setdefault(stack(), {})[kubernetes_provider_of(opts), namespace, name] = contents


async def _known_values(values: Any) -> Any:
    """The values of a ConfigMap as the API server will return them, without those that are secret or not known yet."""
    if isinstance(values, Mapping):
        return {key: await _known(value) for key, value in mapped(values).items()}
    return await _known(values)


async def _known(value: Any) -> Any:
    if not isinstance(value, pulumi.Output):
        return value
    output = cast("pulumi.Output[Any]", value)
    return None if await output.is_secret() else await output.future()


def checksum_output(
    names: Sequence[pulumi.Input[str]], namespace: pulumi.Input[str], parent: pulumi.Resource
) -> pulumi.Output[str]:
    """The checksum of the ConfigMaps with these names, as the cluster has them now."""

    async def read(known: Sequence[Any]) -> str:
        where, *found = map(str, known)
        own = _BY_STACK.get(stack(), {})
        registered = {name: own[provider, where, name] for name in found if (provider, where, name) in own}
        return await checksum_of(await kubectl_of(parent), sorted({*found}), where, registered)

    provider = kubernetes_provider_of(pulumi.ResourceOptions(parent=parent))

    return pulumi.Output.all(namespace, *names).apply(read)


async def checksum_of(
    kubectl: Kubectl, names: Sequence[str], namespace: str, registered: Optional[Mapping[str, Sequence[Any]]] = None
) -> str:
    """The checksum of ConfigMaps. One that doesn't exist counts as nothing. `registered` has the contents of those that
    the program registers, by name."""
    contents: list[Any] = []
    for name in names:
        if registered is not None and name in registered:
            contents.append([name, [[await _known_values(values) for values in registered[name]]]])
            continue
        arguments = ("get", "configmaps", "--namespace", namespace, f"--field-selector=metadata.name={name}")
        text = await kubectl.run(*arguments, "--output", "json")
        if not text:
            raise PorticoError(Finding(UNREADABLE, {"namespace": namespace}).text)
        items = json.loads(text).get("items", [])
        contents.append([name, [[item.get("data"), item.get("binaryData")] for item in items]])
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:16]
