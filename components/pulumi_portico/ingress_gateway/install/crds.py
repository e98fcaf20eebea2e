"""The definitions of a controller's own resources."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..._typing import NotRequired, TypedDict
from ...checks import Rules
from ...errors import Problems, Refusal

__all__ = ["RULES", "Crds", "check_crds"]


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
    elif given is not None and not Path(given).is_file():
        refusal = Refusal("is no file", "the release's deploy/crds.yaml", "download it beside the program")
        problems.add(f"{path}.{spelling('path')}", given, refusal)
