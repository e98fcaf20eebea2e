"""Write the table of docs/ingress-gateway.md anew: what a route can have, and how each controller is told."""

from __future__ import annotations

import sys

from pulumi_portico.ingress_gateway.controller_module import ControllerModule, all_features
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS

from tools.cluster import ROOT
from tools.console import main_guard
from tools.tables import filled, markdown, write_anew, written_feature

FILE = ROOT / "docs" / "ingress-gateway.md"
ABBREVIATIONS = {"nginx.ingress.kubernetes.io/": "I-", "nginx.org/": "N-"}
_WORDS = {
    "host=wildcard": "a wildcard `host`",
    "host=any": "no `host`",
    "allowed_sources+denied_sources": "both of them",
}


def table() -> str:
    """A row for each feature."""
    rows = (
        [written_feature(it, _WORDS), *(_told(module, it) for module in CONTROLLERS.values())] for it in all_features()
    )
    return markdown(["what you write", *(f"`{name}`" for name in CONTROLLERS)], rows)


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
    return filled(page, {"features": table()})


@main_guard
def main() -> None:
    write_anew(FILE, generate)


if __name__ == "__main__":
    sys.exit(main())
