"""Write the tables of docs/public-load-balancer.md anew: what you write, and what each platform is told."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pulumi_portico.public_load_balancer.platform_module import PlatformModule, all_features
from pulumi_portico.public_load_balancer.platforms import PLATFORMS

from tools.cluster import ROOT
from tools.console import main_guard
from tools.tables import filled, markdown, write_anew, written_feature

FILE = ROOT / "docs" / "public-load-balancer.md"
TABLES: Sequence[tuple[str, Sequence[str]]] = (
    ("aws", ("aws-controller", "eks-auto-mode", "aws-legacy")),
    ("others", ("gke", "azure", "generic")),
)
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


def table(platforms: Sequence[str]) -> str:
    """The table of these platforms: a row for each feature that one of all platforms has."""
    features = (*all_features(), "drain")
    rows = ([written_feature(it, _PORTS), *(_told(PLATFORMS[name], it) for name in platforms)] for it in features)
    return markdown(["what you write", *(f"`{name}`" for name in platforms)], rows)


def _told(module: PlatformModule, feature: str) -> str:
    if not module.can(feature):
        return "not told" if feature == "drain" else "refused"
    return "<br>".join(f"`{_short(place)}`" for place in module.honours[feature]) or "taken"


def _short(place: str) -> str:
    for long, short in ABBREVIATIONS.items():
        place = place.replace(long, short)
    return place.removesuffix("#").replace("#", ": ").replace("{protocol}-{port}", "TCP-80")


def generate(page: str) -> str:
    """The page with its tables as the code has them."""
    return filled(page, {name: table(platforms) for name, platforms in TABLES})


@main_guard
def main() -> None:
    write_anew(FILE, generate)


if __name__ == "__main__":
    sys.exit(main())
