"""The tables of docs/public-load-balancer.md: what you set, and what configures it on each platform."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_portico.lifecycle.aws import AWS
from pulumi_portico.public_load_balancer.platform_module import PlatformModule, all_features
from pulumi_portico.public_load_balancer.platforms import all_platforms

from tools.cluster import ROOT
from tools.tables import filled, markdown, written_feature

FILE = ROOT / "docs" / "public-load-balancer.md"
ABBREVIATIONS = {
    "service.beta.kubernetes.io/aws-load-balancer-": "A-",
    "service.beta.kubernetes.io/azure-": "Z-",
    "networking.gke.io/": "N-",
    "cloud.google.com/": "C-",
}
_PORTS = {
    "protocol=UDP": "a UDP port",
    "protocol=SCTP": "an SCTP port",
    "protocols=mixed": "TCP and UDP ports",
    "port=shared": "one number for TCP and UDP",
    "drain": "the target's `drain`",
}


def tables() -> dict[str, Sequence[PlatformModule]]:
    """The platforms of each table: those on AWS, whose settings are alike, and the others."""
    on_aws = [module for module in all_platforms() if module.cloud == AWS]
    return {"aws": on_aws, "others": [module for module in all_platforms() if module not in on_aws]}


def table(platforms: Sequence[PlatformModule]) -> str:
    """The table of these platforms: a row for each feature that any platform supports."""
    features = (*all_features(), "drain")
    rows = ([written_feature(it, _PORTS), *(_settings(module, it) for module in platforms)] for it in features)
    return markdown(["what you set", *(f"`{module.name}`" for module in platforms)], rows)


def _settings(module: PlatformModule, feature: str) -> str:
    if not module.supports(feature):
        return "not configured" if feature == "drain" else "rejected"
    return "<br>".join(f"`{_short(setting)}`" for setting in module.capabilities[feature]) or "supported"


def _short(setting: str) -> str:
    for long, short in ABBREVIATIONS.items():
        setting = setting.replace(long, short)
    return setting.removesuffix("#").replace("#", ": ").replace("{protocol}-{port}", "TCP-80")


def generate(page: str) -> str:
    """The page with its tables."""
    return filled(page, {name: table(platforms) for name, platforms in tables().items()})
