"""The tables of docs/gateway-api.md: what a route can request of each implementation, and the source of that."""

from __future__ import annotations

from pulumi_portico.ingress_gateway.capabilities import all_features
from pulumi_portico.ingress_gateway.controllers import CONTROLLERS
from pulumi_portico.ingress_gateway.gateway_api.implementation import ImplementationModule
from pulumi_portico.ingress_gateway.gateway_api.implementations import IMPLEMENTATIONS

from tools.cluster import ROOT
from tools.feature_table import WORDS
from tools.tables import filled, markdown, written_feature

FILE = ROOT / "docs" / "gateway-api.md"


def features() -> str:
    """A row for each feature that an implementation supports."""
    variant = CONTROLLERS["gateway-api"].variant
    assert variant is not None
    modules = [variant(name, None, ()) for name in IMPLEMENTATIONS]
    rows = (
        [written_feature(feature, WORDS), *("✓" if module.supports(feature) else "" for module in modules)]
        for feature in all_features()
        if any(module.supports(feature) for module in modules)
    )
    return markdown(["what you write", *(f"`{name}`" for name in IMPLEMENTATIONS)], rows)


def sources() -> str:
    """A row for each implementation."""
    rows = (_source(name, module) for name, module in IMPLEMENTATIONS.items() if module.reports[-1].path)
    header = ["implementation", "GatewayClass", "version", "Gateway API", "report", "policies"]
    return markdown(header, rows)


def _source(name: str, module: ImplementationModule) -> list[str]:
    report = module.reports[-1]
    class_name = f"`{module.class_name}`" if module.class_name else "yours"
    kinds = ", ".join(f"`{kind}`" for kind in module.policy_kinds)
    return [f"`{name}`", class_name, report.version, report.gateway_api, f"{report.date}, `{report.path}`", kinds]


def generate(page: str) -> str:
    """The page with its tables as the code has them."""
    return filled(page, {"implementations": features(), "reports": sources()})
