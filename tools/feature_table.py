"""The table of docs/ingress-gateway.md: what a route can request, and how each controller supports it."""

from __future__ import annotations

from pulumi_portico.ingress_gateway.capabilities import all_features
from pulumi_portico.ingress_gateway.controller_module import ControllerModule
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS

from tools.cluster import ROOT
from tools.tables import filled, markdown, written_feature

FILE = ROOT / "docs" / "ingress-gateway.md"
ABBREVIATIONS = {"nginx.ingress.kubernetes.io/": "I-", "nginx.org/": "N-"}
WORDS = {
    "host=wildcard": "a wildcard `host`",
    "host=any": "no `host`",
    "allowed_sources+denied_sources": "both of them",
}

_INGRESS_CONTROLLERS = {name: module for name, module in CONTROLLERS.items() if module.variant is None}


def table() -> str:
    """A row for each feature."""
    rows = (
        [written_feature(feature, WORDS), *(_support(module, feature) for module in _INGRESS_CONTROLLERS.values())]
        for feature in all_features()
    )
    return markdown(["what you write", *(f"`{name}`" for name in _INGRESS_CONTROLLERS)], rows)


def _support(module: ControllerModule, feature: str) -> str:
    support = module.features.get(feature)
    if support is None:
        return "rejected"
    by = "<br>".join(f"`{_short(key)}`" for key in support.annotations) or "supported"
    return f"{by} (CR)" if support.custom_resources else by


def _short(key: str) -> str:
    for long, short in ABBREVIATIONS.items():
        key = key.replace(long, short)
    return key


def generate(page: str) -> str:
    """The page with its table as the code has it."""
    return filled(page, {"features": table()})
