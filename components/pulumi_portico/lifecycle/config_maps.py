"""Whether ConfigMaps that a stack doesn't create have changed, as an annotation of the pods that read them.

Kubernetes doesn't roll pods whose ConfigMaps change. The annotation has a checksum of their contents, so that the next
update rolls them. Only the checksum gets into the state, and Secrets are never read.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pulumi

from ..args.codes import define
from ..args.problems import PorticoError
from .kubectl import Kubectl, kubectl_of
from .replacement import Finding

__all__ = ["CHECKSUM", "checksum_of", "checksum_output"]

CHECKSUM = "portico.dev/config-maps"
"""The annotation with the checksum."""

UNREADABLE = define(
    "unreadable-config-maps",
    "Portico can't read the ConfigMaps in the namespace {namespace}, so it doesn't know whether they have changed.",
    hint="Install kubectl, allow it to get ConfigMaps of the namespace, or remove roll_on_change.",
)


def checksum_output(
    names: Sequence[pulumi.Input[str]], namespace: pulumi.Input[str], parent: pulumi.Resource
) -> pulumi.Output[str]:
    """The checksum of the ConfigMaps with these names, as the cluster has them now."""

    async def read(known: Sequence[Any]) -> str:
        where, *found = known
        return await checksum_of(await kubectl_of(parent), sorted(set(map(str, found))), str(where))

    return pulumi.Output.all(namespace, *names).apply(read)


async def checksum_of(kubectl: Kubectl, names: Sequence[str], namespace: str) -> str:
    """The checksum of ConfigMaps. One that doesn't exist counts as nothing."""
    contents: list[Any] = []
    for name in names:
        arguments = ("get", "configmaps", "--namespace", namespace, f"--field-selector=metadata.name={name}")
        text = await kubectl.run(*arguments, "--output", "json")
        if not text:
            raise PorticoError(Finding(UNREADABLE, {"namespace": namespace}).text)
        items = json.loads(text).get("items", [])
        contents.append([name, [[item.get("data"), item.get("binaryData")] for item in items]])
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:16]
