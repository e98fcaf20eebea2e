"""Write the table of docs/ingress-gateway.md anew: what a route can have, and how each controller is told."""

from __future__ import annotations

import re
import sys

from pulumi_portico.ingress_gateway.controller_module import ControllerModule, all_features
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS

from tools.cluster import ROOT
from tools.console import console, main_guard

FILE = ROOT / "docs" / "ingress-gateway.md"
ABBREVIATIONS = {"nginx.ingress.kubernetes.io/": "I-", "nginx.org/": "N-"}
_WORDS = {
    "host=wildcard": "a wildcard `host`",
    "host=any": "no `host`",
    "allowed_sources+denied_sources": "both of them",
}


def table() -> str:
    """A row for each feature."""
    rows = [["what you write", *(f"`{name}`" for name in CONTROLLERS)], ["---"] * (len(CONTROLLERS) + 1)]
    rows += [[_written(it), *(_told(module, it) for module in CONTROLLERS.values())] for it in all_features()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _written(feature: str) -> str:
    if feature in _WORDS:
        return _WORDS[feature]
    name, _, choice = feature.partition("=")
    return f"`{name}: {choice}`" if choice else f"`{name}`"


def _told(module: ControllerModule, feature: str) -> str:
    if not module.can(feature, custom=True):
        return "refused"
    way = module.ways[feature]
    told = "<br>".join(f"`{_short(it)}`" for it in way.annotations) or "taken"
    return f"{told} (CR)" if way.custom else told


def _short(key: str) -> str:
    for long, short in ABBREVIATIONS.items():
        key = key.replace(long, short)
    return key


def generate(page: str) -> str:
    """The page with its table as the code has it."""
    pattern = r"(?<=<!-- features: made by `make schema` -->\n\n).*?(?=\n<!-- end -->)"
    return re.sub(pattern, lambda _: table(), page, count=1, flags=re.S)


@main_guard
def main() -> None:
    FILE.write_text(generate(FILE.read_text()))
    console.print(f"[green]✓[/] {FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
