"""Recognizes files of other tools in place of a stack file: manifests, Compose files, charts' values."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..args.codes import Code, define
from ..args.location import Key, Location
from ..args.manifests import KUBERNETES_MANIFEST, MANIFESTS, OTHER_MANIFEST, is_manifest, places_of
from ..untyped import Parameters, mapped
from .source_map import Node, plain

__all__ = ["Pasted", "is_stack", "recognized"]

_SERVICES = [Location(("services", Key("NAME")))]

COMPOSE_FILE = define(
    "compose-file",
    "This is a Compose file. A stack file has each of its services as {fields}.",
    allowed="{fields}",
    hint="Run `portico check --fix`, which converts the file. Or copy each service to {fields}.",
)
HELM_VALUES = define(
    "helm-values",
    "These are the values of a Helm chart. A stack file has each application as {fields}.",
    allowed="{fields}",
    hint="Run `portico check --fix`, which converts the file. Or move the values to {fields}.",
)
HELM_CHART = define(
    "helm-chart",
    "This is the Chart.yaml of a Helm chart, which describes no application.",
    allowed="{fields}",
    hint="Write the output of `helm template` to the stack file, and run `portico check --fix`.",
)
KUSTOMIZATION = define(
    "kustomization",
    "This is a kustomization, which only names other files.",
    allowed="{fields}",
    hint="Write the output of `kubectl kustomize` to the stack file, and run `portico check --fix`. A base file of "
    "`extends` takes the place of overlays.",
)

_COMPOSE_KEYS = {"image", "build", "container_name", "environment", "depends_on", "restart"}
_VALUES_KEYS = {
    "autoscaling",
    "fullnameOverride",
    "image",
    "imagePullSecrets",
    "ingress",
    "nameOverride",
    "podAnnotations",
    "podSecurityContext",
    "replicaCount",
    "resources",
    "securityContext",
    "service",
    "serviceAccount",
}
_FEWEST = 3
"""How many keys of a chart's values make a file one."""
_KUSTOMIZATION_KEYS = {
    "bases",
    "commonLabels",
    "configMapGenerator",
    "images",
    "namePrefix",
    "patches",
    "patchesStrategicMerge",
    "resources",
    "secretGenerator",
}


@dataclass(frozen=True)
class Pasted:
    """A document of another tool."""

    code: Code
    node: Node
    """The document."""
    params: Parameters = field(default_factory=dict[str, Any])


def is_stack(keys: Collection[str]) -> bool:
    """Whether a file with these keys is meant to be a stack file."""
    return "config" in keys or any(key.startswith("portico:") for key in keys)


def recognized(node: Node) -> Iterator[Pasted]:
    """What a document of another tool has; nothing if it's none that Portico knows."""
    value = plain(node)
    fields = mapped(value)
    items = node.fields.get("items")
    if is_manifest(value) and fields["kind"] == "Kustomization":
        yield Pasted(KUSTOMIZATION, node, {"fields": _SERVICES})
    elif is_manifest(value) and items is not None and str(fields["kind"]).endswith("List"):
        for item in items.items:
            yield from recognized(item)
    elif is_manifest(value):
        kind = str(fields["kind"])
        places = places_of(kind)
        code = KUBERNETES_MANIFEST if places else OTHER_MANIFEST
        yield Pasted(code, node, {"kind": kind, **({"fields": places} if places else {"manifests": MANIFESTS})})
    elif isinstance(node.value, list):
        found = [list(recognized(item)) for item in node.items]
        if found and all(found):
            yield from (pasted for each in found for pasted in each)
    elif code := _tool_of(fields):
        yield Pasted(code, node, {"fields": _SERVICES})


def _tool_of(fields: Mapping[str, Any]) -> Any:
    """The code for a file of another tool than Kubernetes; None if it's none that Portico knows."""
    services: Sequence[Any] = list(mapped(fields.get("services")).values())
    if services and any(mapped(service).keys() & _COMPOSE_KEYS for service in services):
        return COMPOSE_FILE
    if fields.keys() >= {"apiVersion", "name", "version"} and "kind" not in fields:
        return HELM_CHART
    if len(fields.keys() & _VALUES_KEYS) >= _FEWEST or (
        "replicaCount" in fields or mapped(fields.get("image")).get("repository")
    ):
        return HELM_VALUES
    if isinstance(fields.get("resources"), list) and fields.keys() & _KUSTOMIZATION_KEYS:
        return KUSTOMIZATION
    return None
