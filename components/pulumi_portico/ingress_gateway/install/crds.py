"""The definitions of a controller's own resources."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, cast

import yaml

from ..._typing import NotRequired, TypedDict
from ...checks import Rules
from ...errors import Problems, Refusal

__all__ = ["RULES", "Crds", "build_definitions", "check_crds"]

_FORCE = "pulumi.com/patchForce"


class Crds(TypedDict):
    """Where the definitions of the controller's own resources are: in the cluster already, or in a file. F5 NGINX
    Ingress Controller's come with each release, as deploy/crds.yaml."""

    installed: NotRequired[bool]
    """Whether the cluster has them already. Plain. Default: false."""

    path: NotRequired[str]
    """The file to install them from, below the program's folder. Plain."""


RULES: Rules = {}
"""What the fields must satisfy beyond their types."""


def check_crds(
    crds: Mapping[str, Any], installs: bool, problems: Problems, path: str, spelling: Callable[[str], str]
) -> None:
    """Note definitions that are nowhere, or in two places."""
    given = crds.get("path")
    if crds.get("installed", False) == (given is not None):
        wrong = "says both that they are there and where to install them from" if given else "says nothing"
        problems.note(path, Refusal(wrong, f"{spelling('installed')} or {spelling('path')}"))
    elif given is not None and not installs:
        refusal = Refusal("is installed with the controller, and this one is there", "installed: true")
        problems.note(f"{path}.{spelling('path')}", refusal)
    elif given is not None and (wrong := _unfit(given)):
        refusal = Refusal(wrong, "the release's deploy/crds.yaml", "download it beside the program")
        problems.add(f"{path}.{spelling('path')}", given, refusal)


def _unfit(path: str) -> Optional[str]:
    if not Path(path).is_file():
        return "is no file"
    try:
        documents = _documents(path)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return f"is not YAML ({' '.join(str(error).split())})"
    if not documents or not all(map(_is_definition, documents)):
        return "holds something else than CustomResourceDefinitions"
    return None


def _is_definition(document: Any) -> bool:
    if not isinstance(document, Mapping):
        return False
    fields = cast("Mapping[str, Any]", document)
    kind = fields.get("apiVersion"), fields.get("kind")
    metadata: Any = fields.get("metadata")
    whole = isinstance(metadata, Mapping) and "name" in metadata and isinstance(fields.get("spec"), Mapping)
    return whole and kind == ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


def _documents(path: str) -> list[Any]:
    # The one in C, where there is one: a release's definitions are a megabyte.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with Path(path).open(encoding="utf-8") as file:
        return [it for it in yaml.load_all(file, Loader=loader) if it is not None]


def build_definitions(path: str) -> Sequence[dict[str, Any]]:
    """The definitions of a checked file, as Pulumi makes them.

    They stay when the gateway goes, so that the next one meets them: it takes over those of another release.
    """
    return [_taken_over(it) for it in _documents(path)]


def _taken_over(definition: Mapping[str, Any]) -> dict[str, Any]:
    metadata: Mapping[str, Any] = definition["metadata"]
    annotations = {**metadata.get("annotations", {}), _FORCE: "true"}
    return {**definition, "metadata": {**metadata, "annotations": annotations}}
